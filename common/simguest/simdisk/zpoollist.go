// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simdisk

import (
	"fmt"
	"strconv"
	"strings"

	"illumos-metadata/common/simguest/world"
)

// listStyle is what the options of zpool list ask for.
type listStyle struct {
	scripted, literal, verbose bool
	path, guid                 bool // how vdevs are named
	name                       int  // width of the first column, if verbose
}

// vdevClasses are the classes behind the data vdevs, in the order in which they
// are listed.
var vdevClasses = []string{"dedup", "special", "logs", "cache", "spare"}

// zpoolList is zpool list (zpool_main.c, zpool_do_list).
func zpoolList(c *world.Call, s *state, args []string) int {
	g := world.Getopt{Args: args, Spec: "gHLo:pPT:v"}
	props := "name,size,allocated,free,checkpoint,expandsize,fragmentation,capacity,dedupratio,health,altroot"
	st := listStyle{}
	flags := map[byte]*bool{'g': &st.guid, 'H': &st.scripted, 'p': &st.literal, 'P': &st.path, 'v': &st.verbose}
	for opt, ok := g.Next(); ok; opt, ok = g.Next() {
		wrong := ""
		switch {
		case flags[opt] != nil:
			*flags[opt] = true
		case opt == 'o':
			props = g.Value
		case opt == 'L', opt == 'T':
			return notSimulated(c, "list -"+string(opt))
		case opt == ':':
			wrong = fmt.Sprintf("missing argument for '%c' option", g.Letter)
		default:
			wrong = fmt.Sprintf("invalid option '%c'", g.Letter)
		}
		if wrong != "" {
			c.Errorf("%s\n", wrong)
			return zpoolUsage(c.Stderr, "list")
		}
	}
	if n := len(g.Args); n > 0 && isNumber(g.Args[n-1]) {
		return notSimulated(c, "list with an interval")
	}
	cols := zpoolColumns(c, props)
	if cols == nil {
		return zpoolUsage(c.Stderr, "list")
	}
	return st.list(c, s, cols, g.Args)
}

// isNumber says whether the command takes an operand for an interval.
func isNumber(arg string) bool {
	_, err := strconv.ParseFloat(arg, 64)
	return err == nil
}

// list prints the pools. A missing one counts only if no other is there
// (zpool_do_list takes the status of the listing then).
func (st *listStyle) list(c *world.Call, s *state, cols []*zpoolProp, names []string) int {
	pools, ok := openPools(c, s, names)
	switch {
	case len(pools) == 0 && !ok:
		return 1
	case len(pools) == 0:
		if !st.scripted {
			c.Printf("no pools available\n")
		}
		return 0
	}
	for _, p := range pools {
		st.name = max(st.name, p.nameWidth(st.path, st.guid), 9)
	}
	width := st.widths(cols, pools)
	if !st.scripted {
		head := make([]string, len(cols))
		for i, col := range cols {
			head[i] = col.column
		}
		st.printPool(c, cols, width, head)
	}
	for _, p := range pools {
		row := make([]string, len(cols))
		for i, col := range cols {
			row[i], _ = p.property(col, st.literal)
		}
		st.printPool(c, cols, width, row)
		if st.verbose {
			st.printVdevs(c, p)
		}
	}
	return 0
}

// widths are those of the columns: heading, longest value, and five places for
// a number (zprop_common.c, zprop_width).
func (st *listStyle) widths(cols []*zpoolProp, pools []*pool) []int {
	width := make([]int, len(cols))
	for i, col := range cols {
		width[i] = len(col.column)
		if col.right {
			width[i] = max(width[i], 5)
		}
		for _, p := range pools {
			value, _ := p.property(col, st.literal)
			width[i] = max(width[i], len(value))
		}
		if i == 0 && st.verbose {
			width[i] = st.name
		}
	}
	return width
}

