// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"slices"
	"strings"

	"illumos-metadata/common/agent"
	"illumos-metadata/common/etcfile"
	"illumos-metadata/common/guest"
	"illumos-metadata/common/illumos"
)

// look reads what the guest has, and no more of it than the decision takes:
// why says what makes a further look needless.
func look(ctx context.Context, a *agent.Agent, p policy) (s state, why string, err error) {
	if err := a.ReadRecord(&s.rec); err != nil {
		return s, "", err
	}
	s.change = a.Again || s.rec.Busy
	if p.fixed == 0 && (s.rec.Volume == "" || !s.change) {
		return s, "no swap is wanted", nil
	}
	pool, why, err := illumos.RootPool(a.Guest)
	if err != nil || why != "" {
		return s, why, err
	}
	if strings.Contains(pool, " ") {
		return s, fmt.Sprintf("vfstab cannot hold a device of pool %q, whose name has a blank", pool), nil
	}
	s.pool, s.volume = pool, pool+"/swap"
	if err := s.readVfstab(a.Guest); err != nil {
		return s, "", err
	}
	s.active, err = illumos.SwapDevices(ctx, a.Guest)
	if err != nil {
		return s, "", err
	}
	if why := s.settled(); why != "" {
		return s, why, nil
	}
	err = s.readPool(ctx, a.Guest, p)
	return s, s.left(), err
}

// readVfstab reads vfstab(5) and the swap that it names.
func (s *state) readVfstab(g *guest.Guest) error {
	var err error
	s.vfstab, err = g.ReadFile(vfstab, 1<<20)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read %w", err)
	}
	for _, dev := range etcfile.SwapDevices(s.vfstab) {
		if g.Exists(dev) { // an image may name the pool of another
			s.listed = append(s.listed, dev)
		}
	}
	return nil
}

// readPool reads the volume and the space for it.
func (s *state) readPool(ctx context.Context, g *guest.Guest, p policy) error {
	datasets, err := illumos.Datasets(ctx, g, s.pool)
	if err != nil {
		return err
	}
	for _, d := range datasets {
		switch d.Name {
		case s.pool:
			s.room.used, s.room.available = d.Used, d.Available
		case s.volume:
			s.found, s.room.own = &d, d.Used
		}
	}
	switch {
	case s.left() != "":
		return nil
	case s.found == nil || s.ours() && s.change:
		return s.readMemory(ctx, g, p)
	case s.found.Type == "volume" && !s.ours() && !slices.Contains(s.listed, s.device()):
		s.fstype, err = illumos.Fstyp(ctx, g, "/dev/zvol/rdsk/"+s.volume)
	}
	return err
}

// readMemory reads how much memory there is, if the size depends on it: not if
// the pool has no place for swap anyway.
func (s *state) readMemory(ctx context.Context, g *guest.Guest, p policy) (err error) {
	if p.fixed != automatic {
		return nil
	}
	s.room.memory = math.MaxInt64
	if size, _, _ := p.size(s.room); size > 0 { // an automatic size is never an error
		s.room.memory, err = illumos.Memory(ctx, g)
	}
	return err
}
