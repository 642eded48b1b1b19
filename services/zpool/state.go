// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"

	"illumos-metadata/common/agent"
	"illumos-metadata/common/guest"
	"illumos-metadata/common/illumos"
)

// rootPool gives the pool of the setting, or the one that / is mounted from; ""
// (after saying why) if there is none.
func rootPool(a *agent.Agent) (string, error) {
	if name := a.Setting("pool"); name != "" && name != "auto" {
		return name, nil
	}
	pool, why, err := illumos.RootPool(a.Guest)
	if why != "" {
		a.Log.Info("nothing to do", "reason", why)
	}
	return pool, err
}

// grow brings the pool to the size of its disk, if it is laid out as zpool
// create does, and checks that it has come there.
func grow(ctx context.Context, a *agent.Agent, pool string) error {
	before, err := illumos.ReadPool(ctx, a.Guest, pool)
	if err != nil {
		return err
	}
	leave := func(why string) error {
		a.Log.Info("leaving the size of the pool alone", "pool", pool, "reason", why)
		return nil
	}
	disk, why := growable(before)
	if why != "" {
		return leave(why)
	}
	// The kernel looks at the size of the disk when it opens it, that is at
	// boot: later only the label tells.
	if before.Expand == 0 && !a.Again {
		return leave("it has all of " + disk)
	}
	label, err := illumos.ReadLabel(ctx, a.Guest, disk)
	if err != nil {
		return err
	}
	y, why := known(label)
	if why != "" {
		return leave(disk + ": " + why)
	}
	if y.full() && gain(before, y) == 0 {
		return leave("it has all of " + disk)
	}
	err = a.Apply(ctx, growth(pool, disk, y))
	if err != nil || a.DryRun {
		return advise(err, pool, disk)
	}
	return advise(check(ctx, a, before, disk), pool, disk)
}

// check reads back what growth has done.
func check(ctx context.Context, a *agent.Agent, before illumos.Pool, disk string) error {
	after, err := illumos.ReadPool(ctx, a.Guest, before.Name)
	if err != nil {
		return err
	}
	label, err := illumos.ReadLabel(ctx, a.Guest, disk)
	if err != nil {
		return err
	}
	if why := grown(before, after, label); why != "" {
		return fmt.Errorf("pool %s has not grown: %s", before.Name, why)
	}
	result := "the pool has grown"
	if after.Size == before.Size {
		result = "the label has grown, by too little for the pool"
	}
	a.Log.Info(result, "pool", before.Name, "from", before.Size, "to", after.Size)
	return nil
}

// advise adds to err what an administrator can do.
func advise(err error, pool, disk string) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w (compare zpool list -v %s with prtvtoc %s)",
		err, pool, illumos.RawDisk(disk))
}

// identify gives the pool a new GUID once on each machine. The GUID before it
// is noted first: a run that is cut off between the change and the record must
// not make a second one.
func identify(ctx context.Context, a *agent.Agent, pool string) error {
	var rec record
	if err := a.ReadRecord(&rec); err != nil {
		return err
	}
	machine := machineUUID(a)
	if !wantsGUID(rec, pool, machine) {
		return nil
	}
	done := record{Pool: pool, Machine: machine}
	if rec.Before == "" && machine != "" && a.Adopted(machine) {
		return a.WriteRecord(done)
	}
	guid, err := illumos.PoolGUID(ctx, a.Guest, pool)
	if err != nil {
		return err
	}
	under := record{Pool: pool, Machine: machine, Before: guid}
	if rec.Before != "" && rec.Before != guid && rec.Pool == pool && rec.Machine == machine {
		a.Log.Info("the pool got its new GUID in a run that was cut off", "pool", pool)
		return a.WriteRecord(done)
	}
	if err := a.WriteRecord(under); err != nil {
		return err
	}
	err = a.Apply(ctx, []guest.Step{{
		Why:  fmt.Sprintf("give pool %s a GUID of its own on this machine", pool),
		Argv: []string{"/sbin/zpool", "reguid", pool},
	}})
	if err != nil {
		return err
	}
	return a.WriteRecord(done)
}

// machineUUID is the machine's SMBIOS UUID, or "" if it has none.
func machineUUID(a *agent.Agent) string {
	s, err := illumos.ReadSMBIOS(a.Guest)
	if err != nil {
		a.Log.Warn("the machine's UUID is unknown", "reason", err)
		return ""
	}
	return s.UUID
}
