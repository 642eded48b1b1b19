// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"

	"illumos-metadata/common/agent"
	"illumos-metadata/common/metadata"
)

// configure brings the files of all users to what is wanted. A user whose file
// cannot be had costs no other user anything.
func configure(ctx context.Context, a *agent.Agent, instance string, w want) error {
	var rec record
	if err := a.ReadRecord(&rec); err != nil {
		return err
	}
	now := agent.Record{Instance: instance, Slice: metadata.Digest(w)}
	if a.Settled(rec.Record, now) {
		return nil
	}
	h, err := readHomes(a, rec, w.lines())
	if err != nil {
		return err
	}
	if rec.Instance == "" && !a.Again && h.missing == nil && a.Adopted(instance) {
		return a.WriteRecord(h.adopted(w, now))
	}
	return apply(ctx, a, h.plan(w, rec, now), h.missing)
}

// apply carries out what is to be done, with the record written before and
// after. Missing is the error about the files that could not be had.
func apply(ctx context.Context, a *agent.Agent, t todo, missing error) error {
	if err := a.WriteRecord(t.under); err != nil {
		return err
	}
	errs := []error{missing}
	for _, c := range t.changes {
		err := a.Apply(ctx, c.steps)
		if err == nil {
			c.tell(a)
		}
		errs = append(errs, err)
	}
	if err := agent.Join(errs...); err != nil {
		return err
	}
	return a.WriteRecord(t.done)
}

// tell logs each key that came or went.
func (c change) tell(a *agent.Agent) {
	for _, key := range c.added {
		a.Log.Info("new key", "user", c.user, "key", key)
	}
	for _, key := range c.withdrawn {
		a.Log.Info("key withdrawn", "user", c.user, "key", key)
	}
}
