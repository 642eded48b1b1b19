// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simnet

import (
	"net/netip"
	"slices"
)

// A route is one that somebody added. Those that the kernel keeps for its own
// addresses are computed (onLink).
type route struct {
	Dst     netip.Prefix `json:"dst"`
	Gateway netip.Addr   `json:"gateway"`      // of an interface route: a local address
	If      string       `json:"if,omitempty"` // bound to this interface
	OnLink  bool         `json:"on_link,omitempty"`
	Saved   bool         `json:"saved,omitempty"` // out of the table while the interface is down

	Flags  int        `json:"flags,omitempty"` // rtf* beside UP
	Source netip.Addr `json:"source,omitzero"` // RTF_SETSRC
	MTU    int        `json:"mtu,omitempty"`
}

// Flags of a route (uts/common/net/route.h).
const (
	rtfUp        = 0x1
	rtfGateway   = 0x2
	rtfHost      = 0x4
	rtfReject    = 0x8
	rtfDone      = 0x40
	rtfStatic    = 0x800
	rtfBlackhole = 0x1000
	rtfPrivate   = 0x2000
	rtfMultiRt   = 0x10000
	rtfSetSrc    = 0x20000
	rtfIndirect  = 0x40000
	rtfKernel    = 0x80000
)

func (r *route) v6() bool { return r.Dst.Addr().Is6() }

// host says whether the destination is one address.
func (r *route) host() bool { return r.Dst.Bits() == r.Dst.Addr().BitLen() }

// onLink are the interface routes: the kernel's own for every address that is
// up (ipif_add_ires_v4()), and those that were added by hand.
func (s *state) onLink(v6 bool) []*route {
	var all []*route
	for _, i := range s.walk() {
		if i.V6 != v6 || i.loopback() {
			continue
		}
		for _, l := range i.Lifs {
			if l.Up && !l.NoTransmit && !l.Addr.IsUnspecified() {
				all = append(all, &route{
					Dst: netip.PrefixFrom(l.Addr, l.Bits).Masked(), Gateway: l.Addr,
					If: i.Name, OnLink: true, Flags: rtfKernel,
				})
			}
		}
	}
	for _, r := range s.Routes {
		if r.OnLink && !r.Saved && r.v6() == v6 {
			all = append(all, r)
		}
	}
	return all
}

// isLocal says whether an address is one of the guest's own that is up, on the
// given interface if there is one.
func (s *state) isLocal(addr netip.Addr, name string) bool {
	i, l := s.local(addr)
	return i != nil && l.Up && (name == "" || i.Name == name)
}

// nextHop finds the interface route for an address, on one interface if name
// is not "".
func (s *state) nextHop(addr netip.Addr, name string) *route {
	var best *route
	for _, r := range s.onLink(addr.Is6()) {
		if name != "" && r.If != name || !r.Dst.Contains(addr) {
			continue
		}
		if best == nil || r.Dst.Bits() > best.Dst.Bits() {
			best = r
		}
	}
	return best
}

// addRoute is ip_rt_add() and ip_rt_add_v6() (uts/common/inet/ip).
func (s *state) addRoute(r *route) errno {
	if r.Gateway.IsUnspecified() || !r.Gateway.IsValid() {
		return eNETUNREACH
	}
	if r.Flags&rtfMultiRt != 0 && !r.host() {
		return eADDRNOTAVAIL
	}
	if r.Flags&rtfSetSrc != 0 {
		if e := s.checkSource(r); e != eOK {
			return e
		}
	}
	if i, _ := s.local(r.Gateway); i != nil && i.loopback() {
		r.Flags &^= rtfGateway
	}
	if r.Flags&rtfGateway == 0 {
		return s.addInterfaceRoute(r)
	}
	if r.Flags&rtfIndirect == 0 && (s.isLocal(r.Gateway, r.If) || s.nextHop(r.Gateway, r.If) == nil) {
		return eNETUNREACH
	}
	if s.sameRoute(r) != nil {
		return eEXIST
	}
	s.insertRoute(r)
	return eOK
}

// checkSource is what ip_rts_request_common() asks of -setsrc.
func (s *state) checkSource(r *route) errno {
	switch {
	case r.Flags&rtfGateway == 0:
		return eADDRNOTAVAIL
	case !r.Source.IsValid() || r.Source.IsUnspecified() || r.Source.IsLoopback():
		return eINVAL
	case !s.isLocal(r.Source, ""):
		return eADDRNOTAVAIL
	}
	return eOK
}

