// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package volume

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// An entry is a member to write; what is zero is that of an ordinary file.
type entry struct {
	name, data   string
	mode         uint32
	inode, links int
	sum          *uint32 // another checksum than the right one
	size         *int64  // another size than that of data
	nameSize     int     // another one than that of name
}

func file(name, data string) entry { return entry{name: name, data: data} }

// write packs entries in one of the formats, by the layouts of archives.h and
// cpio(5), with a trailer and zeros up to a block of 512 bytes.
func write(format string, entries ...entry) []byte {
	b := unended(format, append(entries, entry{name: trailer, inode: -1})...)
	return append(b, make([]byte, -len(b)&511)...)
}

// unended is write without trailer and padding.
func unended(format string, entries ...entry) []byte {
	var b bytes.Buffer
	for i, e := range entries {
		if e.mode == 0 && e.name != trailer {
			e.mode = 0o100644
		}
		if e.inode == 0 {
			e.inode = i + 1
		}
		e.links = max(e.links, 1)
		if e.size == nil {
			e.size = new(int64(len(e.data)))
		}
		if e.nameSize == 0 {
			e.nameSize = len(e.name) + 1
		}
		switch format {
		case "binary":
			e.binary(&b, binary.LittleEndian)
		case "binary, big-endian":
			e.binary(&b, binary.BigEndian)
		case "odc":
			e.odc(&b)
		case "newc":
			e.svr4(&b, "070701", 0)
		case "crc":
			var sum uint32
			for _, c := range []byte(e.data) {
				sum += uint32(c)
			}
			if e.sum != nil {
				sum = *e.sum
			}
			e.svr4(&b, "070702", sum)
		default:
			panic(format)
		}
	}
	return b.Bytes()
}

func (e entry) binary(b *bytes.Buffer, order binary.ByteOrder) {
	words := []uint16{0o070707, 1, uint16(e.inode), uint16(e.mode), 0, 0, uint16(e.links), 0, 0x6553, 0xf100,
		uint16(e.nameSize), uint16(*e.size >> 16), uint16(*e.size)}
	binary.Write(b, order, words)
	b.WriteString(e.name + "\x00")
	b.Write(make([]byte, b.Len()&1))
	b.WriteString(e.data)
	b.Write(make([]byte, b.Len()&1))
}

func (e entry) odc(b *bytes.Buffer) {
	fmt.Fprintf(b, "070707%06o%06o%06o%06o%06o%06o%06o%011o%06o%011o%s\x00%s", 1, e.inode&0o777777, e.mode, 0, 0,
		e.links, 0, 0x6553f100, e.nameSize, *e.size, e.name, e.data)
}

func (e entry) svr4(b *bytes.Buffer, magic string, sum uint32) {
	fmt.Fprintf(b, "%s%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%s\x00", magic, uint32(e.inode), e.mode, 0, 0,
		e.links, 0x6553f100, *e.size, 0, 1, 0, 0, e.nameSize, sum, e.name)
	b.Write(make([]byte, -b.Len()&3))
	b.WriteString(e.data)
	b.Write(make([]byte, -b.Len()&3))
}

// forms are the names of all formats.
var forms = []string{"binary", "binary, big-endian", "odc", "newc", "crc"}
