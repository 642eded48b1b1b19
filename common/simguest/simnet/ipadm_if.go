// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simnet

// createIf is do_create_ip().
func (p *ipadm) createIf(args []string) int {
	name, seen, ok := p.oneOperand(args, "t", ifOptions, "usage")
	if !ok {
		return 1
	}
	return p.do(func(s *state) ipStatus { return s.createInterface(name, !seen['t']) }, "Could not create %s : %s", name)
}

// deleteIf is do_delete_ip(), which knows no options.
func (p *ipadm) deleteIf(args []string) int {
	if len(args) != 1 {
		return p.die("Usage: %s", p.use)
	}
	return p.do(func(s *state) ipStatus { return s.deleteInterface(args[0]) }, "Could not delete %s: %s", args[0])
}

// enableIf is do_enable_if().
func (p *ipadm) enableIf(args []string) int {
	name, seen, ok := p.oneOperand(args, "t", miscOptions, "Usage")
	switch {
	case !ok:
		return 1
	case !seen['t']:
		return p.die("persistent operation not supported for enable-if")
	}
	return p.state(true, func(s *state) int {
		switch st := s.enableInterface(name); st {
		case ipOK:
		case ipNotAll:
			p.warn(string(st))
		default:
			return p.die("Could not enable %s : %s", name, st)
		}
		return 0
	})
}

// disableIf is do_disable_if().
func (p *ipadm) disableIf(args []string) int {
	name, seen, ok := p.oneOperand(args, "t", miscOptions, "Usage")
	switch {
	case !ok:
		return 1
	case !seen['t']:
		return p.die("persistent operation not supported for disable-if")
	}
	return p.do(func(s *state) ipStatus { return s.disableInterface(name) }, "Could not disable %s: %s", name)
}

// showOptionsIP are the long options of show-if and show-addr.
var showOptionsIP = []longOption{{"parsable", false, 'p'}, {"output", true, 'o'}}

// showArgs parses the options and the operand of show-if and show-addr. Their
// getopt does not tell a missing value from an unknown option.
func (p *ipadm) showArgs(args []string) (fields, operand string, parsable, ok bool) {
	opts, operands := getoptLong(args, "po:", showOptionsIP)
	for _, o := range opts {
		switch o.name {
		case 'p':
			parsable = true
		case 'o':
			fields = o.value
		default:
			p.badOption(o)
			return "", "", false, false
		}
	}
	if len(operands) > 1 {
		p.die("Usage: %s", p.use)
		return "", "", false, false
	}
	if len(operands) == 1 {
		operand = operands[0]
	}
	return fields, operand, parsable, true
}

var ifColumns = []column{{"IFNAME", 11}, {"CLASS", 10}, {"STATE", 9}, {"CURRENT", 13}, {"PERSISTENT", 11}}

// showIf is do_show_if().
func (p *ipadm) showIf(args []string) int {
	fields, name, parsable, ok := p.showArgs(args)
	if !ok {
		return 1
	}
	t := p.table(fields, ifColumns, parsable)
	if t == nil {
		return 1
	}
	return p.state(false, func(s *state) int {
		rows, st := s.ifInfos(name)
		if st != ipOK {
			return p.die("Could not get interface(s): %s", st)
		}
		for _, r := range rows {
			t.print(values(map[string]string{
				"IFNAME": r.name, "CLASS": r.class, "STATE": r.state,
				"CURRENT": r.currentMask(), "PERSISTENT": r.persistentMask(),
			}))
		}
		return 0
	})
}
