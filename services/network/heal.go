// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"illumos-metadata/common/agent"
	"illumos-metadata/common/guest"
	"illumos-metadata/common/illumos"
)

// heal adds the routes of ours that a boot does not bring back: those that
// leases ask for; direct ones and those over them, for network/routing-setup adds
// the former only after this service, and network/physical tries the latter
// before. It waits for leases on record; at others it only looks.
func heal(ctx context.Context, a *agent.Agent, rec record, await []string, limit time.Duration) error {
	lost := func(r route) bool { return r.Direct || r.Lease != "" }
	if !slices.ContainsFunc(rec.Routes, lost) && len(rec.Waiting) == 0 {
		return nil
	}
	t := rec.todo()
	t.lease = await
	if a.DryRun {
		t.lease = nil
	}
	err := t.settle(ctx, a, rec, limit, func() error {
		if slices.Equal(t.made.Routes, rec.Routes) && slices.Equal(t.made.Waiting, rec.Waiting) {
			return nil
		}
		return a.WriteRecord(t.made)
	})
	if err != nil && len(rec.leased()) > 0 {
		err = fmt.Errorf("%w; what leads over its router comes back when this service runs after the lease is there", err)
	}
	return agent.Join(err, t.overDirect(ctx, a))
}

// overDirect adds the direct routes that no lease has asked for, and all that
// lead over a direct one.
func (t *todo) overDirect(ctx context.Context, a *agent.Agent) error {
	var over []route
	for _, r := range t.made.Routes {
		first := func(d route) bool { return d.Direct && (d == r || d.To.Addr() == r.Via) }
		if r.Lease == "" && slices.ContainsFunc(t.made.Routes, first) {
			over = append(over, r)
		}
	}
	if len(over) == 0 {
		return nil
	}
	var s state
	var err error
	if s.routes, err = illumos.Routes(ctx, a.Guest); err != nil {
		return err
	}
	var steps []guest.Step
	for _, r := range over {
		if !s.live(r) {
			steps = append(steps, r.step("add", false, entryExists))
		}
	}
	return a.Apply(ctx, steps)
}

// todo is what a boot does again for what is on record.
func (r record) todo() todo {
	t := todo{made: r, leases: union(r.leased(), r.Waiting)}
	for _, x := range r.Routes {
		over := func(o route) bool { return o.Lease == "" && o.Via == x.To.Addr() }
		if x.Lease != "" && x.Direct && slices.ContainsFunc(r.Routes, over) {
			t.gateways = append(t.gateways, gateway{x.Lease, x.To.Addr()})
		}
	}
	return t
}
