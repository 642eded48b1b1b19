// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simsmf

import (
	"strings"

	"illumos-metadata/common/simguest/world"
)

// An option is one option that getopt found; name is '?' for one that is wrong.
type option struct {
	name  byte
	value string
}

// getopt parses as getopt(3C) does and says what it says of a wrong option.
func getopt(c *world.Call, args []string, letters string) (opts []option, operands []string) {
	for i := 0; i < len(args); i++ {
		arg := args[i]
		if arg == "--" {
			return opts, args[i+1:]
		}
		if len(arg) < 2 || arg[0] != '-' {
			return opts, args[i:]
		}
		for rest := arg[1:]; rest != ""; {
			letter := rest[0]
			rest = rest[1:]
			at := strings.IndexByte(letters, letter)
			value := at >= 0 && at+1 < len(letters) && letters[at+1] == ':'
			switch {
			case at < 0 || letter == ':':
				c.Errorf("%s: illegal option -- %c\n", c.Name, letter)
				opts = append(opts, option{'?', string(letter)})
			case !value:
				opts = append(opts, option{letter, ""})
			case rest != "":
				opts, rest = append(opts, option{letter, rest}), ""
			case i+1 < len(args):
				i++
				opts = append(opts, option{letter, args[i]})
			default:
				c.Errorf("%s: option requires an argument -- %c\n", c.Name, letter)
				opts = append(opts, option{'?', string(letter)})
			}
		}
	}
	return opts, nil
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
