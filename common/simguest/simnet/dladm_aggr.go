// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simnet

import (
	"slices"
	"strconv"
	"strings"
)

// maxPorts is MAXPORT: how many ports create-aggr takes.
const maxPorts = 256

// An aggr is what create-aggr was asked for.
type aggr struct {
	*link
	devices []string
	links   []string
	seen    string
}

// createAggr is do_create_aggr().
func (d *dladm) createAggr(args []string) int {
	opts, operands := getoptLong(args, ":d:l:L:P:R:tfu:T:p:", linkOptions)
	a := &aggr{link: &link{Class: "aggr", Persist: true, Policy: "L4", LACP: "off", Timer: "short"}}
	for _, o := range opts {
		if status := d.aggrOption(a, o); status != 0 {
			return status
		}
	}
	if len(a.devices)+len(a.links) == 0 || len(operands) != 1 {
		return d.usage()
	}
	a.Name = operands[0]
	key, err := strconv.Atoi(a.Name)
	switch {
	case err == nil:
		a.Name = "aggr" + strconv.Itoa(key)
	case len(a.Name) > 31:
		return d.die("link name too long '%s'", a.Name)
	case !validLink(a.Name):
		return d.die("invalid link name '%s'", a.Name)
	}
	return d.changeLinks(func(s *state) int { return d.addAggr(s, a, key) })
}

// aggrOption handles one option. -l is a link if its value ends in a digit,
// and else an LACP mode.
func (d *dladm) aggrOption(a *aggr, o option) int {
	letter := o.name
	if letter == 'l' && (o.value == "" || !isDigit(o.value[len(o.value)-1])) {
		letter = 'L'
	}
	if strings.IndexByte("PuLT", letter) >= 0 {
		if strings.IndexByte(a.seen, letter) >= 0 {
			return d.twice(o.name)
		}
		a.seen += string(letter)
	}
	var ok bool
	switch letter {
	case 'd', 'l', 'f':
		o.name = letter
		return d.portOption(a, o)
	case 'P':
		if a.Policy, ok = aggrPolicy(o.value); !ok {
			return d.die("invalid policy '%s'", o.value)
		}
	case 'u':
		if status := d.aggrMAC(a, o.value); status != 0 {
			return status
		}
	case 'L':
		if a.LACP, ok = begins(o.value, "off", "active", "passive"); !ok {
			return d.die("invalid LACP mode '%s'", o.value)
		}
	case 'T':
		if a.Timer, ok = begins(o.value, "short", "long"); !ok {
			return d.die("invalid LACP timer value '%s'", o.value)
		}
	case 't':
		a.Persist = false
	case 'R', 'p':
		return absent(d.Call, "dladm create-aggr -"+string(letter))
	default:
		return d.badOption(o)
	}
	return 0
}

func (d *dladm) aggrMAC(a *aggr, text string) int {
	if text == "auto" {
		return 0
	}
	mac, err := parseMAC(text)
	if err != nil {
		return d.die("invalid MAC address '%s'", text)
	}
	a.MAC = mac
	return 0
}

// aggrPolicy is dladm_aggr_str2policy(): layers, with commas, in any order.
func aggrPolicy(text string) (string, bool) {
	var layers []string
	for word := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == ',' }) {
		word = strings.ToUpper(word)
		if !slices.Contains([]string{"L2", "L3", "L4"}, word) {
			return "", false
		}
		layers = append(layers, word)
	}
	slices.Sort(layers)
	return strings.Join(slices.Compact(layers), ","), true
}

// begins finds the word that a value begins with, without regard to case, as
// dladm_aggr_str2lacpmode() compares.
func begins(value string, words ...string) (string, bool) {
	for _, word := range words {
		if len(value) >= len(word) && strings.EqualFold(value[:len(word)], word) {
			return word, true
		}
	}
	return "", false
}

func (d *dladm) addAggr(s *state, a *aggr, key int) int {
	ports, status := d.findPorts(s, a, "dev name", "link name")
	if status != 0 {
		return status
	}
	switch st := s.createAggr(a.link, ports, key); st {
	case dlOK:
		return 0
	case dlNoNotify:
		return d.die("not all links have link up/down detection; must use -f (see dladm(8))")
	default:
		return d.dieStatus(st, "create operation failed")
	}
}

// findPorts finds the links that were given as ports, and says with these words
// which one is not there.
func (d *dladm) findPorts(s *state, a *aggr, deviceWord, linkWord string) (ports []*link, status int) {
	for _, device := range a.devices {
		l := find(s.Links, func(l *link) bool { return l.Active && l.Hardware.Device == device })
		if l == nil {
			return nil, d.dieStatus(dlNotFound, "invalid %s '%s'", deviceWord, device)
		}
		ports = append(ports, l)
	}
	for _, name := range a.links {
		l := s.link(name)
		if l == nil {
			return nil, d.dieStatus(dlNotFound, "invalid %s '%s'", linkWord, name)
		}
		ports = append(ports, l)
	}
	return ports, 0
}

// createAggr is dladm_aggr_create() (libdlaggr.c, and uts/common/io/aggr
// aggr_grp_create()).
func (s *state) createAggr(a *link, ports []*link, key int) dlStatus {
	switch {
	case key > maxKey:
		return dlBadKey
	case slices.ContainsFunc(ports, func(p *link) bool { return p.Class != "phys" }):
		return dlBadArg
	}
	st := s.addLink(a)
	if st == dlOK {
		st = s.checkPorts(ports, a.Force)
		if st != dlOK {
			s.Links = slices.DeleteFunc(s.Links, func(o *link) bool { return o == a })
			return st
		}
		for _, p := range ports {
			a.Over = append(a.Over, p.ID)
		}
		a.MTU = s.lowerMTU(a)
		s.setPortMACs(a)
	}
	return st
}

// maxKey is AGGR_MAX_KEY.
const maxKey = 999

// checkPorts is aggr_port_create(): each port tells of its state, and is free.
func (s *state) checkPorts(ports []*link, force bool) dlStatus {
	for i, p := range ports {
		switch {
		case !p.Active:
			return dlNotFound
		case p.Hardware.NoNotify && !force:
			return dlNoNotify
		case slices.Contains(ports[:i], p), s.plumbed(p.Name), len(s.upper(p)) > 0:
			return dlBusy
		}
	}
	return dlOK
}
