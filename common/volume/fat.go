// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package volume

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/bits"
	"strings"

	"github.com/diskfs/go-diskfs/filesystem/fat12"
	"github.com/diskfs/go-diskfs/filesystem/fat16"
	"github.com/diskfs/go-diskfs/filesystem/fat32"
)

const (
	// maxFAT is the greatest file allocation table that is read; one of 64 KiB
	// is enough for a volume of 16 MiB.
	maxFAT = 4 << 20
	// maxRoot is the greatest root directory, of either kind of file system.
	maxRoot = 256 << 10

	dirEntrySize = 32
)

// A fatLayout is where a FAT file system has its parts, in bytes from its
// beginning (Microsoft's FAT specification 1.03, "Boot Sector and BPB").
type fatLayout struct {
	kind          string // fat12, fat16 or fat32
	label         string // in the boot sector
	tables        int
	table         int64 // the first allocation table
	tableSize     int64
	root          int64 // the root directory; of FAT32 its first cluster
	rootSize      int64 // of FAT32 that of one cluster
	rootCluster   uint32
	cluster       int64 // size
	bitsPerRecord int64 // of a record in the table
}

// parseBoot reads the boot sector of a FAT file system; nil if it is none. Any
// boot record ends with 55aa, so every field has to make sense.
func parseBoot(b []byte) *fatLayout {
	if len(b) < 512 || !labelled(b) || b[0] != 0xeb && b[0] != 0xe9 {
		return nil
	}
	word := func(at int) int64 { return int64(binary.LittleEndian.Uint16(b[at:])) }
	long := func(at int) int64 { return int64(binary.LittleEndian.Uint32(b[at:])) }
	sector, perCluster, reserved, tables := word(11), int64(b[13]), word(14), int64(b[16])
	entries, total, tableSectors := word(17), word(19), word(22)
	extended := 36 // where the extended boot record begins
	if total == 0 {
		total = long(32)
	}
	l := &fatLayout{tables: int(tables)}
	if tableSectors == 0 {
		tableSectors, extended = long(36), 64
		l.kind, l.bitsPerRecord, l.rootCluster = "fat32", 32, uint32(long(44))
	}
	if sector < 512 || sector > 4096 || bits.OnesCount(uint(sector)) != 1 || bits.OnesCount(uint(perCluster)) != 1 ||
		reserved == 0 || tables < 1 || tables > 2 || tableSectors == 0 || (entries == 0) != (l.kind == "fat32") || entries == 0 && l.rootCluster < 2 {
		return nil
	}
	if b[extended+2] == 0x29 {
		l.label = label(b[extended+7 : extended+18])
	}
	l.cluster, l.table, l.tableSize = perCluster*sector, reserved*sector, tableSectors*sector
	l.root = l.table + tables*l.tableSize
	if l.kind == "fat32" {
		l.root += (int64(l.rootCluster) - 2) * l.cluster
		l.rootSize = l.cluster
		return l
	}
	l.rootSize = (entries*dirEntrySize + sector - 1) / sector * sector
	data := total - (l.root+l.rootSize)/sector
	if data <= 0 {
		return nil
	}
	l.kind, l.bitsPerRecord = "fat16", 16
	if data/perCluster < 4085 {
		l.kind, l.bitsPerRecord = "fat12", 12
	}
	return l
}

// label gives a volume label without what pads it.
func label(b []byte) string { return string(bytes.TrimRight(b, " \x00")) }

// rootLabel gives the label that the root directory holds, "" if none. It comes
// before all that was written later, so what begins the directory is enough.
func (l *fatLayout) rootLabel(v *view) (string, error) {
	dir, err := v.bytes(l.root, min(l.rootSize, 4096))
	if err != nil {
		return "", err
	}
	for ; len(dir) >= dirEntrySize && dir[0] != 0; dir = dir[dirEntrySize:] {
		const volumeID, long, deleted = 0x08, 0x0f, 0xe5
		if attributes := dir[11]; attributes&volumeID != 0 && attributes&long != long && dir[0] != deleted {
			return label(dir[:11]), nil
		}
	}
	return "", nil
}

