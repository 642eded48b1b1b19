// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simdisk

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"illumos-metadata/common/simguest/world"
)

const (
	imageDir = "/sim/disks"
	// noDevice is a socket: open(2) of it fails with ENXIO, as that of an
	// empty slice or an empty drive does on illumos.
	noDevice = imageDir + "/enxio"
	// badDevice is a directory: every read(2) from it fails.
	badDevice = imageDir + "/unreadable"
)

// makeNodes makes what the nodes of all disks share.
func makeNodes(w *world.World) error {
	if err := os.MkdirAll(w.Path(badDevice), 0o755); err != nil {
		return err
	}
	for _, dir := range []string{"/dev/dsk", "/dev/rdsk", "/dev/zvol/dsk", "/dev/zvol/rdsk"} {
		if err := os.MkdirAll(w.Path(dir), 0o755); err != nil {
			return err
		}
	}
	err := unix.Mknod(w.Path(noDevice), unix.S_IFSOCK|0o600, 0)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("make a socket: %w", err)
	}
	return nil
}

// A linker makes nodes. One link serves all nodes that say the same, as hard
// links: some file systems take a millisecond for each new one.
type linker struct {
	w    *world.World
	made map[string]string // a node by what its link says
}

func newLinker(w *world.World) linker { return linker{w, map[string]string{}} }

// link makes the node a relative link to target, so that it means the same
// seen from outside and in a chroot.
func (l linker) link(node, target string) error {
	rel, err := filepath.Rel(filepath.Dir(node), target)
	if err != nil {
		return err
	}
	file := l.w.Path(node)
	if err := os.Remove(file); errors.Is(err, fs.ErrNotExist) {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
	} else if err != nil {
		return err
	}
	if same, ok := l.made[rel]; ok && os.Link(same, file) == nil {
		return nil
	}
	l.made[rel] = file
	return os.Symlink(rel, file)
}

// set makes the node a link to target, or sees to it that there is none if
// target is empty.
func (l linker) set(node, target string) error {
	if target != "" {
		return l.link(node, target)
	}
	err := os.Remove(l.w.Path(node))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// names are all nodes that a disk can have, without directory.
func (d *Disk) names() []string {
	names := []string{d.Name}
	for i := range 16 {
		names = append(names, fmt.Sprintf("%ss%d", d.Name, i))
	}
	for i := range 5 {
		names = append(names, fmt.Sprintf("%sp%d", d.Name, i))
	}
	return names
}

// dirs are where its nodes are.
func (d *Disk) dirs() []string {
	dirs := []string{"/dev/dsk/", "/dev/rdsk/"}
	if d.CD {
		dirs = append(dirs, "/dev/removable-media/dsk/", "/dev/removable-media/rdsk/")
	}
	return dirs
}

// linkNodes makes the disk's nodes. Those that stand for the whole medium lead
// to its image, all others to noDevice.
func (d *Disk) linkNodes(w *world.World) error {
	whole := d.image()
	switch {
	case d.NoMedium:
		whole = noDevice
	case d.Unreadable:
		whole = badDevice
	}
	m, err := d.open(w)
	labelled, bare := false, false
	if err == nil {
		_, efi := readEFI(m)
		_, smi := readSMI(m)
		bare, labelled = efi == nil, efi == nil || smi == nil
		m.close()
	}
	links := newLinker(w)
	for _, name := range d.names() {
		target := noDevice
		switch name {
		case d.Name + "p0":
			target = whole
		case d.Name + "s0", d.Name + "s2":
			if !labelled {
				target = whole // the driver makes up a label
			}
		case d.Name:
			target = whole
			if !bare {
				target = ""
			}
		}
		for _, dir := range d.dirs() {
			if err := links.set(dir+name, target); err != nil {
				return err
			}
		}
	}
	return nil
}

// unlinkNodes removes the disk's nodes.
func (d *Disk) unlinkNodes(w *world.World) error {
	for _, dir := range d.dirs() {
		for _, name := range d.names() {
			if err := os.Remove(w.Path(dir + name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	return nil
}

// writeImage makes the file of a disk: sparse, with its content and label.
func (d *Disk) writeImage(w *world.World) error {
	f, err := os.OpenFile(w.Path(d.image()), os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	defer f.Close()
	sector := int64(d.Sector)
	size := max(d.Size, int64(len(d.Content)))
	size = (size + sector - 1) / sector * sector
	if err := f.Truncate(size); err != nil {
		return err
	}
	if err := store(f, d.Content, 0); err != nil {
		return err
	}
	made := size
	if d.Image != 0 {
		made = d.Image
	}
	if made > size || d.Label != LabelNone && made < 64*mib {
		return fmt.Errorf("disk %s: a label for %d bytes on %d", d.Name, made, size)
	}
	return d.writeLabel(&medium{f, uint64(sector), uint64(made / sector)})
}

// writeLabel labels the disk as its configuration says; m ends where the label
// is to end.
func (d *Disk) writeLabel(m *medium) error {
	boot := uint64(d.Boot) / m.sector
	if d.Boot == 0 {
		boot = 256 * mib / m.sector
	}
	switch d.Label {
	case LabelNone:
		return nil
	case LabelEFI:
		return wholeDiskLabel(m, 0).write(m)
	case LabelESP:
		return wholeDiskLabel(m, boot).write(m)
	case LabelForeign:
		return foreignLabel(m, boot).write(m)
	case LabelSMI:
		return newSMI(m.capacity).write(m)
	}
	return fmt.Errorf("disk %s: unknown label %q", d.Name, d.Label)
}

// wholeDiskLabel is what zpool create makes of a disk (libzfs_pool.c,
// zpool_label_disk): data from block 256 on, before them an EFI system partition
// of that many sectors if any, at the end the reserved one.
func wholeDiskLabel(m *medium, boot uint64) *efiLabel {
	l := newEFI(m.capacity, m.sector, 9)
	start, data := uint64(256), 0
	if boot > 0 {
		l.parts[0] = partition{tag: tagSystem, start: start, size: boot, name: "loader"}
		start, data = start+boot, 1
	}
	end := l.last + 1 - l.reserved()
	l.parts[data] = partition{tag: tagUsr, start: start, size: end - start, name: "zfs"}
	l.parts[8] = partition{tag: tagReserved, start: end, size: l.reserved()}
	return l
}

// foreignLabel is as sgdisk makes it: 128 entries, partitions on whole MiB, no
// reserved one.
func foreignLabel(m *medium, boot uint64) *efiLabel {
	l := newEFI(m.capacity, m.sector, 128)
	start := mib / m.sector
	l.parts[0] = partition{tag: tagSystem, start: start, size: boot, name: "EFI system partition"}
	l.parts[1] = partition{tag: tagUsr, start: start + boot, size: l.last + 1 - start - boot, name: "Solaris /usr & Mac ZFS"}
	return l
}
