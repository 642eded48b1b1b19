// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"
	"testing"

	"illumos-metadata/common/metadata"
	"illumos-metadata/common/simguest/simnet"
)

const stockAgent = "PARAM_REQUEST_LIST=1,3,6,12,15,28,43\n.v6.PARAM_REQUEST_LIST=7,12,23,24,27,29\nPARAM_IGNORE_LIST=\n.v6.PARAM_IGNORE_LIST=\n"

// ignoring is the agent's file with lines for single links.
func ignoring(lines ...string) string {
	return strings.Replace(stockAgent, "\nPARAM_IGNORE_LIST=\n", "\nPARAM_IGNORE_LIST=\n"+strings.Join(lines, ""), 1)
}

// named is a card with a DHCP server that names a DNS server.
func named(n int) simnet.Link {
	c := leased(n)
	c.DHCP.DNS = dns("", fmt.Sprintf("10.%d.2.3", n)).Servers
	return c
}

// onDHCP is a link with a lease.
func onDHCP(l metadata.Link, noRoutes, noDNS bool) metadata.Link {
	l.DHCP4, l.NoRoutes, l.NoDNS = true, noRoutes, noDNS
	return l
}

// TestNoRoutes: the router of a lease is ignored on one link, and the others
// keep theirs.
func TestNoRoutes(t *testing.T) {
	m := newMachine(t, named(0), named(1))
	w := want{Links: []metadata.Link{onDHCP(link(0), true, false), onDHCP(link(1), false, false)}}
	m.does("first boot", "i-1", w, "ipadm create-addr -T dhcp -w 0 vioif0/dhcp", "ipadm create-addr -T dhcp -w 0 vioif1/dhcp")
	m.file("/etc/default/dhcpagent", ignoring("vioif0.PARAM_IGNORE_LIST=3\n"))
	m.routed("first boot", "0.0.0.0/0 10.1.2.2 vioif1")
	m.reboots("same", "i-1", w)
	m.routed("next boot", "0.0.0.0/0 10.1.2.2 vioif1")
	w.Links[0].NoRoutes, w.Links[1].NoRoutes = false, true
	m.does("the other one", "i-1", w, "ipadm delete-addr vioif0/dhcp", "ipadm delete-addr vioif1/dhcp",
		"ipadm create-addr -T dhcp -w 0 vioif0/dhcp", "ipadm create-addr -T dhcp -w 0 vioif1/dhcp")
	m.routed("the other one", "0.0.0.0/0 10.0.2.2 vioif0")
	w.Links[1].NoRoutes = false
	m.does("none", "i-1", w, "ipadm delete-addr vioif1/dhcp", "ipadm create-addr -T dhcp -w 0 vioif1/dhcp")
	m.file("/etc/default/dhcpagent", stockAgent)
	w.Links[1].NoRoutes = true
	m.does("again", "i-1", w, "ipadm delete-addr vioif1/dhcp", "ipadm create-addr -T dhcp -w 0 vioif1/dhcp")
	m.does("other instance", "i-2", want{Links: []metadata.Link{link(0)}}, "ipadm delete-addr vioif0/dhcp", "ipadm delete-addr vioif1/dhcp")
	m.file("/etc/default/dhcpagent", stockAgent)
}

// TestNoRoutesStatic: a static router on a link whose lease is to give none.
func TestNoRoutesStatic(t *testing.T) {
	m := newMachine(t, named(0))
	l := onDHCP(link(0), true, false)
	l.Routes = []metadata.Route{via("default", "10.0.2.9")}
	w := want{Links: []metadata.Link{l}}
	m.does("first boot", "i-1", w, "ipadm create-addr -T dhcp -w 0 vioif0/dhcp", "route add default 10.0.2.9")
	m.routed("first boot", "0.0.0.0/0 10.0.2.9")
}

