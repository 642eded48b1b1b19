// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package volume

import (
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"
)

// readFiles reads files in the root directory of the file system on a volume.
// Its reader was not made for hostile volumes: where it stumbles, the volume is
// damaged, and nothing worse.
func readFiles(v *view, open func(*view) (fs.ReadDirFS, error), limits map[string]int64) (c Content, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the file system is damaged: %v", r)
		}
		if v.failed != nil {
			err = unexpected(v.failed)
		}
		if err != nil {
			c = Content{}
		}
	}()
	fsys, err := open(v)
	if err != nil {
		return Content{}, err
	}
	entries, err := fsys.ReadDir(".")
	if err != nil {
		return Content{}, err
	}
	c = Content{Files: map[string][]byte{}, Refused: map[string]string{}}
	for _, name := range slices.Sorted(maps.Keys(limits)) {
		e := pick(entries, name)
		if e == nil {
			continue
		}
		data, refused, err := readEntry(fsys, e, limits[name])
		switch {
		case err != nil:
			return Content{}, fmt.Errorf("file %s: %w", name, err)
		case refused != "":
			c.Refused[name] = refused
		default:
			c.Files[name] = data
		}
	}
	return c, nil
}

// pick gives the directory entry of a file: by its own name, else in another
// case, else as a CD without extensions has it.
func pick(entries []fs.DirEntry, name string) fs.DirEntry {
	same := []func(string) bool{
		func(other string) bool { return other == name },
		func(other string) bool { return strings.EqualFold(other, name) },
		func(other string) bool { return isPlainName(other, name) },
	}
	for _, fits := range same {
		if i := slices.IndexFunc(entries, func(e fs.DirEntry) bool { return fits(e.Name()) }); i >= 0 {
			return entries[i]
		}
	}
	return nil
}

// isPlainName says whether a CD without Rock Ridge and Joliet may have a file
// under the other name: in capital letters, cut off after eight of them and
// three of the extension where the writer keeps to level 1 (ECMA-119 section
// 10.1), and with "_" for what is no letter where it is strict. user-data is
// USER-DAT or USER_DATA.
func isPlainName(other, name string) bool {
	plain := strings.NewReplacer("-", "_").Replace
	full := plain(strings.ToUpper(name))
	base, extension, dotted := strings.Cut(full, ".")
	short := base[:min(len(base), 8)]
	if dotted {
		short += "." + extension[:min(len(extension), 3)]
	}
	return plain(other) == full || plain(other) == short
}

// readEntry reads one file of at most limit bytes, or says why not.
func readEntry(fsys fs.FS, e fs.DirEntry, limit int64) (data []byte, refused string, err error) {
	switch t := e.Type(); {
	case e.IsDir():
		return nil, "it is a directory, not a regular file", nil
	case t&fs.ModeSymlink != 0:
		return nil, "it is a symbolic link, not a regular file", nil
	case t&fs.ModeType != 0:
		return nil, "it is no regular file", nil
	}
	f, err := fsys.Open(e.Name())
	if err != nil {
		return nil, "", err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, "", err
	}
	size := info.Size()
	if size > limit {
		return nil, fmt.Sprintf("it has %d bytes, and %d are the most", size, limit), nil
	}
	data = make([]byte, size)
	// An empty file has no clusters, and reading it would be an error.
	if n, err := io.ReadFull(f, data); err != nil {
		return nil, "", fmt.Errorf("byte %d of %d: %w", n, size, unexpected(err))
	}
	return data, "", nil
}
