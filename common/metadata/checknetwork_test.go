// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package metadata

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// equal lets cmp look at addresses.
var equal = cmp.Options{
	cmp.Comparer(func(a, b netip.Addr) bool { return a == b }),
	cmp.Comparer(func(a, b netip.Prefix) bool { return a == b }),
}

func addrs(texts ...string) (list []netip.Addr) {
	for _, s := range texts {
		list = append(list, netip.MustParseAddr(s))
	}
	return list
}

func prefixes(texts ...string) (list []netip.Prefix) {
	for _, s := range texts {
		list = append(list, netip.MustParsePrefix(s))
	}
	return list
}

func route(to, via string) Route {
	return Route{To: netip.MustParsePrefix(to), Via: netip.MustParseAddr(via)}
}

// fullNetwork has every field set.
func fullNetwork() Network {
	return Network{
		Skip: true, DHCP: true,
		Links: []Link{
			{
				Name: "net0", Match: Match{MAC: "02:08:20:0a:0b:0c", Name: "vioif*", Driver: "vioif"}, SetName: "web0",
				MTU: 9000, Optional: true, DHCP4: true, DHCP6: true, SLAAC: true, NoDNS: true, NoRoutes: true, InterfaceID: netip.MustParseAddr("::1a:2b"),
				Addresses: prefixes("192.0.2.10/24", "2001:db8::10/64"),
				Routes:    []Route{{netip.MustParsePrefix("0.0.0.0/0"), netip.MustParseAddr("192.0.2.1"), 5}, route("::/0", "fe80::1")},
				DNS:       DNS{addrs("192.0.2.53"), []string{"example.com"}},
			},
			{Name: "net1"},
			{Name: "aggr0", Bond: &Bond{Members: []string{"net1"}, Mode: "802.3ad", LACP: "fast", Policy: "layer3+4"}},
			{Name: "vlan7", VLAN: &VLAN{7, "aggr0"}, MTU: 1500},
		},
		Routes: []Route{route("10.0.0.0/8", "192.0.2.2")},
		DNS:    DNS{addrs("2001:db8::53"), []string{"a.example.com", "b_c.example.com."}},
	}
}

func TestCheckNetworkGood(t *testing.T) {
	in := &Instance{ID: "i-1", Network: fullNetwork()}
	if err := in.Validate(); err != nil || in.Problems != nil || in.Warnings != nil {
		t.Errorf("%v, %v, %v", err, in.Problems, in.Warnings)
	}
	if d := cmp.Diff(fullNetwork(), in.Network, equal); d != "" {
		t.Errorf("a good network changed (-want +got):\n%s", d)
	}
}

