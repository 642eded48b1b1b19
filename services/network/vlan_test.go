// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"

	"illumos-metadata/common/metadata"
	"illumos-metadata/common/simguest/simnet"
)

func vlan(name string, id int, over string, addresses ...string) metadata.Link {
	l := link(0, addresses...)
	l.Name, l.Match, l.VLAN = name, metadata.Match{}, &metadata.VLAN{ID: id, Link: over}
	return l
}

// TestVLAN: made over the link that is found, kept over boots, and withdrawn.
func TestVLAN(t *testing.T) {
	m := newMachine(t, card(0), card(1))
	l0 := link(0)
	l0.MTU = 9000
	v := vlan("eth0.100", 100, "eth0", "10.0.0.5/24")
	v.MTU = 8000
	v.Routes = []metadata.Route{via("default", "10.0.0.1")}
	w := want{Links: []metadata.Link{v, vlan("lan7", 7, "eth0"), l0, vlan("lan8", 8, "eth9", "10.8.0.5/24")}}
	got, err := m.run("i-1", w)
	if err == nil || err.Error() != "lan8: the link below it, eth9, is not there" {
		t.Errorf("got %v", err)
	}
	w.Links = w.Links[:3]
	if want := "dladm set-linkprop -p mtu=9000 vioif0|dladm create-vlan -l vioif0 -v 100 vioif100000|" +
		"dladm set-linkprop -p mtu=8000 vioif100000|dladm create-vlan -l vioif0 -v 7 lan7|" +
		"ipadm create-addr -T static -a 10.0.0.5/24 vioif100000/v4|route add default 10.0.0.1"; strings.Join(got, "|") != want {
		t.Errorf("started %q, want %q", got, want)
	}
	m.does("without the one over nothing", "i-1", w)
	m.late()
	m.early()
	if got, err := m.run("i-1", w); err != nil || len(got) > 0 || len(m.started) > 3 {
		t.Errorf("next boot: %v, started %q", err, m.started)
	}
	m.shows("next boot", "vioif100000/v4 ok 10.0.0.5/24")
	m.play("/sbin/ipadm create-addr -T static -a 10.7.0.5/24 lan7/mine")
	m.does("on the link itself", "i-1", want{Links: []metadata.Link{withRouter(link(0, "10.0.1.5/24"), "10.0.1.1")}},
		"ipadm create-addr -T static -a 10.0.1.5/24 vioif0/v4", "route add default 10.0.1.1",
		"route delete default 10.0.0.1", "ipadm delete-addr vioif100000/v4",
		"ipadm delete-if vioif100000", "dladm delete-vlan vioif100000",
		"dladm set-linkprop -p mtu=1500 lan7", "dladm reset-linkprop -p mtu vioif0")
	m.play("/sbin/ipadm delete-addr lan7/mine")
	m.does("nothing by hand on it", "i-2", want{}, "route delete default 10.0.1.1", "ipadm delete-addr vioif0/v4",
		"ipadm delete-if lan7", "dladm delete-vlan lan7")
}

// TestVLANByHand: one that is there is used, and stays; a name that is another
// link's is not taken.
func TestVLANByHand(t *testing.T) {
	m := newMachine(t, card(0), card(1))
	m.play("/sbin/dladm create-vlan -l vioif0 -v 5 mine0")
	w := want{Links: []metadata.Link{link(0), vlan("lan5", 5, "eth0", "10.5.0.5/24")}}
	m.does("there", "i-1", w, "ipadm create-addr -T static -a 10.5.0.5/24 mine0/v4")
	m.does("dropped", "i-1", want{}, "ipadm delete-addr mine0/v4")
	w = want{Links: []metadata.Link{link(0), vlan("vioif1", 6, "eth0", "10.6.0.5/24")}}
	if got, err := m.run("i-1", w); err == nil || err.Error() != "vioif1: the guest has another link vioif1" || len(got) > 0 {
		t.Errorf("name of another: %v, started %q", err, got)
	}
}

// TestVLANChange: another identifier under the same name, and smaller packets
// on both links.
func TestVLANChange(t *testing.T) {
	m := newMachine(t, card(0))
	l0 := link(0)
	l0.MTU = 9000
	m.does("first boot", "i-1", want{Links: []metadata.Link{l0, vlan("lan0", 5, "eth0", "10.5.0.5/24")}},
		"dladm set-linkprop -p mtu=9000 vioif0", "dladm create-vlan -l vioif0 -v 5 lan0", "ipadm create-addr -T static -a 10.5.0.5/24 lan0/v4")
	l0.MTU = 1500
	m.does("smaller", "i-1", want{Links: []metadata.Link{l0, vlan("lan0", 5, "eth0", "10.5.0.5/24")}},
		"dladm set-linkprop -p mtu=1500 lan0", "dladm set-linkprop -p mtu=1500 vioif0")
	l0.MTU = 8000
	m.does("larger", "i-1", want{Links: []metadata.Link{l0, vlan("lan0", 5, "eth0", "10.5.0.5/24")}},
		"dladm set-linkprop -p mtu=8000 vioif0", "dladm set-linkprop -p mtu=8000 lan0")
	m.does("other VLAN", "i-1", want{Links: []metadata.Link{l0, vlan("lan0", 6, "eth0", "10.5.0.5/24")}},
		"ipadm delete-if lan0", "dladm delete-vlan lan0", "dladm create-vlan -l vioif0 -v 6 lan0", "ipadm create-addr -T static -a 10.5.0.5/24 lan0/v4n2")
}

// TestVLANGone: with the card goes what was on it.
func TestVLANGone(t *testing.T) {
	m := newMachine(t, card(0), card(1))
	w := want{Links: []metadata.Link{link(0), vlan("lan5", 5, "eth0", "10.5.0.5/24")}}
	m.does("first boot", "i-1", w, "dladm create-vlan -l vioif0 -v 5 lan5", "ipadm create-addr -T static -a 10.5.0.5/24 lan5/v4")
	m.late()
	if err := simnet.Unplug(m.w, "vioif0"); err != nil {
		t.Fatal(err)
	}
	m.early()
	_, err := m.run("i-1", w)
	if err == nil || !strings.Contains(err.Error(), "eth0: no link of the guest is 02:08:20:00:00:00") ||
		!strings.Contains(err.Error(), "lan5: the link below it, eth0, is not there") {
		t.Errorf("got %v", err)
	}
	m.shows("without the card")
}
