// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simguest

import "golang.org/x/sys/unix"

// memory gives a directory in memory with room for guests, in which programs may
// be started, or "". In a container it often is small, or for data alone.
func memory() string {
	const dir, room = "/dev/shm", 2 << 30
	var s unix.Statfs_t
	if unix.Statfs(dir, &s) != nil || s.Flags&unix.ST_NOEXEC != 0 || s.Bavail*uint64(s.Bsize) < room || unix.Access(dir, unix.W_OK) != nil {
		return ""
	}
	return dir
}
