// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package volume

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"illumos-metadata/common/simguest"
)

// systems are the file systems that the tests can make.
var systems = []string{"fat12", "fat16", "fat32", "rockridge", "joliet", "plain"}

// seedLimits are what the tests ask a file system for.
var seedLimits = map[string]int64{"meta-data": 1 << 20, "user-data": 1 << 20, "network-config": 1 << 20, "vendor-data": 64}

// image makes a file system.
func image(t testing.TB, kind, label string, files map[string]string) []byte {
	t.Helper()
	content := map[string][]byte{}
	for name, data := range files {
		content[name] = []byte(data)
	}
	b, err := simguest.FileSystem(kind, label, content)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// formatOf gives the Format of one of the systems.
func formatOf(kind string) string {
	if strings.HasPrefix(kind, "fat") {
		return kind
	}
	return ISO
}

// mount finds and reads the one volume on a disk with this content.
func mount(t testing.TB, disk []byte) (Volume, Content) {
	t.Helper()
	g := newGuest(t, map[string]string{"/dev/dsk/c2t0d0p0": string(disk)})
	found, unreadable, err := Find(t.Context(), g)
	if err != nil || len(found) != 1 || len(unreadable) > 0 {
		t.Fatalf("found %v, %v, %v", found, unreadable, err)
	}
	c, err := found[0].Read(t.Context(), g, seedLimits)
	if err != nil {
		t.Fatal(err)
	}
	return found[0], c
}

// seed are the files of a volume; wantSeed is what text makes of them.
func seed() map[string]string {
	return map[string]string{
		"meta-data": "instance-id: i-1\n", "user-data": strings.Repeat("0123456789abcdef", 40_000)[:600_000],
		"network-config": "", "vendor-data": strings.Repeat("v", 65), "unrelated.txt": "x",
	}
}

func wantSeed() string {
	return strings.Join([]string{`meta-data="instance-id: i-1\n"`, `network-config=""`,
		`user-data="` + seed()["user-data"] + `"`, "vendor-data: it has 65 bytes, and 64 are the most"}, "\n")
}

// TestFileSystems: every file system, whatever the case of its label (row D3).
func TestFileSystems(t *testing.T) {
	for _, kind := range systems {
		for _, label := range []string{"cidata", "CIDATA", "CiData"} {
			t.Run(kind+"/"+label, func(t *testing.T) {
				v, c := mount(t, image(t, kind, label, seed()))
				if got := text(c); v.Format != formatOf(kind) || got != wantSeed() {
					t.Errorf("%s, got\n%.300s\nwant\n%.300s", v.Format, got, wantSeed())
				}
			})
		}
	}
}

// TestNothingWritten: a volume is read and nothing else (row S12).
func TestNothingWritten(t *testing.T) {
	for _, kind := range systems {
		g := newGuest(t, map[string]string{"/dev/dsk/c2t0d0p0": string(image(t, kind, "cidata", seed()))})
		before := tree(t, g.Root)
		found, _, err := Find(t.Context(), g)
		must(t, err)
		_, err = found[0].Read(t.Context(), g, seedLimits)
		must(t, err)
		if after := tree(t, g.Root); after != before {
			t.Errorf("%s: the guest was\n%s and is\n%s", kind, before, after)
		}
	}
}

// TestNodes: on which nodes a file system counts, and which label it needs.
func TestNodes(t *testing.T) {
	fat, iso := string(image(t, "fat12", "cidata", seed())), string(image(t, "rockridge", "CIDATA", seed()))
	other, disc := string(image(t, "fat12", "ESP", seed())), string(image(t, "joliet", "cidata2", seed()))
	bootOnly := []byte(other)
	copy(bootOnly[43:], "cidata     ")
	rootOnly := []byte(fat)
	copy(rootOnly[43:], "NO NAME    ")
	hybrid := []byte(disc)
	hybrid[510], hybrid[511] = 0x55, 0xaa // as install media have it
	table, archive := labelledDisk(), string(write("newc", file("nodename", "a")))
	tests := []struct {
		name  string
		nodes map[string]string
		want  string
	}{
		{"whole disk", map[string]string{"/dev/dsk/c2t0d0p0": fat, "/dev/dsk/c2t0d0s0": fat, "/dev/dsk/c2t0d0p1": noDevice}, "/dev/dsk/c2t0d0p0 fat12"},
		{"raw node alone", map[string]string{"/dev/rdsk/c2t0d0p0": iso}, "/dev/rdsk/c2t0d0p0 iso9660"},
		{"CD without p0", map[string]string{"/dev/dsk/c1t0d0s2": iso, "/dev/dsk/c1t0d0s0": iso}, "/dev/dsk/c1t0d0s2 iso9660"},
		{"removable medium", map[string]string{"/dev/removable-media/rdsk/c1t0d0p0": iso}, "/dev/removable-media/rdsk/c1t0d0p0 iso9660"},
		{"first GPT partition", map[string]string{"/dev/dsk/c2t0d0p0": table, "/dev/dsk/c2t0d0": table, "/dev/dsk/c2t0d0s0": fat}, "/dev/dsk/c2t0d0s0 fat12"},
		{"MBR partition", map[string]string{"/dev/dsk/c2t0d0p0": table, "/dev/dsk/c2t0d0p1": other, "/dev/dsk/c2t0d0p3": fat}, "/dev/dsk/c2t0d0p3 fat12"},
		{"no archive in a partition", map[string]string{"/dev/dsk/c2t0d0p0": table, "/dev/dsk/c2t0d0p1": archive}, ""},
		{"label in the boot sector alone", map[string]string{"/dev/dsk/c2t0d0p0": string(bootOnly)}, "/dev/dsk/c2t0d0p0 fat12"},
		{"label in the root directory alone", map[string]string{"/dev/dsk/c2t0d0p0": string(rootOnly)}, "/dev/dsk/c2t0d0p0 fat12"},
		{"all three kinds", map[string]string{"/dev/dsk/c1t0d0p0": fat, "/dev/dsk/c2t0d0p0": archive, "/dev/dsk/c3t0d0p0": iso},
			"/dev/dsk/c1t0d0p0 fat12, /dev/dsk/c2t0d0p0 newc, /dev/dsk/c3t0d0p0 iso9660"},

		{"other labels", map[string]string{"/dev/dsk/c1t0d0p0": other, "/dev/dsk/c2t0d0p0": disc, "/dev/dsk/c2t0d0s2": disc}, "/dev/dsk/c2t0d0p0 iso9660, another label"},
		{"a CD with partitions", map[string]string{"/dev/dsk/c2t0d0p0": string(hybrid), "/dev/dsk/c2t0d0p1": other}, "/dev/dsk/c2t0d0p0 iso9660, another label"},
		{"a CD with a partition of ours", map[string]string{"/dev/dsk/c2t0d0p0": string(hybrid), "/dev/dsk/c2t0d0p2": fat}, "/dev/dsk/c2t0d0p2 fat12"},
		{"cut off before the root directory", map[string]string{"/dev/dsk/c1t0d0p0": string(rootOnly[:4096])}, ""},
		{"boot code without a file system", map[string]string{"/dev/dsk/c1t0d0p0": "\xeb\x63\x90" + table[3:]}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			found, unreadable, err := Find(t.Context(), newGuest(t, tt.nodes))
			must(t, err)
			var got []string
			for _, v := range found {
				label := ""
				if v.Disc() {
					label = ", another label"
				}
				got = append(got, v.Place+" "+v.Format+label)
			}
			if g := strings.Join(got, ", "); g != tt.want || len(unreadable) > 0 {
				t.Errorf("found %s, %v\nwant  %s", g, unreadable, tt.want)
			}
		})
	}
}

