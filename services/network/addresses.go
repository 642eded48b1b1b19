// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/hex"
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
	if t.six || t.DHCP6 || t.SLAAC || slices.ContainsFunc(t.Addresses, v6) || slices.ContainsFunc(t.Routes, router) {
		p.addrconf(t)
	}
	if t.DHCP4 {
		// Only on the first logical interface does a lease bring its default
		// router (dhcpagent, bound.c, dhcp_bound_complete()).
		p.dhcp(t)
	}
	for _, a := range t.Addresses {
		p.static(t, a)
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
	label := "v6"
	switch {
	case t.SLAAC && !t.DHCP6:
		label = "v6slaac"
	case !t.DHCP6:
		label = "v6local"
	}
	if t.InterfaceID.IsValid() {
		label += fmt.Sprintf("%s%x", idLabel, strings.TrimLeft(string(t.InterfaceID.AsSlice()), "\x00"))
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
			p.relinked = append(p.relinked, t.link)
		}
	}
	p.add(object, "addrconf", "", "IPv6 on "+t.link, addrconfArgs(object)...)
}

// addrconfArgs are the options of create-addr that an object of ours tells by
// its name.
func addrconfArgs(object string) (args []string) {
	_, label, _ := strings.Cut(object, "/")
	label, id, ok := strings.Cut(label, idLabel)
	if b, err := hex.DecodeString(id); ok && err == nil && len(b) <= 8 {
		var whole [16]byte
		copy(whole[16-len(b):], b)
		args = append(args, "-i", netip.AddrFrom16(whole).String()+"/64")
	}
	switch label {
	case "v6slaac":
		return append(args, "-p", "stateless=yes,stateful=no")
	case "v6local":
		return append(args, "-p", "stateless=no,stateful=no")
	}
	return args
}

// idLabel comes before the interface ID, in hexadecimal digits, in the name of an
// object.
const idLabel = "id"

// static adds one address, unless the link has it.
func (p *plan) static(t target, a netip.Prefix) {
	var other []illumos.Address
	for _, r := range p.have.addresses {
		switch has := prefix(r); {
		case has.Addr() != a.Addr():
		case a.Addr().Is6() && slices.Contains(p.relinked, t.link) && slices.Contains(p.rec.Addresses, r.Object):
			// At boot, too, the link-local address has to come first, and the
			// order there is that in which they were made.
			other = append(other, r)
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
