// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package cutoff

import "golang.org/x/sys/unix"

// own are the calls that newer processors do without.
var own = map[uint64]call{
	unix.SYS_OPEN:     {"open", []arg{{none, 0}}, none, false, 1},
	unix.SYS_CREAT:    {"creat", []arg{{none, 0}}, none, false, none},
	unix.SYS_MKDIR:    {"mkdir", []arg{{none, 0}}, none, false, none},
	unix.SYS_MKNOD:    {"mknod", []arg{{none, 0}}, none, false, none},
	unix.SYS_RMDIR:    {"rmdir", []arg{{none, 0}}, none, false, none},
	unix.SYS_UNLINK:   {"unlink", []arg{{none, 0}}, none, false, none},
	unix.SYS_RENAME:   {"rename", []arg{{none, 0}, {none, 1}}, none, false, none},
	unix.SYS_RENAMEAT: {"renameat", []arg{{0, 1}, {2, 3}}, none, false, none},
	unix.SYS_LINK:     {"link", []arg{{none, 0}, {none, 1}}, none, false, none},
	unix.SYS_SYMLINK:  {"symlink", []arg{{none, 1}}, none, false, none},
	unix.SYS_CHMOD:    {"chmod", []arg{{none, 0}}, none, false, none},
	unix.SYS_CHOWN:    {"chown", []arg{{none, 0}}, none, false, none},
	unix.SYS_LCHOWN:   {"lchown", []arg{{none, 0}}, none, false, none},
}
