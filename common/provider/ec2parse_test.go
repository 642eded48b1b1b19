// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"illumos-metadata/common/metadata"
)

const someMAC = "0a:11:22:33:44:55"

// imdsDocs are the pages of an instance with these ones in place of or besides
// those that it always has; "-" takes one out.
func imdsDocs(pages map[string]string) Documents {
	docs := Documents{Place: "P", Files: map[string][]byte{imdsID: []byte("i-0123456789abcdef0"), imdsMACs: []byte(someMAC + "/")}}
	for page, text := range pages {
		if docs.Files[page] = []byte(text); text == "-" {
			delete(docs.Files, page)
		}
	}
	return docs
}

// TestParseEC2: one thing after the other that pages can say; rows D13, D14 and
// S7 among them.
func TestParseEC2(t *testing.T) {
	const dir = imdsMACs + someMAC + "/"
	key := func(i int) string { return fmt.Sprint(imdsKeys, i, imdsKey) }
	show := func(in *metadata.Instance) string {
		var b strings.Builder
		fmt.Fprintf(&b, "%s %s %s %s %s\n", in.ID, in.Hostname, in.Region, in.Zone, in.Type)
		for _, k := range in.Keys {
			b.WriteString(k.Line[len(edKey):] + "\n")
		}
		for _, l := range in.Network.Links {
			fmt.Fprintf(&b, "%s dhcp %v %v, routes %v, %v\n", l.Name, l.DHCP4, l.DHCP6, !l.NoRoutes, l.Addresses)
		}
		fmt.Fprintf(&b, "dhcp %v, script %q, problems %d, warnings %d", in.Network.DHCP, in.UserData, len(in.Problems), len(in.Warnings))
		return b.String()
	}
	const id, end = "i-0123456789abcdef0", `dhcp false, script "", problems 0, warnings 0`
	const link = someMAC + " dhcp true false, routes true, []\n"
	tests := []struct {
		name  string
		pages map[string]string
		want  string
	}{
		{"bare, without a name (row D14)", nil, id + "    \n" + link + end},
		{"two keys, two lines in one, and an index without a name (row D13)", map[string]string{
			imdsKeys: "0=a b\r\n7/\n12\n", key(0): edKey + " a\n" + edKey + " b", key(7): edKey + " c", key(12): "# none\n" + edKey + " d\n",
		}, id + "    \n a\n b\n c\n d\n" + link + end},
		{"name of another domain", map[string]string{imdsName: " \n", imdsName2: "web1.example.com\n"}, id + " web1.example.com   \n" + link + end},
		{"document", map[string]string{imdsIdentity: `{"instanceId": "` + id + `", "region": "r", "availabilityZone": "z", "instanceType": "t", "x": null}`},
			id + "  r z t\n" + link + end},
		{"document of other types", map[string]string{imdsIdentity: `{"instanceId": null, "region": 7, "availabilityZone": ["z"], "instanceType": {}}`},
			id + "  7  \n" + link + end},
		{"no document, no region", map[string]string{imdsZone: "us-gov-west-1b"}, id + "  us-gov-west-1 us-gov-west-1b \n" + link + end},
		{"strange words", map[string]string{imdsZone: "z\x1b[2J", imdsType: strings.Repeat("t", 101), imdsRegion: "r"},
			id + "  r  \n" + link + `dhcp false, script "", problems 0, warnings 2`},
		{"addresses", map[string]string{dir + nicIPv4: "10.0.0.5\n10.0.0.6\n10.0.0.6\n", dir + nicSubnet4: "10.0.0.0/20", dir + nicIPv6: "2001:DB8::5"},
			id + "    \n" + someMAC + " dhcp true true, routes true, [10.0.0.6/20]\n" + end},
		{"addresses without subnets", map[string]string{dir + nicIPv4: "10.0.0.5 10.0.0.6", dir + nicIPv6: "2001:db8::5\n2001:db8::6"},
			id + "    \n" + someMAC + " dhcp true true, routes true, [10.0.0.6/24 2001:db8::6/128]\n" + `dhcp false, script "", problems 0, warnings 2`},
		{"IPv6 alone", map[string]string{dir + nicIPv6: "2001:db8::5"}, id + "    \n" + someMAC + " dhcp false true, routes true, []\n" + end},
		{"no list of interfaces", map[string]string{imdsMACs: "-"}, id + "    \n" + `dhcp true, script "", problems 0, warnings 0`},
		{"gzip (row S7)", map[string]string{imdsScript: gz(t, "#!/bin/sh\n\xff\n")}, id + "    \n" + link + `dhcp false, script "#!/bin/sh\n\xff\n", problems 0, warnings 0`},
		{"damaged gzip (row S7)", map[string]string{imdsScript: string(gzipMagic)}, id + "    \n" + link + `dhcp false, script "", problems 1, warnings 0`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in, err := provider(t, "ec2").instance(imdsDocs(tt.pages), nitro())
			must(t, err)
			roundTrip(t, in)
			if d := cmp.Diff(tt.want, show(in)); d != "" {
				t.Errorf("%q (-want +got):\n%s%q\n%q", tt.pages, d, in.Problems, in.Warnings)
			}
		})
	}
	for _, bad := range []map[string]string{{imdsID: "-"}, {imdsID: portal}, {imdsID: "\n"}, {imdsIdentity: `{"instanceId": "i-1"}`}} {
		if in, err := provider(t, "ec2").instance(imdsDocs(bad), nitro()); !errors.Is(err, metadata.ErrInvalid) {
			t.Errorf("%q: got %+v, %v", bad, in, err)
		}
	}
}

