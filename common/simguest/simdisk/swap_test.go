// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simdisk

import (
	"os"
	"strings"
	"testing"
)

const (
	swapNode = "/dev/zvol/dsk/rpool/swap"
	swapLine = swapNode + "\t-\t-\tswap\t-\tno\t-"
)

// withSwap has a swap volume of 1 GiB that vfstab does not name.
func withSwap(c *Config) {
	c.Pools[0].Volumes = []Volume{{Name: "rpool/swap", Size: gib, BlockSize: 4096}, {Name: "rpool/tiny", Size: 4096, BlockSize: 4096}}
	c.Disks = append(c.Disks, Disk{Name: "c2t0d0", Size: 8 * gib, Label: LabelSMI})
}

func TestSwapLifeCycle(t *testing.T) {
	g := install(t, withSwap)
	if r := g.run("swap -l"); r != (result{"", "No swap devices configured\n", 1}) {
		t.Errorf("without swap: %+v", r)
	}
	if r := g.run("swap -2 -a " + swapNode); r != (result{}) {
		t.Errorf("swap -2 -a: %+v", r)
	}
	head := "swapfile             dev    swaplo   blocks     free\n"
	for line, want := range map[string]string{
		"swap -l":  head + "/dev/zvol/dsk/rpool/swap 95,1         8  2097144  2097144\n",
		"swap -lk": head + "/dev/zvol/dsk/rpool/swap 95,1        4K 1048572K 1048572K\n",
		"swap -lh": head + "/dev/zvol/dsk/rpool/swap 95,1        4K    1024M    1024M\n",
	} {
		if got := g.must(line); got != want {
			t.Errorf("%s: got\n%q, want\n%q", line, got, want)
		}
	}
	table, err := Swaps(g.World)
	if err != nil || len(table) != 1 || table[0].Path != swapNode || table[0].Bytes() != gib-page {
		t.Errorf("Swaps: %+v, %v", table, err)
	}
	g.refuses([]refusalTest{
		{"again", "swap -2 -a " + swapNode, "", swapNode + ": Overlapping swap files are not allowed\n", 2},
		{"destroy", "zfs destroy rpool/swap", "", "cannot destroy 'rpool/swap': dataset is busy\n", 1},
	})
	// There is no dump device, which -d takes for the one that it has removed.
	r := g.run("swap -d " + swapNode)
	if r.status != 0 || r.err != "dumpadm: no swap devices are available\n" ||
		r.out != swapNode+" was dump device --\ninvoking dumpadm(8) -d swap to select new dump device\n" {
		t.Errorf("swap -d: %+v", r)
	}
	g.refuses([]refusalTest{
		{"twice", "swap -d " + swapNode, "", swapNode + ": Invalid argument\n", 2},
		{"gone", "swap -l", "", "No swap devices configured\n", 1},
	})
	g.must("zfs destroy rpool/swap")
	g.refuses([]refusalTest{{"no volume", "swap -a " + swapNode, "", swapNode + ": No such file or directory\n", 2}})
}

func TestSwapRefuses(t *testing.T) {
	g := install(t, withSwap)
	g.write("/etc/plain", "x\n")
	g.write("/etc/small", "x\n")
	g.write("/etc/large", strings.Repeat("x", 2*page))
	for _, file := range []string{"/etc/small", "/etc/large"} {
		if err := os.Chmod(g.Path(file), 0o600|os.ModeSticky); err != nil {
			t.Fatal(err)
		}
	}
	const notValid = "is not valid for swapping.\nIt must be a block device or a regular file with the\n\"save user text on execution\" bit set.\n"
	g.refuses([]refusalTest{
		{"usage", "swap", "", "Usage:\tswap -l\n…", 1},
		{"option", "swap -x", "", "swap: illegal option -- x\nUsage:\t…", 1},
		{"no value", "swap -a", "", "swap: option requires an argument -- a\nUsage:\t…", 1},
		{"only -h", "swap -h", "", "Usage:\t…", 1},
		{"-l with -s", "swap -ls", "", "Usage:\t…", 1},
		{"-a after -l", "swap -l -a /x", "", "Usage:\t…", 1},
		{"relative", "swap -a rpool/swap", "", "swap: path must be absolute\n", 1},
		{"low block", "swap -a " + swapNode + " x", "", "error in [low block]\n", 1},
		{"blocks", "swap -a " + swapNode + " 8 x", "", "error in [nbr of blocks]\n", 1},
		{"too many", "swap -a " + swapNode + " 8 8 8", "", "Usage:\t…", 1},
		{"missing", "swap -a /dev/zvol/dsk/rpool/none", "", "/dev/zvol/dsk/rpool/none: No such file or directory\n", 2},
		{"too small", "swap -a /dev/zvol/dsk/rpool/tiny", "", "/dev/zvol/dsk/rpool/tiny: Invalid argument\n", 2},
		{"behind the end", "swap -a " + swapNode + " 2097152", "", swapNode + ": Invalid argument\n", 2},
		{"raw volume", "swap -a /dev/zvol/rdsk/rpool/swap", "", "\"/dev/zvol/rdsk/rpool/swap\" " + notValid, 22},
		{"directory", "swap -a /etc", "", "\"/etc\" " + notValid, 22},
		{"plain file", "swap -a /etc/plain", "", "\"/etc/plain\" " + notValid, 22},
		{"small file", "swap -a /etc/small", "", "/etc/small: size is invalid\n", 22},
		{"file on ZFS", "swap -a /etc/large", "", "/etc/large: Invalid operation for this filesystem type\n", 2},
		{"pool's slice", "swap -a /dev/dsk/c1t0d0s1", "", "/dev/dsk/c1t0d0s1 is part of active ZFS pool rpool. Please see zpool(8).\n", 1},
		{"empty slice", "swap -a /dev/dsk/c1t0d0s5", "", "/dev/dsk/c1t0d0s5: No such device or address\n", 2},
		{"whole disk", "swap -a /dev/dsk/c2t0d0p0", "", "simulated guest: swap on a whole disk is not simulated\n", 127},
		{"-d of no swap", "swap -d " + swapNode, "", swapNode + ": Invalid argument\n", 2},
		{"-d of nothing", "swap -d /none", "", "/none: No such file or directory\n", 2},
		{"-d of a directory", "swap -d /etc", "", "/etc: Is a directory\n", 2},
	})
	if table, _ := Swaps(g.World); len(table) != 0 {
		t.Errorf("refused swap is in the table: %+v", table)
	}
}

