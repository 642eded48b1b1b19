// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"illumos-metadata/common/illumos"
	"illumos-metadata/common/metadata"
)

// A fault is a change of which every command fails once.
type fault struct {
	name     string
	instance string
	first    want // of i-1
	want     want
}

// faults are changes on a guest with vioif0, and vioif1 with a DHCP server.
func faults() []fault {
	links := func(l ...metadata.Link) want { return want{Links: l} }
	on := func(n int, address, router string) metadata.Link { return withRouter(link(n, address), router) }
	first := links(on(0, "10.0.0.5/24", "10.0.0.1"))
	first.DNS = dns("", "10.0.0.2")
	dhcp, off, jumbo, small := link(1), on(0, "192.0.2.5/32", "203.0.113.1"), on(0, "10.0.0.5/24", "10.0.0.1"), on(0, "10.0.0.5/24", "10.0.0.1")
	dhcp.DHCP4, jumbo.MTU, small.MTU = true, 9000, 1400
	tagged := vlan("lan5", 5, "eth0", "10.5.0.5/24")
	tagged.Routes = []metadata.Route{via("default", "10.5.0.1")}
	other := links(on(0, "10.1.0.5/24", "10.1.0.1"))
	six, six2 := on(0, "2001:db8::5/64", "2001:db8::1"), on(0, "2001:db8:1::5/64", "fe80::7")
	return []fault{
		{"other address and router", "i-1", first, want{Links: other.Links, DNS: dns("", "10.1.0.2")}},
		{"other instance", "i-2", first, other},
		{"other router", "i-1", first, links(on(0, "10.0.0.5/24", "10.0.0.9"))},
		{"other link", "i-1", first, links(on(1, "10.1.0.5/24", "10.1.0.1"))},
		{"router in no subnet", "i-1", first, links(off)},
		{"other router in no subnet", "i-1", links(off), links(on(0, "192.0.2.5/32", "203.0.113.2"))},
		{"router in the subnet", "i-2", links(off), first},
		{"DHCP on another link", "i-1", first, links(dhcp)},
		{"DHCP on the link", "i-1", links(on(1, "10.9.0.5/24", "10.9.0.1")), links(dhcp)},
		{"DHCP on the link, other instance", "i-2", links(on(1, "10.9.0.5/24", "10.9.0.1")), links(dhcp)},
		{"static in the place of DHCP", "i-1", links(dhcp), links(on(1, "10.1.2.20/24", "10.1.2.9"))},
		{"static beside DHCP", "i-1", links(dhcp), first},
		{"onto a VLAN", "i-1", first, links(link(0), tagged)},
		{"off a VLAN", "i-1", links(link(0), tagged), first},
		{"other VLAN, smaller MTU", "i-1", links(jumbo, vlan("lan5", 5, "eth0")), links(small, vlan("lan6", 6, "eth0", "10.6.0.5/24"))},
		{"other router of IPv6", "i-1", links(six), links(six2)},
		{"IPv6 of another instance", "i-2", links(six), links(six2)},
		{"IPv6 and SLAAC", "i-1", links(six), links(metadata.Link{Name: six.Name, Match: six.Match, Addresses: six2.Addresses, Routes: six2.Routes, SLAAC: true})},
	}
}

// TestFaults: whichever command of a change fails, the guest has the old or the
// new way out, and the next run ends as if none had failed.
func TestFaults(t *testing.T) {
	for _, tt := range faults() {
		t.Run(tt.name, func(t *testing.T) {
			m := newMachine(t, card(0), leased(1))
			if _, err := m.run("i-1", tt.first); err != nil {
				t.Fatal(err)
			}
			before := m.snapshot()
			six := !m.leadsOut(false)
			if !m.leadsOut(six) {
				t.Fatalf("at first it has no way out: %s", m.ends())
			}
			if _, err := m.run(tt.instance, tt.want); err != nil {
				t.Fatal(err)
			}
			commands, end := m.changes(), m.ends()
			if len(commands) < 2 {
				t.Fatalf("started %q", commands)
			}
			for _, command := range commands {
				m.restore(before)
				m.fails = "/sbin/" + command
				_, err := m.run(tt.instance, tt.want)
				if !m.leadsOut(six) && !(tt.instance != "i-1" && command == "route add default 10.1.2.2") {
					// Another instance's way out goes before the lease comes.
					t.Errorf("without %s it has no way out: %s\nlog:\n%s", command, m.ends(), &m.log)
				}
				m.fails, m.Again = "", true
				if _, again := m.run(tt.instance, tt.want); again != nil || unbound(m.ends()) != unbound(end) {
					t.Errorf("without %s at first: %v, then %v (-undisturbed +got)\n%s", command, err, again, cmp.Diff(end, m.ends()))
				}
				m.Again = false
			}
		})
	}
}

// unbound leaves out whether dhcpagent(8) or the service has added the router of
// a lease: the former binds it to its link.
func unbound(ends string) string {
	return regexp.MustCompile(`(?m)^(0\.0\.0\.0/0 [0-9.]+) .*`).ReplaceAllString(ends, "$1")
}

// state is what the guest has now.
func (m *machine) state() state {
	m.t.Helper()
	started := m.started
	s, err := readState(m.t.Context(), m.Guest, true)
	if err != nil {
		m.t.Fatal(err)
	}
	m.started = started
	return s
}

// ends shows the addresses without the names of their objects, the routes and
// the files.
func (m *machine) ends() string {
	s := m.state()
	var all []string
	for _, r := range s.addresses {
		all = append(all, fmt.Sprint(linkOf(r.Object), " ", r.Type, " ", r.State, " ", r.Addr))
	}
	for _, r := range s.routes {
		all = append(all, fmt.Sprint(r.To, " ", r.Via, " ", r.Link))
	}
	for line := range strings.Lines(string(s.static)) {
		if !strings.HasPrefix(line, "#") {
			all = append(all, "at boot "+line)
		}
	}
	slices.Sort(all)
	return strings.Join(all, "\n") + fmt.Sprintf("\n%s%s", s.router, s.resolv)
}

// leadsOut says whether there is a default router that an address that is up
// can reach, directly or by a route.
func (m *machine) leadsOut(six bool) bool {
	s := m.state()
	near := func(via netip.Addr) bool {
		return slices.ContainsFunc(s.routes, func(x illumos.Route) bool {
			return !x.Gateway && x.Link != "lo0" && x.To.Contains(via)
		})
	}
	return slices.ContainsFunc(s.routes, func(x illumos.Route) bool {
		return x.To.Bits() == 0 && x.To.Addr().Is6() == six && x.Gateway && near(x.Via)
	})
}

func (m *machine) reachable() bool { return m.leadsOut(false) }
