// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package guest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
	"syscall"

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
	if g.UpToDate(f) {
		return false, nil
	}
	dir, name, err := g.directory(f)
	if err != nil {
		return false, err
	}
	defer dir.Close()

	old, same, err := compare(dir, name, f.Data)
	if err != nil {
		return false, err
	}
	mode, owner := wantedAttributes(f, old)
	if same && has(old, mode, owner) {
		return true, nil // f.Dir alone was not as wanted
	}
	return true, replace(dir, name, f.Data, mode, owner)
}

// UpToDate says whether WriteFile would change nothing.
func (g *Guest) UpToDate(f File) bool {
	dirMode := f.Dir
	f.Dir = 0 // make nothing
	dir, name, err := g.directory(f)
	if err != nil {
		return false
	}
	defer dir.Close()
	if dirMode != 0 {
		if info, err := dir.Stat("."); err != nil || !has(info, dirMode, f.Owner) {
			return false
		}
	}
	old, same, err := compare(dir, name, f.Data)
	if err != nil || !same {
		return false
	}
	mode, owner := wantedAttributes(f, old)
	return has(old, mode, owner)
}

// has says whether a file has mode and, if it is not nil, owner.
func has(info fs.FileInfo, mode fs.FileMode, owner *Owner) bool {
	return info.Mode().Perm() == mode && (owner == nil || OwnerOf(info) == *owner)
}

// ReadWithin is ReadFile for a file in a directory of user's, such as the home:
// a link that leads out of within is refused, and so is anything but a regular
// file, which could keep us waiting, and a file that user could not read. That
// one may be a hard link to somebody else's file, which a user may make
// (PRIV_FILE_LINK_ANY is a basic privilege, privileges(7)) and which our copy of
// it would give away.
func (g *Guest) ReadWithin(within, name string, user Owner, limit int64) ([]byte, error) {
	dir, base, err := g.directory(File{Path: name, Within: within})
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, cause(err))
	}
	defer dir.Close()
	f, info, err := openRegular(dir, base)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, cause(err))
	}
	defer f.Close()
	if !readable(info, user) {
		return nil, fmt.Errorf("read %s: it belongs to user %d, and user %d cannot read it", name, OwnerOf(info).UID, user.UID)
	}
	return readLimited(f, name, limit)
}

// readable says whether a file is one that user can have read before.
func readable(info fs.FileInfo, user Owner) bool {
	switch owner, mode := OwnerOf(info), info.Mode(); {
	case user.UID == 0, user.UID == owner.UID:
		return true
	case user.GID == owner.GID:
		return mode&0o040 != 0
	default:
		return mode&0o004 != 0
	}
}

// directory opens the directory that holds f and gives the name in it, with
// all links followed. From then on os.Root keeps the way there from being
// changed under us to lead out of f.Within.
func (g *Guest) directory(f File) (*os.Root, string, error) {
	real, err := g.resolve(f.Path)
	if err != nil {
		return nil, "", err
	}
	base := path.Dir(real)
	if f.Dir != 0 {
		base = path.Dir(base) // where the directory itself is made
	}
	if f.Within != "" {
		if base, err = g.resolve(f.Within); err != nil {
			return nil, "", err
		}
	}
	rel, inside := strings.CutPrefix(real, strings.TrimSuffix(base, "/")+"/")
	if !inside {
		return nil, "", fmt.Errorf("a link leads out of %s, to %s", f.Within, real)
	}
	root, err := os.OpenRoot(g.Root + base)
	if err != nil {
		return nil, "", err
	}
	defer root.Close()
	if f.Dir != 0 {
		if err := makeDir(root, path.Dir(rel), f.Dir, f.Owner); err != nil {
			return nil, "", err
		}
	}
	dir, err := root.OpenRoot(path.Dir(rel))
	return dir, path.Base(rel), err
}

// makeDir makes one directory, or corrects its mode and owner. It does so
// through an open file: os.Root's own Chmod asks for AT_SYMLINK_NOFOLLOW, which
// illumos does not support (uts/common/syscall/chmod.c, fchmodat).
func makeDir(root *os.Root, name string, mode fs.FileMode, owner *Owner) error {
	if err := root.Mkdir(name, mode); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	d, err := root.OpenFile(name, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	defer d.Close()
	info, err := d.Stat()
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return &fs.PathError{Op: "mkdir", Path: name, Err: syscall.ENOTDIR}
	}
	return setAttributes(d, info, mode, owner)
}

// setAttributes corrects the owner and mode of an open file, in this order: a
// change of owner may take mode bits away.
func setAttributes(f *os.File, info fs.FileInfo, mode fs.FileMode, owner *Owner) error {
	if owner != nil && OwnerOf(info) != *owner {
		if err := f.Chown(owner.UID, owner.GID); err != nil {
			return err
		}
	}
	if info.Mode().Perm() == mode {
		return nil
	}
	return f.Chmod(mode)
}

// openRegular opens a regular file for reading and gives its state.
func openRegular(dir *os.Root, name string) (*os.File, fs.FileInfo, error) {
	f, err := dir.OpenFile(name, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "open", Path: name, Err: errors.New("not a regular file")}
	}
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	return f, info, nil
}

// compare gives the state of the present file, nil if there is none, and says
// whether it holds data. One of another size is not read, however large.
func compare(dir *os.Root, name string, data []byte) (old fs.FileInfo, same bool, err error) {
	f, old, err := openRegular(dir, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	defer f.Close()
	if old.Size() != int64(len(data)) {
		return old, false, nil
	}
	have, err := io.ReadAll(io.LimitReader(f, old.Size()))
	return old, bytes.Equal(have, data), err
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
		o := OwnerOf(old)
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

// fill gives the new file its content, owner and mode, and brings it to disk.
func fill(f *os.File, data []byte, mode fs.FileMode, owner *Owner) error {
	if _, err := f.Write(data); err != nil {
		return err
	}
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if err := setAttributes(f, info, mode, owner); err != nil {
		return err
	}
	return f.Sync()
}

// Remove removes a file, or a link without what it points to; one that is not
// there is no error.
func (g *Guest) Remove(name string) error {
	real, err := g.resolve(path.Dir(name))
	if err != nil {
		return err
	}
	dir, err := os.OpenRoot(g.Root + real)
	if err == nil {
		defer dir.Close()
		err = dir.Remove(path.Base(name))
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
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
	above := g.Root + path.Dir(real)
	if err := os.MkdirAll(above, 0o755); err != nil {
		return guestError(g, err)
	}
	dir, err := os.OpenRoot(above)
	if err != nil {
		return guestError(g, err)
	}
	defer dir.Close()
	if err := makeDir(dir, path.Base(real), mode, nil); err != nil {
		return fmt.Errorf("make directory %s: %w", name, cause(err))
	}
	return nil
}

func syncDir(dir *os.Root) error {
	f, err := dir.Open(".")
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}

// OwnerOf gives the owner of a file that Stat has looked at.
func OwnerOf(info fs.FileInfo) Owner {
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
