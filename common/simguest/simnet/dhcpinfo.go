// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simnet

import (
	"cmp"
	"slices"
	"strings"

	"illumos-metadata/common/simguest/world"
)

// Exit statuses of dhcpinfo (lib/libdhcpagent/common/dhcpagent_ipc.h).
const (
	dhcpExitFailure = 2
	dhcpExitBadArgs = 3
)

// runDhcpinfo plays dhcpinfo (cmd/cmd-inet/sbin/dhcpinfo/dhcpinfo.c), for IPv4.
func runDhcpinfo(c *world.Call) int {
	const letters = "ci:n:v:"
	opts, operands := getopt(c.Args, letters)
	ifname, limit, canonical, version := "", -1, false, 4
	for _, o := range opts {
		switch o.name {
		case 'c':
			canonical = true
		case 'i':
			ifname = o.value
		case 'n':
			limit = strtoul(o.value)
		case 'v':
			version = strtoul(o.value)
		default:
			c.Errorf("%s", complaint(c.Name, letters, o))
			return dhcpinfoUsage(c)
		}
		if version != 4 && version != 6 {
			return dhcpinfoUsage(c)
		}
	}
	switch {
	case len(operands) != 1:
		return dhcpinfoUsage(c)
	case version == 6:
		return absent(c, "dhcpinfo -v 6")
	}
	want, status := wantedOption(c, operands[0])
	if status != 0 {
		return status
	}
	switch {
	case canonical:
		return absent(c, "dhcpinfo -c")
	case want.field && want.code != fieldYiaddr:
		return absent(c, "dhcpinfo "+want.name)
	}
	return printOption(c, ifname, want, limit)
}

func dhcpinfoUsage(c *world.Call) int {
	c.Errorf("usage: %s [-c] [-i interface] [-n limit] [-v {4|6}] code\n"+
		"       %s [-c] [-i interface] [-n limit] [-v {4|6}] identifier\n", c.Name, c.Name)
	return dhcpExitBadArgs
}

// vendorStart is the code from which on options in option 43 are meant
// (DHCP_INFO_VENDOR_START_V4).
const vendorStart = 256

// wantedOption finds the option that the operand names.
func wantedOption(c *world.Call, text string) (symbol, int) {
	if text != "" && isLetter(text[0]) {
		o, ok := optionNamed(text)
		if !ok {
			c.Errorf("%s: unknown identifier `%s'\n", c.Name, text)
			return o, dhcpExitBadArgs
		}
		return o, 0
	}
	code, vendor := strtoul(text), false
	if code > vendorStart {
		code, vendor = code-vendorStart, true
	}
	o, ok := optionCoded(code, vendor)
	if !ok {
		c.Errorf("%s: unknown code `%s'\n", c.Name, text)
		return o, dhcpExitBadArgs
	}
	return o, 0
}

// printOption asks the agent and prints its answer: nothing at all if the lease
// has no such option.
func printOption(c *world.Call, ifname string, want symbol, limit int) int {
	var lines []string
	problem := ""
	if err := view(c.World, func(s *state) { lines, problem = s.getTag(ifname, want) }); err != nil {
		return broken(c, err)
	}
	if problem != "" {
		c.Errorf("%s: %s\n", c.Name, problem)
		return dhcpExitFailure
	}
	if len(lines) == 0 {
		return 0
	}
	// One item a line; each blank is taken for the end of one.
	words := strings.Split(strings.Join(lines, " "), " ")
	if limit > 0 && len(words) > limit {
		words = words[:limit]
	}
	c.Printf("%s\n", strings.Join(words, "\n"))
	return 0
}

// getTag is DHCP_GET_TAG (dhcpagent's ipc_event()): the option's values, or the
// text of dhcp_ipc_strerror().
func (s *state) getTag(ifname string, want symbol) (lines []string, problem string) {
	if !s.Agent.Running {
		return nil, "connect: Connection refused"
	}
	m := s.Agent.informant()
	if ifname != "" {
		m = find(s.Agent.Machines, func(m *machine) bool { return m.linkName() == ifname })
	}
	switch {
	case m == nil && ifname == "":
		return nil, "primary interface requested but no primary interface is set"
	case m == nil:
		return nil, "interface is not under DHCP control"
	case m.State != "BOUND" && m.State != "RENEWING":
		return nil, "interface not in appropriate state for command"
	case want.field:
		return []string{m.Lease.Address.Addr().String()}, ""
	case want.vendor || slices.Contains(m.Ignore, want.code):
		return nil, ""
	}
	if v, ok := m.Lease.Options[want.code]; ok {
		return v, ""
	}
	return m.First.Options[want.code], ""
}

// informant is primary_smach() and, where no machine is flagged,
// info_primary_smach(): the first by name that has a lease.
func (a *agent) informant() *machine {
	if m := find(a.Machines, func(m *machine) bool { return m.Primary }); m != nil {
		return m
	}
	leased := slices.DeleteFunc(slices.Clone(a.Machines), func(m *machine) bool { return m.Lease == nil })
	if len(leased) == 0 {
		return nil
	}
	return slices.MinFunc(leased, func(a, b *machine) int { return cmp.Compare(a.linkName(), b.linkName()) })
}