// printPool prints one line (print_header, print_pool).
func (st *listStyle) printPool(c *world.Call, cols []*zpoolProp, width []int, row []string) {
	if st.scripted {
		c.Printf("%s\n", strings.Join(row, "\t"))
		return
	}
	for i, value := range row {
		if i > 0 {
			c.Printf("  ")
		}
		switch {
		case cols[i].right:
			c.Printf("%*s", width[i], value)
		case i == len(row)-1:
			c.Printf("%s", value)
		default:
			c.Printf("%-*s", width[i], value)
		}
	}
	c.Printf("\n")
}

// printVdevs prints a pool's devices, data first and then each class with a
// heading, which -H does not change (print_list_stats).
func (st *listStyle) printVdevs(c *world.Call, p *pool) {
	for i := range p.Vdevs {
		if p.Vdevs[i].Class == "" {
			st.printVdev(c, p, &p.Vdevs[i], 1, "")
		}
	}
	for _, class := range vdevClasses {
		printed := false
		for i := range p.Vdevs {
			if p.Vdevs[i].Class != class {
				continue
			}
			if !printed {
				c.Printf(" %-*s     -      -      -        -         -      -      -      -         -\n", st.name, class)
				printed = true
			}
			st.printVdev(c, p, &p.Vdevs[i], 2, class)
		}
	}
}

// printVdev prints one device and what is below it. Only a top-level vdev has
// numbers of its own.
func (st *listStyle) printVdev(c *world.Call, p *pool, v *vdev, depth int, class string) {
	name := v.listName(st.path, st.guid)
	if st.scripted {
		c.Printf("\t%s", name)
	} else {
		c.Printf("%*s%-*s", depth, "", max(st.name-depth, 0), name)
	}
	space := v.space()
	if class == "cache" {
		space = v.Asize
	}
	row := []string{"-", "-", "-", "-", orDash(p.expandable(v), st.literal), "-", "-", "-"}
	if space > 0 {
		frag := 0
		if class == "" {
			frag = p.Frag
		}
		row[0], row[1] = number(uint64(space), st.literal), number(uint64(v.Alloc), st.literal)
		row[2], row[3] = number(uint64(space-v.Alloc), st.literal), "-"
		row[5], row[6] = percent(int64(frag), st.literal), vdevCapacity(v.Alloc, space, st.literal)
	}
	row = append(row, v.health(class == "spare"))
	for i, width := range []int{5, 5, 5, 7, 8, 5, 5, 5, 8} {
		if st.scripted {
			c.Printf("\t%s", row[i])
		} else {
			c.Printf("  %*s", width, row[i])
		}
	}
	c.Printf("\n")
	for i := range v.Children {
		st.printVdev(c, p, &v.Children[i], depth+1, class)
	}
}

// vdevCapacity shows three digits, unlike that of a pool (print_one_column).
func vdevCapacity(alloc, space int64, literal bool) string {
	n := alloc * 10000 / space
	switch {
	case literal:
		return strconv.FormatInt(n/100, 10)
	case n < 1000:
		return fmt.Sprintf("%1.2f%%", float64(n)/100)
	case n < 10000:
		return fmt.Sprintf("%2.1f%%", float64(n)/100)
	}
	return fmt.Sprintf("%3.0f%%", float64(n)/100)
}

func (v *vdev) health(spare bool) string {
	if spare && v.State == "ONLINE" {
		return "AVAIL"
	}
	return v.State
}

// nameWidth is how much room the names take, two more for each level
// (zpool_main.c, max_width); a group counts with its number, "mirror-0".
func (p *pool) nameWidth(path, guid bool) int {
	width := len(p.Name)
	for i := range p.Vdevs {
		v := &p.Vdevs[i]
		width = max(width, len(p.statusName(i, path, guid))+2)
		for j := range v.Children {
			width = max(width, len(v.Children[j].listName(path, guid))+4)
		}
	}
	return width
}

// statusName names a top-level vdev as zpool status does.
func (p *pool) statusName(i int, path, guid bool) string {
	name := p.Vdevs[i].listName(path, guid)
	if len(p.Vdevs[i].Children) > 0 {
		name += "-" + strconv.Itoa(i)
	}
	return name
}
