// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simnet

import (
	"slices"
	"time"
)

// What libipadm does with an address object that there is
// (lib/libipadm/common/ipadm_addr.c).

// maxObject is the longest name of an address object (IPADM_AOBJSIZ).
const maxObject = 63

// known is what begins every operation on an object: authorization, and
// i_ipadm_get_addrobj().
func (s *state) known(name string) (*object, ipStatus) {
	switch {
	case s.lacks(authorization):
		return nil, ipAuth
	case len(name) > maxObject:
		return nil, ipInvalid
	}
	if o := s.object(name); o != nil {
		return o, ipOK
	}
	return nil, ipNotFound
}

// deleteAddress is ipadm_delete_addr(), or without persist ipadm_disable_addr().
func (s *state) deleteAddress(name string, persist, release bool) ipStatus {
	o, st := s.known(name)
	switch {
	case st != ipOK:
		return st
	case release && o.Type != "dhcp":
		return ipNotSupported
	case !o.Active && !persist:
		return ipNotFound
	}
	if o.Active {
		if st := s.removeAddress(o, release); st != ipOK && st != ipNoIf {
			return st
		}
	}
	if persist && o.Persist {
		s.removeObject(name)
	}
	s.dropObject(name, persist && o.Persist)
	return ipOK
}

// removeAddress takes an object's addresses out of the kernel.
func (s *state) removeAddress(o *object, release bool) ipStatus {
	if o.Type == "dhcp" {
		return s.deleteDHCP(o, release)
	}
	if s.lacks("sys_ip_config") {
		return ipPerm
	}
	if o.Type == "addrconf" {
		s.deleteAddrconf(o)
		return ipOK
	}
	i := s.ill(o.If, o.V6)
	if i == nil || i.lif(o.N) == nil {
		return ipNoIf
	}
	s.removeLif(i, i.lif(o.N))
	return ipOK
}

// upDown is i_ipadm_updown_common(): the logical interface of an object that
// may be marked up or down.
func (s *state) upDown(name string, persist bool) (*object, *ill, *lif, ipStatus) {
	o, st := s.known(name)
	switch {
	case st != ipOK:
		return nil, nil, nil, st
	case !o.Active:
		return nil, nil, nil, ipDisabled
	case persist && !o.Persist:
		return nil, nil, nil, ipTemporary
	case o.Type == "addrconf", o.Type == "dhcp" && persist:
		return nil, nil, nil, ipNotSupported
	}
	i, l := s.lifOf(o)
	if l == nil {
		return nil, nil, nil, ipNoIf
	}
	return o, i, l, ipOK
}

// lifOf finds an object's logical interface, nil if there is none.
func (s *state) lifOf(o *object) (*ill, *lif) {
	i := s.ill(o.If, o.V6)
	if i == nil {
		return nil, nil
	}
	return i, i.lif(o.N)
}

// upAddress is ipadm_up_addr().
func (s *state) upAddress(name string, persist bool) ipStatus {
	o, i, l, st := s.upDown(name, persist)
	if st != ipOK {
		return st
	}
	if !l.Up {
		if l.Duplicate {
			return ipDAD
		}
		if st := s.raise(i, l); st != ipOK {
			return st
		}
	}
	if persist {
		return s.saveProp("", o.If, name, nvUp, "yes").status()
	}
	return ipOK
}

// raise is i_ipadm_set_flags() with IFF_UP, which waits for the detection of
// duplicates.
func (s *state) raise(i *ill, l *lif) ipStatus {
	if s.lacks("sys_ip_config") {
		return ipPerm
	}
	if e := s.setUp(i, l); e != eOK {
		return e.status()
	}
	if l.Duplicate {
		return ipDAD
	}
	return ipOK
}

// downAddress is ipadm_down_addr().
func (s *state) downAddress(name string, persist bool) ipStatus {
	o, i, l, st := s.upDown(name, persist)
	switch {
	case st != ipOK:
		return st
	case (l.Up || l.Duplicate) && s.lacks("sys_ip_config"):
		return ipPerm
	}
	s.down(i, l)
	if persist {
		return s.saveProp("", o.If, name, nvUp, "no").status()
	}
	return ipOK
}

// refreshAddress is ipadm_refresh_addr(); wait says that DHCP started anew and
// is to be waited for.
func (s *state) refreshAddress(name string, now time.Time) (wait bool, st ipStatus) {
	o, st := s.known(name)
	switch {
	case st != ipOK:
		return false, st
	case !o.Active:
		return false, ipDisabled
	case o.Type == "dhcp":
		return s.refreshDHCP(o, now)
	case o.Type != "static":
		return false, ipNotSupported
	}
	i, l := s.lifOf(o)
	switch {
	case l == nil:
		return false, ipNoIf
	case !l.Duplicate:
		return false, ipOK
	}
	return false, s.raise(i, l)
}

// enableAddress is ipadm_enable_addr(): makes a disabled object from the store.
// DHCP is started and not waited for.
func (s *state) enableAddress(name string) ipStatus {
	o, st := s.known(name)
	switch {
	case st != ipOK:
		return st
	case o.Active:
		return ipObjExists
	}
	lines, e := s.readDB()
	if e != eOK {
		return e.status()
	}
	lines = slices.DeleteFunc(lines, func(l dbLine) bool { return l.value(nvObject) != name })
	if len(lines) == 0 {
		return ipNotFound
	}
	used := map[int]bool{}
	for i, l := range lines {
		if used[i] {
			continue
		}
		if st := s.initObject(lines, l, used); st != ipOK {
			return st
		}
	}
	return ipOK
}
