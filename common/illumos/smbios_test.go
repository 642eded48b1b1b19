// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package illumos

import (
	"encoding/binary"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"illumos-metadata/common/guest"
)

// withEntry puts an entry point of the 2.1 or 3.0 kind before a table, as
// smbios(4D) does: the table is at 32.
func withEntry(version int, table []byte) []byte {
	e := make([]byte, 32)
	size, sum := 31, 4
	switch version {
	case 2:
		copy(e, "_SM_")
		e[5], e[6], e[7] = byte(size), 2, 8
		copy(e[16:], "_DMI_")
		binary.LittleEndian.PutUint16(e[22:], uint16(len(table)))
		binary.LittleEndian.PutUint32(e[24:], 32)
	case 3:
		size, sum = 24, 5
		copy(e, "_SM3_")
		e[6], e[7] = byte(size), 3
		binary.LittleEndian.PutUint32(e[12:], uint32(len(table)))
		binary.LittleEndian.PutUint64(e[16:], 32)
	}
	total := byte(0)
	for _, b := range e[:size] {
		total += b
	}
	e[sum] -= total
	return append(e, table...)
}

// structureOf is one structure: type, body after the header, strings.
func structureOf(kind byte, body string, strs ...string) string {
	text := string([]byte{kind, byte(4 + len(body)), 0, 0}) + body
	for _, s := range strs {
		text += s + "\x00"
	}
	if len(strs) == 0 {
		text += "\x00"
	}
	return text + "\x00"
}

const storedUUID = "\x1f\x7e\x3d\x5c\xaa\xbb\xcc\xdd\x01\x23\x45\x67\x89\xab\xcd\xef"

// machine is a table with all that is read, and more.
var machine = structureOf(0, "\x01\x02\x00\xe8\x03", "SeaBIOS ", "1.2", "01/02/2020") +
	structureOf(1, "\x01\x02\x03\x04"+storedUUID+"\x06\x05\x06", "Example, Inc.", "HVM 3", "v1", "ds=nocloud;i=7", "001", "  Virtual Machine  ") +
	structureOf(1, "\x01\x01\x01\x01"+storedUUID+"\x06\x01\x01", "a second system") +
	structureOf(2, "\x01", "board") +
	structureOf(3, "\x00\x01\x00\x02\x01", "77-88", "C 9") +
	structureOf(11, "\x02", "first\ttab", "secönd") +
	structureOf(127, "") +
	"\x00\x01 no structure"

var machineStrings = SMBIOS{
	BIOSVendor: "SeaBIOS", Manufacturer: "Example, Inc.", Product: "HVM 3", Version: "v1", Serial: "ds=nocloud;i=7",
	UUID: "1f7e3d5c-aabb-ccdd-0123-456789abcdef", SKU: "001", Family: "Virtual Machine",
	ChassisAssetTag: "77-88", ChassisSerial: "C 9", OEMStrings: []string{"first?tab", "sec?nd"},
}

func TestParseSMBIOS(t *testing.T) {
	tests := []struct {
		name, table string
		want        SMBIOS
	}{
		{"all of it", machine, machineStrings},
		{"nothing", "", SMBIOS{}},
		{"no end mark", structureOf(0, "\x01", "SeaBIOS"), SMBIOS{BIOSVendor: "SeaBIOS"}},
		{"strings that are not there", structureOf(1, "\x00\x02\x09\x01", "one"), SMBIOS{Serial: "one"}},
		{"a structure of an older version", structureOf(1, "\x01", "one"), SMBIOS{Manufacturer: "one"}},
		{"no strings", structureOf(1, "\x01\x02\x03\x04"+storedUUID) + structureOf(11, "\x00") + structureOf(11, ""), SMBIOS{UUID: machineStrings.UUID}},
		{"more strings counted than there are", structureOf(11, "\x05", "one"), SMBIOS{OEMStrings: []string{"one"}}},
	}
	for _, tt := range tests {
		for _, version := range []int{2, 3} {
			t.Run(tt.name, func(t *testing.T) {
				got, err := parseSMBIOS(withEntry(version, []byte(tt.table)))
				if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
					t.Errorf("version %d, %q: %v (-want +got):\n%s", version, tt.table, err, diff)
				}
			})
		}
	}
}

func TestParseSMBIOSBad(t *testing.T) {
	whole := string(withEntry(3, []byte(machine)))
	far := withEntry(3, nil)
	binary.LittleEndian.PutUint64(far[16:], 1<<63|32)
	far[5] += 0x80 // the checksum of the one bit more
	refuses(t, parseSMBIOS, []badOutput{
		{"nothing", "", "no entry point"},
		{"zeros", strings.Repeat("\x00", 64), "no entry point"},
		{"only the anchor", "_SM_", "cut off"},
		{"half an entry point", whole[:20], "cut off"},
		{"an entry point that says it is short", "_SM3_\x00\x05" + whole[7:], "cut off"},
		{"a wrong checksum", whole[:9] + "\x77" + whole[10:], "checksum"},
		{"a table beyond the end", string(far), "beyond the end"},
		{"half a header", string(withEntry(2, []byte{1, 4})), "the structure at 0 is cut off"},
		{"a length of nothing", string(withEntry(2, []byte{1, 0, 0, 0, 0, 0})), "the structure at 0 is cut off"},
		{"a length beyond the end", string(withEntry(2, []byte{1, 200, 0, 0, 0, 0})), "the structure at 0 is cut off"},
		{"strings without an end", string(withEntry(2, []byte("\x01\x04\x00\x00abc\x00"))), "have no end"},
		{"a second one that is cut off", string(withEntry(2, []byte("\x01\x04\x00\x00\x00\x00\x02"))), "the structure at 6"},
	})
}

