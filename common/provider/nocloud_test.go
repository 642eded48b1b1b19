// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"bytes"
	gocmp "cmp"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"illumos-metadata/common/illumos"
	"illumos-metadata/common/metadata"
	"illumos-metadata/common/simguest"
)

var update = flag.Bool("update", false, "write the expected results anew")

// systems are the file systems that a NoCloud volume can have.
var systems = []string{"fat12", "fat16", "fat32", "rockridge", "joliet", "plain"}

// seedDisk makes a NoCloud volume.
func seedDisk(t testing.TB, kind string, files map[string]string) string {
	t.Helper()
	content := map[string][]byte{}
	for name, data := range files {
		content[name] = []byte(data)
	}
	b, err := simguest.FileSystem(kind, "CIDATA", content)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// found gives what Find makes of one disk.
func found(t *testing.T, disk string) *metadata.Instance {
	t.Helper()
	in, err := Find(t.Context(), newGuest(t, map[string]string{"c2t0d0p0": disk}), qemu(), "auto", nil)
	must(t, err)
	roundTrip(t, in)
	return in
}

// summary shows an instance so that a person can read it, without its user data.
func summary(t *testing.T, in *metadata.Instance) string {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "source %s\nplace %s\nid %s, %s\nhostname %s\n", in.Source, in.Place, in.ID, in.IDOrigin, in.Hostname)
	if place := in.Region + in.Zone + in.Type; place != "" {
		fmt.Fprintf(&b, "region %q, zone %q, type %q\n", in.Region, in.Zone, in.Type)
	}
	for _, k := range in.Keys {
		key, err := metadata.ParsePublicKey(k.Line)
		must(t, err)
		fmt.Fprintf(&b, "key %s\n", key.Name())
	}
	if in.UserDataDigest != "" {
		first, _, _ := bytes.Cut(in.UserData, []byte("\n"))
		fmt.Fprintf(&b, "user data %q…, %d bytes, %.16s…\n", first, len(in.UserData), in.UserDataDigest)
	}
	for _, p := range in.Problems {
		fmt.Fprintf(&b, "problem of %s: %s\n", p.Item, p.Reason)
	}
	for _, w := range in.Warnings {
		fmt.Fprintf(&b, "warning: %s\n", w)
	}
	network, err := json.MarshalIndent(in.Network, "", "  ")
	must(t, err)
	fmt.Fprintf(&b, "network %s\n", network)
	return b.String()
}

// golden compares with a file of expected results.
func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		must(t, os.MkdirAll(filepath.Dir(file), 0o755))
		must(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	must(t, err)
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("%s (-want +got):\n%s", file, d)
	}
}

// readDir gives the files in a directory.
func readDir(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	for name := range seedLimits {
		b, err := os.ReadFile(filepath.Join(dir, name))
		if os.IsNotExist(err) {
			continue
		}
		must(t, err)
		files[name] = string(b)
	}
	return files
}

// TestNoCloud: volumes of our own, each on every file system (rows D2, D3).
func TestNoCloud(t *testing.T) {
	dirs, err := filepath.Glob("testdata/nocloud/*/meta-data")
	must(t, err)
	if len(dirs) == 0 {
		t.Fatal("no test data")
	}
	for _, meta := range dirs {
		dir := filepath.Dir(meta)
		for _, kind := range systems {
			t.Run(filepath.Base(dir)+"/"+kind, func(t *testing.T) {
				golden(t, filepath.Join(dir, "want.txt"), summary(t, found(t, seedDisk(t, kind, readDir(t, dir)))))
			})
		}
	}
}

// sampleDir is where collected samples are read in place.
const sampleDir = "../../../shared/fixtures"

