// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package metadata

import (
	"errors"
	"fmt"
	"net/netip"
	"path"
	"slices"
	"strings"
	"unicode"
)

// The sizes of a packet that a link can be asked for: RFC 791 and RFC 8200
// section 5 at the lower end, the largest jumbo frame in use at the upper one.
const (
	minMTU4 = 576
	minMTU6 = 1280
	maxMTU  = 9216
)

// A netCheck goes over one Network. What is wrong costs only itself; a link
// whose foundation is wrong goes with it.
type netCheck struct {
	problem, warn func(format string, args ...any)

	kinds map[string]string // of the links so far, by Name: physical, bond or vlan
	macs  map[string]string // Name by MAC
	used  map[string]string // the bond by the Name of its member
	vids  map[VLAN]string   // Name of the VLAN
	addrs map[netip.Addr]owner
	names map[string]string // Name by SetName
}

// An owner is the link that has an address, and how long its prefix is there.
type owner struct {
	name string
	bits int
}

// checkNetwork keeps what is legal of the network part and reports the rest.
func (in *Instance) checkNetwork() {
	wrong := 0
	c := netCheck{
		problem: func(format string, args ...any) {
			if wrong++; wrong <= maxProblems {
				in.problem(ItemNetwork, format, args...)
			}
		},
		warn:  func(format string, args ...any) { in.Warnings = append(in.Warnings, fmt.Sprintf(format, args...)) },
		kinds: map[string]string{}, macs: map[string]string{}, used: map[string]string{},
		vids: map[VLAN]string{}, addrs: map[netip.Addr]owner{}, names: map[string]string{},
	}
	n := &in.Network
	n.Links = c.links(n.Links)
	n.Routes = c.routes("network", n.Routes)
	c.dns("network", &n.DNS)
	if wrong > maxProblems {
		in.problem(ItemNetwork, "%d more values are wrong", wrong-maxProblems)
	}
}

// links checks physical links first, then what stands on them: a bond on
// physical links, a VLAN on either. Nothing stands on a VLAN: libdlvnic.c
// dladm_vnic_create refuses that, so there are no circles to look for.
func (c *netCheck) links(links []Link) []Link {
	ok := make([]bool, len(links))
	for _, kind := range []string{"physical", "bond", "vlan"} {
		for i := range links {
			if links[i].kind() == kind {
				ok[i] = c.link(kind, &links[i])
			}
		}
	}
	var left []Link
	for i, l := range links {
		if ok[i] {
			left = append(left, l)
		}
	}
	for i := range left {
		c.values(&left[i])
	}
	return left
}

func (l *Link) kind() string {
	switch {
	case l.VLAN != nil:
		return "vlan"
	case l.Bond != nil:
		return "bond"
	}
	return "physical"
}

// link says whether l can be one, and enters it.
func (c *netCheck) link(kind string, l *Link) bool {
	if l.Name == "" || len(l.Name) > 255 || strings.ContainsFunc(l.Name, unicode.IsControl) || strings.ToValidUTF8(l.Name, "") != l.Name {
		c.problem("link %.60q: no name for a link", l.Name)
		return false
	}
	if c.kinds[l.Name] != "" {
		c.problem("link %s: there are two of this name", l.Name)
		return false
	}
	var err error
	switch kind {
	case "physical":
		err = c.match(l)
	case "bond":
		err = c.bond(l)
	case "vlan":
		err = c.vlan(l)
	}
	if err != nil {
		c.problem("link %s: %v", l.Name, err)
		return false
	}
	c.kinds[l.Name] = kind
	return true
}

func (c *netCheck) match(l *Link) error {
	for _, pattern := range []string{l.Match.Name, l.Match.Driver} {
		if _, err := path.Match(pattern, ""); err != nil {
			return fmt.Errorf("pattern %.60q: %w", pattern, err)
		}
	}
	if l.Match.MAC == "" {
		return nil
	}
	mac, err := ParseMAC(l.Match.MAC)
	if err != nil {
		return err
	}
	if other := c.macs[mac]; other != "" {
		return fmt.Errorf("MAC address %s is that of link %s", mac, other)
	}
	l.Match.MAC, c.macs[mac] = mac, l.Name
	return nil
}

// bond keeps the members that can be ones.
func (c *netCheck) bond(l *Link) error {
	b := l.Bond
	modes := []string{"balance-rr", "active-backup", "balance-xor", "broadcast", "802.3ad", "balance-tlb", "balance-alb"}
	if !slices.Contains(modes, b.Mode) {
		return fmt.Errorf("bond mode %.60q is not known", b.Mode)
	}
	if !slices.Contains([]string{"", "slow", "fast"}, b.LACP) {
		c.problem("link %s: LACP rate %.60q is neither slow nor fast", l.Name, b.LACP)
		b.LACP = ""
	}
	policies := []string{"", "layer2", "layer2+3", "layer3+4", "encap2+3", "encap3+4", "vlan+srcmac"}
	if !slices.Contains(policies, b.Policy) {
		c.problem("link %s: transmit hash policy %.60q is not known", l.Name, b.Policy)
		b.Policy = ""
	}
	var members []string
	for _, m := range b.Members {
		switch {
		case c.kinds[m] != "physical":
			c.problem("link %s: its member %.60q is no physical link of this network", l.Name, m)
		case c.used[m] != "":
			c.problem("link %s: its member %s is in bond %s", l.Name, m, c.used[m])
		default:
			c.used[m] = l.Name
			members = append(members, m)
		}
	}
	b.Members = members
	if len(members) == 0 {
		return errors.New("a bond without members")
	}
	return nil
}

