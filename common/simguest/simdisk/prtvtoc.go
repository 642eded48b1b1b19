// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simdisk

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"

	"illumos-metadata/common/simguest/world"
)

// A vtoc is what prtvtoc prints, whatever the label.
type vtoc struct {
	dimensions  []string
	volume      string
	parts       []vtocRow
	first, full uint64 // where free space is looked for
	exact       bool   // free space is what is between partitions that touch exactly (EFI)
}

type vtocRow struct {
	number      int
	tag, flag   uint16
	start, size uint64
	directory   string
}

// prtvtoc plays prtvtoc(8) (cmd/prtvtoc/prtvtoc.c).
func prtvtoc(c *world.Call, s *state) int {
	g := world.Getopt{Args: c.Args, Spec: "fhst:m:"}
	flags := map[byte]bool{}
	for opt, ok := g.Next(); ok; opt, ok = g.Next() {
		if opt == '?' || opt == ':' {
			g.Complain(c, opt)
			g.Args = nil
			break
		}
		if opt == 't' || opt == 'm' {
			return notSimulated(c, "-"+string(opt))
		}
		flags[opt] = true
	}
	if len(g.Args) == 0 {
		c.Errorf("Usage:\t%s [ -fhs ] [ -t fstab ] [ -m mnttab ] rawdisk ...\n", c.Name)
		return 1
	}
	status := 0
	for _, path := range g.Args {
		t, err := s.readVtoc(c.World, path)
		switch {
		case err != nil:
			c.Errorf("%s: %v\n", c.Name, err)
			status = 1
		case flags['f']:
			t.printFree(c)
		default:
			t.print(c, path, flags['h'], flags['s'])
		}
	}
	return status
}

// readVtoc opens a disk by any of its nodes and reads its label; errors are the
// command's texts. The empty slices and drives that a plain open refuses are
// no obstacle: it opens with O_NONBLOCK.
func (s *state) readVtoc(w *world.World, path string) (*vtoc, error) {
	node, ok := s.device(w, path)
	if !ok {
		return nil, s.notDisk(w, path)
	}
	raw := rawName(path)
	m, err := node.disk.open(w)
	if err != nil {
		errno := syscall.EIO
		errors.As(err, &errno)
		return nil, fmt.Errorf("%s: Unable to read Disk geometry errno = 0x%x", raw, int(errno))
	}
	defer m.close()
	if l, err := readEFI(m); err == nil {
		return l.vtoc(w, node.disk), nil
	} else if !errors.Is(err, errVTInvalid) {
		return nil, fmt.Errorf("%s: %s", raw, map[bool]string{true: "Unable to read VTOC", false: "Unknown problem reading VTOC"}[errors.Is(err, errVTIO)])
	}
	l, err := readSMI(m)
	if err != nil {
		return nil, fmt.Errorf("%s: Unable to read Disk geometry errno = 0x%x", raw, int(syscall.EINVAL))
	}
	return l.vtoc(w, node.disk), nil
}

// notDisk says why a path that names no disk cannot be opened as one.
func (s *state) notDisk(w *world.World, path string) error {
	if s.volume(blockName(path)) != nil {
		return fmt.Errorf("%s: Unable to read Disk geometry errno = 0x%x", path, 48) // ENOTSUP of illumos
	}
	if _, err := os.Stat(w.Path(path)); err != nil || devicePath.MatchString(path) {
		return fmt.Errorf("%s: failed to open device: %s", path, textNoEntry)
	}
	return fmt.Errorf("%s: Not a raw device", path)
}

func (l *efiLabel) vtoc(w *world.World, d *Disk) *vtoc {
	t := &vtoc{first: l.first, full: l.last, exact: true, dimensions: []string{
		fmt.Sprintf("%11d bytes/sector", l.sector),
		fmt.Sprintf("%11d sectors", l.lastLB+1),
		fmt.Sprintf("%11d accessible sectors", l.last-l.first+1),
	}}
	for i, p := range l.parts {
		row := vtocRow{number: i, tag: p.tag, flag: p.flag, start: p.start, size: p.size}
		if i < 7 {
			row.directory = directory(w, d, i)
		}
		t.parts = append(t.parts, row)
		if p.tag == tagReserved {
			t.volume = p.name
		}
	}
	return t
}