// TestNoCloudSamples: what hypervisors, their tools and cloud-init's own manual
// put on such a volume. The keys in them are no real ones.
func TestNoCloudSamples(t *testing.T) {
	if _, err := os.Stat(sampleDir); err != nil {
		lacking(t, "../shared/fixtures")
	}
	dirs, err := filepath.Glob(sampleDir + "/nocloud/volumes/*")
	must(t, err)
	volumes := map[string]map[string]string{
		"talos-meta-data": {"meta-data": string(fixture(t, "nocloud/meta-data/talos.yaml"))},
		"oxide-meta-data": {"meta-data": string(fixture(t, "oxide/meta-data.json"))},
	}
	for _, dir := range dirs {
		volumes[filepath.Base(dir)] = readDir(t, dir)
	}
	if len(volumes) < 10 {
		t.Errorf("only %d volumes", len(volumes))
	}
	for name, files := range volumes {
		t.Run(name, func(t *testing.T) {
			golden(t, "testdata/nocloud-samples/"+name+".txt", summary(t, found(t, seedDisk(t, "rockridge", files))))
		})
	}
}

// TestNoCloudImages: whole images as hypervisors make them.
func TestNoCloudImages(t *testing.T) {
	for _, name := range []string{"CIDATA-fat16-smartos.img", "CIDATA-iso-omnios.iso", "cidata-fat12-oxide.img", "cidata-iso-proxmox.iso"} {
		t.Run(name, func(t *testing.T) {
			golden(t, "testdata/nocloud-samples/"+name+".txt", summary(t, found(t, string(unpacked(t, "images/"+name+".gz")))))
		})
	}
}

// TestNoCloudEverywhere: the volume counts on every platform (row D2), beside a
// SmartOS host for its network-config.
func TestNoCloudEverywhere(t *testing.T) {
	g := newGuest(t, map[string]string{"c1t1d0p0": seedDisk(t, "joliet", map[string]string{
		"meta-data": "instance-id: i-1\n", "network-config": "version: 2\n",
	})})
	for _, row := range identities {
		in, err := Find(t.Context(), g, row.smbios, "auto", nil)
		if err != nil || in.Source != "nocloud" || in.ID != "i-1" || in.IDOrigin != "metadata" || in.Platform != row.platform {
			t.Errorf("%s: %+v, %v", row.name, in, err)
		}
	}
}

