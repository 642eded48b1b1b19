// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package illumos

import (
	"context"
	"fmt"

	"illumos-metadata/common/guest"
)

// Memory gives the physical memory in bytes. It may be a little less than the
// hypervisor gave the machine: the firmware keeps some.
func Memory(ctx context.Context, g *guest.Guest) (int64, error) {
	out, err := g.Run(ctx, "/usr/sbin/prtconf", "-m")
	if err != nil {
		return 0, err
	}
	return parseMemory(out)
}

// parseMemory reads a number of MiB, which prtconf(8) has rounded up.
func parseMemory(out []byte) (int64, error) {
	line, err := single("prtconf -m", out)
	if err != nil {
		return 0, err
	}
	mib, err := unsigned(line, 10, 63-20)
	if err != nil || mib == 0 {
		return 0, fmt.Errorf("prtconf -m: line 1, %.100q: no amount of memory", line)
	}
	return int64(mib) << 20, nil
}
