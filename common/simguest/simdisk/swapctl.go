// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simdisk

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"slices"

	"illumos-metadata/common/simguest/world"
)

// Exit statuses that are error numbers of illumos.
const (
	enoent = 2
	einval = 22
)

// A blockDevice is what a path that can be swapped on leads to.
type blockDevice struct {
	size         int64 // bytes
	major, minor int
	refused      string // why it cannot be opened for writing
	volume       bool
	whole        bool // p0 or the bare name of a disk
}

// Major numbers of the drivers; illumos has them in /etc/name_to_major, and
// they differ from system to system.
const (
	majorZFS    = 95
	majorSD     = 83
	majorBlkdev = 84
)

// block finds the block device of a path.
func (s *state) block(w *world.World, name string) (blockDevice, bool) {
	if d := s.volume(name); d != nil {
		p, _ := s.dataset(d.Name)
		b := blockDevice{size: d.number("volsize"), major: majorZFS, minor: d.Minor, volume: true}
		if on, _ := p.setting(d, zfsPropNamed("readonly")); p.ReadOnly || on == "on" {
			b.refused = "Read-only file system"
		}
		return b, true
	}
	node, ok := s.device(w, name)
	if !ok || node.raw {
		return blockDevice{}, false
	}
	index := slices.IndexFunc(s.Disks, func(d Disk) bool { return d.Name == node.disk.Name })
	b := blockDevice{major: majorSD, minor: index*64 + max(node.slice, 0), whole: node.wholly}
	if node.disk.Driver == "blkdev" {
		b.major = majorBlkdev
	}
	m, err := node.disk.open(w)
	if err != nil {
		b.refused = errorText(err)
		return b, true
	}
	defer m.close()
	if b.size = int64(node.size(m)); b.size == 0 {
		b.refused = "No such device or address"
	}
	return b, true
}

// nodeExists is stat(2).
func (s *state) nodeExists(w *world.World, name string) bool {
	if s.volume(blockName(name)) != nil {
		return true
	}
	if devicePath.MatchString(name) {
		_, ok := s.device(w, name)
		return ok
	}
	_, err := os.Stat(w.Path(name))
	return err == nil
}

// addSwap is -a: the check for use, the check of the file, the system call, and
// the dump device, if there was none (swap.c, main, valid, add).
func (s *state) addSwap(c *world.Call, sc *swapCall) int {
	if why := s.inUse(c, blockName(sc.path)); why != "" {
		c.Errorf("%s", why)
		return 1
	}
	b, isBlock := s.block(c.World, sc.path)
	if !isBlock {
		return s.addSwapFile(c, sc)
	}
	if b.whole {
		return notSimulated(c, "on a whole disk")
	}
	hadDump := s.Dump != ""
	if b.volume && s.Dump == sc.path {
		c.Errorf("%s: zvol cannot be used as a swap device and a dump device\n", sc.path)
		return 2
	}
	e, why := s.newSwap(sc, b)
	if why != "" {
		c.Errorf("%s: %s\n", sc.path, why)
		return 2
	}
	s.Swap = append(s.Swap, e)
	if !hadDump && !b.volume {
		s.Dump = e.Path // the kernel takes what it can (vm_swap.c, swapadd)
	}
	if !hadDump && sc.flags&(swapPass1|swapPass2) == 0 {
		c.Printf("operating system crash dump was previously disabled --\ninvoking dumpadm(8) -d swap to select new dump device\n")
		s.selectDump(c)
	}
	return 0
}

