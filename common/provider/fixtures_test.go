// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// lacking ends a test that needs what is not part of the suite: skipped where a
// person runs it, failed in CI, which has to have everything.
func lacking(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf("SKIPPED is a failure with CI=true: %s is not here", what)
	}
	t.Skipf("SKIPPED: %s is not here", what)
}

// fixture gives the content of a file of the collection of metadata samples,
// which lies beside the module and is read in place.
func fixture(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("../../../shared/fixtures", name))
	if os.IsNotExist(err) {
		lacking(t, "../shared/fixtures/"+name)
	}
	must(t, err)
	return b
}

// tool gives the path of a program.
func tool(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		lacking(t, "the program "+name)
	}
	return path
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// unpacked gives the content of a compressed file of that collection.
func unpacked(t *testing.T, name string) []byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(fixture(t, name)))
	must(t, err)
	b, err := io.ReadAll(z)
	must(t, err)
	return b
}