// TestMetaData: every spelling that is about (row D4).
func TestMetaData(t *testing.T) {
	const other = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJC"
	one, two := []metadata.Key{{Line: edKey}}, []metadata.Key{{Line: edKey + " joe"}, {Line: other}}
	tests := []struct {
		name, doc string
		want      metaData
		warnings  string
	}{
		{"empty", "", metaData{}, ""},
		{"comments", "# nothing\n\n", metaData{}, ""},
		{"null", "null\n", metaData{}, ""},
		{"text ID", "instance-id: abc\n", metaData{id: "abc"}, ""},
		{"number", "instance-id: 0123\n", metaData{id: "0123"}, ""},
		{"long number", "instance-id: 12345678901234567890123\n", metaData{id: "12345678901234567890123"}, ""},
		{"JSON number", `{"instance-id": 12345678901234567890}`, metaData{id: "12345678901234567890"}, ""},
		{"quoted", "instance-id: \"i-1\"\nlocal-hostname: 'web1'\n", metaData{id: "i-1", hostname: "web1"}, ""},
		{"null ID", "instance-id: ~\nlocal-hostname:\n", metaData{}, ""},
		{"ID that is a list", "instance-id: [a]\nlocal-hostname: web1", metaData{hostname: "web1"}, "instance-id is ignored: it is no text"},
		{"endless ID", "instance-id: " + strings.Repeat("a", 257), metaData{}, "instance-id is ignored: it has 257 bytes, and 256 are the most"},
		{"hostname alone", "hostname: web1\n", metaData{hostname: "web1"}, ""},
		{"both names", "hostname: other\nlocal-hostname: web1.example.com\n", metaData{hostname: "web1.example.com"}, ""},
		{"modes", "dsmode: local", metaData{mode: "local"}, ""},
		{"no source", "dsmode: disabled", metaData{mode: "disabled"}, ""},
		{"unknown mode", "dsmode: pass", metaData{mode: "pass"}, `dsmode "pass" is ignored: local, net or disabled expected`},
		{"other places", "seedfrom: http://10.0.0.1/\nnetwork-interfaces: |\n  auto eth0\n", metaData{from: "http://10.0.0.1/"},
			"network-interfaces is ignored: it is not supported"},
		{"unknown keys", "ami-id: ami-1\nplacement: {zone: a}\n", metaData{}, ""},
		{"twice", "instance-id: a\ninstance-id: b\n", metaData{id: "b"}, ""},

		{"key as text", "public-keys: " + edKey, metaData{keys: one}, ""},
		{"keys as lines", "public-keys: |\n  " + edKey + " joe\n  # no key\n\n  " + other + "\n", metaData{keys: two}, ""},
		{"list", "public-keys:\n- " + edKey + " joe\n- " + other + "\n", metaData{keys: two}, ""},
		{"JSON list with line ends", `{"public-keys": ["` + edKey + ` joe\n", "` + other + `\n"]}`, metaData{keys: two}, ""},
		{"map", "public-keys:\n  a: " + edKey + " joe\n  b: " + other + "\n", metaData{keys: two}, ""},
		{"map of lists", "public-keys:\n  a: [" + edKey + " joe, '']\n  b:\n  - " + other + "\n", metaData{keys: two}, ""},
		{"key on two lines", "public-keys:\n- ssh-ed25519 " + edKey[12:] + "\n  joe\n- " + other, metaData{keys: two}, ""},
		{"no keys", "public-keys: []\n", metaData{}, ""},
		{"null keys", "public-keys:\n", metaData{}, ""},
		{"character beyond the basic plane", `{"public-keys": "` + edKey + ` \ud83d\ude00"}`, metaData{keys: []metadata.Key{{Line: edKey + " \U0001f600"}}}, ""},
		{"escapes of JSON", `{"public-keys": "` + edKey + ` a\/b \\ud83d\\ude00 \u00e9"}`, metaData{keys: []metadata.Key{{Line: edKey + ` a/b \ud83d\ude00 é`}}}, ""},
		{"comment that is no UTF-8", "public-keys: " + edKey + " J\xf6rg", metaData{keys: []metadata.Key{{Line: edKey + " J\uFFFDrg"}}}, ""},
		{"too deep", "public-keys: {a: {b: [c]}, d: " + edKey + "}", metaData{keys: one, problems: []string{"public-keys.a.b: not a key"}}, ""},
		{"alias", "x: &x " + edKey + "\npublic-keys: [*x, " + edKey + "]", metaData{keys: one, problems: []string{"public-keys[0]: not a key"}}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := parseMetaData([]byte(tt.doc))
			must(t, err)
			if w := strings.Join(got.warnings, "\n"); w != tt.warnings {
				t.Errorf("warnings\n%s\nwant\n%s", w, tt.warnings)
			}
			got.warnings = nil
			if d := cmp.Diff(tt.want, got, cmp.AllowUnexported(metaData{})); d != "" {
				t.Errorf("%s (-want +got):\n%s", tt.doc, d)
			}
		})
	}
	for _, doc := range []string{"a: b: c", "- a", "text", "[", "a: \"\\q\"", "\tx: y", "a: *b"} {
		if m, err := parseMetaData([]byte(doc)); err == nil {
			t.Errorf("%q: got %+v", doc, m)
		}
	}
}

// TestMetaDataCost: a document that is made to be slow costs no more than some
// memory that is soon free again.
func TestMetaDataCost(t *testing.T) {
	for name, pattern := range map[string][3]string{
		"list": {"a: [", "a,", "]"}, "block list": {"public-keys:\n", "- a\n", ""}, "maps": {"a: ", "{a: ", ""}, "anchors": {"", "&a a: b\n", ""},
		"JSON list": {"[", "1,", "1]"}, "JSON keys": {`{"public-keys":[`, `"a",`, `"a"]}`}, "lists": {"", "[", ""}, "escapes": {`{"a": "`, `\ud83d\ude00`, `"}`},
	} {
		n := (int(seedLimits[seedMeta]) - len(pattern[0]) - len(pattern[2])) / len(pattern[1])
		doc := []byte(pattern[0] + strings.Repeat(pattern[1], n) + pattern[2])
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		parseMetaData(doc)
		runtime.ReadMemStats(&after)
		if grown := after.TotalAlloc - before.TotalAlloc; grown > 256<<20 {
			t.Errorf("%s: %d bytes were allocated", name, grown)
		}
	}
}

