// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simnet

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"illumos-metadata/common/simguest/world"
)

// A state is all that the commands share, in /sim/net.json: kernel and daemons.
type state struct {
	w       *world.World
	changed bool     // by time alone
	db      []dbLine // ipmgmtd's store, once it was read

	Zone       string        `json:"zone,omitempty"`
	Release    string        `json:"release"`
	RebootWait time.Duration `json:"reboot_wait,omitempty"`
	Denied     []string      `json:"denied,omitempty"` // privileges that callers lack
	NodeName   string        `json:"node_name"`        // the kernel's

	Links    []*link `json:"links"` // in order of ID, as dlmgmtd walks them
	NextLink int     `json:"next_link"`

	Ills      []*ill   `json:"ills,omitempty"`
	Kinds     []string `json:"kinds,omitempty"` // device names in the order in which they were first plumbed
	NextIndex int      `json:"next_index"`
	Routes    []*route `json:"routes,omitempty"`

	Objects []*object `json:"objects,omitempty"` // ipmgmtd's map
	Agent   agent     `json:"agent,omitzero"`    // dhcpagent
	Sent    []Request `json:"sent,omitempty"`
	NDP     bool      `json:"ndp,omitempty"`       // in.ndpd runs
	Routed  bool      `json:"in_routed,omitempty"` // in.routed runs
}

// A link is a datalink: what dlmgmtd knows of it, and its MAC.
type link struct {
	ID      int              `json:"id"`
	Name    string           `json:"name"`
	Class   string           `json:"class"` // phys, vlan or aggr
	Driver  string           `json:"driver,omitempty"`
	MAC     net.HardwareAddr `json:"mac,omitempty"`
	MTU     int              `json:"mtu"`
	Active  bool             `json:"active,omitempty"`
	Persist bool             `json:"persist,omitempty"`
	MTUConf int              `json:"mtu_conf,omitempty"` // the persistent property; 0 is none

	Hardware Link `json:"hardware,omitzero" memory:"shared"` // of a phys

	Over   []int  `json:"over,omitempty"` // links by ID
	VID    int    `json:"vid,omitempty"`
	Force  bool   `json:"force,omitempty"`
	Policy string `json:"policy,omitempty"`
	LACP   string `json:"lacp,omitempty"`
	Timer  string `json:"timer,omitempty"`
}

// etherMTU is the payload of an Ethernet frame.
const etherMTU = 1500

// load reads the state and lets time catch up with it.
func load(w *world.World) (*state, error) {
	s := &state{w: w}
	if err := w.Read("net", s); err != nil {
		return nil, fmt.Errorf("network state: %w", err)
	}
	s.advance(time.Now())
	return s, nil
}

func (s *state) save() error { return s.w.Write("net", s) }

// view runs f over the present state.
func view(w *world.World, f func(*state)) error {
	return w.Locked(func() error {
		s, err := load(w)
		if err != nil {
			return err
		}
		f(s)
		if s.changed {
			return s.save()
		}
		return nil
	})
}

// update runs f over the present state, which it may change.
func update(w *world.World, f func(*state)) error {
	return view(w, func(s *state) {
		s.changed = true
		f(s)
	})
}

// broken reports that the simulation itself failed.
func broken(c *world.Call, err error) int {
	c.Errorf("simulated guest: %v\n", err)
	return 127
}

// absent refuses what illumos has and the simulation has not.
func absent(c *world.Call, what string) int {
	c.Errorf("simulated guest: %s is not simulated\n", what)
	return 127
}

// lacks says whether callers are without a privilege (privileges(7)).
func (s *state) lacks(privilege string) bool { return slices.Contains(s.Denied, privilege) }

// link finds a datalink by name.
func (s *state) link(name string) *link {
	return find(s.Links, func(l *link) bool { return l.Name == name })
}

func (s *state) linkByID(id int) *link {
	return find(s.Links, func(l *link) bool { return l.ID == id })
}

// activeLink finds a datalink that exists in the kernel.
func (s *state) activeLink(name string) *link {
	return find(s.Links, func(l *link) bool { return l.Name == name && l.Active })
}

// lower gives the links below a VLAN or aggregation.
func (s *state) lower(l *link) []*link {
	var all []*link
	for _, id := range l.Over {
		if under := s.linkByID(id); under != nil {
			all = append(all, under)
		}
	}
	return all
}

// upper gives the active links above one.
func (s *state) upper(l *link) []*link {
	var all []*link
	for _, up := range s.Links {
		if up.Active && slices.Contains(up.Over, l.ID) {
			all = append(all, up)
		}
	}
	return all
}

// running says whether a link has carrier.
func (s *state) running(l *link) bool {
	switch l.Class {
	case "phys":
		return l.Active && !l.Hardware.Down
	default:
		return slices.ContainsFunc(s.lower(l), s.running)
	}
}

// network is what answers on a link; the zero Network if nothing does.
func (s *state) network(name string) Network {
	l := s.activeLink(name)
	switch {
	case l == nil || !s.running(l):
	case l.Class == "phys":
		return l.Hardware.Network
	case l.Class == "aggr":
		return s.carrier(l).Hardware.Network
	case l.Class == "vlan":
		under := s.lower(l)[0]
		if under.Class == "aggr" {
			under = s.carrier(under)
		}
		return under.Hardware.VLANs[l.VID]
	}
	return Network{}
}

// carrier is the port by which an aggregation that runs reaches its network.
func (s *state) carrier(a *link) *link { return find(s.ports(a), s.running) }

// hardware gives the address of a link, its own or that of the link below.
func (s *state) hardware(l *link) net.HardwareAddr {
	if len(l.MAC) > 0 || len(l.Over) == 0 {
		return l.MAC
	}
	under := s.lower(l)[0]
	if l.Class == "aggr" && len(s.ports(l)) > 0 {
		under = s.ports(l)[0]
	}
	return s.hardware(under)
}

// find gives the first element for which f holds, or nil.
func find[T any](all []*T, f func(*T) bool) *T {
	if i := slices.IndexFunc(all, f); i >= 0 {
		return all[i]
	}
	return nil
}

// validInterface is ifparse_ifspec(): a device name, an instance, and perhaps
// a logical unit (lib/libinetutil/common/ifspec.c). Names have 31 characters
// at most.
func validInterface(name string) (valid, logical bool) {
	if name == "" || len(name) > 31 {
		return false, false
	}
	device, unit, logical := strings.Cut(name, ":")
	if logical && (unit == "" || strings.Trim(unit, "0123456789") != "" || device == "") {
		return false, false
	}
	return device != "" && isDigit(device[len(device)-1]), logical
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// zoneless is an address without its zone.
func zoneless(a netip.Addr) netip.Addr { return a.WithZone("") }
