// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"time"

	"illumos-metadata/common/agent"
	"illumos-metadata/common/guest"
	"illumos-metadata/common/illumos"
)

// Pauses between two looks for a lease.
const (
	firstPause = 100 * time.Millisecond
	mostPause  = 2 * time.Second
)

var errNoLease = errors.New("no lease")

// awaitLeases waits until all the address objects have a lease, but not longer
// than limit: all of them at the same time. It names those that got none, and
// gives the addresses that were last seen.
func awaitLeases(ctx context.Context, a *agent.Agent, objects []string, limit time.Duration) ([]illumos.Address, error) {
	if len(objects) == 0 {
		return nil, nil
	}
	waiting := slices.Clone(objects)
	rows, err := poll(ctx, a.Guest, limit, func(rows []illumos.Address) bool {
		waiting = slices.DeleteFunc(waiting, func(object string) bool {
			addr := lease(rows, object)
			if addr != "" {
				a.Log.Info("DHCP lease", "object", object, "address", addr)
			}
			return addr != ""
		})
		return len(waiting) == 0
	})
	if err != nil {
		err = missing(err, waiting, rows, limit)
	}
	return rows, err
}

// poll looks at the addresses until they are as ready wants them, but not longer
// than limit; then the error is errNoLease. It gives what it saw last.
func poll(ctx context.Context, g *guest.Guest, limit time.Duration, ready func([]illumos.Address) bool) ([]illumos.Address, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, errNoLease)
	defer cancel()
	var last []illumos.Address
	for pause := firstPause; ; pause = min(2*pause, mostPause) {
		rows, err := illumos.Addresses(ctx, g)
		if err != nil && ctx.Err() == nil {
			return last, err
		}
		if err == nil {
			last = rows
			if ready(rows) {
				return rows, nil
			}
		}
		select {
		case <-ctx.Done():
			return last, context.Cause(ctx)
		case <-time.After(pause/2 + rand.N(pause)):
		}
	}
}

// lease gives the address that an object has got, or "".
func lease(rows []illumos.Address, object string) string {
	for _, r := range rows {
		if r.Object == object && r.State == "ok" && r.Addr != "?" {
			return r.Addr
		}
	}
	return ""
}

// missing is the error for objects without a lease, of which rows was last seen.
func missing(why error, objects []string, rows []illumos.Address, limit time.Duration) error {
	if !errors.Is(why, errNoLease) {
		return fmt.Errorf("wait for DHCP: %w", why)
	}
	var errs []error
	for _, object := range objects {
		errs = append(errs, fmt.Errorf("%s has no DHCP lease%s after %v; dhcpagent goes on asking for %s (ipadm show-addr %s)",
			linkOf(object), unusable(rows, object), limit, object, object))
	}
	return agent.Join(errs...)
}

// unusable tells of a lease that is there and of no use: the cable is out since
// (inaccessible), or the address is another host's (duplicate).
func unusable(rows []illumos.Address, object string) string {
	i := slices.IndexFunc(rows, func(r illumos.Address) bool { return r.Object == object })
	if i < 0 || rows[i].Addr == "" || rows[i].Addr == "?" {
		return ""
	}
	return fmt.Sprintf(" that works (%s is %s)", rows[i].Addr, rows[i].State)
}

// ofLease says whether dhcpagent(8) may have added a route, and will delete it
// with its lease.
func ofLease(x illumos.Route, link string) bool {
	return x.To == defaultV4 && x.Gateway && x.Link == link
}

// again adds the routes that were there, by a lease, when they were wanted:
// they have gone with it.
func (p *plan) again(link string) (steps []guest.Step) {
	for _, r := range p.made.Routes {
		if slices.ContainsFunc(p.have.routes, func(x illumos.Route) bool { return ofLease(x, link) && x.Via == r.Via }) {
			steps = append(steps, r.step("add", false, entryExists))
		}
	}
	return steps
}

// spare leaves out the withdrawal of routers that a lease has brought by now,
// since route(8) might delete the lease's. They stay on record.
func (t *todo) spare(ctx context.Context, g *guest.Guest) {
	isRouter := func(s guest.Step) bool {
		return s.Part == "route "+defaultV4.String() && slices.Contains(s.Argv, "delete")
	}
	if !slices.ContainsFunc(t.retire, isRouter) {
		return
	}
	var routers []netip.Addr
	for _, object := range t.lease {
		found, _ := anyRouters(ctx, g, linkOf(object)) // no lease, no router
		routers = append(routers, found...)
	}
	t.retire = slices.DeleteFunc(slices.Clone(t.retire), func(s guest.Step) bool {
		if !isRouter(s) {
			return false
		}
		via, err := netip.ParseAddr(s.Argv[len(s.Argv)-1])
		if err != nil || !slices.Contains(routers, via) {
			return false
		}
		t.made.Routes = append(t.made.Routes, route{To: defaultV4, Via: via})
		return true
	})
}
