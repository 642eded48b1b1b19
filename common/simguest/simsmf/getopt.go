// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simsmf

import (
	"illumos-metadata/common/simguest/world"
)

// An option is one option that getopt found; name is '?' for one that is wrong.
type option struct {
	name  byte
	value string
}

// getopt parses as getopt(3C) does and says what it says of a wrong option.
func getopt(c *world.Call, args []string, letters string) (opts []option, operands []string) {
	g := world.Getopt{Args: args, Spec: letters}
	for opt, ok := g.Next(); ok; opt, ok = g.Next() {
		if opt == '?' || opt == ':' {
			g.Complain(c, opt)
			opts = append(opts, option{'?', string(g.Letter)})
			continue
		}
		opts = append(opts, option{opt, g.Value})
	}
	return opts, g.Args
}

// fail ends a command whose documents cannot be read.
func fail(c *world.Call, err error) int {
	c.Errorf("simulated guest: %v\n", err)
	return 127
}

// absent ends a command of something real that is not played.
func absent(c *world.Call, what string) int {
	c.Errorf("simulated guest: %s %s is not simulated\n", c.Name, what)
	return 127
}
