// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simdisk

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"illumos-metadata/common/simguest/world"
)

// TestPowerOn follows a guest whose disk grows while it is off.
func TestPowerOn(t *testing.T) {
	g := install(t, func(c *Config) {
		withSwap(c)
		c.Disks[0].Image, c.Disks[0].Size = 0, 8*gib
		c.Vfstab = []string{swapLine}
	})
	g.must("swapadd")
	if err := Resize(g.World, "c1t0d0", 40*gib); err != nil {
		t.Fatal(err)
	}
	if p := g.pool(); p.Expand != 0 {
		t.Errorf("the pool saw the new size without an open: %+v", p)
	}
	g.powerOn()
	if p := g.pool(); p.Expand < 31*gib || p.Size > 8*gib {
		t.Errorf("after the boot: %+v", p)
	}
	if table, _ := Swaps(g.World); len(table) != 0 {
		t.Errorf("swap survived the boot: %+v", table)
	}
	if r := g.run("fs-usr"); r != (result{}) {
		t.Errorf("fs-usr: %+v", r)
	}
	if table, _ := Swaps(g.World); len(table) != 1 || table[0].Path != swapNode {
		t.Errorf("swap after fs-usr: %+v", table)
	}
	if r := g.run("fs-local"); r != (result{}) {
		t.Errorf("fs-local: %+v", r)
	}
	g.must("zpool online -e rpool c1t0d0")
	if p := g.pool(); p.Expand != 0 || p.Size < 39*gib {
		t.Errorf("after zpool online -e: %+v", p)
	}
}

