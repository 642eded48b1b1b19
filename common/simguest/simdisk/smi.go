// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simdisk

import "encoding/binary"

// Offsets in struct dk_label of x86, 16 slices (sys/dklabel.h), which is in the
// second sector of the Solaris fdisk partition.
const (
	smiSanity  = 12 // VTOC_SANE
	smiVersion = 16
	smiSector  = 28
	smiCount   = 30
	smiParts   = 72 // tag, flag: u16; start, size: i32; 12 bytes each
	smiPcyl    = smiParts + 16*12 + 16*4 + 128
	smiMagic   = 508
	smiSum     = 510

	smiHeads = 255
	smiSects = 63
	cylinder = smiHeads * smiSects
)

type slice struct {
	tag, flag   uint16
	start, size int64
}

// An smiLabel is a VTOC with its geometry; sectors count from the start of the
// Solaris fdisk partition.
type smiLabel struct {
	offset     uint64 // of that partition on the disk
	pcyl, ncyl uint64
	parts      [16]slice
}

// newSMI gives the label that an installer makes: the Solaris partition from the
// second cylinder on, its first cylinder for booting, the rest for root.
func newSMI(capacity uint64) *smiLabel {
	l := &smiLabel{offset: cylinder, pcyl: capacity/cylinder - 1}
	l.ncyl = l.pcyl - 2 // alternates
	l.parts[0] = slice{tagRoot, 0, cylinder, int64(l.ncyl-1) * cylinder}
	l.parts[2] = slice{tagBackup, 1, 0, int64(l.ncyl) * cylinder}
	l.parts[8] = slice{tagBoot, 1, 0, cylinder}
	return l
}

// readSMI reads the label, as the driver does: errVTInvalid if there is none.
func readSMI(m *medium) (*smiLabel, error) {
	mbr, err := m.read(0, 1)
	if err != nil || m.sector != 512 || !hasMBR(mbr, mbrSolaris) {
		return nil, errVTInvalid
	}
	le := binary.LittleEndian
	l := &smiLabel{}
	for i := range 4 {
		if at := mbrParts + 16*i; mbr[at+4] == mbrSolaris {
			l.offset = uint64(le.Uint32(mbr[at+8:]))
		}
	}
	b, err := m.read(l.offset+1, 1)
	if err != nil || le.Uint16(b[smiMagic:]) != 0xdabe || smiChecksum(b) != 0 {
		return nil, errVTInvalid
	}
	l.pcyl, l.ncyl = uint64(le.Uint32(b[smiPcyl:])), uint64(le.Uint32(b[smiPcyl+4:]))
	for i := range l.parts {
		p := b[smiParts+12*i:]
		l.parts[i] = slice{le.Uint16(p), le.Uint16(p[2:]), int64(int32(le.Uint32(p[4:]))), int64(int32(le.Uint32(p[8:])))}
	}
	return l, nil
}

// smiChecksum is the exclusive or of all 16-bit words; 0 for a good label.
func smiChecksum(b []byte) (sum uint16) {
	for i := 0; i < 512; i += 2 {
		sum ^= binary.LittleEndian.Uint16(b[i:])
	}
	return sum
}

// write puts the label into its place, and an MBR if the disk has none.
func (l *smiLabel) write(m *medium) error {
	le := binary.LittleEndian
	b := make([]byte, 512)
	le.PutUint32(b[smiSanity:], 0x600ddeee)
	le.PutUint32(b[smiVersion:], 1)
	le.PutUint16(b[smiSector:], 512)
	le.PutUint16(b[smiCount:], 16)
	for i, p := range l.parts {
		at := b[smiParts+12*i:]
		le.PutUint16(at, p.tag)
		le.PutUint16(at[2:], p.flag)
		le.PutUint32(at[4:], uint32(p.start))
		le.PutUint32(at[8:], uint32(p.size))
	}
	le.PutUint32(b[smiPcyl:], uint32(l.pcyl))
	le.PutUint32(b[smiPcyl+4:], uint32(l.ncyl))
	le.PutUint32(b[smiPcyl+12:], smiHeads)
	le.PutUint32(b[smiPcyl+16:], smiSects)
	le.PutUint16(b[smiMagic:], 0xdabe)
	le.PutUint16(b[smiSum:], smiChecksum(b))
	if err := m.write(l.offset+1, b); err != nil {
		return err
	}
	mbr, err := m.read(0, 1)
	if err != nil || hasMBR(mbr, mbrSolaris) {
		return err
	}
	mbr[mbrParts], mbr[mbrParts+4] = 0x80, mbrSolaris
	le.PutUint32(mbr[mbrParts+8:], uint32(l.offset))
	le.PutUint32(mbr[mbrParts+12:], uint32(l.pcyl*cylinder))
	mbr[mbrMagic], mbr[mbrMagic+1] = 0x55, 0xaa
	return m.write(0, mbr)
}
