// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"flag"
	"fmt"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"illumos-metadata/common/guest"
)

var update = flag.Bool("update", false, "write the expected plans anew")

// TestPlans: the plan of each collected network for a bare guest, and none for
// the guest that results.
func TestPlans(t *testing.T) { plans(t, "samples", sampleNetworks(t)) }

// TestOwnPlans is the same with the networks of the suite's own test data.
func TestOwnPlans(t *testing.T) { plans(t, "own", ownNetworks(t)) }

func plans(t *testing.T, set string, all map[string]want) {
	for _, name := range slices.Sorted(maps.Keys(all)) {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := all[name]
				m := newMachine(t, cardsFor(w)...)
				golden(t, "testdata/plans/"+set+"/"+name+".txt", planText(decide(w, m.state(), record{}, "i-1")))
				_, err := m.run("i-1", w)
				m.has(w, fmt.Sprint(err))
				m.Again = true
				if _, _ = m.run("i-1", w); strings.Contains(m.log.String(), "step=") {
					t.Errorf("a second time: %s", &m.log)
				}
			})
		})
	}
}

// planText shows a plan: its steps, with the content of files, and what it does
// not do.
func planText(t todo, err error) string {
	var b strings.Builder
	show := func(when string, steps []guest.Step) {
		for _, s := range steps {
			fmt.Fprintf(&b, "%s%s\n", when, s)
			if s.File != nil {
				fmt.Fprintf(&b, "\t%s\n", strings.ReplaceAll(strings.TrimSpace(string(s.File.Data)), "\n", "\n\t"))
			}
		}
	}
	show("", slices.Concat(t.prepare, t.withdraw, t.create))
	show("after the lease: ", t.late)
	show("at the end: ", t.retire)
	for _, line := range slices.Concat(t.leave, t.say) {
		fmt.Fprintf(&b, "# %s\n", line)
	}
	if err != nil {
		fmt.Fprintf(&b, "# error: %v\n", err)
	}
	return b.String()
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

// has checks that each wanted address is there and works, or told of in the error
// or in the log.
func (m *machine) has(w want, told string) {
	m.t.Helper()
	told += m.log.String()
	s := m.state()
	for _, l := range w.Links {
		for _, a := range l.Addresses {
			there := false
			for _, r := range s.addresses {
				there = there || prefix(r) == given(a) && r.State == "ok"
			}
			if !there && !strings.Contains(told, l.Name+": ") && !strings.Contains(told, a.String()) {
				m.t.Errorf("%s lacks %s, and nobody says so: %s", l.Name, a, told)
			}
		}
	}
}

// given is an address as the guest has it, which knows no /31.
func given(a netip.Prefix) netip.Prefix {
	if a.Addr().Is4() && a.Bits() == 31 {
		return netip.PrefixFrom(a.Addr(), 32)
	}
	return a
}
