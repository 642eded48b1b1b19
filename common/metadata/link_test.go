// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package metadata

import (
	"strings"
	"testing"
)

// TestParseMAC: case, leading zeros and separators make no difference (row N1),
// and an address that is not Ethernet's is none to stumble over (row N2).
func TestParseMAC(t *testing.T) {
	const infiniband = "a0:00:02:20:fe:80:00:00:00:00:00:00:ec:0d:9a:03:00:15:e2:c1"
	for _, tt := range []struct{ text, want string }{
		{"02:08:20:0a:0b:0c", "02:08:20:0a:0b:0c"},
		{"02:08:20:0A:0B:0C", "02:08:20:0a:0b:0c"},
		{"2:8:20:a:b:c", "02:08:20:0a:0b:0c"},
		{"2-8-20-A-B-C", "02:08:20:0a:0b:0c"},
		{"0:0:0:0:0:1", "00:00:00:00:00:01"},
		{"2:8:20:ff:fe:a:b:c", "02:08:20:ff:fe:0a:0b:0c"},
		{strings.ToUpper(infiniband), infiniband},
		{"", ""}, {"?", ""}, {"unknown", ""}, {"0:0:0:0:0:0", ""}, {"02:08:20:0a:0b", ""}, {"02:08:20:0a:0b:0c:0d", ""},
		{"02:08:20:0a:0b:", ""}, {"02:08:20:0a:0b:0g", ""}, {"02:08:20:0a:0b:00c", ""}, {" 2:8:20:a:b:c", ""},
		{"0208200a0b0c", ""}, {"0208.200a.0b0c", ""}, {"+2:8:20:a:b:c", ""},
	} {
		got, err := ParseMAC(tt.text)
		if got != tt.want || (err == nil) != (tt.want != "") {
			t.Errorf("ParseMAC(%q) = %q, %v; want %q", tt.text, got, err, tt.want)
		}
	}
}

// FuzzParseMAC: what it gives is its own form, and of a length of the text's.
func FuzzParseMAC(f *testing.F) {
	f.Add("2:8:20:A:B:C")
	f.Add("00-00-00-00-00-01")
	f.Fuzz(func(t *testing.T, text string) {
		mac, err := ParseMAC(text)
		if err != nil {
			return
		}
		if again, err := ParseMAC(mac); err != nil || again != mac || mac != strings.ToLower(mac) || len(mac)%3 != 2 || len(mac) < len(text) {
			t.Errorf("ParseMAC(%q) = %q, and of that %q, %v", text, mac, again, err)
		}
	})
}

func TestCheckLinkName(t *testing.T) {
	for _, name := range []string{"net0", "vioif0", "web_1", "bond0.200", "a0", "_0", ".7", "x" + strings.Repeat("y", 29) + "1", "e1000g10", "net100"} {
		if err := CheckLinkName(name); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
	for _, name := range []string{"", "net", "0net0", "net-0", "net 0", "net0:1", "net01", "net00", "nét0", "7", "x" + strings.Repeat("y", 30) + "1", "net0\n"} {
		if CheckLinkName(name) == nil {
			t.Errorf("%q is legal", name)
		}
	}
}
