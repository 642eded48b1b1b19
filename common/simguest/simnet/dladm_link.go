// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simnet

import (
	"errors"
	"slices"
	"strconv"
	"strings"
)

// changeLinks runs f over the state, which it may change, and writes
// datalink.conf if f succeeds.
func (d *dladm) changeLinks(f func(*state) int) int {
	var failed error
	status := d.state(true, func(s *state) int {
		status := f(s)
		if status == 0 {
			failed = s.writeLinks()
		}
		return status
	})
	if failed != nil {
		return broken(d.Call, failed)
	}
	return status
}

// mayConfigure is dlmgmt_checkprivs().
func (s *state) mayConfigureLinks() bool {
	return !s.lacks("sys_dl_config")
}

// renameLink is do_rename_link().
func (d *dladm) renameLink(args []string) int {
	opts, operands := getoptLong(args, ":R:", linkOptions)
	switch {
	case len(opts) > 0 && opts[0].name == 'R':
		return absent(d.Call, "dladm rename-link -R")
	case len(opts) > 0:
		return d.badOption(opts[0])
	case len(operands) != 2:
		return d.usage()
	}
	return d.changeLinks(func(s *state) int {
		if st := s.renameLink(operands[0], operands[1]); st != dlOK {
			return d.dieStatus(st, "rename operation failed")
		}
		return 0
	})
}

// renameLink is dladm_rename_link() (lib/libdladm/common/libdllink.c). An
// interface holds its link; a VLAN or an aggregation does not, unless the new
// name is that of a device which was taken out.
func (s *state) renameLink(from, to string) dlStatus {
	l, other := s.link(from), s.link(to)
	removed := other != nil && other.Class == "phys" && !other.Active
	switch {
	case l == nil:
		return dlNotFound
	case other != nil && !removed:
		return dlExist
	case removed && (l.Class != "phys" || !l.Active):
		return dlBadArg
	case removed && slices.ContainsFunc(s.Links, func(up *link) bool { return slices.Contains(up.Over, l.ID) }):
		return dlBusy
	case !s.mayConfigureLinks():
		return dlDenied
	case s.plumbed(from):
		return dlBusy
	case !validLink(to):
		return dlBadArg
	}
	if removed {
		s.Links = slices.DeleteFunc(s.Links, func(o *link) bool { return o == other })
		for _, up := range s.Links {
			replace(up.Over, other.ID, l.ID)
		}
		l.MTUConf = other.MTUConf
		l.applyMTU()
	}
	l.Name = to
	return dlOK
}

func replace(ids []int, from, to int) {
	for i, id := range ids {
		if id == from {
			ids[i] = to
		}
	}
}

// addLink is dladm_create_datalink_id(): a new name.
func (s *state) addLink(l *link) dlStatus {
	switch {
	case !s.mayConfigureLinks():
		return dlDenied
	case !validLink(l.Name):
		return dlBadArg
	case s.link(l.Name) != nil:
		return dlExist
	}
	s.NextLink++
	l.ID, l.Active = s.NextLink, true
	s.Links = append(s.Links, l)
	return dlOK
}

// removeLink takes an upper link away, for good or until the next boot.
func (s *state) removeLink(l *link, persist bool) dlStatus {
	switch {
	case !s.mayConfigureLinks():
		return dlDenied
	case l.Active && (s.plumbed(l.Name) || len(s.upper(l)) > 0):
		return dlBusy
	case !l.Active && !persist:
		return dlNotFound
	}
	if l.Class == "aggr" {
		s.restorePortMACs(l)
	}
	l.Active = false
	if !persist && l.Persist {
		return dlOK
	}
	held := func(up *link) bool { return up.Persist && slices.Contains(up.Over, l.ID) }
	if l.Persist && slices.ContainsFunc(s.Links, held) {
		return dlBusy
	}
	s.Links = slices.DeleteFunc(s.Links, func(o *link) bool { return o == l })
	return dlOK
}

// createVLAN is do_create_vlan().
func (d *dladm) createVLAN(args []string) int {
	opts, operands := getoptLong(args, ":tfR:l:v:p:", linkOptions)
	v := &link{Class: "vlan", Persist: true}
	lower := ""
	for _, o := range opts {
		switch o.name {
		case 'v':
			if v.VID != 0 {
				return d.twice('v')
			}
			n, err := strconv.Atoi(o.value)
			if err != nil || n < 1 || n > 4094 {
				return d.die("invalid VLAN identifier '%s'", o.value)
			}
			v.VID = n
		case 'l':
			if lower != "" {
				return d.twice('l')
			}
			lower = o.value
		case 't':
			v.Persist = false
		case 'f':
			v.Force = true
		case 'R', 'p':
			return absent(d.Call, "dladm create-vlan -"+string(o.name))
		default:
			return d.badOption(o)
		}
	}
	if v.VID == 0 || lower == "" || len(operands) > 1 {
		return d.usage()
	}
	var ok bool
	if v.Name, ok = vlanName(operands, lower, v.VID); !ok {
		return d.die("invalid link name '%s'", lower)
	}
	if len(v.Name) > 31 {
		return d.die("vlan name too long '%s'", v.Name)
	}
	return d.changeLinks(func(s *state) int { return d.addVLAN(s, v, lower) })
}

