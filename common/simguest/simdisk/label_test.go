// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simdisk

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const vtocHead = "* Flags:\n*   1: unmountable\n*  10: read-only\n*\n" +
	"* Unallocated space:\n*         First       Sector      Last\n*         Sector       Count      Sector\n"

const vtocTable = "*\n*                            First       Sector      Last\n" +
	"* Partition  Tag  Flags      Sector       Count      Sector  Mount Directory\n"

func TestPrtvtoc(t *testing.T) {
	g := install(t, nil)
	title := "* /dev/rdsk/c1t0d0 partition map\n*\n* Dimensions:\n*         512 bytes/sector\n*    83886080 sectors\n"
	before := title + "*     8388541 accessible sectors\n*\n" + vtocHead + "*            34         222         255\n" + vtocTable +
		"       0     12    00          256      524288      524543\n" +
		"       1      4    00       524544     7847647     8372190\n" +
		"       8     11    00      8372191       16384     8388574\n"
	expanded := title + "*    83886013 accessible sectors\n*\n" + vtocHead + "*            34         222         255\n" +
		"*       8372191    75497472    83869662\n" + vtocTable +
		"       0     12    00          256      524288      524543\n" +
		"       1      4    00       524544     7847647     8372190\n" +
		"       8     11    00     83869663       16384    83886046\n"
	grown := title + "*    83886013 accessible sectors\n*\n" + vtocHead + "*            34         222         255\n" + vtocTable +
		"       0     12    00          256      524288      524543\n" +
		"       1      4    00       524544    83345119    83869662\n" +
		"       8     11    00     83869663       16384    83886046\n"
	check := func(when, want string) {
		t.Helper()
		if got := g.must("prtvtoc /dev/rdsk/c1t0d0"); got != want {
			t.Errorf("%s:\n%s", when, cmp.Diff(want, got))
		}
	}
	check("before", before)
	g.env = []string{"NOINUSE_CHECK=1"}
	g.write(expandFile, "partition\nexpand\nlabel\nquit\nquit\n")
	g.must("format -d c1t0d0 -f " + expandFile)
	check("expanded", expanded)
	g.must("fmthard -d 1:4:00:524544:83345119 /dev/rdsk/c1t0d0p0")
	check("grown", grown)
	if got := g.must("prtvtoc -h /dev/dsk/c1t0d0s1"); got != grown[strings.Index(grown, "       0 "):] {
		t.Errorf("-h: %q", got)
	}
	if got, want := g.must("prtvtoc -f /dev/rdsk/c1t0d0"), "FREE_START=34 FREE_SIZE=222 FREE_COUNT=1 FREE_PART=34567\n"; got != want {
		t.Errorf("-f: got %q, want %q", got, want)
	}
}

func TestPrtvtocOf4096(t *testing.T) {
	g := install(t, func(c *Config) { c.Disks[0].Sector, c.Disks[0].Image = 4096, 0 })
	got := g.must("prtvtoc /dev/rdsk/c1t0d0p0")
	for _, want := range []string{
		"*        4096 bytes/sector\n*    10485760 sectors\n*    10485749 accessible sectors\n",
		"*             6         250         255\n",
		"       0     12    00          256       65536       65791\n" +
			"       1      4    00        65792    10417915    10483706\n" +
			"       8     11    00     10483707        2048    10485754\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("lacks\n%s\n%s", want, got)
		}
	}
}

func TestPrtvtocOfSMI(t *testing.T) {
	g := install(t, slicePool)
	got := g.must("prtvtoc /dev/rdsk/c1t0d0s2")
	for _, want := range []string{"*       16065 sectors/cylinder\n", "*        5218 accessible cylinders\n",
		"       2      5    01            0    83827170    83827169\n", "       8      1    01            0       16065       16064\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("lacks %q:\n%s", want, got)
		}
	}
	if r := g.run("prtvtoc /dev/rdsk/c1t0d0"); r.status != 1 {
		t.Errorf("an SMI disk has no node without suffix, but prtvtoc gave %d", r.status)
	}
	// A slice that is mounted shows where; format then does nothing.
	g.write("/etc/mnttab", "/dev/dsk/c1t0d0s0\t/mnt\tufs\trw\t0\n")
	if got := g.must("prtvtoc -s /dev/rdsk/c1t0d0s2"); !strings.Contains(got, "   /mnt\n") {
		t.Errorf("no mount directory:\n%s", got)
	}
	g.env = []string{"NOINUSE_CHECK=1"}
	g.write(expandFile, "quit\n")
	if r := g.run("format -d c1t0d0 -f " + expandFile); r.status != 1 || r.err != "Operation on mounted disks must be interactive.\n" {
		t.Errorf("format of a mounted disk: %+v", r)
	}
}

