// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"

	"illumos-metadata/common/guest"
	"illumos-metadata/common/illumos"
)

// nwam is the service that manages the network by itself where it is enabled.
const nwam = "svc:/network/physical:nwam"

// readState reads the links and the addresses, one command each.
func readState(ctx context.Context, g *guest.Guest) (state, error) {
	links, err := illumos.PhysLinks(ctx, g)
	if err != nil {
		return state{}, err
	}
	addresses, err := illumos.Addresses(ctx, g)
	return state{links, addresses}, err
}

// managed says whether NWAM is enabled.
func managed(ctx context.Context, g *guest.Guest) bool {
	props, err := illumos.Properties(ctx, g, nwam, "general")
	return err == nil && props["enabled"] == "true" // not every system has it
}
