// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simnet

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// An addrInfo is one row of ipadm_addr_info().
type addrInfo struct {
	object string // "" where none is known
	ifname string
	kind   string
	state  string
	addr   netip.Addr
	bits   int
	typed  string // address of a disabled static object, as it was given

	current, persistent addrFlags
}

type addrFlags struct{ up, private, deprecated bool }

// addrInfos is i_ipadm_get_all_addr_info(): the active addresses, and behind
// them those that are in the store alone.
func (s *state) addrInfos(ifname string) ([]*addrInfo, ipStatus) {
	all := s.activeAddrs(ifname)
	lines, _ := s.readDB()
	lines = slices.DeleteFunc(lines, func(l dbLine) bool {
		return !l.has(nvObject) || ifname != "" && l.value(nvIf) != ifname
	})
	if len(all) == 0 && len(lines) == 0 && ifname != "" {
		return nil, ipNoIf
	}
	for _, l := range lines {
		a := find(all, func(a *addrInfo) bool { return a.object == l.value(nvObject) })
		if a == nil {
			a = &addrInfo{object: l.value(nvObject), ifname: l.value(nvIf), state: "disabled"}
			all = append(all, a)
		}
		a.merge(l)
	}
	return all, ipOK
}

// activeAddrs is i_ipadm_active_addr_info(). Unspecified addresses are left
// out, unless DHCP runs there.
func (s *state) activeAddrs(ifname string) []*addrInfo {
	var all []*addrInfo
	for _, i := range s.walk() {
		if ifname != "" && i.Name != ifname {
			continue
		}
		for _, l := range i.Lifs {
			if !l.Addr.IsUnspecified() || l.DHCP {
				all = append(all, s.activeAddr(i, l))
			}
		}
	}
	return all
}

func (s *state) activeAddr(i *ill, l *lif) *addrInfo {
	a := &addrInfo{
		ifname: i.Name, kind: "static", addr: l.Addr, bits: l.Bits,
		current: addrFlags{l.Up, l.Private, l.Deprecated},
	}
	switch o := s.objectOf(i, l.N); {
	case o != nil:
		a.object, a.kind = o.Name, o.Type
	case l.DHCP:
		a.kind = "dhcp"
	case l.Addrconf:
		a.kind = "addrconf"
	}
	switch {
	case l.Duplicate:
		a.state = "duplicate"
	case !l.Up:
		a.state = "down"
	case s.isRunning(i):
		a.state = "ok"
	default:
		a.state = "inaccessible"
	}
	return a
}

// merge takes what a line of the store says (i_ipadm_nvl2ainfo_active() and,
// for a disabled object, i_ipadm_nvl2ainfo_persist()).
func (a *addrInfo) merge(l dbLine) {
	v6, isAddr := l.address()
	last := l[len(l)-1]
	switch {
	case !isAddr && last.name == "deprecated":
		a.persistent.deprecated = last.value == on
	case !isAddr && last.name == "private":
		a.persistent.private = last.value == on
	case isAddr && (l.has(nvDHCP) || l.has(nvAddrconf)):
		a.persistent.up = true
	case isAddr:
		a.persistent.up = last.name == nvUp && last.value == "yes"
	}
	if a.state != "disabled" {
		return
	}
	switch {
	case !isAddr && last.name == nvBits:
		a.bits = number(last.value)
	case l.has(nvDHCP):
		a.kind, a.addr = "dhcp", unspecified(false)
	case l.has(nvAddrconf):
		id, bits, _ := strings.Cut(strings.Split(l.value(nvAddrconf), ",")[0], "/")
		a.kind, a.bits = "addrconf", number(bits)
		a.addr, _ = netip.ParseAddr(id)
	case isAddr:
		a.kind, a.addr = "static", unspecified(v6)
		a.typed, _, _ = strings.Cut(l.value(nvV4)+l.value(nvV6), ",")
	}
}

