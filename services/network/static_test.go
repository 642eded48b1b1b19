// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"illumos-metadata/common/metadata"
	"illumos-metadata/common/simguest/simnet"
)

const stockSwitch = `passwd:     files
group:      files
hosts:      files
ipnodes:    files
networks:   files
protocols:  files
rpc:        files
ethers:     files
netmasks:   files
services:   files
`

// TestStatic: one link with an address, a router and DNS (rows N11 and N12), at
// once and after a reboot, and withdrawn when the metadata drops it.
func TestStatic(t *testing.T) {
	m := newMachine(t, card(0))
	l := link(0, "10.0.0.5/24")
	l.Routes = []metadata.Route{via("default", "10.0.0.1")}
	l.DNS = dns("a.example b.example", "10.0.0.2", "2001:db8::53")
	w := want{Links: []metadata.Link{l}, DNS: dns("c.example", "10.0.0.3", "10.0.0.2", "10.0.0.4")}
	m.does("first boot", "i-1", w,
		"ipadm create-addr -T static -a 10.0.0.5/24 vioif0/v4", "route add default 10.0.0.1")
	check := func(name string) {
		t.Helper()
		m.shows(name, "vioif0/v4 ok 10.0.0.5/24")
		m.routed(name, "0.0.0.0/0 10.0.0.1")
		m.file("/etc/defaultrouter", "10.0.0.1\n")
		m.file("/etc/resolv.conf", "nameserver 10.0.0.3\nnameserver 10.0.0.2\nnameserver 10.0.0.4\nsearch c.example a.example b.example\n")
		m.file("/etc/nsswitch.conf", strings.NewReplacer("hosts:      files", "hosts:      files dns", "ipnodes:    files", "ipnodes:    files dns").Replace(stockSwitch))
	}
	check("first boot")
	if !strings.Contains(m.log.String(), "DNS servers beyond the third are not used: [2001:db8::53]") {
		t.Errorf("log %s", &m.log)
	}
	m.reboots("same", "i-1", w)
	check("next boot")
	m.does("nothing wanted", "i-1", want{}, "route delete default 10.0.0.1", "ipadm delete-addr vioif0/v4")
	m.shows("nothing wanted")
	m.routed("nothing wanted")
	m.file("/etc/defaultrouter", "")
	m.file("/etc/resolv.conf", "")
	m.file("/etc/nsswitch.conf", stockSwitch)
}

// TestMany: several links with several addresses each, DHCP on two of them, and
// the same number of reading commands as for one. A link that is missing costs
// itself (rows N5 and N7), and MACs compare without regard to case (row N1).
func TestMany(t *testing.T) {
	m := newMachine(t, card(0), leased(1), leased(2), card(10))
	l0, l1, l2, gone := link(0, "10.0.0.5/24", "10.0.0.6/32"), link(1), link(2), link(7, "10.0.0.7/24")
	l1.DHCP4, l2.DHCP4 = true, true
	l10 := link(10, "10.10.0.5/16")
	l10.Match.MAC = strings.ToUpper(l10.Match.MAC)
	w := want{Links: []metadata.Link{gone, l0, l10, l2, l1}, nodename: "web1"}
	got, err := m.run("i-1", w)
	if err == nil || err.Error() != "eth7: no link of the guest is 02:08:20:00:00:07; it has vioif0 02:08:20:00:00:00, "+
		"vioif1 02:08:20:00:00:01, vioif2 02:08:20:00:00:02, vioif10 02:08:20:00:00:0a" {
		t.Errorf("got %v", err)
	}
	wanted := []string{
		"ipadm create-addr -T static -a 10.0.0.5/24 vioif0/v4", "ipadm create-addr -T static -a 10.0.0.6/32 vioif0/v4n2",
		"ipadm create-addr -T static -a 10.10.0.5/16 vioif10/v4",
		"ipadm create-addr -T dhcp -w 0 -h web1 vioif2/dhcp", "ipadm create-addr -T dhcp -w 0 -h web1 vioif1/dhcp",
	}
	if diff := cmp.Diff(wanted, got); diff != "" {
		t.Errorf("started (-want +got):\n%s", diff)
	}
	if reads := m.started[:5]; strings.Join(m.started, "\n") == "" || len(m.started) > 5+1+5+2 {
		t.Errorf("started %q, at first %q", m.started, reads)
	}
	m.shows("first boot", "vioif0/v4 ok 10.0.0.5/24", "vioif0/v4n2 ok 10.0.0.6/32", "vioif1/dhcp ok 10.1.2.15/24",
		"vioif10/v4 ok 10.10.0.5/16", "vioif2/dhcp ok 10.2.2.15/24")

	// The link that comes later gets its address at the next boot (row N16).
	m.late()
	if err := simnet.Plug(m.w, card(7)); err != nil {
		t.Fatal(err)
	}
	m.early()
	m.does("with the link", "i-1", w, "ipadm create-addr -T static -a 10.0.0.7/24 vioif7/v4")
	m.reboots("all there", "i-1", w)
}

