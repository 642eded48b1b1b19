// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package etcfile

import "strings"

// RootFileSystem gives from mnttab(5) what is mounted on /, e.g.
// rpool/ROOT/omnios and zfs; both are empty if nothing is. Of two mounts on the
// same place the later one is on top.
func RootFileSystem(file []byte) (special, fstype string) {
	for line := range strings.Lines(string(file)) {
		if f := strings.Split(line, "\t"); len(f) == 5 && f[1] == "/" {
			special, fstype = f[0], f[2]
		}
	}
	return special, fstype
}