// addInterfaceRoute adds a route whose gateway is a local address, up or down.
func (s *state) addInterfaceRoute(r *route) errno {
	i, _ := s.local(r.Gateway)
	if i == nil {
		return eNETUNREACH
	}
	if r.If != "" && r.If != i.Name {
		// With -ifp the address is looked up on that interface alone.
		return eNETUNREACH
	}
	r.If, r.OnLink = i.Name, true
	for _, other := range s.onLink(r.v6()) {
		if other.Dst == r.Dst && other.Gateway == r.Gateway && other.If == r.If {
			return eEXIST
		}
	}
	s.insertRoute(r)
	return eOK
}

// insertRoute puts a route into the table, in place of one that waits for its
// interface.
func (s *state) insertRoute(r *route) {
	s.Routes = slices.DeleteFunc(s.Routes, func(o *route) bool {
		return o.Saved && o.Dst == r.Dst && o.Gateway == r.Gateway && o.If == r.If
	})
	s.Routes = append(s.Routes, r)
}

// sameRoute finds a route of the same kind; one that is bound to an interface
// is found by everybody, an unbound one only by those that name no interface
// (ire_match_args() with MATCH_IRE_ILL).
func (s *state) sameRoute(r *route) *route {
	return find(s.Routes, func(o *route) bool {
		return !o.Saved && !o.OnLink && o.Dst == r.Dst && o.Gateway == r.Gateway && (r.If == "" || o.If == r.If)
	})
}

// deleteRoute is ip_rt_delete(): an interface route if the gateway is a local
// address and there is one, else a route through the gateway.
func (s *state) deleteRoute(r *route) errno {
	var found *route
	if i, _ := s.local(r.Gateway); i != nil {
		name := r.If
		if name == "" {
			name = i.Name
		}
		found = find(s.Routes, func(o *route) bool {
			return !o.Saved && o.OnLink && o.Dst == r.Dst && o.Gateway == r.Gateway && o.If == name
		})
	}
	if found == nil {
		found = s.sameRoute(r)
	}
	if found == nil {
		return eSRCH
	}
	s.dropRoute(found)
	return eOK
}

func (s *state) dropRoute(r *route) {
	s.Routes = slices.DeleteFunc(s.Routes, func(o *route) bool { return o == r })
}

// saveRoutes takes the routes of an interface that is down out of the table.
// Those that are bound to no interface stay, without effect.
func (s *state) saveRoutes(i *ill) {
	for _, r := range s.Routes {
		if r.If == i.Name && r.v6() == i.V6 {
			r.Saved = true
		}
	}
}

// recoverRoutes puts them back (ill_recover_saved_ire).
func (s *state) recoverRoutes(i *ill) {
	for _, r := range s.Routes {
		if r.If == i.Name && r.v6() == i.V6 {
			r.Saved = false
		}
	}
}

// lookup finds the route to a destination (ire_lookup_v4()): exact if a mask
// was given, else the longest prefix. It also gives the interface that packets
// leave by, "" if the gateway cannot be reached.
func (s *state) lookup(dst netip.Prefix, masked bool, gateway netip.Addr, name string) (r *route, out string) {
	if dst.IsSingleIP() && s.isLocal(dst.Addr(), "") && (!gateway.IsValid() || gateway.IsUnspecified()) {
		i, _ := s.local(dst.Addr())
		return &route{Dst: dst, Gateway: unspecified(i.V6), If: i.Name, OnLink: true, Flags: rtfKernel}, i.Name
	}
	for _, o := range append(s.onLink(dst.Addr().Is6()), s.Routes...) {
		switch {
		case o.Saved || o.v6() != dst.Addr().Is6():
		case masked && o.Dst != dst || !masked && !o.Dst.Contains(dst.Addr()):
		case gateway.IsValid() && o.Gateway != gateway:
		case name != "" && o.If != name:
		case r == nil || o.Dst.Bits() > r.Dst.Bits():
			r = o
		}
	}
	if r == nil || r.OnLink {
		if r != nil {
			out = r.If
		}
		return r, out
	}
	if hop := s.nextHop(r.Gateway, r.If); hop != nil {
		return r, hop.If
	}
	return r, ""
}