func (c *netCheck) vlan(l *Link) error {
	v := *l.VLAN
	if v.ID < 1 || v.ID > 4094 {
		return fmt.Errorf("VLAN ID %d: 1 to 4094 are legal", v.ID)
	}
	if kind := c.kinds[v.Link]; kind != "physical" && kind != "bond" {
		return fmt.Errorf("the link below it, %.60q, is no physical link or bond of this network", v.Link)
	}
	if other := c.vids[v]; other != "" {
		return fmt.Errorf("VLAN %d of link %s is link %s", v.ID, v.Link, other)
	}
	c.vids[v] = l.Name
	return nil
}

// values checks what is set on a link.
func (c *netCheck) values(l *Link) {
	c.setName(l)
	l.Addresses = c.addresses(l)
	if l.InterfaceID != (netip.Addr{}) && !isInterfaceID(l.InterfaceID) {
		c.problem("link %s: interface ID %s: 64 bits behind :: expected", l.Name, l.InterfaceID)
		l.InterfaceID = netip.Addr{}
	}
	l.Routes = c.routes("link "+l.Name, l.Routes)
	c.dns("link "+l.Name, &l.DNS)
	least := minMTU4
	if l.DHCP6 || l.SLAAC || slices.ContainsFunc(l.Addresses, func(p netip.Prefix) bool { return p.Addr().Is6() }) {
		least = minMTU6
	}
	if l.MTU != 0 && (l.MTU < least || l.MTU > maxMTU) {
		c.problem("link %s: MTU %d: %d to %d are legal", l.Name, l.MTU, least, maxMTU)
		l.MTU = 0
	}
}

// setName drops a name that the link cannot get: a wish, so no problem.
func (c *netCheck) setName(l *Link) {
	if l.SetName == "" {
		return
	}
	err := CheckLinkName(l.SetName)
	if other := c.names[l.SetName]; other != "" {
		err = fmt.Errorf("link %s gets the name %s", other, l.SetName)
	}
	if err != nil {
		c.warn("link %s: it keeps its name: %v", l.Name, err)
		l.SetName = ""
		return
	}
	c.names[l.SetName] = l.Name
}

// addresses keeps each address once.
func (c *netCheck) addresses(l *Link) []netip.Prefix {
	var left []netip.Prefix
	for _, p := range l.Addresses {
		me := owner{l.Name, p.Bits()}
		other, taken := c.addrs[p.Addr()]
		if err := CheckAddress(p); err != nil {
			c.problem("link %s: address %v: %v", l.Name, p, err)
		} else if !taken {
			c.addrs[p.Addr()] = me
			left = append(left, p)
		} else if other != me {
			c.problem("link %s: address %v: it is on link %s already, as /%d", l.Name, p, other.name, other.bits)
		}
	}
	return left
}

// CheckAddress says why p is no address for a link.
func CheckAddress(p netip.Prefix) error {
	switch a := p.Addr(); {
	case !p.IsValid():
		return errors.New("not an address with the length of its prefix")
	case p.Bits() == 0:
		return errors.New("a prefix of no bits")
	case a.IsUnspecified() || a.IsMulticast() || a.IsLoopback() || a.Is4In6() || a == netip.AddrFrom4([4]byte{255, 255, 255, 255}):
		return errors.New("no address for a link")
	}
	return nil
}

// routes keeps each route once, with the network's own bits alone.
func (c *netCheck) routes(where string, routes []Route) []Route {
	var left []Route
	seen := map[Route]bool{}
	for _, r := range routes {
		r.To, r.Via = r.To.Masked(), r.Via.WithZone("") // a zone names the link, in another system's words
		if r.Metric < 0 {
			c.problem("%s: route to %v by %v: metric %d is negative", where, r.To, r.Via, r.Metric)
			r.Metric = 0
		}
		if err := checkRoute(r); err != nil {
			c.problem("%s: route to %v by %v: %v", where, r.To, r.Via, err)
		} else if !seen[r] {
			seen[r] = true
			left = append(left, r)
		}
	}
	return left
}

func checkRoute(r Route) error {
	switch {
	case !r.To.IsValid():
		return errors.New("not a network")
	case !r.Via.IsValid() || r.Via.IsUnspecified() || r.Via.IsMulticast() || r.Via.IsLoopback() || r.Via.Is4In6():
		return errors.New("no address for a gateway")
	case r.To.Addr().Is4() != r.Via.Is4():
		return errors.New("the gateway is of the other address family")
	}
	return nil
}

// dns keeps each server and each domain once.
func (c *netCheck) dns(where string, d *DNS) {
	var servers []netip.Addr
	seen := map[string]bool{}
	for _, a := range d.Servers {
		if !a.IsValid() || a.IsUnspecified() || a.IsMulticast() || a.Is4In6() || a.Zone() != "" {
			c.problem("%s: DNS server %v: no address for a server", where, a)
		} else if !seen[a.String()] {
			seen[a.String()] = true
			servers = append(servers, a)
		}
	}
	var search []string
	for _, name := range d.Search {
		if err := checkDomain(name); err != nil {
			c.problem("%s: search domain: %v", where, err)
		} else if !seen[name] {
			seen[name] = true
			search = append(search, name)
		}
	}
	d.Servers, d.Search = servers, search
}

// checkDomain is CheckHostname for a domain, which may end in a dot and hold
// underscores.
func checkDomain(name string) error {
	return CheckHostname(strings.ReplaceAll(strings.TrimSuffix(name, "."), "_", "x"))
}

// isInterfaceID says whether an address is an interface identifier (RFC 4291,
// 2.5.1): its upper half is zero, and the lower one is not.
func isInterfaceID(a netip.Addr) bool {
	return a.Is6() && a.Zone() == "" && !a.IsUnspecified() && netip.PrefixFrom(netip.IPv6Unspecified(), 64).Contains(a)
}
