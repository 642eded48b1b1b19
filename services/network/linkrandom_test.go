// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"illumos-metadata/common/metadata"
	"illumos-metadata/common/simguest/simnet"
)

// rackOfFour has cards of two drivers.
func rackOfFour() []simnet.Link { return []simnet.Link{intel(0), intel(1), leased(2), leased(3)} }

// randomLinks is a network on four cards with names, bonds and VLANs at random.
func randomLinks(r *rand.Rand) want {
	var w want
	free := []string{"lan0", "lan1", "e1000g0", "e1000g1", "vioif2", "vioif3"}
	r.Shuffle(len(free), func(i, j int) { free[i], free[j] = free[j], free[i] })
	member := map[int][]string{}
	next := 0
	address := func() []netip.Prefix {
		next++
		return []netip.Prefix{netip.MustParsePrefix(fmt.Sprintf("10.0.%d.5/24", next))}
	}
	for n := range 4 {
		l := link(n)
		if r.IntN(2) == 0 {
			l.SetName = free[n]
		}
		if r.IntN(4) == 0 {
			l.MTU = 2000 + 1000*r.IntN(3)
		}
		switch r.IntN(5) {
		case 0:
			continue
		case 1, 2:
			b := r.IntN(2)
			member[b] = append(member[b], l.Name)
			l.MTU = 0
		case 3:
			l.Addresses = address()
		case 4:
			l.DHCP4, l.NoRoutes, l.NoDNS = true, true, r.IntN(2) == 0
		}
		w.Links = append(w.Links, l)
	}
	for b, members := range member {
		mode := []string{"802.3ad", "balance-xor", "active-backup"}[r.IntN(3)]
		l := metadata.Link{Name: []string{"bond0", "team"}[b], Bond: &metadata.Bond{Members: members, Mode: mode}, Addresses: address()}
		if r.IntN(3) == 0 {
			l.MTU = 2000 + 1000*r.IntN(3)
		}
		w.Links = append(w.Links, l)
	}
	for _, l := range slices.Clone(w.Links) {
		if r.IntN(4) == 0 && !slices.Contains(slices.Concat(member[0], member[1]), l.Name) {
			v := vlan("v"+l.Name, 5, l.Name)
			v.Addresses = address()
			w.Links = append(w.Links, v)
		}
	}
	if next > 0 && r.IntN(2) == 0 {
		w.Routes = []metadata.Route{via("default", "10.0.1.1")}
	}
	return w
}

// TestRandomLinks: a guest that had other networks for other instances ends as
// a bare one does, a second run has no step, and when nothing is wanted any more
// nothing is left.
func TestRandomLinks(t *testing.T) {
	for seed := range uint64(25) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { randomLinkRuns(t, rand.New(rand.NewPCG(seed, 5))) })
		})
	}
}

func randomLinkRuns(t *testing.T, r *rand.Rand) {
	m := newMachine(t, rackOfFour()...)
	untouched := m.all()
	for n := range 3 {
		w := randomLinks(r)
		bare := newMachine(t, rackOfFour()...)
		_, wanted := bare.run("i-0", w)
		_, err := m.run(fmt.Sprintf("i-%d", n), w)
		if fmt.Sprint(err) != fmt.Sprint(wanted) {
			t.Errorf("run %d: %v, on a bare guest %v", n, err, wanted)
		}
		if diff := cmp.Diff(bare.all(), m.all()); diff != "" {
			t.Errorf("run %d of %+v: %v (-bare +got):\n%s\nlog\n%s", n, w, err, diff, &m.log)
		}
		if err == nil {
			m.quiet(fmt.Sprint(n), fmt.Sprintf("i-%d", n), w)
		}
		if r.IntN(2) == 0 {
			before := m.all()
			m.late()
			m.early()
			if _, err := m.run(fmt.Sprintf("i-%d", n), w); err == nil && wanted == nil {
				if diff := cmp.Diff(before, m.all()); diff != "" {
					t.Errorf("boot after run %d of %+v (-before +after):\n%s\nlog\n%s", n, w, diff, &m.log)
				}
			}
		}
		if t.Failed() {
			return
		}
	}
	if _, err := m.run("i-9", want{}); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(untouched, m.all()); diff != "" {
		t.Errorf("nothing wanted (-untouched +got):\n%s\nlog\n%s", diff, &m.log)
	}
}

// all shows the links, the addresses, the routes and the files.
func (m *machine) all() string {
	s := m.state()
	var all []string
	for _, l := range s.links {
		all = append(all, "device "+l.Device+" is "+l.Name)
	}
	for _, d := range s.datalinks {
		over := slices.Sorted(slices.Values(d.Over))
		all = append(all, fmt.Sprintf("link %s %s %d over %s", d.Name, d.Class, d.MTU, strings.Join(over, " ")))
	}
	for _, a := range s.aggrs {
		if a.LACP == "off" {
			a.Timer = "" // of no use
		}
		all = append(all, fmt.Sprintf("aggregation %s %s %s %s", a.Name, a.Policy, a.LACP, a.Timer))
	}
	slices.Sort(all)
	return strings.Join(all, "\n") + "\n" + m.ends() + "\n" + string(s.dhcpagent)
}