// vlanName is the name given or the one by default: the driver's, and 1000
// times the VLAN identifier plus the instance.
func vlanName(operands []string, lower string, vid int) (string, bool) {
	if len(operands) == 1 {
		return operands[0], true
	}
	driver, ppa := kind(lower)
	if !validLink(lower) || ppa >= 1000 || strings.Trim(lower[len(driver):], "0123456789") != "" {
		return "", false
	}
	return driver + strconv.Itoa(vid*1000+ppa), true
}

func (d *dladm) addVLAN(s *state, v *link, lower string) int {
	under := s.link(lower)
	if under == nil {
		return d.die("invalid link name '%s'", lower)
	}
	switch st := s.createVLAN(v, under); st {
	case dlOK:
		return 0
	case dlBusy:
		return d.die("VLAN over '%s' may not use default_tag ID (see dladm(8))", lower)
	default:
		return d.dieStatus(st, "create operation failed")
	}
}

// createVLAN is dladm_vnic_create() for a VLAN (libdlvnic.c, and
// uts/common/io/vnic/vnic_dev.c vnic_dev_create()). It carries what the link
// below carries, as its MAC says at that moment.
func (s *state) createVLAN(v, under *link) dlStatus {
	switch {
	case v.Persist && !under.Persist:
		return dlOnTemp
	case under.Class == "vlan":
		return dlBadArg
	}
	st := s.addLink(v)
	if st == dlOK {
		st = s.checkVLAN(v, under)
		if st != dlOK {
			s.Links = slices.DeleteFunc(s.Links, func(o *link) bool { return o == v })
			return st
		}
		v.Over, v.MTU = []int{under.ID}, under.MTU
	}
	return st
}

// checkVLAN is what the kernel asks of a VLAN.
func (s *state) checkVLAN(v, under *link) dlStatus {
	upper := s.upper(under)
	switch {
	case !under.Active:
		return dlNotFound
	case slices.ContainsFunc(upper, func(o *link) bool { return o.Class == "aggr" }):
		return dlBusy
	case slices.ContainsFunc(upper, func(o *link) bool { return o.VID == v.VID }):
		return dlMACInUse
	case under.Hardware.NoVLAN && !v.Force:
		return dlMargin
	}
	return dlOK
}

// deleteVLAN is do_delete_vlan().
func (d *dladm) deleteVLAN(args []string) int {
	return d.deleteUpper("vlan", args, func(name string) string { return name })
}

// deleteAggr is do_delete_aggr(), which also takes a key.
func (d *dladm) deleteAggr(args []string) int {
	return d.deleteUpper("aggr", args, aggrName)
}

func (d *dladm) deleteUpper(class string, args []string, name func(string) string) int {
	opts, operands := getoptLong(args, ":R:t", linkOptions)
	persist := true
	for _, o := range opts {
		switch o.name {
		case 't':
			persist = false
		case 'R':
			return absent(d.Call, "dladm delete-"+class+" -R")
		default:
			return d.badOption(o)
		}
	}
	if len(operands) != 1 {
		return d.usage()
	}
	return d.changeLinks(func(s *state) int {
		l := s.link(name(operands[0]))
		st := dlNotFound
		switch {
		case l != nil && l.Class != class:
			st = dlBadArg
		case l != nil:
			st = s.removeLink(l, persist)
		}
		if st != dlOK {
			return d.dieStatus(st, "delete operation failed")
		}
		return 0
	})
}

// upVLAN is do_up_vlan(), upAggr do_up_aggr(): all persistent links of a class,
// as network/physical brings them up.
func (d *dladm) upVLAN(args []string) int { return d.upAll("vlan", args) }

func (d *dladm) upAggr(args []string) int { return d.upAll("aggr", args) }

func (d *dladm) upAll(class string, args []string) int {
	if len(args) > 0 {
		return absent(d.Call, "dladm up-"+class+" with a name")
	}
	return d.state(true, func(s *state) int {
		s.upLinks(class)
		return 0
	})
}

// parseMAC is _link_aton(): six bytes of one or two hexadecimal digits.
func parseMAC(text string) ([]byte, error) {
	var mac []byte
	for part := range strings.SplitSeq(text, ":") {
		b, err := strconv.ParseUint(part, 16, 8)
		if err != nil || len(part) > 2 {
			return nil, errors.New("not a MAC address")
		}
		mac = append(mac, byte(b))
	}
	if len(mac) != 6 || slices.Max(mac) == 0 || mac[0]&1 != 0 {
		return nil, errors.New("not a unicast MAC address")
	}
	return mac, nil
}
