// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simnet

import (
	"slices"
	"strings"
)

// addAggrPorts is do_add_aggr().
func (d *dladm) addAggrPorts(args []string) int {
	return d.changePorts("add", ":d:l:R:tf", args, func(s *state, a *link, ports []*link, force bool) dlStatus {
		return s.addPorts(a, ports, force)
	})
}

// removeAggrPorts is do_remove_aggr().
func (d *dladm) removeAggrPorts(args []string) int {
	return d.changePorts("remove", ":d:l:R:t", args, func(s *state, a *link, ports []*link, _ bool) dlStatus {
		return s.removePorts(a, ports)
	})
}

// changePorts is what the two have in common (i_dladm_aggr_add_rmv()).
func (d *dladm) changePorts(verb, letters string, args []string, change func(*state, *link, []*link, bool) dlStatus) int {
	opts, operands := getoptLong(args, letters, linkOptions)
	a := &aggr{link: &link{}}
	for _, o := range opts {
		switch o.name {
		case 'd', 'l', 'f':
			if status := d.portOption(a, o); status != 0 {
				return status
			}
		case 'R', 't':
			return absent(d.Call, "dladm "+verb+"-aggr -"+string(o.name))
		default:
			return d.badOption(o)
		}
	}
	if len(a.devices)+len(a.links) == 0 || len(operands) != 1 {
		return d.usage()
	}
	return d.changeLinks(func(s *state) int {
		l := s.link(aggrName(operands[0]))
		if l == nil {
			return d.dieStatus(dlNotFound, "%s operation failed", verb)
		}
		ports, status := d.findPorts(s, a, "<dev>", "<link>")
		if status != 0 {
			return status
		}
		switch st := change(s, l, ports, a.Force); {
		case st == dlOK:
			return 0
		case st == dlNotSup && verb == "add":
			return d.die("add operation failed: link capabilities don't match")
		case st == dlNoNotify:
			return d.die("not all links have link up/down detection; must use -f (see dladm(8))")
		default:
			return d.dieStatus(st, "%s operation failed", verb)
		}
	})
}

// portOption handles an option that names a port, or -f.
func (d *dladm) portOption(a *aggr, o option) int {
	if o.name == 'f' {
		a.Force = true
		return 0
	}
	if len(a.devices)+len(a.links) >= maxPorts {
		return d.die("too many ports specified")
	}
	if o.name == 'd' {
		a.devices = append(a.devices, o.value)
	} else {
		a.links = append(a.links, o.value)
	}
	return 0
}

// portsOfAggr refuses what neither add nor remove takes: ports that are no
// devices, and links that are no aggregation, of which the store has no ports.
func (s *state) portsOfAggr(a *link, ports []*link) dlStatus {
	switch {
	case slices.ContainsFunc(ports, func(p *link) bool { return p.Class != "phys" }):
		return dlBadArg
	case !s.mayConfigureLinks():
		return dlDenied
	case a.Class != "aggr":
		return dlNotFound
	}
	return dlOK
}

// addPorts is dladm_aggr_add() (uts/common/io/aggr/aggr_grp.c
// aggr_grp_add_ports()): each port is free and carries what the aggregation
// does.
func (s *state) addPorts(a *link, ports []*link, force bool) dlStatus {
	if st := s.portsOfAggr(a, ports); st != dlOK {
		return st
	}
	if !a.Active {
		return dlNotFound
	}
	if st := s.checkPorts(ports, force); st != dlOK {
		return st
	}
	for _, p := range ports {
		if p.MTU < a.MTU {
			return dlNotSup
		}
	}
	for _, p := range ports {
		a.Over = append(a.Over, p.ID)
	}
	s.setPortMACs(a)
	return dlOK
}

// removePorts is dladm_aggr_remove(): one port has to stay. The kernel knows only
// those that were there when the aggregation came up (aggr_grp.c,
// aggr_grp_rem_ports()).
func (s *state) removePorts(a *link, ports []*link) dlStatus {
	st := s.portsOfAggr(a, ports)
	switch {
	case st != dlOK:
		return st
	case len(ports) >= len(a.Over):
		return dlBadArg
	}
	left := slices.Clone(a.Over)
	for _, p := range ports {
		i := slices.Index(left, p.ID)
		if i < 0 {
			return dlLinkBad
		}
		left = slices.Delete(left, i, i+1)
	}
	known := 0
	for _, id := range a.Over {
		if l := s.linkByID(id); l != nil && l.Active {
			known++
		}
	}
	switch {
	case !a.Active:
		return dlNotFound
	case len(ports) >= known:
		return dlBadArg
	case slices.ContainsFunc(ports, func(p *link) bool { return !p.Active }):
		return dlNotFound
	}
	a.Over = left
	for _, p := range ports {
		p.ownMAC()
	}
	s.setPortMACs(a)
	return dlOK
}

// modifyAggr is do_modify_aggr().
func (d *dladm) modifyAggr(args []string) int {
	opts, operands := getoptLong(args, ":L:l:P:R:tu:T:", linkOptions)
	a := &aggr{link: &link{}}
	for _, o := range opts {
		if o.name == 'l' {
			o.name = 'L' // a mode, whatever it ends in
		}
		if o.name == 't' || o.name == 'R' {
			return absent(d.Call, "dladm modify-aggr -"+string(o.name))
		}
		if status := d.aggrOption(a, o); status != 0 {
			return status
		}
	}
	if a.seen == "" {
		return d.die("at least one of the -PulT options must be specified")
	}
	if len(operands) != 1 {
		return d.usage()
	}
	return d.changeLinks(func(s *state) int {
		st := dlNotFound
		if l := s.link(aggrName(operands[0])); l != nil {
			st = s.modifyAggr(l, a)
		}
		if st != dlOK {
			return d.dieStatus(st, "modify operation failed")
		}
		return 0
	})
}

// modifyAggr is dladm_aggr_modify(). The kernel refuses none of these
// (aggr_grp_modify_common()).
func (s *state) modifyAggr(l *link, to *aggr) dlStatus {
	switch {
	case !s.mayConfigureLinks():
		return dlDenied
	case l.Class != "aggr" || !l.Active:
		return dlNotFound
	}
	for _, change := range []struct {
		letter   string
		old, new *string
	}{{"P", &l.Policy, &to.Policy}, {"L", &l.LACP, &to.LACP}, {"T", &l.Timer, &to.Timer}} {
		if strings.Contains(to.seen, change.letter) {
			*change.old = *change.new
		}
	}
	if strings.Contains(to.seen, "u") {
		l.MAC = to.MAC
		s.setPortMACs(l)
	}
	return dlOK
}
