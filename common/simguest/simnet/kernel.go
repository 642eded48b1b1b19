// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simnet

import (
	"cmp"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// An ill is one address family of an IP interface (uts/common/inet/ip.h).
type ill struct {
	Name        string `json:"name"`
	V6          bool   `json:"v6,omitempty"`
	Index       int    `json:"index"`
	MTU         int    `json:"mtu"`
	Fixed       bool   `json:"fixed,omitempty"` // MTU was set: it no longer follows the link
	NoLinkLocal bool   `json:"no_link_local,omitempty"`

	Router   bool `json:"router,omitempty"`
	NoRoutes bool `json:"no_routes,omitempty"` // IFF_NORTEXCH
	NoLookup bool `json:"no_lookup,omitempty"` // IFF_NOARP or IFF_NONUD
	Metric   int  `json:"metric,omitempty"`

	Lifs []*lif `json:"lifs"` // in order of N; the zeroth is always there
}

// A lif is one logical interface.
type lif struct {
	N    int        `json:"n,omitempty"`
	Addr netip.Addr `json:"addr"` // unspecified if none
	Bits int        `json:"bits,omitempty"`

	Up         bool `json:"up,omitempty"`
	Duplicate  bool `json:"duplicate,omitempty"`
	DHCP       bool `json:"dhcp,omitempty"`     // IFF_DHCPRUNNING
	Addrconf   bool `json:"addrconf,omitempty"` // IFF_ADDRCONF
	Deprecated bool `json:"deprecated,omitempty"`
	Private    bool `json:"private,omitempty"`
	NoTransmit bool `json:"no_transmit,omitempty"`
}

func (i *ill) loopback() bool { return i.Name == "lo0" }

// lif finds a logical interface by number.
func (i *ill) lif(n int) *lif {
	return find(i.Lifs, func(l *lif) bool { return l.N == n })
}

func (i *ill) up() bool {
	return slices.ContainsFunc(i.Lifs, func(l *lif) bool { return l.Up })
}

// unspecified is the unspecified address of a family.
func unspecified(v6 bool) netip.Addr {
	if v6 {
		return netip.IPv6Unspecified()
	}
	return netip.IPv4Unspecified()
}

// ill finds one address family of an interface.
func (s *state) ill(name string, v6 bool) *ill {
	return find(s.Ills, func(i *ill) bool { return i.Name == name && i.V6 == v6 })
}

// plumbed says whether an interface exists in either family.
func (s *state) plumbed(name string) bool {
	return s.ill(name, false) != nil || s.ill(name, true) != nil
}

// isRunning is IFF_RUNNING.
func (s *state) isRunning(i *ill) bool {
	l := s.activeLink(i.Name)
	return l == nil || s.running(l) // lo0 has no link
}

// kind splits an interface's name into device name and instance.
func kind(name string) (device string, ppa int) {
	device = strings.TrimRight(name, "0123456789")
	ppa, _ = strconv.Atoi(name[len(device):])
	return device, ppa
}

// walk gives the interfaces as the kernel lists them (ill_next): IPv4 before
// IPv6, the loopback first, then one kind of device after the other in the
// order in which each was first plumbed, and within a kind by instance.
func (s *state) walk() []*ill {
	all := slices.Clone(s.Ills)
	slices.SortStableFunc(all, func(a, b *ill) int {
		if a.V6 != b.V6 {
			if a.V6 {
				return 1
			}
			return -1
		}
		ak, ai := kind(a.Name)
		bk, bi := kind(b.Name)
		return cmp.Or(cmp.Compare(slices.Index(s.Kinds, ak), slices.Index(s.Kinds, bk)), cmp.Compare(ai, bi))
	})
	return all
}

// plumbKernel makes one address family of an interface (SIOCSLIFNAME).
func (s *state) plumbKernel(name string, v6 bool) *ill {
	i := &ill{Name: name, V6: v6, MTU: etherMTU, NoLinkLocal: v6, Lifs: []*lif{{Addr: unspecified(v6)}}}
	if other := s.ill(name, !v6); other != nil {
		i.Index = other.Index
	} else {
		s.NextIndex++
		i.Index = s.NextIndex
	}
	if l := s.activeLink(name); l != nil {
		i.MTU = l.MTU
	} else {
		i.MTU = loopbackMTU
	}
	if device, _ := kind(name); !slices.Contains(s.Kinds, device) {
		s.Kinds = append(s.Kinds, device)
	}
	s.Ills = append(s.Ills, i)
	return i
}

// loopbackMTU is that of lo0 (uts/common/inet/ip_impl.h IP_LOOPBACK_MTU).
const loopbackMTU = 8232

// unplumbKernel takes one address family away, and all that stands on it.
func (s *state) unplumbKernel(i *ill) {
	for _, l := range i.Lifs {
		s.down(i, l)
	}
	s.Routes = slices.DeleteFunc(s.Routes, func(r *route) bool { return r.If == i.Name && r.v6() == i.V6 })
	s.Ills = slices.DeleteFunc(s.Ills, func(other *ill) bool { return other == i })
	if !i.V6 {
		s.Agent.forget(i.Name)
	}
	device, _ := kind(i.Name)
	if !slices.ContainsFunc(s.Ills, func(other *ill) bool { k, _ := kind(other.Name); return k == device }) {
		s.Kinds = slices.DeleteFunc(s.Kinds, func(k string) bool { return k == device })
	}
}

// addLif is SIOCLIFADDIF: a new logical interface with the lowest free number.
func (i *ill) addLif() *lif {
	n := 0
	for i.lif(n) != nil {
		n++
	}
	l := &lif{N: n, Addr: unspecified(i.V6)}
	i.Lifs = append(i.Lifs, l)
	slices.SortFunc(i.Lifs, func(a, b *lif) int { return a.N - b.N })
	return l
}

// removeLif takes an address away: the zeroth logical interface stays, empty.
func (s *state) removeLif(i *ill, l *lif) {
	s.down(i, l)
	if l.N == 0 {
		*l = lif{Addr: unspecified(i.V6)}
		return
	}
	i.Lifs = slices.DeleteFunc(i.Lifs, func(other *lif) bool { return other == l })
}

// setAddr is SIOCSLIFNETMASK and SIOCSLIFADDR (ip_if.c ip_sioctl_addr()). The
// zeroth logical interface of an IPv6 interface takes link-local addresses
// only: a static address needs an addrconf object before it.
func (s *state) setAddr(i *ill, l *lif, addr netip.Addr, bits int) errno {
	switch {
	case i.V6 && l.N == 0 && !i.loopback() && !addr.IsLinkLocalUnicast():
		return eADDRNOTAVAIL
	case i.V6 && !validV6(addr, bits):
		return eADDRNOTAVAIL
	case !i.V6 && !validV4(addr, bits):
		return eADDRNOTAVAIL
	}
	l.Addr, l.Bits, l.Duplicate = addr, bits, false
	return eOK
}

// validV4 is ip_addr_ok_v4(): neither the network's own address nor its
// broadcast, hence no /31; no multicast.
func validV4(addr netip.Addr, bits int) bool {
	if addr.IsMulticast() || addr == netip.AddrFrom4([4]byte{255, 255, 255, 255}) {
		return false
	}
	if bits == 32 {
		return true
	}
	return addr != netip.PrefixFrom(addr, bits).Masked().Addr() && addr != broadcast(addr, bits)
}

// validV6 is ip_local_addr_ok_v6().
func validV6(addr netip.Addr, bits int) bool {
	if addr.Is4In6() || addr.IsMulticast() {
		return false
	}
	return bits == 128 || addr != netip.PrefixFrom(addr, bits).Masked().Addr()
}

// broadcast is the last IPv4 address of a prefix.
func broadcast(addr netip.Addr, bits int) netip.Addr {
	b := addr.As4()
	for bit := bits; bit < 32; bit++ {
		b[bit/8] |= 0x80 >> (bit % 8)
	}
	return netip.AddrFrom4(b)
}

// setUp is SIOCSLIFFLAGS with IFF_UP, and the duplicate address detection that
// follows; a duplicate leaves the address down and is no error of the ioctl.
func (s *state) setUp(i *ill, l *lif) errno {
	if l.Up {
		return eOK
	}
	if e := s.available(i, l); e != eOK {
		return e
	}
	if !i.loopback() && slices.Contains(s.network(i.Name).Taken, l.Addr) {
		l.Duplicate = true
		return eOK
	}
	first := !i.up()
	l.Up, l.Duplicate = true, false
	if first {
		s.recoverRoutes(i)
	}
	return eOK
}

// available is ip_addr_availability_check(): an address is up once only, link-
// local ones once an interface.
func (s *state) available(i *ill, l *lif) errno {
	for _, other := range s.Ills {
		for _, o := range other.Lifs {
			switch {
			case o == l || !o.Up || o.Addr != l.Addr:
			case l.Addr.IsLinkLocalUnicast() && i.V6 && other != i:
			case other == i:
				return eADDRINUSE
			default:
				return eADDRNOTAVAIL
			}
		}
	}
	return eOK
}

// down takes an address down; with the last one of an interface go the routes
// that are bound to it (ill_downi), to come back when it is up again.
func (s *state) down(i *ill, l *lif) {
	if !l.Up {
		l.Duplicate = false
		return
	}
	l.Up = false
	if !i.up() {
		s.saveRoutes(i)
	}
}

// interfaceID is the modified EUI-64 of an Ethernet address (RFC 4291).
func interfaceID(mac net.HardwareAddr) [8]byte {
	var id [8]byte
	if len(mac) == 6 {
		id = [8]byte{mac[0] ^ 2, mac[1], mac[2], 0xff, 0xfe, mac[3], mac[4], mac[5]}
	}
	return id
}

// withID puts an interface identifier behind a prefix.
func withID(prefix netip.Addr, id [8]byte) netip.Addr {
	b := prefix.As16()
	copy(b[8:], id[:])
	return netip.AddrFrom16(b)
}

// local finds who has an address, up or down.
func (s *state) local(addr netip.Addr) (*ill, *lif) {
	for _, i := range s.walk() {
		for _, l := range i.Lifs {
			if l.Addr == addr && !addr.IsUnspecified() {
				return i, l
			}
		}
	}
	return nil, nil
}
