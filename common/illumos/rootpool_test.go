// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package illumos

import (
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"testing"

	"illumos-metadata/common/guest"
)

func TestParseRootPool(t *testing.T) {
	tests := []struct{ name, file, pool, why, err string }{
		{"row F1: another name than rpool", "syspool/ROOT/be-7\t/\tzfs\tdev=4350002\t1728000000\nswap\t/tmp\ttmpfs\txattr,dev=8bc0002\t1728000003\n", "syspool", "", ""},
		{"the pool's own dataset", "data\t/\tzfs\tdev=1\t0\n", "data", "", ""},
		{"a name with a blank", "my pool/ROOT/a\t/\tzfs\tdev=1\t0\n", "my pool", "", ""},
		{"a ramdisk", "/ramdisk:a\t/\tufs\tdev=1\t0\n", "", `of type "ufs", from "/ramdisk:a"`, ""},
		{"nothing on /", "swap\t/tmp\ttmpfs\txattr,dev=8bc0002\t1728000003\n", "", "", "nothing that is mounted on /"},
		{"row E4: rows with too few columns", "rpool/ROOT/a\t/\n\n/\n", "", "", "nothing that is mounted on /"},
		{"empty", "", "", "", "nothing that is mounted on /"},
		{"an option for a name", "-f/x\t/\tzfs\tdev=1\t0\n", "", "", `has "-f/x" on /`},
		{"no name before the slash", "/x\t/\tzfs\tdev=1\t0\n", "", "", "in no pool"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			pool, why, err := parseRootPool([]byte(tt.file))
			if pool != tt.pool || !strings.Contains(why, tt.why) || tt.why == "" && why != "" ||
				(err != nil) != (tt.err != "") || err != nil && !strings.Contains(err.Error(), tt.err) {
				t.Errorf("%q: %q, %q, %v; want %q, %q, %q", tt.file, pool, why, err, tt.pool, tt.why, tt.err)
			}
		})
	}
}

func TestRootPool(t *testing.T) {
	g := guest.New(t.TempDir(), slog.New(slog.DiscardHandler))
	if _, _, err := RootPool(g); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "/etc/mnttab") {
		t.Errorf("no mnttab: %v", err)
	}
	if err := os.Mkdir(g.Host("/etc"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(g.Host("/etc/mnttab"), []byte("rpool/ROOT/a\t/\tzfs\tdev=1\t0\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if pool, why, err := RootPool(g); pool != "rpool" || why != "" || err != nil {
		t.Errorf("RootPool = %q, %q, %v", pool, why, err)
	}
}

// FuzzRootPool: there is exactly one of a pool, a reason and an error; a pool is
// nothing that a command takes for an option or a path.
func FuzzRootPool(f *testing.F) {
	f.Add([]byte("syspool/ROOT/be-7\t/\tzfs\tdev=4350002\t1728000000\n"))
	f.Add([]byte("/ramdisk:a\t/\tufs\tdev=1\t0\n"))
	f.Fuzz(func(t *testing.T, file []byte) {
		pool, why, err := parseRootPool(file)
		answers := 0
		for _, there := range []bool{pool != "", why != "", err != nil} {
			if there {
				answers++
			}
		}
		if answers != 1 || strings.HasPrefix(pool, "-") || strings.ContainsAny(pool, "/\t\n") {
			t.Errorf("%q: %q, %q, %v", file, pool, why, err)
		}
	})
}
