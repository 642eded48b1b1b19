// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"slices"

	"illumos-metadata/common/agent"
	"illumos-metadata/common/guest"
	"illumos-metadata/common/illumos"
)

// idle sets the MTU of a link before everything else where it has to be so: most
// drivers but virtio refuse another one while the link is in use
// (uts/common/io/e1000g/e1000g_main.c, e1000g_m_setprop()), and a VLAN keeps that
// of the link below with which it was made. For a new instance, what is of ours
// on the link goes before and comes again; for the same one it stays in use.
func (p *plan) idle(t target) {
	mtu := t.MTU
	if mtu == 0 && slices.Contains(p.rec.MTUs, t.link) {
		mtu = etherMTU
	}
	have := p.have.mtu(t.link)
	if t.VLAN != nil || mtu == 0 || have == 0 || have == mtu ||
		p.have.aggrWith(t.link) != "" || slices.Contains(p.want.stuck, t.Name) {
		return
	}
	busy := p.have.inUse[t.link] || len(p.have.on(t.link)) > 0
	under := slices.ContainsFunc(p.have.vlans, func(v illumos.VLAN) bool { return v.Over == t.link })
	switch {
	case busy && !p.live(t.link), under && (t.MTU == 0 || mtu < have):
		if !p.fresh || p.byHandOn(t.link) != "" {
			return
		}
		if err := agent.Join(p.clearUpper(t.Name, t.link), p.clearInterface(t.Name, t.link)); err != nil {
			p.errs = append(p.errs, err) // byHandOn has looked
			return
		}
	case t.MTU != 0, busy && !p.fresh:
		return
	}
	step := guest.Step{Why: fmt.Sprintf("MTU %d on %s", mtu, t.link)}
	if t.MTU == 0 {
		step.Argv = []string{dladm, "reset-linkprop", "-p", "mtu", t.link}
		p.plain = append(p.plain, t.link)
	} else {
		step.Argv = []string{dladm, "set-linkprop", "-p", fmt.Sprintf("mtu=%d", mtu), t.link}
		p.noteMTU(t.link)
	}
	p.prepareFor(t.Name, step)
	p.have.setMTU(t.link, mtu)
}

// live says whether a link surely takes another MTU while it is in use.
func (p *plan) live(link string) bool {
	devices := []string{link}
	if a := p.have.aggr(link); a != nil {
		devices = portNames(*a)
	}
	return !slices.ContainsFunc(devices, func(name string) bool { return !virtio(p.have.device(name)) })
}

// noteMTU puts the MTU of a link on record. An aggregation sets that of its
// ports, which keep it when it goes.
func (p *plan) noteMTU(link string) {
	p.made.MTUs = union(p.made.MTUs, []string{link})
	if a := p.have.aggr(link); a != nil {
		p.made.MTUs = union(p.made.MTUs, portNames(*a))
	}
}

// mtu gives the MTU of a link, or 0 if there is no such link.
func (s state) mtu(link string) int {
	for _, d := range s.datalinks {
		if d.Name == link {
			return d.MTU
		}
	}
	return 0
}

// mtu adds what gives a link its MTU. It comes before any address: some drivers
// refuse it as soon as IP uses the link.
func (p *plan) mtu(t target) {
	have := p.have.mtu(t.link)
	if t.MTU == 0 || have == 0 {
		return
	}
	loose := slices.Contains(p.loose, t.link)
	if have != t.MTU || loose {
		p.changeMTU(t.link, t.MTU)
	}
	if have != t.MTU || loose || slices.Contains(p.rec.MTUs, t.link) {
		p.noteMTU(t.link)
	}
}

// setMTU notes the MTU that a link will have.
func (s *state) setMTU(link string, mtu int) {
	s.datalinks = slices.Clone(s.datalinks)
	for i := range s.datalinks {
		if s.datalinks[i].Name == link {
			s.datalinks[i].MTU = mtu
		}
	}
}

