// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package illumos

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"illumos-metadata/common/guest"
)

// A Label is the partition table of a disk, in sectors.
type Label struct {
	EFI        bool   // GPT; else an SMI label (VTOC)
	SectorSize uint64 // bytes
	Sectors    uint64 // of the disk, as it is now
	Accessible uint64 // of the label: from its first usable sector to its last
	Partitions []Partition
}

// A Partition is an entry of a label that is not empty.
type Partition struct {
	Number int // s0 of the disk is 0
	Tag    int // what it is for: V_USR of sys/vtoc.h is 4
	Flag   int // 0x01 unmountable, 0x10 read-only
	First  uint64
	Count  uint64
	Last   uint64
}

// RawDisk gives the node of a whole disk, e.g. c1t0d0, that prtvtoc(8) and
// fmthard(8) take whatever label it has: /dev/rdsk/c1t0d0p0.
func RawDisk(disk string) string { return "/dev/rdsk/" + disk + "p0" }

// ReadLabel gives the label of a whole disk.
func ReadLabel(ctx context.Context, g *guest.Guest, disk string) (Label, error) {
	out, err := g.Run(ctx, "/usr/sbin/prtvtoc", RawDisk(disk))
	if err != nil {
		return Label{}, err
	}
	return parseLabel(out)
}

// parseLabel reads the dimensions, which are comments, and the rows. Both kinds
// of label have a line for the sectors; only SMI has cylinders (prtvtoc.c,
// puttable and puttable64).
func parseLabel(out []byte) (Label, error) {
	said := map[string]uint64{}
	var l Label
	err := eachLine("prtvtoc", out, func(line string) error {
		if comment, ok := strings.CutPrefix(line, "*"); ok {
			return dimension(said, comment)
		}
		p, err := parsePartition(line)
		if err != nil {
			return err
		}
		for _, other := range l.Partitions {
			if other.Number == p.Number {
				return errors.New("a partition of that number was there before")
			}
		}
		l.Partitions = append(l.Partitions, p)
		return nil
	})
	if err != nil {
		return Label{}, err
	}
	_, smi := said["sectors/cylinder"]
	l.EFI, l.SectorSize, l.Sectors, l.Accessible = !smi, said["bytes/sector"], said["sectors"], said["accessible sectors"]
	// Systems before illumos 13934 do not count the sectors of SMI labels.
	if l.SectorSize == 0 || l.EFI && (l.Sectors == 0 || l.Accessible == 0) {
		return Label{}, errors.New("prtvtoc: the dimensions of the disk are missing")
	}
	return l, nil
}

// dimension notes a comment that is one of the dimensions.
func dimension(said map[string]uint64, comment string) error {
	first, what, ok := strings.Cut(strings.TrimLeft(comment, " "), " ")
	switch what {
	case "bytes/sector", "sectors/cylinder", "sectors", "accessible sectors":
	default:
		return nil
	}
	n, err := unsigned(first, 10, 64)
	if err != nil || !ok {
		return nil // "Sector Count …" and the like: headings
	}
	if _, twice := said[what]; twice {
		return fmt.Errorf("%s for the second time", what)
	}
	said[what] = n
	return nil
}

// parsePartition reads a row: number and tag are decimal, the flag hexadecimal.
// The directory where it is mounted may follow.
func parsePartition(line string) (Partition, error) {
	f := strings.Fields(line)
	if len(f) < 6 {
		return Partition{}, fmt.Errorf("%d fields, not 6", len(f))
	}
	var n [6]uint64
	for i := range n {
		base, bits := 10, 64
		switch i {
		case 0, 1:
			bits = 31
		case 2:
			base, bits = 16, 31
		}
		var err error
		if n[i], err = unsigned(f[i], base, bits); err != nil {
			return Partition{}, fmt.Errorf("field %d: %w", i+1, err)
		}
	}
	return Partition{int(n[0]), int(n[1]), int(n[2]), n[3], n[4], n[5]}, nil
}
