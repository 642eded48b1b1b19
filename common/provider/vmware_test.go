// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"illumos-metadata/common/guest"
	"illumos-metadata/common/illumos"
	"illumos-metadata/common/metadata"
)

func vmwareMachine() illumos.SMBIOS {
	return illumos.SMBIOS{Manufacturer: "VMware, Inc.", Product: "VMware20,1", UUID: "564d1234-0000-4000-8000-000000000001"}
}

// asking is a guest with open-vm-tools, whose host has set these values, by key
// without guestinfo. in front. It notes the keys that are asked for.
func asking(t *testing.T, values map[string]string, disks map[string]string) (*guest.Guest, *[]string) {
	t.Helper()
	g, asked := newGuest(t, disks), &[]string{}
	must(t, os.MkdirAll(g.Host("/usr/bin"), 0o755))
	must(t, os.WriteFile(g.Host(vmtoolsd), nil, 0o755))
	g.Exec = func(_ context.Context, c guest.Command) ([]byte, error) {
		key, ok := "", false
		if len(c.Argv) == 3 && c.Argv[0] == vmtoolsd && c.Argv[1] == "--cmd" {
			key, ok = strings.CutPrefix(c.Argv[2], "info-get guestinfo.")
		}
		if !ok || !slices.Equal(c.Env, []string{"CHARSET=UTF-8"}) || c.Limit != guest.GuestInfoLimit {
			t.Errorf("ran %+v", c)
		}
		*asked = append(*asked, key)
		if v, ok := values[key]; ok {
			return []byte(v + "\n"), nil
		}
		return nil, &guest.CommandError{Argv: c.Argv, Status: 1, Stderr: []byte(noValue + "\n")}
	}
	return g, asked
}

// told gives what Find makes of these values.
func told(t *testing.T, values map[string]string) *metadata.Instance {
	t.Helper()
	g, _ := asking(t, values, nil)
	in, err := Find(t.Context(), g, vmwareMachine(), "auto", nil)
	must(t, err)
	roundTrip(t, in)
	if in.Source != "vmware" || in.Platform != "vmware" {
		t.Errorf("got source %s, platform %s", in.Source, in.Platform)
	}
	return in
}

// TestVMware: values of our own.
func TestVMware(t *testing.T) {
	files, err := filepath.Glob("testdata/vmware/*.json")
	must(t, err)
	if len(files) < 5 {
		t.Fatalf("only %d files", len(files))
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			b, err := os.ReadFile(file)
			must(t, err)
			var values map[string]string
			must(t, json.Unmarshal(b, &values))
			golden(t, strings.TrimSuffix(file, ".json")+".txt", summary(t, told(t, values)))
		})
	}
}

// TestVMwareSamples: values as cloud-init's and Talos's tests have them. Their
// keys are no real ones.
func TestVMwareSamples(t *testing.T) {
	var all map[string]string
	must(t, json.Unmarshal(fixture(t, "vmware/guestinfo.json"), &all))
	collected := map[string]string{}
	for key, value := range all {
		collected[strings.TrimPrefix(key, "guestinfo.")] = value
	}
	samples := map[string]map[string]string{
		"guestinfo": collected,
		"cloud-init": {
			"metadata": string(fixture(t, "vmware/metadata.yaml")), "userdata": string(fixture(t, "vmware/userdata.yaml")),
			"vendordata": string(fixture(t, "vmware/vendordata.yaml")),
		},
		"match-by-mac": {"metadata": string(fixture(t, "vmware/metadata-match-by-mac.yaml"))},
	}
	for name, values := range samples {
		t.Run(name, func(t *testing.T) {
			golden(t, "testdata/vmware-samples/"+name+".txt", summary(t, told(t, values)))
		})
	}
}

