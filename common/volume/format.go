// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package volume

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/cavaliergopher/cpio"
)

const (
	trailer = "TRAILER!!!" // name of the member that ends every archive
	maxName = 4096
)

// errHeader says that where a member has to begin, none does. Nothing behind it
// can be found: only a member's size tells where the next one begins.
var errHeader = errors.New("not a cpio header")

// A format is one form of cpio archive, as cpio -H names it.
type format struct {
	name, magic string
	open        func(io.Reader) archive
}

// An archive gives its members one after another. Read reads the content of the
// present one, and next passes over what of it was not read. Only behind the
// trailer next gives io.EOF.
type archive interface {
	io.Reader
	next() (member, error)
}

// A member is what a header says.
type member struct {
	name         string
	mode         uint32 // st_mode
	inode, links uint64
	size         int64
	sum          uint32 // of all bytes; only crc has it
	summed       bool
	// shared says that the format keeps the content of a file with several
	// links with the last of them only.
	shared bool
}

// formats are what cpio -o of illumos, GNU and the BSDs write (archives.h,
// cpio(5)). tar is none of them.
var formats = []format{
	{"binary", "\xc7\x71", func(r io.Reader) archive { return newOld(r, binaryHeader(binary.LittleEndian), 2) }},
	{"binary, big-endian", "\x71\xc7", func(r io.Reader) archive { return newOld(r, binaryHeader(binary.BigEndian), 2) }},
	{"odc", "070707", func(r io.Reader) archive { return newOld(r, odcHeader, 1) }},
	{"newc", "070701", func(r io.Reader) archive { return newSVR4(r, false) }},
	{"crc", "070702", func(r io.Reader) archive { return newSVR4(r, true) }},
}

// detect gives the format of what begins with head, or nil if that is none. The
// two bytes of a binary archive may begin anything, so its first header has to
// be followed by a name as well.
func detect(head []byte) *format {
	for i, f := range formats {
		if !bytes.HasPrefix(head, []byte(f.magic)) {
			continue
		}
		if len(f.magic) == 2 && !named(head, f) {
			return nil
		}
		return &formats[i]
	}
	return nil
}

func named(head []byte, f format) bool {
	_, err := f.open(bytes.NewReader(head)).next()
	return err == nil || errors.Is(err, io.EOF)
}

// An old archive is binary or odc, whose headers say the same.
type old struct {
	r      io.Reader
	header headerReader
	align  int64 // name and content are padded to a multiple of it
	left   int64 // of the present member's content
	pad    int64 // behind it
}

// A headerReader reads what comes before a name.
type headerReader func(io.Reader) (m member, nameSize int64, err error)

func newOld(r io.Reader, h headerReader, align int64) *old {
	return &old{r: r, header: h, align: align}
}

func (a *old) next() (member, error) {
	if err := a.skip(a.left + a.pad); err != nil {
		return member{}, err
	}
	m, nameSize, err := a.header(a.r)
	if err != nil {
		return member{}, unexpected(err)
	}
	if nameSize < 1 || nameSize > maxName {
		return member{}, fmt.Errorf("%w: a name of %d bytes", errHeader, nameSize)
	}
	name := make([]byte, nameSize)
	if _, err := io.ReadFull(a.r, name); err != nil {
		return member{}, unexpected(err)
	}
	if bytes.IndexByte(name, 0) != len(name)-1 {
		return member{}, fmt.Errorf("%w: the name does not end where it has to", errHeader)
	}
	m.name = string(name[:nameSize-1])
	if m.name == trailer {
		return member{}, io.EOF
	}
	a.left, a.pad = m.size, -m.size&(a.align-1)
	return m, a.skip(-nameSize & (a.align - 1))
}

func (a *old) skip(n int64) error {
	if n == 0 {
		return nil
	}
	_, err := io.CopyN(io.Discard, a.r, n)
	return unexpected(err)
}

func (a *old) Read(p []byte) (int, error) {
	if a.left == 0 {
		return 0, io.EOF
	}
	n, err := a.r.Read(p[:min(int64(len(p)), a.left)])
	a.left -= int64(n)
	return n, unexpected(err)
}

// unexpected makes an end that comes before the trailer an error.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// binaryHeader reads the 13 words of 16 bits of a binary header in the given
// byte order; a long has its more significant word first in either one.
func binaryHeader(order binary.ByteOrder) headerReader {
	return func(r io.Reader) (member, int64, error) {
		var w [13]uint16 // magic dev ino mode uid gid nlink rdev mtime[2] namesize filesize[2]
		if err := binary.Read(r, order, &w); err != nil {
			return member{}, 0, err
		}
		if w[0] != 0o070707 {
			return member{}, 0, errHeader
		}
		return member{
			inode: uint64(w[2]), mode: uint32(w[3]), links: uint64(w[6]),
			size: int64(w[11])<<16 | int64(w[12]),
		}, int64(w[10]), nil
	}
}

// odcFields are the widths of the octal fields of an odc header.
var odcFields = []int{6, 6, 6, 6, 6, 6, 6, 6, 11, 6, 11}

// odcHeader reads the octal digits of an odc header.
func odcHeader(r io.Reader) (member, int64, error) {
	var text [76]byte
	if _, err := io.ReadFull(r, text[:]); err != nil {
		return member{}, 0, err
	}
	var n [11]uint64 // magic dev ino mode uid gid nlink rdev mtime namesize filesize
	at := 0
	for i, width := range odcFields {
		v, err := strconv.ParseUint(string(text[at:at+width]), 8, 64)
		if err != nil {
			return member{}, 0, errHeader
		}
		n[i], at = v, at+width
	}
	if n[0] != 0o070707 {
		return member{}, 0, errHeader
	}
	return member{inode: n[2], mode: uint32(n[3]), links: n[6], size: int64(n[10])}, int64(n[9]), nil
}

// An svr4 archive is newc or crc.
type svr4 struct {
	*cpio.Reader
	source *source
	crc    bool
}

func newSVR4(r io.Reader, crc bool) *svr4 {
	s := &source{r: r}
	return &svr4{cpio.NewReader(s), s, crc}
}

func (a *svr4) next() (member, error) {
	h, err := a.Next()
	switch {
	case a.source.err != nil:
		return member{}, unexpected(a.source.err) // cpio.Reader takes a missing trailer for the end
	case errors.Is(err, cpio.ErrHeader):
		return member{}, errHeader
	case err != nil:
		return member{}, err
	case h.Size < 0 || h.Inode < 0 || h.Links < 0: // it reads "-0000001" as a number
		return member{}, errHeader
	}
	return member{
		name: h.Name, mode: uint32(h.Mode), inode: uint64(h.Inode), links: uint64(h.Links),
		size: h.Size, sum: h.Checksum, summed: a.crc, shared: true,
	}, nil
}

// A source remembers how reading from r ended.
type source struct {
	r   io.Reader
	err error
}

func (s *source) Read(p []byte) (int, error) {
	n, err := s.r.Read(p)
	if err != nil && s.err == nil {
		s.err = err
	}
	return n, err
}
