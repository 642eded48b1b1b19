// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"illumos-metadata/common/metadata"
	"illumos-metadata/common/simguest/simnet"
)

// TestGatewayWasOurs: the address that the guest had is that of its router now.
func TestGatewayWasOurs(t *testing.T) {
	m := newMachine(t, card(0))
	m.does("first boot", "i-1", want{Links: []metadata.Link{link(0, "10.0.0.1/24")}}, "ipadm create-addr -T static -a 10.0.0.1/24 vioif0/v4")
	m.does("another machine", "i-2", want{Links: []metadata.Link{withRouter(link(0, "10.0.0.5/24"), "10.0.0.1")}},
		"ipadm create-addr -T static -a 10.0.0.5/24 vioif0/v4n2", "ipadm delete-addr vioif0/v4", "route add default 10.0.0.1")
}

// TestRouteOfGoneLink: a route on an interface that is gone leaves the file of
// route -p, where route(8) does not find it, and so does one that is now wanted
// on another link.
func TestRouteOfGoneLink(t *testing.T) {
	for name, router := range map[string]string{"other router": "fe80::2", "same router": "fe80::1"} {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t, card(0))
			if _, err := m.run("i-1", want{Links: []metadata.Link{withRouter(link(0), "fe80::1")}}); err != nil {
				t.Fatal(err)
			}
			m.late()
			m.moves([]simnet.Link{card(1)})
			m.early()
			m.does("another machine", "i-2", want{Links: []metadata.Link{withRouter(link(1), router)}},
				"ipadm delete-if vioif0", "ipadm create-addr -T addrconf -p stateless=no,stateful=no vioif1/v6local",
				"route -p add -inet6 default "+router+" -ifp vioif1")
			if diff := cmp.Diff([]string{"-inet6 default " + router + " -ifp vioif1"}, m.content(staticFile)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", staticFile, diff)
			}
		})
	}
}

// TestBrokenBeside: an address that cannot be made keeps nothing of another
// instance where the way out of the guest is there without it.
func TestBrokenBeside(t *testing.T) {
	m := newMachine(t, card(0))
	if _, err := m.run("i-1", want{Links: []metadata.Link{withRouter(link(0, "10.9.0.5/24"), "10.9.0.1")}}); err != nil {
		t.Fatal(err)
	}
	m.fails = "/sbin/ipadm create-addr -T static -a 10.1.0.5/24"
	_, err := m.run("i-2", want{Links: []metadata.Link{withRouter(link(0, "10.0.0.5/24", "10.1.0.5/24"), "10.0.0.1")}})
	if err == nil || !strings.Contains(err.Error(), "address 10.1.0.5/24 on vioif0") {
		t.Errorf("got %v", err)
	}
	m.shows("beside it", "vioif0/v4n2 ok 10.0.0.5/24")
	m.routed("beside it", "0.0.0.0/0 10.0.0.1")
}

// TestLeaseBesideStatic: the address that goes keeps dhcpagent(8) from adding the
// router of the lease that comes in its place; the next boot does it as usual.
func TestLeaseBesideStatic(t *testing.T) {
	for _, instance := range []string{"i-1", "i-2"} {
		m := newMachine(t, leased(0))
		first := want{Links: []metadata.Link{withRouter(link(0, "192.0.2.5/24"), "192.0.2.1")}}
		if _, err := m.run("i-1", first); err != nil {
			t.Fatal(err)
		}
		got, err := m.run(instance, want{DHCP: true})
		wanted := []string{"ipadm create-addr -T dhcp -w 0 vioif0/dhcp", "route add default 10.0.2.2", "route delete default 192.0.2.1", "ipadm delete-addr vioif0/v4"}
		if instance != "i-1" {
			wanted = append(append(wanted[:1:1], wanted[2:]...), wanted[1])
		}
		if diff := cmp.Diff(wanted, got); diff != "" || err != nil {
			t.Errorf("%s: %v (-want +got):\n%s", instance, err, diff)
		}
		m.routed(instance, "0.0.0.0/0 10.0.2.2")
		m.late()
		m.early()
		if got, err := m.run(instance, want{DHCP: true}); err != nil || len(got) > 0 {
			t.Errorf("%s, next boot: %v, started %q", instance, err, got)
		}
		m.late()
		m.routed(instance+", next boot", "0.0.0.0/0 10.0.2.2 vioif0")
	}
}

