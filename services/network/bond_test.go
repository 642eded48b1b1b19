// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"illumos-metadata/common/metadata"
	"illumos-metadata/common/simguest/simnet"
)

// bond is a wanted bond of the cards 0 to n-1.
func bond(name, mode string, n int, addresses ...string) metadata.Link {
	l := link(0, addresses...)
	l.Name, l.Match, l.Bond = name, metadata.Match{}, &metadata.Bond{Mode: mode}
	for i := range n {
		l.Bond.Members = append(l.Bond.Members, link(i).Name)
	}
	return l
}

// withBond is a network of a bond and the links that it needs.
func withBond(l metadata.Link, more ...metadata.Link) want {
	var w want
	for _, name := range l.Bond.Members {
		var n int
		fmt.Sscanf(name, "eth%d", &n)
		w.Links = append(w.Links, link(n))
	}
	w.Links = append(append(w.Links, l), more...)
	return w
}

// intel is a card of a driver that lets its address be changed.
func intel(n int) simnet.Link {
	c := leased(n)
	c.Device = fmt.Sprintf("e1000g%d", n)
	return c
}

// TestBond: made of its members, kept over boots, and withdrawn with what is on
// it.
func TestBond(t *testing.T) {
	m := newMachine(t, intel(0), intel(1))
	b := bond("bond0", "802.3ad", 2, "10.0.0.5/24")
	b.Bond.LACP, b.Bond.Policy, b.MTU = "fast", "layer3+4", 9000
	b.Routes = []metadata.Route{via("default", "10.0.0.1")}
	v := vlan("bond0.7", 7, "bond0", "10.7.0.5/24")
	v.MTU = 1500
	w := withBond(b, v)
	m.does("first boot", "i-1", w,
		"dladm create-aggr -P L3,L4 -L active -T short -l e1000g0 -l e1000g1 bond0",
		"dladm set-linkprop -p mtu=9000 bond0", "dladm create-vlan -l bond0 -v 7 bond7000", "dladm set-linkprop -p mtu=1500 bond7000",
		"ipadm create-addr -T static -a 10.0.0.5/24 bond0/v4", "ipadm create-addr -T static -a 10.7.0.5/24 bond7000/v4",
		"route add default 10.0.0.1")
	m.late()
	m.early()
	if got, err := m.run("i-1", w); err != nil || len(got) > 0 {
		t.Errorf("next boot: %v, started %q", err, got)
	}
	m.shows("next boot", "bond0/v4 ok 10.0.0.5/24", "bond7000/v4 ok 10.7.0.5/24")
	m.routed("next boot", "0.0.0.0/0 10.0.0.1")
	m.does("without it", "i-1", want{Links: []metadata.Link{link(0), link(1)}},
		"route delete default 10.0.0.1", "ipadm delete-addr bond0/v4", "ipadm delete-addr bond7000/v4",
		"ipadm delete-if bond7000", "dladm delete-vlan bond7000", "ipadm delete-if bond0", "dladm delete-aggr bond0",
		"ipadm delete-if e1000g0", "dladm reset-linkprop -p mtu e1000g0", "ipadm delete-if e1000g1", "dladm reset-linkprop -p mtu e1000g1")
	m.links("without it", "e1000g0 phys 1500", "e1000g1 phys 1500")
}

// links checks the links of the guest: name, class, MTU and what they are over.
func (m *machine) links(name string, want ...string) {
	m.t.Helper()
	var got []string
	for _, d := range m.state().datalinks {
		got = append(got, strings.TrimSpace(fmt.Sprintf("%s %s %d %s", d.Name, d.Class, d.MTU, strings.Join(d.Over, " "))))
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		m.t.Errorf("%s: links %q, want %q", name, got, want)
	}
}