// resetMTUs takes back the MTU of links for which none is wanted any more. Some
// drivers refuse that while IP uses the link: an interface without addresses
// goes before it, and where there are some it is no failure.
func (p *plan) resetMTUs() {
	for _, link := range p.rec.MTUs {
		there := slices.ContainsFunc(p.have.datalinks, func(d illumos.Datalink) bool { return d.Name == link })
		if !there || slices.Contains(p.made.MTUs, link) || slices.Contains(p.rec.VLANs, link) && !slices.Contains(p.made.VLANs, link) {
			continue
		}
		if slices.Contains(p.plain, link) {
			continue // done already
		}
		if p.have.aggrWith(link) != "" {
			p.made.MTUs = append(p.made.MTUs, link) // when the aggregation goes
			continue
		}
		reset := resetMTU(link, nil)
		before, after := p.resetOver(link)
		p.retire = append(p.retire, before...)
		if len(p.have.on(link)) == 0 {
			idle := guest.Step{Part: reset.Part, Why: "withdraw interface " + link, Argv: []string{ipadm, "delete-if", link}, Accept: []int{1}}
			p.retire = append(p.retire, idle)
		} else {
			reset.Accept = []int{1}
			p.say = append(p.say, fmt.Sprintf("the MTU of %s goes back to its default, unless its driver refuses that while it is in use", link))
		}
		p.retire = append(append(p.retire, reset), after...)
	}
}

// resetOver takes back what VLANs that stay have of the MTU of the link below,
// which goes back to its default: before it if that is less, or else after it.
func (p *plan) resetOver(link string) (before, after []guest.Step) {
	for _, v := range p.have.vlans {
		if v.Over != link || p.have.mtu(v.Name) != p.have.mtu(link) || !slices.Contains(p.made.VLANs, v.Name) ||
			slices.Contains(union(p.made.MTUs, p.rec.MTUs), v.Name) {
			continue
		}
		step := guest.Step{
			Part: link + mtuPart, Why: fmt.Sprintf("MTU %d on %s", etherMTU, v.Name), Accept: []int{1},
			Argv: []string{dladm, "set-linkprop", "-p", fmt.Sprintf("mtu=%d", etherMTU), v.Name},
		}
		if p.have.mtu(link) > etherMTU {
			before = append(before, step)
		} else {
			after = append(after, step)
		}
	}
	return before, after
}

// changeMTU adds the step to another MTU.
func (p *plan) changeMTU(link string, mtu int) {
	p.create = append(p.create, guest.Step{
		Part: link + mtuPart, Why: fmt.Sprintf("MTU %d on %s", mtu, link),
		Argv: []string{dladm, "set-linkprop", "-p", fmt.Sprintf("mtu=%d", mtu), link},
	})
	p.have.setMTU(link, mtu)
}

func resetMTU(link string, accept []int) guest.Step {
	return guest.Step{
		Part: link + mtuPart, Why: "withdraw the MTU of " + link, Accept: accept,
		Argv: []string{dladm, "reset-linkprop", "-p", "mtu", link},
	}
}

// makeRoom takes away what would keep a link from its MTU: VLANs of ours on it
// that are wanted no more, which go only later, and under a new VLAN the MTU of
// an earlier run, which it would get too.
func (p *plan) makeRoom(t target, targets []target) {
	wanted := func(link string) *target {
		if i := slices.IndexFunc(targets, func(t target) bool { return t.link == link }); i >= 0 {
			return &targets[i]
		}
		return nil
	}
	for _, v := range p.have.vlans {
		if v.Over == t.link && t.MTU != 0 && t.MTU < p.have.mtu(v.Name) && wanted(v.Name) == nil && slices.Contains(p.rec.VLANs, v.Name) {
			p.changeMTU(v.Name, t.MTU)
		}
	}
	under := wanted(t.over)
	if under != nil && under.MTU == 0 && slices.Contains(p.rec.MTUs, t.over) && !slices.Contains(p.plain, t.over) && !p.have.hasLink(t.link) {
		p.create = append(p.create, resetMTU(t.over, []int{1})) // without is as before: it is tried once
		p.have.setMTU(t.over, etherMTU)
		p.plain = append(p.plain, t.over)
	}
}
