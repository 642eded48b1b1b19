// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simdisk

import (
	"slices"
	"strings"

	"illumos-metadata/common/simguest/world"
)

// getFields are the columns that get prints, of zfs and of zpool.
type getFields struct {
	fields []string // name, property, value, source
}

// parse reads the value of -o; wrong says what is wrong with it.
func (f *getFields) parse(list string, known []string) (wrong string) {
	f.fields = nil
	for field := range strings.SplitSeq(list, ",") {
		switch {
		case len(f.fields) == len(known):
			return "too many fields given to -o option"
		case field == "all" && len(f.fields) > 0:
			return `"all" conflicts with specific fields given to -o option`
		case field == "all":
			f.fields = slices.Clone(known)
		case !slices.Contains(known, field):
			return "invalid column name '" + field + "'"
		default:
			f.fields = append(f.fields, field)
		}
	}
	return ""
}

// print prints the properties (libzfs_util.c, zprop_print_one_property); each
// row has a value for every field name.
func (f *getFields) print(c *world.Call, rows []map[string]string, scripted bool) {
	var lines [][]string
	if !scripted && len(rows) > 0 {
		head := make([]string, len(f.fields))
		for i, field := range f.fields {
			head[i] = strings.ToUpper(field)
		}
		lines = append(lines, head)
	}
	for _, r := range rows {
		line := make([]string, len(f.fields))
		for i, field := range f.fields {
			line[i] = r[field]
		}
		lines = append(lines, line)
	}
	if !scripted {
		printTable(c, lines, make([]bool, len(f.fields)))
		return
	}
	for _, line := range lines {
		c.Printf("%s\n", strings.Join(line, "\t"))
	}
}

// zfsGet is zfs get (zfs_main.c, zfs_do_get).
func zfsGet(c *world.Call, s *state, args []string) int {
	g := world.Getopt{Args: args, Spec: "d:o:s:rt:Hp"}
	known := []string{"name", "property", "value", "received", "source"}
	f := getFields{fields: []string{"name", "property", "value", "source"}}
	sel := selection{fs: true, vol: true}
	scripted, literal := false, false
	for opt, ok := g.Next(); ok; opt, ok = g.Next() {
		mine, wrong := sel.option(opt, g.Value)
		switch {
		case mine:
		case opt == 'H':
			scripted = true
		case opt == 'p':
			literal = true
		case opt == 'o':
			wrong = f.parse(g.Value, known)
		case opt == 's':
			return notSimulated(c, "get -s")
		case opt == ':':
			wrong = "missing argument for '" + string(g.Letter) + "' option"
		default:
			wrong = "invalid option '" + string(g.Letter) + "'"
		}
		if wrong != "" {
			c.Errorf("%s\n", wrong)
			return zfsUsage(c.Stderr, "get")
		}
	}
	if len(g.Args) == 0 {
		c.Errorf("missing property argument\n")
		return zfsUsage(c.Stderr, "get")
	}
	cols, bad := []column(nil), ""
	if g.Args[0] != "all" {
		cols, bad = columns(g.Args[0])
	}
	if bad != "" || g.Args[0] == "" {
		c.Errorf("bad property list: invalid property '%s'\n", bad)
		return zfsUsage(c.Stderr, "get")
	}
	rows, ok := sel.datasets(c, s, g.Args[1:])
	f.print(c, getRows(rows, cols, literal), scripted)
	if !ok {
		return 1
	}
	return 0
}

// getRows gives the values; no columns means all.
func getRows(rows []row, cols []column, literal bool) []map[string]string {
	var out []map[string]string
	for _, r := range rows {
		each := cols
		if each == nil {
			each = allColumns(r.d)
		}
		for _, col := range each {
			value, source := r.pool.value(r.d, col, literal)
			out = append(out, map[string]string{
				"name": r.d.Name, "property": col.name, "value": value, "source": source, "received": "-",
			})
		}
	}
	return out
}
