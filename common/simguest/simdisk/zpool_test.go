// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simdisk

import (
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestZpoolList(t *testing.T) {
	g := install(t, nil)
	before := "rpool\t3758096384\t1503238553\t2254857831\t-\t38654705664\t4\t39\t1.00\tONLINE\t-\n" +
		"\tc1t0d0\t3758096384\t1503238553\t2254857831\t-\t38654705664\t4\t39\t-\tONLINE\n"
	after := "rpool\t42412802048\t1503238553\t40909563495\t-\t-\t4\t3\t1.00\tONLINE\t-\n" +
		"\tc1t0d0\t42412802048\t1503238553\t40909563495\t-\t-\t4\t3\t-\tONLINE\n"
	if got := g.must("zpool list -Hpv rpool"); got != before {
		t.Errorf("before:\n%s", cmp.Diff(before, got))
	}
	if got := g.must("zpool online -e rpool c1t0d0"); got != "" {
		t.Errorf("zpool online said %q", got)
	}
	if got := g.must("zpool list -Hpv rpool"); got != after {
		t.Errorf("after:\n%s", cmp.Diff(after, got))
	}
	if got, want := g.must("zpool list -HpvP"), "\t/dev/dsk/c1t0d0s1\t"; !strings.Contains(got, want) {
		t.Errorf("list -P: %q lacks %q", got, want)
	}
	want := "NAME    SIZE  ALLOC   FREE  CKPOINT  EXPANDSZ   FRAG    CAP  DEDUP  HEALTH  ALTROOT\n" +
		"rpool  39.5G  1.40G  38.1G        -         -     4%     3%  1.00x  ONLINE  -\n"
	if got := g.must("zpool list"); got != want {
		t.Errorf("plain:\n%s", cmp.Diff(want, got))
	}
	if got, want := g.must("zpool list -Ho name,guid"), "rpool\t"+strconv.FormatUint(g.pool().GUID, 10)+"\n"; got != want {
		t.Errorf("list -o: got %q, want %q", got, want)
	}
}

// mirrored is a pool of everything: a mirror, a log and a spare.
func mirrored(c *Config) {
	c.Disks, c.Pools[0].Vdevs = nil, nil
	for _, name := range []string{"c1t0d0", "c1t1d0", "c1t3d0"} {
		c.Disks = append(c.Disks, Disk{Name: name, Size: 40 * gib, Label: LabelESP})
	}
	c.Disks = append(c.Disks, Disk{Name: "c1t2d0", Size: 8 * gib, Label: LabelEFI})
	c.Pools[0].Frag = 0
	c.Pools[0].Vdevs = []Vdev{
		{Type: "mirror", Alloc: 1503238553, Shift: 28, Children: []Vdev{{Disk: "c1t0d0"}, {Disk: "c1t1d0"}}},
		{Disk: "c1t2d0", Class: "logs", Shift: 28}, {Disk: "c1t3d0", Class: "spare"},
	}
}

func TestZpoolListOfMirror(t *testing.T) {
	g := install(t, mirrored)
	dashes := "     -      -      -        -         -      -      -      -         -\n"
	want := "rpool\t42412802048\t1503238553\t40909563495\t-\t-\t0\t3\t1.00\tONLINE\t-\n" +
		"\tmirror\t42412802048\t1503238553\t40909563495\t-\t-\t0\t3\t-\tONLINE\n" +
		"\tc1t0d0\t-\t-\t-\t-\t-\t-\t-\t-\tONLINE\n" +
		"\tc1t1d0\t-\t-\t-\t-\t-\t-\t-\t-\tONLINE\n" +
		" logs      " + dashes +
		"\tc1t2d0\t8321499136\t0\t8321499136\t-\t-\t0\t0\t-\tONLINE\n" +
		" spare     " + dashes +
		"\tc1t3d0\t-\t-\t-\t-\t-\t-\t-\t-\tAVAIL\n"
	if got := g.must("zpool list -Hpv rpool"); got != want {
		t.Errorf("list:\n%s", cmp.Diff(want, got))
	}
	g.refuses([]refusalTest{
		{"spare", "zpool online -e rpool c1t3d0", "", "cannot expand c1t3d0: device is reserved as a hot spare\n", 1},
	})
}

func TestZpoolStatus(t *testing.T) {
	g := install(t, mirrored)
	want := "  pool: rpool\n state: ONLINE\n  scan: none requested\nconfig:\n\n" +
		"\tNAME        STATE     READ WRITE CKSUM\n" +
		"\trpool       ONLINE       0     0     0\n" +
		"\t  mirror-0  ONLINE       0     0     0\n" +
		"\t    c1t0d0  ONLINE       0     0     0\n" +
		"\t    c1t1d0  ONLINE       0     0     0\n" +
		"\tlogs\n" +
		"\t  c1t2d0    ONLINE       0     0     0\n" +
		"\tspares\n" +
		"\t  c1t3d0    AVAIL   \n" +
		"\nerrors: No known data errors\n"
	if got := g.must("zpool status rpool"); got != want {
		t.Errorf("status:\n%s", cmp.Diff(want, got))
	}
	if got, want := g.must("zpool status -x"), "all pools are healthy\n"; got != want {
		t.Errorf("status -x: got %q, want %q", got, want)
	}
	if err := Detach(g.World, "c1t1d0"); err != nil {
		t.Fatal(err)
	}
	g.powerOn()
	got := g.must("zpool status -x")
	for _, want := range []string{" state: DEGRADED\n", "status: One or more devices could not be opened.  Suff", "   see: http://illumos.org/msg/ZFS-8000-2Q\n", "  was /dev/dsk/c1t1d0s1\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("status without a disk lacks %q:\n%s", want, got)
		}
	}
	g.refuses([]refusalTest{
		{"reguid", "zpool reguid rpool", "", "cannot reguid 'rpool': one or more devices is currently unavailable\n", 255},
		{"relabel", "zpool online -e rpool /dev/dsk/c1t1d0s1", "", "cannot expand /dev/dsk/c1t1d0s1: cannot relabel 'c1t1d0s1': unable to open device\n", 1},
		{"missing", "zpool online rpool /dev/dsk/c1t1d0s1", "warning: device '/dev/dsk/c1t1d0s1' onlined, but remains in faulted state\n" +
			"use 'zpool replace' to replace devices that are no longer present\n", "", 0},
	})
}

