// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package illumos

import (
	"testing"

	"illumos-metadata/common/guest"
)

func TestFstyp(t *testing.T) {
	const path, argv = "/dev/zvol/rdsk/tank/swap", "/usr/sbin/fstyp /dev/zvol/rdsk/tank/swap"
	if got, err := Fstyp(t.Context(), stub(t, argv, 0, "ufs\n", ""), path); got != "ufs" || err != nil {
		t.Errorf("ufs: %q, %v", got, err)
	}
	if got, err := Fstyp(t.Context(), stub(t, argv, 1, "", "unknown_fstyp (no matches)\n"), path); got != "" || err != nil {
		t.Errorf("no match: %q, %v", got, err)
	}
	// What could not be read may hold a file system for all that is known.
	for status, text := range map[int]string{1: "Usage: fstyp [-av] <device>", 7: "unknown_fstyp (cannot open device)\n", 8: "unknown_fstyp (i/o error)\n"} {
		if got, err := Fstyp(t.Context(), stub(t, argv, status, "", text), path); got != "" || guest.ExitStatus(err) != status {
			t.Errorf("%s: %q, %v; want status %d", text, got, err, status)
		}
	}
	refuses(t, parseFstyp, []badOutput{
		{"nothing", "", "fstyp: one line expected"},
		{"an empty line", "\n", "one line expected"},
		{"attributes", "ufs\nmagic: 72020\n", "one line expected"},
		{"a sentence", "file system unknown\n", `fstyp: line 1, "file system unknown": no name`},
	})
}

func FuzzFstyp(f *testing.F) {
	f.Add([]byte("pcfs\n"))
	f.Fuzz(func(t *testing.T, out []byte) {
		stable(t, "fstyp", out, parseFstyp, func(name string) string { return name + "\n" })
	})
}