func (l *smiLabel) vtoc(w *world.World, d *Disk) *vtoc {
	t := &vtoc{full: l.ncyl * cylinder, dimensions: []string{
		fmt.Sprintf("%11d bytes/sector", 512),
		fmt.Sprintf("%11d sectors/track", smiSects),
		fmt.Sprintf("%11d tracks/cylinder", smiHeads),
		fmt.Sprintf("%11d sectors/cylinder", cylinder),
		fmt.Sprintf("%11d cylinders", l.pcyl),
		fmt.Sprintf("%11d accessible cylinders", l.ncyl),
		fmt.Sprintf("%11d sectors", l.pcyl*cylinder),
		fmt.Sprintf("%11d accessible sectors", l.ncyl*cylinder),
	}}
	for i, p := range l.parts {
		t.parts = append(t.parts, vtocRow{i, p.tag, p.flag, uint64(p.start), uint64(p.size), directory(w, d, i)})
	}
	return t
}

// directory is where a slice is mounted now or by vfstab(5) (getmntpt).
func directory(w *world.World, d *Disk, slice int) string {
	node := fmt.Sprintf("/dev/dsk/%ss%d", d.Name, slice)
	return cmp.Or(mountPoint(w, "/etc/mnttab", node, 1), mountPoint(w, "/etc/vfstab", node, 2))
}

// A chunk is free space: start and size.
type chunk struct{ start, size uint64 }

// free is findfree and findfree64. Of the last chunk of an EFI label the size is
// one too small, as there.
func (t *vtoc) free() (chunks []chunk) {
	sorted := slices.Clone(t.parts)
	sorted = slices.DeleteFunc(sorted, func(p vtocRow) bool { return p.size == 0 || p.tag == tagBackup })
	slices.SortStableFunc(sorted, func(a, b vtocRow) int { return cmp.Compare(a.start, b.start) })
	at := t.first
	for _, p := range sorted {
		if p.start == at || !t.exact && p.start < at {
			at += p.size
			continue
		}
		chunks = append(chunks, chunk{at, p.start - at})
		at = p.start + p.size
	}
	if at < t.full {
		chunks = append(chunks, chunk{at, t.full - at})
	}
	return chunks
}

// print is puttable and puttable64. The title has the operand as it came.
func (t *vtoc) print(c *world.Call, name string, bare, short bool) {
	if !bare && !short {
		c.Printf("* %s", name)
		if t.volume != "" {
			c.Printf(" (volume \"%.8s\")", t.volume)
		}
		c.Printf(" partition map\n*\n* Dimensions:\n")
		for _, line := range t.dimensions {
			c.Printf("* %s\n", line)
		}
		c.Printf("*\n* Flags:\n*   1: unmountable\n*  10: read-only\n*\n")
		for i, f := range t.free() {
			if i == 0 {
				c.Printf("* Unallocated space:\n*         First       Sector      Last\n*         Sector       Count      Sector\n")
			}
			c.Printf("*   %11d %11d %11d\n", f.start, f.size, f.start+f.size-1)
		}
		if len(t.free()) > 0 {
			c.Printf("*\n")
		}
	}
	if !bare {
		c.Printf("*                            First       Sector      Last\n")
		c.Printf("* Partition  Tag  Flags      Sector       Count      Sector  Mount Directory\n")
	}
	for _, p := range t.parts {
		if p.size == 0 {
			continue
		}
		c.Printf("  %6d   %4d    %02x  %11d %11d %11d", p.number, p.tag, p.flag, p.start, p.size, p.start+p.size-1)
		if p.directory != "" {
			c.Printf("   %s", p.directory)
		}
		c.Printf("\n")
	}
}

// printFree is putfree: -f.
func (t *vtoc) printFree(c *world.Call) {
	chunks := t.free()
	first := chunk{}
	if len(chunks) > 0 {
		first = chunks[0]
	}
	var unused strings.Builder
	for _, p := range t.parts {
		if p.size == 0 && p.number != 2 {
			fmt.Fprintf(&unused, "%x", p.number)
		}
	}
	c.Printf("FREE_START=%d FREE_SIZE=%d FREE_COUNT=%d FREE_PART=%s\n", first.start, first.size, len(chunks), &unused)
}
