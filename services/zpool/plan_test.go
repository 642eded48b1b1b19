// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"illumos-metadata/common/guest"
	"illumos-metadata/common/illumos"
)

// TestGrowableF1: a pool of any other layout than one whole disk is left alone,
// and that is no error (row F1).
func TestGrowableF1(t *testing.T) {
	vdev := func(name string) illumos.Vdev { return illumos.Vdev{Name: name, Health: "ONLINE"} }
	tests := []struct {
		name      string
		health    string
		vdevs     []illumos.Vdev
		disk, why string
	}{
		{"whole disk", "ONLINE", []illumos.Vdev{vdev("c2t0d0")}, "c2t0d0", ""},
		{"IDE disk", "ONLINE", []illumos.Vdev{vdev("c1d0")}, "c1d0", ""},
		{"NVMe", "ONLINE", []illumos.Vdev{vdev("c3t0025385B71B0F5C1d0")}, "c3t0025385B71B0F5C1d0", ""},
		{"hexadecimal LUN", "ONLINE", []illumos.Vdev{vdev("c0t5000C500A1B2C3D4dA")}, "c0t5000C500A1B2C3D4dA", ""},
		{"disk with log, cache and spare", "ONLINE", []illumos.Vdev{vdev("c2t0d0"),
			{Name: "c2t1d0", Class: "logs", Health: "ONLINE"}, {Name: "c2t2d0", Class: "spare", Health: "AVAIL"}}, "c2t0d0", ""},
		{"mirror", "ONLINE", []illumos.Vdev{vdev("mirror"), vdev("c2t0d0"), vdev("c2t1d0")}, "", "mirror c2t0d0 c2t1d0"},
		{"two disks", "ONLINE", []illumos.Vdev{vdev("c2t0d0"), vdev("c2t1d0")}, "", "only a single disk"},
		{"slice", "ONLINE", []illumos.Vdev{vdev("c2t0d0s0")}, "", "c2t0d0s0 is not a whole disk"},
		{"fdisk partition", "ONLINE", []illumos.Vdev{vdev("c2t0d0p1")}, "", "is not a whole disk"},
		{"file", "ONLINE", []illumos.Vdev{vdev("/files/c2t0d0")}, "", "is not a whole disk"},
		{"missing disk", "ONLINE", []illumos.Vdev{vdev("12345678901234567890")}, "", "is not a whole disk"},
		{"no disk", "ONLINE", nil, "", "0 data devices"},
		{"only logs", "ONLINE", []illumos.Vdev{{Name: "c2t1d0", Class: "logs", Health: "ONLINE"}}, "", "0 data devices"},
		{"sick pool", "DEGRADED", []illumos.Vdev{vdev("c2t0d0")}, "", "the pool is DEGRADED"},
		{"sick disk", "ONLINE", []illumos.Vdev{{Name: "c2t0d0", Health: "FAULTED"}}, "", "c2t0d0 is FAULTED"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			disk, why := growable(illumos.Pool{Name: "tank", Health: tt.health, Vdevs: tt.vdevs})
			if disk != tt.disk || !strings.Contains(why, tt.why) || tt.why == "" && why != "" {
				t.Errorf("growable(%+v) = %q, %q; want %q, %q", tt.vdevs, disk, why, tt.disk, tt.why)
			}
		})
	}
}

// label is what zpool create (-B with an ESP of so many MiB, if that is not 0)
// writes on a disk of size bytes, which has grown to disk bytes since
// (libzfs_pool.c, zpool_label_disk).
func label(sector, size, disk, esp uint64) illumos.Label {
	first := 16384/sector + 2
	last := size/sector - first
	reserved := 8 << 20 / sector
	l := illumos.Label{EFI: true, SectorSize: sector, Sectors: disk / sector, Accessible: last - first + 1}
	add := func(number, tag int, start, end uint64) {
		l.Partitions = append(l.Partitions, illumos.Partition{Number: number, Tag: tag, First: start, Count: end - start + 1, Last: end})
	}
	data, start := 0, uint64(256)
	if esp > 0 {
		add(0, tagEFI, 256, 255+esp<<20/sector)
		data, start = 1, 256+esp<<20/sector
	}
	add(data, tagZFS, start, last-reserved)
	add(8, tagReserved, last-reserved+1, last)
	return l
}

