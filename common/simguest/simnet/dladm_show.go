// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simnet

import (
	"strconv"
	"strings"
)

// A show is what the show subcommands have in common.
type show struct {
	parsable bool
	persist  bool
	fields   string // "" for the default ones
	given    bool   // -o was
	seen     string // other options
	name     string // of the one link, "" for all
	found    *link
}

// showArgs parses the options and the operand of a show subcommand. Letters
// are those for getopt; each of once may be given once only. ok is false after
// an error, with its exit status.
func (d *dladm) showArgs(args []string, letters, once string) (v show, status int, ok bool) {
	opts, operands := getoptLong(args, letters, showOptions)
	seen := ""
	for _, o := range opts {
		switch {
		case o.name == '?' || o.name == ':':
			return v, d.badOption(o), false
		case strings.IndexByte(once, o.name) >= 0 && strings.IndexByte(seen, o.name) >= 0:
			return v, d.twice(o.name), false
		case o.name == 'o':
			v.fields, v.given = o.value, true
		case o.name == 'i' && !isInterval(o.value):
			return v, d.die("invalid interval value '%s'", o.value), false
		}
		seen += string(o.name)
	}
	v.seen, v.parsable, v.persist = seen, strings.Contains(seen, "p"), strings.Contains(seen, "P")
	if len(operands) > 1 {
		return v, d.usage(), false
	}
	if len(operands) == 1 {
		v.name = operands[0]
	}
	return v, 0, true
}

// isInterval is dladm_str2interval().
func isInterval(text string) bool {
	n, err := strconv.Atoi(text)
	return err == nil && n > 0
}

func (v *show) has(letter string) bool { return strings.Contains(v.seen, letter) }

// checkFields is what show-link, show-phys and show-aggr say about -p and -o.
func (d *dladm) checkFields(v show) (status int, ok bool) {
	switch {
	case v.parsable && !v.given:
		return d.die("-p requires -o"), false
	case v.parsable && strings.EqualFold(v.fields, "all"):
		return d.die(`"-o all" is invalid with -p`), false
	}
	return 0, true
}

// or gives the fields that were asked for, or else those by default.
func (v *show) or(fields string) string {
	if !v.given || strings.EqualFold(v.fields, "all") {
		return fields
	}
	return v.fields
}

// each calls f for the links of a class, "" for all, that are active, or with
// persist persistent; or for the one that was asked for.
func (v *show) each(s *state, class string, f func(*link)) {
	for _, l := range s.Links {
		switch {
		case v.found != nil && l != v.found:
		case class != "" && l.Class != class:
		case v.persist && !l.Persist || !v.persist && !l.Active:
		default:
			f(l)
		}
	}
}

var physColumns = []column{
	{"LINK", 13}, {"MEDIA", 21}, {"STATE", 11}, {"SPEED", 9}, {"DUPLEX", 9}, {"DEVICE", 13}, {"FLAGS", 7},
}

var physMColumns = []column{{"LINK", 13}, {"SLOT", 9}, {"ADDRESS", 19}, {"INUSE", 5}, {"CLIENT", 13}}

// showPhys is do_show_phys().
func (d *dladm) showPhys(args []string) int {
	v, status, ok := d.showArgs(args, ":pPo:mH", "pP")
	if !ok {
		return status
	}
	if v.has("m") && v.has("H") && (!v.parsable || v.given) {
		return d.die("-m cannot combine with -H")
	}
	if status, ok = d.checkFields(v); !ok {
		return status
	}
	return d.state(false, func(s *state) int {
		v.found = s.link(v.name)
		switch {
		case v.name != "" && v.found == nil:
			return d.dieStatus(dlNotFound, "link %s is not valid", v.name)
		case v.has("m") && v.persist:
			return d.die("-m not compatible with -P")
		case v.has("H"):
			return absent(d.Call, "dladm show-phys -H")
		}
		return d.printPhys(s, v)
	})
}