// TestSwapChangesDump shows what a plain swap -a does without a dump device.
func TestSwapChangesDump(t *testing.T) {
	g := install(t, withSwap)
	r := g.run("swap -a " + swapNode)
	if r.status != 0 || r.err != "dumpadm: no swap devices could be configured as the dump device\n" ||
		r.out != "operating system crash dump was previously disabled --\ninvoking dumpadm(8) -d swap to select new dump device\n" {
		t.Errorf("swap -a: %+v", r)
	}
	if !strings.Contains(g.read(dumpConfFile), "DUMPADM_DEVICE=swap\n") {
		t.Errorf("dumpadm.conf: %s", g.read(dumpConfFile))
	}
	r = g.run("swap -a /dev/dsk/c2t0d0s0")
	if r.status != 0 || r.err != "" || !strings.Contains(g.must("dumpadm"), "Dump device: /dev/dsk/c2t0d0s0 (swap)\n") {
		t.Errorf("swap -a of a slice: %+v\n%s", r, g.must("dumpadm"))
	}
	if got := g.must("swap -s"); !strings.HasPrefix(got, "total: 471856k bytes allocated + 52432k reserved = 524288k used, ") {
		t.Errorf("swap -s: %q", got)
	}
}

func TestSwapOnDump(t *testing.T) {
	g := install(t, func(c *Config) {
		withSwap(c)
		c.DumpDevice = swapNode
	})
	g.refuses([]refusalTest{
		{"swap", "swap -2 -a " + swapNode, "", swapNode + ": zvol cannot be used as a swap device and a dump device\n", 2},
		{"destroy", "zfs destroy rpool/swap", "", "cannot destroy 'rpool/swap': dataset is busy\n", 1},
	})
}

func TestSwapadd(t *testing.T) {
	g := install(t, func(c *Config) {
		withSwap(c)
		c.Vfstab = []string{swapLine, "/dev/zvol/dsk/rpool/none\t-\t-\tswap\t-\tno\t-", "# the end"}
	})
	r := g.run("swapadd")
	if r.status != 0 || r.err != "/dev/zvol/dsk/rpool/none: No such file or directory\n" || r.out != "" {
		t.Errorf("swapadd: %+v", r)
	}
	if r := g.run("swapadd"); r.status != 0 { // what is there is left out
		t.Errorf("swapadd again: %+v", r)
	}
	if table, _ := Swaps(g.World); len(table) != 1 || table[0].Path != swapNode {
		t.Errorf("swap table: %+v", table)
	}
	g.write("/etc/bad", "/dev/zvol/dsk/rpool/none - - swap - no -\n")
	g.write("/etc/cut", swapLine) // no newline: read(1) does not see it
	g.refuses([]refusalTest{
		{"last line counts", "swapadd /etc/bad", "", "/dev/zvol/dsk/rpool/none: No such file or directory\n", 2},
		{"pass 1 skips it", "swapadd -1 /etc/bad", "", "", 0},
		{"no newline", "swapadd -1 /etc/cut", "", "", 0},
		{"pass 1 adds twice", "swapadd -1", "", swapNode + ": Overlapping swap files are not allowed\n", 0},
		{"option", "swapadd -x", "", "Usage: swapadd [-12] [file_system_table]\n", 1},
		{"operands", "swapadd a b", "", "Usage: swapadd [-12] [file_system_table]\n", 1},
		{"no table", "swapadd /none", "", "swapadd: file system table (/none) not found\n", 1},
	})
}

func TestSwapInZone(t *testing.T) {
	g := install(t, func(c *Config) {
		withSwap(c)
		c.Zone = true
	})
	g.refuses([]refusalTest{
		{"list", "swap -l", "swapfile             dev    swaplo   blocks     free\nswap                  -          8        0        0\n", "", 0},
		{"add", "swap -2 -a " + swapNode, "", swapNode + ": Not owner\n", 2},
		{"delete", "swap -d " + swapNode, "", swapNode + ": Not owner\n", 2},
		{"no disk", "prtvtoc /dev/rdsk/c1t0d0", "", "prtvtoc: /dev/rdsk/c1t0d0: failed to open device: No such file or directory\n", 1},
	})
}
