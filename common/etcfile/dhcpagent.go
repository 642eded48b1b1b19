// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package etcfile

import (
	"slices"
	"strings"
)

// ignoreList is the parameter of /etc/default/dhcpagent that names the DHCP
// options which dhcpagent(8) drops: numbers, or names of dhcp_inittab(5), apart
// by commas (dhcpagent/states.c, parse_param_list). vioif0.PARAM_IGNORE_LIST
// takes its place on that interface.
const ignoreList = "PARAM_IGNORE_LIST"

// A dhcpOption is an option of DHCP: its number, and its name in lower case as
// dhcp_inittab(5) has it.
type dhcpOption struct{ number, name string }

// Host Name and Domain Name Server Option (RFC 2132 sections 3.14 and 3.8).
var (
	hostnameOption   = dhcpOption{"12", "hostname"}
	nameServerOption = dhcpOption{"6", "dnsserv"}
)

// IgnoreDHCPHostname gives /etc/default/dhcpagent with option 12 in every
// ignore list for IPv4, so that dhcpinfo(1) has no host name to give. Mine are
// the parameters to which an earlier run added it, made those in which it
// stands for our sake now. An agent reads its lists when DHCP starts on an
// interface, and not again.
func IgnoreDHCPHostname(file []byte, mine []string) (out []byte, made []string) {
	return hostnameOption.ignore(file, mine)
}

// AcceptDHCPHostname takes option 12 out of the ignore lists of the parameters
// in mine again.
func AcceptDHCPHostname(file []byte, mine []string) []byte {
	return hostnameOption.accept(file, mine)
}

// IgnoreDHCPNameServers does with option 6 what IgnoreDHCPHostname does with
// 12: svc:/network/service puts the servers of a lease in the place of those in
// resolv.conf(5) (cmd/svc/milestone/net-svc).
func IgnoreDHCPNameServers(file []byte, mine []string) (out []byte, made []string) {
	return nameServerOption.ignore(file, mine)
}

// AcceptDHCPNameServers is the reverse of IgnoreDHCPNameServers.
func AcceptDHCPNameServers(file []byte, mine []string) []byte {
	return nameServerOption.accept(file, mine)
}

func (o dhcpOption) ignore(file []byte, mine []string) (out []byte, made []string) {
	all := lines(file)
	lists := ignoreLists(all)
	if !slices.ContainsFunc(lists, func(l list) bool { return l.parameter == ignoreList }) {
		// Not after a line without its newline: the agent would begin to read it.
		at := len(all)
		if at > 0 && !strings.HasSuffix(all[at-1], "\n") {
			at--
		}
		all = slices.Insert(all, at, ignoreList+"=\n")
		lists = ignoreLists(all)
	}
	for _, l := range lists {
		name, value, _ := strings.Cut(all[l.line], "=")
		has := slices.ContainsFunc(strings.Split(value, ","), o.is)
		if !has {
			sep := ","
			if strings.TrimRight(value, "\n") == "" {
				sep = ""
			}
			all[l.line] = name + "=" + o.number + sep + value
		}
		if !has || slices.Contains(mine, l.parameter) {
			made = append(made, l.parameter)
		}
	}
	return join(all), made
}

func (o dhcpOption) accept(file []byte, mine []string) []byte {
	all := lines(file)
	for _, l := range ignoreLists(all) {
		if !slices.Contains(mine, l.parameter) {
			continue
		}
		name, value, _ := strings.Cut(strings.TrimSuffix(all[l.line], "\n"), "=")
		items := slices.DeleteFunc(strings.Split(value, ","), func(item string) bool {
			return strings.Trim(item, blanks) == o.number
		})
		all[l.line] = name + "=" + strings.Join(items, ",") + "\n"
	}
	return join(all)
}

// is says whether the agent takes an item of a list for this option. It skips
// one blank before a name, any before a number, and what follows a number.
func (o dhcpOption) is(item string) bool {
	return strings.Trim(item, blanks) == o.number ||
		strings.EqualFold(strings.TrimSuffix(strings.TrimPrefix(item, " "), "\n"), o.name)
}

// A list is the line that sets an ignore list.
type list struct {
	parameter string // PARAM_IGNORE_LIST, vioif0.PARAM_IGNORE_LIST
	line      int
}

// ignoreLists gives the ignore lists for IPv4 that the agent sees. Of two lines
// for one parameter it sees the last.
func ignoreLists(all []string) []list {
	var lists []list
	for i, line := range all {
		p := parameter(line)
		if p != ignoreList && !strings.HasSuffix(p, "."+ignoreList) ||
			strings.HasPrefix(p, ".") || strings.HasSuffix(p, ".V6."+ignoreList) {
			continue
		}
		lists = slices.DeleteFunc(lists, func(l list) bool { return l.parameter == p })
		lists = append(lists, list{p, i})
	}
	return lists
}

// parameter gives the name that a line of /etc/default/dhcpagent sets, in upper
// case after the interface, or "". It is what dhcpagent/defaults.c,
// df_build_cache, makes of the line: spaces before the name do not count, but
// those after it do, and a line needs its newline.
func parameter(line string) string {
	line = strings.TrimLeft(line, " ")
	name, _, ok := strings.Cut(line, "=")
	if !ok || !strings.HasSuffix(line, "\n") || line[0] == '#' || strings.Contains(line, "\x00") {
		return ""
	}
	link, rest, dotted := strings.Cut(name, ".")
	if !dotted {
		return upper(name)
	}
	return link + "." + upper(rest)
}

// upper is toupper(3C) in the C locale.
func upper(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' {
			r -= 'a' - 'A'
		}
		return r
	}, s)
}
