// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simguest

import (
	"errors"
	"os"
	"path/filepath"
)

// Dir makes a directory for guests, which the caller removes. It is in memory
// where that can be, and nobody wants it elsewhere (TMPDIR): most of what a guest
// does is to write small files and to wait until they are on disk.
func Dir() (string, error) {
	base := ""
	if os.Getenv("TMPDIR") == "" {
		base = memory()
	}
	return os.MkdirTemp(base, "simguest-")
}

// Player gives this program in a directory from which guests can link it, as what
// plays their commands (Build).
func Player(dir string) (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	at := filepath.Join(dir, "player")
	err = os.Link(self, at)
	if err == nil || errors.Is(err, os.ErrExist) {
		return at, nil
	}
	data, err := os.ReadFile(self)
	if err != nil {
		return "", err
	}
	return at, file(dir, "player", 0o755, data)
}
