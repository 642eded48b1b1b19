// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package cloudinit

import "illumos-metadata/common/metadata"

// linkV1 reads what every kind of link has.
func (t *table) linkV1() (l metadata.Link, ok bool) {
	l.Name, ok = t.need("name")
	l.MTU, _ = t.number("mtu")
	l.Optional, _ = t.flag("optional")
	for _, s := range t.tables("subnets") {
		s.subnet(&l)
		s.done()
	}
	if accept, ok := t.flag("accept-ra"); ok {
		l.SLAAC = accept
	}
	return l, ok
}

// subnet reads one entry of a link's subnets. One that is wrong is left out.
func (t *table) subnet(l *metadata.Link) {
	kind := t.text("type")
	if kind == "" && t.has(t.either("address", "ip_address")) {
		kind = "static"
	}
	switch kind {
	case "dhcp", "dhcp4":
		l.DHCP4 = true
	case "dhcp6", "ipv6_dhcpv6-stateful":
		l.DHCP6, l.SLAAC = true, true
	case "ipv6_slaac", "ipv6_dhcpv6-stateless":
		l.SLAAC = true // the stateless kind asks DHCPv6 for no address
	case "static", "static6":
		if !t.static(l) {
			return
		}
	case "manual":
	case "":
		t.problem(t.at("type"), "missing")
		return
	default:
		t.problem(t.at("type"), "%.60q is not known, the subnet is left out", kind)
		return
	}
	t.subnetRoutes(l)
	t.subnetRest(l)
	more(&l.DNS, t.dns("dns_nameservers", "dns_search"))
}

// either gives the one of two keys that is there, or the first.
func (t *table) either(key, other string) string {
	if !t.has(key) && t.has(other) {
		return other
	}
	return key
}

func (t *table) static(l *metadata.Link) bool {
	key := t.either("address", "ip_address")
	if _, ok := t.need(key); !ok {
		return false
	}
	p, ok := t.value(key).address(t.text("netmask"))
	if ok {
		l.Addresses = append(l.Addresses, p)
	}
	return ok
}

func (t *table) subnetRoutes(l *metadata.Link) {
	if t.has("gateway") {
		metric, _ := t.number("metric")
		if via, ok := t.addr("gateway"); ok {
			l.Routes = append(l.Routes, defaultBy(via, metric))
		}
	}
	for _, r := range t.tables("routes") {
		if route, ok := r.routeV1(); ok {
			l.Routes = append(l.Routes, route)
		}
		r.done()
	}
}

// subnetRest reads what a subnet says of its link.
func (t *table) subnetRest(l *metadata.Link) {
	t.value("ipv4") // hints for those who cannot tell by the address
	t.value("ipv6")
	if mtu, ok := t.number("mtu"); ok && l.MTU == 0 {
		l.MTU = mtu
	} else if ok && mtu != l.MTU {
		t.warn(t.at("mtu"), "ignored: the link has %d", l.MTU)
	}
	switch control := t.text("control"); control {
	case "", "auto":
	case "hotplug":
		l.Optional = true
	case "manual":
		l.Optional = true
		t.warn(t.at("control"), "brought up all the same, but not waited for")
	default:
		t.warn(t.at("control"), "%.60q is not known, ignored", control)
	}
}

// routeV1 reads a route item or an entry of a subnet's routes.
func (t *table) routeV1() (metadata.Route, bool) {
	via, good := t.addr("gateway")
	mask := t.text(t.either("netmask", "prefix"))
	to, ok := t.destination(t.either("destination", "network"), mask, via, usual)
	metric, _ := t.number("metric")
	return metadata.Route{To: to, Via: via, Metric: metric}, ok && good
}
