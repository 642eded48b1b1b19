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

	"illumos-metadata/common/illumos"
	"illumos-metadata/common/metadata"
	"illumos-metadata/common/simguest/simnet"
)

// randomWant is a network on some of four links, of which the guest may lack
// the last. Each link has addresses of its own or of another's network.
func randomWant(r *rand.Rand) want {
	var w want
	used := map[netip.Addr]bool{}
	for n := range 4 {
		if r.IntN(3) == 0 {
			continue
		}
		l := link(n)
		l.DHCP4, l.SLAAC, l.DHCP6, l.Optional = r.IntN(4) == 0, r.IntN(6) == 0, r.IntN(8) == 0, r.IntN(4) == 0
		for range r.IntN(4) {
			a := randomAddress(r)
			if !used[a.Addr()] {
				used[a.Addr()] = true
				l.Addresses = append(l.Addresses, a)
			}
		}
		if r.IntN(5) == 0 {
			l.MTU = 1400 + 100*r.IntN(5)
		}
		for range r.IntN(3) {
			l.Routes = append(l.Routes, randomRoute(r))
		}
		if r.IntN(4) == 0 {
			l.DNS = dns("", fmt.Sprintf("10.0.%d.53", n))
		}
		w.Links = append(w.Links, l)
		if r.IntN(4) == 0 {
			v := vlan(fmt.Sprintf("lan%d", n), 5+r.IntN(2), l.Name)
			if a := randomAddress(r); !used[a.Addr()] {
				used[a.Addr()] = true
				v.Addresses = []netip.Prefix{a}
			}
			w.Links = append(w.Links, v)
		}
	}
	if r.IntN(3) == 0 {
		w.Routes = append(w.Routes, randomRoute(r))
	}
	if r.IntN(3) == 0 {
		w.DNS = dns("a.example b.example", "10.0.0.54")
	}
	if len(w.Links) == 0 {
		w.DHCP = r.IntN(2) == 0
	}
	return w
}

func randomAddress(r *rand.Rand) netip.Prefix {
	if r.IntN(3) == 0 {
		bits := []string{"64", "128"}[r.IntN(2)]
		return netip.MustParsePrefix(fmt.Sprintf("2001:db8:%d::%d/%s", r.IntN(2), 5+r.IntN(3), bits))
	}
	bits := []string{"24", "32", "31"}[r.IntN(3)]
	return netip.MustParsePrefix(fmt.Sprintf("10.0.%d.%d/%s", r.IntN(3), 5+r.IntN(3), bits))
}

func randomRoute(r *rand.Rand) metadata.Route {
	to := []string{"default", "192.0.2.0/24", "198.51.100.7/32"}[r.IntN(3)]
	gateway := fmt.Sprintf("10.0.%d.%d", r.IntN(3), 1+r.IntN(2))
	if r.IntN(3) == 0 {
		to, gateway = "default", []string{"2001:db8:0::1", "2001:db8:1::1", "fe80::1"}[r.IntN(3)]
		if r.IntN(2) == 0 {
			to = "2001:db8:9::/48"
		}
	}
	route := via(to, gateway)
	if to == "default" && strings.Contains(gateway, ":") {
		route.To = netip.MustParsePrefix("::/0")
	}
	route.Metric = r.IntN(3)
	return route
}

// byHandAtRandom is what an administrator did before us.
func byHandAtRandom(r *rand.Rand, m *machine) []string {
	var kept []string
	if r.IntN(3) == 0 {
		m.play("/sbin/ipadm create-addr -T static -a 10.0.0.5/24 vioif1/mine")
		kept = append(kept, "vioif1/mine")
	}
	if r.IntN(4) == 0 {
		m.play("/sbin/ipadm create-addr -T dhcp -w 0 vioif2/mine")
		kept = append(kept, "vioif2/mine")
	}
	if r.IntN(4) == 0 {
		m.play("/sbin/ipadm create-addr -T addrconf vioif0/mine")
		kept = append(kept, "vioif0/mine")
	}
	if r.IntN(3) == 0 {
		m.write("/etc/defaultrouter", "# mine\n192.0.2.77\n")
	}
	if r.IntN(3) == 0 {
		m.write("/etc/resolv.conf", "options rotate\nnameserver 192.0.2.53\nsearch mine.example\n")
	}
	return kept
}

