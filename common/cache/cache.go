// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

// Package cache makes one fetch serve six services. The answer of this boot is
// in /var/run/metadata (tmpfs, with the user data); the last good answer of
// all boots is in /var/metadata (without it) and stands in while the source is
// silent, so that an outage is never taken for a first boot. Both are 0600. It
// owns the two files, their lock and the rules between them; who asks whom for
// metadata is for package provider.
package cache

import (
	"context"
	"errors"
	"fmt"
	"time"

	"illumos-metadata/common/guest"
	"illumos-metadata/common/illumos"
	"illumos-metadata/common/metadata"
	"illumos-metadata/common/provider"
)

const (
	bootFile = "/var/run/metadata/instance.json"
	keepFile = "/var/metadata/instance.json"
	lockFile = "/var/run/metadata/lock"

	// settingsFMRI holds the settings of the shared fetch.
	settingsFMRI = "svc:/system/metadata/network:default"

	// failureLife is how long a failed fetch is remembered, so that services
	// that start one after another do not each wait for a silent source.
	failureLife = 2 * time.Minute
)

// Options of a Load.
type Options struct {
	Fresh  bool // fetch even if this boot has an answer: svcadm restart
	DryRun bool // store nothing

	// Reach brings up the network where a source needs it; nil leaves it to
	// others. Known says that this machine had its metadata on an earlier boot:
	// its network is configured.
	Reach func(ctx context.Context, way provider.Way, known bool) error
}

// An Answer is the metadata of this machine.
type Answer struct {
	Instance *metadata.Instance
	// Stale says that the source is silent and this is the last good answer of
	// the same machine. It has no user data, only its digest.
	Stale bool
}

// Load gives the metadata of this machine: this boot's answer, or a new one. It
// waits at most guest.LockLimit for another service's fetch. The error is
// metadata.ErrNoSource where there is no source and none is due.
func Load(ctx context.Context, g *guest.Guest, o Options) (Answer, error) {
	smbios, err := illumos.ReadSMBIOS(g)
	if err != nil {
		g.Log.Warn("ignoring SMBIOS", "reason", err)
	}
	c := cache{g: g, smbios: smbios, dry: o.DryRun, reach: o.Reach}
	if !o.DryRun {
		wait, cancel := context.WithTimeoutCause(ctx, guest.LockLimit,
			fmt.Errorf("another service's fetch is not done within %v", guest.LockLimit))
		defer cancel()
		unlock, err := g.Lock(wait, lockFile)
		if err != nil {
			return Answer{}, err
		}
		defer unlock()
	}
	if !o.Fresh {
		switch e, ok := c.read(bootFile); {
		case ok && e.Silent && e.fresh():
			return c.fetch(ctx, guest.RetryLimit)
		case ok && e.fresh():
			return e.answer()
		}
	}
	return c.fetch(ctx, guest.MaxFetchLimit)
}

// A cache is one Load.
type cache struct {
	g      *guest.Guest
	smbios illumos.SMBIOS
	dry    bool
	reach  func(context.Context, provider.Way, bool) error
}

// fetch asks the sources for at most limit, falls back on the last good answer,
// and stores what came out for the rest of this boot.
func (c cache) fetch(ctx context.Context, limit time.Duration) (Answer, error) {
	set, err := c.settings(ctx)
	if err != nil {
		return Answer{}, err
	}
	if set.source == "none" {
		return Answer{}, fmt.Errorf("%w: config/source of %s is none", metadata.ErrNoSource, settingsFMRI)
	}
	limit = min(limit, set.limit)
	limited, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("no metadata within %v", limit))
	defer cancel()

	last, kept := c.read(keepFile)
	in, err := provider.Find(limited, c.g, c.smbios, set.source, c.network(kept && c.smbios.UUID != ""))
	if ctx.Err() != nil {
		return Answer{}, fmt.Errorf("fetch metadata: %w", context.Cause(ctx)) // we were told to stop: it says nothing of the source
	}
	e := entry{Time: time.Now(), Machine: c.smbios.UUID, Instance: in}
	switch silent := err != nil || in.Source == provider.None; {
	case silent && kept && c.smbios.UUID != "":
		c.g.Log.Warn("the metadata source is silent: going on with its last answer",
			"source", last.Instance.Source, "first_given", last.Time, "reason", reason(err))
		e.Instance, e.Stale, err = last.Instance, true, nil
	case err != nil:
		e.Failure = err.Error()
		e.NoSource, e.Invalid = errors.Is(err, metadata.ErrNoSource), errors.Is(err, metadata.ErrInvalid)
		e.Silent = errors.Is(err, provider.ErrSilent)
	}
	if in != nil {
		for _, w := range in.Warnings {
			c.g.Log.Warn(w)
		}
	}
	c.store(e, last)
	if err != nil {
		return Answer{}, err
	}
	return e.answer()
}

// network is how the fetch brings up the network, nil if that is for others.
func (c cache) network(known bool) provider.Reach {
	if c.reach == nil {
		return nil
	}
	return func(ctx context.Context, way provider.Way) error { return c.reach(ctx, way, known) }
}

func reason(err error) string {
	if err == nil {
		return "no metadata volume is there"
	}
	return err.Error()
}

// settings are the properties of the shared fetch.
type settings struct {
	source string
	limit  time.Duration
}

// settings reads config/source and config/fetch_timeout by one svcprop(1).
// Outside SMF there is nothing to read, and the defaults hold.
func (c cache) settings(ctx context.Context) (settings, error) {
	s := settings{source: "auto", limit: guest.FetchLimit}
	props, err := illumos.Properties(ctx, c.g, settingsFMRI, "config")
	if err != nil {
		c.g.Log.Warn("using the default settings of the fetch", "reason", err)
		return s, nil
	}
	if v := props["source"]; v != "" {
		s.source = v
	}
	if !provider.Known(s.source) {
		return s, fmt.Errorf("%w property config/source %q of %s: one of %s expected",
			metadata.ErrInvalid, s.source, settingsFMRI, provider.Names())
	}
	if v := props["fetch_timeout"]; v != "" {
		limit, err := time.ParseDuration(v + "s")
		if err != nil || limit < time.Second || limit > guest.MaxFetchLimit {
			return s, fmt.Errorf("%w property config/fetch_timeout %q of %s: a number from 1 to %.0f expected",
				metadata.ErrInvalid, v, settingsFMRI, guest.MaxFetchLimit.Seconds())
		}
		s.limit = limit
	}
	return s, nil
}
