// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

// Package guest is the one place that touches the machine: it runs commands,
// reads files and replaces them atomically, and takes locks. What a command
// prints and what a file means is for the packages above to know.
//
// Every path is the guest's own, absolute one (/etc/nodename). A Guest with a
// Root keeps all of them below that directory, so that a directory that looks
// like a guest can stand in for one.
package guest

import (
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"
)

// A Guest is the running system, or a directory that looks like one.
type Guest struct {
	Root string       // prefix of every path; empty on a real guest
	Log  *slog.Logger // never nil

	// Exec, where set, replaces running a program; unit tests set it.
	Exec Runner
	// Connect, where set, replaces the guest's network; unit tests set it.
	Connect Dialer
}

// New returns the guest below root ("" or "/" for the running system).
func New(root string, log *slog.Logger) *Guest {
	if root != "" && !path.IsAbs(root) {
		// A command starts in the guest's own root, where a relative path to it
		// would mean something else.
		if abs, err := filepath.Abs(root); err == nil {
			root = abs
		}
	}
	return &Guest{Root: strings.TrimRight(root, "/"), Log: log}
}

// Host gives the path by which this process opens the guest's path name. It
// follows no links; use it only to show or to test.
func (g *Guest) Host(name string) string {
	return g.Root + path.Clean("/"+name)
}

// maxLinks is how many symbolic links one path may pass through, as in the
// kernel (MAXSYMLINKS in illumos's sys/param.h is 20).
const maxLinks = 20

// resolve follows every symbolic link in name as the guest's kernel would: an
// absolute link starts again at Root, and ".." stops there. What does not exist
// stays as it is.
func (g *Guest) resolve(name string) (string, error) {
	done, todo := "/", strings.Split(name, "/")
	for links := 0; len(todo) > 0; {
		next := path.Join(done, todo[0]) // done has no links, so ".." is what it says
		todo = todo[1:]
		target, err := os.Readlink(g.Root + next)
		switch {
		case err == nil:
			if links++; links > maxLinks {
				return "", &fs.PathError{Op: "open", Path: name, Err: syscall.ELOOP}
			}
			if path.IsAbs(target) {
				done = "/"
			}
			todo = append(strings.Split(target, "/"), todo...)
		case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.EINVAL):
			done = next
		default:
			return "", guestError(g, err)
		}
	}
	return done, nil
}

// Open opens a file of the guest for reading. The caller closes it.
func (g *Guest) Open(name string) (*os.File, error) {
	real, err := g.resolve(name)
	if err != nil {
		return nil, err
	}
	f, err := os.Open(g.Root + real)
	return f, guestError(g, err)
}

// ReadFile gives the content of a file of at most limit bytes; a longer one is
// an error. A missing file is fs.ErrNotExist.
func (g *Guest) ReadFile(name string, limit int64) ([]byte, error) {
	f, err := g.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readLimited(f, name, limit)
}

func readLimited(f *os.File, name string, limit int64) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(b)) > limit {
		err = syscall.EFBIG
	}
	if err != nil {
		return nil, &fs.PathError{Op: "read", Path: name, Err: cause(err)}
	}
	return b, nil
}

// Exists says whether name is there, following links.
func (g *Guest) Exists(name string) bool {
	real, err := g.resolve(name)
	if err != nil {
		return false
	}
	_, err = os.Stat(g.Root + real)
	return err == nil
}

// Stat gives the state of name, following links.
func (g *Guest) Stat(name string) (fs.FileInfo, error) {
	real, err := g.resolve(name)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(g.Root + real)
	return info, guestError(g, err)
}

// Create opens the file name for reading and appending, empty and with mode
// 0600. The caller closes it.
func (g *Guest) Create(name string) (*os.File, error) {
	real, err := g.resolve(name)
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(g.Root+real, os.O_RDWR|os.O_APPEND|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, guestError(g, err)
	}
	if err := f.Chmod(0o600); err != nil {
		f.Close()
		return nil, guestError(g, err)
	}
	return f, nil
}

// ReadDir gives the names in a directory, sorted.
func (g *Guest) ReadDir(name string) ([]string, error) {
	real, err := g.resolve(name)
	if err != nil {
		return nil, err
	}
	entries, err := os.ReadDir(g.Root + real)
	if err != nil {
		return nil, guestError(g, err)
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names, nil
}

// guestError shows the guest's own path in an error, not the prefixed one.
func guestError(g *Guest, err error) error {
	var pe *fs.PathError
	if g.Root == "" || !errors.As(err, &pe) {
		return err
	}
	rel := strings.TrimPrefix(pe.Path, g.Root)
	return &fs.PathError{Op: pe.Op, Path: rel, Err: pe.Err}
}
