// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simdisk

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
)

// What libefi's functions return (sys/vtoc.h).
var (
	errVTError   = errors.New("VT_ERROR")
	errVTIO      = errors.New("VT_EIO")
	errVTInvalid = errors.New("VT_EINVAL")
	errVTNoSpace = errors.New("VT_ENOSPC")
)

const (
	efiArray    = 16384 // EFI_MIN_ARRAY_SIZE: bytes of the entry array, at least
	efiEntry    = 128   // bytes of an entry
	efiHeader   = 92    // EFI_HEADER_SIZE
	efiReserved = 8 * mib
	efiMost     = 4096 // entries; more are taken for damage

	mbrParts   = 446
	mbrMagic   = 510
	mbrPMBR    = 0xee // EFI_PMBR
	mbrSolaris = 0xbf // SUNIXOS2
)

// A partition is one entry of a label, in sectors. Of an entry whose type is
// unknown only the type is kept (efi_read), and that one cannot be written.
type partition struct {
	kind, unique guid
	tag, flag    uint16
	start, size  uint64
	name         string
}

// An efiLabel is struct dk_gpt.
type efiLabel struct {
	disk           guid
	sector         uint64
	first, last    uint64 // usable
	altern, lastLB uint64 // the other header; last block of the disk
	parts          []partition
}

// efiBlocks is how many blocks the header and the entry array take.
func efiBlocks(parts int, sector uint64) uint64 {
	return 1 + (max(uint64(parts)*efiEntry, efiArray)+sector-1)/sector
}

// newEFI is efi_alloc_and_init: an empty label for a disk of that many sectors.
func newEFI(capacity, sector uint64, parts int) *efiLabel {
	n := efiBlocks(parts, sector)
	return &efiLabel{
		disk: newGUID(), sector: sector, first: n + 1, last: capacity - 1 - n,
		altern: capacity - 1, lastLB: capacity - 1, parts: make([]partition, parts),
	}
}

// reserved is efi_reserved_sectors.
func (l *efiLabel) reserved() uint64 { return (efiReserved + l.sector - 1) / l.sector }

// readEFI is efi_alloc_and_read.
func readEFI(m *medium) (*efiLabel, error) {
	if m.capacity < 2*(1+efiBlocks(1, m.sector)) {
		return nil, errVTInvalid
	}
	mbr, err := m.read(0, 1)
	if err != nil {
		return nil, errVTError
	}
	if !hasMBR(mbr, mbrPMBR) {
		return nil, errVTInvalid
	}
	h, err := m.efiHeader(1)
	if errors.Is(err, errVTInvalid) {
		// At the end of the disk, or one block before it, where systems wrote
		// it that could not see the last one.
		if h, err = m.efiHeader(m.capacity - 2); errors.Is(err, errVTInvalid) {
			h, err = m.efiHeader(m.capacity - 1)
		}
	}
	if err != nil {
		return nil, err
	}
	le := binary.LittleEndian
	l := &efiLabel{
		disk: guid(h[56:72]), sector: m.sector, first: le.Uint64(h[40:]), last: le.Uint64(h[48:]),
		altern: le.Uint64(h[32:]), lastLB: m.capacity - 1,
	}
	count := le.Uint32(h[80:])
	if count > efiMost {
		return nil, errVTError
	}
	entries, err := m.read(le.Uint64(h[72:]), (uint64(count)*efiEntry+m.sector-1)/m.sector)
	if err != nil {
		return nil, errVTIO
	}
	for i := range int(count) {
		l.parts = append(l.parts, readEntry(entries[i*efiEntry:]))
	}
	return l, nil
}

// hasMBR says whether a boot record has a partition of that type.
func hasMBR(b []byte, kind byte) bool {
	if b[mbrMagic] != 0x55 || b[mbrMagic+1] != 0xaa {
		return false
	}
	for i := range 4 {
		if b[mbrParts+16*i+4] == kind {
			return true
		}
	}
	return false
}

// efiHeader is check_label: it reads a header and checks magic and checksum.
func (m *medium) efiHeader(lba uint64) ([]byte, error) {
	h, err := m.read(lba, 1)
	if err != nil {
		return nil, errVTIO
	}
	size := binary.LittleEndian.Uint32(h[12:])
	if string(h[:8]) != "EFI PART" || size < efiHeader || uint64(size) > m.sector {
		return nil, errVTInvalid
	}
	if headerSum(h[:size]) != binary.LittleEndian.Uint32(h[16:]) {
		return nil, errVTInvalid
	}
	return h, nil
}

// headerSum is the checksum of a header, its own field counted as zero.
func headerSum(h []byte) uint32 {
	h = bytes.Clone(h)
	clear(h[16:20])
	return crc32.ChecksumIEEE(h)
}

