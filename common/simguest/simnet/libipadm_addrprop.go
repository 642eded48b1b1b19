// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simnet

import (
	"slices"
	"strconv"
	"time"
)

// addrProps are the properties of an address (ipadm_addrprop_table).
var addrProps = []string{
	"broadcast", "deprecated", nvBits, "primary", "private", nvHost, "transmit", "zone",
}

// Values of a property that is a switch.
const (
	on  = "on"
	off = "off"
)

func onOff(b bool) string {
	if b {
		return on
	}
	return off
}

// setAddrProp is ipadm_set_addrprop(). A new name for the DHCP server is sent,
// and its answer not waited for.
func (s *state) setAddrProp(name, prop, value string, persist bool, now time.Time) ipStatus {
	return s.editAddrProp(name, prop, value, false, persist, now)
}

// editAddrProp sets a property of an address or, with reset, gives it its
// default value.
func (s *state) editAddrProp(name, prop, value string, reset, persist bool, now time.Time) ipStatus {
	switch {
	case s.lacks(authorization):
		return ipAuth
	case !slices.Contains(addrProps, prop):
		return ipNoProp
	case prop == "broadcast" || prop == "primary":
		return ipNotSupported
	}
	o, st := s.known(name)
	switch {
	case st != ipOK:
		return st
	case !o.Active:
		return ipDisabled
	case persist && !o.Persist:
		return ipTemporary
	case o.Type == "addrconf":
		return ipNotSupported
	}
	if reset {
		if value, st = s.addrProp(o, prop, wantDefault); st != ipOK {
			return st
		}
	}
	if st := s.applyAddrProp(o, prop, value, now); st != ipOK || !persist {
		return st
	}
	if reset {
		return s.removeProp("", o.If, name, prop).status()
	}
	return s.saveProp("", o.If, name, prop, value).status()
}

// applyAddrProp changes the kernel or, for reqhost, asks dhcpagent.
func (s *state) applyAddrProp(o *object, prop, value string, now time.Time) ipStatus {
	if prop == nvHost {
		return s.setReqhost(o, value, now)
	}
	i, l := s.lifOf(o)
	switch {
	case o.Type == "dhcp" && (prop == nvBits || prop == "deprecated"):
		return ipNotSupported
	case l == nil:
		return ipNoIf
	case prop == nvBits:
		return s.setBits(i, l, value)
	case value != on && value != off:
		return ipInvalid
	case s.lacks("sys_ip_config"):
		return ipPerm
	}
	switch prop {
	case "deprecated":
		l.Deprecated = value == on
	case "private":
		l.Private = value == on
	case "transmit":
		l.NoTransmit = value == off
	default:
		return ipNotSupported // zone: there is no other
	}
	return ipOK
}

// setBits is i_ipadm_set_prefixlen().
func (s *state) setBits(i *ill, l *lif, value string) ipStatus {
	most := unspecified(i.V6).BitLen()
	bits, err := strconv.ParseUint(value, 10, 32)
	switch {
	case err != nil, bits == 0, int(bits) == most-1, int(bits) > most:
		return ipInvalid
	case s.lacks("sys_ip_config"):
		return ipPerm
	}
	l.Bits = int(bits)
	return ipOK
}

// setReqhost is i_ipadm_set_reqhost().
func (s *state) setReqhost(o *object, value string, now time.Time) ipStatus {
	if o.Type != "dhcp" {
		return ipNotSupported
	}
	host, st := reqhost(value)
	if st != ipOK {
		return st
	}
	before := o.Host
	o.Host = host
	if _, st = s.refreshDHCP(o, now); st != ipOK {
		o.Host = before
	}
	return st
}

// Which value of a property is asked for.
const (
	wantPerm       = "PERM"
	wantCurrent    = "CURRENT"
	wantPersistent = "PERSISTENT"
	wantDefault    = "DEFAULT"
	wantPossible   = "POSSIBLE"
)

// addrProp is ipadm_get_addrprop().
func (s *state) addrProp(o *object, prop, which string) (string, ipStatus) {
	switch {
	case !slices.Contains(addrProps, prop):
		return "", ipNoProp
	case which == wantPerm && (prop == "broadcast" || prop == "primary"):
		return "r-", ipOK
	case which == wantPerm:
		return "rw", ipOK
	case which == wantPersistent:
		v, _ := s.prop("", o.If, o.Name, prop)
		return v, ipOK
	case which == wantPossible:
		return possibleAddrProp(o, prop), ipOK
	}
	_, l := s.lifOf(o)
	switch {
	case which == wantCurrent && !o.Active:
		return "", ipOK
	case o.Active && l == nil:
		return "", ipNoIf
	case which == wantDefault:
		return s.defaultAddrProp(o, l, prop), ipOK
	}
	return s.currentAddrProp(o, l, prop), ipOK
}

func possibleAddrProp(o *object, prop string) string {
	switch prop {
	case "deprecated", "private", "transmit":
		return on + "," + off
	case nvBits:
		if o.V6 {
			return "1-126,128"
		}
		return "1-30,32"
	}
	return ""
}

// currentAddrProp reads an active address.
func (s *state) currentAddrProp(o *object, l *lif, prop string) string {
	switch prop {
	case "broadcast":
		if !o.V6 && o.If != "lo0" {
			return broadcast(l.Addr, l.Bits).String()
		}
	case "deprecated":
		return onOff(l.Deprecated)
	case nvBits:
		return strconv.Itoa(l.Bits)
	case "primary":
		if m := s.Agent.machine(o.If, o.N); o.Type == "dhcp" {
			return onOff(m != nil && m.Primary)
		}
	case "private":
		return onOff(l.Private)
	case nvHost:
		return o.Host
	case "transmit":
		return onOff(!l.NoTransmit)
	case "zone":
		if s.Zone == "" {
			return s.zoneNamed()
		}
	}
	return ""
}

// defaultAddrProp is a property's default; l is nil for a disabled address.
func (s *state) defaultAddrProp(o *object, l *lif, prop string) string {
	switch prop {
	case "deprecated", "private":
		return off
	case "transmit":
		return on
	case "primary":
		if o.Type == "dhcp" {
			return off
		}
	case "zone":
		if s.Zone == "" {
			return s.zoneNamed()
		}
	case "broadcast", nvBits:
		a := s.addressOf(o, l)
		switch {
		case !a.IsValid():
		case prop == nvBits:
			return strconv.Itoa(defaultBits(a))
		case !o.V6 && o.If != "lo0":
			return broadcast(a, defaultBits(a)).String()
		}
	}
	return ""
}
