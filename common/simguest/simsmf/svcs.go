// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simsmf

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"illumos-metadata/common/simguest/world"
)

const svcsUsage = `Usage: svcs [-aHpv] [-o col[,col ... ]] [-R restarter] [-sS col] [-Z | -z zone ]
            [<service> ...]
       svcs -d | -D [-Hpv] [-o col[,col ... ]] [-sS col] [-Z | -z zone ]
            [<service> ...]
       svcs [-l | -L] [-Z | -z zone] <service> ...
       svcs -x [-v] [-Z | -z zone] [<service> ...]
       svcs -?
`

// A lister is one call of svcs.
type lister struct {
	*world.Call
	view      *view
	mode      byte // d, D, l, L, x, or 0
	all       bool
	header    bool
	processes bool
	verbose   bool
	columns   []column
	sort      []sortColumn
	nstate    bool // a column shows the next state
	status    int
	now       time.Time
}

type sortColumn struct {
	column
	reverse bool
}

// svcs is svcs(1), after svcs.c. Zones (-z, -Z), notification (-n), restarters
// (-R) and the help text (-?) are not simulated.
func svcs(c *world.Call) int {
	l := &lister{Call: c, header: true, now: time.Now()}
	opts, operands := getopt(c, c.Args, "aHpvno:R:s:S:dDlL?xZz:")
	for _, o := range opts {
		if strings.IndexByte("dDlLxn", o.name) >= 0 {
			if l.mode != 0 {
				return l.usage()
			}
			l.mode = o.name
		}
	}
	for _, o := range opts {
		if status := l.option(o); status >= 0 {
			return status
		}
	}
	if l.all && len(operands) > 0 {
		l.Errorf("svcs: -a ignored when used with arguments.\n")
	}
	v, err := look(c.World)
	if err != nil {
		return fail(c, err)
	}
	l.view = v
	switch {
	case (l.mode == 'l' || l.mode == 'd' || l.mode == 'D') && len(operands) == 0:
		return l.usage()
	case l.mode == 'l':
		return l.long(operands)
	case l.mode == 'L':
		return l.logs(operands)
	case l.mode == 'x':
		return l.explain(operands)
	}
	return l.table(operands)
}

func (l *lister) usage() int {
	l.Errorf("%s", svcsUsage)
	return exitUsage
}

// option takes one option. It gives the status to end with, or -1.
func (l *lister) option(o option) int {
	switch o.name {
	case 'a', 'R', 's', 'S':
		if l.mode != 0 {
			return l.usage()
		}
	case 'H', 'o':
		if l.mode == 'l' || l.mode == 'x' {
			return l.usage()
		}
	case 'p':
		if l.mode == 'x' {
			return l.usage()
		}
	}
	switch o.name {
	case 'a':
		l.all = true
	case 'H':
		l.header = false
	case 'p':
		l.processes = true
	case 'v':
		l.verbose = true
	case 'o':
		return l.choose(o.value)
	case 's', 'S':
		col, ok := findColumn(o.value)
		if !ok {
			l.Errorf("svcs: Unrecognized sort column \"%s\".\n", o.value)
			return exitFatalError
		}
		l.sort = append(l.sort, sortColumn{col, o.name == 'S'})
	case 'd', 'D', 'l', 'L', 'x':
	case '?':
		if o.value == "" {
			return absent(l.Call, "-?")
		}
		return l.usage()
	default:
		return absent(l.Call, "-"+string(o.name))
	}
	return -1
}

func (l *lister) choose(names string) int {
	l.columns = nil
	for name := range strings.SplitSeq(names, ",") {
		col, ok := findColumn(name)
		if !ok {
			l.Errorf("svcs: Unknown column \"%s\".\n", name)
			return exitFatalError
		}
		l.columns = append(l.columns, col)
	}
	return -1
}

// warn is errfunc of the walk.
func (l *lister) warn(text string) {
	l.Errorf("svcs: %s", text)
	l.status = exitFatalError
}

func (l *lister) walk(operands []string) []string {
	return l.view.repo.walk(walk{multiple: true}, operands, l.warn)
}

// table prints the columns for the instances that are wanted.
func (l *lister) table(operands []string) int {
	if l.columns == nil {
		names := "state,stime,fmri"
		if l.verbose {
			names = "state,nstate,stime,ctid,fmri"
		}
		l.choose(names)
		if l.sort == nil {
			l.sort = []sortColumn{{columns["state"], false}, {columns["stime"], false}, {columns["fmri"], false}}
		}
	}
	for _, c := range l.columns {
		l.nstate = l.nstate || slices.Contains([]string{"N", "SN", "NSTA", "NSTATE"}, c.name)
	}
	list := l.selected(operands)
	slices.SortStableFunc(list, func(a, b string) int {
		for _, s := range l.sort {
			r := s.compare(l, a, b)
			if s.reverse {
				r = -r
			}
			if r != 0 {
				return r
			}
		}
		return 0
	})
	if l.header {
		l.row(func(c column) string { return c.name })
	}
	for _, fmri := range list {
		l.row(func(c column) string { return c.value(l, fmri) })
		if l.processes {
			l.tasks(fmri)
		}
	}
	return l.status
}

// row prints one line without trailing blanks.
func (l *lister) row(cell func(column) string) {
	var b strings.Builder
	for _, c := range l.columns {
		fmt.Fprintf(&b, "%-*s ", c.width, cell(c))
	}
	l.Printf("%s\n", strings.TrimRight(b.String(), " "))
}

// tasks prints the processes of an instance (add_processes).
func (l *lister) tasks(fmri string) {
	st := l.view.state(fmri)
	if st.Contract == 0 && st.Next == stateNone || st.Pid == 0 {
		return
	}
	for _, t := range contractTasks(st.Pid) {
		l.Printf("               %-8s   %6d %s\n", l.stamp(t.began), t.pid, t.name)
	}
}

// stamp gives a time as the column STIME does.
func (l *lister) stamp(t time.Time) string {
	switch age := l.now.Sub(t); {
	case age < 24*time.Hour:
		return fmt.Sprintf("%2d%s", t.Hour(), t.Format(":04:05"))
	case age < 12*30*24*time.Hour:
		return t.Format("Jan_02  ")
	}
	return t.Format("2006    ")
}

// A column is one that svcs knows.
type column struct {
	name  string
	width int
	value func(l *lister, fmri string) string
	order func(l *lister, fmri string) string // sorts otherwise than by value
}

func (c column) compare(l *lister, a, b string) int {
	if c.order != nil {
		return cmp.Compare(c.order(l, a), c.order(l, b))
	}
	return cmp.Compare(c.value(l, a), c.value(l, b))
}

func findColumn(name string) (column, bool) {
	c, ok := columns[strings.ToLower(name)]
	return c, ok
}
