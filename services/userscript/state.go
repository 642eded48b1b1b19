// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"io/fs"

	"illumos-metadata/common/agent"
	"illumos-metadata/common/cache"
	"illumos-metadata/common/metadata"
	"illumos-metadata/common/provider"
)

// read gives the record and the metadata. Where the source was silent earlier
// in this boot and the script is still due, the source is asked once more: it
// is late in the boot now.
func read(ctx context.Context, a *agent.Agent) (record, *metadata.Instance, error) {
	var rec record
	if err := a.ReadRecord(&rec); err != nil {
		return rec, nil, err
	}
	o := cache.Options{Fresh: a.Again, DryRun: a.DryRun}
	ans, err := cache.Load(ctx, a.Guest, o)
	if err == nil && ans.Stale && !o.Fresh && due(rec, ans.Instance) {
		o.Fresh = true
		ans, err = cache.Load(ctx, a.Guest, o)
	}
	return rec, ans.Instance, err
}

// due says whether the instance has a script that has not run to its end, or
// runs at each boot.
func due(rec record, in *metadata.Instance) bool {
	return in.UserDataDigest != "" && (in.EachBoot || !(rec.Instance == in.ID && rec.State == complete))
}

// wanted cuts an instance down to what concerns the script. A machine without
// a source has none.
func wanted(a *agent.Agent, rec record, in *metadata.Instance) want {
	w := want{instance: in.ID, again: a.Again}
	if in.Source == provider.None {
		return w
	}
	w.digest, w.script, w.eachBoot = in.UserDataDigest, in.UserData, in.EachBoot
	w.adopted = rec.Instance == "" && w.digest != "" && a.Adopted(in.ID)
	return w
}

// foreignScript says whether the earlier agent's script is where ours needs its
// directory: it kept it in a file of that name until it had succeeded
// (metadata-agent, main.rs, USERSCRIPT).
func foreignScript(a *agent.Agent) (bool, error) {
	info, err := a.Guest.Stat(scriptDir)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil && !info.IsDir(), err
}