// TestEC2Order: the order of interfaces is by card, device and address, whatever
// that of the list.
func TestEC2Order(t *testing.T) {
	pages := map[string]string{}
	var list, want []string
	for i, at := range []struct{ card, cardOld, device string }{
		{"", "", "0"}, {"0", "", "1"}, {"", "0", "2"}, {"", "", "10"}, {"", "", "x"}, {"1", "9", "0"}, {"1", "", "0"}, {"", "2", "0"},
	} {
		mac := fmt.Sprintf("0a:00:00:00:00:%02x", i)
		want = append(want, mac)
		list = append(list, mac+"/")
		for page, text := range map[string]string{nicCard: at.card, nicCardOld: at.cardOld, nicDevice: at.device} {
			pages[imdsMACs+mac+"/"+page] = text
		}
	}
	for range 20 {
		first := list[0]
		list = append(list[1:], first)
		pages[imdsMACs] = strings.Join(list, "\n")
		in, err := provider(t, "ec2").instance(imdsDocs(pages), nitro())
		must(t, err)
		var got []string
		for i, l := range in.Network.Links {
			got = append(got, l.Name)
			if l.NoRoutes != (i > 0) {
				t.Errorf("link %d: no routes %v", i, l.NoRoutes)
			}
		}
		if !slices.Equal(got, want) {
			t.Fatalf("%v gave %v", list, got)
		}
	}
}

// TestEC2Bounds: long lists cost no more than so many requests, and mistakes no
// more than so many lines in the log.
func TestEC2Bounds(t *testing.T) {
	var keys, macs, addresses strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&keys, "%d=x\n", i)
		fmt.Fprintf(&macs, "0a:00:00:00:%02x:%02x/\n", i>>8, i&0xff)
		fmt.Fprintf(&addresses, "10.%d.300.1\n", i)
	}
	docs := imdsDocs(map[string]string{imdsKeys: keys.String(), imdsMACs: macs.String(), imdsMACs + "0a:00:00:00:00:00/" + nicIPv4: addresses.String()})
	if k, n := keyIndexes(docs), nicDirs(docs); len(k) != maxListed || len(n) != maxListed {
		t.Errorf("%d keys and %d interfaces are asked for", len(k), len(n))
	}
	in, err := provider(t, "ec2").instance(docs, nitro())
	must(t, err)
	if len(in.Problems) != 2*maxUnknown || len(in.Warnings) != maxUnknown {
		t.Errorf("%d problems, %d warnings", len(in.Problems), len(in.Warnings))
	}
}

// FuzzParseEC2: whatever the pages say, the instance is valid or there is none;
// it has no key, and no interface an address, that the pages do not name; the
// guest can be reached; it is the same each time, and through the cache.
func FuzzParseEC2(f *testing.F) {
	const dir = imdsMACs + someMAC + "/"
	names := []string{imdsIdentity, imdsName, imdsKeys, imdsKeys + "0" + imdsKey, imdsMACs, dir + nicDevice, dir + nicIPv4, dir + nicIPv6, dir + nicSubnet4, dir + nicSubnets6, imdsScript}
	f.Add("i-0123456789abcdef0", `{"instanceId": "i-0123456789abcdef0"}`, "web1", "0=joe", edKey, someMAC+"/", "0",
		"10.0.0.1\n10.0.0.2", "2001:db8::1 2001:db8::2", "10.0.0.0/24", "2001:db8::/64", "#!/bin/sh\n")
	f.Add("i-1", "", "", "", "", "", "", "", "", "", "", "")
	f.Fuzz(func(t *testing.T, id, doc, name, keys, key, macs, device, v4, v6, subnet4, subnet6, script string) {
		docs := imdsDocs(map[string]string{imdsID: id})
		for i, text := range []string{doc, name, keys, key, macs, device, v4, v6, subnet4, subnet6, script} {
			if text != "" {
				docs.Files[names[i]] = []byte(text)
			}
		}
		in, err := provider(t, "ec2").instance(docs, nitro())
		if err != nil {
			if !errors.Is(err, metadata.ErrInvalid) || in != nil {
				t.Errorf("got %+v, %v", in, err)
			}
			return
		}
		if !otherID.MatchString(in.ID) || !strings.Contains(id, in.ID) || !in.Network.DHCP && len(in.Network.Links) == 0 {
			t.Errorf("got %+v", in)
		}
		for _, k := range in.Keys {
			if !strings.Contains(strings.ToValidUTF8(key, "\uFFFD"), k.Line) && !strings.HasPrefix(script, "#cloud-config") {
				t.Errorf("key %q is from nowhere", k.Line)
			}
		}
		named := map[netip.Addr]bool{}
		for _, word := range words([]byte(v4 + " " + v6)) {
			addr, _ := netip.ParseAddr(word)
			named[addr] = true
		}
		for _, l := range in.Network.Links {
			if l.Match.MAC == "" || !l.DHCP4 && !l.DHCP6 {
				t.Errorf("link %+v", l)
			}
			for _, p := range l.Addresses {
				if l.Name != someMAC || !named[p.Addr()] || metadata.CheckAddress(p) != nil {
					t.Errorf("address %v of %s is from nowhere", p, l.Name)
				}
			}
		}
		roundTrip(t, in)
		again, err := provider(t, "ec2").instance(Documents{Place: docs.Place, Files: maps.Clone(docs.Files)}, nitro())
		if err != nil || metadata.Digest(again) != metadata.Digest(in) {
			t.Errorf("the second time: %+v, %v", again, err)
		}
	})
}
