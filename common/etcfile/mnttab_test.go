// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package etcfile

import (
	"strings"
	"testing"
)

func TestRootFileSystem(t *testing.T) {
	const zfs = "rpool/ROOT/omnios\t/\tzfs\tdev=4350002\t1728000000\n"
	const rest = "/devices\t/devices\tdevfs\tdev=8b80000\t1728000001\nswap\t/tmp\ttmpfs\txattr,dev=8bc0002\t1728000003\n"
	tests := []struct{ name, file, special, fstype string }{
		{"zfs", zfs + rest, "rpool/ROOT/omnios", "zfs"},
		{"ufs", "/dev/dsk/c0t0d0s0\t/\tufs\trw\t0\n" + rest, "/dev/dsk/c0t0d0s0", "ufs"},
		{"blanks in names", "my pool/ROOT/be 1\t/\tzfs\tdev=1\t0\n/dev/x\t/my root\tufs\tdev=2\t0\n", "my pool/ROOT/be 1", "zfs"},
		{"later one on top", zfs + rest + "tank/ROOT/b\t/\tzfs\tdev=1\t0\n", "tank/ROOT/b", "zfs"},
		{"none", rest, "", ""},
		{"empty", "", "", ""},
		{"cut off", "rpool/ROOT/omnios\t/\tzfs\n", "", ""},
		{"blanks instead of tabs", "rpool/ROOT/omnios / zfs dev=1 0\n", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if special, fstype := RootFileSystem([]byte(tt.file)); special != tt.special || fstype != tt.fstype {
				t.Errorf("got %q, %q; want %q, %q", special, fstype, tt.special, tt.fstype)
			}
		})
	}
}

// FuzzRootFileSystem: whatever stands above, the last mount on / is the one.
func FuzzRootFileSystem(f *testing.F) {
	f.Add([]byte("swap\t/tmp\ttmpfs\txattr\t0"), "rpool/ROOT/omnios", "zfs")
	f.Fuzz(func(t *testing.T, file []byte, special, fstype string) {
		if strings.ContainsAny(special+fstype, "\t\n") {
			t.Skip("not a field")
		}
		all := string(file) + "\n" + special + "\t/\t" + fstype + "\t-\t0\nswap\t/tmp\ttmpfs\t-\t0\n"
		if s, fs := RootFileSystem([]byte(all)); s != special || fs != fstype {
			t.Errorf("got %q, %q; want %q, %q", s, fs, special, fstype)
		}
	})
}
