// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"illumos-metadata/common/metadata"
	"illumos-metadata/common/simguest/simnet"
)

// withRouter gives a link a default router.
func withRouter(l metadata.Link, router string) metadata.Link {
	l.Routes = append(l.Routes, via("default", router))
	return l
}

// TestChange: new addresses and routers come before the old ones go (rows N8
// and N9), and what is made by hand stays.
func TestChange(t *testing.T) {
	m := newMachine(t, card(0))
	m.does("first boot", "i-1", want{Links: []metadata.Link{withRouter(link(0, "10.0.0.5/24", "10.0.0.6/24"), "10.0.0.1")}},
		"ipadm create-addr -T static -a 10.0.0.5/24 vioif0/v4", "ipadm create-addr -T static -a 10.0.0.6/24 vioif0/v4n2",
		"route add default 10.0.0.1")
	m.play("/sbin/ipadm create-addr -T static -a 192.0.2.5/24 vioif0/mine")
	m.play("/sbin/route add 198.51.100.0/24 192.0.2.1")
	m.write("/etc/defaultrouter", "10.0.0.1\n# mine\n")
	m.write("/etc/resolv.conf", "nameserver 192.0.2.53\n")
	w := want{Links: []metadata.Link{withRouter(link(0, "10.0.1.5/24", "10.0.0.6/24"), "10.0.1.1")}, DNS: dns("", "10.0.1.2")}
	m.does("changed", "i-1", w,
		"ipadm create-addr -T static -a 10.0.1.5/24 vioif0/v4n3", "route add default 10.0.1.1",
		"route delete default 10.0.0.1", "ipadm delete-addr vioif0/v4")
	m.shows("changed", "vioif0/mine ok 192.0.2.5/24", "vioif0/v4n2 ok 10.0.0.6/24", "vioif0/v4n3 ok 10.0.1.5/24")
	m.routed("changed", "0.0.0.0/0 10.0.1.1", "198.51.100.0/24 192.0.2.1")
	m.file("/etc/defaultrouter", "10.0.1.1\n# mine\n")
	m.file("/etc/resolv.conf", "nameserver 10.0.1.2\nnameserver 192.0.2.53\n")

	// Another instance takes over what is the same for it, and nothing else.
	m.does("new instance", "i-2", want{Links: []metadata.Link{link(0, "10.0.1.5/24")}},
		"route delete default 10.0.1.1", "ipadm delete-addr vioif0/v4n2")
	m.shows("new instance", "vioif0/mine ok 192.0.2.5/24", "vioif0/v4n3 ok 10.0.1.5/24")
	m.file("/etc/defaultrouter", "# mine\n")
	m.file("/etc/resolv.conf", "nameserver 192.0.2.53\n")
}

// TestMoved: an address can be up once only, so that of ours on the wrong link
// or with another length goes first (row N7). One made by hand is reported.
func TestMoved(t *testing.T) {
	m := newMachine(t, card(0), card(1))
	m.does("first boot", "i-1", want{Links: []metadata.Link{link(0, "10.0.0.5/24")}}, "ipadm create-addr -T static -a 10.0.0.5/24 vioif0/v4")
	m.does("other link", "i-1", want{Links: []metadata.Link{link(1, "10.0.0.5/24")}},
		"ipadm delete-addr vioif0/v4", "ipadm create-addr -T static -a 10.0.0.5/24 vioif1/v4")
	m.does("other length", "i-1", want{Links: []metadata.Link{link(1, "10.0.0.5/25")}},
		"ipadm delete-addr vioif1/v4", "ipadm create-addr -T static -a 10.0.0.5/25 vioif1/v4n2")
	m.play("/sbin/ipadm create-addr -T static -a 10.9.0.5/24 vioif1/mine")
	got, err := m.run("i-1", want{Links: []metadata.Link{link(0, "10.9.0.5/24"), link(1, "10.0.0.5/25")}})
	if err == nil || err.Error() != "eth0: address 10.9.0.5/24 is on vioif1 already (vioif1/mine, 10.9.0.5/24)" || len(got) > 0 {
		t.Errorf("by hand: %v, started %q", err, got)
	}
}

