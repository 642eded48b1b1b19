// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"net/netip"
	"slices"

	"illumos-metadata/common/guest"
)

// wayOut notes the parts that a default route needs: itself, the address from
// which its gateway is reached, and the link of that.
func (p *plan) wayOut() {
	for _, r := range p.made.Routes {
		if r.To.Bits() != 0 || slices.ContainsFunc(p.late, func(s guest.Step) bool { return s.Part == r.part() }) {
			continue
		}
		p.way = append(p.way, r.part())
		for _, d := range p.made.Routes {
			if d.Direct && d.To.Addr() == r.Via {
				p.way = append(p.way, d.part())
			}
		}
		for _, a := range p.have.addresses {
			if prefix(a).Contains(r.Via) || a.Type == "addrconf" && r.Link == linkOf(a.Object) || p.direct(r.Via, prefix(a).Addr()) {
				p.way = append(p.way, linkOf(a.Object), a.Object)
			}
		}
	}
}

// direct says whether a gateway is reached on the link of an address.
func (p *plan) direct(gateway, own netip.Addr) bool {
	return slices.ContainsFunc(p.made.Routes, func(r route) bool { return r.Direct && r.To.Addr() == gateway && r.Via == own })
}
