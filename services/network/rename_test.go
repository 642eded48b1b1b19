// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"slices"
	"strings"
	"testing"

	"illumos-metadata/common/illumos"
	"illumos-metadata/common/metadata"
)

// called is a wanted link that is to get a name.
func called(l metadata.Link, name string) metadata.Link {
	l.SetName = name
	return l
}

// devices checks the names of the devices.
func (m *machine) devices(name string, want ...string) {
	m.t.Helper()
	var got []string
	for _, l := range m.state().links {
		got = append(got, l.Name+"="+l.Device)
	}
	if !slices.Equal(got, want) {
		m.t.Errorf("%s: devices %q, want %q", name, got, want)
	}
}

// TestSetName: the link gets its name before everything else, keeps it, and gets
// its own back when the metadata drops it.
func TestSetName(t *testing.T) {
	m := newMachine(t, card(0), card(1))
	l := called(link(0, "10.0.0.5/24"), "lan0")
	l.MTU = 9000
	w := want{Links: []metadata.Link{l, vlan("lan7", 7, "eth0", "10.7.0.5/24"), called(metadata.Link{Name: "vioif1"}, "wan0")}}
	m.does("first boot", "i-1", w, "dladm rename-link vioif0 lan0", "dladm rename-link vioif1 wan0",
		"dladm set-linkprop -p mtu=9000 lan0", "dladm create-vlan -l lan0 -v 7 lan7",
		"ipadm create-addr -T static -a 10.0.0.5/24 lan0/v4", "ipadm create-addr -T static -a 10.7.0.5/24 lan7/v4")
	m.late()
	m.early()
	if got, err := m.run("i-1", w); err != nil || len(got) > 0 {
		t.Errorf("next boot: %v, started %q", err, got)
	}
	m.shows("next boot", "lan0/v4 ok 10.0.0.5/24", "lan7/v4 ok 10.7.0.5/24")
	w.Links[0].SetName = "net0"
	m.does("another name", "i-1", w, "ipadm delete-if lan0", "dladm rename-link lan0 net0",
		"ipadm create-addr -T static -a 10.0.0.5/24 net0/v4")
	m.shows("another name", "lan7/v4 ok 10.7.0.5/24", "net0/v4 ok 10.0.0.5/24")
	m.does("one dropped", "i-1", want{Links: []metadata.Link{link(0, "10.0.0.5/24")}},
		"ipadm delete-if net0", "dladm rename-link net0 vioif0", "ipadm create-addr -T static -a 10.0.0.5/24 vioif0/v4",
		"ipadm delete-addr lan7/v4", "ipadm delete-if lan7", "dladm delete-vlan lan7", "dladm reset-linkprop -p mtu vioif0",
		"dladm rename-link wan0 vioif1")
	m.devices("all dropped", "vioif0=vioif0", "vioif1=vioif1")
}

// TestSetNameDHCP: the preferred link is that of a guest with the old names.
func TestSetNameDHCP(t *testing.T) {
	m := newMachine(t, leased(0), leased(1))
	m.does("first boot", "i-1", want{Links: []metadata.Link{called(link(0), "z0")}}, "dladm rename-link vioif0 z0")
	m.play("/sbin/ipadm create-if z0")
	m.does("only on another", "i-1", want{Links: []metadata.Link{called(link(1), "y0")}},
		"dladm rename-link vioif1 y0", "ipadm delete-if z0", "dladm rename-link z0 vioif0")
	m.does("as before", "i-1", want{Links: []metadata.Link{called(link(0), "z0")}}, "dladm rename-link vioif0 z0", "dladm rename-link y0 vioif1")
	m.does("only DHCP", "i-2", want{DHCP: true}, "dladm rename-link z0 vioif0", "ipadm create-addr -T dhcp -w 0 vioif0/dhcp")
	m.does("as it is", "i-3", want{Links: []metadata.Link{called(link(1), "a0")}}, "dladm rename-link vioif1 a0", "ipadm delete-addr vioif0/dhcp")
}

// TestSetNameSwap: names change hands, by a third one where it has to be.
func TestSetNameSwap(t *testing.T) {
	m := newMachine(t, card(0), card(1), card(2))
	three := func(a, b, c string) want {
		return want{Links: []metadata.Link{called(link(0), a), called(link(1), b), called(link(2), c)}}
	}
	m.does("two swapped", "i-1", three("vioif1", "vioif0", "vioif2"),
		"dladm rename-link vioif0 swap0", "dladm rename-link vioif1 vioif0", "dladm rename-link swap0 vioif1")
	m.devices("two swapped", "vioif1=vioif0", "vioif0=vioif1", "vioif2=vioif2")
	m.does("a circle of three", "i-1", three("vioif2", "vioif1", "vioif0"),
		"dladm rename-link vioif1 swap0", "dladm rename-link vioif0 vioif1", "dladm rename-link vioif2 vioif0", "dladm rename-link swap0 vioif2")
	m.devices("a circle of three", "vioif2=vioif0", "vioif1=vioif1", "vioif0=vioif2")
	m.does("a chain", "i-1", three("a0", "vioif2", "vioif1"),
		"dladm rename-link vioif2 a0", "dladm rename-link vioif1 vioif2", "dladm rename-link vioif0 vioif1")
	m.does("by the old names", "i-2", want{Links: []metadata.Link{{Name: "vioif0", Addresses: link(0, "10.0.0.5/24").Addresses}}},
		"dladm rename-link a0 vioif0", "ipadm create-addr -T static -a 10.0.0.5/24 vioif0/v4",
		"dladm rename-link vioif2 swap0", "dladm rename-link vioif1 vioif2", "dladm rename-link swap0 vioif1")
	m.devices("by the old names", "vioif0=vioif0", "vioif1=vioif1", "vioif2=vioif2")
}

