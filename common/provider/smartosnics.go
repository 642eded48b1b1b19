// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"illumos-metadata/common/metadata"
)

// A nic is one entry of sdc:nics (vmadm(8), nics). Its vlan_id is the host's
// business: the guest sees no tag.
type nic struct {
	Name     loose    `json:"interface"`
	MAC      loose    `json:"mac"`
	IPs      []string `json:"ips"`      // addresses with prefix, dhcp, addrconf
	Gateways []string `json:"gateways"` // those of the primary one count
	Primary  loose    `json:"primary"`
	MTU      loose    `json:"mtu"`

	IP      loose `json:"ip"` // of older platforms, like the next two
	Netmask loose `json:"netmask"`
	Gateway loose `json:"gateway"`
}

// A loose value is a text, a number or a boolean: older platforms give some as
// text.
type loose string

// UnmarshalJSON takes any scalar as it is written.
func (l *loose) UnmarshalJSON(b []byte) error {
	if b[0] == '"' {
		return json.Unmarshal(b, (*string)(l))
	}
	if b[0] == '{' || b[0] == '[' {
		return fmt.Errorf("%.20q where a single value should be", b)
	}
	if string(b) != "null" {
		*l = loose(b)
	}
	return nil
}

// mistake says what is wrong with a JSON document, without words of Go.
func mistake(err error) string {
	var kind *json.UnmarshalTypeError
	if errors.As(err, &kind) {
		return strings.TrimPrefix(fmt.Sprintf("%.60s: %s is not expected", kind.Field, kind.Value), ": ")
	}
	return fmt.Sprintf("%.200s", err)
}

// A nicList reads the network part of a host's values.
type nicList struct{ problem, warn func(key, why string) }

// network gives the wanted network. Without sdc:nics, or where it cannot be
// read, that is DHCP on the preferred interface: the host serves it, too.
func (n nicList) network(docs Documents) metadata.Network {
	want := metadata.Network{}
	var entries []json.RawMessage
	switch text := bytes.TrimSpace(docs.Files[keyNICs]); {
	case len(text) == 0:
		want.DHCP = true
	case json.Unmarshal(text, &entries) != nil:
		n.problem(keyNICs, "no JSON list")
		want.DHCP = true
	}
	var nics []nic
	for i, entry := range entries {
		var one nic
		if err := json.Unmarshal(entry, &one); err != nil {
			n.problem(keyNICs, fmt.Sprintf("entry %d: %s", i+1, mistake(err)))
			continue
		}
		if one.Name == "" {
			one.Name = loose(fmt.Sprintf("nic%d", i))
		}
		nics = append(nics, one.modern())
	}
	first := primary(nics)
	for i, one := range nics {
		if l, ok := n.link(one, i == first); ok {
			want.Links = append(want.Links, l)
		}
	}
	want.Routes = n.routes(docs)
	want.DNS = n.dns(docs)
	return want
}

// modern fills the lists of an entry of an older platform, which has single
// values.
func (c nic) modern() nic {
	if len(c.IPs) == 0 && c.IP != "" {
		c.IPs = []string{string(c.IP)}
		if addr, err := netip.ParseAddr(string(c.Netmask)); err == nil && addr.Is4() {
			c.IPs[0] += "/" + strconv.Itoa(maskBits(addr.As4()))
		}
	}
	if len(c.Gateways) == 0 && c.Gateway != "" {
		c.Gateways = []string{string(c.Gateway)}
	}
	return c
}

// maskBits counts the leading ones of a netmask.
func maskBits(mask [4]byte) int {
	n := 0
	for n < 32 && mask[n/8]&(0x80>>(n%8)) != 0 {
		n++
	}
	return n
}

// primary gives the NIC whose gateways count. Not known, and chosen: where none
// is marked it is the first one that has any, lest the guest gets no route.
func primary(nics []nic) int {
	gateway := -1
	for i, c := range nics {
		if c.Primary == "true" || c.Primary == "1" {
			return i
		}
		if gateway < 0 && len(c.Gateways) > 0 {
			gateway = i
		}
	}
	return gateway
}