// TestDHCP: one limit for all leases together, and no wait for what is optional.
func TestDHCP(t *testing.T) {
	synctest.Test(t, someLeases)
}

func someLeases(t *testing.T) {
	m := newMachine(t, leased(0), card(1), card(2), card(3))
	w := want{}
	for n := range 4 {
		l := link(n)
		l.DHCP4, l.Optional = true, n == 3
		w.Links = append(w.Links, l)
	}
	began := time.Now()
	_, err := m.run("i-1", w)
	if err == nil || !strings.Contains(err.Error(), "vioif1 has no DHCP lease") || !strings.Contains(err.Error(), "vioif2 has no DHCP lease") ||
		strings.Contains(err.Error(), "vioif3") || strings.Contains(err.Error(), "vioif0 has") {
		t.Errorf("got %v", err)
	}
	if took := time.Since(began); took != m.limit {
		t.Errorf("waited %v", took)
	}
	m.shows("some leases", "vioif0/dhcp ok 10.0.2.15/24", "vioif1/dhcp down ?", "vioif2/dhcp down ?", "vioif3/dhcp down ?")
	m.reboots("they cost their limit once", "i-1", w)
}

// TestOnlyLink: a name of Linux is the only link of the guest.
func TestOnlyLink(t *testing.T) {
	m := newMachine(t, card(0))
	w := want{Links: []metadata.Link{{Name: "ens3", Addresses: link(0, "10.0.0.5/24").Addresses}}}
	m.does("first boot", "i-1", w, "ipadm create-addr -T static -a 10.0.0.5/24 vioif0/v4")
	if !strings.Contains(m.log.String(), "ens3 is taken for vioif0, the only link of the guest") {
		t.Errorf("log %s", &m.log)
	}
	two := newMachine(t, card(0), card(1))
	if got, err := two.run("i-1", w); err == nil || !strings.Contains(err.Error(), "ens3: no link of the guest is ens3") || len(got) > 0 {
		t.Errorf("two links: %v, started %q", err, got)
	}
}

// TestMatch: by name and by driver, each link for one entry only.
func TestMatch(t *testing.T) {
	e1000g := card(5)
	e1000g.Device = "e1000g0"
	m := newMachine(t, card(0), card(1), card(2), e1000g)
	dhcp := func(l metadata.Link) metadata.Link { l.DHCP4, l.Optional = true, true; return l }
	w := want{Links: []metadata.Link{
		dhcp(metadata.Link{Name: "all", Match: metadata.Match{Name: "*"}}),
		dhcp(metadata.Link{Name: "virtio", Match: metadata.Match{Driver: "vio*", Name: "*[12]"}}),
		dhcp(metadata.Link{Name: "vioif2"}),
		dhcp(link(1)),
	}}
	m.does("patterns come last", "i-1", w,
		"ipadm create-addr -T dhcp -w 0 e1000g0/dhcp", "ipadm create-addr -T dhcp -w 0 vioif0/dhcp",
		"ipadm create-addr -T dhcp -w 0 vioif2/dhcp", "ipadm create-addr -T dhcp -w 0 vioif1/dhcp")
	w = want{Links: []metadata.Link{{Name: "any", Match: metadata.Match{Driver: "vioif"}, Addresses: link(0, "10.0.0.5/24").Addresses}}}
	if _, err := m.run("i-1", w); err == nil || !strings.Contains(err.Error(), "any: its addresses are for one link, and it fits vioif0, vioif1, vioif2") {
		t.Errorf("got %v", err)
	}
}

