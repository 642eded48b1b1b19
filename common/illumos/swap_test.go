// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package illumos

import (
	"slices"
	"testing"

	"illumos-metadata/common/guest"
)

const swapHeading = "swapfile             dev    swaplo   blocks     free\n"

func TestSwapDevices(t *testing.T) {
	tests := []struct {
		name, out string
		want      []string
	}{
		{"a volume", swapHeading + "/dev/zvol/dsk/tank/swap 95,11        8  4194296  4194296\n", []string{"/dev/zvol/dsk/tank/swap"}},
		{"a slice with a small number", swapHeading + "/dev/dsk/c1d0s1      5,2         8  1049320  1049320\n", []string{"/dev/dsk/c1d0s1"}},
		{"a file, and one that is gone", swapHeading + "/export/swap file      -         8   204792   204792\n/old                 ?,?        8   204792   204792\n",
			[]string{"/export/swap file", "/old"}},
		{"on its way out", swapHeading + "/dev/zvol/dsk/tank/swap 95,1         8  4194296        0 INDEL\n", []string{"/dev/zvol/dsk/tank/swap"}},
		{"only the heading", swapHeading, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := SwapDevices(t.Context(), stub(t, "/usr/sbin/swap -l", 0, tt.out, ""))
			if err != nil || !slices.Equal(got, tt.want) {
				t.Errorf("%q: %q, %v; want %q", tt.out, got, err, tt.want)
			}
		})
	}
}

// TestNoSwapDevices: that there are none is a status of 1 like any other error.
func TestNoSwapDevices(t *testing.T) {
	g := stub(t, "/usr/sbin/swap -l", 1, "", "No swap devices configured\n")
	if got, err := SwapDevices(t.Context(), g); got != nil || err != nil {
		t.Errorf("none: %q, %v", got, err)
	}
	for status, text := range map[int]string{1: "swap: cannot open the kernel", 2: "No swap devices configured\n"} {
		got, err := SwapDevices(t.Context(), stub(t, "/usr/sbin/swap -l", status, "", text))
		if got != nil || guest.ExitStatus(err) != status {
			t.Errorf("status %d, %q: %q, %v", status, text, got, err)
		}
	}
}

func TestSwapDevicesBad(t *testing.T) {
	refuses(t, parseSwapDevices, []badOutput{
		{"nothing", "", "swap -l: nothing was printed"},
		{"no heading", "/dev/zvol/dsk/tank/swap 95,11        8  4194296  4194296\n", "line 1"},
		{"no path", swapHeading + " 95,11        8  4194296  4194296\n", "swap -l: line 2"},
		{"no device", swapHeading + "/dev/dsk/c1d0s1      8  4194296  4194296\n", "line 2"},
		{"a number too few", swapHeading + "/dev/dsk/c1d0s1      5,2         8  1049320\n", "line 2"},
		{"words", swapHeading + "/dev/dsk/c1d0s1      5,2        4K  512M  512M\n", "line 2"},
		{"an empty line", swapHeading + "\n", "line 2"},
	})
}

func FuzzSwapDevices(f *testing.F) {
	f.Add([]byte(swapHeading + "/dev/zvol/dsk/tank/swap 95,11        8  4194296  4194296\n"))
	f.Add([]byte(swapHeading + "/export/swap file      -         8   204792   204792 INDEL\n"))
	f.Fuzz(func(t *testing.T, out []byte) {
		stable(t, "swap -l", out, parseSwapDevices, func(devices []string) string {
			text := swapHeading
			for _, d := range devices {
				text += d + " 1,2 8 16 16\n"
			}
			return text
		})
	})
}