// link reads one NIC. One that cannot be found in the guest is left out; a wrong
// address costs only itself.
func (n nicList) link(c nic, primary bool) (metadata.Link, bool) {
	mac, err := metadata.ParseMAC(string(c.MAC))
	if err != nil {
		n.problem(keyNICs, fmt.Sprintf("%.40s: %v", c.Name, err))
		return metadata.Link{}, false
	}
	l := metadata.Link{Name: string(c.Name), Match: metadata.Match{MAC: mac}}
	if c.MTU != "" {
		if l.MTU, err = strconv.Atoi(string(c.MTU)); err != nil {
			n.problem(keyNICs, fmt.Sprintf("%.40s: mtu %.20q is no number", c.Name, c.MTU))
		}
	}
	for _, ip := range c.IPs {
		switch ip {
		case "dhcp":
			l.DHCP4 = true
		case "addrconf":
			l.SLAAC, l.DHCP6 = true, true // whichever the router says
		default:
			p, err := netip.ParsePrefix(ip)
			if err != nil {
				n.problem(keyNICs, fmt.Sprintf("%.40s: %.60q is no address with a prefix", c.Name, ip))
				continue
			}
			l.Addresses = append(l.Addresses, p)
		}
	}
	if primary {
		l.Routes = n.gateways(c, l)
	}
	return l, true
}

// gateways gives the default routes, one of each family. A family that is
// configured by DHCP or a router, and by nothing else, gets its route there.
func (n nicList) gateways(c nic, l metadata.Link) []metadata.Route {
	var routes []metadata.Route
	static := map[bool]bool{}
	for _, p := range l.Addresses {
		static[p.Addr().Is4()] = true
	}
	done := map[bool]bool{}
	for _, text := range c.Gateways {
		via, err := netip.ParseAddr(text)
		if err != nil {
			n.problem(keyNICs, fmt.Sprintf("%.40s: gateway %.60q is no address", c.Name, text))
			continue
		}
		if done[via.Is4()] || !static[via.Is4()] {
			continue
		}
		done[via.Is4()] = true
		everywhere := netip.PrefixFrom(netip.IPv6Unspecified(), 0)
		if via.Is4() {
			everywhere = netip.PrefixFrom(netip.IPv4Unspecified(), 0)
		}
		routes = append(routes, metadata.Route{To: everywhere, Via: via})
	}
	return routes
}

// routes reads sdc:routes. A route by an address of the guest itself
// (linklocal) has no gateway, and is not supported.
func (n nicList) routes(docs Documents) []metadata.Route {
	text := bytes.TrimSpace(docs.Files[keyRoutes])
	if len(text) == 0 {
		return nil
	}
	var entries []struct {
		LinkLocal    loose `json:"linklocal"`
		Dst, Gateway loose
	}
	if err := json.Unmarshal(text, &entries); err != nil {
		n.problem(keyRoutes, mistake(err))
		return nil
	}
	var routes []metadata.Route
	for i, e := range entries {
		if e.LinkLocal == "true" || e.LinkLocal == "1" {
			n.warn(keyRoutes, fmt.Sprintf("route %d: left out: it leads to a network on a link, by no gateway", i+1))
			continue
		}
		to, err := destination(string(e.Dst))
		via, err2 := netip.ParseAddr(string(e.Gateway))
		if err != nil || err2 != nil {
			n.problem(keyRoutes, fmt.Sprintf("route %d: from %.60q by %.60q: no network or no address", i+1, e.Dst, e.Gateway))
			continue
		}
		routes = append(routes, metadata.Route{To: to, Via: via})
	}
	return routes
}

// destination reads a network, or the address of a host.
func destination(text string) (netip.Prefix, error) {
	if addr, err := netip.ParseAddr(text); err == nil {
		return addr.Prefix(addr.BitLen())
	}
	p, err := netip.ParsePrefix(text)
	return p.Masked(), err
}

// dns reads the resolvers, and the domain as what to search, as cloud-init does.
func (n nicList) dns(docs Documents) metadata.DNS {
	var d metadata.DNS
	var servers []string
	if text := bytes.TrimSpace(docs.Files[keyResolvers]); len(text) > 0 {
		if err := json.Unmarshal(text, &servers); err != nil {
			n.problem(keyResolvers, mistake(err))
		}
	}
	for _, server := range servers {
		addr, err := netip.ParseAddr(strings.TrimSpace(server))
		if err != nil {
			n.problem(keyResolvers, fmt.Sprintf("%.60q is no IP address", server))
			continue
		}
		d.Servers = append(d.Servers, addr)
	}
	if domain := smartOSText(docs, keyDomain); domain != "" {
		d.Search = []string{domain}
	}
	return d
}