func (d *dladm) printPhys(s *state, v show) int {
	fields, columns := "link,media,state,speed,duplex,device", physColumns
	switch {
	case v.has("m"):
		fields, columns = "link,slot,address,inuse,client", physMColumns
	case v.persist:
		fields = "link,device,media,flags"
	}
	t := d.table(v.or(fields), columns, v.parsable, false, 0)
	if t == nil {
		return 1
	}
	if l := v.found; l != nil {
		switch {
		case l.Class != "phys":
			return d.dieStatus(dlBadArg, "failed to show physical link %s", v.name)
		case v.persist && !l.Persist, !v.persist && !l.Active:
			return d.dieStatus(dlNotFound, "failed to show physical link %s", v.name)
		}
	}
	v.each(s, "phys", func(l *link) {
		if v.has("m") {
			t.print(values(s.physMAC(l)))
		} else {
			t.print(values(s.phys(l, v.persist)))
		}
	})
	return 0
}

// phys is one row of show-phys. A vioif says 1000 and full at all times.
func (s *state) phys(l *link, persist bool) map[string]string {
	row := map[string]string{"LINK": l.Name, "MEDIA": "Ethernet", "DEVICE": l.Hardware.Device}
	if persist {
		row["FLAGS"] = flagText('r', !l.Active)
		return row
	}
	row["STATE"], row["SPEED"], row["DUPLEX"] = s.linkState(l), strconv.Itoa(l.Hardware.Speed), "full"
	if l.Driver != "vioif" && !s.running(l) {
		row["SPEED"], row["DUPLEX"] = "0", "unknown"
	}
	return row
}

// physMAC is one row of show-phys -m; a device has one address here.
func (s *state) physMAC(l *link) map[string]string {
	row := map[string]string{"LINK": l.Name, "SLOT": "primary", "ADDRESS": macText(l.MAC), "INUSE": "no"}
	if s.plumbed(l.Name) || len(s.upper(l)) > 0 {
		row["INUSE"], row["CLIENT"] = "yes", l.Name
	}
	return row
}

// flagText is a FLAGS value: one letter, set or not, before four dashes.
func flagText(letter byte, set bool) string {
	if set {
		return string(letter) + "----"
	}
	return "-----"
}

func (s *state) linkState(l *link) string {
	if s.running(l) {
		return "up"
	}
	return "down"
}

var linkColumns = []column{{"LINK", 12}, {"CLASS", 10}, {"MTU", 7}, {"STATE", 9}, {"BRIDGE", 11}, {"OVER", 30}}

// showLink is do_show_link().
func (d *dladm) showLink(args []string) int {
	v, status, ok := d.showArgs(args, ":pPsi:o:", "pPsi")
	switch {
	case !ok:
		return status
	case v.has("i") && !v.has("s"):
		return d.die("the option -i can be used only with -s")
	case v.has("s") && v.persist:
		return d.die("the option -P cannot be used with -s")
	case len(v.name) > 31:
		return d.die("link name too long")
	}
	return d.state(false, func(s *state) int {
		v.found = s.link(v.name)
		switch {
		case v.name == "":
		case v.found == nil:
			return d.dieStatus(dlNotFound, "link %s is not valid", v.name)
		case v.persist && !v.found.Persist:
			return d.dieStatus(dlBadArg, "link %s is a temporary link", v.name)
		case !v.persist && !v.found.Active:
			return d.dieStatus(dlBadArg, "link %s is temporarily removed", v.name)
		}
		if status, ok = d.checkFields(v); !ok {
			return status
		}
		return d.printLinks(s, v)
	})
}

func (d *dladm) printLinks(s *state, v show) int {
	if v.has("s") {
		return absent(d.Call, "dladm show-link -s")
	}
	fields := "link,class,mtu,state,bridge,over"
	if v.persist {
		fields = "link,class,bridge,over"
	}
	t := d.table(v.or(fields), linkColumns, v.parsable, true, 0)
	if t == nil {
		return 1
	}
	v.each(s, "", func(l *link) {
		row := map[string]string{"LINK": l.Name, "CLASS": l.Class, "OVER": s.over(l)}
		if !v.persist {
			row["MTU"], row["STATE"] = strconv.Itoa(l.MTU), s.linkState(l)
		}
		t.print(values(row))
	})
	return 0
}

