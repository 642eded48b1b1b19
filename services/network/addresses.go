// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"illumos-metadata/common/guest"
	"illumos-metadata/common/illumos"
	"illumos-metadata/common/metadata"
)

const ipadm = "/sbin/ipadm"

// addresses adds what brings a link its addresses.
func (p *plan) addresses(t target) {
	v6 := func(a netip.Prefix) bool { return a.Addr().Is6() }
	router := func(r metadata.Route) bool { return r.Via.Is6() }
	if t.DHCP6 || t.SLAAC || slices.ContainsFunc(t.Addresses, v6) || slices.ContainsFunc(t.Routes, router) {
		p.addrconf(t)
	}
	for _, a := range t.Addresses {
		p.static(t, a)
	}
	if t.DHCP4 {
		p.dhcp(t)
	}
}

// keep notes an address object that stays, if it is one of ours.
func (p *plan) keep(object string) {
	if slices.Contains(p.rec.Addresses, object) && !slices.Contains(p.made.Addresses, object) {
		p.made.Addresses = append(p.made.Addresses, object)
	}
}

// add makes an address object; address is that of a static one, and args are
// those of create-addr.
func (p *plan) add(object, kind, address, why string, args ...string) {
	if slices.Contains(p.rec.Addresses, object) && !p.found.has(object) {
		// A run that was cut off may have left its name taken in ipmgmtd(8),
		// which show-addr does not tell.
		left := deletion(object)
		left.Accept = []int{1}
		p.create = append(p.create, left)
	}
	if kind != "dhcp" {
		p.enable(linkOf(object))
	}
	argv := append([]string{ipadm, "create-addr", "-T", kind}, args...)
	p.create = append(p.create, guest.Step{Part: object, Why: why, Argv: append(argv, object)})
	p.made.Addresses = append(p.made.Addresses, object)
	p.have.addresses = append(slices.Clone(p.have.addresses), illumos.Address{Object: object, Type: kind, State: "ok", Addr: address})
}

// name gives an address object of a link a name that is free: LINK/v4, and then
// LINK/v4n2. Only letters and digits may be in it (libipadm,
// i_ipadm_is_user_aobjname_valid()).
func (p *plan) name(link, label string) string {
	for n := 1; ; n++ {
		object := link + "/" + label
		if n > 1 {
			object += "n" + strconv.Itoa(n)
		}
		if !p.found.has(object) && !slices.Contains(p.made.Addresses, object) {
			return object
		}
	}
}

// addrconf adds the link-local address, which static IPv6 addresses need before
// them (ipadm(8), create-addr), and lets in.ndpd(8) ask for others where they
// are wanted. Its name tells what it asks for. They come when in.ndpd runs,
// which is after milestone/network: nothing here waits for them.
func (p *plan) addrconf(t target) {
	label, props := "v6", ""
	switch {
	case t.SLAAC && !t.DHCP6:
		label, props = "v6slaac", "stateless=yes,stateful=no"
	case !t.DHCP6:
		label, props = "v6local", "stateless=no,stateful=no"
	}
	object := t.link + "/" + label
	for _, r := range p.have.on(t.link) {
		switch {
		case r.Type != "addrconf" || !p.have.has(r.Object): // an object may have several rows
		case r.Object == object || !slices.Contains(p.rec.Addresses, r.Object):
			// There is one on a link at most, and one that is made by hand stays.
			p.keep(r.Object)
			return
		default:
			p.drop(r.Object, object)
		}
	}
	var args []string
	if props != "" {
		args = []string{"-p", props}
	}
	p.add(object, "addrconf", "", "IPv6 on "+t.link, args...)
}

// static adds one address, unless the link has it.
func (p *plan) static(t target, a netip.Prefix) {
	var other []illumos.Address
	for _, r := range p.have.addresses {
		switch has := prefix(r); {
		case has.Addr() != a.Addr():
		case has == a && linkOf(r.Object) == t.link && r.Type == "static":
			p.keep(r.Object)
			p.repair(r)
			return
		default:
			other = append(other, r)
		}
	}
	for _, r := range other {
		if slices.Contains(p.made.Addresses, r.Object) || !slices.Contains(p.rec.Addresses, r.Object) || r.Type == "addrconf" {
			p.errs = append(p.errs, fmt.Errorf("%s: address %s is on %s already (%s, %s)", t.Name, a, linkOf(r.Object), r.Object, r.Addr))
			return
		}
	}
	label := "v4"
	if a.Addr().Is6() {
		label = "v6s"
	}
	object := p.name(t.link, label)
	for _, r := range other {
		p.drop(r.Object, object) // an address can be up once only
	}
	p.add(object, "static", a.String(), "address "+a.String()+" on "+t.link, "-a", a.String())
}