func readEntry(b []byte) partition {
	le := binary.LittleEndian
	p := partition{kind: guid(b[0:16])}
	if p.tag = tagOf(p.kind); p.tag == tagUnassigned {
		return p
	}
	p.unique, p.flag = guid(b[16:32]), le.Uint16(b[48:])
	p.start = le.Uint64(b[32:])
	p.size = le.Uint64(b[40:]) - p.start + 1
	var name []byte
	for at := 56; at < efiEntry && b[at] != 0; at += 2 {
		name = append(name, b[at]) // libefi keeps the low byte only
	}
	p.name = string(name)
	return p
}

// check is check_input: what may be written.
func (l *efiLabel) check() error {
	reserved := 0
	for i := range l.parts {
		p := &l.parts[i]
		if p.tag == tagUnassigned {
			if p.size != 0 {
				return errVTInvalid
			}
			if p.kind == (guid{}) {
				continue
			}
			p.tag = tagUnknown
		}
		if p.tag == tagReserved {
			reserved++
		}
		end := p.start + p.size
		if reserved > 1 || p.start < l.first || p.start > l.last || end < l.first || end > l.last+1 {
			return errVTInvalid
		}
		for j, q := range l.parts {
			if i != j && p.size != 0 && q.size != 0 && q.start <= p.start && p.start <= q.start+q.size-1 {
				return errVTInvalid
			}
		}
	}
	return nil
}

// write is efi_write: both copies of the label, and the protective MBR. Only a
// failure to write the first copy counts.
func (l *efiLabel) write(m *medium) error {
	if err := l.check(); err != nil {
		return err
	}
	blocks := efiBlocks(len(l.parts), l.sector) - 1
	array := make([]byte, blocks*l.sector)
	for i := range l.parts {
		p := &l.parts[i]
		kind, ok := typeOf(p.tag)
		if !ok {
			return errVTInvalid
		}
		p.kind = kind
		if p.tag != tagUnassigned && p.unique == (guid{}) {
			p.unique = newGUID()
		}
		writeEntry(array[i*efiEntry:], *p)
	}
	backup := l.last + 1 + blocks
	sum := crc32.ChecksumIEEE(array[:len(l.parts)*efiEntry])
	if err := m.write(1, append(l.header(1, backup, 2, sum), array...)); err != nil {
		return errVTIO
	}
	_ = m.write(l.last+1, array)
	_ = m.write(backup, l.header(backup, 1, l.last+1, sum))
	l.altern = backup
	l.writePMBR(m)
	return nil
}

func writeEntry(b []byte, p partition) {
	le := binary.LittleEndian
	copy(b, p.kind[:])
	copy(b[16:], p.unique[:])
	le.PutUint64(b[32:], p.start)
	le.PutUint64(b[40:], p.start+p.size-1) // of an unused entry -1, as there
	le.PutUint16(b[48:], p.flag)
	for i, c := range []byte(p.name) {
		if at := 56 + 2*i; at < efiEntry {
			b[at] = c
		}
	}
}

// header gives the block with the header that is at lba.
func (l *efiLabel) header(lba, other, entries uint64, sum uint32) []byte {
	le := binary.LittleEndian
	h := make([]byte, l.sector)
	copy(h, "EFI PART")
	le.PutUint32(h[8:], 0x00010000)
	le.PutUint32(h[12:], efiHeader)
	le.PutUint64(h[24:], lba)
	le.PutUint64(h[32:], other)
	le.PutUint64(h[40:], l.first)
	le.PutUint64(h[48:], l.last)
	copy(h[56:], l.disk[:])
	le.PutUint64(h[72:], entries)
	le.PutUint32(h[80:], uint32(len(l.parts)))
	le.PutUint32(h[84:], efiEntry)
	le.PutUint32(h[88:], sum)
	le.PutUint32(h[16:], headerSum(h[:efiHeader]))
	return h
}

// writePMBR is write_pmbr; boot code that is there stays.
func (l *efiLabel) writePMBR(m *medium) {
	b, err := m.read(0, 1)
	if err != nil {
		return
	}
	if b[mbrMagic] != 0x55 || b[mbrMagic+1] != 0xaa {
		clear(b[:512])
		b[mbrMagic], b[mbrMagic+1] = 0x55, 0xaa
	}
	clear(b[mbrParts:mbrMagic])
	copy(b[mbrParts:], []byte{0, 0, 2, 0, mbrPMBR, 0xff, 0xff, 0xff, 1, 0, 0, 0})
	binary.LittleEndian.PutUint32(b[mbrParts+12:], uint32(min(l.lastLB, 0xffffffff)))
	_ = m.write(0, b)
}
