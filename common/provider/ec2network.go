// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"cmp"
	"fmt"
	"math"
	"net/netip"
	"path"
	"slices"
	"strconv"
	"strings"

	"illumos-metadata/common/metadata"
)

// An ec2NIC is one network interface.
type ec2NIC struct {
	dir          string // of its pages
	mac          string
	card, device int
}

// network takes the interfaces, in the order in which their default routes
// count. The first address of each family comes by DHCP, with the route, the name
// servers and the MTU; the others are static. Only the first interface gets its
// default route: on Linux each one has a routing table of its own, which illumos
// does not have.
func (e *ec2Reader) network() {
	nics := e.nics()
	routed := ""
	for _, n := range nics {
		l := e.link(n)
		if l.NoRoutes = l.DHCP4 && routed != ""; l.NoRoutes {
			e.warn(n.dir, "no routing by source address: its default route is that of "+routed)
		}
		if l.DHCP4 && routed == "" {
			routed = n.mac
		}
		e.Network.Links = append(e.Network.Links, l)
	}
	// An imitator may have no such list.
	e.Network.DHCP = len(nics) == 0
}

// nics gives the interfaces in order of card, device and MAC address.
func (e *ec2Reader) nics() (nics []ec2NIC) {
	dirs := nicDirs(e.docs)
	seen := map[string]bool{}
	for _, dir := range dirs {
		mac, _ := metadata.ParseMAC(path.Base(dir)) // nicDirs has checked it
		if seen[mac] {
			e.problem(metadata.ItemNetwork, dir, "it is listed twice")
			continue
		}
		seen[mac] = true
		card := nicCard
		if firstWord(e.docs, dir+card) == "" {
			card = nicCardOld
		}
		nics = append(nics, ec2NIC{dir, mac, e.number(dir+card, 0), e.number(dir+nicDevice, math.MaxInt)})
	}
	if n := len(words(e.docs.Files[imdsMACs])) - len(dirs); n > 0 {
		e.problem(metadata.ItemNetwork, imdsMACs, fmt.Sprintf("%d words are no new interface, or too many", n))
	}
	slices.SortStableFunc(nics, func(a, b ec2NIC) int {
		return cmp.Or(a.card-b.card, cmp.Compare(a.device, b.device), strings.Compare(a.mac, b.mac))
	})
	return nics
}

// number takes a number, or the one for a page that is not there.
func (e *ec2Reader) number(page string, other int) int {
	text := firstWord(e.docs, page)
	if text == "" {
		return other
	}
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		e.warn(page, fmt.Sprintf("ignored: %.20q is no number", text))
		return other
	}
	return int(n)
}

// link takes one interface. Not known, and chosen: one without any address yet
// gets DHCP, which is what cloud-init does with all.
func (e *ec2Reader) link(n ec2NIC) metadata.Link {
	v4, v6 := words(e.docs.Files[n.dir+nicIPv4]), words(e.docs.Files[n.dir+nicIPv6])
	l := metadata.Link{Name: n.mac, Match: metadata.Match{MAC: n.mac}}
	l.DHCP4 = len(v4) > 0 || len(v6) == 0
	l.DHCP6 = len(v6) > 0
	l.SLAAC = l.DHCP6 // whichever the router says
	l.Addresses = append(e.extra(n.dir, nicIPv4, nicSubnet4), e.extra(n.dir, nicIPv6, nicSubnets6)...)
	for _, page := range []string{"ipv4-prefix", "ipv6-prefix"} {
		listed := words(e.docs.Files[n.dir])
		if slices.Contains(listed, page) || slices.Contains(listed, page+"/") {
			e.warn(n.dir+page, "ignored: delegated prefixes are not configured")
		}
	}
	return l
}

// extra takes the addresses of one family behind the first, with the length of
// the subnet's prefix.
func (e *ec2Reader) extra(dir, page, subnet string) (list []netip.Prefix) {
	for i, text := range words(e.docs.Files[dir+page]) {
		addr, err := netip.ParseAddr(text)
		if err != nil || addr.Is4() != (page == nicIPv4) || addr.Zone() != "" {
			e.problem(metadata.ItemNetwork, dir+page, fmt.Sprintf("%.60q is no address of this kind", text))
			continue
		}
		if i == 0 {
			continue
		}
		p := e.within(addr, dir+subnet)
		if err := metadata.CheckAddress(p); err != nil {
			e.problem(metadata.ItemNetwork, dir+page, fmt.Sprintf("%v: %v", p, err))
			continue
		}
		list = append(list, p)
	}
	return list
}

// within gives an address the length of the prefix of the subnet that has it, or
// else the one that cloud-init takes (DataSourceEc2.py).
func (e *ec2Reader) within(addr netip.Addr, subnets string) netip.Prefix {
	for _, text := range words(e.docs.Files[subnets]) {
		if s, err := netip.ParsePrefix(text); err == nil && s.Contains(addr) {
			return netip.PrefixFrom(addr, s.Bits())
		}
	}
	bits := 24
	if addr.Is6() {
		bits = 128
	}
	e.warn(subnets, fmt.Sprintf("no subnet has %v: taken for /%d", addr, bits))
	return netip.PrefixFrom(addr, bits)
}
