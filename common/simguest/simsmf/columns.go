// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simsmf

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// columns are those of svcs.c but ZONE and SCOPE, by name in lower case.
var columns = map[string]column{
	"ctid":   {"CTID", 6, (*lister).ctid, nil},
	"desc":   {"DESC", 100, (*lister).desc, nil},
	"fmri":   {"FMRI", 50, func(_ *lister, fmri string) string { return fmri }, nil},
	"inst":   {"INST", 20, func(_ *lister, fmri string) string { return parseFMRI(fmri).instance }, nil},
	"svc":    {"SVC", 20, func(_ *lister, fmri string) string { return parseFMRI(fmri).service }, nil},
	"n":      {"N", 1, func(l *lister, fmri string) string { return short(l.view.state(fmri).Next) }, (*lister).nextOrder},
	"nsta":   {"NSTA", 4, func(l *lister, fmri string) string { return abbreviated(l.view.state(fmri).Next) }, (*lister).nextOrder},
	"nstate": {"NSTATE", 13, (*lister).next, (*lister).nextOrder},
	"s":      {"S", 2, func(l *lister, fmri string) string { return short(l.view.state(fmri).State) + l.star(fmri) }, (*lister).stateOrder},
	"sn": {"SN", 2, func(l *lister, fmri string) string {
		return short(l.view.state(fmri).State) + short(l.view.state(fmri).Next)
	}, (*lister).stateOrder},
	"sta":   {"STA", 4, func(l *lister, fmri string) string { return abbreviated(l.view.state(fmri).State) + l.star(fmri) }, (*lister).stateOrder},
	"state": {"STATE", 14, func(l *lister, fmri string) string { return l.view.state(fmri).State + l.star(fmri) }, (*lister).stateOrder},
	"stime": {"STIME", 8, (*lister).stime, (*lister).stimeOrder},
}

// star marks a transition, unless a column shows where it leads.
func (l *lister) star(fmri string) string {
	if st := l.view.state(fmri); !l.nstate && st.Next != stateNone {
		return "*"
	}
	return ""
}

func (l *lister) next(fmri string) string {
	if next := l.view.state(fmri).Next; next != stateNone {
		return next
	}
	return "-"
}

func (l *lister) ctid(fmri string) string {
	if n := l.view.state(fmri).Contract; n != 0 {
		return fmt.Sprintf("%6d", n)
	}
	return "     -"
}

func (l *lister) desc(fmri string) string {
	if name := l.view.commonName(fmri); name != "" {
		return name
	}
	return "-"
}

// commonName gives the common name from the template of an instance's service.
func (v *view) commonName(fmri string) string {
	if s, _ := v.repo.find(fmri); s != nil && s.Template != nil {
		return s.Template.CommonName
	}
	return ""
}

func (l *lister) stime(fmri string) string {
	st := l.view.states[fmri]
	if st == nil {
		return "-"
	}
	return l.stamp(st.Since)
}

func (l *lister) stimeOrder(fmri string) string {
	return fmt.Sprintf("%020d", l.view.state(fmri).Since.UnixMicro()+1<<60)
}

// stateOrder has the least interesting first (sortkey_states).
func (l *lister) stateOrder(fmri string) string { return order(l.view.state(fmri).State) }
func (l *lister) nextOrder(fmri string) string  { return order(l.view.state(fmri).Next) }

func order(state string) string {
	return strconv.Itoa(slices.Index([]string{stateDisabled, stateOnline, stateDegraded, stateOffline, stateMaint, stateUninit, state}, state))
}

func short(state string) string {
	if s, ok := map[string]string{stateUninit: "u", stateOffline: "0", stateOnline: "1", stateMaint: "m",
		stateDisabled: "d", stateDegraded: "D", stateNone: "-"}[state]; ok {
		return s
	}
	return "?"
}

func abbreviated(state string) string {
	if s, ok := map[string]string{stateUninit: "UN", stateOffline: "OFF", stateOnline: "ON", stateMaint: "MNT",
		stateDisabled: "DIS", stateDegraded: "DGD", stateNone: "-"}[state]; ok {
		return s
	}
	return "?"
}

// timeFormat is strftime(3C) without a format, in the C locale.
const timeFormat = "Mon Jan _2 15:04:05 2006"

// long is svcs -l (print_detailed).
func (l *lister) long(operands []string) int {
	for i, fmri := range l.walk(operands) {
		if i > 0 {
			l.Printf("\n")
		}
		l.detail(fmri)
	}
	return l.status
}

func (l *lister) line(label, value string) { l.Printf("%-13s%s\n", label, value) }

