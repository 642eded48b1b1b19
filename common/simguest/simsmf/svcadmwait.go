// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simsmf

import (
	"strings"
	"time"
)

// wait is -s: until the instance is where it should be, or cannot get there.
func (a *admin) wait(fmri string, enable bool) error {
	for ; ; time.Sleep(poll) {
		v, err := look(a.World)
		if err != nil {
			return err
		}
		if err := ask(a.World, "ping", fmri); err != nil {
			return err
		}
		_, enabled, _ := v.repo.enabled(fmri)
		st := v.state(fmri).State
		switch {
		case enable && (st == stateOnline || st == stateDegraded), !enable && st == stateDisabled:
			return nil
		case st == stateMaint:
			a.Errorf("svcadm: Instance \"%s\" is in maintenance state.\n", fmri)
			a.status = exitService
			return nil
		case enabled != enable:
			by := map[bool]string{true: "enabled", false: "disabled"}[enabled]
			a.Errorf("svcadm: Instance \"%s\" has been %s by another entity.\n", fmri, by)
			a.status = exitService
			return nil
		case enable && v.hopeless(fmri):
			a.Errorf("svcadm: Instance \"%s\" has unsatisfied dependencies.\n", fmri)
			if a.status == 0 {
				a.status = exitDependency
			}
			return nil
		}
	}
}

// hopeless says whether an instance waits for something that will not come by
// itself (has_potential, svcadm/synch.c).
func (v *view) hopeless(fmri string) bool {
	g := v.graph()
	u := g.vertices[fmri]
	return u == nil || u.state == stateOffline && g.inVain(u)
}

// graph gives svc.startd's graph as the repository has it.
func (v *view) graph() *graph {
	g := newGraph(v.w.Path)
	for _, fmri := range v.repo.instances("") {
		_, enabled, configured := v.repo.enabled(fmri)
		if configured {
			g.add(&vertex{fmri: fmri, enabled: enabled, state: v.state(fmri).State, groups: dependencies(v.repo.running(fmri))})
		}
	}
	return g
}

const milestoneUsage = `Usage: svcadm milestone [-d] <milestone>

	-d	make the specified milestone the default for system boot

	Milestones can be specified using an FMRI or abbreviation.
	The major milestones are as follows:

	all
	none
	svc:/milestone/single-user:default
	svc:/milestone/multi-user:default
	svc:/milestone/multi-user-server:default
`

// milestone knows all, which changes nothing; to go down to another one is not
// simulated.
func (a *admin) milestone(args []string) int {
	opts, operands := getopt(a.Call, args, "d")
	for _, o := range opts {
		if o.name == '?' {
			a.Errorf("%s", milestoneUsage)
			return exitUsage
		}
	}
	if len(operands) == 0 {
		a.Errorf("%s", milestoneUsage)
		return exitUsage
	}
	switch name := operands[0]; {
	case name == "all":
		return 0
	case name == "none", majorMilestone(name):
		return absent(a.Call, "milestone "+name)
	}
	a.Errorf("\"%s\" is not a valid major milestone.\n%s", operands[0], milestoneUsage)
	return exitUsage
}

func majorMilestone(name string) bool {
	for _, m := range []string{"single-user", "multi-user", "multi-user-server"} {
		full := "svc:/milestone/" + m + ":default"
		at := strings.Index(full, name)
		end := at + len(name)
		if at >= 0 && name != "" && (at == 0 || full[at-1] == '/') && (end == len(full) || full[end] == ':') {
			return true
		}
	}
	return false
}