func TestZpoolRefuses(t *testing.T) {
	g := install(t, nil)
	g.refuses([]refusalTest{
		{"no command", "zpool", "", "missing command\nusage: zpool command args ...\n…", 2},
		{"bad command", "zpool grow", "", "unrecognized command 'grow'\nusage: zpool command args ...\n…", 2},
		{"not simulated", "zpool scrub rpool", "", "simulated guest: zpool scrub is not simulated\n", 127},
		{"list option", "zpool list -j", "", "invalid option 'j'\nusage:\n\tlist …", 2},
		{"list property", "zpool list -o size,color", "", "bad property list: invalid property 'color'\nusage:\n\tlist …", 2},
		{"list pool", "zpool list -Hpv tank", "", "cannot open 'tank': no such pool\n", 1},
		{"interval", "zpool list 5", "", "simulated guest: zpool list with an interval is not simulated\n", 127},
		{"get pool", "zpool get -Hp -o value size tank", "", "cannot open 'tank': no such pool\n", 1},
		{"status pool", "zpool status tank", "", "cannot open 'tank': no such pool\n", 1},
		{"status option", "zpool status -j", "", "invalid option 'j'\nusage:\n\tstatus …", 2},
		{"online nothing", "zpool online -e", "", "missing pool name\nusage:\n\tonline [-e] <pool> <device> ...\n", 2},
		{"online no device", "zpool online -e rpool", "", "missing device name\nusage:\n\tonline [-e] <pool> <device> ...\n", 2},
		{"online -t", "zpool online -t rpool c1t0d0", "", "invalid option 't'\nusage:\n\tonline [-e] <pool> <device> ...\n", 2},
		{"online pool", "zpool online -e tank c1t0d0", "", "cannot open 'tank': no such pool\n", 1},
		{"online device", "zpool online -e rpool c9t9d9", "", "cannot expand c9t9d9: no such device in pool\n", 1},
		{"online without -e", "zpool online rpool c9t9d9", "", "cannot online c9t9d9: no such device in pool\n", 1},
		{"reguid nothing", "zpool reguid", "", "missing pool name\nusage:\n\treguid <pool>\n", 2},
		{"reguid two", "zpool reguid a b", "", "too many arguments\nusage:\n\treguid <pool>\n", 2},
		{"reguid option", "zpool reguid -g 1 rpool", "", "invalid option 'g'\nusage:\n\treguid <pool>\n", 2},
		{"reguid pool", "zpool reguid tank", "", "cannot open 'tank': no such pool\n", 1},
		{"reopen pool", "zpool reopen tank", "", "cannot open 'tank': no such pool\n", 1},
	})
}

