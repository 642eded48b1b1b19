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

// hostnameOption is the DHCP option Host Name (RFC 2132 section 3.14).
const hostnameOption = "12"

// IgnoreDHCPHostname gives /etc/default/dhcpagent with option 12 in every
// ignore list for IPv4, so that dhcpinfo(1) has no host name to give. Mine are
// the parameters to which an earlier run added it, made those in which it
// stands for our sake now. An agent reads its lists when DHCP starts on an
// interface, and not again.
func IgnoreDHCPHostname(file []byte, mine []string) (out []byte, made []string) {
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
		has := slices.ContainsFunc(strings.Split(value, ","), isHostnameOption)
		if !has {
			sep := ","
			if strings.TrimRight(value, "\n") == "" {
				sep = ""
			}
			all[l.line] = name + "=" + hostnameOption + sep + value
		}
		if !has || slices.Contains(mine, l.parameter) {
			made = append(made, l.parameter)
		}
	}
	return join(all), made
}

// AcceptDHCPHostname takes option 12 out of the ignore lists of the parameters
// in mine again.
func AcceptDHCPHostname(file []byte, mine []string) []byte {
	all := lines(file)
	for _, l := range ignoreLists(all) {
		if !slices.Contains(mine, l.parameter) {
			continue
		}
		name, value, _ := strings.Cut(strings.TrimSuffix(all[l.line], "\n"), "=")
		items := slices.DeleteFunc(strings.Split(value, ","), func(item string) bool {
			return strings.Trim(item, blanks) == hostnameOption
		})
		all[l.line] = name + "=" + strings.Join(items, ",") + "\n"
	}
	return join(all)
}

// isHostnameOption says whether the agent takes an item of a list for option
// 12. It skips one blank before a name, any before a number, and what follows a
// number.
func isHostnameOption(item string) bool {
	return strings.Trim(item, blanks) == hostnameOption ||
		strings.EqualFold(strings.TrimSuffix(strings.TrimPrefix(item, " "), "\n"), "Hostname")
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
