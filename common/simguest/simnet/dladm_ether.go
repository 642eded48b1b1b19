// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simnet

import (
	"slices"
	"strconv"
	"strings"
)

var etherColumns = []column{
	{"LINK", 16}, {"PTYPE", 9}, {"STATE", 9}, {"AUTO", 6}, {"SPEED-DUPLEX", 32}, {"PAUSE", 7}, {"REM_FAULT", 17},
}

// etherOptions are the long options of show-ether (showeth_lopts).
var etherOptions = []longOption{
	{"parsable", false, 'p'}, {"parseable", false, 'p'}, {"extended", false, 'x'}, {"output", true, 'o'},
}

// showEther is do_show_ether(). It passes over links without statistics, and
// those whose name is longer than its buffer.
func (d *dladm) showEther(args []string) int {
	opts, operands := getoptLong(args, "o:px", etherOptions)
	fields, seen := "", ""
	for _, o := range opts {
		if o.name == '?' {
			d.Errorf("%s", complaint(d.Name, "o:px", o))
			return d.badOption(o)
		}
		if o.name == 'o' {
			fields = o.value
		}
		seen += string(o.name)
	}
	t := d.table(fields, etherColumns, strings.Contains(seen, "p"), false, 80)
	if t == nil {
		return 1
	}
	if strings.Contains(seen, "x") {
		return absent(d.Call, "dladm show-ether -x")
	}
	return d.state(false, func(s *state) int {
		all := s.Links
		if len(operands) == 1 {
			l := s.link(operands[0])
			if l == nil || l.Class != "phys" {
				return d.die("invalid link specified")
			}
			all = []*link{l}
		}
		for _, l := range slices.DeleteFunc(slices.Clone(all), hidesFromEther) {
			t.print(values(s.ether(l)))
		}
		return 0
	})
}

func hidesFromEther(l *link) bool {
	return l.Class != "phys" || !l.Active || l.Hardware.NoStatistics || len(l.Name) >= 15
}

func (s *state) ether(l *link) map[string]string {
	speed := strconv.Itoa(l.Hardware.Speed) + "M-f"
	if l.Hardware.Speed%1000 == 0 {
		speed = strconv.Itoa(l.Hardware.Speed/1000) + "G-f"
	}
	return map[string]string{
		"LINK": l.Name, "PTYPE": "current", "STATE": s.linkState(l), "AUTO": "no",
		"SPEED-DUPLEX": speed, "PAUSE": "none", "REM_FAULT": "none",
	}
}
