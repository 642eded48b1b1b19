// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package cloudinit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"illumos-metadata/common/metadata"
)

// TestShapes: a document is the same with and without network: around it, and
// so are the paths of its problems and warnings.
func TestShapes(t *testing.T) {
	for _, name := range []string{"v1-mistakes", "v2-mistakes", "v1-subnets", "disabled-bare"} {
		doc, err := os.ReadFile(filepath.Join("testdata", name+".yaml"))
		if err != nil {
			t.Fatal(err)
		}
		bare := parse(t, doc)
		wrapped := parse(t, []byte("network:\n  "+strings.ReplaceAll(string(doc), "\n", "\n  ")))
		if !reflect.DeepEqual(bare, wrapped) {
			t.Errorf("%s: bare %+v\nwrapped %+v", name, bare, wrapped)
		}
	}
}

// TestUnreadable: only what cannot be read at all is an error (row D5).
func TestUnreadable(t *testing.T) {
	for _, tt := range []struct{ name, doc, err string }{
		{"list", "- version: 1", "not a map"},
		{"word", "dhcp", "not a map"},
		{"network is a list", "network: [1]", "network: not a map"},
		{"no version", "ethernet: {}", "neither version 1 nor version 2"},
		{"other version", "version: 2.1\nethernets: {}", `version "2.1": only 1 and 2 are known`},
		{"tab", "version: 2\n\tethernets: {}", "yaml: line 2: found a tab character that violates indentation"},
		{"binary", "\x00\x01\x02", "yaml: control characters are not allowed"},
		{"cut off", `{"version": 2, "ethernets": {"eth0": {`, "yaml: line 1: did not find expected node content"},
		{"no anchor", "version: *x", "yaml: unknown anchor 'x' referenced"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n, problems, warnings, err := ParseNetworkConfig([]byte(tt.doc))
			if err == nil || err.Error() != tt.err || !reflect.DeepEqual(n, metadata.Network{}) || problems != nil || warnings != nil {
				t.Errorf("%q: %+v, %q, %q, %v; want %s", tt.doc, n, problems, warnings, err, tt.err)
			}
		})
	}
}

// TestEmpty: a document without content asks for nothing.
func TestEmpty(t *testing.T) {
	for _, doc := range []string{"", "\n", "---\n", "# comment\n", "{}", "null", "network:", "network: {}", "\ufeff"} {
		n, problems, warnings, err := ParseNetworkConfig([]byte(doc))
		if err != nil || !reflect.DeepEqual(n, metadata.Network{}) || problems != nil || warnings != nil {
			t.Errorf("%q: %+v, %q, %q, %v", doc, n, problems, warnings, err)
		}
	}
}

// TestLimits: a document that would need much memory or time is refused.
func TestLimits(t *testing.T) {
	bomb := "version: 2\na0: &a0 [x, x, x, x, x, x, x, x, x]\n"
	for i := range 12 {
		bomb += fmt.Sprintf("a%d: &a%d [%s]\n", i+1, i+1, strings.Repeat(fmt.Sprintf("*a%d, ", i), 9))
	}
	routes := "version: 2\nx: &r [" + strings.Repeat("{to: default, via: 192.0.2.1}, ", 1000) + "]\ny: &e {routes: *r}\nethernets: {"
	for i := range 1000 {
		routes += fmt.Sprintf("e%d: *e, ", i)
	}
	long := "version: 1\nx: &x " + strings.Repeat("1", 100_000) + "\nconfig: [" + strings.Repeat("*x, ", 1000) + "]\n"
	const heavy = "too many values, with each alias counted where it is used"
	for _, tt := range []struct{ name, doc, err string }{
		{"size", "version: 2\n#" + strings.Repeat("x", maxSize), fmt.Sprintf("%d bytes: at most %d are read", maxSize+12, maxSize)},
		{"aliases of aliases", bomb, heavy},
		{"many routes by aliases", routes + "}\n", heavy},
		{"long text by aliases", long, heavy},
		{"an alias of itself", "version: 2\nethernets: &a {e0: *a}\n", "nested more than 50 deep"},
		{"a merge of itself", "version: 2\nethernets: &a {<<: *a}\n", "nested more than 50 deep"},
		{"deep", "version: 1\nconfig: " + strings.Repeat("[", 60) + strings.Repeat("]", 60), "nested more than 50 deep"},
		{"very deep", strings.Repeat("[", maxSize), "yaml: exceeded max depth of 10000"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if _, _, _, err := ParseNetworkConfig([]byte(tt.doc)); err == nil || err.Error() != tt.err {
				t.Errorf("error %v, want %s", err, tt.err)
			}
		})
	}
}

