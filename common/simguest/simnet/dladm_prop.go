// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simnet

import (
	"slices"
	"strconv"
	"strings"
)

// propOptions are the long options for link properties (prop_longopts).
var propOptions = []longOption{
	{"temporary", false, 't'}, {"output", true, 'o'}, {"root-dir", true, 'R'}, {"prop", true, 'p'},
	{"parsable", false, 'c'}, {"parseable", false, 'c'}, {"persistent", false, 'P'},
}

// linkProps are link properties that dladm has beside mtu and that are not
// played (prop_table in lib/libdladm/common/linkprop.c).
var linkProps = []string{
	"channel", "powermode", "radio", "linkmode", "speed", "autopush", "zone", "duplex", "state", "adv_autoneg_cap",
	"flowctrl", "maxbw", "cpus", "cpus-effective", "pool", "pool-effective", "priority", "tagmode", "hoplimit",
	"encaplimit", "forward", "default_tag", "learn_limit", "learn_decay", "stp", "stp_priority", "stp_cost",
	"stp_edge", "stp_p2p", "stp_mcheck", "protection", "promisc-filtered", "allowed-ips", "allowed-dhcp-cids",
	"rxrings", "rxrings-effective", "txrings", "txrings-effective", "txrings-available", "rxrings-available",
	"rxhwclnt-available", "txhwclnt-available", "secondary-macs", "media",
}

// notPlayed says whether a property exists in illumos and not here.
func notPlayed(prop string) bool {
	speed := strings.HasPrefix(prop, "adv_") || strings.HasPrefix(prop, "en_")
	return slices.Contains(linkProps, prop) || strings.HasPrefix(prop, "_") || speed && strings.HasSuffix(prop, "_cap")
}

// A linkProp is one property of a -p option with its values.
type linkProp struct {
	name   string
	values []string
}

// linkPropList is dladm_parse_args(): "mtu=9000,cpus=1,2". Names alone, if
// values are not expected. No comma or equals sign may follow another.
func linkPropList(text string, names bool) (list []linkProp, ok bool) {
	inside := false // between a name that has values and the next name
	for text != "" {
		at := strings.IndexAny(text, "=,")
		if at == 0 || at < 0 {
			return nil, false
		}
		word, sep := text[:at], text[at]
		text = text[at+1:]
		switch {
		case sep == ',' && inside && names:
			return nil, false
		case sep == ',' && inside:
			last := &list[len(list)-1]
			last.values = append(last.values, word)
		default:
			list = append(list, linkProp{name: word})
			inside = sep == '='
		}
	}
	return list, true
}

// propArgs parses the options of the linkprop subcommands.
func (d *dladm) propArgs(args []string, letters string) (props string, seen map[byte]string, operands []string, status int, ok bool) {
	opts, operands := getoptLong(args, letters, propOptions)
	seen = map[byte]string{}
	for _, o := range opts {
		switch o.name {
		case '?', ':':
			return "", nil, nil, d.badOption(o), false
		case 'p':
			props += o.value + ","
		default:
			seen[o.name] = o.value
		}
	}
	return props, seen, operands, 0, true
}

func (d *dladm) setLinkProp(args []string) int { return d.editLinkProp(args, false) }

func (d *dladm) resetLinkProp(args []string) int { return d.editLinkProp(args, true) }

// editLinkProp is set_linkprop(). Each property that cannot be set is a
// warning; the exit status is that of the last one.
func (d *dladm) editLinkProp(args []string, reset bool) int {
	text, seen, operands, status, ok := d.propArgs(args, ":p:R:t")
	if !ok {
		return status
	}
	if len(operands) != 1 {
		return d.usage()
	}
	props, ok := linkPropList(text, reset)
	_, elsewhere := seen['R']
	switch {
	case !ok:
		return d.die("invalid link properties specified")
	case len(props) == 0 && !reset:
		return d.die("link property must be specified")
	case elsewhere:
		return absent(d.Call, "dladm set-linkprop -R")
	case len(props) == 0:
		return absent(d.Call, "dladm reset-linkprop without -p")
	}
	_, temporary := seen['t']
	var failed error
	status = d.state(true, func(s *state) int {
		l := s.link(operands[0])
		if l == nil {
			return d.dieStatus(dlNotFound, "link %s is not valid", operands[0])
		}
		status := 0
		for _, p := range props {
			status = d.editOneProp(s, l, p, reset, !temporary)
		}
		failed = s.writeLinks()
		return status
	})
	if failed != nil {
		return broken(d.Call, failed)
	}
	return status
}

func (d *dladm) editOneProp(s *state, l *link, p linkProp, reset, persist bool) int {
	verb := "set"
	if reset {
		verb = "reset"
	}
	switch {
	case !reset && len(p.values) == 0:
		d.warn("no value specified for '%s'", p.name)
		return 1
	case notPlayed(p.name):
		return absent(d.Call, "link property "+p.name)
	case !strings.EqualFold(p.name, "mtu"):
		d.warn("invalid link property '%s'", p.name)
		return 1
	case len(p.values) > 1:
		low, high := s.rangeMTU(l)
		d.warn("link property '%s' must be one of: %d-%d", p.name, low, high)
		return 1
	}
	mtu := s.defaultMTU(l)
	if !reset {
		mtu = strtoul(p.values[0])
	}
	st := s.setMTU(l, mtu)
	if st != dlOK {
		d.warn("cannot %s link property '%s' on '%s': %s", verb, p.name, l.Name, st)
		return 1
	}
	if persist && l.Persist {
		l.MTUConf = mtu
		if reset {
			l.MTUConf = 0
		}
	}
	return 0
}

