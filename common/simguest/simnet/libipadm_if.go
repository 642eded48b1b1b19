// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simnet

import (
	"slices"
	"strings"
)

// What libipadm does for an interface (lib/libipadm/common/ipadm_if.c). Each
// function here is named after the one there, without its prefix.

// createInterface is ipadm_create_if(): IPv4, then IPv6.
func (s *state) createInterface(name string, persist bool) ipStatus {
	if s.lacks(authorization) {
		return ipAuth
	}
	if valid, logical := validInterface(name); !valid || logical {
		return ipInvalid
	}
	if st := s.createIf(name, false, persist); st != ipOK {
		return st
	}
	if st := s.createIf(name, true, persist); st != ipOK {
		s.deleteIf(name, false, false)
		return st
	}
	return ipOK
}

// authorization is what ipadm asks of its user, beside privileges.
const authorization = "solaris.network.interface.config"

// createIf is i_ipadm_create_if(): one address family.
func (s *state) createIf(name string, v6, persist bool) ipStatus {
	if s.ill(name, v6) != nil {
		return ipIfExists
	}
	if s.persistFamily(name, v6) {
		if s.ill(name, !v6) == nil {
			return ipDisabled
		}
		persist = false
	}
	return s.plumbIf(name, v6, persist)
}

// plumbIf is i_ipadm_plumb_if().
func (s *state) plumbIf(name string, v6, persist bool) ipStatus {
	if s.ill(name, v6) != nil {
		return ipIfExists
	}
	l := s.activeLink(name)
	switch {
	case name == "lo0":
	case l == nil || s.Zone == "shared":
		return ipDLPI
	case persist && !l.Persist:
		return ipTemporary
	case slices.ContainsFunc(s.upper(l), func(up *link) bool { return up.Class == "aggr" }):
		return ipDLPI
	}
	if s.lacks("sys_ip_config") || s.lacks("net_rawaccess") {
		return ipPerm
	}
	i := s.plumbKernel(name, v6)
	if persist {
		if e := s.saveIf(name, v6); e != eOK {
			s.unplumbKernel(i)
			return e.status()
		}
	}
	return ipOK
}

// unplumbIf is i_ipadm_unplumb_if().
func (s *state) unplumbIf(name string, v6 bool) ipStatus {
	i := s.ill(name, v6)
	if i == nil {
		return ipNoIf
	}
	if s.lacks("sys_ip_config") {
		return ipPerm
	}
	s.unplumbKernel(i)
	return ipOK
}

// deleteIf is i_ipadm_delete_if(): one address family, with its addresses and
// properties.
func (s *state) deleteIf(name string, v6, persist bool) ipStatus {
	st := s.unplumbIf(name, v6)
	if st != ipOK && !(st == ipNoIf && persist) {
		return st
	}
	e := eOK
	if persist {
		e = s.removeIf(name, v6)
	}
	s.dropObjects(name, v6, persist)
	if e == eOK {
		return ipOK
	}
	return st
}

// deleteInterface is ipadm_delete_if() for both families.
func (s *state) deleteInterface(name string) ipStatus {
	if s.lacks(authorization) {
		return ipAuth
	}
	if valid, logical := validInterface(name); !valid || logical {
		return ipInvalid
	}
	return both(s.deleteIf(name, false, true), s.deleteIf(name, true, true))
}

// both joins the answers for the two families: one may be missing.
func both(a, b ipStatus) ipStatus {
	switch {
	case a == b:
		return a
	case a == ipOK && b == ipNoIf, a == ipNoIf && b == ipOK:
		return ipOK
	}
	return ipFailure
}

// disableInterface is ipadm_disable_if().
func (s *state) disableInterface(name string) ipStatus {
	if s.lacks(authorization) {
		return ipAuth
	}
	if valid, logical := validInterface(name); !valid || logical {
		return ipInvalid
	}
	one := func(v6 bool) ipStatus {
		st := s.unplumbIf(name, v6)
		if st == ipOK {
			s.dropObjects(name, v6, false)
		}
		return st
	}
	return both(one(true), one(false))
}

// enableInterface is ipadm_enable_if(): plumbs a persistent interface and makes
// its addresses and properties. DHCP is started and not waited for.
func (s *state) enableInterface(name string) ipStatus {
	if s.lacks(authorization) {
		return ipAuth
	}
	if valid, logical := validInterface(name); !valid || logical {
		return ipInvalid
	}
	if s.ill(name, false) != nil && s.ill(name, true) != nil {
		return ipIfExists
	}
	lines, e := s.readDB()
	if e != eOK {
		return e.status()
	}
	lines = slices.DeleteFunc(lines, func(l dbLine) bool { return l.value(nvIf) != name })
	if len(lines) == 0 {
		return ipNotFound
	}
	if st := s.plumbPersistent(name, lines); st != ipOK {
		return st
	}
	return s.initObjects(lines)
}

// plumbPersistent plumbs the families of an interface line, the last first
// (i_ipadm_init_ifobj()).
func (s *state) plumbPersistent(name string, lines []dbLine) ipStatus {
	at := slices.IndexFunc(lines, func(l dbLine) bool { return l.has(nvFamilies) })
	if at < 0 {
		return ipNoIf
	}
	for _, f := range slices.Backward(strings.Split(lines[at].value(nvFamilies), ",")) {
		if st := s.plumbIf(name, f == afInet6, false); st != ipOK && st != ipIfExists {
			return st
		}
	}
	return ipOK
}

// initObjects makes the addresses and properties of the lines, in their order.
// An address that is in use elsewhere is passed over.
func (s *state) initObjects(lines []dbLine) ipStatus {
	result := ipOK
	used := map[int]bool{}
	for i, l := range lines {
		st := ipOK
		switch {
		case used[i]:
		case l.has(nvObject):
			st = s.initObject(lines, l, used)
		case l.has(nvProtocol):
			st = s.initProperty(l)
		}
		if st == ipNotAvail {
			result, st = ipNotAll, ipOK
		}
		if st != ipOK {
			return st
		}
	}
	return result
}

// initProperty sets one interface property (i_ipadm_init_ifprop()).
func (s *state) initProperty(l dbLine) ipStatus {
	for _, p := range l {
		if p.name != nvIf && p.name != nvProtocol {
			return s.setIfProp(l.value(nvIf), l.value(nvProtocol), p.name, p.value, false)
		}
	}
	return ipOK
}

// validateIf is i_ipadm_validate_if(), for setting a property.
func (s *state) validateIf(name string, v6, persist bool) ipStatus {
	if valid, logical := validInterface(name); !valid || logical {
		return ipInvalid
	}
	exists := s.persistFamily(name, v6)
	switch {
	case !s.plumbed(name) && exists:
		return ipDisabled
	case s.ill(name, v6) == nil:
		return ipNoIf
	case persist && !exists:
		return ipTemporary
	}
	return ipOK
}