// TestNames: which of the files in a root directory is the one that is meant.
func TestNames(t *testing.T) {
	tests := []struct {
		other, name string
		want        bool
	}{
		{"USER-DAT", "user-data", true}, {"USER_DAT", "user-data", true}, {"USER_DATA", "user-data", true},
		{"NETWORK_", "network-config", true}, {"NETWORK_CONFIG", "network-config", true},
		{"USER", "user-data", false}, {"USER_DATA2", "user-data", false}, {"user_dat", "user-data", false},
		{"VENDOR_D", "user-data", false}, {"KEYS", "keys", true}, {"KEY", "keys", false},
		{"META_DATA.JSON", "meta_data.json", true}, {"META_DAT.JSO", "meta_data.json", true}, {"META_DAT", "meta_data.json", false},
	}
	for _, tt := range tests {
		if isPlainName(tt.other, tt.name) != tt.want {
			t.Errorf("isPlainName(%q, %q) = %v", tt.other, tt.name, !tt.want)
		}
	}
	_, c := mount(t, image(t, "fat12", "cidata", map[string]string{"META-DATA": "a", "USER_DAT": "b"}))
	if got, want := text(c), "meta-data=\"a\"\nuser-data=\"b\""; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestImages reads collected images, made by other tools as the hypervisors make
// theirs; a CD of another source is one with another label, and is not read.
func TestImages(t *testing.T) {
	tests := []struct{ name, format, files string }{
		{"CIDATA-fat16-smartos.img.gz", "fat16", "meta-data network-config user-data"},
		{"CIDATA-iso-omnios.iso.gz", ISO, "meta-data network-config user-data"},
		{"cidata-fat12-oxide.img.gz", "fat12", "meta-data network-config user-data"},
		{"cidata-iso-proxmox.iso.gz", ISO, "meta-data network-config user-data vendor-data"},
		{"config-2-iso-openstack.iso.gz", "", ""},
		{"digitalocean-iso.iso.gz", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			disk := unpacked(t, tt.name)
			if tt.format == "" {
				g := newGuest(t, map[string]string{"/dev/dsk/c2t0d0p0": string(disk)})
				if found, _, err := Find(t.Context(), g); err != nil || len(found) != 1 || !found[0].Disc() {
					t.Errorf("found %v, %v", found, err)
				}
				return
			}
			v, c := mount(t, disk)
			if v.Format != tt.format || len(c.Files) != len(strings.Fields(tt.files)) || len(c.Refused) > 0 {
				t.Errorf("%s, %s; want %s with %s", v.Format, text(c), tt.format, tt.files)
			}
			for name := range strings.FieldsSeq(tt.files) {
				if _, ok := c.Files[name]; !ok {
					t.Errorf("no %s", name)
				}
			}
			if !bytes.Contains(c.Files["meta-data"], []byte("instance-id")) {
				t.Errorf("meta-data %q", c.Files["meta-data"])
			}
		})
	}
}

