// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package volume

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"

	"github.com/diskfs/go-diskfs/filesystem/iso9660"
)

const (
	isoSector = 2048
	// isoDescriptors is where the volume descriptors begin (ECMA-119 section
	// 6.2.1).
	isoDescriptors = 16 * isoSector

	maxDescriptors   = 32
	maxPathTable     = 256 << 10
	maxContinuation  = 4096
	maxContinuations = 1000

	// The types of volume descriptors (ECMA-119 section 8.1.1).
	isoPrimary       = 1
	isoSupplementary = 2 // Joliet's, if any
	isoTerminator    = 255
)

// isoLabel gives the volume identifier of an ISO 9660 file system, which the
// first primary volume descriptor holds; ok is false if it is none.
func isoLabel(head []byte) (name string, ok bool) {
	if len(head) < isoDescriptors+isoSector {
		return "", false
	}
	d := head[isoDescriptors:]
	if d[0] != isoPrimary || string(d[1:6]) != "CD001" {
		return "", false
	}
	return label(d[40:72]), true
}

// openISO opens the file system on a volume for reading. Its reader makes room
// for whatever size it finds and then reads, so all sizes are checked before.
func openISO(v *view) (fs.ReadDirFS, error) {
	for i := int64(0); ; i++ {
		if i == maxDescriptors {
			return nil, fmt.Errorf("iso9660: more than %d volume descriptors", maxDescriptors)
		}
		d, err := v.bytes(isoDescriptors+i*isoSector, isoSector)
		if err == nil && string(d[1:6]) != "CD001" {
			err = errors.New("not a volume descriptor")
		}
		if err == nil && (d[0] == isoPrimary || d[0] == isoSupplementary) {
			err = checkTree(v, d)
		}
		if err != nil {
			return nil, fmt.Errorf("iso9660: volume descriptor %d: %w", i+1, err)
		}
		if d[0] == isoTerminator {
			return iso9660.Read(v, 0, 0, 0)
		}
	}
}

// checkTree checks the path table and the root directory of a descriptor
// (ECMA-119 section 8.4).
func checkTree(v *view, d []byte) error {
	long := func(b []byte, at int) int64 { return int64(binary.LittleEndian.Uint32(b[at:])) }
	root, size := long(d, 156+2), long(d, 156+10)
	switch table := long(d, 132); {
	case binary.LittleEndian.Uint16(d[128:]) != isoSector:
		return fmt.Errorf("its blocks are not of %d bytes", isoSector)
	case table < 10 || table > maxPathTable:
		return fmt.Errorf("its path table has %d bytes, and 10 to %d are legal", table, maxPathTable)
	}
	table, err := v.bytes(long(d, 140)*isoSector, 10)
	if err != nil {
		return err
	}
	if long(table, 2) != root {
		return errors.New("its path table has another root directory")
	}
	self, err := v.bytes(root*isoSector, isoSector)
	if err != nil {
		return err
	}
	// The reader takes the size from one or the other.
	if own := long(self, 10); size > maxRoot || own > maxRoot {
		return fmt.Errorf("its root directory has %d bytes, and %d are the most", max(size, own), maxRoot)
	}
	if d[0] != isoPrimary {
		return nil // no extensions
	}
	return checkContinuations(v, root*isoSector, max(size, isoSector))
}

// checkContinuations follows all that could be a continuation area of the
// extensions in a directory (IEEE P1281 section 5.1).
func checkContinuations(v *view, off, size int64) error {
	type area struct{ off, size int64 }
	areas := []area{{off, size}}
	seen := map[area]bool{}
	for ; len(areas) > 0; areas = areas[1:] {
		if seen[areas[0]] {
			continue
		}
		if seen[areas[0]] = true; len(seen) > maxContinuations {
			return fmt.Errorf("more than %d continuation areas", maxContinuations)
		}
		b, err := v.bytes(areas[0].off, areas[0].size)
		if err != nil {
			return err
		}
		for {
			_, rest, ok := bytes.Cut(b, []byte("CE\x1c\x01"))
			if !ok || len(rest) < 24 {
				break
			}
			long := func(at int) int64 { return int64(binary.LittleEndian.Uint32(rest[at:])) }
			next := area{long(0)*isoSector + long(8), long(16)}
			if next.size > maxContinuation {
				return fmt.Errorf("a continuation area of %d bytes, and %d are the most", next.size, maxContinuation)
			}
			areas, b = append(areas, next), rest
		}
	}
	return nil
}
