// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

// Network configures the guest's network from the metadata: links, addresses,
// routes and DNS, or DHCP on the preferred interface, unless the metadata or an
// administrator asks to leave the network alone. What was made by hand stays as
// it is. It waits for leases within a limit, and what it has made keeps working
// after it.
package main

import (
	"context"

	"illumos-metadata/common/agent"
	"illumos-metadata/common/cache"
	"illumos-metadata/common/guest"
	"illumos-metadata/common/metadata"
	"illumos-metadata/common/provider"
)

func main() { agent.Main("network", run, "skip", "dhcp_timeout") }

func run(ctx context.Context, a *agent.Agent) error {
	limit, badLimit := a.Seconds("dhcp_timeout", guest.DHCPLimit, guest.MaxDHCPLimit)
	skip, badSkip := a.Bool("skip", false)
	if err := agent.Join(badLimit, badSkip); err != nil {
		return err
	}
	o := cache.Options{Fresh: a.Again, DryRun: a.DryRun}
	if !skip {
		o.Reach = func(ctx context.Context, way provider.Way, known bool) error {
			return early(ctx, a, way, known, limit)
		}
	}
	ans, err := cache.Load(ctx, a.Guest, o)
	if err != nil {
		return err
	}
	in := ans.Instance
	w := wanted(in)
	w.Skip, _ = a.Bool("skip", w.Skip) // checked above
	return agent.Join(append(in.Errs(metadata.ItemNetwork), configure(ctx, a, in.ID, w, limit))...)
}