// TestStates: an address in a bad state is not counted as there (row N7).
func TestStates(t *testing.T) {
	c := card(0)
	c.Taken = dns("", "10.0.0.9").Servers
	m := newMachine(t, c)
	w := want{Links: []metadata.Link{link(0, "10.0.0.5/24", "10.0.0.9/24")}}
	if _, err := m.run("i-1", w); err != nil {
		t.Error(err)
	}
	if got, err := m.run("i-1", w); err != nil || len(got) > 0 {
		t.Errorf("second boot: %v, started %q", err, got)
	}
	m.Again = true
	if got, err := m.run("i-1", w); err == nil || err.Error() != "vioif0/v4n2: another host has the address 10.0.0.9/24" || len(got) > 0 {
		t.Errorf("duplicate: %v, started %q", err, got)
	}
	w = want{Links: []metadata.Link{link(0, "10.0.0.5/24")}}
	m.play("/sbin/ipadm down-addr vioif0/v4")
	m.does("down", "i-1", w, "ipadm up-addr vioif0/v4", "ipadm delete-addr vioif0/v4n2")
	m.play("/sbin/ipadm disable-addr -t vioif0/v4")
	m.Again = true
	m.does("disabled address", "i-1", w, "ipadm enable-if -t vioif0", "ipadm enable-addr -t vioif0/v4")
	m.play("/sbin/ipadm disable-if -t vioif0")
	m.Again = true
	m.does("disabled interface", "i-1", w, "ipadm enable-if -t vioif0", "ipadm enable-addr -t vioif0/v4")
	m.play("/sbin/ipadm disable-if -t vioif0")
	m.does("disabled interface, another address", "i-1", want{Links: []metadata.Link{link(0, "10.0.0.6/24")}},
		"ipadm enable-if -t vioif0", "ipadm create-addr -T static -a 10.0.0.6/24 vioif0/v4n2", "ipadm delete-addr vioif0/v4")
}

// TestGone: the address of a link that is gone goes, and the other stays.
func TestGone(t *testing.T) {
	m := newMachine(t, card(0), card(1))
	w := want{Links: []metadata.Link{link(0, "10.0.0.5/24", "10.0.0.6/24"), link(1, "10.1.0.5/24")}}
	m.does("first boot", "i-1", w,
		"ipadm create-addr -T static -a 10.0.0.5/24 vioif0/v4", "ipadm create-addr -T static -a 10.0.0.6/24 vioif0/v4n2",
		"ipadm create-addr -T static -a 10.1.0.5/24 vioif1/v4")
	m.late()
	if err := simnet.Unplug(m.w, "vioif0"); err != nil {
		t.Fatal(err)
	}
	m.early()
	got, err := m.run("i-1", w)
	if err == nil || !strings.Contains(err.Error(), "eth0: no link of the guest is 02:08:20:00:00:00") {
		t.Errorf("got %v", err)
	}
	if diff := cmp.Diff([]string{"ipadm delete-if vioif0"}, got); diff != "" {
		t.Errorf("started (-want +got):\n%s", diff)
	}
	m.shows("without the link", "vioif1/v4 ok 10.1.0.5/24")
}