// TestManyReports: a document full of nonsense is not a log full of it.
func TestManyReports(t *testing.T) {
	doc := "version: 1\nx: " + strings.Repeat("y", 500) + "\nconfig: [" + strings.Repeat("{type: x, y: z}, ", 1000) + "]"
	for i := range 100 {
		doc += fmt.Sprintf("\nkey%d: x", i)
	}
	_, problems, warnings, err := ParseNetworkConfig([]byte(doc))
	if err != nil {
		t.Fatal(err)
	}
	if n := len(problems); n != maxReports+1 || problems[n-1] != "…: 950 more problems" {
		t.Errorf("%d problems, the last %q", n, problems[n-1])
	}
	if n := len(warnings); n != maxReports+1 || warnings[n-1] != "…: 51 more warnings" {
		t.Errorf("%d warnings, the last %q", n, warnings[n-1])
	}
}

// TestMask: each mask in each form, and none that has a hole (row N13).
func TestMask(t *testing.T) {
	four, six := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")
	for _, addr := range []netip.Addr{four, six} {
		ones := netip.MustParseAddr("255.255.255.255")
		if addr.Is6() {
			ones = netip.MustParseAddr("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")
		}
		for want := range addr.BitLen() + 1 {
			for _, mask := range []string{fmt.Sprint(want), netip.PrefixFrom(ones, want).Masked().Addr().String()} {
				if got, err := maskLength(mask, addr); err != nil || got != want {
					t.Errorf("maskLength(%q, %v) = %d, %v; want %d", mask, addr, got, err, want)
				}
			}
		}
	}
	for _, tt := range []struct {
		mask string
		addr netip.Addr
	}{
		{"255.0.255.0", four}, {"0.0.0.255", four}, {"255.255.255.1", four}, {"127.255.255.255", four},
		{"ffff::ffff", six}, {"::1", six}, {"7fff::", six}, {"ffff:8001::", six},
		{"33", four}, {"129", six}, {"99", four}, {"-1", four}, {"", four}, {"x", four}, {"255.255.255", four},
		{"255.255.255.0", six}, {"ffff::", four}, {"::%x", six}, {"24 ", four},
	} {
		if got, err := maskLength(tt.mask, tt.addr); err == nil {
			t.Errorf("maskLength(%q, %v) = %d, want an error", tt.mask, tt.addr, got)
		}
	}
}