// TestNoDNSOnSome: the system takes the DNS servers of the lease that may give
// them, although another one comes first by name.
func TestNoDNSOnSome(t *testing.T) {
	m := newMachine(t, named(0), named(1))
	w := want{Links: []metadata.Link{onDHCP(link(0), false, true), onDHCP(link(1), true, false)}}
	m.does("first boot", "i-1", w, "ipadm create-addr -T dhcp -w 0 vioif0/dhcp", "ipadm create-addr -T dhcp -w 0 -1 vioif1/dhcp")
	m.file("/etc/default/dhcpagent", ignoring("vioif1.PARAM_IGNORE_LIST=3\n", "vioif0.PARAM_IGNORE_LIST=6\n"))
	m.late()
	m.file("/etc/resolv.conf", "nameserver 10.1.2.3\n")
	m.reboots("same", "i-1", w)
	m.file("/etc/resolv.conf", "nameserver 10.1.2.3\n")
	w.Links[0].NoDNS, w.Links[1].NoDNS = false, true
	m.early()
	m.does("the other one", "i-1", w, "ipadm delete-addr vioif0/dhcp", "ipadm delete-addr vioif1/dhcp",
		"ipadm create-addr -T dhcp -w 0 -1 vioif0/dhcp", "ipadm create-addr -T dhcp -w 0 vioif1/dhcp")
	m.late()
	m.file("/etc/resolv.conf", "nameserver 10.0.2.3\n")
	w.DNS = dns("", "192.0.2.53")
	m.does("servers of the metadata", "i-1", w, "ipadm delete-addr vioif0/dhcp",
		"ipadm delete-addr vioif1/dhcp", "ipadm create-addr -T dhcp -w 0 vioif0/dhcp", "ipadm create-addr -T dhcp -w 0 vioif1/dhcp")
	m.does("nothing", "i-2", want{}, "ipadm delete-addr vioif0/dhcp", "ipadm delete-addr vioif1/dhcp")
	m.file("/etc/default/dhcpagent", stockAgent)
}

// TestNoDNSBesideStatic: the lease is on a logical interface, which has a list
// of its own.
func TestNoDNSBesideStatic(t *testing.T) {
	m := newMachine(t, named(0), named(1))
	w := want{Links: []metadata.Link{onDHCP(link(0, "192.0.2.5/24", "2001:db8::5/64"), false, true), onDHCP(link(1), false, false)}}
	m.does("static", "i-1", want{Links: []metadata.Link{link(0, "192.0.2.5/24")}}, "ipadm create-addr -T static -a 192.0.2.5/24 vioif0/v4")
	m.does("then a lease", "i-1", w, "ipadm create-addr -T addrconf -p stateless=no,stateful=no vioif0/v6local",
		"ipadm create-addr -T dhcp -w 0 vioif0/dhcp", "ipadm create-addr -T static -a 2001:db8::5/64 vioif0/v6s",
		"ipadm create-addr -T dhcp -w 0 -1 vioif1/dhcp")
	m.file("/etc/default/dhcpagent", ignoring("vioif0:1.PARAM_IGNORE_LIST=6\n", "vioif0.PARAM_IGNORE_LIST=6\n"))
	if out := m.output("/sbin/dhcpinfo -i vioif0:1 DNSserv"); out != "" {
		t.Errorf("the lease gives %q", out)
	}
	if out := m.output("/sbin/dhcpinfo DNSserv"); out != "10.1.2.3\n" {
		t.Errorf("the system gets %q", out)
	}
}

// TestIgnoreByHand: an administrator's list stays, and gets back what it had.
func TestIgnoreByHand(t *testing.T) {
	m := newMachine(t, named(0), named(1))
	hand := ignoring("vioif0.PARAM_IGNORE_LIST=12\n")
	m.write("/etc/default/dhcpagent", hand)
	w := want{Links: []metadata.Link{onDHCP(link(0), true, false)}}
	m.does("first boot", "i-1", w, "ipadm create-addr -T dhcp -w 0 vioif0/dhcp")
	m.file("/etc/default/dhcpagent", ignoring("vioif0.PARAM_IGNORE_LIST=3,12\n"))
	m.does("nothing", "i-1", want{}, "ipadm delete-addr vioif0/dhcp")
	m.file("/etc/default/dhcpagent", hand)
}