// TestBondModes: what illumos has no counterpart of uses the first member that
// is there, and the log says so.
func TestBondModes(t *testing.T) {
	for _, tt := range []struct{ mode, lacp, policy, want, says string }{
		{mode: "802.3ad", want: "-P L4 -L active -T long"},
		{mode: "802.3ad", lacp: "slow", policy: "layer2", want: "-P L2 -L active -T long"},
		{mode: "802.3ad", lacp: "fast", policy: "layer2+3", want: "-P L2,L3 -L active -T short"},
		{mode: "balance-xor", policy: "encap3+4", lacp: "fast", want: "-P L3,L4 -L off"},
		{mode: "balance-rr", policy: "vlan+srcmac", want: "-P L2 -L off", says: "bond: each connection stays on one link: illumos has no balance-rr"},
		{mode: "active-backup", says: "bond: illumos has no aggregation like active-backup: vioif1 alone is used"},
		{mode: "broadcast", says: "no aggregation like broadcast"},
		{mode: "balance-tlb", says: "no aggregation like balance-tlb"},
		{mode: "balance-alb", says: "no aggregation like balance-alb"},
	} {
		t.Run(tt.mode+tt.policy, func(t *testing.T) {
			m := newMachine(t, card(1), card(2))
			b := bond("bond", tt.mode, 3, "10.0.0.5/24")
			b.Bond.LACP, b.Bond.Policy = tt.lacp, tt.policy
			got, err := m.run("i-1", withBond(b))
			if err == nil || !strings.HasPrefix(err.Error(), "eth0: no link of the guest is") || strings.Count(err.Error(), ": ") > 1 {
				t.Errorf("error %v", err)
			}
			want := []string{"ipadm create-addr -T static -a 10.0.0.5/24 vioif1/v4"}
			if tt.want != "" {
				want = []string{"dladm create-aggr " + tt.want + " -l vioif1 -l vioif2 bond0", "ipadm create-addr -T static -a 10.0.0.5/24 bond0/v4"}
			}
			if !slices.Equal(got, want) || !strings.Contains(m.log.String(), tt.says) {
				t.Errorf("started %q, want %q; log\n%s", got, want, &m.log)
			}
		})
	}
}

// TestBondChange: an aggregation of ours becomes what is wanted, while it is in
// use; one with the same ports stays, whatever its name.
func TestBondChange(t *testing.T) {
	m := newMachine(t, intel(0), intel(1), intel(2))
	b := bond("bond0", "balance-xor", 2, "10.0.0.5/24")
	const address = "ipadm create-addr -T static -a 10.0.0.5/24 bond0/v4"
	m.does("first", "i-1", withBond(b), "dladm create-aggr -P L4 -L off -l e1000g0 -l e1000g1 bond0", address)
	m.does("other kind", "i-1", withBond(bond("bond0", "802.3ad", 2, "10.0.0.5/24")), "dladm modify-aggr -P L4 -L active -T long bond0")
	m.does("one more", "i-1", withBond(bond("bond0", "802.3ad", 3, "10.0.0.5/24")), "dladm add-aggr -l e1000g2 bond0")
	b = bond("bond0", "802.3ad", 1, "10.0.0.5/24")
	m.does("two fewer", "i-1", withBond(b), "dladm remove-aggr -l e1000g1 -l e1000g2 bond0")
	b.Bond.Members = []string{"eth1"}
	m.does("another one", "i-1", withBond(b), "dladm add-aggr -l e1000g1 bond0", "dladm remove-aggr -l e1000g0 bond0")
	b.MTU = 9000
	if got, err := m.run("i-1", withBond(b)); err == nil || !strings.Contains(err.Error(), "link busy") || len(got) != 1 {
		t.Errorf("an MTU while it is in use: %v, started %q", err, got)
	}
	b.MTU, b.Name = 0, "team1"
	m.does("another name", "i-1", withBond(b), "dladm reset-linkprop -p mtu bond0")
	m.does("another name and instance", "i-2", withBond(b), "ipadm delete-if bond0", "dladm delete-aggr bond0",
		"dladm reset-linkprop -p mtu e1000g1", // once more: bond0 had one for a while
		"dladm create-aggr -P L4 -L active -T long -l e1000g1 team1", "ipadm create-addr -T static -a 10.0.0.5/24 team1/v4")
	m.does("no bond", "i-2", want{Links: []metadata.Link{link(1, "10.0.0.5/24")}}, "ipadm delete-if team1", "dladm delete-aggr team1",
		"ipadm create-addr -T static -a 10.0.0.5/24 e1000g1/v4")
	m.does("a bond again", "i-2", withBond(b), "ipadm delete-if e1000g1",
		"dladm create-aggr -P L4 -L active -T long -l e1000g1 team1", "ipadm create-addr -T static -a 10.0.0.5/24 team1/v4")
	m.does("nothing", "i-2", want{}, "ipadm delete-addr team1/v4", "ipadm delete-if team1", "dladm delete-aggr team1")
}