// TestCheckNetwork: each value that is wrong costs itself, and what stands on
// it, and is named.
func TestCheckNetwork(t *testing.T) {
	bond := func(b Bond) Link { return Link{Name: "aggr0", Bond: &b} }
	vlan := func(name string, id int, link string) Link { return Link{Name: name, VLAN: &VLAN{id, link}} }
	net0 := func(change func(*Link)) []Link {
		l := Link{Name: "net0"}
		change(&l)
		return []Link{l}
	}
	for _, tt := range []struct {
		name     string
		links    []Link
		want     []Link
		problems []string
	}{
		{"MAC in another spelling (row N1)", net0(func(l *Link) { l.Match.MAC = "2:8:20:A:B:C" }), net0(func(l *Link) { l.Match.MAC = "02:08:20:0a:0b:0c" }), nil},
		{"no MAC", net0(func(l *Link) { l.Match.MAC = "vioif0" }), nil, []string{`link net0: "vioif0" is no MAC address`}},
		{"pattern", net0(func(l *Link) { l.Match.Driver = "[" }), nil, []string{`link net0: pattern "[": syntax error in pattern`}},
		{"one MAC twice", []Link{{Name: "a", Match: Match{MAC: "0:0:0:0:0:a"}}, {Name: "b", Match: Match{MAC: "00:00:00:00:00:0A"}}},
			[]Link{{Name: "a", Match: Match{MAC: "00:00:00:00:00:0a"}}}, []string{"link b: MAC address 00:00:00:00:00:0a is that of link a"}},
		{"interface ID", []Link{{Name: "a", InterfaceID: addrs("::1")[0]}, {Name: "b", InterfaceID: addrs("fe80::1")[0]}, {Name: "c", InterfaceID: addrs("::")[0]}, {Name: "d", InterfaceID: addrs("10.0.0.1")[0]}},
			[]Link{{Name: "a", InterfaceID: addrs("::1")[0]}, {Name: "b"}, {Name: "c"}, {Name: "d"}}, []string{
				"link b: interface ID fe80::1: 64 bits behind :: expected", "link c: interface ID ::: 64 bits behind :: expected", "link d: interface ID 10.0.0.1: 64 bits behind :: expected"}},
		{"no name", []Link{{}, {Name: "a\nb"}, {Name: "\xff"}}, nil, []string{
			`link "": no name for a link`, `link "a\nb": no name for a link`, `link "\xff": no name for a link`}},
		{"one name twice", []Link{{Name: "a"}, {Name: "a", DHCP4: true}}, []Link{{Name: "a"}}, []string{"link a: there are two of this name"}},
		{"MTU", []Link{{Name: "a", MTU: 576}, {Name: "b", MTU: 9216}, {Name: "c", MTU: 575}, {Name: "d", MTU: 9217}, {Name: "e", MTU: -1},
			{Name: "f", MTU: 1279, SLAAC: true}, {Name: "g", MTU: 1280, DHCP6: true}, {Name: "h", MTU: 1000, Addresses: prefixes("2001:db8::1/64")}},
			[]Link{{Name: "a", MTU: 576}, {Name: "b", MTU: 9216}, {Name: "c"}, {Name: "d"}, {Name: "e"},
				{Name: "f", SLAAC: true}, {Name: "g", MTU: 1280, DHCP6: true}, {Name: "h", Addresses: prefixes("2001:db8::1/64")}},
			[]string{"link c: MTU 575: 576 to 9216 are legal", "link d: MTU 9217: 576 to 9216 are legal", "link e: MTU -1: 576 to 9216 are legal",
				"link f: MTU 1279: 1280 to 9216 are legal", "link h: MTU 1000: 1280 to 9216 are legal"}},
		{"addresses (row N13)", net0(func(l *Link) {
			l.Addresses = append(prefixes("192.0.2.1/24", "0.0.0.0/8", "224.0.0.1/4", "127.0.0.1/8", "255.255.255.255/32", "192.0.2.9/0", "ff02::1/64", "192.0.2.1/24"),
				netip.Prefix{}, netip.PrefixFrom(netip.MustParseAddr("192.0.2.7"), 33))
		}), net0(func(l *Link) { l.Addresses = prefixes("192.0.2.1/24") }), []string{
			"link net0: address 0.0.0.0/8: no address for a link", "link net0: address 224.0.0.1/4: no address for a link",
			"link net0: address 127.0.0.1/8: no address for a link", "link net0: address 255.255.255.255/32: no address for a link",
			"link net0: address 192.0.2.9/0: a prefix of no bits", "link net0: address ff02::1/64: no address for a link",
			"link net0: address invalid Prefix: not an address with the length of its prefix", "link net0: address invalid Prefix: not an address with the length of its prefix"}},
		{"one address twice", []Link{{Name: "a", Addresses: prefixes("192.0.2.1/24", "192.0.2.1/25")}, {Name: "b", Addresses: prefixes("192.0.2.1/24")}},
			[]Link{{Name: "a", Addresses: prefixes("192.0.2.1/24")}, {Name: "b"}}, []string{
				"link a: address 192.0.2.1/25: it is on link a already, as /24", "link b: address 192.0.2.1/24: it is on link a already, as /24"}},
		{"routes", net0(func(l *Link) {
			l.Routes = []Route{route("10.1.2.3/8", "192.0.2.1"), route("10.0.0.0/8", "192.0.2.1"), route("::/0", "fe80::1%eth0"), route("::/0", "192.0.2.1"),
				{Via: netip.MustParseAddr("192.0.2.1")}, {To: netip.MustParsePrefix("0.0.0.0/0")}, route("0.0.0.0/0", "0.0.0.0"),
				{netip.MustParsePrefix("10.9.0.0/16"), netip.MustParseAddr("192.0.2.1"), -5}}
		}), net0(func(l *Link) {
			l.Routes = []Route{route("10.0.0.0/8", "192.0.2.1"), route("::/0", "fe80::1"), route("10.9.0.0/16", "192.0.2.1")}
		}), []string{
			"link net0: route to ::/0 by 192.0.2.1: the gateway is of the other address family", "link net0: route to invalid Prefix by 192.0.2.1: not a network",
			"link net0: route to 0.0.0.0/0 by invalid IP: no address for a gateway", "link net0: route to 0.0.0.0/0 by 0.0.0.0: no address for a gateway",
			"link net0: route to 10.9.0.0/16 by 192.0.2.1: metric -5 is negative"}},
		{"DNS", net0(func(l *Link) {
			l.DNS = DNS{addrs("192.0.2.53", "::", "fe80::1%net0", "2001:db8::53", "192.0.2.53"), []string{"a.b", "a.b", "x y", "a.b."}}
		}), net0(func(l *Link) { l.DNS = DNS{addrs("192.0.2.53", "2001:db8::53"), []string{"a.b", "a.b."}} }), []string{
			"link net0: DNS server ::: no address for a server", "link net0: DNS server fe80::1%net0: no address for a server",
			`link net0: search domain: host name "x y": character ' ': only letters, digits and hyphens are legal`}},
		{"VLANs in any order", []Link{vlan("v2", 2, "aggr0"), vlan("v1", 1, "a"), bond(Bond{Members: []string{"b"}, Mode: "balance-xor"}), {Name: "a"}, {Name: "b"}},
			[]Link{vlan("v2", 2, "aggr0"), vlan("v1", 1, "a"), bond(Bond{Members: []string{"b"}, Mode: "balance-xor"}), {Name: "a"}, {Name: "b"}}, nil},
		{"VLANs", []Link{{Name: "a"}, vlan("v0", 0, "a"), vlan("v4095", 4095, "a"), vlan("v4094", 4094, "a"), vlan("again", 4094, "a"),
			vlan("deep", 1, "v4094"), vlan("self", 1, "self"), vlan("lost", 1, "b")},
			[]Link{{Name: "a"}, vlan("v4094", 4094, "a")}, []string{
				"link v0: VLAN ID 0: 1 to 4094 are legal", "link v4095: VLAN ID 4095: 1 to 4094 are legal", "link again: VLAN 4094 of link a is link v4094",
				`link deep: the link below it, "v4094", is no physical link or bond of this network`,
				`link self: the link below it, "self", is no physical link or bond of this network`,
				`link lost: the link below it, "b", is no physical link or bond of this network`}},
		{"a bond goes, and the VLAN on it", []Link{bond(Bond{Members: []string{"a"}, Mode: "802.3ad"}), vlan("v1", 1, "aggr0"), {Name: "a", Match: Match{MAC: "x"}}}, nil, []string{
			`link a: "x" is no MAC address`, `link aggr0: its member "a" is no physical link of this network`, "link aggr0: a bond without members",
			`link v1: the link below it, "aggr0", is no physical link or bond of this network`}},
		{"bond mode", []Link{{Name: "a"}, bond(Bond{Members: []string{"a"}})}, []Link{{Name: "a"}}, []string{`link aggr0: bond mode "" is not known`}},
		{"bond parameters", []Link{{Name: "a"}, bond(Bond{Members: []string{"a", "a"}, Mode: "802.3ad", LACP: "1", Policy: "layer1"})},
			[]Link{{Name: "a"}, bond(Bond{Members: []string{"a"}, Mode: "802.3ad"})}, []string{
				`link aggr0: LACP rate "1" is neither slow nor fast`, `link aggr0: transmit hash policy "layer1" is not known`, "link aggr0: its member a is in bond aggr0"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in := &Instance{Source: "test", ID: "i-1", Network: Network{Links: tt.links}}
			if err := in.Validate(); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tt.want, in.Network.Links, equal); d != "" {
				t.Errorf("links (-want +got):\n%s", d)
			}
			var problems []string
			for _, p := range in.Problems {
				if p.Item != ItemNetwork {
					t.Errorf("a problem of %s: %s", p.Item, p.Reason)
				}
				problems = append(problems, strings.TrimPrefix(p.Reason, "test: "))
			}
			if d := cmp.Diff(tt.problems, problems); d != "" {
				t.Errorf("problems (-want +got):\n%s", d)
			}
			before := Digest(in)
			if err := in.Validate(); err != nil || Digest(in) != before {
				t.Errorf("a second Validate: %v, %+v", err, in)
			}
		})
	}
}

