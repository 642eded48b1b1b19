// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package cutoff

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"maps"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// A call says which arguments of a system call name what it changes.
type call struct {
	name  string
	names []arg // of files
	fd    int   // an open file; none without one
	data  bool  // a step only if that is a regular file, and no standard stream
	flags int   // of open, for a call that is a step only with some of them
}

// An arg is the place of a file's name among the arguments, and of the
// directory that it is relative to.
type arg struct{ dir, name int }

const none = -1

// common are the calls that every processor has. Those of older kinds are in
// own.
var common = map[uint64]call{
	unix.SYS_OPENAT:          {"openat", []arg{{0, 1}}, none, false, 2},
	unix.SYS_OPENAT2:         {"openat2", []arg{{0, 1}}, none, false, 2},
	unix.SYS_MKDIRAT:         {"mkdirat", []arg{{0, 1}}, none, false, none},
	unix.SYS_MKNODAT:         {"mknodat", []arg{{0, 1}}, none, false, none},
	unix.SYS_UNLINKAT:        {"unlinkat", []arg{{0, 1}}, none, false, none},
	unix.SYS_RENAMEAT2:       {"renameat2", []arg{{0, 1}, {2, 3}}, none, false, none},
	unix.SYS_LINKAT:          {"linkat", []arg{{0, 1}, {2, 3}}, none, false, none},
	unix.SYS_SYMLINKAT:       {"symlinkat", []arg{{1, 2}}, none, false, none},
	unix.SYS_FCHMODAT:        {"fchmodat", []arg{{0, 1}}, none, false, none},
	unix.SYS_FCHMODAT2:       {"fchmodat2", []arg{{0, 1}}, none, false, none},
	unix.SYS_FCHOWNAT:        {"fchownat", []arg{{0, 1}}, none, false, none},
	unix.SYS_UTIMENSAT:       {"utimensat", []arg{{0, 1}}, none, false, none},
	unix.SYS_TRUNCATE:        {"truncate", []arg{{none, 0}}, none, false, none},
	unix.SYS_FTRUNCATE:       {"ftruncate", nil, 0, false, none},
	unix.SYS_FALLOCATE:       {"fallocate", nil, 0, false, none},
	unix.SYS_FCHMOD:          {"fchmod", nil, 0, false, none},
	unix.SYS_FCHOWN:          {"fchown", nil, 0, false, none},
	unix.SYS_FSYNC:           {"fsync", nil, 0, false, none},
	unix.SYS_FDATASYNC:       {"fdatasync", nil, 0, false, none},
	unix.SYS_WRITE:           {"write", nil, 0, true, none},
	unix.SYS_WRITEV:          {"writev", nil, 0, true, none},
	unix.SYS_PWRITE64:        {"pwrite64", nil, 0, true, none},
	unix.SYS_PWRITEV:         {"pwritev", nil, 0, true, none},
	unix.SYS_PWRITEV2:        {"pwritev2", nil, 0, true, none},
	unix.SYS_SENDFILE:        {"sendfile", nil, 0, true, none},
	unix.SYS_COPY_FILE_RANGE: {"copy_file_range", nil, 2, true, none},
	unix.SYS_SPLICE:          {"splice", nil, 2, true, none},
}

var calls = merged(common, own)

func merged(a, b map[uint64]call) map[uint64]call {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

// changes gives the step that a system call is, in words, or "".
func changes(tid int, nr uint64, args [6]uint64) string {
	c, ok := calls[nr]
	if !ok {
		return ""
	}
	words := []string{c.name}
	for _, a := range c.names {
		name := readString(tid, args[a.name])
		if a.relative(name, args) {
			dir, _ := os.Readlink(descriptor(tid, args[a.dir])) // a bad one has no name
			name = dir + "/" + name
		}
		words = append(words, name)
	}
	if c.fd != none {
		link := descriptor(tid, args[c.fd])
		if c.data && (int32(args[c.fd]) <= 2 || !regular(link)) {
			return ""
		}
		name, _ := os.Readlink(link)
		words = append(words, name)
	}
	if c.flags != none && !c.writes(tid, nr, args) {
		return ""
	}
	return strings.Join(words, " ")
}

// writes says whether an open is for writing a regular file, or may make one.
func (c call) writes(tid int, nr uint64, args [6]uint64) bool {
	flags := args[c.flags]
	if nr == unix.SYS_OPENAT2 { // struct open_how begins with them
		how := append(read(tid, flags, 8), make([]byte, 8)...) // whole, if that is short
		flags = binary.NativeEndian.Uint64(how)
	}
	if flags&(unix.O_CREAT|unix.O_TRUNC|unix.O_WRONLY|unix.O_RDWR) == 0 {
		return false
	}
	a := c.names[0]
	path := readString(tid, args[a.name])
	switch {
	case a.relative(path, args):
		path = descriptor(tid, args[a.dir]) + "/" + path
	case strings.HasPrefix(path, "/"):
		path = fmt.Sprintf("/proc/%d/root%s", tid, path)
	default:
		path = fmt.Sprintf("/proc/%d/cwd/%s", tid, path)
	}
	return regular(path)
}

// relative says whether a name is relative to an open directory.
func (a arg) relative(name string, args [6]uint64) bool {
	return !strings.HasPrefix(name, "/") && a.dir != none && int32(args[a.dir]) != unix.AT_FDCWD
}

// descriptor gives the link that stands for an open file.
func descriptor(tid int, fd uint64) string { return fmt.Sprintf("/proc/%d/fd/%d", tid, int32(fd)) }

// regular says whether path is a regular file, or nothing yet. It does not ask
// package os, which calls an eventfd(2) regular too, since that has no type at
// all: Go's runtime writes to one now and then.
func regular(path string) bool {
	var st unix.Stat_t
	err := unix.Stat(path, &st)
	return err == unix.ENOENT || err == nil && st.Mode&unix.S_IFMT == unix.S_IFREG
}

// executes gives the path of the program that a system call is to begin, or "".
func executes(tid int, nr uint64, args [6]uint64) string {
	name, isExec := map[uint64]int{unix.SYS_EXECVE: 0, unix.SYS_EXECVEAT: 1}[nr]
	if !isExec {
		return ""
	}
	return readString(tid, args[name])
}

// readString reads a string of a tracee's memory that ends with a zero byte.
func readString(tid int, at uint64) string {
	text, _, whole := bytes.Cut(read(tid, at, unix.PathMax), []byte{0})
	if !whole {
		return "?" // the call will fail
	}
	return string(text)
}

// read reads up to n bytes of a tracee's memory.
func read(tid int, at uint64, n int) []byte {
	mem, err := os.Open(fmt.Sprintf("/proc/%d/mem", tid))
	if err != nil {
		return nil // it was killed
	}
	defer mem.Close()
	data := make([]byte, n)
	n, _ = mem.ReadAt(data, int64(at)) // what lies before the end of its memory
	return data[:n]
}
