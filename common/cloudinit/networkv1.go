// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package cloudinit

import "illumos-metadata/common/metadata"

// A v1 is a version 1 document under way: a list of items, each of one type.
type v1 struct {
	net   *metadata.Network
	links map[string]int    // of the physical links: their place in net.Links, by what finds them
	alias map[string]string // the second name of a link that is there twice: its first
	bound []boundDNS
}

// A boundDNS is a nameserver item for one link, which can come after it.
type boundDNS struct {
	value
	dns metadata.DNS
}

func readV1(t *table, n *metadata.Network) {
	v := &v1{net: n, links: map[string]int{}, alias: map[string]string{}}
	for _, item := range t.tables("config") {
		v.item(item)
	}
	t.done()
	byName := map[string]*metadata.Link{}
	for i := range n.Links {
		l := &n.Links[i]
		v.rename(l)
		byName[l.Name] = l
	}
	for _, b := range v.bound {
		l := byName[v.name(b.text)]
		if l == nil {
			b.problem(b.path, "no link %.60q in this document", b.text)
			continue
		}
		more(&l.DNS, b.dns)
	}
}

func (v *v1) item(t *table) {
	kind, ok := t.need("type")
	if !ok {
		return
	}
	switch kind {
	case "physical", "infiniband":
		v.physical(t)
	case "bond", "vlan":
		v.virtual(t, kind)
	case "nameserver":
		v.nameserver(t)
	case "route":
		if r, ok := t.routeV1(); ok {
			v.net.Routes = append(v.net.Routes, r)
		}
		t.done()
	case "bridge":
		t.problem(t.path, "bridge %.60q is left out: bridges are not supported", t.text("name"))
	case "loopback":
		t.warn(t.path, "ignored: network/loopback configures it")
	default:
		t.problem(t.at("type"), "%.60q is not known, the item is left out", kind)
	}
}

func (v *v1) physical(t *table) {
	l, ok := t.linkV1()
	mac, good := t.mac("mac_address")
	t.done()
	if !ok || !good {
		return
	}
	l.Match.MAC = mac
	key := mac
	if key == "" {
		key = "name " + l.Name
	}
	i, twice := v.links[key]
	if !twice {
		v.links[key] = len(v.net.Links)
		v.net.Links = append(v.net.Links, l)
		return
	}
	first := &v.net.Links[i]
	if l.Name != first.Name {
		v.alias[l.Name] = first.Name
	}
	t.warn(t.path, "the same link as %s: both count", first.Name)
	merge(first, l)
}

// merge adds a second item for one link to the first.
func merge(l *metadata.Link, second metadata.Link) {
	if l.MTU == 0 {
		l.MTU = second.MTU
	}
	l.Optional = l.Optional && second.Optional
	l.DHCP4 = l.DHCP4 || second.DHCP4
	l.DHCP6 = l.DHCP6 || second.DHCP6
	l.SLAAC = l.SLAAC || second.SLAAC
	l.Addresses = append(l.Addresses, second.Addresses...)
	l.Routes = append(l.Routes, second.Routes...)
	more(&l.DNS, second.DNS)
}

// virtual reads a bond or a VLAN.
func (v *v1) virtual(t *table, kind string) {
	l, ok := t.linkV1()
	good := false
	if kind == "bond" {
		l.Bond, good = t.bondV1()
	} else {
		l.VLAN, good = t.vlan("vlan_id", "vlan_link")
	}
	t.done()
	if ok && good {
		v.net.Links = append(v.net.Links, l)
	}
}

// name gives the one name of a link that is there twice.
func (v *v1) name(name string) string {
	if first := v.alias[name]; first != "" {
		return first
	}
	return name
}

// rename does that for the links below l.
func (v *v1) rename(l *metadata.Link) {
	if l.VLAN != nil {
		l.VLAN.Link = v.name(l.VLAN.Link)
	}
	if l.Bond != nil {
		for i, m := range l.Bond.Members {
			l.Bond.Members[i] = v.name(m)
		}
	}
}

func (v *v1) nameserver(t *table) {
	d := t.dns("address", "search")
	if t.has("interface") {
		if _, ok := t.need("interface"); ok {
			v.bound = append(v.bound, boundDNS{t.value("interface"), d})
		}
	} else {
		more(&v.net.DNS, d)
	}
	t.done()
}