// repair does something about an address that is there and does not work, or
// says so.
func (p *plan) repair(r illumos.Address) {
	switch r.State {
	case "down":
		p.create = append(p.create, guest.Step{Part: r.Object, Why: "address " + r.Addr + " up", Argv: []string{ipadm, "up-addr", r.Object}})
	case "disabled":
		p.create = append(p.create, enabling(linkOf(r.Object), r.Object, p.have.on(linkOf(r.Object)))...)
	case "duplicate":
		p.errs = append(p.errs, fmt.Errorf("%s: another host has the address %s", r.Object, r.Addr))
	}
}

// prefix gives the address of a row with its length; the zero Prefix if it has
// none, and for a name.
func prefix(r illumos.Address) netip.Prefix {
	text, bits, ok := strings.Cut(r.Addr, "/")
	addr, err := netip.ParseAddr(text)
	n, badBits := strconv.Atoi(bits)
	if !ok || err != nil || badBits != nil {
		return netip.Prefix{}
	}
	return netip.PrefixFrom(addr.WithZone(""), n)
}

// enable brings back an interface that is in the persistent configuration only:
// no address can be made on it (libipadm, i_ipadm_validate_create_addr()).
func (p *plan) enable(link string) {
	rows := p.have.on(link)
	if len(rows) == 0 || slices.ContainsFunc(rows, func(r illumos.Address) bool { return r.State != "disabled" }) {
		return
	}
	p.create = append(p.create, guest.Step{Part: link, Why: "enable interface " + link, Argv: []string{ipadm, "enable-if", "-t", link}, Accept: []int{1}})
}

// renew withdraws the DHCP of another instance where it is wanted again: the
// lease that comes then is asked for under the new name. So it does where
// dhcpagent(8) has to read its file anew.
func (p *plan) renew(targets []target, anew bool) {
	for _, t := range targets {
		object := t.link + "/dhcp"
		if (p.fresh || anew) && t.DHCP4 && p.have.has(object) && slices.Contains(p.rec.Addresses, object) {
			p.drop(object, object)
		}
	}
}

// dhcp adds what brings DHCPv4 to a link.
func (p *plan) dhcp(t target) {
	object := t.link + "/dhcp"
	rows := p.have.on(t.link)
	if p.have.has(object) {
		p.keep(object)
	}
	others := func(r illumos.Address) bool {
		return byHand(r) && !slices.Contains(p.rec.Addresses, r.Object) && !slices.Contains(t.Addresses, prefix(r))
	}
	if i := slices.IndexFunc(rows, others); i >= 0 {
		p.leave = append(p.leave, fmt.Sprintf("%s has the static address %s (%s), which was made by hand",
			t.link, rows[i].Object, rows[i].Addr))
		return
	}
	if i := slices.IndexFunc(rows, func(r illumos.Address) bool { return r.Type == "dhcp" }); i >= 0 {
		object = rows[i].Object
		if rows[i].State == "disabled" {
			p.create = append(p.create, enabling(t.link, object, rows)...)
		}
	} else {
		args := []string{"-w", "0"}
		if p.want.nodename != "" {
			args = append(args, "-h", p.want.nodename)
		}
		p.add(object, "dhcp", "?", "DHCP on "+t.link, args...)
	}
	if !t.Optional {
		p.lease = append(p.lease, object)
	}
}

// byHand says whether an administrator gave the interface a static address, by
// ipadm(8) or, with an object named LINK/?, by ifconfig(8).
func byHand(r illumos.Address) bool { return r.Type == "static" || r.Type == "" }

// enabling brings back an address object that is in the persistent
// configuration only. The interface is disabled with all of its addresses, or
// it is there, and some other address may show that it is.
func enabling(link, object string, rows []illumos.Address) []guest.Step {
	address := guest.Step{Part: object, Why: "enable address " + object, Argv: []string{ipadm, "enable-addr", "-t", object}}
	if slices.ContainsFunc(rows, func(r illumos.Address) bool { return r.State != "disabled" }) {
		return []guest.Step{address}
	}
	// One of the two fails if the other does it; the wait for the lease tells
	// whether both did.
	address.Accept = []int{1}
	return []guest.Step{
		{Part: object, Why: "enable interface " + link, Argv: []string{ipadm, "enable-if", "-t", link}, Accept: []int{1}},
		address,
	}
}

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

// forget takes what a withdrawal takes away out of the state, with the routes
// that go with it: to the link by the address, and those of a lease.
func (p *plan) forget(step guest.Step) {
	name := step.Argv[len(step.Argv)-1]
	gone := func(r illumos.Address) bool { return r.Object == name || linkOf(r.Object) == name }
	for _, r := range p.have.addresses {
		if gone(r) {
			p.have.routes = slices.DeleteFunc(slices.Clone(p.have.routes), func(x illumos.Route) bool {
				return !x.Gateway && x.Via == prefix(r).Addr() || r.Type == "dhcp" && ofLease(x, linkOf(r.Object))
			})
		}
	}
	p.have.addresses = slices.DeleteFunc(slices.Clone(p.have.addresses), gone)
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
