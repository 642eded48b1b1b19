// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package cutoff

import "golang.org/x/sys/unix"

// own are the calls that newer processors do without.
var own = map[uint64]call{
	unix.SYS_RENAMEAT: {"renameat", []arg{{0, 1}, {2, 3}}, none, false, none},
}