// strtoul reads a number as strtoul(3C) with base 0 does: 0 if there is none.
func strtoul(text string) int {
	for n := len(text); n > 0; n-- {
		if v, err := strconv.ParseUint(strings.TrimLeft(text[:n], " \t"), 0, 32); err == nil {
			return int(v)
		}
	}
	return 0
}

// minMTU is the least that a vioif takes (ETHERMIN).
const minMTU = 60

// setMTU is mac_set_mtu() (uts/common/io/mac/mac_client.c) and what the drivers
// make of it. IP follows, unless its own MTU was set.
func (s *state) setMTU(l *link, mtu int) dlStatus {
	low, high := s.rangeMTU(l)
	upper := s.upper(l)
	below := func(up *link) bool { return up.Class == "vlan" && mtu < up.MTU }
	inUse := s.plumbed(l.Name) || len(upper) > 0
	switch {
	case !l.Active:
		return dlNotFound
	case !s.mayConfigureLinks():
		return dlDenied
	case mtu == 0:
		return dlBadArg
	case slices.ContainsFunc(upper, below):
		return dlBusy
	case mtu == l.MTU:
		return dlOK
	case mtu < low || mtu > high:
		return dlBadArg
	case l.Class == "phys" && l.Driver != "vioif" && inUse:
		return dlBusy
	case l.Class == "aggr" && inUse && slices.ContainsFunc(s.ports(l), func(p *link) bool { return p.Driver != "vioif" }):
		return dlBusy
	}
	if l.Class == "aggr" {
		for _, port := range s.ports(l) {
			port.MTU = mtu
		}
	}
	l.MTU = mtu
	for _, i := range s.Ills {
		if i.Name == l.Name && !i.Fixed {
			i.MTU = mtu
		}
	}
	return dlOK
}

// rangeMTU gives the least and the largest MTU that a link takes: a VLAN no
// more than the link below carries, an aggregation what all its ports take.
func (s *state) rangeMTU(l *link) (low, high int) {
	switch l.Class {
	case "vlan":
		return minMTU, s.lowerMTU(l)
	case "aggr":
		high = 1 << 16
		for _, port := range s.ports(l) {
			high = min(high, port.Hardware.MaxMTU)
		}
		return minMTU, high
	}
	return minMTU, l.Hardware.MaxMTU
}

// defaultMTU is that of Ethernet, for a VLAN that of the link below
// (mac_prop_info()).
func (s *state) defaultMTU(l *link) int {
	if l.Class == "vlan" {
		return s.lowerMTU(l)
	}
	return etherMTU
}

var linkPropColumns = []column{
	{"LINK", 13}, {"PROPERTY", 16}, {"PERM", 5}, {"VALUE", 15}, {"DEFAULT", 15}, {"POSSIBLE", 20},
}

// showLinkProp is do_show_linkprop(), for mtu.
func (d *dladm) showLinkProp(args []string) int {
	text, seen, operands, status, ok := d.propArgs(args, ":p:cPo:")
	switch {
	case !ok:
		return status
	case len(operands) > 1:
		return d.usage()
	}
	return d.state(false, func(s *state) int {
		v := show{}
		if len(operands) == 1 {
			v.name = operands[0]
			if v.found = s.link(v.name); v.found == nil {
				return d.dieStatus(dlNotFound, "link %s is not valid", v.name)
			}
		}
		props, ok := linkPropList(text, true)
		if !ok {
			return d.die("invalid link properties specified")
		}
		_, v.parsable = seen['c']
		_, v.persist = seen['P']
		t := d.table(seen['o'], linkPropColumns, v.parsable, true, 0)
		switch {
		case t == nil:
			return 1
		case len(props) == 0:
			return absent(d.Call, "dladm show-linkprop without -p")
		}
		v.each(s, "", func(l *link) {
			for _, p := range props {
				if one := d.showOneProp(s, t, v, l, p.name); one != 0 {
					status = one
				}
			}
		})
		return status
	})
}

// showOneProp prints one row; nothing is known of a property that does not
// exist but its name.
func (d *dladm) showOneProp(s *state, t *table, v show, l *link, name string) int {
	if notPlayed(name) {
		return absent(d.Call, "link property "+name)
	}
	known := strings.EqualFold(name, "mtu")
	if !known && !v.persist {
		d.warn("cannot get link property '%s' for %s: %s", name, l.Name, dlNotFound)
	}
	low, high := s.rangeMTU(l)
	row := map[string]string{
		"PERM": "rw", "VALUE": strconv.Itoa(l.MTU), "DEFAULT": strconv.Itoa(s.defaultMTU(l)),
		"POSSIBLE": strconv.Itoa(low) + "-" + strconv.Itoa(high),
	}
	if !v.parsable {
		row["POSSIBLE"] += " "
	}
	if v.persist {
		row["VALUE"] = nonZero(l.MTUConf)
	}
	if !known && v.persist {
		row, known = map[string]string{"PERM": "--"}, true
	}
	t.print(func(column string) (string, bool) {
		switch column {
		case "LINK":
			return l.Name, true
		case "PROPERTY":
			return name, true
		}
		return row[column], known
	})
	if !known {
		return 1
	}
	return 0
}
