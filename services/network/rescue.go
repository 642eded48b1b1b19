// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"illumos-metadata/common/agent"
	"illumos-metadata/common/guest"
	"illumos-metadata/common/illumos"
)

// rescue takes the steps back that were done, as far as the state before them
// says how, if nobody can reach the guest any more and somebody could before:
// what was in the way of something new is gone, and that has failed.
func rescue(ctx context.Context, a *agent.Agent, was state, done []guest.Step, routes []route) {
	taken := func(s guest.Step) bool { return len(s.Argv) > 2 && strings.HasPrefix(s.Argv[1], "delete-") }
	if a.DryRun || ctx.Err() != nil || !slices.ContainsFunc(done, taken) {
		return
	}
	now, err := readState(ctx, a.Guest, was.datalinks != nil)
	lost := was.reached() && !now.reached()
	for _, v6 := range []bool{false, true} {
		lost = lost || was.wayOut(v6) && !now.wayOut(v6)
	}
	if err != nil || !lost {
		return
	}
	a.Log.Warn("nobody could reach this guest any more: what it had is put back")
	var steps []guest.Step
	for _, s := range slices.Backward(done) {
		steps = append(steps, was.undo(s)...)
	}
	for _, r := range routes { // some go with an address or an interface
		steps = append(steps, r.step("add", false, entryExists))
	}
	for _, s := range steps {
		if err := a.Apply(ctx, []guest.Step{s}); err != nil {
			a.Log.Debug("not put back", "step", s.String(), "reason", err)
		}
	}
}

// wayOut says whether there is a default route of one family whose gateway can
// be reached.
func (s state) wayOut(v6 bool) bool {
	return slices.ContainsFunc(s.routes, func(r illumos.Route) bool {
		return r.To.Bits() == 0 && r.To.Addr().Is6() == v6 && r.Gateway && slices.ContainsFunc(s.routes, func(x illumos.Route) bool {
			return !x.Gateway && x.Link != "lo0" && x.To.Contains(r.Via)
		})
	})
}

// reached says whether an address works.
func (s state) reached() bool { return slices.ContainsFunc(s.addresses, usable) }

// undo gives the steps that take one back. It does not matter whether that was
// done or has failed: then these fail, too.
func (s state) undo(step guest.Step) []guest.Step {
	if len(step.Argv) < 3 {
		return nil
	}
	name, options := step.Argv[len(step.Argv)-1], step.Argv[2:len(step.Argv)-1]
	back := func(argv ...string) []guest.Step {
		return []guest.Step{{Part: name, Why: "take back: " + step.Why, Argv: argv}}
	}
	switch step.Argv[1] {
	case "rename-link":
		return back(dladm, "rename-link", name, step.Argv[2])
	case "create-addr":
		return back(ipadm, "delete-addr", name)
	case "delete-addr", "delete-if":
		return s.remake(name)
	case "create-vlan":
		return vlanWithdrawal(name)
	case "create-aggr":
		return aggrWithdrawal(name)
	case "add-aggr":
		return back(slices.Concat([]string{dladm, "remove-aggr"}, options, []string{name})...)
	case "remove-aggr":
		return back(slices.Concat([]string{dladm, "add-aggr"}, options, []string{name})...)
	case "delete-vlan":
		for _, v := range s.vlans {
			if v.Name == name {
				return back(dladm, "create-vlan", "-l", v.Over, "-v", strconv.Itoa(v.ID), name)
			}
		}
	case "delete-aggr":
		if a := s.aggr(name); a != nil {
			argv := append([]string{dladm, "create-aggr"}, kind{a.Policy, a.LACP, a.Timer}.args()...)
			return back(append(argv, portArgs(portNames(*a), name)...)...)
		}
	}
	return nil
}

// portArgs are the operands of create-aggr.
func portArgs(ports []string, name string) (args []string) {
	for _, port := range ports {
		args = append(args, "-l", port)
	}
	return append(args, name)
}

// remake makes an address object again, or all of an interface: static IPv6
// addresses need the one of addrconf before them.
func (s state) remake(name string) (steps []guest.Step) {
	rows := slices.Clone(s.addresses)
	slices.SortStableFunc(rows, func(a, b illumos.Address) int {
		return cmp.Compare(a.Type, b.Type) // addrconf, dhcp, static
	})
	done := map[string]bool{}
	for _, r := range rows {
		if r.Object != name && linkOf(r.Object) != name || done[r.Object] {
			continue
		}
		done[r.Object] = true
		argv := []string{ipadm, "create-addr", "-T", r.Type}
		switch r.Type {
		case "static":
			argv = append(argv, "-a", prefix(r).String())
		case "dhcp":
			argv = append(argv, "-w", "0")
		case "addrconf":
			argv = append(argv, addrconfArgs(r.Object)...)
		}
		steps = append(steps, guest.Step{Part: r.Object, Why: "put back " + r.Object, Argv: append(argv, r.Object)})
	}
	return steps
}
