// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package cloudinit

import (
	"net/netip"

	"go.yaml.in/yaml/v3"

	"illumos-metadata/common/metadata"
)

// readV2 reads a version 2 document, netplan's: for each kind of link a map of
// links by their names.
func readV2(t *table, n *metadata.Network) {
	t.value("renderer") // which of Linux's programs applies it
	for _, kind := range t.keys {
		switch kind {
		case "ethernets", "bonds", "vlans":
			links, _ := t.sub(kind)
			for _, name := range links.keys {
				if l, ok := links.linkV2(kind, name); ok {
					n.Links = append(n.Links, l)
				}
			}
		case "bridges":
			bridges, _ := t.sub(kind)
			for _, name := range bridges.keys {
				t.problem(bridges.at(name), "left out: bridges are not supported")
			}
		}
	}
	t.done()
}

// linkV2 reads one entry of a kind of links.
func (t *table) linkV2(kind, name string) (metadata.Link, bool) {
	l := metadata.Link{Name: name}
	e, ok := t.sub(name)
	if !ok {
		return l, false
	}
	switch kind {
	case "ethernets":
		l.SetName = e.text("set-name")
		l.Match, ok = e.match()
	case "bonds":
		l.Bond, ok = e.bondV2()
	case "vlans":
		l.VLAN, ok = e.vlan("id", "link")
	}
	e.common(&l)
	e.done()
	return l, ok
}

// match reads what finds a link. A condition that cannot be tested is no match,
// unless the MAC address says it all.
func (t *table) match() (metadata.Match, bool) {
	if !t.has("match") {
		t.value("match")
		return metadata.Match{}, true
	}
	m, ok := t.sub("match")
	mac, good := m.mac("macaddress")
	match := metadata.Match{MAC: mac, Name: m.text("name")}
	drivers := m.value("driver").words()
	if len(drivers) == 1 {
		match.Driver = drivers[0].text
	}
	if len(drivers) > 1 {
		m.problem(m.at("driver"), "one pattern is supported, the link is left out")
		ok = false
	}
	if rest := m.rest(); len(rest) > 0 && mac == "" && good {
		m.problem(m.at(rest[0]), "not supported, the link is left out")
		ok = false
	}
	if match == (metadata.Match{}) && ok && good {
		match.Name = "*" // netplan: no condition, so every link
	}
	m.done()
	return match, ok && good
}

func (t *table) bondV2() (*metadata.Bond, bool) {
	params, ok := t.sub("parameters")
	mode, rate := params.text("mode"), params.text("lacp-rate")
	b := t.bond("interfaces", mode, rate, params.text("transmit-hash-policy"))
	params.done()
	return b, ok
}

// common reads what every kind of link has.
func (t *table) common(l *metadata.Link) {
	l.MTU, _ = t.number("mtu")
	l.Optional, _ = t.flag("optional")
	l.DHCP4, _ = t.flag("dhcp4")
	l.DHCP6, _ = t.flag("dhcp6")
	l.SLAAC = l.DHCP6
	if accept, ok := t.flag("accept-ra"); ok {
		l.SLAAC = accept
	}
	if text := t.text("ipv6-address-token"); text != "" { // netplan's
		id, err := netip.ParseAddr(text)
		if err != nil {
			t.problem(t.at("ipv6-address-token"), "%.60q is no interface ID", text)
		}
		l.InterfaceID = id
	}
	t.overrides("dhcp4-overrides", l.DHCP4, l)
	t.overrides("dhcp6-overrides", l.DHCP6, l)
	for _, v := range t.value("addresses").list() {
		l.Addresses = append(l.Addresses, v.addresses()...)
	}
	t.gateway("gateway4", netip.Addr.Is4, l)
	t.gateway("gateway6", netip.Addr.Is6, l)
	for _, r := range t.tables("routes") {
		if route, ok := r.routeV2(); ok {
			l.Routes = append(l.Routes, route)
		}
		r.done()
	}
	servers, _ := t.sub("nameservers")
	l.DNS = servers.dns("addresses", "search")
	servers.done()
}

// overrides reads what is not to be taken from a lease. The model has one
// switch for both families.
func (t *table) overrides(key string, on bool, l *metadata.Link) {
	o, _ := t.sub(key)
	if !on {
		return
	}
	if use, ok := o.flag("use-dns"); ok && !use {
		l.NoDNS = true
	}
	if use, ok := o.flag("use-routes"); ok && !use {
		l.NoRoutes = true
	}
	o.done()
}

// addresses reads an entry of a link's addresses: a string, or a map whose keys
// are addresses with a label or a lifetime.
func (v value) addresses() []netip.Prefix {
	words := []value{}
	if v.node.Kind == yaml.MappingNode {
		t, _ := v.table()
		for _, key := range t.keys {
			words = append(words, value{report: v.report, path: v.path, node: v.node, text: key})
		}
		t.done()
	} else {
		words = v.words()
	}
	var list []netip.Prefix
	for _, w := range words {
		if p, ok := w.address(""); ok {
			list = append(list, p)
		}
	}
	return list
}

func (t *table) gateway(key string, family func(netip.Addr) bool, l *metadata.Link) {
	if !t.has(key) {
		t.value(key)
		return
	}
	via, ok := t.addr(key)
	if ok && !family(via) {
		t.problem(t.at(key), "%v is of the other address family", via)
		return
	}
	if ok {
		l.Routes = append(l.Routes, defaultBy(via, 0))
	}
}

// routeV2 reads one of a link's routes. One of another table, or of a type that
// drops packets, is left out with a warning: it has no counterpart here.
func (t *table) routeV2() (metadata.Route, bool) {
	table, kind := t.text("table"), t.text("type")
	t.flag("on-link") // a gateway outside every subnet is reached on the link anyway
	if table != "" && table != "main" && table != "254" {
		t.warn(t.at("table"), "illumos has no routing tables, the route is left out")
		return t.skip()
	}
	if kind != "" && kind != "unicast" {
		t.warn(t.at("type"), "%.60q is not supported, the route is left out", kind)
		return t.skip()
	}
	via, good := t.addr("via")
	to, ok := t.destination("to", "", via, netip.Addr.BitLen)
	metric, _ := t.number("metric")
	return metadata.Route{To: to, Via: via, Metric: metric}, ok && good
}

// skip is the answer for a route that is left out: one warning is enough.
func (t *table) skip() (metadata.Route, bool) {
	for _, key := range t.keys {
		t.asked[key] = true
	}
	return metadata.Route{}, false
}
