// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"net/netip"
	"slices"
	"time"

	"illumos-metadata/common/agent"
	"illumos-metadata/common/illumos"
	"illumos-metadata/common/provider"
)

// early brings up what a source on the network needs to be asked, and waits
// until something of it works, at most for limit. On a machine that had its
// metadata before (known) the network is configured, and early adds nothing to
// it. On another one it adds DHCP to every Ethernet link that has no address
// but those that were made for an earlier instance, or a link-local address to
// the preferred link. All of it is put on record first, for the plan that the
// metadata leads to: it keeps what is wanted and withdraws the rest. To a router
// that a lease puts off the link it adds the routes, on either.
func early(ctx context.Context, a *agent.Agent, way provider.Way, known bool, limit time.Duration) error {
	var rec record
	if err := a.ReadRecord(&rec); err != nil {
		return err
	}
	if known && len(rec.leased()) == 0 {
		// Over an address that works the source is asked again, for as long as a
		// fetch may take; others come by then.
		if rows, err := illumos.Addresses(ctx, a.Guest); err != nil || slices.ContainsFunc(rows, usable) {
			return err
		}
	}
	t, adds, err := planEarly(ctx, a, rec, way, known)
	if err != nil {
		return err
	}
	write := func() error {
		if adds {
			return a.WriteRecord(rec.under(t.made, ""))
		}
		return a.WriteRecord(t.made)
	}
	if len(t.steps()) > 0 {
		a.Log.Info("bringing up the network to ask for the metadata", "links", len(t.made.Addresses))
		if err := write(); err != nil {
			return err
		}
	}
	t.explain(a)
	failed := map[string]bool{}
	broken := inParts(ctx, a, failed, t.create)
	if a.DryRun && len(t.create) > 0 {
		return errors.New("without these steps the metadata cannot be asked for")
	}
	gone := func(object string) bool { return failed[object] }
	t.lease, t.leases = slices.DeleteFunc(t.lease, gone), slices.DeleteFunc(t.leases, gone)
	rows, err := awaitAny(ctx, a, t.lease, limit)
	if err != nil {
		return agent.Join(broken, err)
	}
	broken = agent.Join(broken, t.reach(ctx, a, rows, rec, write))
	if broken != nil { // the rest may do, and the plan to come tries again
		a.Log.Warn("part of the network is not there", "reason", broken)
	}
	return nil
}

// planEarly decides what is to be done, and whether that adds to what is on
// record. NWAM is left alone.
func planEarly(ctx context.Context, a *agent.Agent, rec record, way provider.Way, known bool) (t todo, adds bool, err error) {
	s, err := readState(ctx, a.Guest, len(rec.Aggrs)+len(rec.VLANs) > 0)
	if err != nil {
		return todo{}, false, err
	}
	if known && !s.moved() {
		t = rec.todo()
		t.lease = s.dynamic()
		return t, false, nil
	}
	t, err = bringUp(s, rec, way)
	if len(t.steps()) > 0 && managed(ctx, a.Guest) {
		t = todo{leave: []string{"NWAM manages the network of this guest (" + nwam + ")"}}
	}
	return t, true, err
}

// dynamic are the address objects that get their address from a server.
func (s state) dynamic() []string {
	var objects []string
	for _, r := range s.addresses {
		if r.Type == "dhcp" && s.hasLink(linkOf(r.Object)) {
			objects = append(objects, r.Object)
		}
	}
	return objects
}

// moved says whether all that is configured is on links that are gone: the
// machine got other network devices.
func (s state) moved() bool {
	ours := slices.DeleteFunc(slices.Clone(s.addresses), func(r illumos.Address) bool { return linkOf(r.Object) == "lo0" })
	return len(ours) > 0 && !slices.ContainsFunc(ours, func(r illumos.Address) bool { return s.hasLink(linkOf(r.Object)) })
}