// spareDisks are disks of other kinds beside the usual one.
func spareDisks(c *Config) {
	c.Disks = append(c.Disks, Disk{Name: "c2t0d0", Size: 64 * mib}, Disk{Name: "c2t1d0", CD: true, NoMedium: true},
		Disk{Name: "c2t2d0", Size: 64 * mib, Unreadable: true}, Disk{Name: "c2t3d0", Size: 8 * gib, Label: LabelSMI})
}

func TestLabelRefusals(t *testing.T) {
	g := install(t, spareDisks)
	g.write("/etc/file", "x\n")
	const fits, raw = "1:4:00:524544:7847647", " /dev/rdsk/c1t0d0p0"
	g.refuses([]refusalTest{
		{"usage", "prtvtoc", "", "Usage:\tprtvtoc [ -fhs ] [ -t fstab ] [ -m mnttab ] rawdisk ...\n", 1},
		{"option", "prtvtoc -x /dev/rdsk/c1t0d0", "", "prtvtoc: illegal option -- x\nUsage:\t…", 1},
		{"no disk", "prtvtoc /dev/dsk/c9t9d9s0", "", "prtvtoc: /dev/dsk/c9t9d9s0: failed to open device: No such file or directory\n", 1},
		{"a file", "prtvtoc /etc/file", "", "prtvtoc: /etc/file: Not a raw device\n", 1},
		{"no label", "prtvtoc /dev/dsk/c2t0d0p0", "", "prtvtoc: /dev/rdsk/c2t0d0p0: Unable to read Disk geometry errno = 0x16\n", 1},
		{"no medium", "prtvtoc /dev/rdsk/c2t1d0p0", "", "prtvtoc: /dev/rdsk/c2t1d0p0: Unable to read Disk geometry errno = 0x6\n", 1},
		{"broken", "prtvtoc /dev/rdsk/c2t2d0p0", "", "prtvtoc: /dev/rdsk/c2t2d0p0: Unable to read Disk geometry errno = 0x5\n", 1},

		{"fmthard usage", "fmthard", "", fmthardUsage, 2},
		{"fmthard option", "fmthard -x" + raw, "", "fmthard: illegal option -- x\n" + fmthardUsage, 2},
		{"fmthard nothing to do", "fmthard" + raw, "", fmthardUsage, 2},
		{"block node", "fmthard -d " + fits + " /dev/dsk/c1t0d0p0", "", "fmthard:  /dev/dsk/c1t0d0p0 must be a raw device.\n", 1},
		{"missing node", "fmthard -d " + fits + " /dev/rdsk/c9t9d9p0", "", "fmthard:  Cannot stat device /dev/rdsk/c9t9d9p0\n", 1},
		{"syntax", "fmthard -d 1:4:zz:524544:1" + raw, "", "Delta syntax error on \"1:4:zz:524544:1\"\n", 1},
		{"part", "fmthard -d 9:4:00:524544:1" + raw, "", "Error in data \"9:4:00:524544:1\": No such partition 9\n", 1},
		{"past the label", "fmthard -d 1:4:00:524544:83345119" + raw, "", "fmthard: Partition 1 specified as 83345119 sectors starting at 524544\n" +
			"\tdoes not fit. The full disk contains 8388575 sectors.\n", 1},
		{"overlap", "fmthard -d 1:4:00:524544:7847648" + raw, "", fmt.Sprintf(overlaps, 8, 1) + "/dev/rdsk/c1t0d0p0: invalid entry exists in vtoc\n", 1},
		{"two reserved", "fmthard -d 1:11:00:524544:7847647" + raw, "", "expected one reserved partition, but found 2\n", 1},
		{"no reserved", "fmthard -d 8:4:00:8372191:16384" + raw, "", "expected one reserved partition, but found 0\n", 1},
		{"unknown tag", "fmthard -d 1:77:00:524544:7847647" + raw, "", "/dev/rdsk/c1t0d0p0: invalid entry exists in vtoc\n", 1},
		{"unlabelled", "fmthard -d " + fits + " /dev/rdsk/c2t0d0p0", "", "/dev/rdsk/c2t0d0p0: Cannot get disk geometry\n", 1},
		{"off the cylinder", "fmthard -d 0:2:00:16065:1000 /dev/rdsk/c2t3d0s2", "", "fmthard: Partition 0 not aligned on cylinder boundary \n", 1},
		{"past the SMI label", "fmthard -d 0:2:00:16065:160650000 /dev/rdsk/c2t3d0s2", "", "/dev/rdsk/c2t3d0s2: invalid entry exists in vtoc\n", 1},
	})
	if got, want := digest(t, g, "c1t0d0"), digest(t, install(t, spareDisks), "c1t0d0"); got == want {
		t.Error("two guests have labels with the same GUIDs: the digest does not see them")
	}
}

