// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simdisk

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"strconv"
	"strings"

	"illumos-metadata/common/simguest/world"
)

// An fstypError is an exit status with its text (libfstyp.h; libfstyp.c,
// fstyp_strerror).
type fstypError struct {
	status int
	text   string
}

func (e *fstypError) Error() string { return e.text }

// fstypFailure gives the error of a status.
func fstypFailure(status int) *fstypError {
	text := map[int]string{1: "no matches", 5: "partition not found", 7: "cannot open device", 8: "i/o error"}
	return &fstypError{status, text[status]}
}

// fstyp plays fstyp(8) (cmd/fstyp/fstyp.c) without the attributes of -a and -v.
func fstyp(c *world.Call, s *state) int {
	g := world.Getopt{Args: c.Args, Spec: "av"}
	more := false
	for opt, ok := g.Next(); ok; opt, ok = g.Next() {
		if opt == '?' {
			g.Complain(c, opt)
			g.Args = nil
			break
		}
		more = true
	}
	if len(g.Args) != 1 {
		c.Errorf("Usage: fstyp [-av] <device>\n")
		return 1
	}
	name, err := s.identify(c.World, g.Args[0])
	var failure *fstypError
	switch {
	case errors.As(err, &failure):
		c.Errorf("unknown_fstyp (%s)\n", failure.text)
		return failure.status
	case err != nil:
		c.Errorf("simulated guest: %v\n", err)
		return 127
	case more:
		return notSimulated(c, "-a or -v")
	}
	c.Printf("%s\n", name)
	return 0
}

// identify opens what an operand names (PATH, or PATH:N for a DOS partition)
// and asks each file system in turn.
func (s *state) identify(w *world.World, arg string) (string, error) {
	path, dos := arg, 0
	if i := strings.LastIndexByte(arg, ':'); i >= 0 {
		if n, err := strconv.Atoi(arg[i+1:]); err == nil && n != 0 {
			path, dos = arg[:i], n
		}
	}
	f, err := s.openContent(w, path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	offset := int64(0)
	if dos != 0 {
		var ok bool
		if offset, ok = dosPartition(f, dos); !ok {
			return "", fstypFailure(5)
		}
	}
	r := io.NewSectionReader(f, offset, 1<<62)
	for _, m := range fstypModules {
		if m.matches(r) {
			return m.name, nil
		}
	}
	return "", fstypFailure(1)
}

// openContent opens a node or file for reading.
func (s *state) openContent(w *world.World, path string) (*os.File, error) {
	if d := s.volume(blockName(path)); d != nil {
		return os.Open(w.Path(d.file()))
	}
	if !devicePath.MatchString(path) {
		f, err := os.Open(w.Path(path))
		if err != nil {
			return nil, fstypFailure(7)
		}
		if info, err := f.Stat(); err != nil || info.IsDir() {
			f.Close()
			return nil, fstypFailure(8)
		}
		return f, nil
	}
	node, ok := s.device(w, path)
	switch {
	case !ok || node.disk.NoMedium:
		return nil, fstypFailure(7)
	case node.disk.Unreadable:
		return nil, fstypFailure(8)
	case !node.wholly && node.disk.labelled(w):
		return nil, fstypFailure(7) // what slices hold is not simulated: all are empty
	case !node.wholly && (node.fdisk || node.slice != 0 && node.slice != 2):
		return nil, fstypFailure(7)
	}
	return os.Open(w.Path(node.disk.image()))
}

// labelled says whether the disk has a label of either kind.
func (d *Disk) labelled(w *world.World) bool {
	m, err := d.open(w)
	if err != nil {
		return false
	}
	defer m.close()
	_, efi := readEFI(m)
	_, smi := readSMI(m)
	return efi == nil || smi == nil
}

// dosPartition finds the n-th DOS partition; only primary ones are looked at.
func dosPartition(f *os.File, n int) (offset int64, ok bool) {
	b := make([]byte, 512)
	if _, err := f.ReadAt(b, 0); err != nil || b[mbrMagic] != 0x55 || b[mbrMagic+1] != 0xaa {
		return 0, false
	}
	for i := range 4 {
		p := b[mbrParts+16*i:]
		if kind := p[4]; kind == 1 || kind == 4 || kind == 5 || kind == 6 || kind >= 8 && kind <= 15 {
			if n--; n == 0 {
				return int64(binary.LittleEndian.Uint32(p[8:])) * 512, true
			}
		}
	}
	return 0, false
}

// fstypModules are the modules of /usr/lib/fs.
var fstypModules = []struct {
	name    string
	matches func(io.ReaderAt) bool
}{
	{"hsfs", func(r io.ReaderAt) bool { return string(bytesAt(r, 16*2048+1, 5)) == "CD001" }},
	{"pcfs", isPCFS},
	{"udfs", func(r io.ReaderAt) bool { return bytes.HasPrefix(bytesAt(r, 17*2048+1, 5), []byte("NSR0")) }},
	{"ufs", func(r io.ReaderAt) bool { return binary.LittleEndian.Uint32(bytesAt(r, 8192+1372, 4)) == 0x011954 }},
	{"zfs", func(r io.ReaderAt) bool { // name and value list, XDR, in the first vdev label
		return bytes.HasPrefix(bytesAt(r, 16<<10, 112<<10), []byte{1, 1, 0, 0}) && bytes.Contains(bytesAt(r, 16<<10, 112<<10), []byte("pool_guid"))
	}},
}

// bytesAt reads n bytes; what is behind the end is zero.
func bytesAt(r io.ReaderAt, off int64, n int) []byte {
	b := make([]byte, n)
	_, _ = r.ReadAt(b, off) // at the end it is short, and that is fine
	return b
}

// isPCFS looks at the boot sector (cmd/fs.d/pcfs/fstyp/fstyp.c, is_pcfs).
func isPCFS(r io.ReaderAt) bool {
	b := bytesAt(r, 0, 512)
	sector, cluster := binary.LittleEndian.Uint16(b[11:]), b[13]
	power := func(n int) bool { return n > 0 && n&(n-1) == 0 }
	return b[mbrMagic] == 0x55 && b[mbrMagic+1] == 0xaa && sector >= 512 && sector <= 4096 && power(int(sector)) &&
		power(int(cluster)) && b[16] > 0 && bytes.IndexByte([]byte{0xf0, 0xf8, 0xf9, 0xfc, 0xfd, 0xfe, 0xff}, b[21]) >= 0
}
