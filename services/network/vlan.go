// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"illumos-metadata/common/guest"
	"illumos-metadata/common/illumos"
	"illumos-metadata/common/metadata"
)

// vlanTargets gives the wanted VLANs over the links that were found.
func (p *plan) vlanTargets(devices []target) []target {
	var all []target
	for _, l := range p.want.Links {
		if l.VLAN == nil {
			continue
		}
		i := slices.IndexFunc(devices, func(t target) bool { return t.Name == l.VLAN.Link })
		if i < 0 {
			p.errs = append(p.errs, fmt.Errorf("%s: the link below it, %s, is not there", l.Name, l.VLAN.Link))
			continue
		}
		under := devices[i].link
		name, err := p.vlanName(l, under)
		if err != nil {
			p.errs = append(p.errs, err)
			continue
		}
		if l.MTU == 0 {
			l.MTU = devices[i].MTU
		}
		all = append(all, target{link: name, over: under, Link: l})
	}
	return all
}

// vlanName gives the link for a VLAN: the one that is there, whatever its name
// (but a new instance keeps no name of the one before), or else the name of the document if dladm(8) and ipadm(8) surely take it, or
// else the one that create-vlan would choose.
func (p *plan) vlanName(l metadata.Link, under string) (string, error) {
	name := l.Name
	if metadata.CheckLinkName(name) != nil || strings.Contains(name, ".") {
		driver, number := splitNumber(under)
		name = driver + strconv.FormatUint(uint64(l.VLAN.ID)*1000+number, 10)
	}
	for _, v := range p.have.vlans {
		if v.Over == under && v.ID == l.VLAN.ID && (v.Name == name || !p.fresh || !p.clearVLAN(v.Name)) {
			return v.Name, nil
		}
	}
	if !p.clearName(name) {
		return "", fmt.Errorf("%s: the guest has another link %s", l.Name, name)
	}
	return name, nil
}

// clearName withdraws a VLAN or an aggregation of ours that goes and has the name
// of another link. It says whether the name is free then.
func (p *plan) clearName(name string) bool {
	switch {
	case !p.have.hasLink(name):
		return true
	case p.have.aggr(name) != nil:
		return p.dropAggr(name, name, name) == nil
	}
	return p.clearVLAN(name)
}

// clearVLAN withdraws a VLAN of ours whose name is wanted for another. It says
// whether the name is free then.
func (p *plan) clearVLAN(name string) bool {
	steps := p.dropVLAN(name)
	p.prepareFor(name, steps...)
	return steps != nil
}

// dropVLAN gives the steps that withdraw a VLAN that is in the way, or nil if it
// or an address on it is not ours.
func (p *plan) dropVLAN(name string) []guest.Step {
	others := func(r illumos.Address) bool { return !p.ours(r) }
	if !slices.Contains(p.rec.VLANs, name) || slices.ContainsFunc(p.have.on(name), others) {
		return nil
	}
	steps := vlanWithdrawal(name)
	p.forget(steps[0])
	p.have.removeLink(name)
	return steps
}

// vlanWithdrawal takes a VLAN away with its interface, which may be gone.
func vlanWithdrawal(name string) []guest.Step {
	return []guest.Step{
		{Part: name, Why: "withdraw interface " + name, Argv: []string{ipadm, "delete-if", name}, Accept: []int{1}},
		{Part: name, Why: "withdraw VLAN " + name, Argv: []string{dladm, "delete-vlan", name}},
	}
}

// vlan adds the VLAN of a target, unless it is there.
func (p *plan) vlan(t target) {
	if t.VLAN == nil {
		return
	}
	there := p.have.hasLink(t.link)
	if !there {
		id := strconv.Itoa(t.VLAN.ID)
		p.create = append(p.create, guest.Step{
			Part: t.link, Why: "VLAN " + id + " over " + t.over,
			Argv: []string{dladm, "create-vlan", "-l", t.over, "-v", id, t.link},
		})
		i := slices.IndexFunc(p.have.datalinks, func(d illumos.Datalink) bool { return d.Name == t.over })
		if i >= 0 {
			fresh := illumos.Datalink{Name: t.link, Class: "vlan", MTU: p.have.datalinks[i].MTU, Over: []string{t.over}}
			p.have.datalinks = append(slices.Clone(p.have.datalinks), fresh)
		}
	}
	if !there || slices.Contains(p.rec.VLANs, t.link) {
		p.made.VLANs = append(p.made.VLANs, t.link)
	}
}

// withdrawVLANs withdraws the VLANs that earlier runs have made and that are
// wanted no more, with their interfaces.
func (p *plan) withdrawVLANs() {
	for _, name := range p.rec.VLANs {
		there := slices.ContainsFunc(p.have.vlans, func(v illumos.VLAN) bool { return v.Name == name })
		if !there || slices.Contains(p.made.VLANs, name) {
			continue
		}
		if rows := p.have.on(name); len(rows) > 0 {
			p.leave = append(p.leave, fmt.Sprintf("VLAN %s has the address %s, which was made by hand", name, rows[0].Object))
			p.made.VLANs = append(p.made.VLANs, name)
			continue
		}
		p.retire = append(p.retire, vlanWithdrawal(name)...)
	}
}
