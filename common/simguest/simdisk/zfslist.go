// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simdisk

import (
	"slices"
	"strconv"
	"strings"

	"illumos-metadata/common/simguest/world"
)

// A selection is which datasets zfs list or get is about (cmd/zfs/zfs_iter.c).
type selection struct {
	depth   int  // below the named ones; -1: all
	asked   bool // for a depth
	fs, vol bool
}

// A row is one dataset to print.
type row struct {
	pool *pool
	d    *dataset
}

// datasets gives the rows for the operands, all datasets if there are none.
// ok is false if an operand names none; the others are given all the same.
func (sel selection) datasets(c *world.Call, s *state, names []string) (rows []row, ok bool) {
	ok = true
	depth := sel.depth
	if len(names) == 0 {
		if !sel.asked {
			depth = -1
		}
		for i := range s.Pools {
			names = append(names, s.Pools[i].Name)
		}
	}
	for _, name := range names {
		p, top := openDataset(c, s, name)
		if top == nil {
			ok = false
			continue
		}
		for i := range p.Datasets {
			d := &p.Datasets[i]
			below := strings.Count(d.Name, "/") - strings.Count(top.Name, "/")
			if d != top && (!d.under(top.Name) || depth >= 0 && below > depth) {
				continue
			}
			if d.Volume && sel.vol || !d.Volume && sel.fs {
				rows = append(rows, row{p, d})
			}
		}
	}
	slices.SortFunc(rows, func(a, b row) int { return strings.Compare(a.d.Name, b.d.Name) })
	return slices.CompactFunc(rows, func(a, b row) bool { return a.d == b.d }), ok
}

// option takes an option that list and get share: d, r and t. It says whether
// it was one, and what is wrong with it.
func (sel *selection) option(opt byte, value string) (mine bool, wrong string) {
	switch opt {
	case 'r':
		sel.depth, sel.asked = -1, true
	case 'd':
		n, err := strconv.Atoi(value)
		switch {
		case err != nil:
			return true, value + " is not an integer"
		case n < 0:
			return true, "Depth can not be negative."
		}
		sel.depth, sel.asked = n, true
	case 't':
		sel.fs, sel.vol = false, false
		for kind := range strings.SplitSeq(value, ",") {
			switch kind {
			case "filesystem":
				sel.fs = true
			case "volume":
				sel.vol = true
			case "all":
				sel.fs, sel.vol = true, true
			case "snapshot", "bookmark":
			default:
				return true, "invalid type '" + kind + "'"
			}
		}
	default:
		return false, ""
	}
	return true, ""
}

// zfsList is zfs list (zfs_main.c, zfs_do_list).
func zfsList(c *world.Call, s *state, args []string) int {
	g := world.Getopt{Args: args, Spec: "HS:d:o:prs:t:"}
	sel := selection{fs: true, vol: true}
	list, scripted, literal := "name,used,available,referenced,mountpoint", false, false
	for opt, ok := g.Next(); ok; opt, ok = g.Next() {
		mine, wrong := sel.option(opt, g.Value)
		switch {
		case mine:
		case opt == 'H':
			scripted = true
		case opt == 'p':
			literal = true
		case opt == 'o':
			list = g.Value
		case opt == 's' || opt == 'S':
			return notSimulated(c, "list -"+string(opt))
		case opt == ':':
			wrong = "missing argument for '" + string(g.Letter) + "' option"
		default:
			wrong = "invalid option '" + string(g.Letter) + "'"
		}
		if wrong != "" {
			c.Errorf("%s\n", wrong)
			return zfsUsage(c.Stderr, "list")
		}
	}
	if list == "space" {
		list = "name,available,used,usedbysnapshots,usedbydataset,usedbyrefreservation,usedbychildren"
	}
	cols, bad := columns(list)
	if bad != "" || cols == nil {
		c.Errorf("bad property list: invalid property '%s'\n", bad)
		return zfsUsage(c.Stderr, "list")
	}
	rows, ok := sel.datasets(c, s, g.Args)
	printRows(c, cols, rows, scripted, literal)
	if ok && len(rows) == 0 && !scripted {
		c.Printf("no datasets available\n")
	}
	if !ok {
		return 1
	}
	return 0
}

// printRows prints the table (zfs_main.c, print_header, print_dataset).
func printRows(c *world.Call, cols []column, rows []row, scripted, literal bool) {
	var lines [][]string
	head := make([]string, len(cols))
	for i, col := range cols {
		head[i] = strings.ToUpper(col.name)
		if col.prop != nil {
			head[i] = col.prop.column
		}
	}
	for _, r := range rows {
		line := make([]string, len(cols))
		for i, col := range cols {
			line[i], _ = r.pool.value(r.d, col, literal)
		}
		lines = append(lines, line)
	}
	if scripted {
		for _, line := range lines {
			c.Printf("%s\n", strings.Join(line, "\t"))
		}
		return
	}
	right := make([]bool, len(cols))
	for i, col := range cols {
		right[i] = col.prop != nil && col.prop.kind == numeric
	}
	if len(lines) > 0 {
		printTable(c, append([][]string{head}, lines...), right)
	}
}

// printTable prints columns two blanks apart. Numbers stand at the right and
// have at least five places (zprop_common.c, zprop_width); the last column, if
// it is text, is not filled up.
func printTable(c *world.Call, lines [][]string, right []bool) {
	width := make([]int, len(right))
	for _, line := range lines {
		for i, field := range line {
			width[i] = max(width[i], len(field))
			if right[i] {
				width[i] = max(width[i], 5)
			}
		}
	}
	for _, line := range lines {
		for i, field := range line {
			if i > 0 {
				c.Printf("  ")
			}
			switch {
			case right[i]:
				c.Printf("%*s", width[i], field)
			case i == len(line)-1:
				c.Printf("%s", field)
			default:
				c.Printf("%-*s", width[i], field)
			}
		}
		c.Printf("\n")
	}
}