// TestBondTakes: what is ours on a member goes before, an interface without
// addresses too.
func TestBondTakes(t *testing.T) {
	m := newMachine(t, leased(0), leased(1))
	l := link(0)
	l.DHCP4, l.MTU = true, 4000
	m.does("before", "i-1", want{Links: []metadata.Link{l, link(1, "10.1.0.5/24"), vlan("lan7", 7, "eth1", "10.7.0.5/24")}},
		"dladm set-linkprop -p mtu=4000 vioif0", "dladm create-vlan -l vioif1 -v 7 lan7",
		"ipadm create-addr -T dhcp -w 0 vioif0/dhcp", "ipadm create-addr -T static -a 10.1.0.5/24 vioif1/v4", "ipadm create-addr -T static -a 10.7.0.5/24 lan7/v4")
	m.does("a bond", "i-1", withBond(bond("bond0", "802.3ad", 2, "10.1.0.5/24")),
		"ipadm delete-if vioif0", "dladm reset-linkprop -p mtu vioif0", "ipadm delete-if lan7", "dladm delete-vlan lan7", "ipadm delete-if vioif1",
		"dladm create-aggr -P L4 -L active -T long -l vioif0 -l vioif1 bond0", "ipadm create-addr -T static -a 10.1.0.5/24 bond0/v4")
	m.links("a bond", "vioif0 phys 1500", "vioif1 phys 1500", "bond0 aggr 1500 vioif0 vioif1")
	m.does("nothing", "i-1", want{}, "ipadm delete-addr bond0/v4", "ipadm delete-if bond0", "dladm delete-aggr bond0")
	m.play("/sbin/ipadm create-if vioif1")
	m.does("an interface without addresses", "i-1", withBond(bond("bond0", "802.3ad", 2)),
		"ipadm delete-if vioif1", "dladm create-aggr -P L4 -L active -T long -l vioif0 -l vioif1 bond0")
}

// TestBondByHand: what was made by hand stays, and costs the bond alone.
func TestBondByHand(t *testing.T) {
	free := withBond(bond("bond0", "802.3ad", 2, "10.0.0.5/24"), link(2, "10.2.0.5/24"), vlan("lan7", 7, "bond0", "10.7.0.5/24"))
	for _, tt := range []struct {
		name string
		play []string
		says string
	}{
		{"address", []string{"ipadm create-addr -T static -a 10.9.0.5/24 vioif1/mine"}, "bond0: vioif1 has the address vioif1/mine (10.9.0.5/24), which was made by hand"},
		{"VLAN", []string{"dladm create-vlan -l vioif0 -v 9 mine0"}, "bond0: VLAN mine0, which was made by hand, is over vioif0"},
		{"aggregation", []string{"dladm create-aggr -l vioif0 mine0"}, "bond0: vioif0 is in the aggregation mine0, which was made by hand"},
		{"aggregation of that name", []string{"dladm create-aggr -l vioif0 bond0"}, "bond0: the aggregation bond0, which was made by hand, is over vioif0"},
		{"link of that name", []string{"dladm create-vlan -l vioif2 -v 9 bond0"}, "bond0: the guest has another link bond0"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := newMachine(t, card(0), card(1), card(2))
			for _, line := range tt.play {
				m.play("/sbin/" + line)
			}
			got, err := m.run("i-1", free)
			if want := tt.says + "; lan7: the link below it, bond0, is not there"; err == nil || err.Error() != want {
				t.Errorf("error %v, want %s", err, want)
			}
			if want := []string{"ipadm create-addr -T static -a 10.2.0.5/24 vioif2/v4"}; !slices.Equal(got, want) {
				t.Errorf("started %q, want %q", got, want)
			}
		})
	}
	m := newMachine(t, card(0), card(1), card(2))
	m.play("/sbin/dladm create-aggr -P L2 -l vioif1 -l vioif0 mine0")
	m.does("one over the same links", "i-1", free, "dladm create-vlan -l mine0 -v 7 lan7",
		"ipadm create-addr -T static -a 10.2.0.5/24 vioif2/v4", "ipadm create-addr -T static -a 10.0.0.5/24 mine0/v4", "ipadm create-addr -T static -a 10.7.0.5/24 lan7/v4")
	m.does("dropped", "i-1", want{}, "ipadm delete-addr vioif2/v4", "ipadm delete-addr mine0/v4", "ipadm delete-addr lan7/v4",
		"ipadm delete-if lan7", "dladm delete-vlan lan7")
	m.links("dropped", "vioif0 phys 1500", "vioif1 phys 1500", "vioif2 phys 1500", "mine0 aggr 1500 vioif1 vioif0")
	_, err := m.run("i-1", want{Links: []metadata.Link{link(0, "10.0.0.5/24")}})
	if err == nil || !strings.HasPrefix(err.Error(), "eth0: vioif0 is in the aggregation mine0, which was made by hand") {
		t.Errorf("an address on a port: %v", err)
	}
}

