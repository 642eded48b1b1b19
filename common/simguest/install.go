// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simguest

import (
	"io/fs"
	"os"
	"path/filepath"
)

// Install copies a tree that make install has laid down into the guest: files
// and their modes.
func (g *Guest) Install(tree string) error {
	return filepath.WalkDir(tree, func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		rel, err := filepath.Rel(tree, name)
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		to := g.World.Path(rel)
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		if info.Size() > 1<<20 && os.Link(name, to) == nil {
			return nil // the programs are large, and never written to
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		return file(g.World.Root, rel, info.Mode().Perm(), data)
	})
}
