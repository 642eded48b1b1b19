// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simguest

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"os"
	"strings"

	"illumos-metadata/common/simguest/world"
)

// SMBIOS are the strings of a machine's table; an empty Manufacturer means
// that the machine exports none.
type SMBIOS struct {
	BIOSVendor   string `json:"bios_vendor,omitempty"`
	Manufacturer string `json:"manufacturer,omitempty"`
	Product      string `json:"product,omitempty"`
	Version      string `json:"version,omitempty"`
	Serial       string `json:"serial,omitempty"`
	UUID         string `json:"uuid,omitempty"` // as smbios(8) prints it
	SKU          string `json:"sku,omitempty"`
	Family       string `json:"family,omitempty"`
	AssetTag     string `json:"asset_tag,omitempty"` // of the chassis
}

// QEMU is a libvirt machine with the given UUID.
func QEMU(uuid string) SMBIOS {
	return SMBIOS{
		BIOSVendor: "SeaBIOS", Manufacturer: "QEMU", Product: "Standard PC (Q35 + ICH9, 2009)",
		Version: "pc-q35-8.2", UUID: uuid,
	}
}

// Table gives what /dev/smbios reads as: a 3.0 entry point, and the structures
// at offset 32 (illumos usr/src/uts/common/io/smbios.c; DMTF DSP0134).
func (s SMBIOS) Table() ([]byte, error) {
	id, err := hex.DecodeString(strings.ReplaceAll(s.UUID, "-", ""))
	if err != nil || len(id) != 16 && len(id) != 0 {
		return nil, fmt.Errorf("uuid %q: 32 hexadecimal digits expected", s.UUID)
	}
	id = append(id, make([]byte, 16-len(id))...)

	system := append([]byte{1, 2, 3, 4}, id...)
	system = append(system, 6, 5, 6) // wake-up: power switch
	var t []byte
	t = structure(t, 0, []byte{1, 2, 0, 0, 3, 0}, s.BIOSVendor, "1.16.3", "04/01/2014")
	t = structure(t, 1, system, s.Manufacturer, s.Product, s.Version, s.Serial, s.SKU, s.Family)
	t = structure(t, 3, []byte{1, 1, 2, 3, 4}, s.Manufacturer, "", "", s.AssetTag)
	t = structure(t, 127, nil)

	entry := make([]byte, 32)
	copy(entry, "_SM3_")
	entry[6], entry[7], entry[8], entry[10] = 24, 3, 0, 1
	binary.LittleEndian.PutUint32(entry[12:], uint32(len(t)))
	binary.LittleEndian.PutUint64(entry[16:], uint64(len(entry)))
	sum := byte(0)
	for _, b := range entry[:24] {
		sum += b
	}
	entry[5] = -sum // the checksum: all bytes add up to zero
	return append(entry, t...), nil
}

// machineIs says whether the guest's SMBIOS has this string.
func machineIs(w *world.World, product string) bool {
	table, err := os.ReadFile(w.Path("/dev/smbios"))
	return err == nil && bytes.Contains(table, []byte("\x00"+product+"\x00"))
}

// structure appends one structure: formatted area with string numbers, then
// the strings. An empty string has the number 0, so later ones move up.
func structure(table []byte, kind byte, body []byte, strs ...string) []byte {
	var tail []byte
	number, next := map[byte]byte{}, byte(1)
	for i, s := range strs {
		if s != "" {
			number[byte(i+1)] = next
			next++
			tail = append(append(tail, s...), 0)
		}
	}
	for _, at := range stringFields[kind] {
		body[at] = number[body[at]]
	}
	table = append(table, kind, byte(4+len(body)), 0, kind) // handle: unique enough
	table = append(append(table, body...), tail...)
	if len(tail) == 0 {
		table = append(table, 0)
	}
	return append(table, 0)
}

// stringFields are the offsets in the body (after the 4-byte header) that hold
// string numbers.
var stringFields = map[byte][]int{0: {0, 1, 4}, 1: {0, 1, 2, 3, 21, 22}, 3: {0, 2, 3, 4}}
