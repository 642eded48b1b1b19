// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package common_test

import (
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestSize builds the programs as the Makefile does and weighs them: they are
// part of a boot image. Nothing is linked but the C library and its parts for
// sockets, which are on the root file system (row E5).
func TestSize(t *testing.T) {
	if os.Getenv("CI") != "true" {
		t.Skip("SKIPPED: the programs are weighed with CI=true: all of the standard library is compiled for that")
	}
	const small, large = 3_500_000, 8_000_000
	limits := map[string]int64{
		"zpool": small, "swap": small,
		"network": large, "hostname": large, "ssh-keys": large, "userscript": large,
	}
	dir := t.TempDir()
	cmd := exec.Command("go", "build", "-tags=nethttpomithttp2", "-gcflags=all=-l", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", dir, "./services/...")
	cmd.Dir = ".."
	cmd.Env = append(os.Environ(), "GOOS=illumos", "GOARCH=amd64", "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	for name, most := range limits {
		file := filepath.Join(dir, name)
		info, err := os.Stat(file)
		if err != nil {
			t.Error(err)
			continue
		}
		if info.Size() > most {
			t.Errorf("%s has %d bytes, more than %d", name, info.Size(), most)
		}
		f, err := elf.Open(file)
		if err != nil {
			t.Error(err)
			continue
		}
		if f.Section(".symtab") != nil || f.Section(".debug_info") != nil {
			t.Errorf("%s is not stripped", name)
		}
		libraries, err := f.ImportedLibraries()
		if err != nil {
			t.Error(err)
		}
		for _, lib := range libraries {
			if lib != "libc.so" && lib != "libsocket.so" && lib != "libsendfile.so" {
				t.Errorf("%s needs %s", name, lib)
			}
		}
		f.Close()
	}
}