// TestBondKept: an aggregation that an administrator uses stays when the
// metadata drops it.
func TestBondKept(t *testing.T) {
	m := newMachine(t, card(0), card(1))
	w := withBond(bond("bond0", "802.3ad", 2))
	m.does("first", "i-1", w, "dladm create-aggr -P L4 -L active -T long -l vioif0 -l vioif1 bond0")
	m.play("/sbin/dladm create-vlan -l bond0 -v 9 mine0")
	m.does("with a VLAN", "i-1", want{})
	if !strings.Contains(m.log.String(), "mine0 is on the aggregation bond0 and was made by hand") {
		t.Errorf("log %s", &m.log)
	}
	m.play("/sbin/dladm delete-vlan mine0")
	m.does("without", "i-2", want{}, "ipadm delete-if bond0", "dladm delete-aggr bond0")
}

// TestBondCards: a member that is put in later joins, and when all cards are
// others, the aggregation of the old ones goes.
func TestBondCards(t *testing.T) {
	m := newMachine(t, card(0))
	w := withBond(bond("bond0", "802.3ad", 2, "10.0.0.5/24"))
	if _, err := m.run("i-1", w); err == nil {
		t.Error("a missing member is not reported")
	}
	m.swap(nil, card(1))
	m.does("both", "i-1", w, "dladm add-aggr -l vioif1 bond0")
	m.swap([]string{"vioif0"})
	m.shows("one left", "bond0/v4 ok 10.0.0.5/24")
	m.swap([]string{"vioif1"}, intel(2), intel(3))
	w = withBond(bond("bond0", "802.3ad", 4, "10.0.0.5/24"))
	got, err := m.run("i-1", w)
	if err == nil || strings.Count(err.Error(), "no link of the guest") != 2 || strings.Count(err.Error(), ": ") != 2 {
		t.Errorf("error %v", err)
	}
	if want := []string{"ipadm delete-if bond0", "dladm delete-aggr bond0",
		"dladm create-aggr -P L4 -L active -T long -l e1000g2 -l e1000g3 bond0", "ipadm create-addr -T static -a 10.0.0.5/24 bond0/v4n2"}; !slices.Equal(got, want) {
		t.Errorf("started %q, want %q", got, want)
	}
	m.shows("others", "bond0/v4n2 ok 10.0.0.5/24")
	m.swap([]string{"e1000g2", "e1000g3"}, card(0))
	m.does("no bond", "i-2", want{}, "ipadm delete-if bond0", "dladm delete-aggr bond0")
}

// TestBondRenewed: for a new instance an aggregation is made anew if it was over
// other links, in another order, or over one that is gone and keeps its place.
func TestBondRenewed(t *testing.T) {
	m := newMachine(t, intel(0), intel(1), intel(2))
	b := func(members ...string) want {
		l := bond("bond0", "802.3ad", 3)
		l.Bond.Members = members
		return withBond(l)
	}
	anew := func(links ...string) []string {
		return []string{"ipadm delete-if bond0", "dladm delete-aggr bond0",
			"dladm create-aggr -P L4 -L active -T long -l " + strings.Join(links, " -l ") + " bond0"}
	}
	m.does("first", "i-1", b("eth0", "eth1", "eth2"), anew("e1000g0", "e1000g1", "e1000g2")[2])
	m.does("the same", "i-2", b("eth0", "eth1", "eth2"))
	m.does("another order, same instance", "i-2", b("eth1", "eth0", "eth2"))
	m.does("another order", "i-3", b("eth1", "eth0", "eth2"), anew("e1000g1", "e1000g0", "e1000g2")...)
	m.swap([]string{"e1000g2"})
	m.does("one is gone", "i-4", b("eth1", "eth0"), anew("e1000g1", "e1000g0")...)
	m.swap(nil, intel(2))
	m.links("it comes again", "e1000g0 phys 1500", "e1000g1 phys 1500", "e1000g2 phys 1500", "bond0 aggr 1500 e1000g1 e1000g0")
	m.does("the same again", "i-5", b("eth1", "eth0"))
	m.play("/sbin/ipadm create-addr -T static -a 10.9.0.5/24 bond0/mine")
	m.does("with something made by hand", "i-6", b("eth1", "eth2"), "dladm add-aggr -l e1000g2 bond0", "dladm remove-aggr -l e1000g0 bond0")
}

