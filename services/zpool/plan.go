// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"

	"illumos-metadata/common/guest"
	"illumos-metadata/common/illumos"
)

// Tags of the partitions that zpool create makes on a whole disk (illumos
// sys/vtoc.h; libzfs_pool.c, zpool_label_disk).
const (
	tagZFS      = 4  // V_USR
	tagReserved = 11 // V_RESERVED
	tagEFI      = 12 // V_SYSTEM
)

const (
	expandFile = "/var/run/metadata/expand-label"
	// The commands of format(8): make the label as large as the disk, which
	// moves the reserved partition to the end; the data partition stays.
	expandCommands = "partition\nexpand\nlabel\nquit\nquit\n"
)

// wholeDisk is how zpool list prints a vdev that owns its disk: a name without
// slice or partition, e.g. c1t0d0, c2d0, c3t0025385B71B0F5C1d0. A LUN can be
// hexadecimal too (devfsadm's disk_link.c).
var wholeDisk = regexp.MustCompile(`^c[0-9]+(t[0-9A-F]+)?d[0-9A-F]+$`)

// growable gives the disk of a pool that this service knows how to grow, or
// the reason why it does not.
func growable(p illumos.Pool) (disk, why string) {
	var data []illumos.Vdev
	for _, v := range p.Vdevs {
		if v.Class == "" {
			data = append(data, v)
		}
	}
	switch {
	case p.Health != "ONLINE":
		return "", "the pool is " + p.Health
	case len(data) != 1:
		return "", fmt.Sprintf("the pool has %d data devices (%s); only a single disk is grown", len(data), names(data))
	case data[0].Health != "ONLINE":
		return "", data[0].Name + " is " + data[0].Health
	case !wholeDisk.MatchString(data[0].Name):
		return "", data[0].Name + " is not a whole disk"
	}
	return data[0].Name, ""
}

func names(vdevs []illumos.Vdev) string {
	var out []string
	for _, v := range vdevs {
		out = append(out, v.Name)
	}
	return strings.Join(out, " ")
}

// A layout is a label of ours, in sectors.
type layout struct {
	data     illumos.Partition
	reserved illumos.Partition
	more     uint64 // by how much the disk is larger than the label
	outside  uint64 // bytes of the disk that the data partition can never have
}

// known reads a label of one of the two shapes that zpool create makes: data
// and reserved partition, before them perhaps an EFI system partition. Any
// other label is somebody else's, and why says what is foreign in it.
func known(l illumos.Label) (y layout, why string) {
	switch {
	case !l.EFI:
		return y, "it has an SMI label"
	case l.SectorSize != 512 && l.SectorSize != 4096:
		return y, fmt.Sprintf("its sectors have %d bytes", l.SectorSize)
	}
	parts, why := shape(l.Partitions)
	if why != "" {
		return y, why
	}
	// In front of the first usable sector are the PMBR, the header and 16 KiB
	// of partition entries, and behind the last one header and entries again
	// (libefi, efi_alloc_and_init): 34 and 33 sectors of 512 bytes.
	first := 16384/l.SectorSize + 2
	if l.Accessible == 0 || l.Sectors < 2*first || l.Sectors > math.MaxUint64/l.SectorSize || l.Accessible > l.Sectors-2*first+1 {
		return y, fmt.Sprintf("a label for %d of %d sectors makes no sense", l.Accessible, l.Sectors)
	}
	last := first + l.Accessible - 1
	next := first
	for _, p := range parts {
		if p.First < next || p.Last < p.First || p.Last-p.First != p.Count-1 || p.Last > last {
			return y, fmt.Sprintf("partition %d (sectors %d to %d) is not where it should be", p.Number, p.First, p.Last)
		}
		next = p.Last + 1
	}
	y.data, y.reserved = parts[len(parts)-2], parts[len(parts)-1]
	if y.reserved.Count != 8<<20/l.SectorSize || y.reserved.Last != last {
		return y, "its reserved partition is not the last 8 MiB of the label"
	}
	y.more = l.Sectors - first - last
	y.outside = (l.Sectors - y.largest()) * l.SectorSize
	return y, ""
}