// TestFromDHCP: from DHCP to the same address by hand of the metadata, and back.
func TestFromDHCP(t *testing.T) {
	m := newMachine(t, leased(0))
	m.does("first boot", "i-1", want{DHCP: true}, "ipadm create-addr -T dhcp -w 0 vioif0/dhcp")
	m.does("another address", "i-1", want{Links: []metadata.Link{withRouter(link(0, "10.0.2.20/24"), "10.0.2.2")}},
		"ipadm create-addr -T static -a 10.0.2.20/24 vioif0/v4", "ipadm delete-addr vioif0/dhcp", "route add default 10.0.2.2")
	m.routed("another address", "0.0.0.0/0 10.0.2.2")
	m.does("DHCP again", "i-1", want{DHCP: true},
		"ipadm create-addr -T dhcp -w 0 vioif0/dhcp", "ipadm delete-addr vioif0/v4")
	m.routed("DHCP again", "0.0.0.0/0 10.0.2.2", "0.0.0.0/0 10.0.2.2 vioif0")
	m.does("the address of the lease", "i-1", want{Links: []metadata.Link{link(0, "10.0.2.15/24")}},
		"ipadm delete-addr vioif0/dhcp", "ipadm create-addr -T static -a 10.0.2.15/24 vioif0/v4", "route delete default 10.0.2.2")
	m.routed("the address of the lease")
}

// TestOffLink: a gateway in no subnet is reached on the link itself, and again
// at each boot before the rest of the system needs it (row N6).
func TestOffLink(t *testing.T) {
	m := newMachine(t, card(0))
	l := withRouter(link(0, "192.0.2.5/32", "2001:db8::5/128"), "203.0.113.1")
	l.Routes = append(l.Routes, via("default", "2001:db8:ffff::1"), via("198.51.100.0/24", "203.0.113.2"))
	w := want{Links: []metadata.Link{l}}
	m.does("first boot", "i-1", w,
		"ipadm create-addr -T addrconf -p stateless=no,stateful=no vioif0/v6local",
		"ipadm create-addr -T static -a 192.0.2.5/32 vioif0/v4", "ipadm create-addr -T static -a 2001:db8::5/128 vioif0/v6s",
		"route -p add 203.0.113.1/32 192.0.2.5 -iface", "route add default 203.0.113.1",
		"route -p add -inet6 2001:db8:ffff::1/128 2001:db8::5 -iface", "route -p add -inet6 default 2001:db8:ffff::1",
		"route -p add 203.0.113.2/32 192.0.2.5 -iface", "route -p add 198.51.100.0/24 203.0.113.2")
	routes := []string{
		"0.0.0.0/0 203.0.113.1", "198.51.100.0/24 203.0.113.2", "2001:db8:ffff::1/128 2001:db8::5 vioif0",
		"203.0.113.1/32 192.0.2.5 vioif0", "203.0.113.2/32 192.0.2.5 vioif0", "::/0 2001:db8:ffff::1",
	}
	m.routed("first boot", routes...)
	m.late()
	m.early()
	m.routed("next boot, before the service")
	got, err := m.run("i-1", w)
	if err != nil || len(m.started) != 2+len(routes) {
		t.Errorf("next boot: %v, started %q", err, got)
	}
	m.routed("next boot", routes...)
	m.late()
	m.routed("next boot, at its end", routes...)
	m.does("withdrawn", "i-1", want{Links: []metadata.Link{link(0, "192.0.2.5/32")}},
		"route -p delete 203.0.113.1/32 192.0.2.5 -iface", "route delete default 203.0.113.1",
		"route -p delete -inet6 2001:db8:ffff::1/128 2001:db8::5 -iface", "route -p delete -inet6 default 2001:db8:ffff::1",
		"route -p delete 203.0.113.2/32 192.0.2.5 -iface", "route -p delete 198.51.100.0/24 203.0.113.2",
		"ipadm delete-addr vioif0/v6local", "ipadm delete-addr vioif0/v6s")
	m.routed("withdrawn")

	none := withRouter(link(0), "203.0.113.1")
	if _, err := m.run("i-1", want{Links: []metadata.Link{none}}); err == nil ||
		!strings.Contains(err.Error(), "route to 0.0.0.0/0 by 203.0.113.1: eth0 has no address from which the gateway can be reached") {
		t.Errorf("without an address: %v", err)
	}
}