// addSwapFile is -a of what is no block device: no file of a guest can be
// swapped on, since none is on a file system that supports it.
func (s *state) addSwapFile(c *world.Call, sc *swapCall) int {
	info, err := os.Stat(c.World.Path(sc.path))
	isNode := devicePath.MatchString(sc.path) || s.volume(blockName(sc.path)) != nil
	switch {
	case isNode && !s.nodeExists(c.World, sc.path), !isNode && errors.Is(err, fs.ErrNotExist):
		c.Errorf("%s: %s\n", sc.path, textNoEntry)
		return enoent
	case isNode, err != nil, !info.Mode().IsRegular() || info.Mode()&fs.ModeSticky == 0:
		c.Errorf("\"%s\" is not valid for swapping.\nIt must be a block device or a regular file with the\n"+
			"\"save user text on execution\" bit set.\n", sc.path)
		return einval
	case info.Size() == 0, info.Size() < page:
		c.Errorf("%s: size is invalid\n", sc.path)
		return einval
	case sc.low < 0:
		c.Errorf("%s: low block is invalid\n", sc.path)
		return einval
	}
	c.Errorf("%s: Invalid operation for this filesystem type\n", sc.path)
	return 2
}

// newSwap is the kernel's swapadd (vm_swap.c): it gives the entry, or the text
// for why not. The first block or more is left out, and all ends on pages.
func (s *state) newSwap(sc *swapCall, b blockDevice) (e Swap, why string) {
	low := sc.low
	if low == 0 {
		low = 1
	}
	start, end := low*512, b.size
	if sc.count != 0 {
		end = start + (sc.count-(low-sc.low))*512
	}
	first, last := (start+page-1)/page, end/page
	switch {
	case s.Zone:
		return e, textNotOwner
	case b.refused != "":
		return e, b.refused
	case start < 0 || start >= b.size || end > b.size || first >= last:
		return e, textInvalid
	}
	e = Swap{Path: path.Clean(sc.path), Start: first * pageBlocks, Pages: last - first, Major: b.major, Minor: b.minor}
	for _, have := range s.Swap {
		if have.Major == e.Major && have.Minor == e.Minor &&
			e.Start < have.Start+have.Pages*pageBlocks && have.Start < e.Start+e.Pages*pageBlocks {
			return e, "Overlapping swap files are not allowed"
		}
	}
	return e, ""
}

// deleteSwap is -d (swap.c, delete; vm_swap.c, swapdel).
func (s *state) deleteSwap(c *world.Call, sc *swapCall) int {
	low := sc.low
	if low == 0 {
		low = 1
	}
	start := (low*512 + page - 1) / page * pageBlocks
	at := slices.IndexFunc(s.Swap, func(e Swap) bool { return e.Path == path.Clean(sc.path) && e.Start == start })
	why := ""
	switch {
	case s.Zone:
		why = textNotOwner
	case at < 0 && !s.nodeExists(c.World, sc.path):
		why = textNoEntry
	case at < 0:
		why = textInvalid
		if info, err := os.Stat(c.World.Path(sc.path)); err == nil && info.IsDir() {
			why = "Is a directory"
		}
		if _, ok := s.block(c.World, sc.path); !ok && s.isRaw(c.World, sc.path) {
			why = "Invalid operation for this filesystem type"
		}
	}
	if why != "" {
		c.Errorf("%s: %s\n", sc.path, why)
		return 2
	}
	if s.Dump == s.Swap[at].Path {
		s.Dump = ""
	}
	s.Swap = slices.Delete(s.Swap, at, at+1)
	if s.Dump == "" { // also if there was none before
		c.Printf("%s was dump device --\ninvoking dumpadm(8) -d swap to select new dump device\n", sc.path)
		s.selectDump(c)
	}
	return 0
}

// isRaw says whether a path is a character device.
func (s *state) isRaw(w *world.World, name string) bool {
	node, ok := s.device(w, name)
	return ok && node.raw || blockName(name) != name && s.volume(blockName(name)) != nil
}

// selectDump runs dumpadm -ud swap, whose status does not count.
func (s *state) selectDump(c *world.Call) {
	call := *c
	call.Name, call.Args = "dumpadm", []string{"-ud", "swap"}
	dumpadm(&call, s)
}
