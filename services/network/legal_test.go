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

	"illumos-metadata/common/guest"
	"illumos-metadata/common/illumos"
	"illumos-metadata/common/metadata"
)

// TestAddresses: each address works, or is reported, and then costs itself and
// what needs it.
func TestAddresses(t *testing.T) {
	for _, tt := range []struct {
		address, gateway string
		says             string // "": it works
		routes           []string
	}{
		{"192.0.2.5/24", "192.0.2.1", "", []string{"0.0.0.0/0 192.0.2.1"}},
		{"192.0.2.5/30", "192.0.2.6", "", []string{"0.0.0.0/0 192.0.2.6"}},
		{"192.0.2.5/32", "192.0.2.1", "", []string{"0.0.0.0/0 192.0.2.1", "192.0.2.1/32 192.0.2.5 vioif0"}},
		{"192.0.2.0/32", "192.0.2.1", "", []string{"0.0.0.0/0 192.0.2.1", "192.0.2.1/32 192.0.2.0 vioif0"}},
		{"10.0.1.0/23", "10.0.0.1", "", []string{"0.0.0.0/0 10.0.0.1"}},
		{"10.0.0.255/23", "10.0.0.1", "", []string{"0.0.0.0/0 10.0.0.1"}},
		{"241.0.0.5/24", "241.0.0.1", "", []string{"0.0.0.0/0 241.0.0.1"}},
		{"192.0.2.4/31", "192.0.2.5", "", []string{"0.0.0.0/0 192.0.2.5", "192.0.2.5/32 192.0.2.4 vioif0"}},
		{"192.0.2.5/31", "192.0.2.4", "", []string{"0.0.0.0/0 192.0.2.4", "192.0.2.4/32 192.0.2.5 vioif0"}},
		{"192.0.2.7/31", "192.0.2.1", "", []string{"0.0.0.0/0 192.0.2.1", "192.0.2.1/32 192.0.2.7 vioif0", "192.0.2.6/32 192.0.2.7 vioif0"}},
		{"192.0.2.4/30", "192.0.2.5", "that of the network itself", nil},
		{"192.0.2.0/24", "192.0.2.1", "that of the network itself", nil},
		{"192.0.2.255/24", "192.0.2.1", "the broadcast address of the network", nil},
		{"2001:db8::5/64", "2001:db8::1", "", []string{"::/0 2001:db8::1"}},
		{"2001:db8::1/127", "2001:db8::", "", []string{"::/0 2001:db8::"}},
		{"2001:db8::5/128", "fe80::1", "", []string{"::/0 fe80::1 vioif0"}},
		{"2001:db8::/128", "2001:db8::1", "", []string{"2001:db8::1/128 2001:db8:: vioif0", "::/0 2001:db8::1"}},
		{"fe80::5/64", "fe80::1", "", []string{"::/0 fe80::1 vioif0"}},
		{"2001:db8::ffff:ffff:ffff:ffff/64", "2001:db8::1", "", []string{"::/0 2001:db8::1"}},
		{"2001:db8::/64", "2001:db8::1", "that of all routers of the network", nil},
		{"2001:db8::/127", "2001:db8::1", "that of all routers of the network", nil},
	} {
		t.Run(tt.address, func(t *testing.T) {
			m := newMachine(t, card(0), card(1))
			l := link(0, tt.address)
			l.Routes = []metadata.Route{via("default", tt.gateway)}
			w := want{Links: []metadata.Link{l, link(1, "10.9.0.5/24")}}
			_, err := m.run("i-1", w)
			if tt.says == "" && err != nil || tt.says != "" && (err == nil || !strings.Contains(err.Error(), "eth0: address "+tt.address+": ") || !strings.Contains(err.Error(), tt.says)) {
				t.Errorf("error %v, want %q", err, tt.says)
			}
			if strings.Contains(fmt.Sprint(err), "/sbin/") {
				t.Errorf("a command failed: %v", err)
			}
			shows := func(address string) bool {
				return slices.ContainsFunc(m.state().addresses, func(r illumos.Address) bool { return r.State == "ok" && prefix(r).String() == address })
			}
			if shows(given(netip.MustParsePrefix(tt.address)).String()) != (tt.says == "") || !shows("10.9.0.5/24") {
				t.Errorf("addresses %v", m.state().addresses)
			}
			m.routed(tt.address, tt.routes...)
		})
	}
}

