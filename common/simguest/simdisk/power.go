// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simdisk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"illumos-metadata/common/simguest/world"
)

// PowerOn does to storage what a reboot does: the swap table and the dump device
// are gone, a suspended pool is back, all disks are opened at the size that they
// have now, and their nodes follow their labels. Methods put swap and dump back
// as the guest is configured.
func PowerOn(w *world.World) error {
	return change(w, func(s *state) error {
		s.Swap, s.Dump = nil, ""
		for i := range s.Disks {
			if s.Zone {
				continue
			}
			if err := s.Disks[i].linkNodes(w); err != nil {
				return fmt.Errorf("power on: %w", err)
			}
		}
		for i := range s.Pools {
			p := &s.Pools[i]
			p.Suspended = false
			for _, v := range p.all() {
				if v.State == "REMOVED" {
					v.State = "UNAVAIL" // until it is opened
				}
			}
			s.reopen(w, p)
		}
		return nil
	})
}

// Resize makes a disk larger, as a hypervisor does. The kernel sees it at
// once, the pool when the guest boots or reopens it.
func Resize(w *world.World, disk string, size int64) error {
	return change(w, func(s *state) error {
		d := s.disk(disk)
		if d == nil {
			return fmt.Errorf("resize: no disk %s", disk)
		}
		if size < d.Size || size%int64(d.Sector) != 0 {
			return fmt.Errorf("resize %s from %d to %d: smaller, or no multiple of %d", disk, d.Size, size, d.Sector)
		}
		d.Size = size
		return os.Truncate(w.Path(d.image()), size)
	})
}

// Attach plugs in a disk or CD drive, e.g. a metadata volume.
func Attach(w *world.World, d Disk) error {
	return change(w, func(s *state) error { return s.addDisk(w, d) })
}

// Detach unplugs a disk and forgets what it held.
func Detach(w *world.World, name string) error {
	return change(w, func(s *state) error {
		d := s.disk(name)
		if d == nil {
			return fmt.Errorf("detach: no disk %s", name)
		}
		if err := d.unlinkNodes(w); err != nil {
			return fmt.Errorf("detach: %w", err)
		}
		if err := os.Remove(w.Path(d.image())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("detach: %w", err)
		}
		s.Disks = slices.DeleteFunc(s.Disks, func(d Disk) bool { return d.Name == name })
		return nil
	})
}