func digest(t *testing.T, g *guest, disk string) string {
	t.Helper()
	sum, err := LabelDigest(g.World, disk)
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

// TestRefusedLeavesNothing shows that what is refused writes nothing, and that
// the digest sees every write there is.
func TestRefusedLeavesNothing(t *testing.T) {
	g := install(t, spareDisks)
	before := digest(t, g, "c1t0d0")
	g.write(expandFile, "partition\nexpand\nlabel\nquit\nquit\n")
	inUse := "/dev/dsk/c1t0d0s1 is part of active ZFS pool rpool. Please see zpool(8).\n"
	r := g.run("format -d c1t0d0 -f " + expandFile)
	if r.status != 1 || r.err != inUse+"Unable to get current partition map.\nCannot label disk when partitions are in use as described.\n" {
		t.Errorf("format of a disk in use: %+v", r)
	}
	g.run("fmthard -d 1:4:00:524544:83345119 /dev/rdsk/c1t0d0p0")
	g.must("prtvtoc /dev/rdsk/c1t0d0")
	if digest(t, g, "c1t0d0") != before {
		t.Error("a refused command has written")
	}
	g.must("fmthard -d 1:4:00:524544:7847646 /dev/rdsk/c1t0d0p0")
	if digest(t, g, "c1t0d0") == before {
		t.Error("the digest does not see fmthard")
	}
}

func TestFormat(t *testing.T) {
	g := install(t, spareDisks)
	g.env = []string{"NOINUSE_CHECK="} // any value does
	const go1 = "partition\nexpand\nlabel\n"
	tests := []struct {
		name, disk, file string
		err              string
		status           int
	}{
		{"abbreviated, with comments", "c1t0d0", "# grow\n\np\nexp\nlab\nq\nq\n", "", 0},
		{"nothing to expand", "c1t0d0", go1 + "quit\nquit\n", "Warning: No expanded capacity is found.\n", 0},
		{"no quit", "c1t0d0", "partition\n", "", 1},
		{"no newline at the end", "c1t0d0", "partition\nquit\nquit", "", 1},
		{"unknown command", "c1t0d0", "partition\ngrow\n", "`grow' is not expected.\n", 1},
		{"ambiguous command", "c1t0d0", "d\n", "`d' is ambiguous.\n", 1},
		{"expand on SMI", "c2t3d0", go1, "`expand' is not expected.\n", 1},
		{"no such disk", "c9t9d9", go1, "Unable to find specified disk 'c9t9d9'.\n", 1},
		{"a slice", "c1t0d0s0", go1, "Unable to find specified disk 'c1t0d0s0'.\n", 1},
		{"a CD drive", "c2t1d0", go1, "Unable to find specified disk 'c2t1d0'.\n", 1},
		{"not simulated", "c1t0d0", "analyze\n", "simulated guest: format command analyze is not simulated\n", 127},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g.write(expandFile, tt.file)
			r := g.run("format -d " + tt.disk + " -f " + expandFile)
			if r.err != tt.err || r.status != tt.status {
				t.Errorf("%q: got %q, %d, want %q, %d", tt.file, r.err, r.status, tt.err, tt.status)
			}
		})
	}
	g.refuses([]refusalTest{
		{"option", "format -d c1t0d0 -y", "\n", formatUsage, 1},
		{"no value", "format -d", "\n", formatUsage, 1},
		{"no file", "format -d c1t0d0 -f /none", "\n", "Unable to open command file '/none'.\n", 1},
		{"interactive", "format", "", "simulated guest: format without -d and -f is not simulated\n", 127},
	})
}