func TestZpoolOfOtherKinds(t *testing.T) {
	tests := []struct {
		name   string
		change func(*Config)
		refusalTest
	}{
		{"checkpoint", func(c *Config) { c.Pools[0].Checkpoint = "exists" },
			refusalTest{"", "zpool reguid rpool", "", "cannot reguid 'rpool': checkpoint exists\n", 255}},
		{"discarding", func(c *Config) { c.Pools[0].Checkpoint = "discarding" },
			refusalTest{"", "zpool reguid rpool", "", "cannot reguid 'rpool': currently discarding checkpoint\n", 255}},
		{"read-only", func(c *Config) { c.Pools[0].ReadOnly = true },
			refusalTest{"", "zpool reguid rpool", "", "cannot reguid 'rpool': pool is read-only\n", 255}},
		{"zone", func(c *Config) { c.Zone = true },
			refusalTest{"", "zpool reguid rpool", "", "cannot reguid 'rpool': permission denied\n", 255}},
		{"foreign label", func(c *Config) { c.Disks[0].Label = LabelForeign },
			refusalTest{"", "zpool online -e rpool c1t0d0", "", "cannot expand c1t0d0: cannot relabel 'c1t0d0s1': unable to read disk capacity\n", 1}},
		{"slice", slicePool, refusalTest{"", "zpool online -e rpool c1t0d0", "", "cannot expand c1t0d0: no such device in pool\n", 1}},
		{"no pool", func(c *Config) { c.Pools = nil }, refusalTest{"", "zpool list", "no pools available\n", "", 0}},
		{"no pool, scripted", func(c *Config) { c.Pools = nil }, refusalTest{"", "zpool list -H", "", "", 0}},
	}
	for _, tt := range tests {
		g := install(t, tt.change)
		tt.refusalTest.name = tt.name
		g.refuses([]refusalTest{tt.refusalTest})
	}
}

// slicePool has its pool on a slice of an SMI disk.
func slicePool(c *Config) {
	c.Disks[0].Label, c.Disks[0].Image = LabelSMI, 0
	c.Pools[0].Vdevs = []Vdev{{Path: "/dev/dsk/c1t0d0s0", Alloc: 1503238553}}
}

func TestZpoolReguid(t *testing.T) {
	g := install(t, nil)
	before := g.pool().GUID
	if got := g.must("zpool reguid rpool"); got != "" || g.pool().GUID == before {
		t.Errorf("reguid: said %q, GUID %d as before", got, before)
	}
	got := g.must("zpool get -Hp -o value guid rpool")
	if want := strconv.FormatUint(g.pool().GUID, 10) + "\n"; got != want {
		t.Errorf("get guid: got %q, want %q", got, want)
	}
	if got, want := g.must("zpool get -Hp -o value autoexpand,bootsize rpool"), "off\n268435456\n"; got != want {
		t.Errorf("get: got %q, want %q", got, want)
	}
}
