// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simdisk

import (
	"slices"
	"strconv"

	"illumos-metadata/common/simguest/world"
)

// What an option of swap(8) sets (cmd/swap/swap.c).
const (
	swapList = 1 << iota
	swapDelete
	swapAdd
	swapSum
	swapPass1
	swapPass2
	swapHuman
	swapKilo
)

// A swapCall is one run of swap(8).
type swapCall struct {
	flags      int
	path       string
	low, count int64 // blocks of 512 bytes
	status     int   // so far
}

// swap plays swap(8). Options work as they come: -d at once, the others at the
// end.
func swap(c *world.Call, s *state) int {
	if len(c.Args) == 0 {
		return swapUsage(c)
	}
	g := world.Getopt{Args: c.Args, Spec: "khlsd:a:12"}
	sc := swapCall{}
	for opt, ok := g.Next(); ok; opt, ok = g.Next() {
		if bad := sc.option(c, s, &g, opt); bad {
			return sc.status
		}
	}
	switch {
	case sc.flags&swapSum != 0 && sc.flags&^(swapSum|swapHuman) != 0,
		sc.flags&swapList != 0 && sc.flags&^(swapKilo|swapHuman|swapList) != 0,
		sc.flags&^(swapHuman|swapKilo) == 0:
		return swapUsage(c)
	case sc.flags&swapSum != 0:
		sc.status = s.swapSummary(c, sc.flags)
	case sc.flags&swapList != 0:
		sc.status = s.swapTable(c, sc.flags)
	case sc.flags&swapAdd != 0:
		sc.status = s.addSwap(c, &sc)
	}
	return sc.status
}

// option takes one option; bad says that the program ends, with sc.status.
func (sc *swapCall) option(c *world.Call, s *state, g *world.Getopt, opt byte) (bad bool) {
	simple := map[byte]int{'l': swapList, 's': swapSum, 'h': swapHuman, 'k': swapKilo, '1': swapPass1, '2': swapPass2}
	sc.status, bad = 1, true
	switch {
	case simple[opt] != 0:
		sc.flags |= simple[opt]
	case opt == 'd':
		if len(g.Args) > 1 || sc.flags != 0 {
			swapUsage(c)
			return true
		}
		sc.flags, sc.path = swapDelete, g.Value
		if !sc.number(c, g, &sc.low, "low block") {
			return true
		}
		sc.status = s.deleteSwap(c, sc)
		return false
	case opt == 'a':
		if len(g.Args) > 2 || sc.flags&^(swapPass1|swapPass2) != 0 {
			swapUsage(c)
			return true
		}
		if g.Value == "" || g.Value[0] != '/' {
			c.Errorf("%s: path must be absolute\n", c.Name)
			return true
		}
		sc.flags |= swapAdd
		sc.path = g.Value
		if !sc.number(c, g, &sc.low, "low block") || !sc.number(c, g, &sc.count, "nbr of blocks") {
			return true
		}
	default:
		g.Complain(c, opt)
		swapUsage(c)
		return true
	}
	sc.status = 0
	return false
}

// number takes the next operand, if there is one, even if it looks like an
// option.
func (sc *swapCall) number(c *world.Call, g *world.Getopt, n *int64, what string) bool {
	if len(g.Args) == 0 {
		return true
	}
	var err error
	*n, err = strconv.ParseInt(g.Args[0], 10, 64)
	g.Args = g.Args[1:]
	if err != nil {
		c.Errorf("error in [%s]\n", what)
	}
	return err == nil
}

// swapUsage prints how the command is used, and gives the status of wrong usage.
func swapUsage(c *world.Call) int {
	c.Errorf("Usage:\t%s -l\n\tsub option :\n\t\t-h : displays size in human readable format\n\t\t-k : displays size in KB\n", c.Name)
	c.Errorf("\t%s -s\n\tsub option :\n\t\t-h : displays size in human readable format rather than KB\n", c.Name)
	c.Errorf("\t%s -d <file name> [low block]\n", c.Name)
	c.Errorf("\t%s -a <file name> [low block] [nbr of blocks]\n", c.Name)
	return 1
}

const (
	page       = 4096
	pageBlocks = page / 512
)

// swapTable is -l (swap.c, list). A zone sees the sum of all, called "swap".
func (s *state) swapTable(c *world.Call, flags int) int {
	table := s.Swap
	if s.Zone {
		table = []Swap{{Path: "swap", Start: pageBlocks}}
	}
	if len(table) == 0 {
		c.Errorf("No swap devices configured\n")
		return 1
	}
	c.Printf("swapfile             dev    swaplo   blocks     free\n")
	for _, e := range table {
		switch {
		case e.Path[0] == '/' && !s.nodeExists(c.World, e.Path):
			c.Printf("%-20s ?,? ", e.Path)
		case e.Major == 0:
			c.Printf("%-20s  -  ", e.Path)
		default:
			c.Printf("%-19s %2d,%-2d", e.Path, e.Major, e.Minor)
		}
		for _, blocks := range []int64{e.Start, e.Pages * pageBlocks, e.Pages * pageBlocks} {
			switch {
			case flags&swapHuman != 0:
				c.Printf(" %8s", nicenum(uint64(blocks)*512))
			case flags&swapKilo != 0:
				c.Printf(" %7dK", blocks/2)
			default:
				c.Printf(" %8d", blocks)
			}
		}
		c.Printf("\n")
	}
	return 0
}

// swapSummary is -s (swap.c, doswap). An eighth of memory is in use, nine parts
// of ten of that allocated; nothing is ever paged out.
func (s *state) swapSummary(c *world.Call, flags int) int {
	used := s.Memory / 8 / page
	allocated := used * 9 / 10
	available := (s.Memory - s.Memory/8) / page
	for _, e := range s.Swap {
		available += e.Pages
	}
	available -= used
	if flags&swapHuman != 0 {
		c.Printf("total: %s allocated + %s reserved = %s used, %s available\n", nicenum(uint64(allocated*page)),
			nicenum(uint64((used-allocated)*page)), nicenum(uint64(used*page)), nicenum(uint64(available*page)))
		return 0
	}
	const kilo = page / 1024
	c.Printf("total: %dk bytes allocated + %dk reserved = %dk used, %dk available\n",
		allocated*kilo, (used-allocated)*kilo, used*kilo, available*kilo)
	return 0
}

// swapped says whether any part of a device is swap.
func (s *state) swapped(path string) bool {
	return slices.ContainsFunc(s.Swap, func(e Swap) bool { return e.Path == path })
}