// over names the links below one, as show-link does: with commas.
func (s *state) over(l *link) string {
	var names []string
	for _, under := range s.ports(l) {
		names = append(names, under.Name)
	}
	if len(names) == 0 && l.Class != "phys" {
		return "?"
	}
	return strings.Join(names, ",")
}

var vlanColumns = []column{{"LINK", 16}, {"VID", 9}, {"OVER", 13}, {"FLAGS", 7}}

// showVLAN is do_show_vlan().
func (d *dladm) showVLAN(args []string) int {
	v, status, ok := d.showArgs(args, ":pPo:", "pP")
	if !ok {
		return status
	}
	return d.state(false, func(s *state) int {
		v.found = s.link(v.name)
		switch {
		case v.name == "":
		case v.found == nil:
			return d.dieStatus(dlNotFound, "link %s is not valid", v.name)
		case v.found.Class != "vlan":
			return d.die("datalink %s is not a vlan: found class %s", v.name, v.found.Class)
		}
		t := d.table(v.or(""), vlanColumns, v.parsable, false, 0)
		if t == nil {
			return 1
		}
		if v.found != nil && (v.persist && !v.found.Persist || !v.persist && !v.found.Active) {
			return d.dieStatus(dlNotFound, "failed to show vlan %s", v.name)
		}
		v.each(s, "vlan", func(l *link) {
			t.print(values(map[string]string{
				"LINK": l.Name, "VID": strconv.Itoa(l.VID), "OVER": s.over(l), "FLAGS": flagText('f', l.Force),
			}))
		})
		return 0
	})
}

var aggrColumns = []column{
	{"LINK", 16}, {"POLICY", 9}, {"ADDRPOLICY", 21}, {"LACPACTIVITY", 14}, {"LACPTIMER", 12}, {"FLAGS", 8},
}

// showAggr is do_show_aggr(), without the state of LACP and statistics.
func (d *dladm) showAggr(args []string) int {
	v, status, ok := d.showArgs(args, ":LpPxsi:o:", "LpPxsi")
	if !ok {
		return status
	}
	if status, ok = d.checkFields(v); !ok {
		return status
	}
	if v.has("i") && !v.has("s") {
		return d.die("the option -i can be used only with -s")
	}
	return d.state(false, func(s *state) int {
		v.found = s.link(aggrName(v.name))
		switch {
		case v.name != "" && v.found == nil:
			return d.die("non-existent aggregation '%s'", v.name)
		case v.has("x") && (v.has("L") || v.persist):
			return d.die("the option -%s cannot be used with -x", map[bool]string{true: "L", false: "P"}[v.has("L")])
		case v.has("s") || v.has("L"):
			return absent(d.Call, "dladm show-aggr with -L or -s")
		}
		columns := aggrColumns
		if v.has("x") {
			columns = aggrPortColumns
		}
		t := d.table(v.or(""), columns, v.parsable, false, 0)
		if t == nil {
			return 1
		}
		if l := v.found; l != nil && l.Class != "aggr" {
			return d.dieStatus(dlBadArg, "failed to show aggr %s", v.name)
		}
		v.each(s, "aggr", func(l *link) {
			if v.has("x") {
				s.printAggrPorts(t, l)
			} else {
				t.print(values(aggrRow(l)))
			}
		})
		return 0
	})
}

func aggrRow(l *link) map[string]string {
	address := "auto"
	if len(l.MAC) > 0 {
		address = "fixed (" + macText(l.MAC) + ")"
	}
	return map[string]string{
		"LINK": l.Name, "POLICY": l.Policy, "ADDRPOLICY": address,
		"LACPACTIVITY": l.LACP, "LACPTIMER": l.Timer, "FLAGS": flagText('f', l.Force),
	}
}

// aggrName is the name that a key stands for, or the name itself.
func aggrName(text string) string {
	if _, err := strconv.Atoi(text); err == nil {
		return "aggr" + text
	}
	return text
}
