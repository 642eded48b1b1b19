// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simnet

import (
	"fmt"

	"illumos-metadata/common/simguest/world"
)

// A dladm is one call of dladm (cmd/dladm/dladm.c).
type dladm struct {
	*world.Call
	usageLine string // of the subcommand
}

// A dladmCommand is one subcommand, with its usage line.
type dladmCommand struct {
	name  string
	run   func(*dladm, []string) int
	usage string
}

// dladmCommands are the subcommands that are played.
func dladmCommands() []dladmCommand {
	return []dladmCommand{
		{"help", (*dladm).help, ""},
		{"rename-link", (*dladm).renameLink, "    rename-link      <oldlink> <newlink>"},
		{"show-link", (*dladm).showLink, "    show-link        [-pP] [-o <field>,..] [-s [-i <interval>]] [<link>]\n"},
		{"create-aggr", (*dladm).createAggr, "    create-aggr      [-t] [-P <policy>] [-L <mode>] [-T <time>] [-u <address>]\n\t\t     -l <link> [-l <link>...] <link>"},
		{"delete-aggr", (*dladm).deleteAggr, "    delete-aggr      [-t] <link>"},
		{"add-aggr", (*dladm).addAggrPorts, "    add-aggr         [-t] -l <link> [-l <link>...] <link>"},
		{"remove-aggr", (*dladm).removeAggrPorts, "    remove-aggr      [-t] -l <link> [-l <link>...] <link>"},
		{"modify-aggr", (*dladm).modifyAggr, "    modify-aggr      [-t] [-P <policy>] [-L <mode>] [-T <time>] [-u <address>]\n\t\t     <link>"},
		{"show-aggr", (*dladm).showAggr, "    show-aggr        [-pPLx] [-o <field>,..] [-s [-i <interval>]] [<link>]\n"},
		{"up-aggr", (*dladm).upAggr, ""},
		{"set-linkprop", (*dladm).setLinkProp, "    set-linkprop     [-t] -p <prop>=<value>[,...] <name>"},
		{"reset-linkprop", (*dladm).resetLinkProp, "    reset-linkprop   [-t] [-p <prop>,...] <name>"},
		{"show-linkprop", (*dladm).showLinkProp, "    show-linkprop    [-cP] [-o <field>,...] [-p <prop>,...] <name>\n"},
		{"show-ether", (*dladm).showEther, "    show-ether       [-px][-o <field>,...] <link>\n"},
		{"create-vlan", (*dladm).createVLAN, "    create-vlan      [-ft] -l <link> -v <vid> [link]"},
		{"delete-vlan", (*dladm).deleteVLAN, "    delete-vlan      [-t] <link>"},
		{"show-vlan", (*dladm).showVLAN, "    show-vlan        [-pP] [-o <field>,..] [<link>]\n"},
		{"up-vlan", (*dladm).upVLAN, ""},
		{"show-phys", (*dladm).showPhys, "    show-phys        [-m | -H | -P] [[-p] [-o <field>[,...]] [<link>]\n"},
	}
}

// dladmOthers are subcommands that dladm has and that are not played.
var dladmOthers = map[string]bool{
	"scan-wifi": true, "connect-wifi": true,
	"disconnect-wifi": true, "show-wifi": true, "create-secobj": true, "delete-secobj": true, "show-secobj": true,
	"init-linkprop": true, "init-secobj": true, "create-iptun": true, "delete-iptun": true, "modify-iptun": true,
	"show-iptun": true, "up-iptun": true, "down-iptun": true, "delete-phys": true, "init-phys": true,
	"show-linkmap": true, "create-vnic": true, "delete-vnic": true, "show-vnic": true, "up-vnic": true,
	"create-part": true, "delete-part": true, "show-part": true, "show-ib": true, "up-part": true,
	"create-etherstub": true, "delete-etherstub": true, "show-etherstub": true, "create-simnet": true,
	"modify-simnet": true, "delete-simnet": true, "show-simnet": true, "up-simnet": true, "create-bridge": true,
	"modify-bridge": true, "delete-bridge": true, "add-bridge": true, "remove-bridge": true, "show-bridge": true,
	"create-overlay": true, "delete-overlay": true, "modify-overlay": true, "show-overlay": true,
	"up-overlay": true, "show-usage": true,
}

