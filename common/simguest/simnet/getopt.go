// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simnet

import (
	"strings"

	"illumos-metadata/common/simguest/world"
)

// An option is one option that getopt found. Name is '?' for an unknown one
// and ':' for one without its value; bad is then the letter to complain of.
type option struct {
	name  byte
	bad   byte
	value string
}

// A longOption is one line of the table for getopt_long(3C).
type longOption struct {
	name  string
	value bool
	short byte
}

// getoptLong parses as illumos's getopt_long(3C) does: options and operands in
// any order, long options by any unambiguous beginning. A colon before the
// letters makes a missing value ':' and not '?'.
func getoptLong(args []string, letters string, long []longOption) (opts []option, operands []string) {
	for i := 0; i < len(args); i++ {
		arg := args[i]
		switch {
		case arg == "--":
			return opts, append(operands, args[i+1:]...)
		case len(arg) < 2 || arg[0] != '-':
			operands = append(operands, arg)
		case strings.HasPrefix(arg, "--"):
			o, used := parseLong(args[i:], letters, long)
			opts, i = append(opts, o), i+used
		default:
			found, used := parseCluster(args[i:], letters)
			opts, i = append(opts, found...), i+used
		}
	}
	return opts, operands
}

// getopt parses as getopt(3C) does: operands begin at the first argument that
// is no option.
func getopt(args []string, letters string) (opts []option, operands []string) {
	g := world.Getopt{Args: args, Spec: letters}
	for name, ok := g.Next(); ok; name, ok = g.Next() {
		opts = append(opts, found(&g, name))
	}
	return opts, g.Args
}

// found gives the option that a scan is at.
func found(g *world.Getopt, name byte) option {
	switch name {
	case '?':
		return option{name: '?', bad: g.Letter}
	case ':':
		return option{name: missing(g.Spec), bad: g.Letter}
	}
	return option{name: name, value: g.Value}
}

// missing is the name of an option whose value is missing.
func missing(letters string) byte {
	if strings.HasPrefix(letters, ":") {
		return ':'
	}
	return '?'
}

// parseCluster parses args[0], one or more options behind one dash, and says
// how many more arguments it used.
func parseCluster(args []string, letters string) (opts []option, used int) {
	g := world.Getopt{Args: args, Spec: letters}
	for more := true; more; more = g.Within() {
		name, _ := g.Next()
		opts = append(opts, found(&g, name))
	}
	return opts, len(args) - len(g.Args) - 1
}

// parseLong parses args[0], "--name" or "--name=value".
func parseLong(args []string, letters string, long []longOption) (o option, used int) {
	name, value, given := strings.Cut(args[0][2:], "=")
	var match *longOption
	for i := range long {
		if long[i].name == name {
			match = &long[i]
			break
		}
		if !strings.HasPrefix(long[i].name, name) {
			continue
		}
		if match != nil && match.short != long[i].short {
			return option{name: '?'}, 0 // ambiguous
		}
		match = &long[i]
	}
	switch {
	case match == nil:
		return option{name: '?'}, 0
	case !match.value && given:
		return option{name: missing(letters), bad: match.short}, 0
	case !match.value || given:
		return option{name: match.short, value: value}, 0
	case len(args) > 1:
		return option{name: match.short, value: args[1]}, 1
	}
	return option{name: missing(letters), bad: match.short}, 0
}

// complaint is what getopt(3C) itself says where opterr is set.
func complaint(program, letters string, o option) string {
	text := "illegal option"
	if o.bad != ':' && strings.Contains(letters, string(o.bad)+":") {
		text = "option requires an argument"
	}
	return program + ": " + text + " -- " + string(o.bad) + "\n"
}
