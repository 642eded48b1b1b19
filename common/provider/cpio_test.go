// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"illumos-metadata/common/illumos"
	"illumos-metadata/common/metadata"
)

// edKey was made for the tests.
const edKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBC+7w4FwBlEwgQcWijd/0lWC0So57pNgJ8NeiFL/Kff"

// qemu is a libvirt machine.
func qemu() illumos.SMBIOS {
	return illumos.SMBIOS{Manufacturer: "QEMU", Product: "Standard PC (Q35 + ICH9, 2009)", UUID: "6f1a2b3c-0000-4000-8000-000000000001"}
}

// full are all members of a volume.
func full() map[string]string {
	return map[string]string{
		"nodename":        "web1.example.com\n",
		"authorized_keys": "# of the administrators\n\n" + edKey + " joe\n  " + `from="10.0.0.0/8" ` + edKey + " jd\r\n\t\n#" + edKey + "\n",
		"config.toml":     "[network]\nskip = true\n",
		"firstboot.sh":    "#!/bin/sh\nexit 0\n",
	}
}

// fullInstance is what they say.
func fullInstance(place string) *metadata.Instance {
	in := &metadata.Instance{
		Source: "cpio", Platform: "qemu", Place: place, ID: qemu().UUID, IDOrigin: "smbios-uuid",
		Hostname: "web1.example.com",
		Keys:     []metadata.Key{{Line: edKey + " joe"}, {Line: `from="10.0.0.0/8" ` + edKey + " jd"}},
		Network:  metadata.Network{DHCP: true, Skip: true},
		UserData: []byte("#!/bin/sh\nexit 0\n"),
	}
	in.UserDataDigest = "306c6ca7407560340797866e077e053627ad409277d1b9da58106fce4cf717cb" // printf … | sha256sum
	return in
}