// isSeed says whether a FAT file system is labelled as a metadata volume: in its
// root directory or in its boot sector, which not every tool keeps alike.
func (l *fatLayout) isSeed(v *view) (bool, error) {
	if strings.EqualFold(l.label, seedLabel) {
		return true, nil
	}
	name, err := l.rootLabel(v)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return false, nil // it ends before its root directory
	}
	return strings.EqualFold(name, seedLabel), err
}

// openFAT opens the file system on a volume for reading. The reader believes
// what it finds: it would follow an allocation chain that leads back to itself
// for ever, without reading anything. So all of it is checked before.
func openFAT(v *view) (fs.ReadDirFS, error) {
	boot, err := v.bytes(0, 512)
	if err != nil {
		return nil, err
	}
	l := parseBoot(boot)
	if l == nil {
		return nil, errors.New("not a FAT file system")
	}
	if err := l.check(v); err != nil {
		return nil, fmt.Errorf("%s: %w", l.kind, err)
	}
	switch l.kind {
	case "fat12":
		return fat12.Read(v, 0, 0, 0)
	case "fat16":
		return fat16.Read(v, 0, 0, 0)
	}
	return fat32.Read(v, 0, 0, 0)
}

// check refuses what would cost the reader too much, and what it would misread.
func (l *fatLayout) check(v *view) error {
	switch {
	case l.tables != 2:
		return errors.New("it has one allocation table, and two are needed")
	case l.tableSize > maxFAT:
		return fmt.Errorf("its allocation table has %d bytes, and %d are the most", l.tableSize, maxFAT)
	case l.rootSize > maxRoot:
		return fmt.Errorf("its root directory has %d bytes, and %d are the most", l.rootSize, maxRoot)
	case l.kind == "fat32" && l.rootCluster != 2:
		return fmt.Errorf("its root directory begins at cluster %d, and only 2 is known", l.rootCluster)
	}
	table, err := v.bytes(l.table, l.tableSize)
	if err != nil {
		return err
	}
	next := l.records(table)
	if loops(next) {
		return errors.New("its allocation table has a chain that leads back to itself")
	}
	if l.kind != "fat32" {
		return nil
	}
	for cluster, size := int64(2), l.cluster; cluster < int64(len(next)); cluster = int64(next[cluster]) {
		if size += l.cluster; size > maxRoot+l.cluster {
			return fmt.Errorf("its root directory has more than %d bytes", maxRoot)
		}
	}
	return nil
}

// records gives, for every cluster, the one that follows it in its file, or
// something beyond the last cluster.
func (l *fatLayout) records(table []byte) []uint32 {
	next := make([]uint32, int64(len(table))*8/l.bitsPerRecord)
	for i := range next {
		switch l.bitsPerRecord {
		case 12:
			next[i] = uint32(table[i*3/2])
			if at := i*3/2 + 1; at < len(table) {
				next[i] |= uint32(table[at]) << 8
			}
			next[i] = next[i] >> (4 * (i & 1)) & 0xfff
		case 16:
			next[i] = uint32(binary.LittleEndian.Uint16(table[i*2:]))
		default:
			next[i] = binary.LittleEndian.Uint32(table[i*4:])
		}
		if end := uint32(1)<<min(l.bitsPerRecord, 28) - 8; next[i] >= end {
			next[i] = 1 << 31
		}
	}
	return next
}

// loops says whether any chain comes back to itself. Each cluster is visited
// once: a walk ends where an earlier one has been.
func loops(next []uint32) bool {
	walk := make([]uint32, len(next)) // the walk that has been there
	for i := uint32(2); i < uint32(len(next)); i++ {
		for c := i; c >= 2 && c < uint32(len(next)); c = next[c] {
			if walk[c] == i {
				return true
			}
			if walk[c] != 0 {
				break
			}
			walk[c] = i
		}
	}
	return false
}
