// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
	"testing/synctest"

	"illumos-metadata/common/simguest/simnet"
)

// TestRandomChange: whatever network a guest had, another one ends in the same
// state as on a bare guest, now and after a reboot, for the same instance and for
// a new one.
func TestRandomChange(t *testing.T) {
	seeds := uint64(100)
	if os.Getenv("CI") == "true" {
		seeds = 500
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { randomChange(t, rand.New(rand.NewPCG(seed, 5))) })
		})
	}
}

func randomChange(t *testing.T, r *rand.Rand) {
	var cards []simnet.Link
	for n := range 4 {
		cards = append(cards, served(n))
	}
	first, second := randomWant(r), randomWant(r)
	instance := fmt.Sprintf("i-%d", 1+r.IntN(2))
	if second.DHCP {
		instance = "i-2" // the same instance keeps it on the link that has it
	}
	m := newMachine(t, cards...)
	installed := m.snapshot()
	bare := m.boots(instance, second, outcome{})
	m.restore(installed)
	m.boots("i-1", first, outcome{})
	m.early()
	got := m.boots(instance, second, bare)
	if diff := bare.diff(got); diff != "" {
		t.Errorf("after %+v\nfor %s %+v (-bare +got):\n%s", first, instance, second, diff)
	}
}
