// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"fmt"
	"net/netip"
	"strings"

	"illumos-metadata/common/cloudinit"
	"illumos-metadata/common/metadata"
)

// network takes the interfaces and the name servers. Where no interface has an
// address that can be used the guest gets DHCP on its preferred one, for
// otherwise nobody could get in.
func (d *droplet) network(fields map[string]any) {
	dns := d.object("dns", fields["dns"])
	for i, item := range many(dns["nameservers"]) {
		if addr, ok := d.addr(fmt.Sprintf("dns.nameservers[%d]", i), item); ok {
			d.Network.DNS.Servers = append(d.Network.DNS.Servers, addr)
		}
	}
	interfaces := d.object("interfaces", fields["interfaces"])
	for _, kind := range []string{"public", "private"} {
		for i, item := range many(interfaces[kind]) {
			path := fmt.Sprintf("interfaces.%s[%d]", kind, i)
			if nic := d.object(path, item); nic != nil {
				d.link(fmt.Sprint(kind, i), path, kind, nic)
			}
		}
	}
	d.Network.DHCP = len(d.Network.Links) == 0
}

// object gives the fields of an object, nil where there is none.
func (d *droplet) object(path string, v any) map[string]any {
	fields, ok := v.(map[string]any)
	if !ok && v != nil {
		d.problem(metadata.ItemNetwork, path, "not an object")
	}
	return fields
}

// addr takes an address without a prefix, if there is one.
func (d *droplet) addr(path string, v any) (netip.Addr, bool) {
	text, ok := d.text(path, v)
	if !ok || text == "" {
		return netip.Addr{}, false
	}
	addr, err := netip.ParseAddr(text)
	if err != nil {
		d.problem(metadata.ItemNetwork, path, fmt.Sprintf("%.60q is no IP address", text))
	}
	return addr, err == nil
}

// text gives a value of the network without blanks around.
func (d *droplet) text(path string, v any) (string, bool) {
	text, ok := jsonText(v)
	if !ok {
		d.problem(metadata.ItemNetwork, path, "not a text")
	}
	return strings.TrimSpace(text), ok
}

// link takes one interface. The list that it is in says whether it is public,
// unless it says so itself. Only the MAC address tells which one it is. The
// gateway of a public one is the default route; anchors and private interfaces
// have one for routes that a person would set.
func (d *droplet) link(name, path, kind string, nic map[string]any) {
	text, ok := d.text(path+".mac", nic["mac"])
	if !ok {
		return
	}
	mac, err := metadata.ParseMAC(text)
	if err != nil {
		d.problem(metadata.ItemNetwork, path+".mac", err.Error())
		return
	}
	if own, _ := jsonText(nic["type"]); own == "public" || own == "private" {
		kind = own
	}
	l := metadata.Link{Name: name, Match: metadata.Match{MAC: mac}}
	for _, part := range []string{"ipv4", "ipv6", "anchor_ipv4", "anchor_ipv6"} {
		path := path + "." + part
		fields := d.object(path, nic[part])
		if !d.address(&l, path, fields) || kind != "public" || strings.HasPrefix(part, "anchor") {
			continue
		}
		if via, ok := d.addr(path+".gateway", fields["gateway"]); ok {
			l.Routes = append(l.Routes, metadata.Route{To: netip.PrefixFrom(via, 0).Masked(), Via: via})
		}
	}
	if len(l.Addresses) == 0 {
		d.warn(path, "ignored: it has no address")
		return
	}
	d.Network.Links = append(d.Network.Links, l)
}

// address takes an address and says whether there is one. Whoever reserves an
// address for a droplet has it led to the anchor, the second address of its
// public interface, so that one needs no more than being there.
func (d *droplet) address(l *metadata.Link, path string, fields map[string]any) bool {
	text, ok := d.text(path+".ip_address", fields["ip_address"])
	if !ok || text == "" {
		return false
	}
	mask, key := fields["netmask"], ".netmask"
	if mask == nil {
		mask, key = fields["cidr"], ".cidr"
	}
	bits, ok := d.text(path+key, mask)
	if !ok {
		return false
	}
	p, guessed, err := cloudinit.ParseAddress(text, bits)
	if err == nil {
		if err = metadata.CheckAddress(p); err != nil {
			err = fmt.Errorf("%v: %w", p, err)
		}
	}
	if err != nil {
		d.problem(metadata.ItemNetwork, path, err.Error())
		return false
	}
	if guessed {
		d.warn(path, fmt.Sprintf("no netmask, taken for /%d", p.Bits()))
	}
	l.Addresses = append(l.Addresses, p)
	return true
}