// TestOffLinkLease: a default route of no link in particular whose gateway only a
// link with a lease can lead to stays as it is, run by run and boot by boot.
func TestOffLinkLease(t *testing.T) {
	for _, tt := range []struct {
		name     string
		router   string // of the lease
		bits     int
		noRoutes bool
		static   string // address of another link
	}{
		{name: "lease without a router", bits: 24},
		{name: "router of its own", router: "10.0.2.2", bits: 24},
		{name: "router that is not taken", router: "10.0.2.2", bits: 24, noRoutes: true},
		{name: "router off the link", router: "192.0.2.9", bits: 24},
		{name: "the same router", router: "192.0.2.1", bits: 32},
		{name: "the lease is one address", bits: 32},
		{name: "another link", bits: 24, static: "10.1.0.5/24"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := leased(0)
			c.DHCP.Address = netip.PrefixFrom(c.DHCP.Address.Addr(), tt.bits)
			c.DHCP.Routers, c.Gateways = nil, []netip.Addr{netip.MustParseAddr("192.0.2.1")}
			if tt.router != "" {
				c.DHCP.Routers = []netip.Addr{netip.MustParseAddr(tt.router)}
			}
			m := newMachine(t, c, card(1))
			l := link(0)
			l.DHCP4, l.NoRoutes = true, tt.noRoutes
			w := want{Links: []metadata.Link{l}, Routes: []metadata.Route{via("default", "192.0.2.1")}}
			if tt.static != "" {
				w.Links = append(w.Links, link(1, tt.static))
			}
			if _, err := m.run("i-1", w); err != nil {
				t.Error(err)
			}
			before := m.ends()
			if !strings.Contains(before, "192.0.2.1/32 10.0.2.15 vioif0\n") || !strings.Contains(before, "0.0.0.0/0 192.0.2.1 \n") {
				t.Errorf("ends with\n%s", before)
			}
			for range 2 {
				m.Again = true
				m.does("run again", "i-1", w)
				m.Again = false
				m.does("run once more", "i-1", w)
				m.late()
				m.early()
				m.does("next boot", "i-1", w, "route add 192.0.2.1/32 10.0.2.15 -iface", "route add default 192.0.2.1")
				if diff := cmp.Diff(before, m.ends()); diff != "" {
					t.Errorf("after a boot (-before +after):\n%s", diff)
				}
			}
		})
	}
}

// TestRoutes: of several routes to one destination the metric decides, and one
// that names no link is on that of its gateway.
func TestRoutes(t *testing.T) {
	m := newMachine(t, card(0), leased(1))
	l0, l1 := withRouter(link(0, "10.0.0.5/24"), "10.0.0.1"), withRouter(link(1), "10.1.2.1")
	l0.Routes[0].Metric, l1.DHCP4 = 200, true
	l1.Routes[0].Metric = 100
	w := want{Links: []metadata.Link{l0, l1}, Routes: []metadata.Route{via("172.16.0.9/12", "10.0.0.2"), via("10.8.0.0/16", "10.1.2.9")}}
	m.does("first boot", "i-1", w,
		"ipadm create-addr -T static -a 10.0.0.5/24 vioif0/v4", "ipadm create-addr -T dhcp -w 0 vioif1/dhcp",
		"route -p add 172.16.0.0/12 10.0.0.2",
		"route -p add 10.8.0.0/16 10.1.2.9", "route add default 10.1.2.1")
	m.file("/etc/defaultrouter", "10.1.2.1\n")
	m.routed("first boot", "0.0.0.0/0 10.1.2.1", "0.0.0.0/0 10.1.2.2 vioif1", "10.8.0.0/16 10.1.2.9", "172.16.0.0/12 10.0.0.2")
	if !strings.Contains(m.log.String(), "no route to 0.0.0.0/0 by 10.0.0.1: the one by 10.1.2.1 comes first") {
		t.Errorf("log %s", &m.log)
	}
}

