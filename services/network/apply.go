// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"slices"
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
		return nil
	}
	s, err := readState(ctx, a.Guest)
	if err != nil {
		return err
	}
	if rec.Instance == "" && !a.Again && a.Adopted(instance) {
		return a.WriteRecord(record{now, s.adopted()})
	}
	t, err := decide(w, s, rec, instance)
	if err == nil && len(t.steps()) > 0 && managed(ctx, a.Guest) {
		a.Log.Warn("nothing is changed: NWAM manages the network of this guest", "enabled", nwam)
		return nil
	}
	if err != nil {
		now.Slice = "" // to be tried again at the next boot
	}
	return agent.Join(err, apply(ctx, a, rec, record{now, t.made}, t, limit))
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
// its time limit once, and not at each boot.
func apply(ctx context.Context, a *agent.Agent, old, done record, t todo, limit time.Duration) error {
	for _, why := range t.leave {
		a.Log.Info("leaving an interface as it is", "reason", why)
	}
	if len(t.steps()) > 0 {
		if err := a.WriteRecord(old.under(t.made, done.Instance)); err != nil {
			return err
		}
	}
	if err := a.Apply(ctx, t.withdraw); err != nil {
		return err
	}
	if err := a.Apply(ctx, t.create); err != nil {
		tidy(ctx, a.Guest, t)
		return err
	}
	if err := a.WriteRecord(done); err != nil || a.DryRun {
		return err
	}
	return awaitLeases(ctx, a, t.lease, limit)
}

// tidy removes what a create-addr that failed may have left.
func tidy(ctx context.Context, g *guest.Guest, t todo) {
	for _, s := range t.create {
		if slices.Contains(s.Argv, "create-addr") {
			object := s.Argv[len(s.Argv)-1]
			if _, err := g.Run(ctx, ipadm, "delete-addr", object); err != nil {
				g.Log.Debug("nothing left of the address", "object", object, "answer", err)
			}
		}
	}
}
