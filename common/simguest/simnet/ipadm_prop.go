// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simnet

import (
	"slices"
	"strings"
	"time"
)

// Long options for properties (set_ifprop_longopts, show_ifprop_longopts and
// show_prop_longopts).
var (
	setPropOptions      = []longOption{{"module", true, 'm'}, {"prop", true, 'p'}, {"temporary", false, 't'}}
	showIfPropOptions   = []longOption{{"module", true, 'm'}, {"parsable", false, 'c'}, {"prop", true, 'p'}, {"output", true, 'o'}}
	showAddrPropOptions = []longOption{{"parsable", false, 'c'}, {"prop", true, 'p'}, {"output", true, 'o'}}
)

// A propEdit is what the subcommands that set or reset a property are given.
type propEdit struct {
	object, protocol string
	name, value      string
	persist          bool
}

// editArgs parses the options of those subcommands. Each of -p and -m is given
// once, and needed if it is in letters.
func (p *ipadm) editArgs(args []string, letters string, reset bool) (e propEdit, status int) {
	opts, operands := getoptLong(args, letters, setPropOptions)
	e.persist = true
	seen := map[byte]bool{}
	for _, o := range opts {
		if (o.name == 'p' || o.name == 'm') && seen[o.name] {
			return e, p.die("-%c must be specified once only", o.name)
		}
		seen[o.name] = true
		switch {
		case o.name == 'p':
			if status := p.checkProp(o.value, reset); status != 0 {
				return e, status
			}
			e.name, e.value, _ = strings.Cut(o.value, "=")
		case o.name == 'm' && strings.Contains(letters, "m"):
			e.protocol = o.value
		case o.name == 't':
			e.persist = false
		default:
			return e, p.badOption(o)
		}
	}
	if !seen['p'] || !seen['m'] && strings.Contains(letters, "m") || len(operands) != 1 {
		return e, p.die("Usage: %s", p.use)
	}
	e.object = operands[0]
	return e, 0
}

// checkProp is ipadm_check_propstr().
func (p *ipadm) checkProp(text string, reset bool) int {
	_, value, has := strings.Cut(text, "=")
	switch {
	case reset && has:
		return p.die("incorrect syntax used for -p.\n%s", p.use)
	case reset:
		return 0
	case value == "":
		return p.die("please specify the value to be set.\n%s", p.use)
	case strings.Contains(value, "="):
		return p.die("cannot specify more than one prop=val at a time.\n%s", p.use)
	}
	return 0
}

func (p *ipadm) setIfProp(args []string) int { return p.editIfProp(args, "set-ifprop", false) }

func (p *ipadm) resetIfProp(args []string) int { return p.editIfProp(args, "reset-ifprop", true) }

// editIfProp is set_ifprop().
func (p *ipadm) editIfProp(args []string, verb string, reset bool) int {
	e, status := p.editArgs(args, ":m:p:t", reset)
	if status != 0 {
		return status
	}
	protocol, ok := knownProtocol(e.protocol)
	switch {
	case !ok:
		return p.die("invalid protocol '%s' specified", e.protocol)
	case e.name == "usesrc" || e.name == "standby":
		return absent(p.Call, "interface property "+e.name)
	}
	return p.do(func(s *state) ipStatus {
		return s.editIfProp(e.object, protocol, e.name, e.value, reset, e.persist)
	}, verb+": %s: %s", e.name)
}

func (p *ipadm) setAddrProp(args []string) int { return p.editAddrProp(args, "set-addrprop", false) }

func (p *ipadm) resetAddrProp(args []string) int { return p.editAddrProp(args, "reset-addrprop", true) }

// editAddrProp is set_addrprop().
func (p *ipadm) editAddrProp(args []string, verb string, reset bool) int {
	e, status := p.editArgs(args, ":i:p:t", reset)
	switch {
	case status != 0:
		return status
	case e.name == "zone":
		return absent(p.Call, "address property zone")
	}
	return p.do(func(s *state) ipStatus {
		return s.editAddrProp(e.object, e.name, e.value, reset, e.persist, time.Now())
	}, verb+": %s: %s", e.name)
}

var (
	ifPropColumns = []column{
		{"IFNAME", 12}, {"PROPERTY", 16}, {"PROTO", 6}, {"PERM", 5}, {"CURRENT", 11}, {"PERSISTENT", 11},
		{"DEFAULT", 11}, {"POSSIBLE", 16},
	}
	addrPropColumns = []column{
		{"ADDROBJ", 18}, {"PROPERTY", 11}, {"PERM", 5}, {"CURRENT", 16}, {"PERSISTENT", 16}, {"DEFAULT", 16},
		{"POSSIBLE", 15},
	}
)

// A propShow is what show-ifprop and show-addrprop are given.
type propShow struct {
	props            []string // nil for all
	protocol, object string
	table            *table
	failed           bool
}