func TestReopen(t *testing.T) {
	g := install(t, func(c *Config) { c.Disks[0].Image, c.Disks[0].Size = 0, 8*gib })
	if err := Resize(g.World, "c1t0d0", 16*gib); err != nil {
		t.Fatal(err)
	}
	g.must("zpool reopen rpool")
	if p := g.pool(); p.Expand < 7*gib {
		t.Errorf("after zpool reopen: %+v", p)
	}
	if err := Resize(g.World, "c1t0d0", 2*gib); err == nil {
		t.Error("a disk has shrunk")
	}
	if err := Detach(g.World, "c1t0d0"); err != nil {
		t.Fatal(err)
	}
	g.powerOn()
	if p := g.pool(); p.Health != "UNAVAIL" {
		t.Errorf("without its disk: %+v", p)
	}
	want := "rpool\t-\t-\t-\t-\t-\t-\t-\t-\tFAULTED\t-\n"
	if got := g.must("zpool list -Hp"); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestVolumesComeAndGo plugs a metadata volume in and out.
func TestVolumesComeAndGo(t *testing.T) {
	g := install(t, nil)
	content := []byte("070707 and so on")
	if err := Attach(g.World, Disk{Name: "c2t0d0", Content: content}); err != nil {
		t.Fatal(err)
	}
	if err := Attach(g.World, Disk{Name: "c2t0d0", Content: content}); err == nil {
		t.Error("two disks of one name")
	}
	for _, node := range []string{"/dev/dsk/c2t0d0p0", "/dev/rdsk/c2t0d0p0", "/dev/dsk/c2t0d0s2"} {
		b, err := os.ReadFile(g.Path(node))
		if err != nil || len(b) != 512 || !strings.HasPrefix(string(b), string(content)) {
			t.Errorf("%s: %d bytes, %v", node, len(b), err)
		}
		to, err := os.Readlink(g.Path(node))
		if err != nil || filepath.IsAbs(to) {
			t.Errorf("%s leads to %q, %v: not the same in a chroot", node, to, err)
		}
	}
	if _, err := os.Open(g.Path("/dev/dsk/c1t0d0s5")); !errors.Is(err, syscall.ENXIO) {
		t.Errorf("an empty slice: %v", err)
	}
	if err := Detach(g.World, "c2t0d0"); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(g.Path("/dev/dsk/c2t0d0p0")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the node of a disk that is gone: %v", err)
	}
	if err := Detach(g.World, "c2t0d0"); err == nil {
		t.Error("detached twice")
	}
}

// TestDumpDevice shows that fs-usr puts a dedicated dump device back, and that
// dumpadm says what there is.
func TestDumpDevice(t *testing.T) {
	g := install(t, func(c *Config) {
		c.Pools[0].Volumes = []Volume{{Name: "rpool/dump", Size: gib}}
		c.DumpDevice = "/dev/zvol/dsk/rpool/dump"
	})
	g.powerOn()
	if got := g.must("dumpadm"); !strings.Contains(got, "Dump device: none (dumps disabled)\n") {
		t.Errorf("before fs-usr: %q", got)
	}
	g.run("fs-usr")
	want := "      Dump content: kernel and current process pages\n       Dump device: /dev/zvol/dsk/rpool/dump (dedicated)\n" +
		"Savecore directory: /var/crash/unknown\n  Savecore enabled: yes\n   Save compressed: on\n    Dump encrypted: no\n"
	if got := g.must("dumpadm"); got != want {
		t.Errorf("got\n%s, want\n%s", got, want)
	}
	g.refuses([]refusalTest{
		{"option", "dumpadm -q", "", "dumpadm: illegal option -- q\nUsage: dumpadm…", 2},
		{"operand", "dumpadm x", "", "dumpadm: illegal argument -- x\nUsage: dumpadm…", 2},
		{"content", "dumpadm -c most", "", "dumpadm: invalid dump content type -- most\n", 2},
		{"missing", "dumpadm -d /dev/zvol/dsk/rpool/none", "", "dumpadm: cannot use /dev/zvol/dsk/rpool/none as dump device: No such file or directory\n", 1},
		{"in use", "dumpadm -d /dev/dsk/c1t0d0s1", "", "dumpadm: /dev/dsk/c1t0d0s1 is part of active ZFS pool rpool. Please see zpool(8).\n", 1},
	})
	if got := g.must("dumpadm -d none"); !strings.Contains(got, "none (dumps disabled)") || !strings.Contains(g.read(dumpConfFile), "DUMPADM_DEVICE=none\n") {
		t.Errorf("dumpadm -d none: %q", got)
	}
}

func TestPrtconf(t *testing.T) {
	g := install(t, func(c *Config) { c.Memory = 4*gib - 1234567 })
	if got := g.must("prtconf -m"); got != "4095\n" {
		t.Errorf("prtconf -m: %q", got)
	}
	g.refuses([]refusalTest{
		{"option", "prtconf -z", "", "prtconf: illegal option -- z\nprtconf [ -F | -m | -V | -x | -abcdvpPD ] [ <device_path > ]\n", 1},
		{"path", "prtconf -a", "", "prtconf: options require a device path\n", 1},
		{"64 bits", "prtconf -x", "", "", 0},
		{"tree", "prtconf", "", "simulated guest: prtconf without -m is not simulated\n", 127},
	})
	g = install(t, func(c *Config) { c.Memory = 0 })
	g.refuses([]refusalTest{{"unknown", "prtconf -m", "0\n", "", 1}})
}

// fat is a boot sector of FAT16.
func fat() []byte {
	b := make([]byte, 1<<20)
	copy(b[11:], []byte{0, 2, 4, 1, 0, 2, 0, 2, 0, 8, 0xf8})
	b[510], b[511] = 0x55, 0xaa
	return b
}

// iso has the first volume descriptor.
func iso() []byte {
	b := make([]byte, 64<<10)
	copy(b[32768:], "\x01CD001\x01")
	return b
}

func TestFstyp(t *testing.T) {
	g := install(t, func(c *Config) {
		withSwap(c)
		parted := append(make([]byte, 63*512), fat()...)
		copy(parted[446:], []byte{0, 0, 0, 0, 6, 0, 0, 0, 63, 0, 0, 0, 0, 8, 0, 0})
		parted[510], parted[511] = 0x55, 0xaa
		c.Disks = append(c.Disks, Disk{Name: "c3t0d0", Content: fat()}, Disk{Name: "c3t1d0", CD: true, Content: iso()},
			Disk{Name: "c3t2d0", CD: true, NoMedium: true}, Disk{Name: "c3t3d0", Size: mib, Unreadable: true}, Disk{Name: "c3t4d0", Content: parted})
	})
	const none = "unknown_fstyp (no matches)\n"
	g.refuses([]refusalTest{
		{"FAT", "fstyp /dev/dsk/c3t0d0p0", "pcfs\n", "", 0},
		{"FAT, slice", "fstyp /dev/rdsk/c3t0d0s0", "pcfs\n", "", 0},
		{"partition", "fstyp /dev/dsk/c3t4d0p0:1", "pcfs\n", "", 0},
		{"no partition", "fstyp /dev/dsk/c3t4d0p0:2", "", "unknown_fstyp (partition not found)\n", 5},
		{"ISO", "fstyp /dev/dsk/c3t1d0p0", "hsfs\n", "", 0},
		{"empty volume", "fstyp /dev/zvol/rdsk/rpool/swap", "", none, 1},
		{"no medium", "fstyp /dev/dsk/c3t2d0p0", "", "unknown_fstyp (cannot open device)\n", 7},
		{"no node", "fstyp /dev/dsk/c9t9d9p0", "", "unknown_fstyp (cannot open device)\n", 7},
		{"broken", "fstyp /dev/dsk/c3t3d0p0", "", "unknown_fstyp (i/o error)\n", 8},
		{"usage", "fstyp", "", "Usage: fstyp [-av] <device>\n", 1},
		{"option", "fstyp -x /dev/dsk/c3t0d0p0", "", "fstyp: illegal option -- x\nUsage: fstyp [-av] <device>\n", 1},
		{"attributes", "fstyp -a /dev/dsk/c3t0d0p0", "", "simulated guest: fstyp -a or -v is not simulated\n", 127},
	})
}

// TestEverythingHangs shows that no ZFS command returns while a pool is
// suspended.
func TestEverythingHangs(t *testing.T) {
	g := install(t, func(c *Config) { c.Gate = GateHang })
	s := &state{Pools: []pool{{Name: "rpool", Suspended: true}}}
	for _, line := range []string{"list", "status rpool", "get size rpool"} {
		c := world.Call{World: g.World, Name: "zpool", Args: strings.Fields(line), Stdout: new(strings.Builder), Stderr: new(strings.Builder)}
		if got := zpool(&c, s); got != hang {
			t.Errorf("zpool %s: status %d", line, got)
		}
	}
	c := world.Call{World: g.World, Name: "zfs", Args: []string{"list"}, Stdout: new(strings.Builder), Stderr: new(strings.Builder)}
	if got := zfs(&c, s); got != hang {
		t.Errorf("zfs list: status %d", got)
	}
}