func TestReadSMBIOS(t *testing.T) {
	g := guest.New(t.TempDir(), slog.New(slog.DiscardHandler))
	if got, err := ReadSMBIOS(g); err != nil || !cmp.Equal(got, SMBIOS{}) {
		t.Errorf("no device: %+v, %v", got, err)
	}
	put := func(data []byte) {
		t.Helper()
		if err := os.MkdirAll(filepath.Dir(g.Host(smbiosDevice)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(g.Host(smbiosDevice), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	put(withEntry(3, []byte(machine)))
	got, err := ReadSMBIOS(g)
	if diff := cmp.Diff(machineStrings, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	put([]byte("rubbish"))
	if got, err := ReadSMBIOS(g); err == nil || !strings.Contains(err.Error(), "/dev/smbios: no entry point") || !cmp.Equal(got, SMBIOS{}) {
		t.Errorf("rubbish: %+v, %v", got, err)
	}
	put(make([]byte, 1<<20+1))
	if _, err := ReadSMBIOS(g); !errors.Is(err, syscall.EFBIG) {
		t.Errorf("a device without end: %v", err)
	}
}

// TestUUIDD16: what many machines have is no identity (row D16), or a clone is
// taken for its original.
func TestUUIDD16(t *testing.T) {
	constant := [16]byte{0x00, 0x02, 0x00, 0x03, 0x00, 0x04, 0x00, 0x05, 0x00, 0x06, 0x00, 0x07, 0x00, 0x08, 0x00, 0x09}
	swapped := [16]byte{0x03, 0x00, 0x02, 0x00, 0x04, 0x00, 0x05, 0x00, 0x00, 0x06, 0x00, 0x07, 0x00, 0x08, 0x00, 0x09}
	ones := [16]byte([]byte(strings.Repeat("\xff", 16)))
	for _, id := range [][16]byte{{}, ones, constant, swapped} {
		if got := uuidText(id); got != "" {
			t.Errorf("uuidText(%x) = %q, want none", id, got)
		}
	}
	if got, want := uuidText([16]byte([]byte(storedUUID))), machineStrings.UUID; got != want {
		t.Errorf("uuidText = %q, want %q", got, want)
	}
}

func TestSwapUUID(t *testing.T) {
	tests := []struct{ in, want string }{
		{"00112233-4455-6677-8899-aabbccddeeff", "33221100-5544-7766-8899-aabbccddeeff"},
		{"EC2A0B1C-4455-6677-8899-AABBCCDDEEFF", "1C0B2AEC-5544-7766-8899-AABBCCDDEEFF"},
		{"", ""},
		{"i-0123456789abcdef0", "i-0123456789abcdef0"},
		{"00112233-4455-6677-8899-aabbccddeefg", "00112233-4455-6677-8899-aabbccddeefg"},
		{"0011223-34455-6677-8899-aabbccddeeff", "0011223-34455-6677-8899-aabbccddeeff"},
	}
	for _, tt := range tests {
		if got := SwapUUID(tt.in); got != tt.want {
			t.Errorf("SwapUUID(%q) = %q, want %q", tt.in, got, tt.want)
		}
		if got := SwapUUID(tt.want); got != tt.in {
			t.Errorf("SwapUUID(%q) = %q, want %q", tt.want, got, tt.in)
		}
	}
}

// FuzzSMBIOS: both kinds of entry point say the same of a table, and what comes
// out of it can be printed.
func FuzzSMBIOS(f *testing.F) {
	f.Add([]byte(machine))
	f.Add([]byte(structureOf(1, "\x00\x02\x09\x01", "one")))
	f.Fuzz(func(t *testing.T, table []byte) {
		parseSMBIOS(table) // as a whole file: no panic
		if len(table) > 0xffff {
			return
		}
		got, err := parseSMBIOS(withEntry(2, table))
		other, err3 := parseSMBIOS(withEntry(3, table))
		if diff := cmp.Diff(got, other); diff != "" || (err == nil) != (err3 == nil) {
			t.Fatalf("%q: %v, %v (-2.1 +3.0):\n%s", table, err, err3, diff)
		}
		for _, s := range append(got.OEMStrings, got.BIOSVendor, got.Manufacturer, got.Product, got.Version,
			got.Serial, got.SKU, got.Family, got.ChassisAssetTag, got.ChassisSerial) {
			if strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' }) || s != strings.Trim(s, " ") {
				t.Fatalf("%q: string %q", table, s)
			}
		}
		if got.UUID != "" && (len(got.UUID) != 36 || SwapUUID(SwapUUID(got.UUID)) != got.UUID) {
			t.Fatalf("%q: UUID %q", table, got.UUID)
		}
	})
}
