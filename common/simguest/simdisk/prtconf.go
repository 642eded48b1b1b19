// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simdisk

import (
	"strings"

	"illumos-metadata/common/simguest/world"
)

// prtconf plays prtconf(8) as far as it needs no device tree
// (cmd/prtconf/prtconf.c): -m, -x, and the refusals.
func prtconf(c *world.Call, s *state) int {
	g := world.Getopt{Args: c.Args, Spec: "abcdDvVxmpPFf:uC"}
	flags := ""
	for opt, ok := g.Next(); ok; opt, ok = g.Next() {
		if opt == '?' || opt == ':' {
			g.Complain(c, opt)
			c.Errorf("%s [ -F | -m | -V | -x | -abcdvpPD ] [ <device_path > ]\n", c.Name)
			return 1
		}
		flags += string(opt)
	}
	has := func(letters string) bool { return strings.ContainsAny(flags, letters) }
	switch {
	case has("FV"):
	case has("x"): // the firmware is always ready for 64 bits
		return 0
	case has("b"), len(g.Args) > 0:
	case has("ac"):
		c.Errorf("%s: options require a device path\n", c.Name)
		return 1
	case has("m") && s.Memory <= 0:
		c.Printf("0\n")
		return 1
	case has("m"):
		c.Printf("%d\n", (s.Memory+mib-1)/mib)
		return 0
	}
	return notSimulated(c, "without -m")
}
