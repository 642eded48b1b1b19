// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

// Ssh-keys keeps the authorized keys that the metadata gives in the files of
// their users, beside those that were added by hand. It withdraws a key that it
// has added when the metadata no longer has it, but never because the metadata
// could not be read.
package main

import (
	"context"

	"illumos-metadata/common/agent"
	"illumos-metadata/common/cache"
	"illumos-metadata/common/metadata"
	"illumos-metadata/common/provider"
)

func main() { agent.Main("ssh-keys", run, "users") }

func run(ctx context.Context, a *agent.Agent) error {
	ans, err := cache.Load(ctx, a.Guest, cache.Options{Fresh: a.Again, DryRun: a.DryRun})
	if err != nil {
		return err
	}
	in := ans.Instance
	if in.Source == provider.None {
		a.Log.Info("nothing to do", "reason", "without a metadata source the keys stay as they are")
		return nil
	}
	wrong := in.Errs(metadata.ItemKeys)
	w := want{Users: users(a.Setting("users")), Keys: in.Keys, stale: ans.Stale, partial: len(wrong) > 0}
	return agent.Join(append(wrong, configure(ctx, a, in.ID, w))...)
}