// TestLeaseBehindStatic: an address that stays is the first one of its link at
// each boot, and keeps dhcpagent(8) from adding the router of the lease each time.
func TestLeaseBehindStatic(t *testing.T) {
	m := newMachine(t, leased(0))
	l := link(0, "192.0.2.5/24")
	m.does("static", "i-1", want{Links: []metadata.Link{l}}, "ipadm create-addr -T static -a 192.0.2.5/24 vioif0/v4")
	l.DHCP4 = true
	w := want{Links: []metadata.Link{l}}
	m.does("and a lease", "i-1", w, "ipadm create-addr -T dhcp -w 0 vioif0/dhcp", "route add default 10.0.2.2")
	for range 2 {
		m.late()
		m.early()
		got, err := m.run("i-1", w)
		if diff := cmp.Diff([]string{"route add default 10.0.2.2"}, got); diff != "" || err != nil {
			t.Errorf("next boot: %v (-want +got):\n%s", err, diff)
		}
	}
}

// TestLeaseAndStatic: on one link the lease comes first, since it brings its
// router only so.
func TestLeaseAndStatic(t *testing.T) {
	m := newMachine(t, leased(0))
	l := link(0, "192.0.2.5/24")
	l.DHCP4 = true
	w := want{Links: []metadata.Link{l}}
	m.does("first boot", "i-1", w, "ipadm create-addr -T dhcp -w 0 vioif0/dhcp", "ipadm create-addr -T static -a 192.0.2.5/24 vioif0/v4")
	m.routed("first boot", "0.0.0.0/0 10.0.2.2 vioif0")
	m.late()
	m.early()
	m.routed("next boot", "0.0.0.0/0 10.0.2.2 vioif0")
}

// TestRoomForMTU: neither a VLAN that goes nor the MTU of before keeps a link
// from its MTU.
func TestRoomForMTU(t *testing.T) {
	m := newMachine(t, card(0))
	l0, small := link(0), link(0)
	l0.MTU, small.MTU = 9000, 1400
	m.does("first boot", "i-1", want{Links: []metadata.Link{l0, vlan("lan5", 5, "eth0")}},
		"dladm set-linkprop -p mtu=9000 vioif0", "dladm create-vlan -l vioif0 -v 5 lan5")
	m.does("smaller, without the VLAN", "i-1", want{Links: []metadata.Link{small}},
		"dladm set-linkprop -p mtu=1400 lan5", "dladm set-linkprop -p mtu=1400 vioif0", "ipadm delete-if lan5", "dladm delete-vlan lan5")
	m.does("as usual, and a VLAN", "i-1", want{Links: []metadata.Link{link(0), vlan("lan6", 6, "eth0")}},
		"dladm reset-linkprop -p mtu vioif0", "dladm create-vlan -l vioif0 -v 6 lan6")
	if got := m.state().mtu("lan6"); got != 1500 {
		t.Errorf("MTU of the VLAN %d", got)
	}
}

// TestLinuxDriver: what a document says beside an address is often about Linux.
func TestLinuxDriver(t *testing.T) {
	m := newMachine(t, card(0), card(1))
	l := link(1, "10.0.0.5/24")
	l.Match.Driver, l.Match.Name = "virtio_net", "en*"
	m.does("first boot", "i-1", want{Links: []metadata.Link{l}}, "ipadm create-addr -T static -a 10.0.0.5/24 vioif1/v4")
}

// TestRouteOfNoLink: a route that names no link leads over the only one, which
// gets the link-local address that it needs.
func TestRouteOfNoLink(t *testing.T) {
	m := newMachine(t, card(0))
	w := want{Links: []metadata.Link{link(0, "10.0.0.5/24")}, Routes: []metadata.Route{via("2001:db8:9::/48", "fe80::1")}}
	m.does("first boot", "i-1", w, "ipadm create-addr -T addrconf -p stateless=no,stateful=no vioif0/v6local",
		"ipadm create-addr -T static -a 10.0.0.5/24 vioif0/v4", "route -p add -inet6 2001:db8:9::/48 fe80::1 -ifp vioif0")
}
