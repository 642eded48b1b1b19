// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simnet

import (
	"net/netip"
	"slices"
	"time"
)

// makeAddrconf is i_ipadm_create_ipv6addrs() (ipadm_ndpd.c): the link-local
// address at once, the others from in.ndpd if it runs.
func (s *state) makeAddrconf(i *ill, a *address) ipStatus {
	if s.lacks("sys_ip_config") {
		return ipPerm
	}
	l := i.freeLif()
	e := s.setAddr(i, l, s.linkLocal(i.Name, a), 10)
	if e == eOK {
		e = s.setUp(i, l)
	}
	st := e.status()
	if e == eEXIST || st == ipOK && s.NDP && (a.stateless || a.stateful) && s.autoconfigured(i.Name, a.object) {
		st = ipAddrconf
	}
	if st == ipOK {
		st = s.record(a, l.N)
	}
	if st != ipOK {
		s.removeLif(i, l)
		return st
	}
	o := s.object(a.object)
	o.ID, o.Stateless, o.Stateful = a.id, a.stateless, a.stateful
	s.solicit(o, time.Now())
	return ipOK
}

// linkLocal is i_ipadm_create_linklocal()'s address: from the Ethernet address
// or the interface identifier that was asked for.
func (s *state) linkLocal(ifname string, a *address) netip.Addr {
	prefix := netip.MustParseAddr("fe80::")
	if a.idBits == 0 {
		return withID(prefix, interfaceID(s.hardware(s.activeLink(ifname))))
	}
	b := a.id.As16()
	b[0], b[1] = b[0]|0xfe, b[1]|0x80
	return netip.AddrFrom16(b)
}

// autoconfigured says whether another object of the interface has in.ndpd at
// work.
func (s *state) autoconfigured(ifname, name string) bool {
	return slices.ContainsFunc(s.Objects, func(o *object) bool {
		return o.If == ifname && o.Type == "addrconf" && o.Name != name && o.Active && (o.Stateless || o.Stateful)
	})
}

// solicit has in.ndpd ask for the router of an addrconf object's link.
func (s *state) solicit(o *object, now time.Time) {
	router := s.network(o.If).Router
	if s.NDP && router != nil && (o.Stateless || o.Stateful) && !o.Extra {
		o.Due = now.Add(router.Delay)
	}
}

// startNDP starts in.ndpd (svc:/network/routing/ndp), which looks after every
// addrconf object there is.
func (s *state) startNDP(now time.Time) {
	if s.NDP {
		return
	}
	s.NDP = true
	for _, o := range s.Objects {
		if o.Type == "addrconf" && o.Active {
			s.solicit(o, now)
		}
	}
}

// advertise handles the advertisements that have arrived by now.
func (s *state) advertise(now time.Time) {
	for _, o := range slices.Clone(s.Objects) {
		if o.Due.IsZero() || now.Before(o.Due) {
			continue
		}
		o.Due = time.Time{}
		s.changed = true
		if i, router := s.ill(o.If, true), s.network(o.If).Router; i != nil && router != nil {
			s.autoconfigure(i, o, router)
		}
	}
}

// autoconfigure makes the addresses of a router's prefix, and the default
// route through it.
func (s *state) autoconfigure(i *ill, o *object, router *Router) {
	if o.Stateless && router.Prefix.IsValid() {
		id := interfaceID(s.hardware(s.activeLink(o.If)))
		if o.ID.IsValid() && !o.ID.IsUnspecified() {
			b := o.ID.As16()
			copy(id[:], b[8:])
		}
		s.extraAddress(i, o, netip.PrefixFrom(withID(router.Prefix.Addr(), id), router.Prefix.Bits()))
	}
	if o.Stateful && router.Managed.IsValid() {
		bits := 128
		if router.Prefix.IsValid() && router.Prefix.Contains(router.Managed) {
			bits = router.Prefix.Bits()
		}
		s.extraAddress(i, o, netip.PrefixFrom(router.Managed, bits))
	}
	if router.Address.IsValid() {
		s.addRoute(&route{
			Dst: netip.PrefixFrom(netip.IPv6Unspecified(), 0), Gateway: router.Address, If: i.Name, Flags: rtfGateway,
		})
	}
}

// extraAddress adds one address to an addrconf object, under its name.
func (s *state) extraAddress(i *ill, o *object, p netip.Prefix) {
	l := i.addLif()
	l.Addrconf = true
	if s.setAddr(i, l, p.Addr(), p.Bits()) != eOK || s.setUp(i, l) != eOK {
		s.removeLif(i, l)
		return
	}
	s.Objects = append(s.Objects, &object{
		Name: o.Name, If: o.If, V6: true, N: l.N, Type: o.Type, Active: true, Extra: true,
	})
}

// deleteAddrconf is i_ipadm_delete_ipv6addrs(): all addresses of an object.
func (s *state) deleteAddrconf(o *object) {
	i := s.ill(o.If, true)
	if i == nil {
		return
	}
	s.Objects = slices.DeleteFunc(s.Objects, func(x *object) bool {
		if !x.Extra || x.Name != o.Name {
			return false
		}
		if l := i.lif(x.N); l != nil {
			s.removeLif(i, l)
		}
		return true
	})
	if l := i.lif(o.N); l != nil {
		s.removeLif(i, l)
	}
	s.Routes = slices.DeleteFunc(s.Routes, func(r *route) bool {
		return r.If == o.If && r.v6() && r.Flags&rtfStatic == 0 && r.Flags&rtfGateway != 0
	})
}
