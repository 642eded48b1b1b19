// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simdisk

import (
	"bytes"
	"errors"
	"io"
	"os"
	"regexp"
	"strconv"
	"syscall"

	"illumos-metadata/common/simguest/world"
)

// A medium is the image file of a disk, open, with its geometry.
type medium struct {
	file             *os.File
	sector, capacity uint64 // bytes; sectors
}

// open opens the disk's medium. Like an open with O_NDELAY it succeeds with an
// empty drive, but nothing can then be read: ENXIO; EIO if the disk is broken.
func (d *Disk) open(w *world.World) (*medium, error) {
	switch {
	case d.NoMedium:
		return nil, syscall.ENXIO
	case d.Unreadable:
		return nil, syscall.EIO
	}
	f, err := os.OpenFile(w.Path(d.image()), os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, err
	}
	sector := uint64(d.Sector)
	return &medium{f, sector, uint64(info.Size()) / sector}, nil
}

func (m *medium) close() { m.file.Close() }

// bytes is the size of the medium.
func (m *medium) bytes() uint64 { return m.sector * m.capacity }

// read reads n sectors from lba.
func (m *medium) read(lba, n uint64) ([]byte, error) {
	if n > m.capacity || lba > m.capacity-n {
		return nil, io.ErrUnexpectedEOF
	}
	b := make([]byte, n*m.sector)
	_, err := m.file.ReadAt(b, int64(lba*m.sector))
	return b, err
}

// write writes whole sectors at lba.
func (m *medium) write(lba uint64, b []byte) error {
	n := uint64(len(b)) / m.sector
	if n > m.capacity || lba > m.capacity-n {
		return errors.New("write past the end of the disk")
	}
	return store(m.file, b, int64(lba*m.sector))
}

// store writes b at off, and leaves holes where zeros already are: images stay
// small.
func store(f *os.File, b []byte, off int64) error {
	have := make([]byte, 4096)
	for len(b) > 0 {
		n := min(len(b), len(have)-int(off)%len(have))
		if _, err := f.ReadAt(have[:n], off); err != nil {
			return err
		}
		if !bytes.Equal(have[:n], b[:n]) {
			if _, err := f.WriteAt(b[:n], off); err != nil {
				return err
			}
		}
		b, off = b[n:], off+int64(n)
	}
	return nil
}

// image is the guest's path of the disk's file.
func (d *Disk) image() string { return imageDir + "/" + d.Name + ".img" }

// devicePath is how disk nodes are called (devfsadm disk_link.c).
var devicePath = regexp.MustCompile(`^/dev/(r?)dsk/(c[0-9]+(?:t[0-9A-F]+)?d[0-9A-F]+)(?:([sp])([0-9]+))?$`)

// A device is one node of a disk.
type device struct {
	disk   *Disk
	raw    bool
	slice  int  // s0..s15 or p0..p4; -1 for the bare name
	wholly bool // p0 or the bare name: the whole disk
	fdisk  bool // p0..p4
}

// device finds the disk node that a path names, if it exists.
func (s *state) device(w *world.World, path string) (device, bool) {
	m := devicePath.FindStringSubmatch(path)
	if m == nil || s.Zone {
		return device{}, false
	}
	d := s.disk(m[2])
	if d == nil {
		return device{}, false
	}
	v := device{disk: d, raw: m[1] == "r", slice: -1, fdisk: m[3] == "p"}
	if m[3] == "" {
		v.wholly = true
		return v, d.hasBareName(w)
	}
	v.slice, _ = strconv.Atoi(m[4])
	v.wholly = v.fdisk && v.slice == 0
	return v, v.slice <= 15 && !v.fdisk || v.slice <= 4
}

// hasBareName says whether the node without suffix exists: on EFI labels only
// (cmlb.c, cmlb_create_minor_nodes).
func (d *Disk) hasBareName(w *world.World) bool {
	m, err := d.open(w)
	if err != nil {
		return false
	}
	defer m.close()
	_, err = readEFI(m)
	return err == nil
}

// size gives the bytes that a slice of the disk holds, 0 if it is empty.
func (v device) size(m *medium) uint64 {
	if v.wholly {
		return m.bytes()
	}
	if v.fdisk {
		return 0
	}
	if l, err := readEFI(m); err == nil {
		if v.slice < len(l.parts) {
			return l.parts[v.slice].size * m.sector
		}
		return 0
	}
	if l, err := readSMI(m); err == nil {
		return uint64(l.parts[v.slice].size) * m.sector
	}
	if v.slice == 0 || v.slice == 2 {
		return m.bytes() // the label that the driver makes up
	}
	return 0
}
