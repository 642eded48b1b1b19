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
		if why := illegal(a); why != "" {
			p.errs = append(p.errs, fmt.Errorf("%s: address %s: %s", t.Name, a, why))
			continue
		}
		left = append(left, a)
	}
	return left
}

// illegal says why the kernel refuses an address: with a mask of all ones, every
// one is legal (uts/common/inet/ip/ip_if.c, ip_addr_ok_v4(), and ip6_if.c,
// ip_local_addr_ok_v6()).
func illegal(a netip.Prefix) string {
	switch first := a.Masked().Addr(); {
	case a.IsSingleIP():
	case a.Addr().Is4() && a.Bits() == 31:
		return "illumos takes no /31; as a /32 it reaches its router on the link itself"
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
