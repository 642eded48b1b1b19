// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package world

import "strings"

// A Getopt scans options as getopt(3C) does: clusters, values in the same word
// or the next one, "--", and an end at the first operand.
type Getopt struct {
	Args   []string // what is left
	Spec   string   // letters, with ':' after each that takes a value
	Value  string   // of the last option
	Letter byte     // the last option, also a bad one

	cluster string // rest of the word that is being scanned
}

// Next gives the next option: its letter, '?' for an unknown one, ':' for one
// whose value is missing. ok is false at the end.
func (g *Getopt) Next() (opt byte, ok bool) {
	if g.cluster == "" {
		if len(g.Args) == 0 || len(g.Args[0]) < 2 || g.Args[0][0] != '-' {
			return 0, false
		}
		word := g.Args[0]
		g.Args = g.Args[1:]
		if word == "--" {
			return 0, false
		}
		g.cluster = word[1:]
	}
	g.Letter, g.cluster = g.cluster[0], g.cluster[1:]
	at := strings.IndexByte(g.Spec, g.Letter)
	if at < 0 || g.Letter == ':' {
		return '?', true
	}
	g.Value = ""
	if at+1 == len(g.Spec) || g.Spec[at+1] != ':' {
		return g.Letter, true
	}
	g.Value, g.cluster = g.cluster, ""
	if g.Value == "" {
		if len(g.Args) == 0 {
			return ':', true
		}
		g.Value, g.Args = g.Args[0], g.Args[1:]
	}
	return g.Letter, true
}

// Within says whether the word of the last option holds another one.
func (g *Getopt) Within() bool { return g.cluster != "" }

// Complain prints what getopt(3C) itself says of a bad option, unless the
// program has set opterr to 0.
func (g *Getopt) Complain(c *Call, opt byte) {
	if opt == ':' {
		c.Errorf("%s: option requires an argument -- %c\n", c.Name, g.Letter)
		return
	}
	c.Errorf("%s: illegal option -- %c\n", c.Name, g.Letter)
}
