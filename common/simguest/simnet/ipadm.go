// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simnet

import (
	"fmt"
	"strings"

	"illumos-metadata/common/simguest/world"
)

// An ipadm is one call of ipadm (cmd/cmd-inet/usr.sbin/ipadm/ipadm.c).
type ipadm struct {
	*world.Call
	use string // usage of the subcommand
}

// An ipadmCommand is one subcommand, with its usage; one without run exists and
// is not played.
type ipadmCommand struct {
	name  string
	run   func(*ipadm, []string) int
	usage string
}

// ipadmCommands are the subcommands (cmds[]).
func ipadmCommands() []ipadmCommand {
	return []ipadmCommand{
		{"help", (*ipadm).help, ""},
		{"create-if", (*ipadm).createIf, "\tcreate-if\t[-t] <interface>"},
		{"create-ip", (*ipadm).createIf, "\tcreate-ip\t[-t] <interface>"},
		{"delete-if", (*ipadm).deleteIf, "\tdelete-if\t<interface>\n"},
		{"delete-ip", (*ipadm).deleteIf, "\tdelete-ip\t<interface>\n"},
		{"create-ipmp", nil, ""}, {"delete-ipmp", nil, ""}, {"add-ipmp", nil, ""}, {"remove-ipmp", nil, ""},
		{"disable-if", (*ipadm).disableIf, "\tdisable-if\t-t <interface>"},
		{"enable-if", (*ipadm).enableIf, "\tenable-if\t-t <interface>"},
		{"show-if", (*ipadm).showIf, "\tshow-if\t\t[[-p] -o <field>,...] [<interface>]\n"},
		{"set-ifprop", (*ipadm).setIfProp, "\tset-ifprop\t[-t] -p <prop>=<value[,...]> -m <protocol> <interface>"},
		{"reset-ifprop", (*ipadm).resetIfProp, "\treset-ifprop\t[-t] -p <prop> -m <protocol> <interface>"},
		{"show-ifprop", (*ipadm).showIfProp, "\tshow-ifprop\t[[-c] -o <field>,...] [-p <prop>,...]\n\t\t\t[-m <protocol>] [interface]\n"},
		{"create-addr", (*ipadm).createAddr, createAddrUsage},
		{"delete-addr", (*ipadm).deleteAddr, "\tdelete-addr\t[-r] <addrobj>"},
		{"show-addr", (*ipadm).showAddr, "\tshow-addr\t[[-p] -o <field>,...] [<addrobj>]"},
		{"refresh-addr", (*ipadm).refreshAddr, "\trefresh-addr\t[-i] <addrobj>"},
		{"down-addr", (*ipadm).downAddr, "\tdown-addr\t[-t] <addrobj>"},
		{"up-addr", (*ipadm).upAddr, "\tup-addr\t\t[-t] <addrobj>"},
		{"disable-addr", (*ipadm).disableAddr, "\tdisable-addr\t-t <addrobj>"},
		{"enable-addr", (*ipadm).enableAddr, "\tenable-addr\t-t <addrobj>\n"},
		{"set-addrprop", (*ipadm).setAddrProp, "\tset-addrprop\t[-t] -p <prop>=<value[,...]> <addrobj>"},
		{"reset-addrprop", (*ipadm).resetAddrProp, "\treset-addrprop\t[-t] -p <prop> <addrobj>"},
		{"show-addrprop", (*ipadm).showAddrProp, "\tshow-addrprop\t[[-c] -o <field>,...] [-p <prop>,...] <addrobj>\n"},
		{"set-prop", nil, ""}, {"reset-prop", nil, ""}, {"show-prop", nil, ""},
	}
}

const createAddrUsage = "\tcreate-addr\t[-t] -T static [-d] -a{local|remote}=addr[/prefixlen]\n\t\t\t<addrobj>\n" +
	"\tcreate-addr\t[-t] -T dhcp [-w <seconds> | forever]\n\t\t\t[-1] [-h <hostname>] <addrobj>\n" +
	"\tcreate-addr\t[-t] -T addrconf [-i interface-id]\n\t\t\t[-p {stateful|stateless}={yes|no}] <addrobj>"

