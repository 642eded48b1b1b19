// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simdisk

import (
	"io"
	"os"
	"strings"

	"illumos-metadata/common/simguest/world"
)

// swapadd plays swapadd(8) (cmd/initpkg/swapadd.sh). Its status is that of the
// last line of the table, whatever became of the others.
func swapadd(c *world.Call, s *state) int {
	const usage = "Usage: swapadd [-12] [file_system_table]\n"
	g := world.Getopt{Args: c.Args, Spec: "12"}
	pass := byte('2')
	for opt, ok := g.Next(); ok; opt, ok = g.Next() {
		if opt == '?' {
			c.Errorf(usage)
			return 1
		}
		pass = opt
	}
	name := "/etc/vfstab"
	if len(g.Args) > 0 {
		name = g.Args[0]
	}
	if len(g.Args) > 1 {
		c.Errorf(usage)
		return 1
	}
	var table []byte
	var err error
	if name == "-" {
		table, err = io.ReadAll(c.Stdin)
	} else {
		table, err = os.ReadFile(c.World.Path(name))
		if err != nil || len(table) == 0 {
			c.Errorf("swapadd: file system table (%s) not found\n", name)
			return 1
		}
	}
	if err != nil {
		c.Errorf("simulated guest: %v\n", err)
		return 127
	}
	status := 0
	for line := range strings.Lines(string(table)) {
		if !strings.HasSuffix(line, "\n") {
			break // read(1) fails at the end of the file
		}
		status = s.swapaddLine(c, pass, strings.Fields(line))
	}
	return status
}

// swapaddLine is the body of the script's loop.
func (s *state) swapaddLine(c *world.Call, pass byte, f []string) int {
	if len(f) < 4 || strings.HasPrefix(f[0], "#") || f[0] == "-" || f[3] != "swap" {
		return 0
	}
	special := f[0]
	if pass == '1' {
		info, err := os.Stat(c.World.Path(special))
		_, isBlock := s.block(c.World, special)
		if !isBlock && (err != nil || !info.Mode().IsRegular() || info.Mode()&0o200 == 0) {
			return 0
		}
	} else if s.listed(special) {
		return 0
	}
	call := *c
	call.Name, call.Args = "swap", []string{"-" + string(pass), "-a", special}
	call.Env = append([]string{"NOINUSE_CHECK=1"}, c.Env...)
	call.Stdout = io.Discard
	return swap(&call, s)
}

// listed is the script's grep in the output of swap -l: special as a whole
// word.
func (s *state) listed(special string) bool {
	for _, e := range s.Swap {
		_, after, ok := strings.Cut(e.Path, special)
		if ok && (after == "" || after[0] != '_' && !isAlnum(after[0])) {
			return true
		}
	}
	return false
}
