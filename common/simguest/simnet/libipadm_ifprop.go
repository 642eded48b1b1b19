// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simnet

import (
	"slices"
	"strconv"
	"strings"
)

// An ifProp is a line of ipadm_ip_prop_table (lib/libipadm/common/ipadm_prop.c).
type ifProp struct {
	name, protocol string
	module         bool // of the protocol alone, and of no interface
}

var ifProps = []ifProp{
	{"arp", "ipv4", false}, {"forwarding", "ipv4", false}, {"metric", "ipv4", false}, {"mtu", "ipv4", false},
	{"exchange_routes", "ipv4", false}, {"usesrc", "ipv4", false}, {"ttl", "ipv4", true},
	{"forwarding", "ipv6", false}, {"hoplimit", "ipv6", true}, {"metric", "ipv6", false}, {"mtu", "ipv6", false},
	{"nud", "ipv6", false}, {"exchange_routes", "ipv6", false}, {"usesrc", "ipv6", false},
	{"hostmodel", "ipv6", true}, {"hostmodel", "ipv4", true}, {"standby", "ip", false},
}

// knownProtocol is ipadm_str2proto().
func knownProtocol(name string) (string, bool) {
	if name == "arp" {
		return "ip", true
	}
	return name, slices.Contains([]string{"tcp", "udp", "ip", "ipv4", "ipv6", "icmp", "sctp"}, name)
}

// describeIfProp is i_ipadm_get_prop_desc(), for an interface.
func describeIfProp(name, protocol string) ipStatus {
	st := ipNoProp
	for _, p := range ifProps {
		switch {
		case p.name != name || !strings.HasPrefix(protocol, "ip"):
		case p.protocol != protocol:
			st = ipBadProto
		case p.module:
			return ipInvalid
		default:
			return ipOK
		}
	}
	return st
}

// setIfProp is ipadm_set_ifprop().
func (s *state) setIfProp(ifname, protocol, name, value string, persist bool) ipStatus {
	return s.editIfProp(ifname, protocol, name, value, false, persist)
}

// editIfProp sets a property of an interface or, with reset, gives it its
// default value.
func (s *state) editIfProp(ifname, protocol, name, value string, reset, persist bool) ipStatus {
	if s.lacks(authorization) {
		return ipAuth
	}
	v6 := protocol == "ipv6"
	if st := s.validateIf(ifname, v6, persist); st != ipOK {
		return st
	}
	if st := describeIfProp(name, protocol); st != ipOK {
		return st
	}
	if reset {
		value, _ = s.ifProp(ifname, protocol, name, wantDefault)
	}
	if st := s.applyIfProp(s.ill(ifname, v6), name, value); st != ipOK || !persist {
		return st
	}
	if reset {
		return s.removeProp(protocol, ifname, "", name).status()
	}
	return s.saveProp(protocol, ifname, "", name, value).status()
}

// applyIfProp changes the kernel.
func (s *state) applyIfProp(i *ill, name, value string) ipStatus {
	n, err := strconv.Atoi(value)
	switch {
	case name == "usesrc" || name == "standby":
		return ipNotSupported
	case name == "mtu" || name == "metric":
		if err != nil {
			return ipInvalid
		}
	case value != on && value != off:
		return ipInvalid
	}
	if s.lacks("sys_ip_config") {
		return ipPerm
	}
	switch name {
	case "mtu":
		return s.setIPMTU(i, n).status()
	case "metric":
		i.Metric = n
	case "forwarding":
		i.Router = value == on
	case "exchange_routes":
		i.NoRoutes = value == off
	default: // arp, nud
		i.NoLookup = value == off
	}
	return ipOK
}

// Least MTU (uts/common/inet/ip.h).
const (
	minMTU4 = 68
	minMTU6 = 1280
)

func leastMTU(v6 bool) int {
	if v6 {
		return minMTU6
	}
	return minMTU4
}

// linkMTU is what the datalink carries.
func (s *state) linkMTU(i *ill) int {
	if l := s.activeLink(i.Name); l != nil {
		return l.MTU
	}
	return loopbackMTU
}

// setIPMTU is SIOCSLIFMTU (ip_sioctl_mtu()).
func (s *state) setIPMTU(i *ill, mtu int) errno {
	if mtu > s.linkMTU(i) || mtu < leastMTU(i.V6) {
		return eINVAL
	}
	i.MTU, i.Fixed = mtu, true
	return eOK
}

// ifProp is ipadm_get_ifprop(); a property of an address family that the
// interface has not is "".
func (s *state) ifProp(ifname, protocol, name, which string) (string, ipStatus) {
	if st := describeIfProp(name, protocol); st != ipOK {
		return "", st
	}
	i := s.ill(ifname, protocol == "ipv6")
	number := name == "mtu" || name == "metric"
	switch which {
	case wantPerm:
		return "rw", ipOK
	case wantPersistent:
		v, _ := s.prop(protocol, ifname, "", name)
		return v, ipOK
	case wantPossible:
		switch {
		case name == "mtu" && i != nil:
			return strconv.Itoa(leastMTU(i.V6)) + "-" + strconv.Itoa(s.linkMTU(i)), ipOK
		case number || name == "usesrc":
			return "", ipOK
		}
		return on + "," + off, ipOK
	case wantDefault:
		return s.defaultIfProp(i, name), ipOK
	}
	if i == nil {
		return "", ipOK
	}
	return currentIfProp(i, name), ipOK
}

func (s *state) defaultIfProp(i *ill, name string) string {
	switch name {
	case "mtu":
		if i == nil {
			return ""
		}
		return strconv.Itoa(s.linkMTU(i))
	case "metric":
		return "0"
	case "usesrc":
		return "none"
	case "forwarding", "standby":
		return off
	}
	return on
}

func currentIfProp(i *ill, name string) string {
	switch name {
	case "mtu":
		return strconv.Itoa(i.MTU)
	case "metric":
		return strconv.Itoa(i.Metric)
	case "usesrc":
		return "none"
	case "forwarding":
		return onOff(i.Router)
	case "exchange_routes":
		return onOff(!i.NoRoutes)
	case "standby":
		return off
	}
	return onOff(!i.NoLookup)
}
