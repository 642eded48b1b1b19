// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package guest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// tempSuffix marks the temporary file of a replacement. The name is fixed, so
// that what a killed run left behind is used up by the next one.
const tempSuffix = ".metadata-new"

// WriteFile makes a file as wanted, atomically and durably: a temporary file in
// the same directory, mode and owner set before the rename, fsync of the file
// and of the directory. A symbolic link is followed, not replaced: illumos
// ships /etc/hosts as a link to inet/hosts. It says whether it changed
// anything; it does nothing if content, mode and owner match already.
func (g *Guest) WriteFile(f File) (changed bool, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("write %s: %w", f.Path, cause(err))
		}
	}()
	dir, name, err := g.directory(f)
	if err != nil {
		return false, err
	}
	defer dir.Close()

	have, old, err := readRegular(dir, name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	mode, owner := wantedAttributes(f, old)
	if old != nil && bytes.Equal(have, f.Data) && old.Mode().Perm() == mode && (owner == nil || ownerOf(old) == *owner) {
		return false, nil
	}
	return true, replace(dir, name, f.Data, mode, owner)
}

// directory opens the directory that holds f and gives the name in it, with
// links followed as far as f.Within allows.
func (g *Guest) directory(f File) (*os.Root, string, error) {
	base, rel := "/", f.Path
	if f.Within != "" {
		base, rel = f.Within, strings.TrimPrefix(path.Clean(f.Path), path.Clean(f.Within)+"/")
	} else {
		real, err := g.resolve(f.Path)
		if err != nil {
			return nil, "", err
		}
		base, rel = path.Split(real)
		if f.Dir != 0 {
			base, rel = path.Dir(path.Clean(base)), path.Join(path.Base(base), rel)
		}
	}
	real, err := g.resolve(base)
	if err != nil {
		return nil, "", err
	}
	root, err := os.OpenRoot(g.Root + real)
	if err != nil {
		return nil, "", err
	}
	defer root.Close()

	sub := path.Dir(rel)
	if f.Dir != 0 {
		if err := makeDir(root, sub, f.Dir, f.Owner); err != nil {
			return nil, "", err
		}
	}
	// A link inside is followed; os.Root refuses one that leads out.
	name := rel
	if target, err := root.Readlink(rel); err == nil {
		if path.IsAbs(target) {
			return nil, "", fmt.Errorf("the link to %s leads out of %s", target, base)
		}
		name = path.Join(sub, target)
	}
	dir, err := root.OpenRoot(path.Dir(name))
	return dir, path.Base(name), err
}

// makeDir makes one directory, or corrects its mode and owner.
func makeDir(root *os.Root, name string, mode fs.FileMode, owner *Owner) error {
	if err := root.Mkdir(name, mode); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	info, err := root.Stat(name)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return &fs.PathError{Op: "mkdir", Path: name, Err: syscall.ENOTDIR}
	}
	if owner != nil && ownerOf(info) != *owner {
		if err := root.Chown(name, owner.UID, owner.GID); err != nil {
			return err
		}
	}
	if info.Mode().Perm() == mode {
		return nil
	}
	return root.Chmod(name, mode)
}

// readRegular gives the content and state of a regular file. State is nil if
// there is none.
func readRegular(dir *os.Root, name string) ([]byte, fs.FileInfo, error) {
	f, err := dir.OpenFile(name, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, nil, &fs.PathError{Op: "open", Path: name, Err: errors.New("not a regular file")}
	}
	b, err := io.ReadAll(f)
	return b, info, err
}

// wantedAttributes are f's mode and owner, with the present file's where f
// leaves them open.
func wantedAttributes(f File, old fs.FileInfo) (fs.FileMode, *Owner) {
	mode, owner := f.Mode, f.Owner
	if mode == 0 {
		mode = 0o644
		if old != nil {
			mode = old.Mode().Perm()
		}
	}
	if owner == nil && old != nil {
		o := ownerOf(old)
		owner = &o
	}
	return mode, owner
}

// replace puts a complete new file in the place of name.
func replace(dir *os.Root, name string, data []byte, mode fs.FileMode, owner *Owner) error {
	temp := "." + name + tempSuffix
	if err := dir.Remove(temp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := dir.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	err = fill(f, data, mode, owner)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = dir.Rename(temp, name)
	}
	if err != nil {
		dir.Remove(temp) // best effort; the next run uses the name up anyway
		return err
	}
	return syncDir(dir)
}

func fill(f *os.File, data []byte, mode fs.FileMode, owner *Owner) error {
	if _, err := f.Write(data); err != nil {
		return err
	}
	if owner != nil {
		info, err := f.Stat()
		if err != nil {
			return err
		}
		if ownerOf(info) != *owner {
			if err := f.Chown(owner.UID, owner.GID); err != nil {
				return err
			}
		}
	}
	if err := f.Chmod(mode); err != nil {
		return err
	}
	return f.Sync()
}

// Remove removes a file; one that is not there is no error.
func (g *Guest) Remove(name string) error {
	real, err := g.resolve(path.Dir(name))
	if err != nil {
		return err
	}
	dir, err := os.OpenRoot(g.Root + real)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer dir.Close()
	if err := dir.Remove(path.Base(name)); errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return fmt.Errorf("remove %s: %w", name, cause(err))
	}
	return syncDir(dir)
}

// MakeDir makes the directory name with the given mode, and the missing ones
// above it with 0755; a present one gets the mode.
func (g *Guest) MakeDir(name string, mode fs.FileMode) error {
	real, err := g.resolve(name)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(g.Root+path.Dir(real), 0o755); err != nil {
		return guestError(g, err)
	}
	dir, err := os.OpenRoot(g.Root + path.Dir(real))
	if err != nil {
		return guestError(g, err)
	}
	defer dir.Close()
	return makeDir(dir, path.Base(real), mode, nil)
}

// Lock takes the exclusive lock on the file name, which it makes if needed, and
// gives the function that lets it go. It waits until ctx ends.
func (g *Guest) Lock(ctx context.Context, name string) (unlock func(), err error) {
	f, err := os.OpenFile(g.Host(name), os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, guestError(g, err)
	}
	for pause := time.Millisecond; ; pause = min(2*pause, 200*time.Millisecond) {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			return func() { f.Close() }, nil
		}
		if !errors.Is(err, unix.EWOULDBLOCK) {
			f.Close()
			return nil, fmt.Errorf("lock %s: %w", name, err)
		}
		select {
		case <-ctx.Done():
			f.Close()
			return nil, fmt.Errorf("lock %s: %w", name, context.Cause(ctx))
		case <-time.After(pause/2 + rand.N(pause)):
		}
	}
}

func syncDir(dir *os.Root) error {
	f, err := dir.Open(".")
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

func ownerOf(info fs.FileInfo) Owner {
	st := info.Sys().(*syscall.Stat_t)
	return Owner{int(st.Uid), int(st.Gid)}
}

// cause drops the path of a PathError, which the caller names better.
func cause(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}