// TestDefaultRoute: the same route in all its spellings.
func TestDefaultRoute(t *testing.T) {
	for _, tt := range []struct{ version, config, via string }{
		{"2", "gateway4: %s", "192.0.2.1"},
		{"2", "gateway6: '%s'", "fe80::1"},
		{"2", "routes: [{to: default, via: '%s'}]", "192.0.2.1"},
		{"2", "routes: [{to: default, via: '%s'}]", "fe80::1"},
		{"2", "routes: [{to: 0.0.0.0/0, via: %s}]", "192.0.2.1"},
		{"2", "routes: [{to: 0/0, via: %s}]", "192.0.2.1"},
		{"2", "routes: {to: '::/0', via: '%s'}", "fe80::1"},
		{"1", "subnets: [{type: dhcp, gateway: %s}]", "192.0.2.1"},
		{"1", "subnets: [{type: manual, gateway: '%s'}]", "fe80::1"},
		{"1", "subnets: [{type: manual, routes: [{network: 0.0.0.0, netmask: 0.0.0.0, gateway: %s}]}]", "192.0.2.1"},
		{"1", "subnets: [{type: manual, routes: [{network: '::', netmask: '::', gateway: '%s'}]}]", "fe80::1"},
		{"1", "subnets: [{type: manual, routes: [{destination: default, gateway: %s}]}]", "192.0.2.1"},
	} {
		doc := "version: 2\nethernets: {net0: {" + tt.config + "}}"
		if tt.version == "1" {
			doc = "version: 1\nconfig: [{type: physical, name: net0, " + tt.config + "}]"
		}
		doc = fmt.Sprintf(doc, tt.via)
		via := netip.MustParseAddr(tt.via)
		want := []metadata.Route{{To: netip.PrefixFrom(via, 0).Masked(), Via: via}}
		r := parse(t, []byte(doc))
		if len(r.Network.Links) != 1 || !reflect.DeepEqual(r.Network.Links[0].Routes, want) || r.Problems != nil || r.Warnings != nil {
			t.Errorf("%s\n%+v, want the routes %v", doc, r, want)
		}
	}
}

// topLevel is how the path of every problem begins.
var topLevel = regexp.MustCompile(`^(config|ethernets|bonds|bridges|vlans|version|network-config)\b.*: .`)

// FuzzNetworkConfig: whatever the document, the parser neither panics nor
// changes its mind, each problem names an item, and what it gives is legal
// after Validate, which then finds nothing more, before and after the cache.
func FuzzNetworkConfig(f *testing.F) {
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		doc, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(doc)
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		n, problems, warnings, err := ParseNetworkConfig(doc)
		n2, problems2, warnings2, err2 := ParseNetworkConfig(bytes.Clone(doc))
		if !reflect.DeepEqual([]any{n, problems, warnings, fmt.Sprint(err)}, []any{n2, problems2, warnings2, fmt.Sprint(err2)}) {
			t.Fatalf("two answers:\n%+v %q %q %v\n%+v %q %q %v", n, problems, warnings, err, n2, problems2, warnings2, err2)
		}
		if err != nil && (problems != nil || !reflect.DeepEqual(n, metadata.Network{})) {
			t.Fatalf("an error and a result: %v, %+v, %q", err, n, problems)
		}
		for _, p := range problems {
			if !topLevel.MatchString(p) {
				t.Errorf("problem without its item: %q", p)
			}
		}
		for _, w := range warnings {
			if path, what, ok := strings.Cut(w, ": "); !ok || path == "" || what == "" {
				t.Errorf("warning without its path: %q", w)
			}
		}
		in := &metadata.Instance{Source: "test", ID: "i-1", Network: n}
		if err := in.Validate(); err != nil {
			t.Fatal(err)
		}
		before, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		var again metadata.Instance
		if err := json.Unmarshal(before, &again); err != nil {
			t.Fatalf("%s: %v", before, err)
		}
		if err := again.Validate(); err != nil {
			t.Fatal(err)
		}
		if after, err := json.Marshal(again); err != nil || !bytes.Equal(before, after) {
			t.Errorf("a second Validate: %v\n%s\n%s", err, before, after)
		}
	})
}

// TestInterfaceID: netplan's key for the lower half of an address by SLAAC.
func TestInterfaceID(t *testing.T) {
	for text, want := range map[string]string{"'::1a:2b'": "::1a:2b", "''": "invalid IP", "web1": "invalid IP"} {
		doc := "version: 2\nethernets: {eth0: {accept-ra: true, ipv6-address-token: " + text + "}}\n"
		n, problems, warnings, err := ParseNetworkConfig([]byte(doc))
		if err != nil || len(n.Links) != 1 || n.Links[0].InterfaceID.String() != want || (len(problems) > 0) != (text == "web1") || len(warnings) > 0 {
			t.Errorf("%s: %+v, %q, %q, %v", text, n, problems, warnings, err)
		}
	}
}
