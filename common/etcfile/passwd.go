// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package etcfile

import (
	"strconv"
	"strings"
)

// A User is an entry of passwd(5).
type User struct {
	Name     string
	UID, GID int
	Home     string
	Shell    string // "": /usr/bin/sh
}

// LookupUser gives the entry of passwd(5) for a user; ok is false if there is
// none. An entry that illumos cannot read, or whose IDs do not outlive a boot,
// is none (lib/libc/port/gen/getpwnam_r.c, str2passwd; MAXUID in sys/param.h).
func LookupUser(file []byte, name string) (u User, ok bool) {
	if name == "" || name[0] == '+' || name[0] == '-' {
		return User{}, false
	}
	for _, entry := range entries(file) {
		line := strings.TrimSuffix(strings.ReplaceAll(entry, "\\\n", ""), "\n")
		f := strings.Split(line, ":")
		if f[0] != name || len(f) != 7 {
			continue
		}
		uid, err := strconv.ParseUint(f[2], 10, 31)
		gid, gidErr := strconv.ParseUint(f[3], 10, 31)
		if err == nil && gidErr == nil {
			return User{name, int(uid), int(gid), f[5], f[6]}, true
		}
	}
	return User{}, false
}
