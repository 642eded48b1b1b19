// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package illumos

import (
	"fmt"
	"testing"
)

func TestMemory(t *testing.T) {
	g := stub(t, "/usr/sbin/prtconf -m", 0, "2047\n", "")
	if got, err := Memory(t.Context(), g); got != 2047<<20 || err != nil {
		t.Errorf("Memory = %d, %v", got, err)
	}
	refuses(t, parseMemory, []badOutput{
		{"nothing", "", "prtconf -m: one line expected"},
		{"none", "0\n", `line 1, "0": no amount of memory`},
		{"words", "2 Megabytes\n", "no amount"},
		{"negative", "-1\n", "no amount"},
		{"more bytes than there are", "8796093022208\n", "no amount"},
	})
}

func FuzzMemory(f *testing.F) {
	f.Add([]byte("2047\n"))
	f.Add([]byte("8796093022207\n"))
	f.Fuzz(func(t *testing.T, out []byte) {
		stable(t, "prtconf -m", out, parseMemory, func(n int64) string {
			if n <= 0 {
				t.Fatalf("%d bytes from %q", n, out)
			}
			return fmt.Sprintln(n >> 20)
		})
	})
}