// TestIPv6: static addresses come after the link-local one (row N14), and
// nothing waits for those that routers bring (trap 12).
func TestIPv6(t *testing.T) {
	c := card(0)
	c.Router = &simnet.Router{Address: netip.MustParseAddr("fe80::1"), Prefix: netip.MustParsePrefix("2001:db8:9::/64"), Managed: netip.MustParseAddr("2001:db8:9::99")}
	m := newMachine(t, c)
	l := link(0, "2001:db8::5/64", "10.0.0.5/24", "2001:db8::6/128")
	l.Routes = []metadata.Route{via("default", "2001:db8::1"), via("2001:db8:7::/48", "fe80::7")}
	w := want{Links: []metadata.Link{l}}
	m.does("static", "i-1", w,
		"ipadm create-addr -T addrconf -p stateless=no,stateful=no vioif0/v6local",
		"ipadm create-addr -T static -a 2001:db8::5/64 vioif0/v6s", "ipadm create-addr -T static -a 10.0.0.5/24 vioif0/v4",
		"ipadm create-addr -T static -a 2001:db8::6/128 vioif0/v6sn2",
		"route -p add -inet6 default 2001:db8::1", "route -p add -inet6 2001:db8:7::/48 fe80::7 -ifp vioif0")
	m.reboots("static", "i-1", w)
	m.shows("static", "vioif0/v4 ok 10.0.0.5/24", "vioif0/v6local ok fe80::8:20ff:fe00:0%vioif0/10", "vioif0/v6s ok 2001:db8::5/64", "vioif0/v6sn2 ok 2001:db8::6/128")
	m.routed("static", "2001:db8:7::/48 fe80::7 vioif0", "::/0 2001:db8::1")

	l.SLAAC = true
	m.does("with SLAAC", "i-1", want{Links: []metadata.Link{l}},
		"ipadm delete-addr vioif0/v6local", "ipadm delete-addr vioif0/v6s", "ipadm delete-addr vioif0/v6sn2",
		"ipadm create-addr -T addrconf -p stateless=yes,stateful=no vioif0/v6slaac",
		"ipadm create-addr -T static -a 2001:db8::5/64 vioif0/v6sn3", "ipadm create-addr -T static -a 2001:db8::6/128 vioif0/v6sn4")
	m.reboots("with SLAAC", "i-1", want{Links: []metadata.Link{l}})
	m.shows("with SLAAC", "vioif0/v4 ok 10.0.0.5/24", "vioif0/v6slaac ok 2001:db8:9:0:8:20ff:fe00:0/64",
		"vioif0/v6slaac ok fe80::8:20ff:fe00:0%vioif0/10", "vioif0/v6sn3 ok 2001:db8::5/64", "vioif0/v6sn4 ok 2001:db8::6/128")
	l = link(0)
	l.DHCP6 = true
	w = want{Links: []metadata.Link{l}}
	m.does("DHCPv6 alone", "i-1", w,
		"ipadm delete-addr vioif0/v6slaac", "ipadm create-addr -T addrconf vioif0/v6",
		"route -p delete -inet6 default 2001:db8::1", "route -p delete -inet6 2001:db8:7::/48 fe80::7 -ifp vioif0",
		"ipadm delete-addr vioif0/v6sn3", "ipadm delete-addr vioif0/v4", "ipadm delete-addr vioif0/v6sn4")
	m.reboots("DHCPv6 alone", "i-1", w)
	m.shows("DHCPv6 alone", "vioif0/v6 ok 2001:db8:9:0:8:20ff:fe00:0/64", "vioif0/v6 ok 2001:db8:9::99/64", "vioif0/v6 ok fe80::8:20ff:fe00:0%vioif0/10")
	m.does("nothing wanted", "i-1", want{}, "ipadm delete-addr vioif0/v6")
}

