// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simguest

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// CPIO packs files into a portable ASCII ("odc") archive as cpio -o -H odc
// writes it, to be a metadata volume: name and content of each, in order of
// name, padded with zeros to blocks of 512 bytes.
func CPIO(files map[string][]byte) []byte {
	var b bytes.Buffer
	for i, name := range slices.Sorted(maps.Keys(files)) {
		member(&b, i+1, 0o100644, name, files[name])
	}
	member(&b, 0, 0, "TRAILER!!!", nil)
	b.Write(make([]byte, (512-b.Len()%512)%512))
	return b.Bytes()
}

// member writes one header (cpio.h(3HEAD), c_ fields as octal digits), name and
// content.
func member(b *bytes.Buffer, ino, mode int, name string, data []byte) {
	fmt.Fprintf(b, "070707%06o%06o%06o%06o%06o%06o%06o%011o%06o%011o%s\x00",
		1, ino, mode, 0, 0, 1, 0, 0, len(name)+1, len(data), name)
	b.Write(data)
}

// Volume gives the content of a metadata volume: a file as it is, or the files
// in a directory as a CPIO archive, or as a NoCloud volume if meta-data is among
// them.
func Volume(name string) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return os.ReadFile(name)
	}
	entries, err := os.ReadDir(name)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	for _, e := range entries {
		if files[e.Name()], err = os.ReadFile(filepath.Join(name, e.Name())); err != nil {
			return nil, err
		}
	}
	if _, ok := files["meta-data"]; ok {
		return FileSystem("rockridge", "cidata", files)
	}
	return CPIO(files), nil
}
