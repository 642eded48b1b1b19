// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"golang.org/x/sys/unix"

	"illumos-metadata/common/guest"
)

// forms are the names of all cpio formats.
var forms = []string{"binary", "binary, big-endian", "odc", "newc", "crc"}

// pack writes files as an archive, in order of name (archives.h, cpio(5)).
func pack(form string, files map[string]string) string {
	var b bytes.Buffer
	for i, name := range slices.Sorted(maps.Keys(files)) {
		member(&b, form, i+1, 0o100644, name, files[name])
	}
	member(&b, form, 0, 0, "TRAILER!!!", "")
	b.Write(make([]byte, -b.Len()&511))
	return b.String()
}

func member(b *bytes.Buffer, form string, inode, mode int, name, data string) {
	n, size := len(name)+1, len(data)
	word := func(order binary.ByteOrder) {
		for _, w := range []int{0o070707, 1, inode, mode, 0, 0, 1, 0, 0, 0, n, size >> 16, size & 0xffff} {
			binary.Write(b, order, uint16(w))
		}
	}
	magic, sum, align := "070701", 0, 4
	switch form {
	case "binary":
		align = 2
		word(binary.LittleEndian)
	case "binary, big-endian":
		align = 2
		word(binary.BigEndian)
	case "odc":
		align = 1
		fmt.Fprintf(b, "070707%06o%06o%06o%06o%06o%06o%06o%011o%06o%011o", 1, inode, mode, 0, 0, 1, 0, 0, n, size)
	case "crc":
		magic = "070702"
		for _, c := range []byte(data) {
			sum += int(c)
		}
		fallthrough
	case "newc":
		fmt.Fprintf(b, "%s%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x", magic, inode, mode, 0, 0, 1, 0, size, 0, 1, 0, 0, n, sum)
	}
	for _, part := range []string{name + "\x00", data} {
		b.WriteString(part)
		b.Write(make([]byte, -b.Len()&(align-1)))
	}
}

// What a disk of a test can be instead of one with content: an empty drive does
// not open (ENXIO), as a socket does not, and a broken disk does not read, as a
// directory does not.
const (
	noMedium = "ENXIO"
	broken   = "EIO"
)

// newGuest gives a guest with disks, by the names of their nodes.
func newGuest(t *testing.T, disks map[string]string) *guest.Guest {
	t.Helper()
	// A socket's path has little room, hence not t.TempDir.
	root, err := os.MkdirTemp("", "provider")
	must(t, err)
	t.Cleanup(func() { os.RemoveAll(root) })
	g := guest.New(root, slog.New(slog.DiscardHandler))
	must(t, os.MkdirAll(g.Host("/dev/dsk"), 0o755))
	for name, content := range disks {
		path := filepath.Join(g.Host("/dev/dsk"), name)
		switch content {
		case noMedium:
			must(t, unix.Mknod(path, unix.S_IFSOCK|0o600, 0))
		case broken:
			must(t, os.Mkdir(path, 0o755))
		default:
			must(t, os.WriteFile(path, []byte(content), 0o600))
		}
	}
	return g
}