// TestLeaseServers: DNS servers of the metadata are not replaced by those of a
// lease (trap 18); without any in the metadata, those of the lease are used (row
// N10).
func TestLeaseServers(t *testing.T) {
	c := leased(0)
	c.DHCP.DNS = dns("", "10.0.2.3").Servers
	m := newMachine(t, c)
	l := link(0)
	l.DHCP4 = true
	const agentLists = "PARAM_REQUEST_LIST=1,3,6,12,15,28,43\n.v6.PARAM_REQUEST_LIST=7,12,23,24,27,29\nPARAM_IGNORE_LIST=\n.v6.PARAM_IGNORE_LIST=\n"
	m.does("of the lease", "i-1", want{Links: []metadata.Link{l}}, "ipadm create-addr -T dhcp -w 0 vioif0/dhcp")
	m.late()
	m.file("/etc/resolv.conf", "nameserver 10.0.2.3\n")
	m.file("/etc/default/dhcpagent", agentLists)
	l.DNS = dns("a.example", "192.0.2.53")
	w := want{Links: []metadata.Link{l}}
	m.early()
	m.does("of the metadata", "i-1", w, "ipadm delete-addr vioif0/dhcp", "ipadm create-addr -T dhcp -w 0 vioif0/dhcp")
	const resolver = "nameserver 192.0.2.53\nnameserver 10.0.2.3\nsearch a.example\n"
	m.file("/etc/resolv.conf", resolver)
	m.late()
	m.file("/etc/resolv.conf", resolver)
	m.reboots("same", "i-1", w)
	m.file("/etc/resolv.conf", resolver)
	l.DNS, l.NoDNS = metadata.DNS{}, true
	m.does("none", "i-1", want{Links: []metadata.Link{l}})
	m.file("/etc/resolv.conf", "nameserver 10.0.2.3\n")
	m.does("nothing wanted", "i-1", want{}, "ipadm delete-addr vioif0/dhcp")
	m.file("/etc/default/dhcpagent", agentLists)
}

// TestInterfaceID: addresses by SLAAC end as the metadata says, and another end
// makes others.
func TestInterfaceID(t *testing.T) {
	c := card(0)
	c.Router = &simnet.Router{Address: netip.MustParseAddr("fe80::1"), Prefix: netip.MustParsePrefix("2001:db8:9::/64")}
	m := newMachine(t, c)
	l := link(0)
	l.SLAAC, l.InterfaceID = true, netip.MustParseAddr("::1a:2b")
	w := want{Links: []metadata.Link{l}}
	m.does("first", "i-1", w, "ipadm create-addr -T addrconf -i ::1a:2b/64 -p stateless=yes,stateful=no vioif0/v6slaacid1a002b")
	m.reboots("first", "i-1", w)
	m.shows("first", "vioif0/v6slaacid1a002b ok 2001:db8:9::1a:2b/64", "vioif0/v6slaacid1a002b ok fe80::1a:2b%vioif0/10")
	l.DHCP6, l.InterfaceID = true, netip.MustParseAddr("::ffff:0:0:1")
	w = want{Links: []metadata.Link{l}}
	m.does("another", "i-1", w, "ipadm delete-addr vioif0/v6slaacid1a002b", "ipadm create-addr -T addrconf -i ::ffff:0:0:1/64 vioif0/v6idffff000000000001")
	m.reboots("another", "i-1", w)
	m.shows("another", "vioif0/v6idffff000000000001 ok 2001:db8:9:0:ffff::1/64", "vioif0/v6idffff000000000001 ok fe80::ffff:0:0:1%vioif0/10")
	m.does("none", "i-1", want{}, "ipadm delete-addr vioif0/v6idffff000000000001")
}