// TestFormats: the same instance from every format (row D7).
func TestFormats(t *testing.T) {
	for _, form := range forms {
		t.Run(form, func(t *testing.T) {
			g := newGuest(t, map[string]string{"c2t0d0p0": pack(form, full())})
			in, err := Find(t.Context(), g, qemu(), "auto", nil)
			must(t, err)
			if d := cmp.Diff(fullInstance("/dev/dsk/c2t0d0p0"), in); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

// TestTools: the same from what the tools write that people use, with names as
// both ls and find give them, and although the script has a second name.
func TestTools(t *testing.T) {
	dir := t.TempDir()
	for name, data := range full() {
		must(t, os.WriteFile(filepath.Join(dir, name), []byte(data), 0o644))
	}
	must(t, os.Link(filepath.Join(dir, "firstboot.sh"), filepath.Join(dir, "README")))
	must(t, os.Link(filepath.Join(dir, "firstboot.sh"), filepath.Join(dir, "script.sh")))
	tests := []struct {
		program string
		flags   string
		formats string
	}{
		{"cpio", "-o --quiet -H", "bin odc newc crc hpbin hpodc"},
		{"bsdcpio", "-o --quiet -H", "bin odc newc"},
		{"bsdtar", "-c -f - -T - --format", "bin odc newc"},
	}
	const plain = "authorized_keys\nconfig.toml\nREADME\nfirstboot.sh\nscript.sh\nnodename\n"
	for _, tt := range tests {
		for _, format := range strings.Fields(tt.formats) {
			for _, list := range []string{plain, ".\n./" + strings.ReplaceAll(strings.TrimSpace(plain), "\n", "\n./") + "\n"} {
				t.Run(tt.program+"/"+format, func(t *testing.T) {
					args := strings.Fields(tt.flags + " " + format)
					if tt.program == "bsdtar" {
						args = append([]string{"-n"}, args...) // a directory without what is in it
					}
					cmd := exec.Command(tool(t, tt.program), args...)
					cmd.Dir, cmd.Stdin, cmd.Stderr = dir, strings.NewReader(list), os.Stderr
					archive, err := cmd.Output()
					must(t, err)
					in, err := Find(t.Context(), newGuest(t, map[string]string{"c2t0d0p0": string(archive)}), qemu(), "auto", nil)
					must(t, err)
					if len(in.Warnings) != 2 {
						t.Errorf("warnings %q, want one for README and one for script.sh", in.Warnings)
					}
					in.Warnings = nil
					if d := cmp.Diff(fullInstance("/dev/dsk/c2t0d0p0"), in); d != "" {
						t.Errorf("%s (-want +got):\n%s", cmd, d)
					}
				})
			}
		}
	}
}

// TestSamples reads collected archives, among them one in newc, which the
// earlier agent did not recognise (row D7). Their keys are no real ones.
func TestSamples(t *testing.T) {
	for _, name := range []string{"full-binary-le.cpio", "full-odc.cpio", "newc-rejected-by-peer.cpio"} {
		t.Run(name, func(t *testing.T) {
			g := newGuest(t, map[string]string{"c1t1d0p0": string(fixture(t, "cpio/"+name))})
			got, err := Find(t.Context(), g, qemu(), "auto", nil)
			must(t, err)
			const place = "/dev/dsk/c1t1d0p0"
			want := &metadata.Instance{
				Source: "cpio", Platform: "qemu", Place: place, ID: qemu().UUID, IDOrigin: "smbios-uuid",
				Hostname: "builder-3", Network: metadata.Network{DHCP: true},
				UserData:       []byte("#!/bin/bash\n\nset -e\necho cpio > /var/tmp/cpio-ran\n"),
				UserDataDigest: "48f7024bffae46a7f65d468cdb95cc80d47290ebb9e146eaac7b791504f5decc",
				Problems: []metadata.Problem{
					{Item: metadata.ItemKeys, Reason: "cpio " + place + ": key 1: not a public key: the data is not base64"},
					{Item: metadata.ItemKeys, Reason: "cpio " + place + ": key 2: not a public key: the data is not base64"},
				},
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

// TestVolumes: which of several disks counts (row D8), and that one that cannot
// be read is never taken for one that is not there.
func TestVolumes(t *testing.T) {
	a, b := pack("odc", map[string]string{"nodename": "a"}), pack("newc", map[string]string{"nodename": "b"})
	cut := b[:200]
	foreign := pack("odc", map[string]string{"etc/passwd": "x"})
	label := string(make([]byte, 510)) + "\x55\xaa" + string(make([]byte, 8192))
	tests := []struct {
		name     string
		disks    map[string]string
		host     string // "": the error follows
		warnings string // or the error
	}{
		{"one", map[string]string{"c2t0d0p0": b}, "b", ""},
		{"beside a root disk and an empty drive", map[string]string{"c1t0d0p0": label, "c1t1d0p0": noMedium, "c2t0d0p0": b}, "b", ""},
		{"two", map[string]string{"c10t0d0p0": a, "c2t0d0p0": b}, "b",
			"/dev/dsk/c10t0d0p0 holds an archive, too: ignored, since /dev/dsk/c2t0d0p0 comes before it"},
		{"three", map[string]string{"c1t0d0p0": a, "c1t0d1p0": b, "c1t1d0p0": cut}, "a",
			"/dev/dsk/c1t0d1p0 holds an archive, too: ignored, since /dev/dsk/c1t0d0p0 comes before it" +
				"\n/dev/dsk/c1t1d0p0 holds an archive, too: ignored, since /dev/dsk/c1t0d0p0 comes before it"},
		{"the first is cut off", map[string]string{"c1t0d0p0": cut, "c2t0d0p0": a}, "a",
			"passed over: read archive /dev/dsk/c1t0d0p0: newc archive, member 2: unexpected EOF"},
		{"the first is no metadata", map[string]string{"c1t0d0p0": foreign, "c2t0d0p0": a}, "a",
			"/dev/dsk/c1t0d0p0 holds an archive without any member of ours: ignored"},
		{"a broken disk beside it", map[string]string{"c1t0d0p0": broken, "c2t0d0p0": a}, "a",
			"passed over: disk c1t0d0: read /dev/dsk/c1t0d0p0: byte 0: is a directory"},

		{"none", map[string]string{"c1t0d0p0": label, "c1t1d0p0": noMedium}, "", "not there"},
		{"no metadata alone", map[string]string{"c1t0d0p0": foreign}, "", "not there"},
		{"cut off alone", map[string]string{"c1t0d0p0": cut}, "", "read archive /dev/dsk/c1t0d0p0: newc archive, member 2: unexpected EOF"},
		{"broken alone", map[string]string{"c1t0d0p0": broken, "c2t0d0p0": label}, "", "metadata volume: disk c1t0d0: read /dev/dsk/c1t0d0p0: byte 0: is a directory"},
		{"broken and cut off", map[string]string{"c1t0d0p0": broken, "c2t0d0p0": cut, "c3t0d0p0": foreign}, "",
			"disk c1t0d0: read /dev/dsk/c1t0d0p0: byte 0: is a directory; read archive /dev/dsk/c2t0d0p0: newc archive, member 2: unexpected EOF"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := &machine{Guest: newGuest(t, tt.disks)}
			docs, err := cpioVolume.fetch(t.Context(), m)
			if errors.Is(err, errAbsent) && len(m.unreadable) > 0 {
				_, err = Find(t.Context(), m.Guest, qemu(), "auto", nil)
			}
			if tt.host == "" {
				if err == nil || err.Error() != tt.warnings || errors.Is(err, errAbsent) != (tt.warnings == "not there") {
					t.Errorf("got %v, %v; want the error %s", docs, err, tt.warnings)
				}
				return
			}
			if err != nil || string(docs.Files["nodename"]) != tt.host || strings.Join(docs.Warnings, "\n") != tt.warnings {
				t.Errorf("got %q, %v, warnings:\n%s\nwant %q, warnings:\n%s", docs.Files, err, strings.Join(docs.Warnings, "\n"), tt.host, tt.warnings)
			}
		})
	}
}

// TestParse: what is wrong costs its own item, and an unknown key is named (rows
// E3, F10, S1).
func TestParse(t *testing.T) {
	tests := []struct {
		name     string
		files    map[string]string
		want     metadata.Instance // beside the source
		problems string
		warnings string
	}{
		{"nothing but a script", map[string]string{"firstboot.sh": "\x7fELF\xff"}, metadata.Instance{UserData: []byte("\x7fELF\xff")}, "", ""},
		{"empty files", map[string]string{"nodename": "", "authorized_keys": "", "config.toml": "", "firstboot.sh": ""}, metadata.Instance{}, "", "nodename is empty"},
		{"blanks around the name", map[string]string{"nodename": "\n web1\t\r\n\n"}, metadata.Instance{Hostname: "web1"}, "", ""},
		{"bad name", map[string]string{"nodename": "a b\nc"}, metadata.Instance{},
			`hostname: cpio P: host name "a b\nc": character ' ': only letters, digits and hyphens are legal`, ""},
		{"long name", map[string]string{"nodename": strings.Repeat("a", 300)}, metadata.Instance{},
			"hostname: cpio P: host name of 300 characters: at most 253 are legal", ""},
		{"one bad key", map[string]string{"authorized_keys": "secret\n" + edKey + "\r\n#x\n\n"}, metadata.Instance{Keys: []metadata.Key{{Line: edKey}}},
			"ssh-keys: cpio P: key 1: not a public key: type and base64 data expected", ""},
		{"no newline, and a comment that is no UTF-8", map[string]string{"authorized_keys": edKey + " J\xf6rg"},
			metadata.Instance{Keys: []metadata.Key{{Line: edKey + " J\uFFFDrg"}}}, "", ""},
		{"skip", map[string]string{"config.toml": "network.skip = true"}, metadata.Instance{Network: metadata.Network{Skip: true}}, "", ""},
		{"no skip", map[string]string{"config.toml": "[network]\nskip = false # no\n"}, metadata.Instance{}, "", ""},
		{"unknown keys", map[string]string{"config.toml": "debug = 1\n[network]\nskipp = true\n[disk.a]\nx = 2\n"}, metadata.Instance{}, "",
			"config.toml: ignored, since not known: debug, network.skipp, disk.a"},
		{"many unknown keys", map[string]string{"config.toml": strings.Repeat("a", 99) + "=1\nb=1\nc=1\nd=1\ne=1\nf=1\ng=1\nh=1\ni=1\nj=1\nk=1\nl=1\n"}, metadata.Instance{}, "",
			"config.toml: ignored, since not known: " + strings.Repeat("a", 60) + ", b, c, d, e, f, g, h, i, j, …"},
		{"wrong type", map[string]string{"nodename": "a", "config.toml": "[network]\nskip = \"yes\"\nx = 1"}, metadata.Instance{Hostname: "a"},
			"network: cpio P: config.toml: network.skip has to be true or false", "config.toml: ignored, since not known: network.x"},
		{"wrong section", map[string]string{"nodename": "a", "config.toml": "network = 3"}, metadata.Instance{Hostname: "a"},
			"network: cpio P: config.toml: network has to be a table", ""},
		{"no TOML", map[string]string{"nodename": "a", "config.toml": "[network\nskip"}, metadata.Instance{Hostname: "a"},
			"network: cpio P: config.toml: toml: line 2: expected '.' or ']' to end table name, but got '\\n' instead", ""},
		{"deep", map[string]string{"nodename": "a", "config.toml": "a = " + strings.Repeat("{b=", 51)}, metadata.Instance{Hostname: "a"},
			"network: cpio P: config.toml: more than 50 inline tables", ""},
		{"dotted", map[string]string{"nodename": "a", "config.toml": "# " + strings.Repeat(".", 80) + "\n\"#\"" + strings.Repeat(".a", 51) + " = 1"}, metadata.Instance{Hostname: "a"},
			"network: cpio P: config.toml: more than 50 dots on a line", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			files := map[string][]byte{}
			for name, data := range tt.files {
				files[name] = []byte(data)
			}
			got, err := provider(t, "cpio").instance(Documents{Place: "P", Files: files}, qemu())
			must(t, err)
			var problems []string
			for _, p := range got.Problems {
				problems = append(problems, p.Item+": "+p.Reason)
			}
			if p := strings.Join(problems, "\n"); p != tt.problems {
				t.Errorf("problems\n%s\nwant\n%s", p, tt.problems)
			}
			if w := strings.ReplaceAll(strings.Join(got.Warnings, "\n"), "P: ", ""); w != tt.warnings {
				t.Errorf("warnings\n%s\nwant\n%s", w, tt.warnings)
			}
			if got.Hostname != tt.want.Hostname || cmp.Diff(tt.want.Keys, got.Keys) != "" || string(got.UserData) != string(tt.want.UserData) ||
				!got.Network.DHCP || got.Network.Skip != tt.want.Network.Skip {
				t.Errorf("got %+v\nwant %+v", got, tt.want)
			}
		})
	}
}

// TestRefused: a member that cannot be used is a problem of its item, so that
// the service that waits for it says so, and no set of keys shrinks.
func TestRefused(t *testing.T) {
	files := full()
	files["config.toml"] = strings.Repeat("#", 64<<10+1)
	files["nodename"] = strings.Repeat("a", 1<<20+1)
	files["firstboot.sh"] = strings.Repeat("#", 16<<20+1)
	in, err := Find(t.Context(), newGuest(t, map[string]string{"c2t0d0p0": pack("newc", files)}), qemu(), "auto", nil)
	must(t, err)
	const cpio = "cpio /dev/dsk/c2t0d0p0: "
	want := []metadata.Problem{
		{Item: metadata.ItemHostname, Reason: cpio + "nodename: it has 1048577 bytes, and 1048576 are the most"},
		{Item: metadata.ItemNetwork, Reason: cpio + "config.toml: it has 65537 bytes, and 65536 are the most"},
		{Item: metadata.ItemUserData, Reason: cpio + "firstboot.sh: it has 16777217 bytes, and 16777216 are the most"},
	}
	if d := cmp.Diff(want, in.Problems); d != "" || len(in.Keys) != 2 || in.Hostname != "" || in.UserData != nil {
		t.Errorf("got %d keys, problems (-want +got):\n%s", len(in.Keys), d)
	}
}

// TestHash: without a UUID the instance is known by its documents, so a clone
// with a volume of its own is not taken for its original (row D16).
func TestHash(t *testing.T) {
	id := func(files map[string]string) string {
		in, err := Find(t.Context(), newGuest(t, map[string]string{"c2t0d0p0": pack("odc", files)}), illumos.SMBIOS{}, "auto", nil)
		must(t, err)
		if in.IDOrigin != "hash" || len(in.ID) != 32 || in.Platform != "unknown" {
			t.Errorf("got %+v", in)
		}
		return in.ID
	}
	other := maps.Clone(full())
	other["nodename"] = "web2"
	first, again, clone := id(full()), id(full()), id(other)
	if first != again || first == clone {
		t.Errorf("ids %s, %s and of the clone %s", first, again, clone)
	}
}

// TestConfigCost: a config.toml that is made to be slow costs no more than some
// memory that is soon free again.
func TestConfigCost(t *testing.T) {
	for name, pattern := range map[string][3]string{
		"arrays":        {"a = ", "[", ""},
		"inline tables": {"a = ", "{a=", ""},
		"dots":          {"", "a.", "a = 1"},
		"sections":      {"", "[" + strings.Repeat("a.", maxNesting) + "a]\n", ""},
		"tables":        {"", "[[a]]\n", ""},
		"open sections": {"", "[a", ""},
		"values":        {"a = [", "1,", "]"},
	} {
		n := (64<<10 - len(pattern[0]) - len(pattern[2])) / len(pattern[1])
		file := []byte(pattern[0] + strings.Repeat(pattern[1], n) + pattern[2])
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		parseConfig(file)
		runtime.ReadMemStats(&after)
		if grown := after.TotalAlloc - before.TotalAlloc; grown > 64<<20 {
			t.Errorf("%s: %d bytes were allocated", name, grown)
		}
	}
}

// FuzzParseCPIO: whatever the members hold, the instance is valid: its host name
// and keys pass the checks, nothing appears that was not there, and what the
// cache will give back is the same.
func FuzzParseCPIO(f *testing.F) {
	f.Add("web1\n", edKey+" joe\n", "[network]\nskip = true\n", "#!/bin/sh\n")
	f.Add("", "# \xff\n"+edKey+" \xff", "network = {skip = 1}", "")
	f.Add("a b", "x\n\n", "a.b.c = [{d = 1}]\n[[e]]", "\x00")
	f.Fuzz(func(t *testing.T, name, keys, config, script string) {
		if len(config) > 64<<10 {
			t.Skip("over the limit")
		}
		in, err := provider(t, "cpio").instance(Documents{Place: "P", Files: map[string][]byte{
			"nodename": []byte(name), "authorized_keys": []byte(keys), "config.toml": []byte(config), "firstboot.sh": []byte(script),
		}}, qemu())
		must(t, err)
		if in.Hostname != "" && (metadata.CheckHostname(in.Hostname) != nil || !strings.Contains(name, in.Hostname)) {
			t.Errorf("host name %q of %q", in.Hostname, name)
		}
		for _, k := range in.Keys {
			_, err := metadata.ParsePublicKey(k.Line)
			if err != nil || strings.HasPrefix(k.Line, "#") || !utf8.ValidString(k.Line) || !strings.Contains(strings.ToValidUTF8(keys, "\uFFFD"), k.Line) {
				t.Errorf("key %q of %q: %v", k.Line, keys, err)
			}
		}
		if string(in.UserData) != plain(script) || !in.Network.DHCP {
			t.Errorf("got %+v", in)
		}
		if in.Network.Skip && !strings.Contains(strings.ToLower(config), "true") {
			t.Errorf("skip from %q", config)
		}
		roundTrip(t, in)
	})
}