// text is the ADDR column of show-addr.
func (a *addrInfo) text() string {
	if a.kind == "dhcp" && a.addr.IsUnspecified() {
		return "?"
	}
	text := a.addr.String()
	switch {
	case a.typed != "":
		text = a.typed
	case a.addr.Is6() && a.addr.IsLinkLocalUnicast():
		text += "%" + a.ifname
	}
	if a.bits > 0 {
		text += "/" + strconv.Itoa(a.bits)
	}
	return text
}

// addressOf is the address of a static or DHCP object, from the kernel or, if
// l is nil, from the store; invalid for a disabled DHCP object.
func (s *state) addressOf(o *object, l *lif) netip.Addr {
	if l != nil {
		return l.Addr
	}
	lines, _ := s.readDB()
	for _, line := range lines {
		if line.value(nvObject) == o.Name && (line.has(nvV4) || line.has(nvV6)) {
			name, _, _ := strings.Cut(line.value(nvV4)+line.value(nvV6), ",")
			a, _ := s.resolve(name)
			return a
		}
	}
	return netip.Addr{}
}

// An ifInfo is one row of ipadm_if_info().
type ifInfo struct {
	name   string
	class  string
	state  string
	v4, v6 bool // active
	p4, p6 bool // persistent
}

// ifInfos is i_ipadm_get_all_if_info().
func (s *state) ifInfos(name string) ([]*ifInfo, ipStatus) {
	if valid, logical := validInterface(name); name != "" && (!valid || logical) {
		return nil, ipInvalid
	}
	var all []*ifInfo
	for _, i := range s.walk() {
		if name != "" && i.Name != name {
			continue
		}
		row := find(all, func(r *ifInfo) bool { return r.name == i.Name })
		if row == nil {
			row = &ifInfo{name: i.Name, class: "IP", state: s.ifState(i)}
			all = append(all, row)
		}
		if i.loopback() {
			row.class = "VIRTUAL"
		}
		row.v4, row.v6 = row.v4 || !i.V6, row.v6 || i.V6
	}
	lines, _ := s.readDB()
	for _, l := range lines {
		ifname := l.value(nvIf)
		if !l.has(nvFamilies) || name != "" && ifname != name {
			continue
		}
		row := find(all, func(r *ifInfo) bool { return r.name == ifname })
		if row == nil {
			row = &ifInfo{name: ifname, state: "disabled"}
			all = append(all, row)
		}
		row.class = "IP"
		row.p4, row.p6 = families(l.value(nvFamilies))
	}
	if name != "" && len(all) == 0 {
		return nil, ipNoIf
	}
	return all, ipOK
}

// ifState is the state of an active interface.
func (s *state) ifState(i *ill) string {
	up := func(o *ill) bool { return o.Name == i.Name && o.up() }
	switch {
	case !s.isRunning(i):
		return "failed"
	case !slices.ContainsFunc(s.Ills, up):
		return "down"
	}
	return "ok"
}

// mask writes flags as letters, or dashes where one is not set.
func mask(letters string, set func(letter rune) bool) string {
	return strings.Map(func(r rune) rune {
		if set(r) {
			return r
		}
		return '-'
	}, letters)
}

// currentMask is the CURRENT column of show-if.
func (r *ifInfo) currentMask() string {
	return mask("bmpvIsiVaZ46", func(letter rune) bool {
		switch letter {
		case 'b':
			return r.v4 && r.name != "lo0"
		case 'm':
			return r.v4 || r.v6
		case 'v':
			return (r.v4 || r.v6) && r.name == "lo0"
		case '4':
			return r.v4
		case '6':
			return r.v6
		}
		return false
	})
}

// persistentMask is the PERSISTENT column of show-if.
func (r *ifInfo) persistentMask() string {
	return mask("s46", func(letter rune) bool { return letter == '4' && r.p4 || letter == '6' && r.p6 })
}
