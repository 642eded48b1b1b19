// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simsmf

import (
	"fmt"
	"slices"
	"sort"
	"strings"
	"syscall"
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

func (x *explanation) reason(code, format string, args ...any) {
	x.Printf("Reason: "+format+"\n", args...)
	x.Printf("   See: http://illumos.org/msg/%s\n", code)
}

// reasons is print_reasons.
func (x *explanation) reasons(fmri string, st *state) {
	permanent, temporary, _ := x.view.repo.enabled(fmri)
	switch {
	case st.State == stateOnline:
	case st.State == stateUninit:
		x.reason(dcUninit, "Restarter svc:/system/svc/restarter:default has not initialized service state.")
	case st.State == stateDisabled && permanent != temporary:
		x.reason(dcTempDisabled, "Temporarily disabled by an administrator.")
	case st.State == stateDisabled:
		x.reason(dcDisabled, "Disabled by an administrator.")
	case st.State == stateMaint:
		x.maintenance(st)
	case st.State == stateDegraded:
		x.reason(dcDegraded, "Degraded by an administrator.")
	case st.Next == stateOnline:
		x.reason(dcStarting, "Start method is running.")
	case st.Next != stateNone:
		x.reason(dcTransition, "Transitioning to state %s.", st.Next)
	default:
		x.waiting(fmri)
	}
}

func (x *explanation) maintenance(st *state) {
	switch st.Aux {
	case "administrative_request":
		x.reason(dcAdminMaint, "Maintenance requested by an administrator.")
	case "dependency_cycle":
		x.reason(dcCycle, "Completes a dependency cycle.")
	case "fault_threshold_reached", "method_failed":
		x.methodFailure(st)
	case "restarting_too_quickly":
		x.reason(dcTooQuickly, "Restarting too quickly.")
	case "none", "":
		x.reason(dcNone, "Restarter svc:/system/svc/restarter:default gave no explanation.")
	default:
		x.reason(dcUnknown, "Unknown.")
	}
}

// methodFailure is print_method_failure. The names of signals are strsignal(3C)'s.
func (x *explanation) methodFailure(st *state) {
	repeatedly := st.Aux == "fault_threshold_reached"
	if st.Wait == nil || *st.Wait == 0 {
		if repeatedly {
			x.reason(dcMethodFail, "Method failed repeatedly.")
		} else {
			x.reason(dcMethodFail, "Method failed.")
		}
		return
	}
	ws := syscall.WaitStatus(*st.Wait)
	how := fmt.Sprintf("exited with status %d", ws.ExitStatus())
	switch {
	case ws.Signaled():
		name := map[syscall.Signal]string{syscall.SIGKILL: "Killed", syscall.SIGTERM: "Terminated", syscall.SIGHUP: "Hangup",
			syscall.SIGINT: "Interrupt", syscall.SIGSEGV: "Segmentation Fault", syscall.SIGABRT: "Abort"}[ws.Signal()]
		how = strings.TrimSpace(fmt.Sprintf("died on %s (%d)", name, int(ws.Signal())))
	case ws.ExitStatus() == exitConfig:
		how = "exited with $SMF_EXIT_ERR_CONFIG"
	case ws.ExitStatus() == exitFatal:
		how = "exited with $SMF_EXIT_ERR_FATAL"
	}
	if repeatedly {
		x.reason(dcStartFail, "Start method failed repeatedly, last %s.", how)
		return
	}
	x.reason(dcStartFail, "Start method %s.", how)
}

// waiting is print_dependency_reasons.
func (x *explanation) waiting(fmri string) {
	f := x.found[fmri]
	if f == nil || len(f.absent) == 0 && f.causes[fmri] != "" {
		x.reason(dcUnknown, "Unknown.")
		return
	}
	for _, e := range f.absent {
		x.reason(dcDepAbsent, "Dependency %s is absent.", e)
	}
	for _, cause := range sorted(f.causes) {
		if cause == fmri {
			continue
		}
		if v := x.graph.vertices[cause]; v.running() {
			x.reason(dcDepRunning, "Service %s is running.", cause)
		} else if text := x.summary(v); len("Reason: Service "+cause+" "+text) <= 80 {
			x.reason(dcDepOther, "Service %s %s", cause, text)
		} else {
			x.reason(dcDepOther, "Service %s\n        %s", cause, text)
		}
		if x.verbose {
			x.path(fmri, cause)
		}
	}
}

// path prints the way from an instance to a cause.
func (x *explanation) path(fmri, cause string) {
	x.Printf("  Path: %s\n", fmri)
	steps := []string{fmri}
	for at := x.found[fmri].causes[cause]; ; at = x.found[at].causes[cause] {
		x.Printf("%6s  %*s%s\n", "", 2*len(steps), "", at)
		if at == cause || slices.Contains(steps, at) {
			return
		}
		steps = append(steps, at)
	}
}

// summary is determine_summary.
func (x *explanation) summary(v *vertex) string {
	permanent, temporary, _ := x.view.repo.enabled(v.fmri)
	st := x.view.state(v.fmri)
	switch {
	case v.state == stateUninit:
		return "is uninitialized."
	case v.state == stateDisabled && permanent != temporary:
		return "is temporarily disabled."
	case v.state == stateDisabled:
		return "is disabled."
	case v.state == stateOffline && len(x.found[v.fmri].absent) > 0:
		return "has missing dependencies."
	case v.state == stateOffline && st.Next == stateOnline:
		return "is starting."
	case v.state == stateOffline:
		return "is offline."
	}
	if text, ok := map[string]string{
		"administrative_request":  "was taken down for maintenace by an administrator.",
		"dependency_cycle":        "completed a dependency cycle.",
		"fault_threshold_reached": "is not running because a method failed repeatedly.",
		"method_failed":           "is not running because a method failed.",
		"none":                    "is not running for an unknown reason.",
		"restarting_too_quickly":  "was restarting too quickly.",
	}[st.Aux]; ok {
		return text
	}
	return "requires maintenance."
}

// documents is print_docs.
func (x *explanation) documents(fmri string) {
	s, _ := x.view.repo.find(fmri)
	if s == nil || s.Template == nil {
		return
	}
	for _, m := range s.Template.Manpages {
		if !x.verbose {
			x.Printf("   See: %s(%s)\n", m.Title, m.Section)
			continue
		}
		path := m.Path
		if path == "" || path == ":default" {
			path = "/usr/share/man"
		}
		x.Printf("   See: man -M %s -s %s %s\n", path, m.Section, m.Title)
	}
	for _, link := range s.Template.Links {
		x.Printf("   See: %s\n", link)
	}
}
