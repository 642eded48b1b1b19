// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

// Swap gives the guest a swap volume of a sensible size in its root pool, lists
// it in vfstab(5) and swaps it on. It needs no metadata, and it makes swap once:
// a new instance on the same disk keeps it, and any swap that is there already,
// of whatever kind, is enough. A changed setting reaches the volume that this
// service made, and only that one, when an administrator restarts the service.
package main

import (
	"context"

	"illumos-metadata/common/agent"
)

func main() { agent.Main("swap", run, "size", "memory_percent", "max_pool_percent") }

// settings reads the size policy from the operands.
func settings(a *agent.Agent) (policy, error) {
	fixed, badSize := parseSize(a.Setting("size"))
	memory, badMemory := a.Int("memory_percent", 200, 1, 1000)
	maxPool, badPool := a.Int("max_pool_percent", 20, 1, 90)
	return policy{fixed, memory, maxPool}, agent.Join(badSize, badMemory, badPool)
}

func run(ctx context.Context, a *agent.Agent) error {
	p, err := settings(a)
	if err != nil {
		return err
	}
	return configure(ctx, a, p)
}
