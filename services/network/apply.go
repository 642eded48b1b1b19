// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"slices"
	"strings"
	"time"

	"illumos-metadata/common/agent"
	"illumos-metadata/common/guest"
	"illumos-metadata/common/illumos"
	"illumos-metadata/common/metadata"
)

// configure brings the network to what is wanted, and waits for leases for at
// most limit.
func configure(ctx context.Context, a *agent.Agent, instance string, w want, limit time.Duration) error {
	if w.Skip {
		// What this service made earlier is part of the network too: taking it
		// away could cut off whoever asks for it to be left alone.
		a.Log.Info("nothing to do", "reason", "the network is to be left alone (skip)")
		return nil
	}
	var rec record
	if err := a.ReadRecord(&rec); err != nil {
		return err
	}
	now := agent.Record{Instance: instance, Slice: metadata.Digest(w)}
	if a.Settled(rec.Record, now) && !uprooted(ctx, a, rec) {
		return heal(ctx, a, rec, rec.leased(), limit)
	}
	s, err := readState(ctx, a.Guest, w.more() || rec.more())
	if err != nil {
		return err
	}
	if rec.Instance == "" && !a.Again && a.Adopted(instance) {
		rec = record{Record: now, Addresses: union(rec.Addresses, s.adopted()), Waiting: s.adopted()}
		return agent.Join(a.WriteRecord(rec), heal(ctx, a, rec, rec.Waiting, limit))
	}
	t, err := decide(w, s, rec, instance)
	if err == nil && len(t.steps()) > 0 && managed(ctx, a.Guest) {
		a.Log.Warn("nothing is changed: NWAM manages the network of this guest", "enabled", nwam)
		return nil
	}
	t, rec, err = prepared(ctx, a, rec, w, t, err, instance)
	if err != nil {
		now.Slice = "" // to be tried again at the next boot
	}
	t.made.Record = now
	return agent.Join(err, apply(ctx, a, rec, t, limit))
}

// uprooted says whether a link that has an address of ours is gone: the machine
// got another network device. Nobody at the guest did that, and left as it is,
// the guest would have no network.
func uprooted(ctx context.Context, a *agent.Agent, rec record) bool {
	if len(rec.Addresses) == 0 {
		return false
	}
	links, err := illumos.PhysLinks(ctx, a.Guest)
	s := state{links: links}
	here := func(object string) bool { return s.hasLink(linkOf(object)) }
	if err == nil && !slices.ContainsFunc(rec.Addresses, func(object string) bool { return !here(object) }) {
		return false
	}
	if err == nil {
		s.addresses, err = illumos.Addresses(ctx, a.Guest)
	}
	if err != nil {
		a.Log.Warn("whether the links are the same is not known", "reason", err)
		return false
	}
	for _, r := range s.addresses {
		if slices.Contains(rec.Addresses, r.Object) && !here(r.Object) && r.State == "disabled" {
			a.Log.Warn("the link of an address is gone", "object", r.Object)
			return true
		}
	}
	return false
}