// TestRandom: after one run each wanted thing is there or reported, what was
// made by hand is there, and a second run has no step that succeeds.
func TestRandom(t *testing.T) {
	for seed := range uint64(40) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { randomRuns(t, rand.New(rand.NewPCG(seed, 4))) })
		})
	}
}

// randomRuns applies three networks to a guest, one after the other.
func randomRuns(t *testing.T, r *rand.Rand) {
	cards := []simnet.Link{card(0), leased(1), leased(2)}
	cards[0].Taken = dns("", "10.0.0.7").Servers
	if r.IntN(2) == 0 {
		cards = append(cards, card(3))
	}
	m := newMachine(t, cards...)
	kept := byHandAtRandom(r, m)
	for n := range 3 {
		instance, w := fmt.Sprintf("i-%d", r.IntN(2)), randomWant(r)
		_, err := m.run(instance, w)
		m.achieved(w, fmt.Sprint(err))
		m.Again = true
		_, again := m.run(instance, w)
		m.Again = false
		// A route over an address that is another host's goes with the last
		// address that works.
		duplicate := strings.Contains(fmt.Sprint(again), "another host has the address")
		// A smaller MTU has to wait for a VLAN that goes.
		busy := strings.Contains(fmt.Sprint(err), "link busy")
		if strings.Contains(m.log.String(), "step=") && !duplicate && !busy {
			t.Errorf("run %d of %+v: %v\na second time: %v, log\n%s", n, w, err, again, &m.log)
		}
		if t.Failed() {
			return
		}
	}
	rows, err := simnet.Addresses(m.w)
	for _, object := range kept {
		if err != nil || !slices.ContainsFunc(rows, func(a simnet.Address) bool { return a.Object == object }) {
			t.Errorf("%s is gone, %v", object, err)
		}
	}
}

// achieved checks that each wanted address and route is there, or told of in
// the error or in the log.
func (m *machine) achieved(w want, told string) {
	m.t.Helper()
	told += m.log.String()
	s, err := readState(m.t.Context(), m.Guest, true)
	if err != nil {
		m.t.Fatal(err)
	}
	for _, l := range w.Links {
		name := strings.Replace(l.Name, "eth", "vioif", 1)
		if strings.Contains(told, l.Name+": no link") || strings.Contains(told, l.Name+": the link below") ||
			strings.Contains(told, l.Name+": the guest has another link") {
			continue
		}
		for _, a := range l.Addresses {
			there := false
			for _, r := range s.on(name) {
				there = there || prefix(r) == given(a) && r.State != "disabled"
			}
			if !there && !strings.Contains(told, given(a).String()) {
				m.t.Errorf("%s lacks %s, and nobody says so: %s", name, a, told)
			}
		}
		if l.DHCP4 && !slices.ContainsFunc(s.on(name), func(r illumos.Address) bool { return r.Type == "dhcp" }) && !strings.Contains(told, name+" has the static") {
			m.t.Errorf("%s lacks DHCP: %s", name, told)
		}
	}
	for _, r := range allRoutes(w) {
		live := slices.ContainsFunc(s.routes, func(x illumos.Route) bool { return x.To == r.To && x.Via == r.Via })
		if !live && !strings.Contains(told, fmt.Sprintf("to %s by %s", r.To, r.Via)) && !strings.Contains(told, "no link of the guest") {
			m.t.Errorf("there is no route to %s by %s: %s", r.To, r.Via, told)
		}
	}
}

func allRoutes(w want) []metadata.Route {
	all := slices.Clone(w.Routes)
	for _, l := range w.Links {
		all = append(all, l.Routes...)
	}
	return all
}