// TestPointToPoint: the two addresses of a /31 reach each other, now, at each boot,
// and by a gateway that no link is named for, and the way goes with the address.
func TestPointToPoint(t *testing.T) {
	m := newMachine(t, card(0), card(1))
	l := link(0, "10.0.0.5/24", "192.0.2.4/31", "198.51.100.1/31")
	w := want{Links: []metadata.Link{l, link(1)}, Routes: []metadata.Route{via("default", "192.0.2.5")}}
	m.does("first boot", "i-1", w, "ipadm create-addr -T static -a 10.0.0.5/24 vioif0/v4",
		"ipadm create-addr -T static -a 192.0.2.4/32 vioif0/v4n2", "ipadm create-addr -T static -a 198.51.100.1/32 vioif0/v4n3",
		"route -p add 192.0.2.5/32 192.0.2.4 -iface", "route add default 192.0.2.5", "route -p add 198.51.100.0/32 198.51.100.1 -iface")
	routes := []string{"0.0.0.0/0 192.0.2.5", "192.0.2.5/32 192.0.2.4 vioif0", "198.51.100.0/32 198.51.100.1 vioif0"}
	m.routed("first boot", routes...)
	m.Again = true
	m.does("run again", "i-1", w)
	m.Again = false
	m.late()
	m.early()
	if _, err := m.run("i-1", w); err != nil {
		t.Error(err)
	}
	m.routed("next boot", routes...)
	m.late()
	m.routed("next boot, at its end", routes...)
	m.does("a new instance", "i-2", w)
	w = want{Links: []metadata.Link{link(0, "10.0.0.5/24", "192.0.2.4/31")}}
	m.does("without the route and one address", "i-2", w, "route delete default 192.0.2.5",
		"route -p delete 198.51.100.0/32 198.51.100.1 -iface", "ipadm delete-addr vioif0/v4n3")
	m.routed("without the route and one address", routes[1])
	m.does("as a /32", "i-2", want{Links: []metadata.Link{link(0, "10.0.0.5/24", "192.0.2.4/32")}}, "route -p delete 192.0.2.5/32 192.0.2.4 -iface")
	m.does("a /31 again", "i-2", w, "route -p add 192.0.2.5/32 192.0.2.4 -iface")
	m.play("/sbin/ipadm create-addr -T static -a 198.51.100.1/24 vioif1/mine")
	if got, err := m.run("i-2", want{Links: []metadata.Link{l}}); err == nil || len(got) > 0 {
		t.Errorf("an address that another link has: %v, started %q", err, got)
	}
	m.does("nothing", "i-2", want{}, "route -p delete 192.0.2.5/32 192.0.2.4 -iface", "ipadm delete-addr vioif0/v4", "ipadm delete-addr vioif0/v4n2")
	m.routed("nothing")
	m.file("/etc/inet/static_routes", "# File generated by route(8) - do not edit.\n")
}

// TestIllegal: what this takes for illegal the kernel refuses, and nothing else.
func TestIllegal(t *testing.T) {
	m := newMachine(t, card(0))
	m.play("/sbin/ipadm create-addr -T addrconf vioif0/v6")
	r := rand.New(rand.NewPCG(4, 4))
	for range 300 {
		addr := netip.AddrFrom4([4]byte{10, 0, byte(r.IntN(2)), byte(r.IntN(8) | r.IntN(2)*0xf8)})
		if r.IntN(2) == 0 {
			addr = netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, 14: byte(r.IntN(2)), 15: byte(r.IntN(8))})
		}
		a := netip.PrefixFrom(addr, addr.BitLen()-r.IntN(12))
		_, err := m.exec(t.Context(), guest.Command{Argv: []string{ipadm, "create-addr", "-T", "static", "-a", a.String(), "vioif0/x"}})
		if (err != nil) != (illegal(a) != "") {
			t.Errorf("%s: illegal %q, and the kernel says %v", a, illegal(a), err)
		}
		if err == nil {
			m.play("/sbin/ipadm delete-addr vioif0/x")
		}
	}
}
