// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package illumos

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// efiLabel is a 20 GiB disk with the label of a 2 GiB image, in the form that
// prtvtoc.c (puttable64) gives it.
const efiLabel = `* /dev/rdsk/c2t0d0p0 partition map
*
* Dimensions:
*         512 bytes/sector
*    41943040 sectors
*     4194237 accessible sectors
*
* Flags:
*   1: unmountable
*  10: read-only
*
* Unallocated space:
*         First       Sector      Last
*         Sector       Count      Sector
*            34         222         255
*
*                            First       Sector      Last
* Partition  Tag  Flags      Sector       Count      Sector  Mount Directory
       0     12    00          256      524288      524543
       1      4    00       524544     3653343     4177886
       8     11    01      4177887       16384     4194270
`

// smiLabel is a disk with an SMI label, one slice of it mounted.
const smiLabel = `* /dev/rdsk/c1d0p0 (volume "scratch") partition map
*
* Dimensions:
*     512 bytes/sector
*      63 sectors/track
*     255 tracks/cylinder
*   16065 sectors/cylinder
*     520 cylinders
*     518 accessible cylinders
*
* Flags:
*   1: unmountable
*  10: read-only
*
*                            First       Sector      Last
* Partition  Tag  Flags      Sector       Count      Sector  Mount Directory
       0      2    00        16065     8305605     8321669   /mnt/old disk
       2      5    01            0     8321670     8321669
       8      1    01            0       16065       16064
`

func TestReadLabel(t *testing.T) {
	tests := []struct {
		name, out string
		want      Label
	}{
		{"EFI", efiLabel, Label{true, 512, 41943040, 4194237, []Partition{
			{0, 12, 0, 256, 524288, 524543}, {1, 4, 0, 524544, 3653343, 4177886}, {8, 11, 1, 4177887, 16384, 4194270}}}},
		{"row F2: SMI", smiLabel, Label{false, 512, 0, 0, []Partition{
			{0, 2, 0, 16065, 8305605, 8321669}, {2, 5, 1, 0, 8321670, 8321669}, {8, 1, 1, 0, 16065, 16064}}}},
		{"narrow columns, hexadecimal flag", "* 4096 bytes/sector\n* 100 sectors\n* 50 accessible sectors\n 0 4 1a 6 10 15\n",
			Label{true, 4096, 100, 50, []Partition{{0, 4, 0x1a, 6, 10, 15}}}},
		{"no partition", "* 512 bytes/sector\n* 100 sectors\n* 50 accessible sectors\n", Label{true, 512, 100, 50, nil}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g := stub(t, "/usr/sbin/prtvtoc /dev/rdsk/c2t0d0p0", 0, tt.out, "")
			got, err := ReadLabel(t.Context(), g, "c2t0d0")
			if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		})
	}
}

func TestReadLabelBad(t *testing.T) {
	const head = "* 512 bytes/sector\n* 100 sectors\n* 50 accessible sectors\n"
	refuses(t, parseLabel, []badOutput{
		{"nothing", "", "dimensions of the disk are missing"},
		{"no size of sectors", strings.Replace(efiLabel, "512 bytes/sector", "x", 1), "dimensions"},
		{"no size of the label", strings.Replace(efiLabel, "accessible", "other", 1), "dimensions"},
		{"the size of the disk twice", strings.Replace(efiLabel, "accessible ", "", 1), "sectors for the second time"},
		{"sectors of no bytes", "* 0 bytes/sector\n", "dimensions"},
		{"a size twice", head + "* 512 bytes/sector\n", `prtvtoc: line 4, "* 512 bytes/sector": bytes/sector for the second time`},
		{"row F2: a short row", head + " 0 4 00 6 10\n", "line 4"},
		{"row F2: an empty row", head + "\n", "0 fields, not 6"},
		{"row F2: a word in a row", head + " 0 4 00 6 ten 15\n", "field 5: no number"},
		{"row F4: a negative sector", head + " 0 4 00 -1 10 15\n", "field 4: no number"},
		{"row F4: a sector beyond 64 bits", head + " 0 4 00 18446744073709551616 10 15\n", "out of range"},
		{"a partition twice", head + " 0 4 00 6 10 15\n 0 4 00 16 10 25\n", "line 5"},
		{"a huge tag", head + " 0 4294967296 00 6 10 15\n", "field 2"},
		{"a flag that is not hexadecimal", head + " 0 4 0g 6 10 15\n", "field 3"},
	})
}

func TestRawDisk(t *testing.T) {
	if got, want := RawDisk("c3t0025385B71B0F5C1d0"), "/dev/rdsk/c3t0025385B71B0F5C1d0p0"; got != want {
		t.Errorf("RawDisk = %s, want %s", got, want)
	}
}

func FuzzLabel(f *testing.F) {
	f.Add([]byte(efiLabel))
	f.Add([]byte(smiLabel))
	f.Fuzz(func(t *testing.T, out []byte) {
		stable(t, "prtvtoc", out, parseLabel, func(l Label) string {
			text := fmt.Sprintf("* %d bytes/sector\n* %d sectors\n* %d accessible sectors\n", l.SectorSize, l.Sectors, l.Accessible)
			if !l.EFI {
				text += "* 1 sectors/cylinder\n"
			}
			for _, p := range l.Partitions {
				text += fmt.Sprintf("%d %d %x %d %d %d\n", p.Number, p.Tag, p.Flag, p.First, p.Count, p.Last)
			}
			return text
		})
	})
}
