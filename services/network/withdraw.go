// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"slices"

	"illumos-metadata/common/guest"
	"illumos-metadata/common/illumos"
)

// drop withdraws an address object of ours that is in the way of another.
func (p *plan) drop(object, way string) {
	step, why := p.have.withdrawal(object, p.rec.Addresses)
	if why != "" {
		p.leave = append(p.leave, why)
		return
	}
	step.Part = way
	p.withdraw = append(p.withdraw, step)
	p.forget(step)
}

// withdrawAddresses withdraws what earlier runs have made and is wanted no more.
// What is on a link that is gone has no use for anybody and goes first.
func (p *plan) withdrawAddresses() {
	for _, object := range p.rec.Addresses {
		if !p.have.has(object) || slices.Contains(p.made.Addresses, object) {
			continue
		}
		step, why := p.have.withdrawal(object, p.rec.Addresses)
		switch {
		case why != "":
			p.leave = append(p.leave, why)
			continue
		case step.Argv[1] == "delete-if":
			p.withdraw = append(p.withdraw, step)
		default:
			p.retire = append(p.retire, step)
			p.retire = append(p.retire, p.again(linkOf(object))...)
		}
		p.forget(step)
	}
}

// withdrawGone withdraws the VLANs and aggregations of ours that the guest does
// not have any more. Those whose links below are gone keep their names, and the
// links that come to their places, although dladm(8) does not show them.
func (p *plan) withdrawGone() {
	withdraw := func(made *[]string, name string, steps []guest.Step) {
		by := p.byHandOn(name)
		switch {
		case p.have.hasLink(name):
		case by != "":
			p.leave = append(p.leave, fmt.Sprintf("the link of %s, which was made by hand, is gone", by))
			*made = append(*made, name)
		default:
			steps[1].Accept = []int{1} // it may really be gone
			p.prepareFor(name, steps...)
			p.forget(steps[0])
		}
	}
	for _, name := range p.rec.VLANs {
		withdraw(&p.made.VLANs, name, vlanWithdrawal(name))
	}
	for _, name := range p.rec.Aggrs {
		withdraw(&p.made.Aggrs, name, aggrWithdrawal(name))
	}
}

// forget takes what a withdrawal takes away out of the state.
func (p *plan) forget(step guest.Step) { p.have = p.have.without(step) }

// without gives the state after a withdrawal: the address is gone, with the routes
// that go with it, to the link by the address, and those of a lease.
func (s state) without(step guest.Step) state {
	name := step.Argv[len(step.Argv)-1]
	gone := func(r illumos.Address) bool { return r.Object == name || linkOf(r.Object) == name }
	for _, r := range s.addresses {
		if gone(r) {
			s.routes = slices.DeleteFunc(slices.Clone(s.routes), func(x illumos.Route) bool {
				return !x.Gateway && x.Via == prefix(r).Addr() || r.Type == "dhcp" && ofLease(x, linkOf(r.Object))
			})
		}
	}
	s.addresses = slices.DeleteFunc(slices.Clone(s.addresses), gone)
	return s
}

func deletion(object string) guest.Step {
	return guest.Step{Part: object, Why: "withdraw address " + object, Argv: []string{ipadm, "delete-addr", object}}
}

// withdrawal gives the step that takes one of our address objects away, or why
// it is left. After a reboot ipmgmtd(8) does not know the objects of a link that
// is gone, since its interface could not be enabled: delete-addr does not find
// them, and delete-if takes all that the interface has (libipadm,
// i_ipadm_delete_if()).
func (s state) withdrawal(object string, ours []string) (step guest.Step, why string) {
	link := linkOf(object)
	rows := s.on(link)
	disabled := func(r illumos.Address) bool { return r.State == "disabled" }
	others := func(r illumos.Address) bool { return !slices.Contains(ours, r.Object) }
	switch {
	case s.hasLink(link) || !slices.ContainsFunc(rows, disabled):
		return deletion(object), ""
	case slices.ContainsFunc(rows, others):
		return step, fmt.Sprintf("the link of %s is gone, and its interface has addresses made by hand", object)
	}
	step = deletion(object)
	step.Argv = []string{ipadm, "delete-if", link}
	return step, ""
}
