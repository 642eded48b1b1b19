// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

// Hostname gives the guest the name that its metadata asks for: the live name,
// nodename(5) and an alias in hosts(5). It runs after svc:/system/identity:node,
// which gives the host a name that a DHCP server offers, and makes dhcpagent(8)
// ignore such names from the next boot on, when there is nothing left to do
// here.
package main

import (
	"context"

	"illumos-metadata/common/agent"
	"illumos-metadata/common/cache"
	"illumos-metadata/common/metadata"
	"illumos-metadata/common/provider"
)

func main() { agent.Main("hostname", run) }

func run(ctx context.Context, a *agent.Agent) error {
	ans, err := cache.Load(ctx, a.Guest, cache.Options{Fresh: a.Again, DryRun: a.DryRun})
	if err != nil {
		return err
	}
	in := ans.Instance
	if in.Source == provider.None {
		a.Log.Info("nothing to do", "reason", "without a metadata source the name stays as it is")
		return nil
	}
	// A name that is not legal says nothing about the name wanted.
	if errs := in.Errs(metadata.ItemHostname); errs != nil {
		return agent.Join(errs...)
	}
	return configure(ctx, a, in.ID, wanted(in))
}
