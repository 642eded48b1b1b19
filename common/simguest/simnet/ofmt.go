// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simnet

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// A column is one field that a show subcommand can print.
type column struct {
	name  string
	width int
}

// A table prints rows as lib/libofmt/common/ofmt.c does.
type table struct {
	out      io.Writer
	columns  []column
	parsable bool
	wrap     bool // split values at commas into several rows
	rows     int
	overflow int
	line     strings.Builder // what one row prints
}

// escape marks the separators within a value.
var escape = strings.NewReplacer(`\`, `\\`, ":", `\:`)

// screen is the number of rows before the header comes again, where standard
// output is no terminal (ofmt_update_winsize).
const screen = 24

// openTable is ofmt_open() and ofmt_strerror(): fields as given with -o, ""
// for those that fit into maxColumns (0: all). A problem with the fields is a
// text; fatal says that nothing can be printed.
func openTable(out io.Writer, fields string, all []column, parsable, wrap bool, maxColumns int) (t *table, problem string, fatal bool) {
	t = &table{out: out, parsable: parsable, wrap: wrap}
	if parsable {
		switch {
		case fields == "":
			return nil, "output fields must be specified in parsable mode", true
		case strings.EqualFold(fields, "all"):
			return nil, "output field `all' invalid in parsable mode", true
		case wrap:
			return nil, "parsable mode is incompatible with wrap mode", true
		}
	}
	if fields == "" || strings.EqualFold(fields, "all") {
		t.columns = fitting(all, maxColumns, fields)
		return t, "", false
	}
	var bad []string
	for name := range strings.FieldsFuncSeq(fields, func(r rune) bool { return r == ',' }) {
		at := slices.IndexFunc(all, func(c column) bool { return strings.EqualFold(c.name, name) })
		if at < 0 {
			bad = append(bad, name)
			continue
		}
		t.columns = append(t.columns, all[at])
	}
	if len(t.columns)+len(bad) > len(all) {
		return nil, strerrorNoMemory, true // split_str gives up
	}
	if len(t.columns) == 0 {
		return nil, "no valid output fields", true
	}
	return t, badFields(bad, parsable), parsable && len(bad) > 0
}

// strerrorNoMemory is what libofmt says when more fields are asked for than
// there are (its split gives up as if out of memory).
const strerrorNoMemory = "Not enough space"

// fitting are the columns implied without -o: as many as fit.
func fitting(all []column, maxColumns int, fields string) []column {
	if maxColumns == 0 || fields != "" {
		return all
	}
	width := 0
	for i, c := range all {
		if width += c.width; width > maxColumns {
			return all[:i]
		}
	}
	return all
}

// badFields is the complaint about unknown fields.
func badFields(bad []string, parsable bool) string {
	if len(bad) == 0 {
		return ""
	}
	text := "unknown output field"
	if !parsable {
		text = "ignoring unknown output field"
	}
	if len(bad) > 1 {
		text += "s"
	}
	text += ":"
	for _, name := range bad {
		text += fmt.Sprintf(" `%s'", name)
	}
	return text
}

// A cell gives the value of a column by its name; ok is false where it cannot
// be had, which prints a question mark.
type cell func(name string) (value string, ok bool)

// values is a cell over a fixed row.
func values(row map[string]string) cell {
	return func(name string) (string, bool) { return row[name], true }
}

// print prints one row, with the header before the first one of a screen.
func (t *table) print(value cell) {
	if t.rows%screen == 0 && !t.parsable {
		t.header()
		t.rows++
	}
	t.rows++
	defer t.flush()
	rest := make([][]string, len(t.columns))
	for i, c := range t.columns {
		v, ok := value(c.name)
		switch {
		case !ok:
			v = "?"
		case v == "" && !t.parsable:
			v = "--"
		case t.wrap:
			v, rest[i] = fit(strings.Split(v, ","), c.width)
		}
		t.field(i, v)
	}
	t.line.WriteByte('\n')
	for slices.ContainsFunc(rest, func(r []string) bool { return len(r) > 0 }) {
		for i, c := range t.columns {
			var v string
			v, rest[i] = fit(rest[i], c.width)
			t.field(i, v)
		}
		t.line.WriteByte('\n')
	}
}

func (t *table) flush() {
	io.WriteString(t.out, t.line.String())
	t.line.Reset()
}

// fit joins as many values as have room in a column (ofmt_fit_width).
func fit(values []string, width int) (line string, rest []string) {
	for i, v := range values {
		if v == "" {
			continue // strtok skips empty fields
		}
		line += v
		if i+1 == len(values) {
			break
		}
		line += ","
		if len(line)+len(values[i+1]) > width {
			return line, values[i+1:]
		}
	}
	return line, nil
}

func (t *table) header() {
	for i, c := range t.columns {
		t.field(i, c.name)
	}
	t.line.WriteByte('\n')
}

// field is ofmt_print_field().
func (t *table) field(i int, value string) {
	last := i+1 == len(t.columns)
	switch {
	case t.parsable && len(t.columns) == 1:
		t.line.WriteString(value) // raw: a single field is never escaped
	case t.parsable:
		t.line.WriteString(escape.Replace(value))
		if !last {
			t.line.WriteByte(':')
		}
	case last:
		t.line.WriteString(value)
		t.overflow = 0
	default:
		t.pad(value, t.columns[i].width)
	}
}

// pad prints a value in its column; one that is too wide pushes the next
// columns to the right until there is room again.
func (t *table) pad(value string, width int) {
	if len(value)+t.overflow >= width {
		t.overflow += len(value) - width + 1
		t.line.WriteString(value + " ")
		return
	}
	if t.overflow > 0 {
		compress := min(t.overflow, width-len(value))
		t.overflow -= compress
		width -= compress
	}
	fmt.Fprintf(&t.line, "%-*s", width, value)
}
