// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"

	"illumos-metadata/common/agent"
	"illumos-metadata/common/etcfile"
	"illumos-metadata/common/guest"
)

const mostFile = 4 << 20 // largest file read

var (
	errNoUser = errors.New("there is no such user in /etc/passwd")
	errNoHome = errors.New("there is no home directory")
)

// Homes are the authorized_keys of the users that a run has to look at.
type homes struct {
	files   []file
	away    []string // users whose file cannot be had now
	missing error    // why, where that is a failure
}

// readHomes reads the authorized_keys of all users that have keys of ours or
// are to get some. What is no failure is a key that cannot be withdrawn since
// its user or the home directory is gone.
func readHomes(a *agent.Agent, rec record, lines map[string][]string) (homes, error) {
	var h homes
	passwd, err := a.Guest.ReadFile("/etc/passwd", mostFile)
	if err != nil {
		return h, err
	}
	var errs []error
	for _, name := range owners(rec, lines) {
		wanted := len(lines[name]) > 0
		f, err := readFile(a.Guest, passwd, name)
		if i := slices.IndexFunc(h.files, func(o file) bool { return o.path() == f.path() }); i >= 0 && err == nil {
			err = fmt.Errorf("%s is the file of %s already", f.path(), h.files[i].user.Name)
		}
		switch {
		case err == nil:
			h.files = append(h.files, f)
			if wanted {
				warnHome(a, f.user)
			}
		case !wanted && errors.Is(err, errNoUser):
			a.Log.Info("nothing to withdraw", "user", name, "reason", err)
		case !wanted && errors.Is(err, errNoHome):
			a.Log.Info("nothing to withdraw now", "user", name, "reason", err)
			h.away = append(h.away, name)
		default:
			errs = append(errs, fmt.Errorf("keys for %s: %w", name, err))
			h.away = append(h.away, name)
		}
	}
	h.missing = agent.Join(errs...)
	return h, nil
}

// readFile reads the authorized_keys of one user, which may be missing.
func readFile(g *guest.Guest, passwd []byte, name string) (file, error) {
	user, ok := etcfile.LookupUser(passwd, name)
	f := file{user: user}
	switch {
	case !ok:
		return f, errNoUser
	case !path.IsAbs(user.Home):
		return f, fmt.Errorf("%w: /etc/passwd names none", errNoHome)
	case !g.Exists(user.Home):
		return f, fmt.Errorf("%w: %s does not exist", errNoHome, user.Home)
	}
	var err error
	f.data, err = g.ReadWithin(user.Home, f.path(), guest.Owner{UID: user.UID, GID: user.GID}, mostFile)
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return f, err
}

// warnHome says why sshd(8) will not look at a user's keys: StrictModes wants a
// home directory that only its user and root can change.
func warnHome(a *agent.Agent, u etcfile.User) {
	info, err := a.Guest.Stat(u.Home)
	if err != nil {
		return
	}
	const why = "sshd refuses the keys of this user (StrictModes): others can change the home directory"
	if mode := info.Mode().Perm(); mode&0o022 != 0 {
		a.Log.Warn(why, "user", u.Name, "mode", fmt.Sprintf("%04o", mode), "remedy", "chmod go-w "+u.Home)
	}
	if uid := guest.OwnerOf(info).UID; uid != u.UID && uid != 0 {
		a.Log.Warn(why, "user", u.Name, "owner", uid, "remedy", "chown "+u.Name+" "+u.Home)
	}
}
