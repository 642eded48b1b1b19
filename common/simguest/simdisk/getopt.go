// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simdisk

import (
	"strings"

	"illumos-metadata/common/simguest/world"
)

// A getopt scans options as getopt(3C) does: clusters, values in the same word
// or the next one, "--", and an end at the first operand.
type getopt struct {
	args    []string // what is left
	spec    string   // letters, with ':' after each that takes a value
	cluster string   // rest of the word that is being scanned
	value   string   // of the last option
	letter  byte     // the last option, also a bad one
}

// next gives the next option: its letter, '?' for an unknown one, ':' for one
// whose value is missing. ok is false at the end.
func (g *getopt) next() (opt byte, ok bool) {
	if g.cluster == "" {
		if len(g.args) == 0 || len(g.args[0]) < 2 || g.args[0][0] != '-' {
			return 0, false
		}
		word := g.args[0]
		g.args = g.args[1:]
		if word == "--" {
			return 0, false
		}
		g.cluster = word[1:]
	}
	g.letter, g.cluster = g.cluster[0], g.cluster[1:]
	at := strings.IndexByte(g.spec, g.letter)
	if at < 0 || g.letter == ':' {
		return '?', true
	}
	if at+1 == len(g.spec) || g.spec[at+1] != ':' {
		return g.letter, true
	}
	g.value, g.cluster = g.cluster, ""
	if g.value == "" {
		if len(g.args) == 0 {
			return ':', true
		}
		g.value, g.args = g.args[0], g.args[1:]
	}
	return g.letter, true
}

// complain prints what getopt(3C) itself says of a bad option, unless the
// program has set opterr to 0.
func (g *getopt) complain(c *world.Call, opt byte) {
	if opt == ':' {
		c.Errorf("%s: option requires an argument -- %c\n", c.Name, g.letter)
		return
	}
	c.Errorf("%s: illegal option -- %c\n", c.Name, g.letter)
}

// notSimulated is the answer to what the real command can do and this one
// cannot.
func notSimulated(c *world.Call, what string) int {
	c.Errorf("simulated guest: %s %s is not simulated\n", c.Name, what)
	return 127
}
