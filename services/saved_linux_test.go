// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package services_test

import (
	"errors"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"golang.org/x/sys/unix"
)

// A saved is a guest's files as they were, by the path in its directory, to put
// it back there: much faster than to build another guest.
type saved map[string]savedFile

type savedFile struct {
	mode    fs.FileMode
	link    string // where it leads, of a symbolic link
	size    int64
	extents []extent // what is not a hole: disks are large and nearly empty
}

type extent struct {
	at   int64
	data []byte
}

// constant are the files that nothing in a guest changes, and that are large.
var constant = []string{"sim/player", "usr/lib/metadata"}

// save keeps the files of the guest in the directory root.
func save(t testing.TB, root string) saved {
	t.Helper()
	s := saved{}
	if err := walk(root, func(path string, e fs.DirEntry) error {
		f, err := saveFile(filepath.Join(root, path), e)
		s[path] = f
		return err
	}); err != nil {
		t.Fatalf("save the guest: %v", err)
	}
	return s
}

func saveFile(at string, e fs.DirEntry) (savedFile, error) {
	info, err := e.Info()
	if err != nil {
		return savedFile{}, err
	}
	f := savedFile{mode: info.Mode()}
	switch {
	case f.mode.IsRegular():
		f.size = info.Size()
		f.extents, err = extents(at, f.size)
	case f.mode.Type() == fs.ModeSymlink:
		f.link, err = os.Readlink(at)
	}
	return f, err
}

// walk visits the files of a guest but the constant ones. It visits what is
// there when it comes by, so a visit may remove the file.
func walk(root string, visit func(path string, e fs.DirEntry) error) error {
	return filepath.WalkDir(root, func(at string, e fs.DirEntry, err error) error {
		path, relErr := filepath.Rel(root, at)
		switch {
		case err != nil || relErr != nil:
			return errors.Join(err, relErr)
		case slices.Contains(constant, path) && e.IsDir():
			return fs.SkipDir
		case slices.Contains(constant, path) || path == ".":
			return nil
		}
		return visit(path, e)
	})
}

// restore makes the directory root what it was.
func (s saved) restore(t testing.TB, root string) {
	t.Helper()
	same := map[string]bool{}
	err := walk(root, func(path string, e fs.DirEntry) error {
		at := filepath.Join(root, path)
		now, err := saveFile(at, e)
		if err != nil {
			return err
		}
		want, known := s[path]
		same[path] = known && reflect.DeepEqual(now, want)
		if known && e.IsDir() && want.mode.IsDir() || same[path] {
			return nil
		}
		if err := os.RemoveAll(at); err != nil || !e.IsDir() {
			return err
		}
		return fs.SkipDir
	})
	for _, path := range slices.Sorted(maps.Keys(s)) { // a directory before what is in it
		if err == nil && !same[path] {
			err = s[path].put(filepath.Join(root, path))
		}
	}
	if err != nil {
		t.Fatalf("restore the guest: %v", err)
	}
}

// put makes a file that is not there, or gives a directory its mode.
func (f savedFile) put(at string) error {
	switch {
	case f.mode.Type() == fs.ModeSymlink:
		return os.Symlink(f.link, at)
	case f.mode.IsDir():
		if err := os.Mkdir(at, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	default:
		if err := f.write(at); err != nil {
			return err
		}
	}
	return os.Chmod(at, f.mode)
}

func (f savedFile) write(at string) error {
	out, err := os.OpenFile(at, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	err = out.Truncate(f.size)
	for _, e := range f.extents {
		if err == nil {
			_, err = out.WriteAt(e.data, e.at)
		}
	}
	return errors.Join(err, out.Close())
}

// extents reads the parts of a file that are no holes.
func extents(name string, size int64) ([]extent, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var all []extent
	for at := int64(0); at < size; {
		begin, err := f.Seek(at, unix.SEEK_DATA)
		if errors.Is(err, unix.ENXIO) {
			break // only a hole is left
		}
		if err != nil {
			return nil, err
		}
		if at, err = f.Seek(begin, unix.SEEK_HOLE); err != nil {
			return nil, err
		}
		data := make([]byte, at-begin)
		if _, err := io.ReadFull(io.NewSectionReader(f, begin, at-begin), data); err != nil {
			return nil, err
		}
		all = append(all, extent{begin, data})
	}
	return all, nil
}