// runDladm plays dladm; without a subcommand it is show-link.
func runDladm(c *world.Call) int {
	args := c.Args
	if len(args) == 0 {
		args = []string{"show-link"}
	}
	d := &dladm{Call: c}
	for _, sub := range dladmCommands() {
		if sub.name != args[0] {
			continue
		}
		if shared, err := inSharedZone(c.World); err != nil || shared {
			if err != nil {
				return broken(c, err)
			}
			return d.dieStatus(dlNotFound, "could not open /dev/dld")
		}
		d.usageLine = sub.usage
		return sub.run(d, args[1:])
	}
	if dladmOthers[args[0]] {
		return absent(c, "dladm "+args[0])
	}
	c.Errorf("%s: unknown subcommand '%s'\n", c.Name, args[0])
	return d.usage()
}

// inSharedZone says whether the guest is a shared-IP zone, which has no
// /dev/dld.
func inSharedZone(w *world.World) (bool, error) {
	shared := false
	err := view(w, func(s *state) { shared = s.Zone == "shared" })
	return shared, err
}

func (d *dladm) help([]string) int {
	d.usage()
	return 0
}

// usage is usage_text(), for the subcommands that are played.
func (d *dladm) usage() int {
	d.Errorf("usage:  dladm <subcommand> <args> ...\n")
	for _, sub := range dladmCommands() {
		if sub.usage != "" {
			d.Errorf("%s\n", sub.usage)
		}
	}
	return 1
}

// die reports an error and gives the exit status.
func (d *dladm) die(format string, args ...any) int {
	d.Errorf("%s: %s\n", d.Name, fmt.Sprintf(format, args...))
	return 1
}

// dieStatus is die_dlerr().
func (d *dladm) dieStatus(status dlStatus, format string, args ...any) int {
	return d.die("%s: %s", fmt.Sprintf(format, args...), status)
}

func (d *dladm) warn(format string, args ...any) {
	d.Errorf("%s: warning: %s\n", d.Name, fmt.Sprintf(format, args...))
}

// badOption is die_opterr().
func (d *dladm) badOption(o option) int {
	if o.name == ':' {
		return d.die("option '-%c' requires a value\nusage: %s", o.bad, d.usageLine)
	}
	return d.die("unrecognized option '-%c'\nusage: %s", o.bad, d.usageLine)
}

// twice is die_optdup().
func (d *dladm) twice(letter byte) int {
	return d.die("the option -%c cannot be specified more than once", letter)
}

// table opens the output of a show subcommand; nil if that is fatal.
func (d *dladm) table(fields string, all []column, parsable, wrap bool, maxColumns int) *table {
	t, problem, fatal := openTable(d.Stdout, fields, all, parsable, wrap && !parsable, maxColumns)
	switch {
	case fatal:
		d.die("%s", problem)
		return nil
	case problem != "":
		d.warn("%s", problem)
	}
	return t
}

// state runs f over the state, which it may change.
func (d *dladm) state(change bool, f func(*state) int) int {
	status := 0
	run := view
	if change {
		run = update
	}
	if err := run(d.World, func(s *state) { status = f(s) }); err != nil {
		return broken(d.Call, err)
	}
	return status
}

// linkOptions are the long options of most subcommands (lopts).
var linkOptions = []longOption{
	{"vlan-id", true, 'v'}, {"output", true, 'o'}, {"dev", true, 'd'}, {"policy", true, 'P'},
	{"lacp-mode", true, 'L'}, {"lacp-timer", true, 'T'}, {"unicast", true, 'u'}, {"temporary", false, 't'},
	{"root-dir", true, 'R'}, {"link", true, 'l'}, {"forcible", false, 'f'}, {"bw-limit", true, 'b'},
	{"mac-address", true, 'm'}, {"slot", true, 'n'},
}

// showOptions are those of the show subcommands (show_lopts).
var showOptions = []longOption{
	{"statistics", false, 's'}, {"continuous", false, 'S'}, {"interval", true, 'i'}, {"parsable", false, 'p'},
	{"parseable", false, 'p'}, {"extended", false, 'x'}, {"output", true, 'o'}, {"persistent", false, 'P'},
	{"lacp", false, 'L'},
}
