// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package etcfile

import (
	"slices"
	"strings"
	"testing"
)

const zvol = "/dev/zvol/dsk/rpool/swap"

// stockVfstab has the lines of an installed system (cmd/initpkg/vfstab).
const stockVfstab = `#device		device		mount		FS	fsck	mount	mount
#to mount	to fsck		point		type	pass	at boot	options
#
/devices	-		/devices	devfs	-	no	-
/proc		-		/proc		proc	-	no	-
swap		-		/tmp		tmpfs	-	yes	-

`

const swapLineText = zvol + "\t-\t-\tswap\t-\tno\t-\n"

func TestSwap(t *testing.T) {
	tests := []struct {
		name    string
		file    string
		devices []string // what swapadd(8) adds
		added   string   // with zvol
		removed string   // without zvol
	}{
		{"empty", "", nil, swapLineText, ""},
		{"stock", stockVfstab, nil, stockVfstab + swapLineText, stockVfstab},
		{"listed", stockVfstab + swapLineText + "# end", []string{zvol},
			stockVfstab + swapLineText + "# end", stockVfstab + "# end"},
		{"other blanks", "  " + zvol + " -  - \t swap - yes - more\n", []string{zvol},
			"  " + zvol + " -  - \t swap - yes - more\n", ""},
		{"four fields", zvol + " - - swap\n", []string{zvol}, zvol + " - - swap\n", ""},
		{"comment", "#" + swapLineText + " # " + swapLineText, nil,
			"#" + swapLineText + " # " + swapLineText + swapLineText, "#" + swapLineText + " # " + swapLineText},
		{"no action", "- - - swap - no -\n", nil, "- - - swap - no -\n" + swapLineText, "- - - swap - no -\n"},
		{"another file system", zvol + "\t-\t/x\tufs\t-\tno\t-\n", nil,
			zvol + "\t-\t/x\tufs\t-\tno\t-\n" + swapLineText, zvol + "\t-\t/x\tufs\t-\tno\t-\n"},
		{"another device", "/dev/zvol/dsk/rpool/swap2\t-\t-\tswap\t-\tno\t-\n", []string{"/dev/zvol/dsk/rpool/swap2"},
			"/dev/zvol/dsk/rpool/swap2\t-\t-\tswap\t-\tno\t-\n" + swapLineText, "/dev/zvol/dsk/rpool/swap2\t-\t-\tswap\t-\tno\t-\n"},
		{"twice", swapLineText + "/proc\n" + swapLineText, []string{zvol, zvol}, swapLineText + "/proc\n" + swapLineText, "/proc\n"},

		// A last line without its newline (storage trap 16).
		{"unterminated", "/proc - /proc proc - no -", nil, "/proc - /proc proc - no -\n" + swapLineText, "/proc - /proc proc - no -"},
		{"unterminated swap is not read", strings.TrimSuffix(swapLineText, "\n"), nil, swapLineText, ""},
		{"unterminated other line", swapLineText + "# end", []string{zvol}, swapLineText + "# end", "# end"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := SwapDevices([]byte(tt.file)); !slices.Equal(got, tt.devices) {
				t.Errorf("SwapDevices: got %q, want %q", got, tt.devices)
			}
			if got := string(AddSwap([]byte(tt.file), zvol)); got != tt.added {
				t.Errorf("AddSwap:\ngot  %q\nwant %q", got, tt.added)
			}
			if got := string(RemoveSwap([]byte(tt.file), zvol)); got != tt.removed {
				t.Errorf("RemoveSwap:\ngot  %q\nwant %q", got, tt.removed)
			}
			if got := string(RemoveSwap([]byte(tt.file), "")); got != tt.file {
				t.Errorf("RemoveSwap of nothing: got %q", got)
			}
		})
	}
}

// FuzzSwap: swapadd(8) reads a device that was added, exactly once more or not
// at all; every other line stays; a second edit changes nothing; and what was
// added can be removed without a trace, but for a newline that was missing.
func FuzzSwap(f *testing.F) {
	f.Add([]byte(stockVfstab))
	f.Add([]byte(stockVfstab + swapLineText + "# end"))
	f.Add([]byte(zvol + " - - swap"))
	f.Add([]byte("swap\r\n\n-\x00\n"))
	f.Fuzz(func(t *testing.T, file []byte) {
		before := SwapDevices(file)
		added := AddSwap(file, zvol)
		after := SwapDevices(added)
		want := before
		if !slices.Contains(before, zvol) {
			want = append(slices.Clone(before), zvol)
		} else if string(added) != string(file) {
			t.Errorf("a listed device was added again: %q", added)
		}
		if strings.HasSuffix(string(file), "\n") && !slices.Equal(after, want) {
			t.Errorf("devices are %q, want %q", after, want)
		}
		if !slices.Contains(after, zvol) {
			t.Errorf("not listed in %q", added)
		}
		if again := AddSwap(added, zvol); string(again) != string(added) {
			t.Errorf("a second edit makes\n%q of\n%q", again, added)
		}
		removed := RemoveSwap(added, zvol)
		if slices.Contains(SwapDevices(removed), zvol) {
			t.Errorf("still listed in %q", removed)
		}
		if got, want := string(removed), string(RemoveSwap(file, zvol)); got != want && got != want+"\n" {
			t.Errorf("removed gives %q, want %q", got, want)
		}
	})
}