// largest is how many sectors the data partition has when it ends where the
// reserved partition begins, and that one at the end of the disk.
func (y layout) largest() uint64 { return y.reserved.First + y.more - y.data.First }

// full says whether the data partition has all that it can have.
func (y layout) full() bool { return y.more == 0 && y.data.Count == y.largest() }

// shape checks numbers and tags, and gives the partitions by number.
func shape(parts []illumos.Partition) ([]illumos.Partition, string) {
	parts = slices.SortedFunc(slices.Values(parts), func(a, b illumos.Partition) int { return a.Number - b.Number })
	var have []string
	for _, p := range parts {
		have = append(have, fmt.Sprintf("%d:%d", p.Number, p.Tag))
	}
	switch got := strings.Join(have, " "); got {
	case fmt.Sprintf("0:%d 8:%d", tagZFS, tagReserved), fmt.Sprintf("0:%d 1:%d 8:%d", tagEFI, tagZFS, tagReserved):
		return parts, ""
	default:
		return nil, fmt.Sprintf("its partitions (number:tag) are %s, not ours", got)
	}
}

// gain is what the pool can still grow by, in bytes. The kernel takes all of a
// whole disk for the pool's; where the label is full, what it counts is the
// other partitions, and nothing is to be had (metaslab.c,
// metaslab_class_expandable_space: it leaves out the pool property bootsize
// only, which older pools do not have).
func gain(p illumos.Pool, y layout) uint64 {
	if y.full() && p.Expand <= y.outside {
		return 0
	}
	return p.Expand
}

// growth gives the steps that make label, data partition and pool as large as
// the disk. Each leaves the label in order, and the next run goes on from
// there. The vdev is told last: kernels before 2022 hang if zpool online finds
// the label still to be written (illumos 14022, 14593).
func growth(pool, disk string, y layout) []guest.Step {
	const part = "growth"
	var steps []guest.Step
	if y.more > 0 {
		steps = append(steps,
			guest.Step{Part: part, Why: "note the commands for format", File: &guest.File{
				Path: expandFile, Data: []byte(expandCommands), Mode: 0o600}},
			guest.Step{Part: part, Why: fmt.Sprintf("make the label of %s as large as the disk", disk), Format: true,
				Argv: []string{"/usr/sbin/format", "-d", disk, "-f", expandFile},
				// The pool is in use, and syseventd does not run yet (libdiskmgt).
				Env: []string{"NOINUSE_CHECK=1", "_LIBDISKMGT_INSTALL=1"}})
	}
	if !y.full() {
		delta := fmt.Sprintf("%d:%d:%02x:%d:%d", y.data.Number, y.data.Tag, y.data.Flag, y.data.First, y.largest())
		steps = append(steps, guest.Step{Part: part, Why: "give the data partition the space up to the reserved one",
			Argv: []string{"/usr/sbin/fmthard", "-d", delta, illumos.RawDisk(disk)}})
	}
	return append(steps, guest.Step{Part: part, Why: fmt.Sprintf("let pool %s use all of %s", pool, disk),
		Argv: []string{"/sbin/zpool", "online", "-e", pool, disk}})
}

// grown says what is wrong with the pool after the steps of growth, or "": the
// commands may exit 0 without having done anything.
func grown(before, after illumos.Pool, l illumos.Label) string {
	y, why := known(l)
	switch {
	case why != "":
		return why
	case !y.full():
		return "the label does not give the pool all of the disk"
	}
	if _, why := growable(after); why != "" {
		return why
	}
	if left := gain(after, y); left > 0 && after.Size <= before.Size {
		return fmt.Sprintf("the pool has still %d bytes and %d more to gain", after.Size, left)
	}
	return ""
}

// A record says for which machine the pool has its GUID.
type record struct {
	Pool    string `json:"pool"`
	Machine string `json:"machine"` // SMBIOS UUID; empty if the machine has none
	// Before is the GUID that the pool had, while a new one is under way.
	Before string `json:"before,omitempty"`
}

// wantsGUID says whether the pool is to have a new GUID: once on each machine.
// A machine without UUID gets one if none was ever made.
func wantsGUID(rec record, pool, machine string) bool {
	if rec.Pool != pool || rec.Before != "" {
		return true
	}
	return machine != "" && machine != rec.Machine
}