const gib = 1 << 30

// TestGrowth: the commands for each label of ours, with numbers worked by hand
// from prtvtoc's for a disk of 20 GiB that had 2 GiB.
func TestGrowth(t *testing.T) {
	const (
		note   = "write /var/run/metadata/expand-label (33 bytes)"
		format = "NOINUSE_CHECK=1 _LIBDISKMGT_INSTALL=1 /usr/sbin/format -d c2t0d0 -f /var/run/metadata/expand-label"
		online = "/sbin/zpool online -e tank c2t0d0"
	)
	fmthard := func(delta string) string { return "/usr/sbin/fmthard -d " + delta + " /dev/rdsk/c2t0d0p0" }
	// expanded is a label after format: the reserved partition alone has moved.
	expanded := func(l illumos.Label) illumos.Label {
		whole := label(l.SectorSize, l.Sectors*l.SectorSize, l.Sectors*l.SectorSize, 0)
		l.Accessible, l.Partitions[len(l.Partitions)-1] = whole.Accessible, whole.Partitions[1]
		return l
	}
	tests := []struct {
		name string
		l    illumos.Label
		want []string
	}{
		{"512, ESP", label(512, 2*gib, 20*gib, 256), []string{note, format, fmthard("1:4:00:524544:41402079"), online}},
		{"512", label(512, 2*gib, 20*gib, 0), []string{note, format, fmthard("0:4:00:256:41926367"), online}},
		{"4096, ESP", label(4096, 2*gib, 20*gib, 256), []string{note, format, fmthard("1:4:00:65792:5175035"), online}},
		{"4096", label(4096, 2*gib, 20*gib, 0), []string{note, format, fmthard("0:4:00:256:5240571"), online}},
		{"format has run", expanded(label(512, 2*gib, 20*gib, 256)), []string{fmthard("1:4:00:524544:41402079"), online}},
		{"fmthard has run", label(512, 20*gib, 20*gib, 256), []string{online}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			y, why := known(tt.l)
			if why != "" {
				t.Fatalf("known(%+v): %s", tt.l, why)
			}
			var got []string
			for _, s := range growth("tank", "c2t0d0", y) {
				got = append(got, s.String())
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("%+v (-want +got):\n%s", tt.l, diff)
			}
		})
	}

	l := label(512, 2*gib, 20*gib, 0)
	l.Partitions[0].Flag = 0x10
	y, _ := known(l)
	if got := growth("tank", "c2t0d0", y)[2].String(); got != fmthard("0:4:10:256:41926367") {
		t.Errorf("flags are hexadecimal: %s", got)
	}
	if f := growth("tank", "c2t0d0", y)[0].File; string(f.Data) != "partition\nexpand\nlabel\nquit\nquit\n" || f.Mode != 0o600 {
		t.Errorf("commands for format: %q, mode %o", f.Data, f.Mode)
	}
}

