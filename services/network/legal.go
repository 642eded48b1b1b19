// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"net/netip"
)

// legal leaves the addresses out that the kernel takes on no link, each with an
// error, so that nothing else of the link counts on them.
func (p *plan) legal(t target) []netip.Prefix {
	var left []netip.Prefix
	for _, a := range t.Addresses {
		if why := illegal(a); why != "" && !isPair(a) {
			p.errs = append(p.errs, fmt.Errorf("%s: address %s: %s", t.Name, a, why))
			continue
		}
		left = append(left, a)
	}
	return left
}

// pointToPoint gives the addresses of a link with those of a /31 alone, and routes
// on the link to their peers instead: illumos does not know RFC 3021, and takes
// both addresses of a /31 for those of the network and of its broadcast.
func pointToPoint(addresses []netip.Prefix) (all []netip.Prefix, peers []route) {
	for _, a := range addresses {
		if !isPair(a) {
			all = append(all, a)
			continue
		}
		own := a.Addr()
		all = append(all, netip.PrefixFrom(own, 32))
		peer := a.Masked().Addr()
		if peer == own {
			peer = own.Next()
		}
		peers = append(peers, route{To: netip.PrefixFrom(peer, 32), Via: own, Direct: true})
	}
	return all, peers
}

// isPair says whether an address is one of the two of a link (RFC 3021).
func isPair(a netip.Prefix) bool { return a.Addr().Is4() && a.Bits() == 31 }

// illegal says why the kernel refuses an address: with a mask of all ones, every
// one is legal (uts/common/inet/ip/ip_if.c, ip_addr_ok_v4(), and ip6_if.c,
// ip_local_addr_ok_v6()).
func illegal(a netip.Prefix) string {
	switch first := a.Masked().Addr(); {
	case a.IsSingleIP():
	case a.Addr() == first && a.Addr().Is4():
		return "it is that of the network itself"
	case a.Addr() == first:
		return "it is that of all routers of the network"
	case a.Addr().Is4() && a.Addr() == last(a):
		return "it is the broadcast address of the network"
	}
	return ""
}

// last is the last address of an IPv4 network.
func last(p netip.Prefix) netip.Addr {
	b := p.Masked().Addr().As4()
	for bit := p.Bits(); bit < 32; bit++ {
		b[bit/8] |= 0x80 >> (bit % 8)
	}
	return netip.AddrFrom4(b)
}