// TestNoCloudVolumes: which of several volumes counts (row D8), and that one that
// cannot be used is never taken for one that is not there.
func TestNoCloudVolumes(t *testing.T) {
	meta := func(id string) map[string]string { return map[string]string{"meta-data": "instance-id: " + id + "\n"} }
	a, b := seedDisk(t, "fat12", meta("a")), seedDisk(t, "rockridge", meta("b"))
	bad := seedDisk(t, "plain", map[string]string{"meta-data": "a: b: hunter2", "user-data": "#!/bin/sh\n"})
	off := seedDisk(t, "joliet", map[string]string{"meta-data": "instance-id: off\ndsmode: disabled\n"})
	foreign := seedDisk(t, "fat12", map[string]string{"README": "x"})
	archive := pack("newc", full())
	uuid := qemu().UUID
	const invalid = "invalid meta-data: yaml: mapping values are not allowed in this context"
	tests := []struct {
		name     string
		disks    map[string]string
		id       string // "": the error follows
		warnings string // or the error
	}{
		{"one", map[string]string{"c1t0d0p0": noMedium, "c2t0d0p0": b}, "b", ""},
		{"two", map[string]string{"c10t0d0p0": a, "c2t0d0p0": b}, "b",
			"/dev/dsk/c10t0d0p0 holds NoCloud metadata, too: ignored, since /dev/dsk/c2t0d0p0 comes before it"},
		{"the first is invalid", map[string]string{"c1t0d0p0": bad, "c2t0d0p0": b}, "b", "passed over: /dev/dsk/c1t0d0p0: " + invalid},
		{"the first is switched off", map[string]string{"c1t0d0p0": off, "c2t0d0p0": b}, "b", "/dev/dsk/c1t0d0p0 holds NoCloud metadata with dsmode disabled: ignored"},
		{"the first has other files", map[string]string{"c1t0d0p0": foreign, "c2t0d0p0": b}, "b", "/dev/dsk/c1t0d0p0 holds NoCloud metadata without any file of ours: ignored"},
		{"a broken disk beside it", map[string]string{"c1t0d0p0": broken, "c2t0d0p0": b}, "b", "passed over: disk c1t0d0: read /dev/dsk/c1t0d0p0: byte 0: is a directory"},
		{"an archive before it", map[string]string{"c1t0d0p0": archive, "c2t0d0p0": b}, "b",
			"/dev/dsk/c1t0d0p0 holds an archive: ignored, since /dev/dsk/c2t0d0p0 gives the metadata"},

		{"an archive beside one that is off", map[string]string{"c1t0d0p0": off, "c2t0d0p0": archive}, uuid, ""},
		{"an archive beside a foreign one", map[string]string{"c1t0d0p0": foreign, "c2t0d0p0": archive}, uuid, ""},
		{"an archive beside a broken disk", map[string]string{"c1t0d0p0": broken, "c2t0d0p0": archive}, uuid, "passed over: disk c1t0d0: read /dev/dsk/c1t0d0p0: byte 0: is a directory"},

		{"invalid alone", map[string]string{"c1t0d0p0": bad}, "", "metadata source nocloud: /dev/dsk/c1t0d0p0: " + invalid},
		{"invalid, beside an archive", map[string]string{"c1t0d0p0": bad, "c2t0d0p0": archive}, "", "metadata source nocloud: /dev/dsk/c1t0d0p0: " + invalid},
		{"cut off alone", map[string]string{"c1t0d0p0": b[:40_000]}, "", "metadata source nocloud: read volume /dev/dsk/c1t0d0p0: unexpected EOF"},
		{"invalid and broken", map[string]string{"c1t0d0p0": bad, "c2t0d0p0": broken}, "",
			"metadata source nocloud: disk c2t0d0: read /dev/dsk/c2t0d0p0: byte 0: is a directory; /dev/dsk/c1t0d0p0: " + invalid},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in, err := Find(t.Context(), newGuest(t, tt.disks), qemu(), "auto", nil)
			if tt.id == "" {
				if err == nil || err.Error() != tt.warnings || errors.Is(err, metadata.ErrInvalid) != strings.Contains(tt.warnings, "invalid") {
					t.Errorf("got %+v, %v\nwant the error %s", in, err, tt.warnings)
				}
				return
			}
			if err != nil || in.ID != tt.id || strings.Join(in.Warnings, "\n") != tt.warnings {
				t.Errorf("got %+v, %v\nwant %s, warnings\n%s", in, err, tt.id, tt.warnings)
			}
		})
	}
}

