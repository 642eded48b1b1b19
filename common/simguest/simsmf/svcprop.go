// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simsmf

import (
	"slices"
	"strings"

	"illumos-metadata/common/simguest/world"
)

const svcpropUsage = `Usage: svcprop [-fqtv] [-C | -c | -s snapshot] [-z zone] [-p [name/]name]... 
         {FMRI | pattern}...
       svcprop -w [-fqtv] [-z zone] [-p [name/]name] {FMRI | pattern}
`

// A propQuery is one call of svcprop.
type propQuery struct {
	*world.Call
	view     *view
	current  bool // -c, and -C
	own      bool // -C: the instance's own groups only
	types    bool
	fmris    bool
	quiet    bool
	verbose  bool
	snapshot string
	wanted   [][2]string // -p: group, and property or ""
	status   int
}

// svcprop is svcprop(1), after svcprop.c. Waiting (-w), and other zones (-z)
// are not simulated.
func svcprop(c *world.Call) int {
	q := &propQuery{Call: c}
	opts, operands := getopt(c, c.Args, "Ccfp:qs:tvwz:")
	sources := 0
	for _, o := range opts {
		switch o.name {
		case 'C', 'c':
			sources++
			q.current, q.own = true, o.name == 'C'
		case 'f':
			q.types, q.fmris = true, true
		case 'p':
			if status := q.add(o.value); status != 0 {
				return status
			}
		case 'q':
			q.quiet = true
		case 's':
			sources++
			q.snapshot = o.value
		case 't':
			q.types = true
		case 'v':
			q.verbose = true
		case 'w', 'z':
			return absent(c, "-"+string(o.name))
		default:
			return q.usage()
		}
	}
	if len(operands) == 0 || sources > 1 {
		return q.usage()
	}
	v, err := look(c.World)
	if err != nil {
		return fail(c, err)
	}
	q.view = v
	return q.run(operands)
}

func (q *propQuery) usage() int {
	q.Errorf("%s", svcpropUsage)
	return exitUsage
}

// add takes the value of -p.
func (q *propQuery) add(arg string) int {
	pg, prop, both := strings.Cut(arg, "/")
	if strings.Contains(prop, "/") {
		q.Errorf("svcprop: -p argument `%s' has too many components.\n", arg)
		return q.usage()
	}
	for _, name := range []string{pg, prop} {
		if !validName(name) && (name == pg || both) {
			q.Errorf("svcprop: Invalid component name `%s'.\n", name)
			return exitUsage
		}
	}
	if n := len(q.wanted); n > 0 && (q.wanted[n-1][1] == "") != (prop == "") {
		q.types = true
	}
	q.wanted = append(q.wanted, [2]string{pg, prop})
	return 0
}

// validName is uu_check_name(UU_NAME_DOMAIN).
func validName(name string) bool {
	_, base, domain := strings.Cut(name, ",")
	if !domain {
		base = name
	}
	if base == "" || !letter(base[0]) {
		return false
	}
	for i := range len(name) {
		if c := name[i]; !letter(c) && (c < '0' || c > '9') && strings.IndexByte("_-.,", c) < 0 {
			return false
		}
	}
	return true
}

func letter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

func (q *propQuery) run(operands []string) int {
	k := walk{multiple: true, services: true, explicit: true, properties: true}
	found := q.view.repo.walk(k, operands, func(text string) {
		if !q.quiet {
			q.Errorf("svcprop: %s", text)
		}
		q.status = exitFatalError
	})
	if len(found) > 1 {
		q.types, q.fmris = true, true
	}
	for _, entity := range found {
		f := parseFMRI(entity)
		if f.group != "" {
			if status := q.direct(f); status >= 0 {
				return status
			}
			continue
		}
		if !q.entity(f) {
			return q.status
		}
	}
	return q.status
}

// direct shows a group or property that an operand names itself.
func (q *propQuery) direct(f fmri) int {
	at := fmri{service: f.service, instance: f.instance}
	pg := q.groups(at)[f.group]
	switch {
	case pg == nil || f.property != "" && pg.Props[f.property] == nil:
		if !q.quiet {
			q.Errorf("svcprop: Pattern '%s/:properties/%s' doesn't match any entities\n", at, strings.TrimSuffix(f.group+"/"+f.property, "/"))
		}
		q.status = exitFatalError
	case len(q.wanted) > 0:
		return absent(q.Call, "-p with a property group as operand")
	case f.property == "":
		q.group(at, f.group, pg)
	default:
		q.property(at, f.group, f.property, pg.Props[f.property])
	}
	return -1
}

// groups gives the groups of a service or instance from the source that the
// options name: the running snapshot, but for what has no snapshots.
func (q *propQuery) groups(f fmri) groups {
	if f.instance == "" {
		return q.view.repo.Services[f.service].Groups
	}
	now := q.view.current(f.String(), !q.own)
	if q.current {
		return now
	}
	pgs := q.view.repo.running(f.String())
	for name, pg := range now {
		if pg.Volatile && q.snapshot == "" {
			pgs[name] = pg
		}
	}
	return pgs
}

// entity shows what is asked of a service or instance. It says whether to go on
// with the next.
func (q *propQuery) entity(f fmri) bool {
	kind := "instance"
	if f.instance == "" {
		kind = "service"
	}
	if q.snapshot != "" && kind == "service" {
		return q.die("Only instances have snapshots.\n")
	}
	if q.snapshot != "" && q.snapshot != "running" {
		if !slices.Contains([]string{"initial", "last-import", "previous", "start"}, q.snapshot) {
			return q.die("No such snapshot.\n")
		}
		q.status = absent(q.Call, "-s "+q.snapshot)
		return false
	}
	pgs := q.groups(f)
	if len(q.wanted) == 0 && !q.quiet {
		for _, name := range sorted(pgs) {
			q.group(f, name, pgs[name])
		}
	}
	for _, w := range q.wanted {
		pg := pgs[w[0]]
		switch {
		case pg == nil:
			if !q.missing("property group `"+w[0]+"'", kind, f) {
				return false
			}
		case w[1] == "":
			q.group(f, w[0], pg)
		case pg.Props[w[1]] == nil:
			if !q.missing("property `"+w[0]+"/"+w[1]+"'", kind, f) {
				return false
			}
		default:
			q.property(f, w[0], w[1], pg.Props[w[1]])
		}
	}
	return true
}

func (q *propQuery) die(text string) bool {
	if !q.quiet {
		q.Errorf("svcprop: %s", text)
	}
	q.status = exitFatalError
	return false
}

// missing tells what is not there, and says whether to go on.
func (q *propQuery) missing(what, kind string, f fmri) bool {
	q.status = exitFatalError
	if q.quiet && !q.verbose {
		return false
	}
	q.Errorf("svcprop: Couldn't find %s for %s `%s'.\n", what, kind, f)
	return true
}

func (q *propQuery) group(f fmri, name string, pg *group) {
	q.types = true // from now on, as in display_pg
	for _, prop := range sorted(pg.Props) {
		q.property(f, name, prop, pg.Props[prop])
	}
}

func (q *propQuery) property(f fmri, pg, name string, p *property) {
	if q.quiet {
		return
	}
	if q.fmris && q.types {
		q.Printf("%s/:properties/%s/%s %s ", f, pg, name, p.Type)
	} else if q.types {
		q.Printf("%s/%s %s ", pg, name, p.Type)
	}
	var values []string
	for _, v := range p.Values {
		if v == "" {
			values = append(values, `""`)
			continue
		}
		values = append(values, quoteForShell(v))
	}
	q.Printf("%s\n", strings.Join(values, " "))
}