// TestLabelRoundTrip writes a table with fmthard -s as prtvtoc printed it, and
// reads the same values back; names and GUIDs are lost, as there.
func TestLabelRoundTrip(t *testing.T) {
	for _, sector := range []int{512, 4096} {
		g := install(t, func(c *Config) { c.Disks[0].Sector = sector })
		before, text := label(t, g), g.must("prtvtoc /dev/rdsk/c1t0d0")
		g.write("/etc/table", text)
		if got, want := g.must("fmthard -s /etc/table /dev/rdsk/c1t0d0p0"), "fmthard:  New volume table of contents now in place.\n"; got != want {
			t.Errorf("fmthard -s: got %q, want %q", got, want)
		}
		after := label(t, g)
		for i := range before.Partitions {
			want, got := before.Partitions[i], after.Partitions[i]
			if want.GUID == got.GUID || got.Name != "" {
				t.Errorf("%d: names and GUIDs were kept: %+v", sector, got)
			}
			want.GUID, want.Name, got.GUID = "", "", ""
			if got != want {
				t.Errorf("%d: got %+v, want %+v", sector, got, want)
			}
		}
		if after.LastLBA <= before.LastLBA {
			t.Errorf("%d: the new label ends at %d, the old at %d", sector, after.LastLBA, before.LastLBA)
		}
		if got := g.must("prtvtoc -h /dev/rdsk/c1t0d0"); !strings.HasSuffix(text, got) {
			t.Errorf("%d: rows before\n%s\nafter\n%s", sector, text, got)
		}
	}
}

// TestBackupLabel reads the label from its second copy when the first is lost.
func TestBackupLabel(t *testing.T) {
	g := install(t, func(c *Config) { c.Disks[0].Image = 0 })
	want := label(t, g)
	err := look(g.World, func(s *state) error {
		m, err := s.Disks[0].open(g.World)
		if err != nil {
			return err
		}
		defer m.close()
		return m.write(1, make([]byte, 512))
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := label(t, g); !cmp.Equal(got, want) {
		t.Errorf("from the backup:\n%s", cmp.Diff(want, got))
	}
}

// TestLastChunk shows prtvtoc's slip: free space at the end of an EFI label is
// one sector short.
func TestLastChunk(t *testing.T) {
	g := install(t, nil)
	g.must("fmthard -d 8:11:00:8372191:8192 /dev/rdsk/c1t0d0p0")
	got, want := g.must("prtvtoc /dev/rdsk/c1t0d0"), "*       8380383        8191     8388573\n"
	if !strings.Contains(got, want) {
		t.Errorf("lacks %q:\n%s", want, got)
	}
}

// TestLabelDigest writes one sector of each place where a label is.
func TestLabelDigest(t *testing.T) {
	g := install(t, nil)
	for _, lba := range []uint64{0, 1, 33, 8388575, 8388607, 83886079} {
		before := digest(t, g, "c1t0d0")
		err := withDisk(g.World, "c1t0d0", func(m *medium) error {
			b, err := m.read(lba, 1)
			if err != nil {
				return err
			}
			b[200] ^= 0xff // in no header
			return m.write(lba, b)
		})
		if err != nil {
			t.Fatal(err)
		}
		if digest(t, g, "c1t0d0") == before {
			t.Errorf("a write to sector %d is not seen", lba)
		}
	}
}