// TestNoCloudPinned: config/source decides between two volumes.
func TestNoCloudPinned(t *testing.T) {
	seed := seedDisk(t, "fat12", map[string]string{"meta-data": "instance-id: i-1\n"})
	g := newGuest(t, map[string]string{"c1t0d0p0": pack("odc", full()), "c2t0d0p0": seed})
	for _, source := range []string{"nocloud", "cpio"} {
		if in, err := Find(t.Context(), g, qemu(), source, nil); err != nil || in.Source != source {
			t.Errorf("%s: %+v, %v", source, in, err)
		}
	}
	g = newGuest(t, map[string]string{"c1t0d0p0": pack("odc", full())})
	if in, err := Find(t.Context(), g, qemu(), "nocloud", nil); err == nil || err.Error() != "metadata source nocloud, which config/source names, is not there" {
		t.Errorf("got %+v, %v", in, err)
	}
}

// TestNetworkConfig: an unknown key costs nothing but a warning, and a document
// that cannot be read leaves DHCP and a problem (row D5).
func TestNetworkConfig(t *testing.T) {
	const static = "version: 2\nethernets:\n  net0:\n    match: {macaddress: '02:08:20:0a:0b:0c'}\n    addresses: [10.0.0.5/24]\n"
	tests := []struct {
		name, doc string
		dhcp      bool
		links     int
		problems  int
		warnings  int
	}{
		{"none", "-", true, 0, 0, 0},
		{"empty", "\n", true, 0, 0, 0},
		{"static", static, false, 1, 0, 0},
		{"static in JSON", `{"version": 2, "ethernets": {"net0": {"addresses": ["10.0.0.5/24"]}}}`, false, 1, 0, 0},
		{"unknown key", static + "    frobnicate: true\n", false, 1, 0, 1},
		{"no YAML", "version: 2: 3\n", true, 0, 1, 0},
		{"too long", strings.Repeat("#", 1<<20+1), true, 0, 1, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			files := map[string]string{"meta-data": "instance-id: i-1\nlocal-hostname: web1\n", "network-config": tt.doc}
			kind := "rockridge"
			if tt.doc == "-" {
				delete(files, "network-config")
			}
			in := found(t, seedDisk(t, kind, files))
			if in.Network.DHCP != tt.dhcp || len(in.Network.Links) != tt.links || len(in.Errs(metadata.ItemNetwork)) != tt.problems ||
				len(in.Warnings) != tt.warnings || in.Hostname != "web1" {
				t.Errorf("got %s", summary(t, in))
			}
		})
	}
}

// TestNoCloudRefused: a file that cannot be used is a problem of its item.
func TestNoCloudRefused(t *testing.T) {
	long := strings.Repeat("#", 16<<20+1)
	in := found(t, seedDisk(t, "rockridge", map[string]string{"meta-data": "instance-id: i-1\n", "user-data": long, "vendor-data": long}))
	want := []metadata.Problem{{
		Item: metadata.ItemUserData, Reason: "nocloud /dev/dsk/c2t0d0p0: user-data: it has 16777217 bytes, and 16777216 are the most",
	}}
	if d := cmp.Diff(want, in.Problems); d != "" || in.UserData != nil ||
		!slices.Equal(in.Warnings, []string{"/dev/dsk/c2t0d0p0: vendor-data: ignored: it is not used yet"}) {
		t.Errorf("warnings %q, problems (-want +got):\n%s", in.Warnings, d)
	}
}

