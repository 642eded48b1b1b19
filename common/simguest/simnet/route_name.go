// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simnet

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// addresses is in_getaddr() and in6_getaddr(): a literal or a name in hosts(5).
// A zone behind an IPv6 address is not taken: not known, and chosen.
func (r *routeCall) addresses(a *routeArgs, host, text string) ([]netip.Addr, error) {
	if addr, err := netip.ParseAddr(host); a.v6 && err == nil && addr.Is6() && addr.Zone() == "" {
		return []netip.Addr{addr}, nil
	}
	if addr, ok := inetAddr(host); ok && !a.v6 {
		return []netip.Addr{addr}, nil
	}
	found := slices.DeleteFunc(r.s.hosts(host), func(addr netip.Addr) bool { return addr.Is6() != a.v6 })
	switch {
	case len(found) > 0:
		return found, nil
	case a.v6:
		return nil, syntaxErrorf("route: %s: bad address\n", text)
	}
	return nil, syntaxErrorf("%s: bad value\n", text)
}

// inetAddr is inet_addr(3C): one to four numbers, the last of which fills what
// is left.
func inetAddr(text string) (netip.Addr, bool) {
	parts := strings.Split(text, ".")
	if len(parts) > 4 {
		return netip.Addr{}, false
	}
	var value uint64
	for i, part := range parts {
		last := i+1 == len(parts)
		width := 8
		if last {
			width = 32 - 8*i
		}
		n, err := strconv.ParseUint(part, 0, width)
		if err != nil || strings.Contains(part, "_") {
			return netip.Addr{}, false
		}
		value = value<<width | n
	}
	return netip.AddrFrom4([4]byte{byte(value >> 24), byte(value >> 16), byte(value >> 8), byte(value)}), true
}

// impliedMask is inet_makenetandmask(): a destination that looks like a network
// gets the mask of its class, or of the interface in it, and a short number is
// a network number.
func (r *routeCall) impliedMask(a *routeArgs, host string) {
	if _, numeric := inetAddr(host); !numeric || a.host || !a.net && !isNetwork(a.dst) {
		return
	}
	b := a.dst.As4()
	switch {
	case a.dst.IsUnspecified():
		a.setImplied(0)
		return
	case b[0] == 0 && b[1] == 0 && b[2] == 0:
		a.dst = netip.AddrFrom4([4]byte{b[3]})
		a.setImplied(8)
		return
	case b[0] == 0 && b[1] == 0:
		a.dst = netip.AddrFrom4([4]byte{b[2], b[3]})
		a.setImplied(16)
		return
	case b[0] == 0:
		a.dst = netip.AddrFrom4([4]byte{b[1], b[2], b[3]})
		a.setImplied(24)
		return
	}
	switch {
	case b[0] >= 240:
		a.setImplied(32)
	case b[1] == 0 && b[2] == 0 && b[3] == 0:
		a.setImplied(8)
	case b[2] == 0 && b[3] == 0:
		a.setImplied(16)
	case b[3] == 0:
		a.setImplied(24)
	default:
		a.setImplied(r.s.subnetBits(a.dst, classBits(a.dst)))
	}
}

// setImplied sets a mask, unless one was given.
func (a *routeArgs) setImplied(bits int) {
	if !a.mask.IsValid() {
		a.mask = maskOf(bits, false)
	}
}

// classBits is the length of the mask of an address's class.
func classBits(a netip.Addr) int {
	switch first := a.As4()[0]; {
	case first < 128:
		return 8
	case first < 192:
		return 16
	case first < 224:
		return 24
	}
	return 32
}

// isNetwork says whether the host's part of an address is zero (inet_lnaof()).
func isNetwork(a netip.Addr) bool {
	bits := min(classBits(a), 24)
	return netip.PrefixFrom(a, bits).Masked().Addr() == a
}

// subnetBits is inet_makesubnetmask(): the mask of the first interface that is
// up in the same network.
func (s *state) subnetBits(a netip.Addr, bits int) int {
	network := netip.PrefixFrom(a, bits).Masked()
	for _, i := range s.walk() {
		for _, l := range i.Lifs {
			if !i.V6 && l.Up && network.Contains(l.Addr) {
				return l.Bits
			}
		}
	}
	return bits
}

// routeName is routename(): "default", or the name in hosts(5), or the address.
func (r *routeCall) routeName(a netip.Addr) string {
	if a.IsUnspecified() {
		return "default"
	}
	if !r.numeric {
		if name := r.s.hostAt(a); name != "" {
			return name
		}
	}
	return zoneless(a).String()
}

// hostAt gives the first name of an address in hosts(5), without the domain if
// that is the guest's own.
func (s *state) hostAt(a netip.Addr) string {
	for line := range strings.Lines(readFile(s.w, "/etc/inet/hosts")) {
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		if len(words) < 2 {
			continue
		}
		if at, err := netip.ParseAddr(words[0]); err != nil || at != a {
			continue
		}
		_, own, _ := strings.Cut(s.NodeName, ".")
		if name, domain, ok := strings.Cut(words[1], "."); ok && domain == own {
			return name
		}
		return words[1]
	}
	return ""
}

// netName is netname(): as few numbers as say it. There is no networks(5) file.
func (r *routeCall) netName(a netip.Addr) string {
	if a.Is6() || a.IsUnspecified() {
		return r.routeName(a)
	}
	b := a.As4()
	n := 4
	for n > 1 && b[n-1] == 0 {
		n--
	}
	var parts []string
	for _, v := range b[:n] {
		parts = append(parts, strconv.Itoa(int(v)))
	}
	return strings.Join(parts, ".")
}
