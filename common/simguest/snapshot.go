// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simguest

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/rogpeppe/go-internal/diff"
)

// passing are the directories whose content a snapshot leaves out: what does
// not survive a reboot, what is no file, and logs, which grow with every boot.
var passing = []string{"/sim", "/dev", "/tmp", "/var/run", "/etc/svc/volatile", "/var/svc/log"}

// A Snapshot holds the files of a guest that survive a reboot, by path: kind and
// permission on the first line, then the content, or where a link leads.
type Snapshot map[string]string

// Snapshot takes one.
func (g *Guest) Snapshot() (Snapshot, error) {
	root := g.World.Path("/")
	s := Snapshot{}
	return s, filepath.WalkDir(root, func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		path := "/" + rel
		if slices.Contains(passing, path) {
			return filepath.SkipDir
		}
		text, err := describe(name, e)
		if text != "" {
			s[path] = text
		}
		return err
	})
}

// describe gives what a snapshot holds of one file. Programs are not in it, nor
// are directories that look as all do.
func describe(name string, e fs.DirEntry) (string, error) {
	info, err := e.Info()
	if err != nil {
		return "", err
	}
	switch {
	case info.Mode()&fs.ModeSymlink != 0:
		target, err := os.Readlink(name)
		return fmt.Sprintf("link to %s\n", target), err
	case info.IsDir():
		return fmt.Sprintf("directory %04o\n", info.Mode().Perm()), nil
	case info.Size() > 1<<20:
		return fmt.Sprintf("file %04o of %d bytes\n", info.Mode().Perm(), info.Size()), nil
	}
	data, err := os.ReadFile(name)
	return fmt.Sprintf("file %04o\n%s", info.Mode().Perm(), data), err
}

// Diff shows what changed from s to after, as a unified diff of each file.
func (s Snapshot) Diff(after Snapshot) string {
	all := maps.Clone(s)
	maps.Copy(all, after)
	var out []byte
	for _, path := range slices.Sorted(maps.Keys(all)) {
		if s[path] != after[path] {
			out = append(out, diff.Diff("before"+path, []byte(s[path]), "after"+path, []byte(after[path]))...)
		}
	}
	return string(out)
}