// TestVMwareWhen: when the host is asked, and for what.
func TestVMwareWhen(t *testing.T) {
	meta := map[string]string{"metadata": "instance-id: i-1\n"}
	seed := map[string]string{"c2t0d0p0": seedDisk(t, "fat12", map[string]string{"meta-data": "instance-id: seed\n", "network-config": "version: 2"})}
	tests := []struct {
		name   string
		smbios illumos.SMBIOS
		pinned string
		values map[string]string
		disks  map[string]string
		source string // or the error
		asked  string
	}{
		{"VMware", vmwareMachine(), "auto", meta, nil, "vmware", "metadata metadata.encoding userdata vendordata"},
		{"nothing is set", vmwareMachine(), "auto", nil, nil, "none", "metadata userdata vendordata"},
		{"all is redacted", vmwareMachine(), "auto", map[string]string{"metadata": "---", "userdata": " ", "vendordata": "---"}, nil, "none", "metadata userdata vendordata"},
		{"a NoCloud volume", vmwareMachine(), "auto", meta, seed, "nocloud", ""},
		{"a CPIO volume", vmwareMachine(), "auto", meta, map[string]string{"c2t0d0p0": pack("newc", full())}, "cpio", ""},
		{"another machine", qemu(), "auto", meta, nil, "none", ""},
		{"pinned", qemu(), "vmware", meta, seed, "vmware", "metadata metadata.encoding userdata vendordata"},
		{"pinned, and nothing is set", vmwareMachine(), "vmware", nil, nil, "metadata source vmware, which config/source names, is not there", "metadata userdata vendordata"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g, asked := asking(t, tt.values, tt.disks)
			in, err := Find(t.Context(), g, tt.smbios, tt.pinned, nil)
			got := ""
			if err != nil {
				got = err.Error()
			} else {
				got = in.Source
			}
			if all := strings.Join(*asked, " "); got != tt.source || all != tt.asked {
				t.Errorf("got %s, asked for %q; want %s, %q", got, all, tt.source, tt.asked)
			}
		})
	}
	in, err := Find(t.Context(), newGuest(t, nil), vmwareMachine(), "auto", nil)
	if err != nil || in.Source != None {
		t.Errorf("without open-vm-tools: %+v, %v", in, err)
	}
}

// TestVMwareFails: a host that does not tell is never taken for one that has
// nothing to tell, and what it has told so far is not shown.
func TestVMwareFails(t *testing.T) {
	plain := func(status int, stderr string) error {
		return &guest.CommandError{Status: status, Stdout: []byte("hunter2"), Stderr: []byte(stderr)}
	}
	tests := []struct {
		name string
		key  string
		err  error
		want string // "" for no failure
	}{
		{"no hypervisor", "metadata", plain(1, "Unable to send command to VMware hypervisor.\n"), "Unable to send command to VMware hypervisor."},
		{"no answer", "userdata", &guest.CommandError{Status: -1, Stdout: []byte("hunter2"), Err: errors.New("no answer within 10s")}, "no answer within 10s"},
		{"later", "metadata.encoding", plain(1, "NULL\n"), "exit status 1: NULL"},
		{"vendor data", "vendordata", plain(127, "ld.so.1: vmtoolsd: fatal: libvmtools.so.0: open failed: No such file or directory"), "exit status 127"},
		{"another status", "userdata", plain(2, noValue), "exit status 2"},
		{"in the middle", "userdata", plain(1, noValue+"\nfatal\n"), "exit status 1"},
		{"after a complaint", "userdata", plain(1, "(process:1): GLib-WARNING **: hunter3\n\n"+noValue+"\n"), ""},
		{"of another kind", "metadata", context.DeadlineExceeded, "deadline"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g, _ := asking(t, map[string]string{"metadata": "instance-id: i-1", "userdata": "#!/bin/sh hunter2"}, nil)
			var log bytes.Buffer
			g.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
			answer := g.Exec
			g.Exec = func(ctx context.Context, c guest.Command) ([]byte, error) {
				if c.Argv[2] == "info-get guestinfo."+tt.key {
					return nil, tt.err
				}
				return answer(ctx, c)
			}
			in, err := Find(t.Context(), g, vmwareMachine(), "auto", nil)
			if tt.want == "" {
				must(t, err)
			} else if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "metadata source vmware: ") {
				t.Errorf("got %+v, %v; want %s", in, err, tt.want)
			}
			if said := log.String() + fmt.Sprint(err); strings.Contains(said, "hunter2") {
				t.Errorf("too much is said: %s", said)
			}
		})
	}
}

// TestVMwareMetadata: metadata that cannot be read gives no instance, for its ID
// would be another one.
func TestVMwareMetadata(t *testing.T) {
	for name, values := range map[string]map[string]string{
		"invalid metadata: vmware guestinfo: metadata: it is not base64":                                              {"metadata": "hunter2!", "metadata.encoding": "b64"},
		"invalid metadata: vmware guestinfo: metadata: compressed by gzip, but it is damaged":                         {"metadata": "aHVudGVyMiBodW50ZXIy", "metadata.encoding": "gzip+base64"},
		`invalid metadata: vmware guestinfo: metadata: encoding "rot13": base64, b64, gzip+base64 or gz+b64 expected`: {"metadata": "uhagre2", "metadata.encoding": "rot13"},
		"invalid metadata: vmware guestinfo: metadata: it is not a map of names to values":                            {"metadata": "hunter2"},
		"invalid metadata: vmware guestinfo: metadata: compressed by gzip, but it holds more than 1048576 bytes":      {"metadata": bomb(t, 1<<20+1), "metadata.encoding": "gz+b64"},
	} {
		g, _ := asking(t, values, nil)
		in, err := Find(t.Context(), g, vmwareMachine(), "auto", nil)
		if err == nil || err.Error() != name || !errors.Is(err, metadata.ErrInvalid) {
			t.Errorf("got %+v, %v\nwant %s", in, err, name)
		}
	}
}