// TestGoneLinks: what is over links that are gone, and is not shown, goes first:
// it keeps names. What was made by hand on it stays.
func TestGoneLinks(t *testing.T) {
	m := newMachine(t, card(0), card(1), card(2), card(3))
	w := withBond(bond("bond0", "802.3ad", 2), vlan("lan7", 7, "bond0", "10.7.0.5/24"), link(2), vlan("lan8", 8, "eth2"))
	create := []string{"dladm create-aggr -P L4 -L active -T long -l vioif0 -l vioif1 bond0", "dladm create-vlan -l bond0 -v 7 lan7",
		"dladm create-vlan -l vioif2 -v 8 lan8", "ipadm create-addr -T static -a 10.7.0.5/24 lan7/v4"}
	m.does("first", "i-1", w, create...)
	m.play("/sbin/ipadm create-addr -T static -a 10.9.0.5/24 lan8/mine")
	m.swap([]string{"vioif0", "vioif1", "vioif2"}, intel(4))
	w = want{Links: []metadata.Link{link(3), vlan("bond0", 7, "eth3"), link(4), vlan("lan7", 7, "eth4")}}
	m.does("other links", "i-2", w, "ipadm delete-if lan7", "dladm delete-vlan lan7", "ipadm delete-if bond0", "dladm delete-aggr bond0",
		"dladm create-vlan -l vioif3 -v 7 bond0", "dladm create-vlan -l e1000g4 -v 7 lan7")
	if why := "the link of lan8/mine, which was made by hand, is gone"; !strings.Contains(m.log.String(), why) {
		t.Errorf("log without %q:\n%s", why, &m.log)
	}
	m.quiet("again", "i-2", w)
	m.swap(nil, card(0), card(2))
	m.does("a bond of that name", "i-3", withBond(bond("bond0", "802.3ad", 1)),
		"ipadm delete-if bond0", "dladm delete-vlan bond0", "dladm create-aggr -P L4 -L active -T long -l vioif0 bond0",
		"ipadm delete-if lan7", "dladm delete-vlan lan7")
	m.does("a VLAN of that name", "i-4", want{Links: []metadata.Link{link(0), vlan("bond0", 7, "eth0")}},
		"ipadm delete-if bond0", "dladm delete-aggr bond0", "dladm create-vlan -l vioif0 -v 7 bond0")
	m.links("in the end", "bond0 vlan 1500 vioif0", "e1000g4 phys 1500", "lan8 vlan 1500 vioif2", "vioif0 phys 1500", "vioif2 phys 1500", "vioif3 phys 1500")
}

// swap reboots with other cards, up to where the service starts.
func (m *machine) swap(out []string, in ...simnet.Link) {
	m.t.Helper()
	m.late()
	for _, device := range out {
		if err := simnet.Unplug(m.w, device); err != nil {
			m.t.Fatal(err)
		}
	}
	for _, c := range in {
		if err := simnet.Plug(m.w, c); err != nil {
			m.t.Fatal(err)
		}
	}
	m.early()
}

func TestAggrName(t *testing.T) {
	for bond, want := range map[string]string{
		"bond0": "bond0", "bond": "bond0", "team-lan": "teamlan0", "bond-7": "bond7", "bond.7": "bond7", "b007": "b7",
		"0bond": "bond0", "_x1": "x1", "…": "aggr0", "12": "aggr0", "büro3": "bro3",
		"a234567890123456789012345678901": "a1", "abcdefghijklmnopqrstuvwxyz_abcdefgh12": "abcdefghijklmnopqrstuvwxyz_ab12",
	} {
		got := aggrName(bond)
		if err := metadata.CheckLinkName(got); got != want && !strings.HasPrefix(bond, "a23") || err != nil || strings.Contains(got, ".") {
			t.Errorf("%s: %s, %v, want %s", bond, got, err, want)
		}
	}
}
