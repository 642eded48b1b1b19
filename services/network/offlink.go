// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"illumos-metadata/common/agent"
	"illumos-metadata/common/guest"
	"illumos-metadata/common/illumos"
)

// A lease can name a router that no subnet of the guest holds: Oxide, GCE,
// Hetzner and Scaleway lease a /32. Then dhcpagent(8) cannot add the default
// route, and it does not try again, not even when it renews the lease (bound.c,
// dhcp_bound_complete()). A route to the router on the link itself makes the
// router one that can be reached. Both routes come with a lease and are kept in
// no file: the address may be another one at the next boot, and at each they are
// added again. A lease that comes after the wait for it is looked at when the
// service runs next.

// A gateway is one that a route needs which waits for a lease.
type gateway struct {
	lease string // address object
	via   netip.Addr
}

// leased gives the address objects whose leases have asked for routes.
func (r record) leased() (objects []string) {
	for _, x := range r.Routes {
		if x.Lease != "" {
			objects = union(objects, []string{x.Lease})
		}
	}
	return objects
}

// keepLeased keeps what a lease has asked for while DHCP stays on its link: what
// of it is still right is known when the lease is there.
func (p *plan) keepLeased() {
	for _, r := range p.rec.Routes {
		stays := !p.fresh || slices.Contains(p.rec.Early, r.Lease)
		needed := func(g gateway) bool { return g.lease == r.Lease && r.Direct && r.To.Addr() == g.via }
		if r.Lease != "" && stays && (slices.Contains(p.leases, r.Lease) || slices.ContainsFunc(p.gateways, needed)) {
			p.made.Routes = append(p.made.Routes, r)
		}
	}
}

// settle waits for the leases and adds the routes that they ask for; write notes
// them before.
func (t *todo) settle(ctx context.Context, a *agent.Agent, old record, limit time.Duration, write func() error) error {
	rows, err := awaitLeases(ctx, a, t.lease, limit)
	return agent.Join(err, t.reach(ctx, a, rows, old, write))
}

// reach adds the routes that the leases ask for which are there now; rows are the
// addresses, if they are known.
func (t *todo) reach(ctx context.Context, a *agent.Agent, rows []illumos.Address, old record, write func() error) error {
	objects := slices.Clone(t.leases)
	for _, g := range t.gateways {
		objects = append(objects, g.lease)
	}
	if len(objects) == 0 {
		return nil
	}
	s := state{addresses: rows}
	var err error
	if rows == nil {
		if s.addresses, err = illumos.Addresses(ctx, a.Guest); err != nil {
			return err
		}
	}
	if !slices.ContainsFunc(objects, s.leased) {
		return nil
	}
	if s.routes, err = illumos.Routes(ctx, a.Guest); err != nil {
		return err
	}
	for _, step := range t.retire {
		if len(step.Argv) > 0 && step.Argv[0] == ipadm {
			s = s.without(step)
		}
	}
	steps := t.offLink(ctx, a, s, old.Routes)
	return agent.Join(write(), a.Apply(ctx, steps))
}

func (s state) leased(object string) bool { return lease(s.addresses, object) != "" }

// offLink gives the steps to the routes that the leases ask for, and puts these
// into the record. Old are the routes that earlier runs have made.
func (t *todo) offLink(ctx context.Context, a *agent.Agent, s state, old []route) []guest.Step {
	var kept, before, want []route
	for _, r := range t.made.Routes {
		if r.Lease == "" {
			kept = append(kept, r)
		} else {
			before = append(before, r)
		}
	}
	for _, g := range t.gateways {
		if own := s.own(g.lease); own.IsValid() && !s.holds(g.via, old) {
			want = union(want, []route{hostRoute(g, own)})
		}
	}
	byHand := s.routedByHand(kept, old)
	var routes []route
	var mute []string
	if !byHand && !s.routed() && !slices.ContainsFunc(kept, func(r route) bool { return r.To == defaultV4 }) {
		routes, mute = t.router(ctx, a, s, old)
		want = union(want, routes)
	}
	steps, want := s.change(before, want, func(r route) bool {
		return byHand || !s.leased(r.Lease) || slices.Contains(mute, r.Lease)
	})
	t.made.Routes = append(kept, want...)
	t.made.Waiting = slices.DeleteFunc(slices.Clone(t.made.Waiting), func(object string) bool {
		return s.leased(object) && !slices.Contains(mute, object)
	})
	return steps
}

// change gives the steps from the routes before to those that are wanted, new
// ones first, and what is on record then. Those of which nothing is known stay as
// they are: the next boot may need them.
func (s state) change(before, want []route, unknown func(route) bool) (steps []guest.Step, record []route) {
	var gone []guest.Step
	for _, r := range want {
		if !s.live(r) {
			steps = append(steps, r.step("add", false, entryExists))
		}
	}
	record = want
	for _, r := range before {
		switch {
		case unknown(r):
			record = union(record, []route{r})
		case !slices.Contains(want, r) && s.live(r) && !s.routedBy(r.Via):
			// The one over a gateway goes before the one to it.
			gone = append([]guest.Step{r.step("delete", false, notInTable)}, gone...)
		}
	}
	return append(steps, gone...), record
}

