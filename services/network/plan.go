// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"slices"

	"illumos-metadata/common/agent"
	"illumos-metadata/common/guest"
	"illumos-metadata/common/metadata"
)

// A want is the network that the metadata and the settings ask for. Its JSON
// form is what the record keeps the digest of.
type want struct {
	Skip bool `json:"skip,omitempty"`
	DHCP bool `json:"dhcp,omitempty"` // DHCPv4 on the preferred interface

	Links  []metadata.Link  `json:"links,omitempty"`
	Routes []metadata.Route `json:"routes,omitempty"`
	DNS    metadata.DNS     `json:"dns,omitzero"`

	nodename string   // offered to the DHCP server; a change of it alone changes nothing
	stuck    []string // links that dladm(8) did not give their new form, by Name
}

func wanted(in *metadata.Instance) want {
	n := in.Network
	return want{Skip: n.Skip, DHCP: n.DHCP, Links: n.Links, Routes: n.Routes, DNS: n.DNS, nodename: in.Nodename()}
}

// more says whether there is more to compare than links and address objects.
func (w want) more() bool {
	return len(w.Links) > 0 || len(w.Routes) > 0 || len(w.DNS.Servers) > 0 || len(w.DNS.Search) > 0
}

// A record lists what this service has made. While it is at work the slice is
// empty, the instance is still the one before, and the lists hold what was made
// for that one as well as what is about to be made.
type record struct {
	agent.Record
	Addresses []string `json:"addresses,omitempty"` // address objects, vioif0/dhcp
	Early     []string `json:"early,omitempty"`     // those of them that were made to ask for the metadata
	VLANs     []string `json:"vlans,omitempty"`     // links
	Aggrs     []string `json:"aggrs,omitempty"`     // links
	Ports     []string `json:"ports,omitempty"`     // links that were put into them
	Renames   []rename `json:"renames,omitempty"`   // links that got another name
	MTUs      []string `json:"mtus,omitempty"`      // links whose MTU was set
	Routes    []route  `json:"routes,omitempty"`
	Resolver  []string `json:"resolver,omitempty"` // lines of resolv.conf
	Lookups   []string `json:"lookups,omitempty"`  // databases of nsswitch.conf that got DNS
	Ignoring  []string `json:"ignoring,omitempty"` // parameters of dhcpagent(8) that got option 6
	OnLinks   []string `json:"on_links,omitempty"` // what links ignore beside that (etcfile.IgnoreOnLinks)
	Waiting   []string `json:"waiting,omitempty"`  // address objects whose lease has not been looked at for its routers
}

// under gives the record for the time in which made is being made.
func (r record) under(made record, instance string) record {
	return record{
		Record:    agent.Record{Instance: cmp.Or(r.Instance, instance)},
		Addresses: union(r.Addresses, made.Addresses),
		Early:     union(r.Early, made.Early),
		VLANs:     union(r.VLANs, made.VLANs),
		Aggrs:     union(r.Aggrs, made.Aggrs),
		Ports:     union(r.Ports, made.Ports),
		Renames:   union(r.Renames, made.Renames),
		MTUs:      union(r.MTUs, made.MTUs),
		Routes:    union(r.Routes, made.Routes),
		Resolver:  union(r.Resolver, made.Resolver),
		Lookups:   union(r.Lookups, made.Lookups),
		Ignoring:  union(r.Ignoring, made.Ignoring),
		OnLinks:   union(r.OnLinks, made.OnLinks),
		Waiting:   made.Waiting,
	}
}

// settled gives the record with its slice, if all of it is applied, or without:
// the next boot has something to do.
func (r record) settled(all bool) record {
	if !all {
		r.Slice = ""
	}
	return r
}

// more says whether more than address objects was made.
func (r record) more() bool {
	return len(r.VLANs) > 0 || len(r.Aggrs) > 0 || len(r.Renames) > 0 || len(r.MTUs) > 0 || len(r.Routes) > 0 || len(r.Resolver) > 0 || len(r.Lookups) > 0 || len(r.Ignoring) > 0 || len(r.OnLinks) > 0
}

func union[T comparable](a, b []T) []T {
	all := slices.Clone(a)
	for _, x := range b {
		if !slices.Contains(all, x) {
			all = append(all, x)
		}
	}
	return all
}

// A todo is what one run does, in this order.
type todo struct {
	leave    []string     // what is left as it is, and why
	say      []string     // what else an administrator should know
	prepare  []guest.Step // what makes the links that the rest counts on
	withdraw []guest.Step // what was made before and is in the way, or of no use
	create   []guest.Step
	lease    []string     // address objects that are to get a lease
	way      []string     // parts of create that lead out of the guest by static routes
	late     []guest.Step // what needs a lease
	retire   []guest.Step // what was made before and is wanted no more, if all else succeeded
	made     record       // of ours that is there afterwards

	leases   []string  // address objects whose leases may name the default router, the first that does counts
	gateways []gateway // of late

	was  state        // the guest before all of it
	done []guest.Step // what was tried already
}

func (t todo) steps() []guest.Step {
	return slices.Concat(t.prepare, t.withdraw, t.create, t.late, t.retire)
}

// A plan is a todo while it is made.
type plan struct {
	todo
	want  want
	found state // what the guest has
	have  state // what it will have after the steps so far
	rec   record
	fresh bool // the record is of another instance
	errs  []error

	cleared  []route  // withdrawn before another was added
	plain    []string // links whose MTU goes back to the default first
	loose    []string // ports of aggregations no more, which have its MTU until the next boot
	named    []string // devices that were found, by the names that they will have
	primary  string   // the link whose lease dhcpinfo(1) is to tell of, if not the first
	relinked []string // links with another link-local address object than before
}

// decide compares what is wanted with what is there. An error may come with
// something that can be done all the same. New things come before old ones go,
// so that a command that fails leaves the guest with the old or the new; only
// what is in the way goes first.
func decide(w want, s state, rec record, instance string) (todo, error) {
	p := &plan{want: w, found: s, have: s, rec: rec, fresh: rec.Instance != instance}
	p.was = s
	p.withdrawGone()
	targets := p.targets()
	for _, t := range targets {
		p.idle(t)
	}
	p.renew(targets, p.ignore(targets))
	p.makeLinks(targets)
	for _, r := range p.want.Routes {
		if t := gatewayLink(r.Via, targets); t != nil && r.Via.Is6() {
			t.six = true
		}
	}
	for _, t := range targets {
		p.addresses(t)
	}
	p.routes(targets)
	p.wayOut()
	p.resolver(targets)
	p.withdrawAddresses()
	p.withdrawVLANs()
	p.withdrawAggrs()
	p.resetMTUs()
	p.returnNames()
	return p.todo, agent.Join(p.errs...)
}
