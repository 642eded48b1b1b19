// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simnet

import (
	"net"
	"strconv"
)

// ports gives the links below an aggregation that are in the guest: up-aggr
// leaves the others out (libdlaggr.c i_dladm_aggr_up()).
func (s *state) ports(a *link) []*link {
	var all []*link
	for _, p := range s.lower(a) {
		if p.Active {
			all = append(all, p)
		}
	}
	return all
}

// ownMAC gives a device the address that it came with (aggr_port_delete()).
func (l *link) ownMAC() {
	if mac, err := net.ParseMAC(l.Hardware.MAC); err == nil {
		l.MAC = mac
	}
}

// setPortMACs is aggr_grp_update_ports_mac(): all ports take the address of the
// aggregation, which is a fixed one or that of the first port. A vioif cannot
// change its own (vioif_m_unicst()) and is a port all the same.
func (s *state) setPortMACs(a *link) {
	address := a.MAC
	for _, p := range s.ports(a) {
		if len(address) == 0 {
			address, _ = net.ParseMAC(p.Hardware.MAC)
		}
		if p.Driver != "vioif" {
			p.MAC = address
		}
	}
}

// restorePortMACs is for an aggregation that goes.
func (s *state) restorePortMACs(a *link) {
	for _, p := range s.ports(a) {
		p.ownMAC()
	}
}

var aggrPortColumns = []column{
	{"LINK", 12}, {"PORT", 15}, {"SPEED", 9}, {"DUPLEX", 9}, {"STATE", 9}, {"ADDRESS", 19}, {"PORTSTATE", 16},
}

// printAggrPorts prints what show-aggr -x does for one aggregation: itself, and
// its ports with the addresses that they came with (print_xaggr_cb()). A port
// is attached as soon as its cable is in; that LACP agrees is taken for granted.
func (s *state) printAggrPorts(t *table, a *link) {
	row := func(l *link) map[string]string {
		speed, duplex := 0, "unknown"
		if s.running(l) {
			speed, duplex = s.speed(l), "full"
		}
		return map[string]string{
			"LINK": a.Name, "SPEED": strconv.Itoa(speed) + "Mb", "DUPLEX": duplex, "STATE": s.linkState(l),
			"ADDRESS": macText(s.hardware(l)),
		}
	}
	t.print(values(row(a)))
	for _, p := range s.ports(a) {
		r := row(p)
		if !t.parsable {
			r["LINK"] = " "
		}
		r["PORT"], r["PORTSTATE"] = p.Name, "standby"
		if mac, err := net.ParseMAC(p.Hardware.MAC); err == nil {
			r["ADDRESS"] = macText(mac)
		}
		if s.running(p) {
			r["PORTSTATE"] = "attached"
		}
		t.print(values(r))
	}
}

// speed is that of a device, or of the first port that runs.
func (s *state) speed(l *link) int {
	for _, p := range s.ports(l) {
		if s.running(p) {
			return p.Hardware.Speed
		}
	}
	return l.Hardware.Speed
}