// TestCheckSetName: a name that dladm would refuse, or that another link gets,
// is a wish, not a fault.
func TestCheckSetName(t *testing.T) {
	in := &Instance{ID: "i-1", Network: Network{Links: []Link{{Name: "a", SetName: "lan"}, {Name: "b", SetName: "lan0"}, {Name: "c", SetName: "lan0"}}}}
	want := []string{
		`link a: it keeps its name: link name "lan" does not end in a number`,
		"link c: it keeps its name: link b gets the name lan0",
	}
	if err := in.Validate(); err != nil || in.Problems != nil || !slices.Equal(in.Warnings, want) {
		t.Errorf("%v, %v, %q", err, in.Problems, in.Warnings)
	}
	if l := in.Network.Links; l[0].SetName != "" || l[1].SetName != "lan0" || l[2].SetName != "" {
		t.Errorf("left: %+v", l)
	}
}

// TestCheckGlobal: the routes and the DNS of no link in particular are checked
// as a link's are.
func TestCheckGlobal(t *testing.T) {
	in := &Instance{Source: "test", ID: "i-1", Network: Network{
		Routes: []Route{route("10.9.9.9/8", "192.0.2.1"), route("::/0", "192.0.2.1")},
		DNS:    DNS{addrs("0.0.0.0", "192.0.2.53"), []string{".", "a.b"}},
	}}
	want := Network{Routes: []Route{route("10.0.0.0/8", "192.0.2.1")}, DNS: DNS{addrs("192.0.2.53"), []string{"a.b"}}}
	problems := []Problem{
		{ItemNetwork, "test: network: route to ::/0 by 192.0.2.1: the gateway is of the other address family"},
		{ItemNetwork, "test: network: DNS server 0.0.0.0: no address for a server"},
		{ItemNetwork, `test: network: search domain: host name "": empty label`},
	}
	if err := in.Validate(); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, in.Network, equal); d != "" {
		t.Errorf("network (-want +got):\n%s", d)
	}
	if d := cmp.Diff(problems, in.Problems); d != "" {
		t.Errorf("problems (-want +got):\n%s", d)
	}
}

// TestCheckNetworkMany: a document full of nonsense is not a log full of it.
func TestCheckNetworkMany(t *testing.T) {
	in := &Instance{ID: "i-1"}
	for i := range 1000 {
		in.Network.Links = append(in.Network.Links, Link{Name: fmt.Sprint(i), MTU: 1})
	}
	if err := in.Validate(); err != nil {
		t.Fatal(err)
	}
	if n := len(in.Problems); n != maxProblems+1 || in.Problems[n-1].Reason != ": 980 more values are wrong" || len(in.Network.Links) != 1000 {
		t.Errorf("%d problems, the last %q, %d links", n, in.Problems[n-1].Reason, len(in.Network.Links))
	}
}