// showPropArgs parses their options; nil after an error.
func (p *ipadm) showPropArgs(args []string, letters, what string, long []longOption, columns []column) *propShow {
	opts, operands := getoptLong(args, letters, long)
	v := &propShow{protocol: "ip"}
	fields, parsable, modules := "", false, 0
	for _, o := range opts {
		switch o.name {
		case 'p':
			names := strings.Split(o.value, ",")
			if slices.Contains(names, "") || strings.Contains(o.value, "=") {
				p.die("invalid %s properties specified", what)
				return nil
			}
			v.props = append(v.props, names...)
		case 'c':
			parsable = true
		case 'o':
			fields = o.value
		case 'm':
			if modules++; modules > 1 {
				p.die("cannot specify more than one -m")
				return nil
			}
			v.protocol = o.value
		default:
			p.badOption(o)
			return nil
		}
	}
	if len(operands) > 1 {
		p.die("Usage: %s", p.use)
		return nil
	}
	if len(operands) == 1 {
		v.object = operands[0]
	}
	if v.table = p.showPropTable(v, what, fields, parsable, columns); v.table == nil {
		return nil
	}
	return v
}

// showPropTable checks what comes between the options and the table.
func (p *ipadm) showPropTable(v *propShow, what, fields string, parsable bool, columns []column) *table {
	var ok bool
	given := v.protocol
	if v.protocol, ok = knownProtocol(given); !ok {
		p.die("invalid protocol '%s' specified", given)
		return nil
	}
	if what == "addrobj" && v.object != "" && !strings.Contains(v.object, "/") {
		p.die("invalid addrobj name provided")
		return nil
	}
	return p.table(fields, columns, parsable)
}

// print prints one row. What cannot be had is a question mark, and so are all
// columns behind it.
func (v *propShow) print(fixed map[string]string, get func(which string) (string, ipStatus)) {
	bad := false
	v.table.print(func(name string) (string, bool) {
		if bad {
			return "", false
		}
		if text, ok := fixed[name]; ok {
			return text, true
		}
		text, st := get(name)
		if st != ipOK && st != ipNoIf {
			bad, v.failed = true, true
			return "", false
		}
		return text, true
	})
}

func (v *propShow) status() int {
	if v.failed {
		return 1
	}
	return 0
}

// showIfProp is do_show_ifprop().
func (p *ipadm) showIfProp(args []string) int {
	v := p.showPropArgs(args, ":p:m:co:", "interface", showIfPropOptions, ifPropColumns)
	if v == nil {
		return 1
	}
	return p.state(false, func(s *state) int {
		rows, st := s.ifInfos(v.object)
		switch {
		case st == ipNoIf && v.object != "":
			return p.die("no such object '%s': %s", v.object, st)
		case st != ipOK:
			return p.die("Error retrieving interface(s): %s", st)
		}
		for _, r := range rows {
			for _, prop := range v.ifProps() {
				v.print(map[string]string{"IFNAME": r.name, "PROPERTY": prop.name, "PROTO": prop.protocol},
					func(which string) (string, ipStatus) { return s.ifProp(r.name, prop.protocol, prop.name, which) })
			}
		}
		return v.status()
	})
}

// ifProps are the properties to show, in the order of the table or of -p; an
// unknown one once, as it was given (ipadm_walk_proptbl(), ipadm_walk_prop()).
func (v *propShow) ifProps() []ifProp {
	fits := func(p ifProp) bool {
		return v.protocol == p.protocol || v.protocol == "ip" || p.protocol == "ip" && strings.HasPrefix(v.protocol, "ip")
	}
	var all []ifProp
	if v.props == nil {
		for _, p := range ifProps {
			if fits(p) && !p.module {
				all = append(all, p)
			}
		}
		return all
	}
	for _, name := range v.props {
		before := len(all)
		for _, p := range ifProps {
			if fits(p) && p.name == name {
				all = append(all, p)
			}
		}
		if len(all) == before {
			all = append(all, ifProp{name: name, protocol: v.protocol})
		}
	}
	return all
}

// showAddrProp is do_show_addrprop(). It passes over addrconf objects.
func (p *ipadm) showAddrProp(args []string) int {
	v := p.showPropArgs(args, ":p:i:cPo:", "addrobj", showAddrPropOptions, addrPropColumns)
	if v == nil {
		return 1
	}
	ifname, label, _ := strings.Cut(v.object, "/")
	if label != "" {
		ifname = ""
	}
	return p.state(false, func(s *state) int {
		rows, st := s.addrInfos(ifname)
		if st != ipOK {
			return p.die("error retrieving address: %s", st)
		}
		found := label == ""
		for _, r := range rows {
			if r.object == "" || label != "" && r.object != v.object {
				continue
			}
			found = true
			if o := s.object(r.object); r.kind != "addrconf" {
				v.printAddr(s, o, r.object)
			}
			if label != "" {
				break
			}
		}
		if !found {
			return p.die("addrobj not found: %s", v.object)
		}
		return v.status()
	})
}

// printAddr prints the properties of one address. An object of a disabled
// interface is not in ipmgmtd's map: nothing is known of it.
func (v *propShow) printAddr(s *state, o *object, name string) {
	props := v.props
	if props == nil {
		props = addrProps
	}
	for _, prop := range props {
		unknown := false
		v.print(map[string]string{"ADDROBJ": name, "PROPERTY": prop}, func(which string) (string, ipStatus) {
			if o != nil || !slices.Contains(addrProps, prop) {
				return s.addrProp(o, prop, which)
			}
			unknown = which != wantPersistent
			if unknown {
				return "", ipNotFound
			}
			return "", ipOK
		})
		if unknown {
			return // the walk ends at an object that is not found
		}
	}
}