// router gives the routes to the first router of the first lease that names any,
// if no subnet holds it, and the address objects whose leases dhcpagent(8) does
// not tell of: for one of these, what is on record counts if its address is the
// same.
func (t *todo) router(ctx context.Context, a *agent.Agent, s state, old []route) (routes []route, mute []string) {
	for _, object := range t.leases {
		if !s.leased(object) {
			continue
		}
		routers, err := leaseRouters(ctx, a.Guest, linkOf(object))
		if err != nil {
			a.Log.Warn("which routers a lease names is not known", "object", object, "reason", err)
			mute = append(mute, object)
			routers = t.known(gateway{object, s.own(object)})
		}
		if len(routers) == 0 {
			continue
		}
		switch {
		case routers[0] == s.own(object):
			return nil, mute // nobody can add that
		case s.holds(routers[0], old):
			return onLink(ctx, a, object, routers[0]), mute
		}
		a.Log.Info("the router of a lease is in no subnet of the guest", "object", object, "router", routers[0])
		g := gateway{object, routers[0]}
		return []route{hostRoute(g, s.own(object)), {To: defaultV4, Via: g.via, Lease: object}}, mute
	}
	return nil, mute
}

// known gives the router that a lease had on record, for the address own.
func (t *todo) known(own gateway) (routers []netip.Addr) {
	for _, r := range t.made.Routes {
		host := func(d route) bool { return d == hostRoute(gateway{own.lease, r.Via}, own.via) }
		if r.To == defaultV4 && r.Lease == own.lease && slices.ContainsFunc(t.made.Routes, host) {
			routers = append(routers, r.Via)
		}
	}
	return routers
}

// onLink gives the default route that dhcpagent(8) leaves out although it could
// add it: it does so only for the first address on a link (bound.c,
// dhcp_bound_complete()), and one that goes may still be there. By the time that
// it tells of the lease it has added what it adds.
func onLink(ctx context.Context, a *agent.Agent, object string, router netip.Addr) []route {
	var s state
	var err error
	if s.routes, err = illumos.Routes(ctx, a.Guest); err != nil || s.routedBy(router) {
		return nil
	}
	a.Log.Info("the router of a lease is not in use, since its link has other addresses", "object", object, "router", router)
	return []route{{To: defaultV4, Via: router, Lease: object}}
}

func hostRoute(g gateway, own netip.Addr) route {
	return route{To: netip.PrefixFrom(g.via, g.via.BitLen()), Via: own, Direct: true, Lease: g.lease}
}

// leaseRouters asks for the routers of a lease. Between the address and its
// routes dhcpagent(8) is in a state in which it does not tell (PRE_BOUND), for a
// moment.
func leaseRouters(ctx context.Context, g *guest.Guest, link string) ([]netip.Addr, error) {
	ctx, cancel := context.WithTimeout(ctx, guest.BoundLimit)
	defer cancel()
	for {
		routers, err := anyRouters(ctx, g, link)
		if err == nil {
			return routers, nil
		}
		select {
		case <-ctx.Done():
			return nil, err
		case <-time.After(firstPause):
		}
	}
}

// maxLogical is how many logical interfaces of a link are tried.
const maxLogical = 16

// anyRouters asks for the lease of a link by the name of the logical interface
// that has it, vioif0 or vioif0:1, which ipadm(8) does not show.
func anyRouters(ctx context.Context, g *guest.Guest, link string) (routers []netip.Addr, err error) {
	for n := range maxLogical {
		name := link
		if n > 0 {
			name += ":" + strconv.Itoa(n)
		}
		routers, err = illumos.LeaseRouters(ctx, g, name)
		var failed *guest.CommandError
		if !errors.As(err, &failed) || !strings.Contains(string(failed.Stderr), "not under DHCP control") {
			return routers, err
		}
	}
	return nil, err
}

// own gives the address of a lease, if it is there.
func (s state) own(object string) netip.Addr {
	for _, r := range s.addresses {
		if r.Object == object && s.leased(object) {
			return prefix(r).Addr()
		}
	}
	return netip.Addr{}
}

// holds says whether a gateway can be reached on a link without the routes that
// a lease asked for.
func (s state) holds(via netip.Addr, old []route) bool {
	return slices.ContainsFunc(s.routes, func(x illumos.Route) bool {
		leased := slices.ContainsFunc(old, func(r route) bool { return r.Lease != "" && r.is(x) })
		return !x.Gateway && x.To.Bits() > 0 && x.To.Contains(via) && !leased
	})
}

// routed says whether dhcpagent(8) has added a default route.
func (s state) routed() bool {
	return slices.ContainsFunc(s.routes, func(x illumos.Route) bool { return x.To == defaultV4 && x.Gateway && x.Link != "" })
}

// routedByHand says whether there is a default route that is none of ours, nor
// dhcpagent(8)'s.
func (s state) routedByHand(kept, old []route) bool {
	return slices.ContainsFunc(s.routes, func(x illumos.Route) bool {
		ours := func(r route) bool { return r.is(x) }
		return x.To == defaultV4 && x.Gateway && x.Link == "" && !slices.ContainsFunc(kept, ours) && !slices.ContainsFunc(old, ours)
	})
}

// routedBy says whether dhcpagent(8) has added a default route by a router, too:
// route(8) might delete that one.
func (s state) routedBy(router netip.Addr) bool {
	return slices.ContainsFunc(s.routes, func(x illumos.Route) bool { return x.To == defaultV4 && x.Via == router && x.Link != "" })
}
