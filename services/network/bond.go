// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"illumos-metadata/common/metadata"
)

// bondTargets puts the wanted bonds behind the links that were found, in the
// place of their members.
func (p *plan) bondTargets(devices []target) []target {
	var bonds, left []target
	members := map[string][]target{} // by the bond's name
	for _, t := range devices {
		if bond := p.bondOf(t.Name); bond != "" {
			members[bond] = append(members[bond], t)
			continue
		}
		left = append(left, t)
	}
	for _, l := range p.want.Links {
		if l.Bond == nil {
			continue
		}
		t, err := p.bondTarget(l, p.inOrder(l, members[l.Name]))
		if err != nil {
			p.errs = append(p.errs, fmt.Errorf("%s: %w", l.Name, err))
			continue
		}
		bonds = append(bonds, t)
	}
	for _, t := range left {
		if t.bare() && !p.underVLAN(t.Name) {
			continue
		}
		p.release(t)
	}
	return append(left, bonds...)
}

// bondOf names the bond that a wanted link is in.
func (p *plan) bondOf(name string) string {
	for _, l := range p.want.Links {
		if l.Bond != nil && slices.Contains(l.Bond.Members, name) {
			return l.Name
		}
	}
	return ""
}

// bare says whether nothing is wanted on a link.
func (t target) bare() bool {
	return len(t.Addresses) == 0 && !t.DHCP4 && !t.DHCP6 && !t.SLAAC && t.MTU == 0
}

// underVLAN says whether a VLAN over a link is wanted.
func (p *plan) underVLAN(name string) bool {
	return slices.ContainsFunc(p.want.Links, func(l metadata.Link) bool { return l.VLAN != nil && l.VLAN.Link == name })
}

// inOrder gives the members that are there in the order of the document, and
// reports what is wanted of one alone.
func (p *plan) inOrder(l metadata.Link, found []target) (members []target) {
	for _, name := range l.Bond.Members {
		for _, t := range found {
			if t.Name != name {
				continue
			}
			members = append(members, t)
			t.MTU = 0 // that of the bond counts
			if !t.bare() {
				p.errs = append(p.errs, fmt.Errorf("%s: it gets no address of its own: it is in %s", name, l.Name))
			}
		}
	}
	return members
}

// bondTarget gives the target of a bond: an aggregation, or for what illumos has
// no counterpart of the first of its members that is there.
func (p *plan) bondTarget(l metadata.Link, members []target) (target, error) {
	if len(members) == 0 {
		return target{}, fmt.Errorf("none of its members is there")
	}
	for _, t := range members {
		if l.MTU == 0 {
			l.MTU = t.MTU
		}
	}
	kind, ok := aggrKind(*l.Bond)
	switch {
	case !ok:
		p.say = append(p.say, fmt.Sprintf("%s: illumos has no aggregation like %s: %s alone is used", l.Name, l.Bond.Mode, members[0].link))
	case slices.Contains(p.want.stuck, l.Name):
		p.say = append(p.say, fmt.Sprintf("%s: the aggregation cannot be as wanted", l.Name))
		if name := p.standing(l.Name, members); name != "" {
			return target{link: name, Link: l}, nil
		}
		p.say = append(p.say, fmt.Sprintf("%s: %s alone is used", l.Name, members[0].link))
	default:
		if l.Bond.Mode == "balance-rr" {
			p.say = append(p.say, fmt.Sprintf("%s: each connection stays on one link: illumos has no %s", l.Name, l.Bond.Mode))
		}
		name, err := p.aggr(l, kind, members)
		return target{link: name, Link: l}, err
	}
	l.Bond = nil
	for _, t := range members {
		p.release(t)
	}
	return target{link: members[0].link, Link: l}, nil
}

// A kind is how an aggregation works, in the words of dladm(8).
type kind struct{ policy, lacp, timer string }

// aggrKind gives the aggregation that works like a bond, if there is one.
func aggrKind(b metadata.Bond) (k kind, ok bool) {
	k.policy = map[string]string{
		"layer2": "L2", "layer2+3": "L2,L3", "layer3+4": "L3,L4",
		"encap2+3": "L2,L3", "encap3+4": "L3,L4", "vlan+srcmac": "L2",
	}[b.Policy]
	if k.policy == "" {
		k.policy = "L4" // the default of create-aggr
	}
	switch b.Mode {
	case "802.3ad":
		k.lacp, k.timer = "active", "long" // as Linux's bonding driver does without a rate
		if b.LACP == "fast" {
			k.timer = "short"
		}
		return k, true
	case "balance-xor", "balance-rr":
		k.lacp = "off"
		return k, true
	}
	return kind{}, false
}

// args are the options of create-aggr and modify-aggr.
func (k kind) args() []string {
	args := []string{"-P", k.policy, "-L", k.lacp}
	if k.timer != "" {
		args = append(args, "-T", k.timer)
	}
	return args
}

// aggrName gives a bond's name to its aggregation, if dladm(8) and ipadm(8)
// surely take it, or else what is left of it without other characters, with a
// number behind it.
func aggrName(bond string) string {
	legal := func(r rune) rune {
		if r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
			return r
		}
		return -1
	}
	name := strings.TrimLeft(strings.Map(legal, bond), "0123456789_")
	stem, number := splitNumber(name)
	if stem == "" {
		stem = "aggr"
	}
	digits := strconv.FormatUint(number%1e9, 10)
	return stem[:min(len(stem), 31-len(digits))] + digits
}
