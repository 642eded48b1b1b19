// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

// Zpool lets the root pool grow to fill its disk, and gives it a GUID of its
// own once on every new machine, so that a clone's pool is no twin of its
// template's. It needs no metadata. Only the layouts that zpool create makes on
// a whole disk are touched; mirrors, slices and foreign labels are left as they
// are, with the reason in the log.
package main

import (
	"context"

	"illumos-metadata/common/agent"
)

func main() { agent.Main("zpool", run, "pool", "expand", "reguid") }

// run grows the pool and gives it a GUID; each goes on where the other fails.
func run(ctx context.Context, a *agent.Agent) error {
	expand, badExpand := a.Bool("expand", true)
	reguid, badReguid := a.Bool("reguid", true)
	if err := agent.Join(badExpand, badReguid); err != nil {
		return err
	}
	pool, err := rootPool(a)
	if pool == "" || err != nil {
		return err
	}
	var errs []error
	if expand {
		errs = append(errs, grow(ctx, a, pool))
	}
	if reguid {
		errs = append(errs, identify(ctx, a, pool))
	}
	return agent.Join(errs...)
}
