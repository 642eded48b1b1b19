// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"maps"
	"slices"

	"illumos-metadata/common/guest"
	"illumos-metadata/common/illumos"
)

// renewAggr withdraws the aggregation of another instance if that was over other
// links, or in another order: the first one gives it its address, and one that
// is gone keeps its place, which dladm(8) does not show. What was made by hand
// on it keeps it.
func (p *plan) renewAggr(bond, name string, ports []string) {
	gone := func(port string) bool { return !p.found.hasLink(port) }
	a := p.have.aggr(name)
	if a == nil || p.claimed(name) || p.byHandOn(name) != "" || slices.Equal(portNames(*a), ports) && !slices.ContainsFunc(p.rec.Ports, gone) {
		return
	}
	if err := p.dropAggr(bond, name, name); err != nil {
		p.errs = append(p.errs, err) // byHandOn has looked
	}
}

// release clears a link for its own use: a port of an aggregation has none.
func (p *plan) release(t target) {
	in := p.have.aggrWith(t.link)
	if in == "" || p.claimed(in) {
		return
	}
	if err := p.dropAggr(t.Name, in, t.link); err != nil {
		p.errs = append(p.errs, fmt.Errorf("%s: %w", t.Name, err))
	}
}

// dropAggr withdraws an aggregation of ours that is in the way of one of its
// ports, with what is of ours on it and over it.
func (p *plan) dropAggr(part, name, port string) error {
	switch {
	case p.claimed(name):
		return fmt.Errorf("%s is in the aggregation %s", port, name)
	case !slices.Contains(p.rec.Aggrs, name):
		return fmt.Errorf("%s is in the aggregation %s, which was made by hand", port, name)
	}
	rows := p.have.on(name)
	if i := slices.IndexFunc(rows, func(r illumos.Address) bool { return !p.ours(r) }); i >= 0 {
		return fmt.Errorf("%s has the address %s (%s), which was made by hand", name, rows[i].Object, rows[i].Addr)
	}
	if err := p.clearUpper(part, name); err != nil {
		return err
	}
	steps := aggrWithdrawal(name)
	p.clearRoutes(part, name)
	p.prepareFor(part, steps...)
	p.forget(steps[0])
	p.have.inUse = maps.Clone(p.have.inUse)
	for _, port := range portNames(*p.have.aggr(name)) {
		delete(p.have.inUse, port)
		p.loose = append(p.loose, port)
	}
	p.have.removeLink(name)
	return nil
}

// removeLink takes a link out of the state.
func (s *state) removeLink(name string) {
	s.aggrs = slices.DeleteFunc(slices.Clone(s.aggrs), func(a illumos.Aggr) bool { return a.Name == name })
	s.vlans = slices.DeleteFunc(slices.Clone(s.vlans), func(v illumos.VLAN) bool { return v.Name == name })
	s.datalinks = slices.DeleteFunc(slices.Clone(s.datalinks), func(d illumos.Datalink) bool { return d.Name == name })
}

// aggrWithdrawal takes an aggregation away with its interface, which may be gone.
func aggrWithdrawal(name string) []guest.Step {
	return []guest.Step{
		{Part: name, Why: "withdraw interface " + name, Argv: []string{ipadm, "delete-if", name}, Accept: []int{1}},
		{Part: name, Why: "withdraw aggregation " + name, Argv: []string{dladm, "delete-aggr", name}},
	}
}

// withdrawAggrs withdraws the aggregations that earlier runs have made and that
// are wanted no more, unless something made by hand is on them.
func (p *plan) withdrawAggrs() {
	for _, name := range p.rec.Aggrs {
		if slices.Contains(p.made.Aggrs, name) || p.have.aggr(name) == nil {
			continue
		}
		if by := p.heldBy(name); by != "" {
			p.leave = append(p.leave, fmt.Sprintf("%s is on the aggregation %s and was made by hand", by, name))
			p.made.Aggrs = append(p.made.Aggrs, name)
			continue
		}
		p.retire = append(p.retire, aggrWithdrawal(name)...)
		p.have.removeLink(name)
	}
}

// heldBy names what stays on an aggregation.
func (p *plan) heldBy(name string) string {
	for _, v := range p.have.vlans {
		if v.Over == name && (!slices.Contains(p.rec.VLANs, v.Name) || slices.Contains(p.made.VLANs, v.Name)) {
			return v.Name
		}
	}
	if rows := p.have.on(name); len(rows) > 0 {
		return rows[0].Object
	}
	return p.have.over(name)
}