// TestNoCloudID: without an instance ID it is the machine's, or that of the
// documents (row D16).
func TestNoCloudID(t *testing.T) {
	id := func(s illumos.SMBIOS, userData string) *metadata.Instance {
		in, err := Find(t.Context(), newGuest(t, map[string]string{"c2t0d0p0": seedDisk(t, "fat12", map[string]string{"user-data": userData})}), s, "auto", nil)
		must(t, err)
		return in
	}
	if in := id(qemu(), "a"); in.ID != qemu().UUID || in.IDOrigin != "smbios-uuid" || !slices.Equal(in.Warnings, []string{"/dev/dsk/c2t0d0p0: meta-data: it is missing"}) {
		t.Errorf("got %+v", in)
	}
	if a, again, b := id(illumos.SMBIOS{}, "a"), id(illumos.SMBIOS{}, "a"), id(illumos.SMBIOS{}, "b"); a.ID != again.ID || a.ID == b.ID || a.IDOrigin != "hash" {
		t.Errorf("got %s, %s and %s by %s", a.ID, again.ID, b.ID, a.IDOrigin)
	}
}

// TestSeedLine: what the SMBIOS serial number says comes before the volume.
func TestSeedLine(t *testing.T) {
	tests := []struct {
		serial string
		want   seedLine
	}{
		{"ds=nocloud", seedLine{}},
		{"ds=nocloud;i=abc-1;h=web", seedLine{id: "abc-1", hostname: "web"}},
		{" x ds=nocloud;;instance-id=a=b;dsmode=local;region=r;h y", seedLine{id: "a=b", mode: "local"}},
		{"ds=nocloud-net;s=http://192.0.2.1/seed;i=x", seedLine{id: "x", from: "http://192.0.2.1/seed"}},
		{"ds=nocloudy;i=x", seedLine{}}, {"DS=NOCLOUD;i=x", seedLine{}}, {"VMware-56 4d aa bb", seedLine{}}, {"", seedLine{}},
	}
	for _, tt := range tests {
		if got := parseSeedLine(tt.serial); got != tt.want {
			t.Errorf("%q: got %+v, want %+v", tt.serial, got, tt.want)
		}
	}
	disks := map[string]string{"c2t0d0p0": seedDisk(t, "rockridge", map[string]string{"meta-data": "instance-id: i-1\nlocal-hostname: web1\n"})}
	find := func(disks map[string]string, serial string) (*metadata.Instance, string) {
		var log bytes.Buffer
		g, s := newGuest(t, disks), qemu()
		g.Log, s.Serial = slog.New(slog.NewTextHandler(&log, nil)), serial
		in, err := Find(t.Context(), g, s, "auto", nil)
		must(t, err)
		return in, log.String() + strings.Join(in.Warnings, "\n")
	}
	if in, _ := find(disks, "ds=nocloud;i=i-2"); in.ID != "i-2" || in.IDOrigin != "metadata" || in.Hostname != "web1" {
		t.Errorf("got %+v", in)
	}
	if in, _ := find(disks, "ds=nocloud;h=web2"); in.ID != "i-1" || in.Hostname != "web2" {
		t.Errorf("got %+v", in)
	}
	for _, disks := range []map[string]string{disks, nil} {
		for _, from := range []string{"/var/seed", "file:///var/seed/", "ftp://192.0.2.1/", "http:/192.0.2.1"} {
			in, said := find(disks, "ds=nocloud-net;s="+from)
			const want = "the SMBIOS serial number tells to fetch metadata from an address: ignored, only http:// and https:// are supported"
			if strings.Count(said, want) != 1 {
				t.Errorf("%s: %s: it says %s", from, in.Source, said)
			}
		}
		if in, said := find(disks, "ds=nocloud;dsmode=disabled"); in.Source != None || !strings.Contains(said, "dsmode=disabled") {
			t.Errorf("%s: it says %s", in.Source, said)
		}
	}
}