// apply carries out a plan, with the record of it written before and after, and
// waits for leases. An object without a lease is applied all the same: it costs
// its time limit once, and not at each boot, unless something else waits for it.
func apply(ctx context.Context, a *agent.Agent, old record, t todo, limit time.Duration) error {
	t.explain(a)
	if len(t.steps()) > 0 {
		if err := a.WriteRecord(old.under(t.made, t.made.Instance)); err != nil {
			return err
		}
	}
	failed := map[string]bool{}
	err := agent.Join(inParts(ctx, a, failed, t.withdraw), inParts(ctx, a, failed, t.create))
	// What could not be made gets no lease: nothing waits for it.
	gone := func(object string) bool { return failed[object] }
	t.lease, t.leases = slices.DeleteFunc(t.lease, gone), slices.DeleteFunc(t.leases, gone)
	t.gateways = slices.DeleteFunc(t.gateways, func(g gateway) bool { return gone(g.lease) })
	if t.stranding(failed) {
		err = agent.Join(err, t.unfinished(ctx, a, old, limit))
		rescue(ctx, a, t.was, slices.Concat(t.done, t.withdraw, t.create), old.Routes)
		return err
	}
	if old.Instance != t.made.Instance {
		// No lease is worth two machines with the same address.
		t.spare(ctx, a.Guest)
		if failed := a.Apply(ctx, t.retire); failed != nil {
			return agent.Join(err, failed, t.unfinished(ctx, a, old, limit))
		}
		t.retire = nil
	}
	all := err == nil && len(t.late) == 0
	if len(t.retire) == 0 {
		err = agent.Join(err, a.WriteRecord(t.made.settled(all)))
	}
	if a.DryRun {
		return agent.Join(err, a.Apply(ctx, slices.Concat(t.late, t.retire)))
	}
	waits := t.settle(ctx, a, old, limit, func() error {
		if len(t.retire) > 0 {
			return a.WriteRecord(old.under(t.made, t.made.Instance))
		}
		return a.WriteRecord(t.made.settled(all))
	})
	waits = agent.Join(waits, a.Apply(ctx, t.late))
	if waits != nil || len(t.late)+len(t.retire) == 0 {
		return agent.Join(err, waits)
	}
	t.spare(ctx, a.Guest)
	if failed := a.Apply(ctx, t.retire); failed != nil {
		return agent.Join(err, failed)
	}
	return agent.Join(err, a.WriteRecord(t.made.settled(err == nil)))
}

// unfinished waits for the leases and does what needs them, with all of the old
// still on record.
func (t *todo) unfinished(ctx context.Context, a *agent.Agent, old record, limit time.Duration) error {
	var err error
	if !a.DryRun {
		err = t.settle(ctx, a, old, limit, func() error {
			return a.WriteRecord(old.under(t.made, t.made.Instance))
		})
	}
	return agent.Join(err, a.Apply(ctx, t.late))
}

// stranding says whether what has failed may be the way out of the guest: part
// of its static default routes, or where there are none any address, route or
// link.
func (t todo) stranding(failed map[string]bool) bool {
	for part := range failed {
		if part != resolverPart && part != lookupsPart && !strings.HasSuffix(part, mtuPart) &&
			(len(t.way) == 0 || slices.Contains(t.way, part)) {
			return true
		}
	}
	return false
}

// explain logs what a plan does not do, and why.
func (t todo) explain(a *agent.Agent) {
	for _, why := range t.leave {
		a.Log.Info("leaving an interface as it is", "reason", why)
	}
	for _, what := range t.say {
		a.Log.Info(what)
	}
}

// inParts carries out one part after the other, but none that has failed
// already, and tidies up behind one that fails.
func inParts(ctx context.Context, a *agent.Agent, failed map[string]bool, steps []guest.Step) error {
	var errs []error
	for len(steps) > 0 && ctx.Err() == nil {
		part := steps[0].Part
		n := slices.IndexFunc(steps, func(s guest.Step) bool { return s.Part != part })
		if n < 0 {
			n = len(steps)
		}
		if !failed[part] {
			if err := a.Apply(ctx, steps[:n]); err != nil {
				errs, failed[part] = append(errs, err), true
				tidy(ctx, a.Guest, steps[:n])
			}
		}
		steps = steps[n:]
	}
	if ctx.Err() != nil && len(errs) == 0 {
		errs = append(errs, context.Cause(ctx))
	}
	return agent.Join(errs...)
}

// tidy removes what a create-addr that failed may have left.
func tidy(ctx context.Context, g *guest.Guest, steps []guest.Step) {
	for _, s := range steps {
		if slices.Contains(s.Argv, "create-addr") {
			object := s.Argv[len(s.Argv)-1]
			if _, err := g.Run(ctx, ipadm, "delete-addr", object); err != nil {
				g.Log.Debug("nothing left of the address", "object", object, "answer", err)
			}
		}
	}
}
