// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package cloudinit

import (
	"strings"

	"illumos-metadata/common/metadata"
)

// vlan reads what makes a link a VLAN.
func (t *table) vlan(id, below string) (*metadata.VLAN, bool) {
	if _, ok := t.need(id); !ok {
		return nil, false
	}
	n, good := t.number(id)
	link, ok := t.need(below)
	return &metadata.VLAN{ID: n, Link: link}, ok && good
}

// bondV1 reads what makes a link a bond. Parameters begin with bond- or bond_,
// and use either sign inside.
func (t *table) bondV1() (*metadata.Bond, bool) {
	params, ok := t.sub("params")
	var mode, rate, policy string
	for _, key := range params.keys {
		name := strings.ReplaceAll(key, "_", "-")
		switch strings.TrimPrefix(name, "bond-") {
		case "mode":
			mode = params.text(key)
		case "lacp-rate":
			rate = params.text(key)
		case "xmit-hash-policy":
			policy = params.text(key)
		}
	}
	params.done()
	return t.bond("bond_interfaces", mode, rate, policy), ok
}

// bond reads a bond's members and gives mode and rate by their names.
func (t *table) bond(interfaces, mode, rate, policy string) *metadata.Bond {
	b := &metadata.Bond{Mode: mode, LACP: rate, Policy: policy}
	for _, w := range t.value(interfaces).words() {
		b.Members = append(b.Members, w.text)
	}
	// Linux bonding.rst: the numbers of the modes; balance-rr is the default.
	modes := []string{"balance-rr", "active-backup", "balance-xor", "broadcast", "802.3ad", "balance-tlb", "balance-alb"}
	if len(mode) == 1 && mode[0] >= '0' && mode[0] <= '6' {
		b.Mode = modes[mode[0]-'0']
	} else if mode == "" {
		b.Mode = modes[0]
	}
	switch rate {
	case "0":
		b.LACP = "slow"
	case "1":
		b.LACP = "fast"
	}
	return b
}