// TestHalfRoutes: a route that is in the table alone, or for the next boots
// alone, is completed; by hand it stays as it is when the metadata drops it.
func TestHalfRoutes(t *testing.T) {
	m := newMachine(t, card(0), card(1))
	l := link(0, "10.0.0.5/24")
	m.does("address", "i-1", want{Links: []metadata.Link{l}}, "ipadm create-addr -T static -a 10.0.0.5/24 vioif0/v4")
	m.play("/sbin/route add 172.16.0.0/12 10.0.0.2")
	m.play("/sbin/route -p add 172.24.0.0/16 10.0.0.2")
	m.play("/sbin/route -p add 172.25.0.0/16 10.0.0.2")
	m.play("/sbin/route delete 172.25.0.0/16 10.0.0.2")
	l.Routes = []metadata.Route{via("172.16.0.0/12", "10.0.0.2"), via("172.24.0.0/16", "10.0.0.2"), via("172.25.0.0/16", "10.0.0.2")}
	m.does("halves", "i-1", want{Links: []metadata.Link{l}}, "route -p add 172.16.0.0/12 10.0.0.2", "route add 172.25.0.0/16 10.0.0.2")
	l.Routes = nil
	m.does("dropped", "i-1", want{Links: []metadata.Link{l}}, "route -p delete 172.16.0.0/12 10.0.0.2", "route -p delete 172.25.0.0/16 10.0.0.2")
	m.routed("dropped", "172.24.0.0/16 10.0.0.2")
}

// TestOtherLink: the same router on another link. In its file route(8) takes
// the two for one.
func TestOtherLink(t *testing.T) {
	m := newMachine(t, card(0), card(1))
	l0, l1 := withRouter(link(0), "fe80::1"), link(1)
	m.does("first boot", "i-1", want{Links: []metadata.Link{l0, l1}},
		"ipadm create-addr -T addrconf -p stateless=no,stateful=no vioif0/v6local", "route -p add -inet6 default fe80::1 -ifp vioif0")
	l0.Routes, l1.Routes = nil, l0.Routes
	m.does("other link", "i-1", want{Links: []metadata.Link{l0, l1}},
		"ipadm create-addr -T addrconf -p stateless=no,stateful=no vioif1/v6local", "route add -inet6 default fe80::1 -ifp vioif1",
		"route -p delete -inet6 default fe80::1 -ifp vioif0", "route -p add -inet6 default fe80::1 -ifp vioif1", "ipadm delete-addr vioif0/v6local")
	m.routed("other link", "::/0 fe80::1 vioif1")
}

// TestMTU: it comes before the addresses, and goes with the metadata (row N15).
func TestMTU(t *testing.T) {
	c := card(0)
	c.Device = "e1000g0" // takes no other MTU while it is in use
	m := newMachine(t, c)
	l := link(0, "10.0.0.5/24")
	l.MTU = 9000
	w := want{Links: []metadata.Link{l}}
	m.does("first boot", "i-1", w, "dladm set-linkprop -p mtu=9000 e1000g0", "ipadm create-addr -T static -a 10.0.0.5/24 e1000g0/v4")
	m.reboots("same", "i-1", w)
	l.MTU = 8000
	got, err := m.run("i-1", want{Links: []metadata.Link{l}})
	if err == nil || !strings.Contains(err.Error(), "link busy") || len(got) != 1 {
		t.Errorf("in use: %v, started %q", err, got)
	}
	l.MTU = 0
	m.does("as it was", "i-1", want{Links: []metadata.Link{l}}, "dladm reset-linkprop -p mtu e1000g0")
	m.does("nothing wanted", "i-2", want{}, "ipadm delete-addr e1000g0/v4")
	l.MTU = 9000
	m.play("/sbin/ipadm delete-if e1000g0")
	m.play("/sbin/dladm reset-linkprop -p mtu e1000g0")
	m.does("again", "i-2", want{Links: []metadata.Link{l}}, "dladm set-linkprop -p mtu=9000 e1000g0", "ipadm create-addr -T static -a 10.0.0.5/24 e1000g0/v4")
	m.does("nothing wanted again", "i-2", want{}, "ipadm delete-addr e1000g0/v4", "ipadm delete-if e1000g0", "dladm reset-linkprop -p mtu e1000g0")
}