// TestSetNameRefused: a link keeps its name where the new one is no use, and the
// log says why.
func TestSetNameRefused(t *testing.T) {
	for _, tt := range []struct {
		name  string
		play  string
		links []metadata.Link
		says  string
		does  []string
	}{
		{"address by hand", "ipadm create-addr -T static -a 10.9.0.5/24 vioif0/mine", []metadata.Link{called(link(0), "lan0")},
			"vioif0 keeps its name and does not become lan0: vioif0/mine, which was made by hand, is on it", nil},
		{"VLAN by hand", "dladm create-vlan -l vioif0 -v 9 mine0", []metadata.Link{called(link(0), "lan0")}, "mine0, which was made by hand, is on it", nil},
		{"aggregation by hand", "dladm create-aggr -l vioif0 mine0", []metadata.Link{called(link(0), "lan0")}, "mine0, which was made by hand, is on it", nil},
		{"name of a VLAN", "dladm create-vlan -l vioif1 -v 9 lan0", []metadata.Link{called(link(0), "lan0")}, "vioif0 does not become lan0: the guest has another link of that name", nil},
		{"name of a link that stays", "", []metadata.Link{called(link(0), "vioif1"), link(1)}, "vioif0 does not become vioif1: the guest has another link of that name", nil},
		{"name of a link that nobody wants", "", []metadata.Link{called(link(0), "vioif1")}, "vioif0 does not become vioif1: the guest has another link of that name", nil},
		{"a dot", "", []metadata.Link{called(link(0), "lan.0")}, "that is no name for an interface", nil},
		{"the loopback", "", []metadata.Link{called(link(0), "lo0")}, "that is no name for an interface", nil},
		{"several links", "", []metadata.Link{called(metadata.Link{Name: "all", Match: metadata.Match{Driver: "vioif"}}, "lan0")},
			"vioif1 does not become lan0: all fits several links", nil},
		{"an interface without addresses", "ipadm create-if vioif0", []metadata.Link{called(link(0), "lan0")}, "",
			[]string{"ipadm delete-if vioif0", "dladm rename-link vioif0 lan0"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := newMachine(t, card(0), card(1))
			if tt.play != "" {
				m.play("/sbin/" + tt.play)
			}
			m.does(tt.name, "i-1", want{Links: tt.links}, tt.does...)
			m.Again = true
			if _, err := m.run("i-1", want{Links: tt.links}); err != nil || !strings.Contains(m.log.String(), tt.says) {
				t.Errorf("%v, log %s", err, &m.log)
			}
		})
	}
}

// TestSetNameFails: a link that dladm does not rename gets its addresses all the
// same.
func TestSetNameFails(t *testing.T) {
	m := newMachine(t, card(0))
	m.does("before", "i-1", want{Links: []metadata.Link{withRouter(link(0, "10.0.0.5/24"), "10.0.0.1")}},
		"ipadm create-addr -T static -a 10.0.0.5/24 vioif0/v4", "route add default 10.0.0.1")
	w := want{Links: []metadata.Link{withRouter(called(link(0, "10.0.0.5/24"), "lan0"), "10.0.0.1")}}
	m.fails = "/sbin/dladm rename-link"
	got, err := m.run("i-1", w)
	if err == nil || !strings.Contains(err.Error(), "name lan0 for vioif0: /sbin/dladm rename-link vioif0 lan0: exit status 1") {
		t.Errorf("error %v", err)
	}
	if want := []string{"ipadm delete-if vioif0", "ipadm delete-addr vioif0/v4", "ipadm create-addr -T static -a 10.0.0.5/24 vioif0/v4"}; !slices.Equal(got, want) {
		t.Errorf("started %q, want %q", got, want)
	}
	m.fails = ""
	m.does("next boot", "i-1", w, "ipadm delete-if vioif0", "dladm rename-link vioif0 lan0", "ipadm create-addr -T static -a 10.0.0.5/24 lan0/v4")
}