// TestForeign: a label that zpool create would not have written is left alone,
// however odd its numbers are (rows F1, F2, F4).
func TestForeign(t *testing.T) {
	tests := []struct {
		name   string
		change func(l *illumos.Label)
		want   string
	}{
		{"SMI", func(l *illumos.Label) { l.EFI = false }, "SMI label"},
		{"odd sectors", func(l *illumos.Label) { l.SectorSize = 520 }, "520 bytes"},
		{"no sectors", func(l *illumos.Label) { l.SectorSize = 0 }, "0 bytes"},
		{"other sectors than it was made for", func(l *illumos.Label) { l.SectorSize = 4096 }, "partition 8"},
		{"a disk that has shrunk", func(l *illumos.Label) { l.Sectors = 4194304 - 1 }, "makes no sense"},
		{"an empty disk", func(l *illumos.Label) { l.Sectors = 0 }, "makes no sense"},
		{"a disk of a header alone", func(l *illumos.Label) { l.Sectors, l.Accessible = 68, 1 }, "not where it should be"},
		{"nothing in the label", func(l *illumos.Label) { l.Accessible = 0 }, "makes no sense"},
		{"more in the label than anywhere", func(l *illumos.Label) { l.Accessible = math.MaxUint64 }, "makes no sense"},
		{"a disk of too many bytes", func(l *illumos.Label) { l.Sectors = math.MaxUint64 }, "makes no sense"},
		{"no partition", func(l *illumos.Label) { l.Partitions = nil }, "(number:tag) are , not ours"},
		{"no reserved partition", func(l *illumos.Label) { l.Partitions = l.Partitions[:2] }, "0:12 1:4, not ours"},
		{"one more", func(l *illumos.Label) { l.Partitions = append(l.Partitions, illumos.Partition{Number: 2, Tag: 4}) }, "0:12 1:4 2:4 8:11"},
		{"another number", func(l *illumos.Label) { l.Partitions[2].Number = 9 }, "9:11"},
		{"another tag", func(l *illumos.Label) { l.Partitions[1].Tag = 2 }, "1:2"},
		{"boot partition in place of the ESP", func(l *illumos.Label) { l.Partitions[0].Tag = 24 }, "0:24"},
		{"two of one number", func(l *illumos.Label) { l.Partitions[0].Number = 1 }, "not ours"},
		{"in the header", func(l *illumos.Label) { l.Partitions[0].First, l.Partitions[0].Count = 33, 524511 }, "partition 0 (sectors 33"},
		{"overlapping", func(l *illumos.Label) { l.Partitions[1].First--; l.Partitions[1].Count++ }, "partition 1"},
		{"in another order", func(l *illumos.Label) {
			p := l.Partitions
			p[0].First, p[0].Count, p[0].Last, p[1].First, p[1].Count, p[1].Last = p[1].First, p[1].Count, p[1].Last, p[0].First, p[0].Count, p[0].Last
		}, "partition 1"},
		{"backwards", func(l *illumos.Label) { l.Partitions[1].Last = l.Partitions[1].First - 1; l.Partitions[1].Count = 0 }, "partition 1"},
		{"of another size than it says", func(l *illumos.Label) { l.Partitions[1].Count-- }, "partition 1"},
		{"of no sectors", func(l *illumos.Label) { l.Partitions[1].Count = 0 }, "partition 1"},
		{"beyond the label", func(l *illumos.Label) { l.Partitions[2].Last++; l.Partitions[2].Count++ }, "partition 8"},
		{"reserved of another size", func(l *illumos.Label) { l.Partitions[2].First++; l.Partitions[2].Count-- }, "not the last 8 MiB"},
		{"reserved not at the end", func(l *illumos.Label) { l.Accessible++ }, "not the last 8 MiB"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := label(512, 2*gib, 20*gib, 256)
			tt.change(&l)
			if y, why := known(l); why == "" || !strings.Contains(why, tt.want) {
				t.Errorf("known(%+v) = %+v, %q; want %q", l, y, why, tt.want)
			}
		})
	}
}

// FuzzKnown: whatever numbers a label has that counts as ours, the data
// partition starts where it was, does not shrink, and ends before the reserved
// one at the end of the disk (row F4).
func FuzzKnown(f *testing.F) {
	for _, l := range []illumos.Label{label(512, 2*gib, 20*gib, 256), label(512, 20*gib, 20*gib, 256)} {
		p := l.Partitions
		f.Add(l.Sectors, l.Accessible, p[0].First, p[0].Last, p[1].First, p[1].Last, p[2].First, p[2].Last, false)
	}
	f.Add(uint64(math.MaxUint64), uint64(1), uint64(6), uint64(7), uint64(0), uint64(1<<63), uint64(3), uint64(0), true)
	f.Fuzz(func(t *testing.T, sectors, accessible, a, b, c, d, e, g uint64, large bool) {
		l := illumos.Label{EFI: true, SectorSize: 512, Sectors: sectors, Accessible: accessible, Partitions: []illumos.Partition{
			{Number: 0, Tag: tagEFI, First: a, Count: b - a + 1, Last: b},
			{Number: 1, Tag: tagZFS, First: c, Count: d - c + 1, Last: d},
			{Number: 8, Tag: tagReserved, First: e, Count: g - e + 1, Last: g}}}
		if large {
			l.SectorSize = 4096
		}
		y, why := known(l)
		if why != "" {
			return
		}
		first := 16384/l.SectorSize + 2
		end := y.data.First + y.largest() // where the reserved partition will begin
		switch {
		case y.data != l.Partitions[1] || y.largest() < y.data.Count || end < y.data.First,
			end+y.reserved.Count != sectors-first+1, // up to the last usable sector
			y.outside/l.SectorSize != sectors-y.largest(),
			y.full() != (y.data.Last+1 == end && y.more == 0):
			t.Errorf("%+v: %+v, up to %d", l, y, end)
		}
	})
}

