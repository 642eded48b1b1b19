// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"illumos-metadata/common/illumos"
	"illumos-metadata/common/metadata"
)

// TestFaults: whichever command of a change fails, the guest has the old or the
// new way out, and the next run ends as if none had failed.
func TestFaults(t *testing.T) {
	first := want{Links: []metadata.Link{withRouter(link(0, "10.0.0.5/24"), "10.0.0.1")}, DNS: dns("", "10.0.0.2")}
	off := withRouter(link(0, "192.0.2.5/32"), "203.0.113.1")
	dhcp := link(1)
	dhcp.DHCP4 = true
	tests := []struct {
		name     string
		instance string
		want     want
	}{
		{"other address and router", "i-1", want{Links: []metadata.Link{withRouter(link(0, "10.1.0.5/24"), "10.1.0.1")}, DNS: dns("", "10.1.0.2")}},
		{"other instance", "i-2", want{Links: []metadata.Link{withRouter(link(0, "10.1.0.5/24"), "10.1.0.1")}}},
		{"other router", "i-1", want{Links: []metadata.Link{withRouter(link(0, "10.0.0.5/24"), "10.0.0.9")}}},
		{"router in no subnet", "i-1", want{Links: []metadata.Link{off}}},
		{"DHCP on another link", "i-1", want{Links: []metadata.Link{dhcp}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := changed(t, first, tt.instance, tt.want, "")
			commands, end := m.changes(), m.ends()
			if len(commands) < 2 {
				t.Fatalf("started %q", commands)
			}
			for _, command := range commands {
				m := changed(t, first, tt.instance, tt.want, "/sbin/"+command)
				if !m.reachable() {
					t.Errorf("without %s it has no way out: %s", command, m.ends())
				}
				m.fails, m.Again = "", true
				if _, err := m.run(tt.instance, tt.want); err != nil || m.ends() != end {
					t.Errorf("without %s at first: %v\n%s\nwant\n%s", command, err, m.ends(), end)
				}
			}
		})
	}
}

// changed is a guest that had the first network and then gets another one, with
// a command that fails.
func changed(t *testing.T, first want, instance string, w want, fails string) *machine {
	t.Helper()
	m := newMachine(t, card(0), leased(1))
	if _, err := m.run("i-1", first); err != nil {
		t.Fatal(err)
	}
	m.fails = fails
	if _, err := m.run(instance, w); (err != nil) != (fails != "") {
		t.Errorf("with %q failing: %v", fails, err)
	}
	return m
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

// reachable says whether there is a default router that an address that is up
// can reach, directly or by a route.
func (m *machine) reachable() bool {
	s := m.state()
	near := func(via netip.Addr) bool {
		return slices.ContainsFunc(s.routes, func(x illumos.Route) bool { return !x.Gateway && x.Link != "lo0" && x.To.Contains(via) })
	}
	return slices.ContainsFunc(s.routes, func(x illumos.Route) bool { return x.To == defaultV4 && x.Gateway && near(x.Via) })
}
