// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package illumos

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"

	"illumos-metadata/common/guest"
)

const smbiosDevice = "/dev/smbios"

// SMBIOS are the strings by which a machine names itself, without blanks around
// them. What a machine leaves out is empty.
type SMBIOS struct {
	BIOSVendor                             string
	Manufacturer, Product, Version, Serial string // of the system
	// UUID is as smbios(8) prints it, in lower case; empty where the machine
	// has none or one that other machines have too.
	UUID            string
	SKU, Family     string
	ChassisAssetTag string
	ChassisSerial   string
	OEMStrings      []string
}

// ReadSMBIOS reads the machine's table from smbios(4D), without a process. A
// machine without one (no node, or ENXIO from it) gives the zero value.
// /etc/smbios_product, by which an administrator renames the product for
// smbios(8), is left aside: the question here is what the hypervisor says.
func ReadSMBIOS(g *guest.Guest) (SMBIOS, error) {
	file, err := g.ReadFile(smbiosDevice, 1<<20)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENXIO) {
		return SMBIOS{}, nil
	}
	if err != nil {
		return SMBIOS{}, fmt.Errorf("read SMBIOS: %w", err)
	}
	s, err := parseSMBIOS(file)
	if err != nil {
		return SMBIOS{}, fmt.Errorf("%s: %w", smbiosDevice, err)
	}
	return s, nil
}

// An anchor is one of the two kinds of entry point (DMTF DSP0134, 5.2).
type anchor struct {
	text   string
	length int // offset of its own length, which is a byte
	least  int // smallest length
	table  func(entry []byte) (offset, size uint64)
}

// anchors: smbios(4D) makes the entry point anew, so that the address of the
// table is its offset in the device (uts/common/io/smbios.c).
var anchors = []anchor{
	{"_SM_", 5, 30, func(e []byte) (offset, size uint64) {
		return uint64(binary.LittleEndian.Uint32(e[24:])), uint64(binary.LittleEndian.Uint16(e[22:]))
	}},
	{"_SM3_", 6, 24, func(e []byte) (offset, size uint64) {
		return binary.LittleEndian.Uint64(e[16:]), uint64(binary.LittleEndian.Uint32(e[12:]))
	}},
}

func parseSMBIOS(file []byte) (SMBIOS, error) {
	for _, a := range anchors {
		if !bytes.HasPrefix(file, []byte(a.text)) {
			continue
		}
		if len(file) <= a.length || int(file[a.length]) < a.least || int(file[a.length]) > len(file) {
			return SMBIOS{}, errors.New("the entry point is cut off")
		}
		entry := file[:file[a.length]]
		sum := byte(0)
		for _, b := range entry {
			sum += b
		}
		if sum != 0 {
			return SMBIOS{}, errors.New("the checksum of the entry point is wrong")
		}
		offset, size := a.table(entry)
		if offset > uint64(len(file)) {
			return SMBIOS{}, fmt.Errorf("the table is at %d, beyond the end", offset)
		}
		table := file[offset:]
		return parseTable(table[:min(size, uint64(len(table)))]) // a 3.0 entry point says no more than a maximum
	}
	return SMBIOS{}, errors.New("no entry point")
}

// parseTable walks the structures: type, length, handle and data, and then
// strings that a zero byte ends, with one more after the last. Type 127 ends
// the table.
func parseTable(table []byte) (SMBIOS, error) {
	var s SMBIOS
	seen := map[byte]bool{}
	for at := 0; at < len(table); {
		t := structure{body: table[at:]}
		if len(t.body) < 4 || t.body[1] < 4 || len(t.body) < int(t.body[1]) {
			return SMBIOS{}, fmt.Errorf("the structure at %d is cut off", at)
		}
		size := int(t.body[1])
		end := bytes.Index(t.body[size:], []byte{0, 0})
		if end < 0 {
			return SMBIOS{}, fmt.Errorf("the strings of the structure at %d have no end", at)
		}
		t.strings = bytes.Split(t.body[size:size+end], []byte{0})
		t.body = t.body[:size]
		at += size + end + 2

		kind := t.body[0]
		if kind == 127 {
			break
		}
		if !seen[kind] { // the first of a kind is the machine's own
			s.read(kind, t)
		}
		seen[kind] = true
	}
	return s, nil
}

// read takes over what one structure says (DSP0134, 7.1, 7.2, 7.4, 7.12).
func (s *SMBIOS) read(kind byte, t structure) {
	switch kind {
	case 0:
		s.BIOSVendor = t.string(4)
	case 1:
		s.Manufacturer, s.Product, s.Version, s.Serial = t.string(4), t.string(5), t.string(6), t.string(7)
		s.SKU, s.Family = t.string(25), t.string(26)
		if len(t.body) >= 24 {
			s.UUID = uuidText([16]byte(t.body[8:24]))
		}
	case 3:
		s.ChassisSerial, s.ChassisAssetTag = t.string(7), t.string(8)
	case 11:
		for i := 0; len(t.body) > 4 && i < min(int(t.body[4]), len(t.strings)); i++ {
			s.OEMStrings = append(s.OEMStrings, clean(t.strings[i]))
		}
	}
}

// A structure is one of the table's, in its two parts.
type structure struct {
	body    []byte
	strings [][]byte
}

// string gives the string whose number is at an offset of the body; number 0
// is none.
func (t structure) string(offset int) string {
	if offset >= len(t.body) || t.body[offset] == 0 || int(t.body[offset]) > len(t.strings) {
		return ""
	}
	return clean(t.strings[t.body[offset]-1])
}

// clean drops blanks around a string, and replaces what is no ASCII text:
// others print it and compare it.
func clean(text []byte) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, strings.TrimSpace(string(text)))
}

// constants are UUIDs that makers of boards have left in many machines, as
// either byte order shows them.
var constants = []string{
	"03000200-0400-0500-0006-000700080009",
	"12345678-1234-5678-90ab-cddeefaabbcc",
}

// uuidText gives a UUID as smbios(8) prints it: the bytes in the order in which
// they are stored. One of equal bytes (all zero: there is none; all ones: none
// yet) and the constant ones of boards are no identity.
func uuidText(id [16]byte) string {
	if bytes.Count(id[:], id[:1]) == len(id) {
		return ""
	}
	x := hex.EncodeToString(id[:])
	text := strings.Join([]string{x[:8], x[8:12], x[12:16], x[16:20], x[20:]}, "-")
	for _, c := range constants {
		if text == c || text == SwapUUID(c) {
			return ""
		}
	}
	return text
}

// SwapUUID gives a UUID with its first three groups in the other byte order:
// since SMBIOS 2.6 they are stored with the lowest byte first, which smbios(8)
// does not mind. What is no UUID stays as it is.
func SwapUUID(uuid string) string {
	if len(uuid) != 36 || uuid[8] != '-' || uuid[13] != '-' || uuid[18] != '-' || uuid[23] != '-' {
		return uuid
	}
	b, err := hex.DecodeString(strings.ReplaceAll(uuid, "-", ""))
	if err != nil || len(b) != 16 {
		return uuid
	}
	pair := func(at int) string { return uuid[at : at+2] }
	return pair(6) + pair(4) + pair(2) + pair(0) + "-" + pair(11) + pair(9) + "-" + pair(16) + pair(14) + uuid[18:]
}
