// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

// Userscript runs the script in the metadata until it has succeeded once for
// this instance, and never again on its own, unless its source wants it to run
// at each boot, as SmartOS does. Each start is recorded before it
// happens, so that a script that takes the machine down cannot run for ever.
// The script comes from this boot's metadata alone: what an earlier instance
// or an earlier agent left on the disk is never run.
package main

import (
	"context"
	"os"

	"illumos-metadata/common/agent"
	"illumos-metadata/common/guest"
	"illumos-metadata/common/metadata"
)

func main() { agent.Main("userscript", run, "timeout", "max_attempts") }

func run(ctx context.Context, a *agent.Agent) error {
	limit, badLimit := a.Seconds("timeout", guest.ScriptLimit, guest.MaxScriptLimit)
	attempts, badAttempts := a.Int("max_attempts", 10, 1, 1000)
	if err := agent.Join(badLimit, badAttempts); err != nil {
		return err
	}
	rec, in, err := read(ctx, a)
	if err != nil {
		return err
	}
	w := wanted(a, rec, in)
	w.maxAttempts = attempts
	w.limits = limits{limit, guest.ScriptGrace, guest.ShutdownWait}
	return agent.Join(append(in.Errs(metadata.ItemUserData), once(ctx, a, rec, w, os.Stderr))...)
}