// TestSetNameByHand: what an administrator renames is theirs.
func TestSetNameByHand(t *testing.T) {
	m := newMachine(t, card(0), card(1))
	m.play("/sbin/dladm rename-link vioif1 net1")
	m.does("theirs", "i-1", want{Links: []metadata.Link{called(link(0), "lan0"), link(1, "10.1.0.5/24")}},
		"dladm rename-link vioif0 lan0", "ipadm create-addr -T static -a 10.1.0.5/24 net1/v4")
	m.play("/sbin/dladm rename-link lan0 mine0")
	m.does("since", "i-2", want{Links: []metadata.Link{link(0, "10.0.0.5/24")}},
		"ipadm create-addr -T static -a 10.0.0.5/24 mine0/v4", "ipadm delete-addr net1/v4")
}

// TestSetNameCard: another card takes the name of one that is gone, and what was
// on it.
func TestSetNameCard(t *testing.T) {
	m := newMachine(t, card(0))
	l := called(metadata.Link{Name: "any", Match: metadata.Match{Driver: "*"}, Addresses: link(0, "10.0.0.5/24").Addresses}, "lan0")
	w := want{Links: []metadata.Link{l}}
	m.does("first boot", "i-1", w, "dladm rename-link vioif0 lan0", "ipadm create-addr -T static -a 10.0.0.5/24 lan0/v4")
	m.swap([]string{"vioif0"}, card(1))
	m.does("other card", "i-1", w, "ipadm delete-if lan0", "dladm rename-link vioif1 lan0", "ipadm create-addr -T static -a 10.0.0.5/24 lan0/v4n2")
	m.devices("other card", "lan0=vioif1")
}

// TestSetNameDevice: a link gets the name of a device that was taken out, which
// nothing over it may hold, and a new device whose name was given to another one
// gets it back.
func TestSetNameDevice(t *testing.T) {
	m := newMachine(t, intel(0), intel(1), intel(2))
	bonded := withBond(bond("bond0", "802.3ad", 1), link(1), vlan("lan7", 7, "eth1"))
	m.does("first", "i-1", bonded, "dladm create-aggr -P L4 -L active -T long -l e1000g0 bond0", "dladm create-vlan -l e1000g1 -v 7 lan7")
	m.swap([]string{"e1000g2"})
	w := want{Links: []metadata.Link{called(link(0), "e1000g2")}}
	m.does("its name to a port", "i-2", w, "ipadm delete-if bond0", "dladm delete-aggr bond0", "dladm rename-link e1000g0 e1000g2",
		"ipadm delete-if lan7", "dladm delete-vlan lan7")
	m.swap([]string{"e1000g1"}, intel(2))
	m.devices("it comes again", "e1000g2=e1000g0", "net0=e1000g2")
	m.does("its own name", "i-3", want{Links: []metadata.Link{{Name: "e1000g0"}, {Name: "e1000g2", Addresses: link(0, "10.0.0.5/24").Addresses}}},
		"dladm rename-link e1000g2 e1000g0", "dladm rename-link net0 e1000g2", "ipadm create-addr -T static -a 10.0.0.5/24 e1000g2/v4")
	m.devices("its own name", "e1000g0=e1000g0", "e1000g2=e1000g2")
}

// TestSetNameBond: members are renamed before they are aggregated, and ports of
// an aggregation while they are.
func TestSetNameBond(t *testing.T) {
	m := newMachine(t, intel(0), intel(1))
	w := withBond(bond("bond0", "802.3ad", 2, "10.0.0.5/24"))
	w.Links[0].SetName = "lan0"
	m.does("first boot", "i-1", w, "dladm rename-link e1000g0 lan0", "dladm create-aggr -P L4 -L active -T long -l lan0 -l e1000g1 bond0",
		"ipadm create-addr -T static -a 10.0.0.5/24 bond0/v4")
	w.Links[0].SetName, w.Links[1].SetName = "", "lan1"
	m.does("other names", "i-1", w, "dladm rename-link e1000g1 lan1", "dladm rename-link lan0 e1000g0")
	m.late()
	m.early()
	m.shows("next boot", "bond0/v4 ok 10.0.0.5/24")
	m.links("next boot", "e1000g0 phys 1500", "lan1 phys 1500", "bond0 aggr 1500 e1000g0 lan1")
}

// TestOriginal: a rename counts as long as the device has the name.
func TestOriginal(t *testing.T) {
	p := plan{rec: record{Renames: []rename{{"vioif0", "vioif0", "lan0"}, {"vioif1", "vioif1", "vioif0"}}}}
	for _, tt := range []struct{ name, device, want string }{
		{"lan0", "vioif0", "vioif0"}, {"lan0", "vioif1", "lan0"}, {"vioif0", "vioif1", "vioif1"},
		{"vioif0", "vioif0", "vioif0"}, {"mine0", "vioif0", "mine0"},
		{"net0", "lan0", "lan0"}, {"net0", "vioif5", "net0"}, {"lan1", "lan0", "lan1"},
	} {
		if got := p.original(illumos.Link{Name: tt.name, Device: tt.device}); got != tt.want {
			t.Errorf("%s of %s: %s, want %s", tt.name, tt.device, got, tt.want)
		}
	}
}