func (l *lister) detail(fmri string) {
	l.line("fmri", fmri)
	if name := l.view.commonName(fmri); name != "" {
		l.line("name", name)
	}
	permanent, temporary, configured := l.view.repo.enabled(fmri)
	switch {
	case temporary != permanent:
		l.line("enabled", fmt.Sprintf("%t (temporary)", temporary))
	case configured:
		l.line("enabled", strconv.FormatBool(permanent))
	}
	st := l.view.states[fmri]
	if st != nil {
		l.line("state", st.State)
		l.line("next_state", st.Next)
		l.line("state_time", st.Since.Format(timeFormat))
		if st.AltLog != "" {
			l.line("alt_logfile", st.AltLog)
		}
		if st.Log != "" {
			l.line("logfile", st.Log)
		}
	}
	restarter := l.view.repo.current(fmri)["general"].get("restarter")
	if restarter == "" {
		restarter = "svc:/system/svc/restarter:default"
	}
	l.line("restarter", restarter)
	if st != nil && st.Contract != 0 {
		l.line("contract_id", strconv.Itoa(st.Contract)+" ")
	}
	pgs := l.view.repo.running(fmri)
	for _, g := range dependencies(pgs) {
		l.dependency(g)
	}
	if l.processes && st != nil && st.Contract != 0 {
		for _, t := range contractTasks(st.Pid) {
			l.line("process", fmt.Sprintf("%d %s", t.pid, t.args))
		}
	}
	if l.verbose {
		l.application(pgs)
	}
}

func (l *lister) dependency(g depGroup) {
	l.Printf("%-13s%s/%s", "dependency", g.grouping, g.restartOn)
	for _, e := range g.entities {
		l.Printf(" %s (%s)", e, l.view.entityState(e))
	}
	l.Printf("\n")
}

// entityState is get_fmri_state.
func (v *view) entityState(entity string) string {
	if name, ok := file(entity); ok {
		switch _, err := os.Stat(v.w.Path(name)); {
		case err == nil:
			return stateOnline
		case os.IsNotExist(err):
			return "absent"
		}
		return "unknown"
	}
	f := parseFMRI(entity)
	if f.service == "" {
		return "invalid"
	}
	if f.instance != "" {
		if _, i := v.repo.find(entity); i == nil {
			return "absent"
		}
		return v.state(f.String()).State
	}
	switch list := v.repo.instances(f.service); len(list) {
	case 0:
		return "absent"
	case 1:
		return v.state(list[0]).State
	}
	return "multiple"
}

// application prints the groups of type application (print_application_properties).
func (l *lister) application(pgs groups) {
	for _, name := range sorted(pgs) {
		if pgs[name].Type != "application" {
			continue
		}
		l.Printf("%s (application)\n", name)
		for _, prop := range sorted(pgs[name].Props) {
			p := pgs[name].Props[prop]
			l.Printf("%s/%s (%s) = ", name, prop, p.Type)
			for _, v := range p.Values {
				if strings.ContainsAny(v, " \t\n\"()") {
					l.Printf("\"%s\"", strings.NewReplacer(`"`, `\"`, `\`, `\\`).Replace(v))
				} else {
					l.Printf("%s ", v)
				}
			}
			l.Printf("\n")
		}
	}
}

// logs is svcs -L: only what is below /var has a path there.
func (l *lister) logs(operands []string) int {
	for _, fmri := range l.walk(operands) {
		if st := l.view.states[fmri]; st != nil && st.Log != "" {
			l.Printf("%s\n", st.Log)
		}
	}
	return l.status
}

// A running is a process of a service, as ps(1) shows it.
type running struct {
	pid        int
	name, args string
	began      time.Time
}

// contractTasks gives the processes of the contract whose first one had that pid.
func contractTasks(pid int) []running {
	var out []running
	if pid == 0 {
		return nil
	}
	p := process{pid: pid}
	members, _ := p.members()
	for _, member := range members {
		dir := filepath.Join("/proc", strconv.Itoa(member))
		name, err := os.ReadFile(filepath.Join(dir, "comm"))
		if err != nil {
			continue
		}
		args, _ := os.ReadFile(filepath.Join(dir, "cmdline")) // empty if it has just ended
		r := running{pid: member, name: strings.TrimSpace(string(name)), args: strings.TrimSpace(strings.ReplaceAll(string(args), "\x00", " "))}
		if info, err := os.Stat(dir); err == nil {
			r.began = info.ModTime()
		}
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b running) int { return a.pid - b.pid })
	return out
}
