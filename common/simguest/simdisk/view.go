// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simdisk

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"illumos-metadata/common/simguest/world"
)

// A PoolView is a pool as it is now, in bytes.
type PoolView struct {
	Name, Health              string
	GUID                      uint64
	Size, Alloc, Free, Expand int64
	Suspended                 bool
}

// Pools gives all pools.
func Pools(w *world.World) ([]PoolView, error) {
	var views []PoolView
	err := look(w, func(s *state) error {
		for i := range s.Pools {
			p := &s.Pools[i]
			size, alloc, expand := p.totals()
			views = append(views, PoolView{p.Name, p.health(), p.GUID, size, alloc, size - alloc, expand, p.Suspended})
		}
		return nil
	})
	return views, err
}

// Bytes is how much an entry of the swap table holds.
func (e Swap) Bytes() int64 { return e.Pages * page }

// Swaps gives the swap table.
func Swaps(w *world.World) ([]Swap, error) {
	var table []Swap
	err := look(w, func(s *state) error {
		table = s.Swap
		return nil
	})
	return table, err
}

// A PartitionView is one partition or slice, in sectors; of an SMI label they
// count from the start of its fdisk partition.
type PartitionView struct {
	Number, Tag, Flag  int
	First, Count, Last uint64
	Name, GUID         string // of an EFI label
}

// A LabelView is what a label says.
type LabelView struct {
	Kind              string // "efi", "smi" or ""
	Sector, Sectors   uint64 // bytes in one; of the disk
	FirstLBA, LastLBA uint64 // usable by the label
	Partitions        []PartitionView
}

// LabelOf reads the label of a disk.
func LabelOf(w *world.World, disk string) (LabelView, error) {
	var v LabelView
	err := withDisk(w, disk, func(m *medium) error {
		v.Sector, v.Sectors = m.sector, m.capacity
		if l, err := readEFI(m); err == nil {
			v.Kind, v.FirstLBA, v.LastLBA = "efi", l.first, l.last
			for i, p := range l.parts {
				v.add(i, p.tag, p.flag, p.start, p.size, p.name, hex.EncodeToString(p.unique[:]))
			}
		} else if l, err := readSMI(m); err == nil {
			v.Kind, v.FirstLBA, v.LastLBA = "smi", 0, l.ncyl*cylinder-1
			for i, p := range l.parts {
				v.add(i, p.tag, p.flag, uint64(p.start), uint64(p.size), "", "")
			}
		}
		return nil
	})
	return v, err
}

// add adds a partition that is not empty.
func (v *LabelView) add(i int, tag, flag uint16, start, size uint64, name, id string) {
	if size > 0 {
		v.Partitions = append(v.Partitions, PartitionView{i, int(tag), int(flag), start, size, start + size - 1, name, id})
	}
}

// LabelDigest is a digest of all places of a disk where labels are: its first
// and last MiB, the cylinder of an SMI label, and where the backup of an EFI
// label is. Two equal ones prove that nothing was written there.
func LabelDigest(w *world.World, disk string) (string, error) {
	sum := sha256.New()
	err := withDisk(w, disk, func(m *medium) error {
		n := min(mib/m.sector, m.capacity)
		places := []uint64{0, m.capacity - n}
		if l, err := readEFI(m); err == nil && l.altern >= n && l.altern < m.capacity {
			places = append(places, l.altern+1-n)
		}
		if l, err := readSMI(m); err == nil {
			places = append(places, l.offset)
		}
		for _, lba := range places {
			b, err := m.read(lba, min(n, m.capacity-lba))
			if err != nil {
				return err
			}
			fmt.Fprintf(sum, "%d %d\n", lba, len(b))
			sum.Write(b)
		}
		return nil
	})
	return hex.EncodeToString(sum.Sum(nil)), err
}

// withDisk runs f on a disk's medium.
func withDisk(w *world.World, name string, f func(*medium) error) error {
	return look(w, func(s *state) error {
		d := s.disk(name)
		if d == nil {
			return fmt.Errorf("no disk %s", name)
		}
		m, err := d.open(w)
		if err != nil {
			return fmt.Errorf("disk %s: %w", name, err)
		}
		defer m.close()
		return f(m)
	})
}
