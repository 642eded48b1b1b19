// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"illumos-metadata/common/agent"
	"illumos-metadata/common/guest"
	"illumos-metadata/common/illumos"
	"illumos-metadata/common/metadata"
)

// configure brings swap to what the settings ask for.
func configure(ctx context.Context, a *agent.Agent, p policy) error {
	s, why, err := look(ctx, a, p)
	if err != nil {
		return err
	}
	var t todo
	if why == "" {
		t, err = decide(p, s)
		why = t.nothing
	}
	if why != "" {
		a.Log.Info("nothing to do", "reason", why)
		return err
	}
	return agent.Join(err, carryOut(ctx, a, p, s, t))
}

// carryOut runs the plan: what is under way is in the record before it begins.
func carryOut(ctx context.Context, a *agent.Agent, p policy, s state, t todo) error {
	if t.during != nil {
		if err := a.WriteRecord(t.during); err != nil {
			return err
		}
	}
	err := a.Apply(ctx, t.steps)
	if s.found == nil && outOfSpace(err) {
		return noRoom(a, p, err)
	}
	if t.activate && (err == nil || s.found != nil) {
		err = agent.Join(err, activate(ctx, a, s))
	}
	if err != nil || t.during == nil || a.DryRun {
		return err
	}
	if t.after.Volume != "" && t.after.GUID == "" {
		if t.after.GUID, err = guid(ctx, a.Guest, s); err != nil {
			return err
		}
	}
	return a.WriteRecord(t.after)
}

// activate swaps the volume on. One that is on already, because swap -d could
// not free it or somebody else was faster, is where it should be.
func activate(ctx context.Context, a *agent.Agent, s state) error {
	err := a.Apply(ctx, []guest.Step{s.on()})
	if err == nil {
		return nil
	}
	active, unknown := illumos.SwapDevices(ctx, a.Guest)
	if unknown == nil && slices.Contains(active, s.device()) {
		return nil
	}
	return agent.Join(err, unknown)
}

// outOfSpace says whether err is zfs create's answer where the pool has no
// room. It has the last word: quotas and parity are not in our sum.
func outOfSpace(err error) bool {
	var ce *guest.CommandError
	return errors.As(err, &ce) && slices.Contains(ce.Argv, "create") && strings.Contains(string(ce.Stderr), "out of space")
}

// noRoom ends a run in which no volume was made, because of err. The record
// must not claim one that somebody else makes later.
func noRoom(a *agent.Agent, p policy, err error) error {
	if bad := a.WriteRecord(record{}); bad != nil {
		return agent.Join(err, bad)
	}
	if p.fixed != automatic {
		return fmt.Errorf("%w property config/size: %w", metadata.ErrInvalid, err)
	}
	a.Log.Info("nothing to do", "reason", "the pool has no room for swap", "answer", err)
	return nil
}

// guid gives the GUID of the volume that was just made.
func guid(ctx context.Context, g *guest.Guest, s state) (string, error) {
	datasets, err := illumos.Datasets(ctx, g, s.pool)
	if err != nil {
		return "", err
	}
	for _, d := range datasets {
		if d.Name == s.volume {
			return d.GUID, nil
		}
	}
	return "", fmt.Errorf("%s was made, but zfs list does not show it", s.volume)
}
