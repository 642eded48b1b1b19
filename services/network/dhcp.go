// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"slices"

	"illumos-metadata/common/guest"
	"illumos-metadata/common/illumos"
)

// renew withdraws the DHCP of another instance where it is wanted again: the
// lease that comes then is asked for under the new name. So it does where
// dhcpagent(8) has to read its file anew. What this machine got by itself to ask
// for its metadata stays.
func (p *plan) renew(targets []target, anew func(target) bool) {
	for _, t := range targets {
		object := t.link + "/dhcp"
		fresh := p.fresh && !slices.Contains(p.rec.Early, object)
		if (fresh || anew(t)) && t.DHCP4 && p.have.has(object) && slices.Contains(p.rec.Addresses, object) {
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
		if t.link == p.primary {
			args = append(args, "-1")
		}
		if p.want.nodename != "" {
			args = append(args, "-h", p.want.nodename)
		}
		p.add(object, "dhcp", "?", "DHCP on "+t.link, args...)
	}
	if !t.Optional {
		p.lease = append(p.lease, object)
	}
	if !t.NoRoutes {
		p.leases, p.made.Waiting = append(p.leases, object), append(p.made.Waiting, object)
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