// TestGrownF3: that the commands have exited with 0 proves nothing (row F3).
func TestGrownF3(t *testing.T) {
	pool := func(size, expand uint64, disk string) illumos.Pool {
		return illumos.Pool{Name: "tank", Health: "ONLINE", Size: size, Expand: expand, Vdevs: []illumos.Vdev{{Name: disk, Health: "ONLINE"}}}
	}
	before := pool(2*gib, 18*gib, "c2t0d0")
	faulted := pool(20*gib, 0, "c2t0d0")
	faulted.Vdevs[0].Health = "FAULTED"
	full, old := label(512, 20*gib, 20*gib, 256), label(512, 2*gib, 20*gib, 256)
	tests := []struct {
		name  string
		after illumos.Pool
		l     illumos.Label
		want  string
	}{
		{"all of it", pool(20*gib, 0, "c2t0d0"), full, ""},
		{"all of it; the kernel counts the ESP", pool(20*gib, 256<<20, "c2t0d0"), full, ""},
		{"a rest, after growth", pool(19*gib, 512<<20, "c2t0d0"), full, ""},
		{"nothing has happened", before, old, "the label does not give"},
		{"the pool has not noticed", before, full, "the pool has still"},
		{"faulted by it", faulted, full, "c2t0d0 is FAULTED"},
		{"a label that is no longer ours", pool(20*gib, 0, "c2t0d0"), illumos.Label{}, "SMI label"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := grown(before, tt.after, tt.l); !strings.Contains(got, tt.want) || tt.want == "" && got != "" {
				t.Errorf("grown = %q, want %q", got, tt.want)
			}
		})
	}
}

// TestWantsGUID: one GUID for each machine (row F13).
func TestWantsGUID(t *testing.T) {
	tests := []struct {
		name          string
		rec           record
		pool, machine string
		want          bool
	}{
		{"first boot", record{}, "tank", "u-1", true},
		{"first boot without a UUID", record{}, "tank", "", true},
		{"next boot", record{Pool: "tank", Machine: "u-1"}, "tank", "u-1", false},
		{"clone", record{Pool: "tank", Machine: "u-1"}, "tank", "u-2", true},
		{"next boot without a UUID", record{Pool: "tank"}, "tank", "", false},
		{"the UUID cannot be read", record{Pool: "tank", Machine: "u-1"}, "tank", "", false},
		{"moved to a machine with a UUID", record{Pool: "tank"}, "tank", "u-1", true},
		{"another pool", record{Pool: "old", Machine: "u-1"}, "tank", "u-1", true},
		{"cut off", record{Pool: "tank", Machine: "u-1", Before: "7"}, "tank", "u-1", true},
	}
	for _, tt := range tests {
		if got := wantsGUID(tt.rec, tt.pool, tt.machine); got != tt.want {
			t.Errorf("%s: wantsGUID(%+v, %q, %q) = %v", tt.name, tt.rec, tt.pool, tt.machine, got)
		}
	}
}

// TestStepsOfOnePart: a step that fails skips those after it.
func TestStepsOfOnePart(t *testing.T) {
	y, _ := known(label(512, 2*gib, 20*gib, 256))
	steps := growth("tank", "c2t0d0", y)
	for _, s := range steps {
		if s.Part != steps[0].Part || s.Part == "" {
			t.Errorf("%s: part %q", s, s.Part)
		}
	}
	if f := steps[1]; !f.Format || steps[2].Format {
		t.Errorf("format(8) alone takes long: %+v", []guest.Step{f, steps[2]})
	}
}