// bringUp plans what lets a new machine ask for its metadata. Its todo waits for
// the leases that there are and those that come.
func bringUp(s state, rec record, way provider.Way) (todo, error) {
	p := &plan{found: s, have: s, rec: rec}
	links, err := candidates(s.links, way)
	if err != nil {
		return todo{}, err
	}
	for _, link := range s.carriers(links) {
		if way == provider.ByLinkLocal {
			p.linkLocal(link)
			continue
		}
		if !slices.ContainsFunc(s.on(link), func(r illumos.Address) bool { return r.Type == "dhcp" || !p.ours(r) }) {
			p.enable(link)
		}
		p.dhcp(target{link: link})
	}
	p.made.Early = slices.DeleteFunc(slices.Clone(p.made.Addresses), func(o string) bool { return slices.Contains(rec.Addresses, o) })
	return p.todo, nil
}

func (p *plan) ours(r illumos.Address) bool { return slices.Contains(p.rec.Addresses, r.Object) }

// candidates are the links that may lead to the source: every Ethernet link
// whose cable is in, or all of them where none is; for a link-local address,
// whose network is the same on all links, the preferred one.
func candidates(links []illumos.Link, way provider.Way) ([]illumos.Link, error) {
	first, err := preferred(links, nil)
	if err != nil || way == provider.ByLinkLocal {
		return []illumos.Link{first}, err
	}
	var ether []illumos.Link
	for _, l := range links {
		if l.Media == "Ethernet" && (l.State != "down" || first.State == "down") {
			ether = append(ether, l)
		}
	}
	slices.SortFunc(ether, func(a, b illumos.Link) int { return natural(a.Name, b.Name) })
	return ether, nil
}

// carriers are the names of links, with the aggregation in the place of those that
// are its ports, where the aggregations are known: it may be that of the guest
// that an image was taken from.
func (s state) carriers(links []illumos.Link) (names []string) {
	for _, l := range links {
		names = union(names, []string{cmp.Or(s.aggrWith(l.Name), l.Name)})
	}
	return names
}

// linkLocal adds an address of 169.254.0.0/16 to a link, unless others can be
// reached from it already.
func (p *plan) linkLocal(link string) {
	object := link + "/" + linkLocalLabel
	if p.have.has(object) || slices.ContainsFunc(p.have.on(link), func(r illumos.Address) bool { return usable(r) && !p.ours(r) }) {
		return
	}
	a := randomLinkLocal().String()
	p.add(object, "static", a, "link-local address on "+link, "-a", a)
}

// linkLocalLabel names the address object of the link-local address.
const linkLocalLabel = "metadata"

// randomLinkLocal gives an address as RFC 3927, 2.1, asks for, but none of
// 169.254.169.0/24, where metadata services are.
func randomLinkLocal() netip.Prefix {
	third := byte(1 + rand.N(253))
	if third >= 169 {
		third++
	}
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{169, 254, third, byte(1 + rand.N(254))}), 16)
}

// awaitAny waits until one of the address objects has a lease, or, where there
// are none, until any address works.
func awaitAny(ctx context.Context, a *agent.Agent, objects []string, limit time.Duration) ([]illumos.Address, error) {
	ready := func(rows []illumos.Address) bool {
		if len(objects) == 0 {
			return !slices.ContainsFunc(rows, enabled) || slices.ContainsFunc(rows, usable)
		}
		return slices.ContainsFunc(objects, func(o string) bool { return lease(rows, o) != "" })
	}
	rows, err := poll(ctx, a.Guest, limit, ready)
	switch {
	case slices.ContainsFunc(rows, usable):
		return rows, nil
	case len(objects) > 0:
		return rows, missing(err, objects, rows, limit)
	}
	return rows, agent.Join(errors.New("the guest has no address that works (ipadm show-addr)"), err)
}

// usable says whether other hosts can be reached from an address.
func usable(r illumos.Address) bool {
	addr := prefix(r).Addr()
	return r.State == "ok" && addr.IsValid() && !addr.IsLoopback() && !(addr.Is6() && addr.IsLinkLocalUnicast())
}

// enabled says whether an address may come to work without anybody's help.
func enabled(r illumos.Address) bool { return linkOf(r.Object) != "lo0" && r.State != "disabled" }
