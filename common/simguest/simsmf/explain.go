// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simsmf

import (
	"sort"
	"strings"
)

// The articles behind the reasons (svcs.h, DC_*).
const (
	dcDisabled     = "SMF-8000-05"
	dcTempDisabled = "SMF-8000-1S"
	dcUninit       = "SMF-8000-4D"
	dcAdminMaint   = "SMF-8000-63"
	dcCycle        = "SMF-8000-HP"
	dcStartFail    = "SMF-8000-KS"
	dcMethodFail   = "SMF-8000-8Q"
	dcTooQuickly   = "SMF-8000-L5"
	dcNone         = "SMF-8000-9C"
	dcUnknown      = "SMF-8000-AR"
	dcStarting     = "SMF-8000-C4"
	dcTransition   = "SMF-8000-PH"
	dcDegraded     = "SMF-8000-DX"
	dcDepAbsent    = "SMF-8000-E2"
	dcDepRunning   = "SMF-8000-FJ"
	dcDepOther     = "SMF-8000-GE"
)

// A finding is why an instance does not run: what causes it, each with the next
// step towards it, and entities that are not there.
type finding struct {
	causes map[string]string
	absent []string
	active bool
}

// An explanation is one call of svcs -x.
type explanation struct {
	*lister
	graph  *graph
	found  map[string]*finding
	impact map[string]map[string]bool // by direct cause
	roots  map[string]bool            // what is to be explained without operands
}

// explain is svcs -x (explain.c).
func (l *lister) explain(operands []string) int {
	x := &explanation{lister: l, graph: l.view.graph(), found: map[string]*finding{}, impact: map[string]map[string]bool{}, roots: map[string]bool{}}
	for _, fmri := range sorted(x.graph.vertices) {
		x.determine(fmri)
	}
	list := sorted(x.roots)
	sort.SliceStable(list, func(i, j int) bool { return len(x.impacted(list[i])) > len(x.impacted(list[j])) })
	if len(operands) > 0 {
		list = l.walk(operands)
	}
	for i, fmri := range list {
		if i > 0 {
			l.Printf("\n")
		}
		x.print(fmri)
	}
	return l.status
}

// determine finds the causes of an instance (determine_causes).
func (x *explanation) determine(fmri string) *finding {
	if f := x.found[fmri]; f != nil {
		return f
	}
	f := &finding{causes: map[string]string{}, active: true}
	x.found[fmri] = f
	v := x.graph.vertices[fmri]
	switch {
	case v.running(), v.state == stateUninit:
		f.causes[fmri] = fmri
	case v.state == stateMaint, v.state == stateDisabled && v.enabled, x.view.state(fmri).Next != stateNone:
		f.causes[fmri] = fmri
		x.roots[fmri] = true
	case v.state == stateDisabled:
		f.causes[fmri] = fmri
	default:
		for _, g := range v.groups {
			x.blocked(f, fmri, g)
		}
		if len(f.causes) == 0 {
			f.causes[fmri] = fmri
			x.roots[fmri] = true
		}
	}
	f.active = false
	return f
}

// blocked adds what of one group keeps an instance from running (process_reqall,
// _reqany, _optall, _excall and process_file_dg).
func (x *explanation) blocked(f *finding, fmri string, g depGroup) {
	if g.grouping == "require_any" && x.graph.requireAny(g.entities, false) == satisfied {
		return
	}
	for _, e := range g.entities {
		if name, ok := file(e); ok {
			if here := x.graph.file(name) == satisfied; here == (g.grouping == "exclude_all") {
				f.absent = append(f.absent, e)
			}
			continue
		}
		list, _ := x.graph.members(e)
		required := strings.HasPrefix(g.grouping, "require_")
		if required && len(list) == 0 && x.view.entityState(e) == "absent" {
			f.absent = append(f.absent, e)
		}
		if g.grouping == "require_all" && x.graph.entity(e, false) == satisfied {
			continue
		}
		for _, v := range list {
			blocks := map[string]bool{"require_all": !v.running(), "require_any": !v.running(), "exclude_all": v.running(),
				"optional_all": v.enabled && !v.running() && v.state != stateMaint}[g.grouping]
			if blocks {
				x.cause(f, fmri, v.fmri)
			}
		}
	}
}

// cause takes over the causes of what blocks an instance (add_causes).
func (x *explanation) cause(f *finding, fmri, source string) {
	s := x.determine(source)
	if s.active {
		return // a circle
	}
	if x.impact[source] == nil {
		x.impact[source] = map[string]bool{}
	}
	x.impact[source][fmri] = true
	for cause := range s.causes {
		if f.causes[cause] == "" {
			f.causes[cause] = source
		}
		x.roots[cause] = true
	}
}

// impacted gives everything that does not run because of an instance.
func (x *explanation) impacted(fmri string) []string {
	seen := map[string]bool{}
	var visit func(string)
	visit = func(s string) {
		for d := range x.impact[s] {
			if !seen[d] {
				seen[d] = true
				visit(d)
			}
		}
	}
	visit(fmri)
	return sorted(seen)
}

// print explains one instance (print_service).
func (x *explanation) print(fmri string) {
	st := x.view.state(fmri)
	name := x.view.commonName(fmri)
	if name == "" {
		name = "?"
	}
	x.Printf("%s (%s)\n State: %s since %s\n", fmri, name, st.State, st.Since.Format(timeFormat))
	x.reasons(fmri, st)
	x.documents(fmri)
	for _, log := range []string{st.AltLog, st.Log} {
		if log != "" {
			x.Printf("   See: %s\n", log)
		}
	}
	list := x.impacted(fmri)
	switch n := len(list); {
	case n == 0 && (st.State == stateOnline || st.State == stateDegraded):
		x.Printf("Impact: None.\n")
	case n == 0:
		x.Printf("Impact: This service is not running.\n")
	default:
		what, end := "services are", "  (Use -v for list.)"
		if n == 1 {
			what = "service is"
		}
		if end = "." + end; x.verbose {
			end = ":"
		}
		x.Printf("Impact: %d dependent %s not running%s\n", n, what, end)
	}
	if x.verbose {
		for _, d := range list {
			x.Printf("        %s\n", d)
		}
	}
}