// bomb gives a lot of zeros, compressed and encoded.
func bomb(t testing.TB, size int) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := z.Write(make([]byte, size))
	if err = errors.Join(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(b.Bytes())
}

// TestDecodeInfo: each way of encoding, and what is wrong with one.
func TestDecodeInfo(t *testing.T) {
	packed := bomb(t, 4)
	tests := []struct{ name, value, how, want, err string }{
		{"plain", " a b\n", "", " a b\n", ""},
		{"none of it", "", "base64", "", ""},
		{"base64", "aGVsbG8=", "base64", "hello", ""},
		{"in lines", "aGVs\r\nbG8=\n", "b64", "hello", ""},
		{"not padded", "aGVsbG8", " B64 ", "hello", ""},
		{"compressed", packed, "gzip+base64", "\x00\x00\x00\x00", ""},
		{"the other name", packed, "gz+b64", "\x00\x00\x00\x00", ""},
		{"too long", strings.Repeat("a", 101), "", "", "more than 100 bytes"},
		{"too long, decoded", base64.StdEncoding.EncodeToString(make([]byte, 101)), "base64", "", "more than 100 bytes"},
		{"too long, decompressed", bomb(t, 1<<20), "gz+b64", "", "compressed by gzip, but it holds more than 100 bytes"},
		{"not base64", "a*b", "base64", "", "it is not base64"},
		{"not gzip", "aGVsbG8gaGVsbG8=", "gz+b64", "", "compressed by gzip, but it is damaged"},
		{"cut off", packed[:28], "gz+b64", "", "compressed by gzip, but it is cut off"},
		{"compressed alone", packed, "gzip", "", `encoding "gzip": base64, b64, gzip+base64 or gz+b64 expected`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := decodeInfo([]byte(tt.value), tt.how, 100)
			if string(got) != tt.want || (err == nil) != (tt.err == "") || err != nil && err.Error() != tt.err {
				t.Errorf("decodeInfo(%.60q, %q) = %q, %v; want %q, %s", tt.value, tt.how, got, err, tt.want, tt.err)
			}
		})
	}
}

// FuzzParseVMware: whatever the values are, the instance is valid or there is
// none, nothing appears that was not there, what the cache gives back is the
// same, and a value means the same in each encoding.
func FuzzParseVMware(f *testing.F) {
	f.Add("instance-id: i-1\nlocal-hostname: web1\npublic-keys: ["+edKey+"]\nnetwork: {version: 2, ethernets: {a: {dhcp4: yes}}}\n", "", "#!/bin/sh\n", "")
	f.Add(`{"network": "dmVyc2lvbjogMg==", "network.encoding": "b64", "public_keys": {"a": "`+edKey+`"}, "redact": null}`, " ", "aGVsbG8=", "base64")
	f.Add("a: &a [x]\nnetwork: *a\nnetwork.encoding: [b64]\n", "b64", "H4sI", "gz+b64")
	f.Add("network: {config: {version: 1, config: [{type: physical, name: a, subnets: [{type: dhcp}]}]}}\nx: &x {y: *x}", "", "---", "rot13")
	f.Fuzz(func(t *testing.T, meta, metaHow, user, userHow string) {
		docs := Documents{Place: "P", Files: map[string][]byte{
			infoMeta: []byte(meta), infoMeta + encoding: []byte(metaHow), infoUser: []byte(user), infoUser + encoding: []byte(userHow),
		}}
		in, err := provider(t, "vmware").instance(docs, vmwareMachine())
		if err != nil {
			if !errors.Is(err, metadata.ErrInvalid) || in != nil {
				t.Errorf("got %+v, %v", in, err)
			}
			return
		}
		if in.ID == "" || len(in.ID) > 300 || in.Hostname != "" && metadata.CheckHostname(in.Hostname) != nil {
			t.Errorf("got %+v", in)
		}
		for _, k := range in.Keys {
			if _, err := metadata.ParsePublicKey(k.Line); err != nil || !utf8.ValidString(k.Line) {
				t.Errorf("key %q: %v", k.Line, err)
			}
		}
		roundTrip(t, in)
		if strings.TrimSpace(metaHow+userHow) != "" {
			return
		}
		docs.Files[infoMeta], docs.Files[infoMeta+encoding] = []byte(base64.StdEncoding.EncodeToString([]byte(meta))), []byte("base64")
		docs.Files[infoUser], docs.Files[infoUser+encoding] = []byte(base64.RawStdEncoding.EncodeToString([]byte(user))), []byte("B64\n")
		again, err := provider(t, "vmware").instance(docs, vmwareMachine())
		if err != nil || metadata.Digest(again) != metadata.Digest(in) {
			t.Errorf("in base64: %v\n%+v\n%+v", err, again, in)
		}
	})
}
