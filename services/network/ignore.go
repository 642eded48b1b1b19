// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"slices"

	"illumos-metadata/common/etcfile"
)

// ignore lets dhcpagent(8) ignore what is not wanted of leases. The DNS servers
// of all go where the metadata names some: the system would put them in the
// place of ours at each boot. On single links it is the router or the DNS
// servers. An agent reads its lists when DHCP starts on an interface: the answer
// tells for which links it has to start anew.
func (p *plan) ignore(targets []target) (anew func(target) bool) {
	old := p.have.dhcpagent
	data, _ := etcfile.IgnoreOnLinks(old, p.rec.OnLinks, nil)
	if p.noLeaseServers(targets) {
		data, p.made.Ignoring = etcfile.IgnoreDHCPNameServers(data, p.rec.Ignoring)
	} else {
		data = etcfile.AcceptDHCPNameServers(data, p.rec.Ignoring)
	}
	data, p.made.OnLinks = etcfile.IgnoreOnLinks(data, nil, p.unwanted(targets))
	changed := func(t target, option string) bool {
		return etcfile.IgnoredOnLink(old, t.link, option) != etcfile.IgnoredOnLink(data, t.link, option)
	}
	servers := slices.ContainsFunc(targets, func(t target) bool { return t.DHCP4 && changed(t, etcfile.DHCPNameServers) })
	p.choosePrimary(targets)
	p.withdraw = append(p.withdraw, fileStep("dhcpagent", "what dhcpagent ignores of leases", agentFile, old, data)...)
	return func(t target) bool { return servers || changed(t, etcfile.DHCPRouter) }
}

// noLeaseServers says whether no lease is to give DNS servers.
func (p *plan) noLeaseServers(targets []target) bool {
	leased, without := 0, 0
	servers := len(p.want.DNS.Servers) > 0
	for _, t := range targets {
		servers = servers || len(t.DNS.Servers) > 0
		if t.DHCP4 {
			leased++
		}
		if t.DHCP4 && t.NoDNS {
			without++
		}
	}
	return leased > 0 && (servers || without == leased)
}

// unwanted gives the options that are to be ignored on single links. With static
// addresses before it a lease may be on a logical interface, which has a list of
// its own (dhcpagent/defaults.c, df_get_string()) and no router.
func (p *plan) unwanted(targets []target) map[string][]string {
	all := map[string][]string{}
	for _, t := range targets {
		if !t.DHCP4 {
			continue
		}
		if t.NoRoutes {
			all[t.link] = append(all[t.link], etcfile.DHCPRouter)
		}
		if !t.NoDNS || p.noLeaseServers(targets) {
			continue
		}
		all[t.link] = append(all[t.link], etcfile.DHCPNameServers)
		for n := range p.beside(t) {
			logical := fmt.Sprintf("%s:%d", t.link, n+1)
			all[logical] = append(all[logical], etcfile.DHCPNameServers)
		}
	}
	return all
}

// beside counts the IPv4 addresses that a link has or gets beside its lease.
func (p *plan) beside(t target) int {
	n := 0
	for _, a := range t.Addresses {
		if a.Addr().Is4() {
			n++
		}
	}
	for _, r := range p.have.on(t.link) {
		if !p.ours(r) && !prefix(r).Addr().Is6() {
			n++
		}
	}
	return n
}

// choosePrimary finds the link whose lease counts for the whole system: of
// several leases without a primary one, dhcpinfo(1) tells of the first by name
// (dhcpagent/states.c, info_primary_smach()), which may be one that is to give
// no DNS servers.
func (p *plan) choosePrimary(targets []target) {
	if p.noLeaseServers(targets) {
		return
	}
	without := slices.ContainsFunc(targets, func(t target) bool { return t.DHCP4 && t.NoDNS })
	i := slices.IndexFunc(targets, func(t target) bool { return t.DHCP4 && !t.NoDNS })
	if without && i >= 0 {
		p.primary = targets[i].link
	}
}