// unpacked gives the content of a compressed image of the collection of metadata
// samples, which lies beside the module and is read in place.
func unpacked(t *testing.T, name string) []byte {
	t.Helper()
	f, err := os.Open(filepath.Join("../../../shared/fixtures/images", name))
	if os.IsNotExist(err) {
		lacking(t, "../shared/fixtures/images/"+name)
	}
	must(t, err)
	defer f.Close()
	z, err := gzip.NewReader(f)
	must(t, err)
	b, err := io.ReadAll(z)
	must(t, err)
	return b
}

// lacking ends a test that needs what is not part of the suite: skipped where a
// person runs it, failed in CI, which has to have everything.
func lacking(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf("SKIPPED is a failure with CI=true: %s is not here", what)
	}
	t.Skipf("SKIPPED: %s is not here", what)
}

// TestTools reads what the tools write that people use.
func TestTools(t *testing.T) {
	tests := []struct{ name, format, commands string }{
		{"mkfs.vfat 12", "fat12", "mkfs.vfat -C -F 12 -n CIDATA $i 1440; mcopy -oi $i -- $f ::"},
		{"mkfs.vfat 16", "fat16", "mkfs.vfat -C -F 16 -n cidata $i 16384; mcopy -oi $i -- $f ::"},
		{"mkfs.vfat 32", "fat32", "mkfs.vfat -C -F 32 -n CIDATA $i 65536; mcopy -oi $i -- $f ::"},
		{"mkfs.vfat, 4096 byte sectors", "fat16", "mkfs.vfat -C -F 16 -S 4096 -n CIDATA $i 65536; mcopy -oi $i -- $f ::"},
		{"mkfs.vfat alone", "fat12", "mkfs.vfat -C -n CIDATA $i 2048; mcopy -oi $i -- $f ::"},
		{"genisoimage, Rock Ridge", ISO, "genisoimage -quiet -R -V CIDATA -o $i $f"},
		{"genisoimage, Joliet", ISO, "genisoimage -quiet -J -V cidata -o $i $f"},
		{"genisoimage, both", ISO, "genisoimage -quiet -J -R -V cidata -o $i $f"},
		{"genisoimage, plain", ISO, "genisoimage -quiet -V cidata -o $i $f"},
		{"genisoimage, plain, level 3", ISO, "genisoimage -quiet -iso-level 3 -V cidata -o $i $f"},
		{"xorriso, Rock Ridge", ISO, "xorriso -as mkisofs -quiet -r -V cidata -o $i $f"},
		{"xorriso, Joliet", ISO, "xorriso -as mkisofs -quiet -J --norock -V CIDATA -o $i $f"},
		{"xorriso, both", ISO, "xorriso -as mkisofs -quiet -J -r -V CIDATA -o $i $f"},
		{"xorriso, plain", ISO, "xorriso -as mkisofs -quiet --norock -V cidata -o $i $f"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			disk := filepath.Join(dir, "volume")
			names := []string{}
			for name, data := range seed() {
				must(t, os.WriteFile(filepath.Join(dir, name), []byte(data), 0o644))
				names = append(names, filepath.Join(dir, name))
			}
			expand := strings.NewReplacer("$i", disk, "$f", strings.Join(names, " "))
			for command := range strings.SplitSeq(tt.commands, ";") {
				args := strings.Fields(expand.Replace(command))
				cmd := exec.Command(tool(t, args[0]), args[1:]...)
				if out, err := cmd.CombinedOutput(); err != nil {
					t.Fatalf("%s: %v\n%s", cmd, err, out)
				}
			}
			b, err := os.ReadFile(disk)
			must(t, err)
			v, c := mount(t, b)
			if got := text(c); v.Format != tt.format || got != wantSeed() {
				t.Errorf("%s, got\n%.300s\nwant %s\n%.300s", v.Format, got, tt.format, wantSeed())
			}
		})
	}
}

// tool gives the path of a program.
func tool(t *testing.T, name string) string {
	t.Helper()
	for _, dir := range []string{"", "/usr/sbin/", "/sbin/"} { // an ordinary user's PATH has no sbin
		if path, err := exec.LookPath(dir + name); err == nil {
			return path
		}
	}
	lacking(t, "the program "+name)
	return ""
}