// runIpadm plays ipadm; without a subcommand it is show-addr.
func runIpadm(c *world.Call) int {
	args := c.Args
	if len(args) == 0 {
		args = []string{"show-addr"}
	}
	p := &ipadm{Call: c}
	for _, sub := range ipadmCommands() {
		switch {
		case sub.name != args[0]:
		case sub.run == nil:
			return absent(c, "ipadm "+sub.name)
		default:
			p.use = sub.usage
			return sub.run(p, args[1:])
		}
	}
	c.Errorf("%s: unknown subcommand '%s'\n", c.Name, args[0])
	p.usage()
	return 1
}

func (p *ipadm) help([]string) int {
	p.usage()
	return 0
}

// usage is usage(), for the subcommands that are played.
func (p *ipadm) usage() {
	p.Errorf("usage:  ipadm <subcommand> <args> ...\n")
	for _, sub := range ipadmCommands() {
		if sub.usage != "" {
			p.Errorf("%s\n", sub.usage)
		}
	}
}

// die reports an error and gives the exit status. The text goes to standard
// error without a newline, and the newline to standard output.
func (p *ipadm) die(format string, args ...any) int {
	p.Errorf("%s: %s", p.Name, fmt.Sprintf(format, args...))
	p.Printf("\n")
	return 1
}

func (p *ipadm) warn(text string) { p.Errorf("%s: warning: %s\n", p.Name, text) }

// badOption is die_opterr().
func (p *ipadm) badOption(o option) int {
	bad := o.bad
	if o.name != '?' && o.name != ':' {
		bad = o.name // a long option of another subcommand
	}
	if o.name == ':' {
		return p.die("option '-%c' requires a value\nusage: %s", bad, p.use)
	}
	return p.die("unrecognized option '-%c'\nusage: %s", bad, p.use)
}

// state runs f over the state, which it may change.
func (p *ipadm) state(change bool, f func(*state) int) int {
	status := 0
	run := view
	if change {
		run = update
	}
	if err := run(p.World, func(s *state) { status = f(s) }); err != nil {
		return broken(p.Call, err)
	}
	return status
}

// do runs an operation of libipadm and reports its failure; format has one %s
// for the reason.
func (p *ipadm) do(f func(*state) ipStatus, format string, args ...any) int {
	return p.state(true, func(s *state) int {
		if st := f(s); st != ipOK {
			return p.die(format, append(args, st)...)
		}
		return 0
	})
}

// table opens the output of a show subcommand; nil if that is fatal.
func (p *ipadm) table(fields string, all []column, parsable bool) *table {
	t, problem, fatal := openTable(p.Stdout, fields, all, parsable, false, 0)
	switch {
	case fatal:
		p.die("%s", problem)
		return nil
	case problem != "":
		p.warn(problem)
	}
	return t
}

// oneOperand parses the options of a subcommand with one operand, each option
// without a value; ok is false after an error.
func (p *ipadm) oneOperand(args []string, letters string, long []longOption, usage string) (operand string, seen map[byte]bool, ok bool) {
	opts, operands := getoptLong(args, ":"+letters, long)
	seen = map[byte]bool{}
	for _, o := range opts {
		if o.name == '?' || o.name == ':' || strings.IndexByte(letters, o.name) < 0 {
			p.badOption(o)
			return "", nil, false
		}
		seen[o.name] = true
	}
	if len(operands) != 1 {
		p.die("%s: %s", usage, p.use)
		return "", nil, false
	}
	return operands[0], seen, true
}

// ifOptions are the long options of create-if (if_longopts), miscOptions those
// of the subcommands for an object (addr_misc_longopts).
var (
	ifOptions   = []longOption{{"temporary", false, 't'}}
	miscOptions = []longOption{{"inform", false, 'i'}, {"release", false, 'r'}, {"temporary", false, 't'}}
)
