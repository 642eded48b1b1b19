// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package metadata

import "net/netip"

// A Network is the wanted network configuration. The zero value asks for
// nothing: what is there stays.
type Network struct {
	Skip bool `json:"skip,omitempty"` // the metadata asks us to leave the network alone
	DHCP bool `json:"dhcp,omitempty"` // DHCPv4 on the preferred interface

	Links  []Link  `json:"links,omitempty"`  // in the document's order
	Routes []Route `json:"routes,omitempty"` // of no link in particular
	DNS    DNS     `json:"dns,omitzero"`     // of no link in particular
}

// A Link is one wanted datalink and the IP interface on it.
type Link struct {
	// Name is how the document calls it, and others in it refer to it; not
	// always a name that dladm(8) would take.
	Name  string `json:"name"`
	Match Match  `json:"match,omitzero"` // of a physical link; zero: Name is the link's
	VLAN  *VLAN  `json:"vlan,omitempty"`
	Bond  *Bond  `json:"bond,omitempty"`

	SetName  string `json:"set_name,omitempty"` // the name that it should get
	MTU      int    `json:"mtu,omitempty"`      // bytes; 0: as it is
	Optional bool   `json:"optional,omitempty"` // the boot does not wait for it

	DHCP4 bool `json:"dhcp4,omitempty"`
	DHCP6 bool `json:"dhcp6,omitempty"` // DHCPv6, or what the router says
	SLAAC bool `json:"slaac,omitempty"` // addresses from router advertisements
	// InterfaceID is the lower half of the addresses by SLAAC and of the link-local
	// one, ::1a:2b, in place of one that is made from the MAC address.
	InterfaceID netip.Addr     `json:"interface_id,omitzero"`
	Addresses   []netip.Prefix `json:"addresses,omitempty"`
	Routes      []Route        `json:"routes,omitempty"`
	DNS         DNS            `json:"dns,omitzero"`
	// NoDNS and NoRoutes take less from a lease than it offers.
	NoDNS    bool `json:"no_dns,omitempty"`
	NoRoutes bool `json:"no_routes,omitempty"`
}

// A Match finds a physical link; all that is set has to fit.
type Match struct {
	MAC    string `json:"mac,omitempty"`    // lower case, two digits each: 02:08:20:0a:0b:0c
	Name   string `json:"name,omitempty"`   // shell pattern
	Driver string `json:"driver,omitempty"` // shell pattern: vioif, e1000g
}

// A VLAN is a link over another one.
type VLAN struct {
	ID   int    `json:"id"`   // 1 to 4094
	Link string `json:"link"` // Name of the link below
}

// A Bond is an aggregation of links.
type Bond struct {
	Members []string `json:"members"`          // Names of the links
	Mode    string   `json:"mode"`             // of the Linux bonding driver: 802.3ad, balance-xor, …
	LACP    string   `json:"lacp,omitempty"`   // slow or fast
	Policy  string   `json:"policy,omitempty"` // transmit hash policy: layer2, layer3+4, …
}

// A Route leads to a network by a gateway. A gateway that no subnet of the link
// holds is reached on the link itself.
type Route struct {
	To     netip.Prefix `json:"to"` // 0.0.0.0/0 or ::/0: the default route
	Via    netip.Addr   `json:"via"`
	Metric int          `json:"metric,omitempty"` // of two to the same network the lower counts
}

// DNS is how names are looked up.
type DNS struct {
	Servers []netip.Addr `json:"servers,omitempty"` // in order
	Search  []string     `json:"search,omitempty"`  // domains, in order
}
