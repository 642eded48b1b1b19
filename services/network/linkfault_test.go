// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"testing"

	"illumos-metadata/common/metadata"
)

// TestLinkFaults: whichever command of a change of links fails, the guest has a
// way out, and the next run ends as if none had failed.
func TestLinkFaults(t *testing.T) {
	const address, router = "10.0.0.5/24", "10.0.0.1"
	alone := want{Links: []metadata.Link{withRouter(link(0, address), router), link(1)}}
	bonded := withBond(withRouter(bond("bond0", "802.3ad", 2, address), router))
	larger := withBond(withRouter(bond("bond0", "balance-xor", 2, address), router))
	larger.Links[2].MTU = 9000
	one := withBond(withRouter(bond("bond0", "802.3ad", 1, address), router))
	named := want{Links: []metadata.Link{withRouter(called(link(0, address), "lan0"), router), called(link(1, "10.1.0.5/24"), "lan1")}}
	swapped := want{Links: []metadata.Link{withRouter(called(link(0, address), "vioif1"), router), called(link(1), "vioif0")}}
	tagged := withBond(bond("bond0", "802.3ad", 2), withRouter(vlan("bond0.7", 7, "bond0", address), router))
	for _, tt := range []struct {
		name        string
		first, then want
		instance    string
	}{
		{"a bond", alone, bonded, "i-1"},
		{"a bond no more", bonded, alone, "i-1"},
		{"another kind of bond", bonded, larger, "i-1"},
		{"more ports", one, bonded, "i-1"},
		{"fewer ports", bonded, one, "i-2"},
		{"a VLAN over a bond", alone, tagged, "i-1"},
		{"no VLAN over a bond", tagged, bonded, "i-2"},
		{"no bond below the VLAN", tagged, alone, "i-1"},
		{"the address on another link", alone, want{Links: []metadata.Link{link(0), withRouter(link(1, address), router)}}, "i-1"},
		{"another length", alone, want{Links: []metadata.Link{withRouter(link(0, "10.0.0.5/25"), router)}}, "i-1"},
		{"another name", alone, named, "i-1"},
		{"its own name again", named, alone, "i-2"},
		{"names swapped", swapped, alone, "i-1"},
		{"names swapped for another", named, swapped, "i-1"},
		{"a bond of renamed links", named, withBond(withRouter(bond("bond0", "802.3ad", 2, address), router)), "i-2"},
		{"IPv6 addresses by a bond", six(link(0)), withBond(six(bond("bond0", "802.3ad", 2)).Links[0]), "i-2"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t, card(0), card(1))
			m.becomes(tt.first, tt.then, tt.instance, "")
			commands, end := m.changes(), m.ends()
			if len(commands) == 0 {
				t.Fatal("nothing to do")
			}
			for _, command := range commands {
				m := newMachine(t, card(0), card(1))
				m.becomes(tt.first, tt.then, tt.instance, "/sbin/"+command)
				if !m.reachable() {
					t.Errorf("without %s it has no way out:\n%s", command, m.ends())
				}
				m.fails, m.Again = "", true
				if _, err := m.run(tt.instance, tt.then); err != nil || m.ends() != end {
					t.Errorf("without %s at first: %v\n%s\nwant\n%s\nlog %s", command, err, m.ends(), end, &m.log)
				}
				m.quiet(command, tt.instance, tt.then)
			}
		})
	}
}

// six gives a link addresses of both families.
func six(l metadata.Link) want {
	more := link(0, "2001:db8::5/64", "10.0.0.5/24")
	l.Addresses, l.SLAAC = more.Addresses, true
	l.Routes = []metadata.Route{via("default", "fe80::1"), via("default", "10.0.0.1")}
	return want{Links: []metadata.Link{l}}
}

// becomes runs the first network and then the second, with a command that fails.
func (m *machine) becomes(first, then want, instance, fails string) {
	m.t.Helper()
	if _, err := m.run("i-1", first); err != nil {
		m.t.Fatal(err)
	}
	m.fails = fails
	if _, err := m.run(instance, then); err != nil && fails == "" {
		m.t.Fatal(err)
	}
}