// TestSeedLineSamples reads collected lines.
func TestSeedLineSamples(t *testing.T) {
	var samples []struct {
		Serial string `json:"serial"`
		Result *struct {
			ID       string `json:"instance-id"`
			Hostname string `json:"local-hostname"`
			From     string `json:"seedfrom"`
			Base     string `json:"fetch_base"`
			Fill     string `json:"seedfrom_expand"`
		} `json:"result"`
	}
	must(t, json.Unmarshal(fixture(t, "detection/serial-lines.json"), &samples))
	if len(samples) < 5 {
		t.Errorf("only %d lines", len(samples))
	}
	for _, s := range samples {
		want := seedLine{}
		if s.Result != nil {
			want = seedLine{id: s.Result.ID, hostname: s.Result.Hostname, from: s.Result.From}
		}
		got := parseSeedLine(s.Serial)
		if s.Result != nil && s.Result.Fill != "" {
			want.from = "http://192.0.2.1/__dmi." + s.Result.Fill + "__/"
			s.Result.Base = "http://192.0.2.1/" + illumos.SwapUUID(qemu().UUID) + "/"
		}
		if got != want {
			t.Errorf("%q: got %+v, want %+v", s.Serial, got, want)
		}
		if want.from == "" {
			continue
		}
		base, err := parseSeedBase(got.from, qemu())
		if wantBase := gocmp.Or(s.Result.Base, s.Result.From); err != nil || base.file("") != wantBase {
			t.Errorf("%q: base %s, %v, want %s", s.Serial, base, err, wantBase)
		}
	}
}

// TestLookOnce: the disks are looked at once for all sources.
func TestLookOnce(t *testing.T) {
	m := &machine{Guest: newGuest(t, map[string]string{"c2t0d0p0": pack("odc", full())})}
	if docs, err := noCloudVolume.fetch(t.Context(), m); !errors.Is(err, errAbsent) {
		t.Fatalf("got %v, %v", docs, err)
	}
	must(t, os.WriteFile(m.Host("/dev/dsk/c1t0d0p0"), []byte(pack("odc", full())), 0o600))
	docs, err := cpioVolume.fetch(t.Context(), m)
	if err != nil || docs.Place != "/dev/dsk/c2t0d0p0" {
		t.Errorf("got %s, %v: the disks were looked at again", docs.Place, err)
	}
}

// FuzzParseNoCloud: whatever the files hold, the instance is valid or there is
// none, nothing appears that was not there, and what the cache will give back is
// the same.
func FuzzParseNoCloud(f *testing.F) {
	f.Add("instance-id: i-1\nlocal-hostname: web1\npublic-keys: ["+edKey+"]\n", "#!/bin/sh\n", "version: 2\nethernets: {a: {dhcp4: true}}\n")
	f.Add(`{"instance-id": 7, "public-keys": {"a": ["`+edKey+` \ud83d"]}}`, "", "network: {version: 1, config: [{type: physical, name: a}]}")
	f.Add("a: &a [x]\npublic-keys: [*a, *a]\nhostname: !!binary YQ==\n", "\x1f\x8b", "{")
	f.Fuzz(func(t *testing.T, meta, user, network string) {
		docs := Documents{Place: "P", Files: map[string][]byte{
			seedMeta: []byte(meta), seedUser: []byte(user), seedNetwork: []byte(network),
		}}
		in, err := provider(t, "nocloud").instance(docs, qemu())
		if err != nil {
			if !errors.Is(err, metadata.ErrInvalid) || in != nil {
				t.Errorf("got %+v, %v", in, err)
			}
			return
		}
		if in.ID == "" || len(in.ID) > 300 || string(in.UserData) != plain(user) {
			t.Errorf("got %+v", in)
		}
		if in.Hostname != "" && metadata.CheckHostname(in.Hostname) != nil {
			t.Errorf("host name %q", in.Hostname)
		}
		for _, k := range in.Keys {
			if _, err := metadata.ParsePublicKey(k.Line); err != nil || !utf8.ValidString(k.Line) {
				t.Errorf("key %q: %v", k.Line, err)
			}
		}
		roundTrip(t, in)
	})
}
