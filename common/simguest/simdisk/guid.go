// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simdisk

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"strings"
)

// A guid is a GUID in the byte order of a label: the first three fields
// little-endian.
type guid [16]byte

// parseGUID reads the usual form of a GUID; it is for the table below only.
func parseGUID(text string) guid {
	var g guid
	b, err := hex.DecodeString(strings.ReplaceAll(text, "-", ""))
	if err != nil || len(b) != len(g) {
		return g
	}
	binary.LittleEndian.PutUint32(g[0:], binary.BigEndian.Uint32(b[0:]))
	binary.LittleEndian.PutUint16(g[4:], binary.BigEndian.Uint16(b[4:]))
	binary.LittleEndian.PutUint16(g[6:], binary.BigEndian.Uint16(b[6:]))
	copy(g[8:], b[8:])
	return g
}

func newGUID() guid {
	var g guid
	rand.Read(g[:])
	g[7], g[8] = g[7]&0x0f|0x40, g[8]&0x3f|0x80
	return g
}

// Partition tags (sys/vtoc.h).
const (
	tagUnassigned = 0
	tagBoot       = 1
	tagRoot       = 2
	tagUsr        = 4 // also ZFS
	tagBackup     = 5
	tagReserved   = 11
	tagSystem     = 12   // EFI system
	tagUnknown    = 0xff // what check_input makes of a type that it does not know
)

// typeGUIDs are the partition types that libefi knows, in the order of its
// conversion_array (rdwr_efi.c; values from sys/efi_partition.h). The first
// match counts: Apple's ZFS is the same GUID as V_USR.
var typeGUIDs = []struct {
	tag  uint16
	guid guid
}{
	{tagUnassigned, guid{}},
	{tagBoot, parseGUID("6a82cb45-1dd2-11b2-99a6-080020736631")},
	{tagRoot, parseGUID("6a85cf4d-1dd2-11b2-99a6-080020736631")},
	{3, parseGUID("6a87c46f-1dd2-11b2-99a6-080020736631")},
	{tagUsr, parseGUID("6a898cc3-1dd2-11b2-99a6-080020736631")},
	{tagBackup, parseGUID("6a8b642b-1dd2-11b2-99a6-080020736631")},
	{7, parseGUID("6a8ef2e9-1dd2-11b2-99a6-080020736631")},
	{8, parseGUID("6a90ba39-1dd2-11b2-99a6-080020736631")},
	{9, parseGUID("6a9283a5-1dd2-11b2-99a6-080020736631")},
	{tagReserved, parseGUID("6a945a3b-1dd2-11b2-99a6-080020736631")},
	{tagSystem, parseGUID("c12a7328-f81f-11d2-ba4b-00a0c93ec93b")},
	{0x10, parseGUID("024dee41-33e7-11d3-9d69-0008c781f39f")},
	{0x11, parseGUID("6a9630d1-1dd2-11b2-99a6-080020736631")},
	{0x12, parseGUID("6a980767-1dd2-11b2-99a6-080020736631")},
	{0x13, parseGUID("e3c9e316-0b5c-4db8-817d-f92df00215ae")},
	{0x14, parseGUID("ebd0a0a2-b9e5-4433-87c0-68b6b72699c7")},
	{0x15, parseGUID("a19d880f-05fc-4d3b-a006-743f0f84911e")},
	{0x16, parseGUID("0657fd6d-a4ab-43c4-84e5-0933c84b4f4f")},
	{0x17, parseGUID("e6d6d379-f507-44c2-a23c-238f2a3df928")},
	{0x19, parseGUID("8da63339-0007-60c0-c436-083ac8230908")},
	{0x1a, parseGUID("48465300-0000-11aa-aa11-00306543ecac")},
	{0x1b, parseGUID("55465300-0000-11aa-aa11-00306543ecac")},
	{0x1c, parseGUID("6a898cc3-1dd2-11b2-99a6-080020736631")},
	{0x1d, parseGUID("7c3457ef-0000-11aa-aa11-00306543ecac")},
	{0x18, parseGUID("21686148-6449-6e6f-744e-656564454649")},
	{0x900, parseGUID("83bd6b9d-7f41-11dc-be0b-001560b84f0f")},
	{0x901, parseGUID("516e7cb5-6ecf-11d6-8ff8-00022d09712b")},
	{0x902, parseGUID("516e7cb6-6ecf-11d6-8ff8-00022d09712b")},
	{0x903, parseGUID("516e7cb8-6ecf-11d6-8ff8-00022d09712b")},
	{0x904, parseGUID("516e7cba-6ecf-11d6-8ff8-00022d09712b")},
	{0x905, parseGUID("74ba7dd9-a689-11e1-bd04-00e081286acf")},
}

// tagOf gives the tag of a partition type, or tagUnassigned for one that
// libefi does not know.
func tagOf(g guid) uint16 {
	for _, t := range typeGUIDs {
		if t.guid == g {
			return t.tag
		}
	}
	return tagUnassigned
}

// typeOf gives the partition type of a tag.
func typeOf(tag uint16) (guid, bool) {
	for _, t := range typeGUIDs {
		if t.tag == tag {
			return t.guid, true
		}
	}
	return guid{}, false
}
