// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"io/fs"
	"strings"

	"illumos-metadata/common/agent"
	"illumos-metadata/common/guest"
	"illumos-metadata/common/metadata"
)

const (
	hostname     = "/usr/bin/hostname"
	nodenameFile = "/etc/nodename"
	hostsFile    = "/etc/inet/hosts" // /etc/hosts is a link to it
	agentFile    = "/etc/default/dhcpagent"

	mostFile = 4 << 20 // largest file read
)

// configure brings the names to what is wanted.
func configure(ctx context.Context, a *agent.Agent, instance string, w want) error {
	var rec record
	if err := a.ReadRecord(&rec); err != nil {
		return err
	}
	now := agent.Record{Instance: instance, Slice: metadata.Digest(w)}
	if a.Settled(rec.Record, now) {
		return nil
	}
	s, err := readState(ctx, a.Guest)
	if err != nil {
		return err
	}
	if rec.Instance == "" && !a.Again && a.Adopted(instance) {
		done := adopted(w, s)
		done.Record = now
		return a.WriteRecord(done)
	}
	steps, done := decide(w, s, rec)
	if len(steps) > 0 {
		under := done.with(rec)
		under.Instance = instance
		if err := a.WriteRecord(under); err != nil {
			return err
		}
	}
	if err := a.Apply(ctx, steps); err != nil {
		return err
	}
	done.Record = now
	return a.WriteRecord(done)
}

// readState reads the live name and the files that hold names. A missing file
// is an empty one.
func readState(ctx context.Context, g *guest.Guest) (state, error) {
	var s state
	out, err := g.Run(ctx, hostname)
	if err != nil {
		return s, err
	}
	s.live = strings.TrimSuffix(string(out), "\n")
	for name, data := range map[string]*[]byte{nodenameFile: &s.nodename, hostsFile: &s.hosts, agentFile: &s.dhcpagent} {
		if *data, err = g.ReadFile(name, mostFile); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return s, err
		}
	}
	return s, nil
}
