// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"illumos-metadata/common/illumos"
	"illumos-metadata/common/metadata"
)

const dladm = "/sbin/dladm"

// A target is a link of the guest with what is wanted on it.
type target struct {
	link string
	over string // of a VLAN: the link below
	six  bool   // a route of the document leads by an IPv6 gateway on it
	metadata.Link

	peers []route // to the other ends of point-to-point links
}

// targets finds the links that are wanted. One that is missing costs itself
// alone.
func (p *plan) targets() []target {
	var all []target
	if p.want.DHCP {
		keep := p.rec.Addresses
		if p.fresh {
			keep = nil // all of it was made for another instance
		}
		link, err := preferred(p.originals(keep))
		if err != nil {
			p.errs = append(p.errs, err)
		}
		for _, l := range p.have.links {
			if p.original(l) == link.Name {
				all = append(all, target{link: l.Name, Link: metadata.Link{DHCP4: true}})
			}
		}
	}
	found := p.match()
	for i, l := range p.want.Links {
		for _, name := range found[i] {
			all = append(all, target{link: name, Link: l})
		}
	}
	p.rename(all)
	all = p.bondTargets(all)
	all = append(all, p.vlanTargets(all)...)
	for i, t := range all {
		all[i].Addresses, all[i].peers = pointToPoint(p.legal(t))
	}
	return all
}

// match gives the guest's links for each wanted one, by its place. A link
// belongs to one only: first come those that give an address, then those that
// give a name, and then the patterns.
func (p *plan) match() map[int][]string {
	found, taken := map[int][]string{}, map[string]bool{}
	for rank := range 3 {
		for i, l := range p.want.Links {
			if rankOf(l) != rank || l.VLAN != nil || l.Bond != nil {
				continue
			}
			names := slices.DeleteFunc(p.candidates(l), func(name string) bool { return taken[name] })
			if len(names) > 1 && len(l.Addresses) > 0 {
				p.errs = append(p.errs, fmt.Errorf("%s: its addresses are for one link, and it fits %s", l.Name, strings.Join(names, ", ")))
				continue
			}
			if len(names) == 0 {
				p.missing(l)
			}
			for _, name := range names {
				taken[name] = true
			}
			found[i] = names
		}
	}
	return found
}

func rankOf(l metadata.Link) int {
	switch {
	case l.Match.MAC != "":
		return 0
	case l.Match == metadata.Match{}:
		return 1
	}
	return 2
}

// candidates are the links that a wanted one fits. Documents are written for
// Linux, where the links have other names: with one device in the guest and one
// in the document it is clear which one is meant.
func (p *plan) candidates(l metadata.Link) []string {
	var names []string
	for _, have := range p.have.links {
		if p.fits(have, l) {
			names = append(names, have.Name)
		}
	}
	slices.SortFunc(names, natural)
	if len(names) == 0 && l.Match.MAC == "" && len(p.have.links) == 1 && p.devices() == 1 {
		names = append(names, p.have.links[0].Name)
		p.say = append(p.say, fmt.Sprintf("%s is taken for %s, the only link of the guest", l.Name, names[0]))
	}
	return names
}

// fits says whether a link is the wanted one. An address decides alone: names
// and drivers beside it are often those of Linux.
func (p *plan) fits(have illumos.Link, l metadata.Link) bool {
	m := l.Match
	switch {
	case m == (metadata.Match{}):
		return p.original(have) == l.Name
	case m.MAC != "":
		return strings.EqualFold(p.have.macs[have.Name], m.MAC)
	}
	driver := strings.TrimRight(have.Device, "0123456789")
	return glob(m.Name, p.original(have)) && glob(m.Driver, driver)
}

// glob says whether a name fits a shell pattern; all fit "".
func glob(pattern, name string) bool {
	ok, err := path.Match(pattern, name)
	return pattern == "" || err == nil && ok
}

// devices counts the wanted links that are devices.
func (p *plan) devices() int {
	n := 0
	for _, l := range p.want.Links {
		if l.VLAN == nil && l.Bond == nil {
			n++
		}
	}
	return n
}

// missing reports a wanted link that the guest does not have.
func (p *plan) missing(l metadata.Link) {
	var have []string
	byName := func(a, b illumos.Link) int { return natural(a.Name, b.Name) }
	for _, link := range slices.SortedFunc(slices.Values(p.have.links), byName) {
		have = append(have, strings.TrimSpace(link.Name+" "+p.have.macs[link.Name]))
	}
	wanted := strings.Join(slices.DeleteFunc([]string{l.Match.MAC, l.Match.Name, l.Match.Driver}, func(s string) bool { return s == "" }), " ")
	text := fmt.Sprintf("%s: no link of the guest is %s; it has %s", l.Name, cmp.Or(wanted, l.Name), cmp.Or(strings.Join(have, ", "), "none"))
	if l.Optional {
		p.say = append(p.say, text+"; it is optional")
		return
	}
	p.errs = append(p.errs, fmt.Errorf("%s", text))
}

// makeLinks adds VLANs and sets MTUs. That of a VLAN cannot be above that of the
// link below: it comes first where it gets smaller, and last where it grows.
func (p *plan) makeLinks(targets []target) {
	for _, t := range targets {
		if t.VLAN != nil && t.MTU < p.have.mtu(t.link) {
			p.mtu(t)
		}
	}
	for _, t := range targets {
		p.makeRoom(t, targets)
		p.vlan(t)
		p.mtu(t)
	}
}

// preferred gives the link for DHCP: the one that has ours already, or else
// the first Ethernet link, of virtio before the others and with those last
// whose cable is out.
func preferred(links []illumos.Link, ours []string) (illumos.Link, error) {
	var ether []illumos.Link
	var other []string
	for _, l := range links {
		if l.Media == "Ethernet" {
			ether = append(ether, l)
		} else {
			other = append(other, fmt.Sprintf("%s (%s, %s)", l.Name, l.Media, l.State))
		}
	}
	if len(ether) == 0 {
		shown := "nothing"
		if len(other) > 0 {
			shown = strings.Join(other, ", ")
		}
		return illumos.Link{}, fmt.Errorf("no Ethernet link for DHCP: dladm show-phys shows %s", shown)
	}
	return slices.MinFunc(ether, func(a, b illumos.Link) int {
		return cmp.Or(
			first(slices.Contains(ours, a.Name+"/dhcp"), slices.Contains(ours, b.Name+"/dhcp")),
			first(a.State != "down", b.State != "down"),
			first(virtio(a), virtio(b)),
			natural(a.Name, b.Name))
	}), nil
}

func virtio(l illumos.Link) bool { return strings.HasPrefix(l.Device, "vioif") }

// first orders what holds before what does not.
func first(a, b bool) int {
	switch {
	case a && !b:
		return -1
	case b && !a:
		return 1
	}
	return 0
}

// natural orders link names, which end in a number: vioif2 before vioif10.
func natural(a, b string) int {
	nameA, numberA := splitNumber(a)
	nameB, numberB := splitNumber(b)
	return cmp.Or(cmp.Compare(nameA, nameB), cmp.Compare(numberA, numberB), cmp.Compare(a, b))
}

func splitNumber(s string) (string, uint64) {
	name := strings.TrimRight(s, "0123456789")
	n, _ := strconv.ParseUint(s[len(name):], 10, 64) // a link's number has at most 9 digits
	return name, n
}
