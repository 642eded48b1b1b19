// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simnet

import (
	"strings"
	"time"
)

// deleteAddr is do_delete_addr().
func (p *ipadm) deleteAddr(args []string) int {
	name, seen, ok := p.oneOperand(args, "r", miscOptions, "Usage")
	if !ok {
		return 1
	}
	return p.do(func(s *state) ipStatus { return s.deleteAddress(name, true, seen['r']) },
		"could not delete address: %s")
}

// enableAddr is do_enable_addr().
func (p *ipadm) enableAddr(args []string) int {
	name, seen, ok := p.oneOperand(args, "t", miscOptions, "Usage")
	switch {
	case !ok:
		return 1
	case !seen['t']:
		return p.die("persistent operation not supported for enable-addr")
	}
	return p.do(func(s *state) ipStatus { return s.enableAddress(name) }, "could not enable address: %s")
}

// disableAddr is do_disable_addr().
func (p *ipadm) disableAddr(args []string) int {
	name, seen, ok := p.oneOperand(args, "t", miscOptions, "Usage")
	switch {
	case !ok:
		return 1
	case !seen['t']:
		return p.die("persistent operation not supported for disable-addr")
	}
	return p.do(func(s *state) ipStatus { return s.deleteAddress(name, false, false) },
		"could not disable address: %s")
}

// upAddr is do_up_addr().
func (p *ipadm) upAddr(args []string) int {
	name, seen, ok := p.oneOperand(args, "t", miscOptions, "Usage")
	if !ok {
		return 1
	}
	return p.do(func(s *state) ipStatus { return s.upAddress(name, !seen['t']) }, "Could not mark the address up: %s")
}

// downAddr is do_down_addr().
func (p *ipadm) downAddr(args []string) int {
	name, seen, ok := p.oneOperand(args, "t", miscOptions, "Usage")
	if !ok {
		return 1
	}
	return p.do(func(s *state) ipStatus { return s.downAddress(name, !seen['t']) },
		"Could not mark the address down: %s")
}

// refreshAddr is do_refresh_addr().
func (p *ipadm) refreshAddr(args []string) int {
	name, seen, ok := p.oneOperand(args, "i", miscOptions, "Usage")
	switch {
	case !ok:
		return 1
	case seen['i']:
		return absent(p.Call, "ipadm refresh-addr -i")
	}
	wait := false
	status := p.do(func(s *state) (st ipStatus) {
		wait, st = s.refreshAddress(name, time.Now())
		return st
	}, "could not refresh address %s")
	if status != 0 || !wait {
		return status
	}
	st, err := awaitLease(p.World, name, dhcpWaitDefault)
	switch {
	case err != nil:
		return broken(p.Call, err)
	case st == ipDHCPTimeout:
		p.warn(string(st))
	case st != ipOK:
		return p.die("could not refresh address %s", st)
	}
	return 0
}

var addrColumns = []column{
	{"ADDROBJ", 18}, {"TYPE", 9}, {"STATE", 13}, {"CURRENT", 8}, {"PERSISTENT", 11}, {"ADDR", 46},
}

// showAddr is do_show_addr().
func (p *ipadm) showAddr(args []string) int {
	fields, operand, parsable, ok := p.showArgs(args)
	ifname, label, named := strings.Cut(operand, "/")
	switch {
	case !ok:
		return 1
	case parsable && fields == "":
		return p.die("-p requires -o")
	case operand != "" && !named:
		return p.die("Invalid address object name provided")
	}
	if label != "" {
		ifname = ""
	}
	if fields == "" {
		fields = "addrobj,type,state,addr"
	}
	t := p.table(fields, addrColumns, parsable)
	if t == nil {
		return 1
	}
	return p.state(false, func(s *state) int {
		rows, st := s.addrInfos(ifname)
		if st != ipOK {
			return p.die("Could not get address: %s", st)
		}
		found := operand == ""
		for _, r := range rows {
			if label == "" || r.object == operand {
				t.print(values(s.addrRow(r)))
				found = true
			}
		}
		if !found {
			return p.die("Could not get address: %s", ipNotFound)
		}
		return 0
	})
}

// addrRow is one row of show-addr (print_sa_cb()).
func (s *state) addrRow(r *addrInfo) map[string]string {
	row := map[string]string{"ADDROBJ": r.object, "TYPE": r.kind, "STATE": r.state, "ADDR": r.text()}
	if r.object == "" {
		row["ADDROBJ"] = r.ifname + "/?"
	}
	if s.Zone == "shared" {
		row["TYPE"] = "from-gz"
	}
	row["CURRENT"], row["PERSISTENT"] = mask("Uuptd", r.current.has), mask("Upd", r.persistent.has)
	return row
}

func (f addrFlags) has(letter rune) bool {
	switch letter {
	case 'U':
		return f.up
	case 'p':
		return f.private
	case 'd':
		return f.deprecated
	}
	return false
}
