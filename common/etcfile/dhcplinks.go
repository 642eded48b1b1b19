// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package etcfile

import (
	"maps"
	"slices"
	"strings"
)

// Options of DHCP that can be ignored on a link: Router and Domain Name Server
// (RFC 2132 sections 3.5 and 3.8).
const (
	DHCPRouter      = "3"
	DHCPNameServers = "6"
)

// linkOptions are the names of those options in dhcp_inittab(5).
var linkOptions = map[string]dhcpOption{
	DHCPRouter: {DHCPRouter, "router"}, DHCPNameServers: nameServerOption,
}

// IgnoreOnLinks gives /etc/default/dhcpagent in which the interfaces of want
// ignore these options. An interface has a list of its own then, with what the
// general one has; where an administrator gave it one, the options are added to
// that. Mine is what an earlier run has added and goes first, made what stands
// for our sake now: parameters, with an option behind those that are not all
// ours.
func IgnoreOnLinks(file []byte, mine []string, want map[string][]string) (out []byte, made []string) {
	all := lines(file)
	for _, m := range mine {
		all = takeBack(all, m)
	}
	for _, link := range slices.Sorted(maps.Keys(want)) {
		p := link + "." + ignoreList
		own, general := listOf(all, p), listOf(all, ignoreList)
		from := general
		if own >= 0 {
			from = own
		}
		value := ""
		if from >= 0 {
			_, value, _ = strings.Cut(strings.TrimSuffix(all[from], "\n"), "=")
		}
		var missing []string
		for _, number := range want[link] {
			if !slices.ContainsFunc(strings.Split(value, ","), linkOptions[number].is) {
				missing = append(missing, number)
			}
		}
		switch {
		case len(missing) == 0:
		case own >= 0:
			name, _, _ := strings.Cut(all[own], "=")
			all[own] = name + "=" + joined(missing, value) + "\n"
			for _, number := range missing {
				made = append(made, p+" "+number)
			}
		default:
			all = slices.Insert(all, placeFor(all, general), p+"="+joined(missing, value)+"\n")
			made = append(made, p)
		}
	}
	return join(all), made
}

// IgnoredOnLink says whether the agent ignores an option on an interface.
func IgnoredOnLink(file []byte, link, number string) bool {
	all := lines(file)
	at := listOf(all, link+"."+ignoreList)
	if at < 0 {
		at = listOf(all, ignoreList)
	}
	if at < 0 {
		return false
	}
	_, value, _ := strings.Cut(all[at], "=")
	return slices.ContainsFunc(strings.Split(value, ","), linkOptions[number].is)
}

// takeBack takes one addition out again: a line of ours, or an option.
func takeBack(all []string, mine string) []string {
	p, number, one := strings.Cut(mine, " ")
	at := listOf(all, p)
	switch {
	case at < 0:
	case one:
		option := dhcpOption{number: number}
		all = lines(option.accept(join(all), []string{p}))
	default:
		all = slices.Delete(all, at, at+1)
	}
	return all
}

// listOf gives the line of a parameter that the agent sees, or -1.
func listOf(all []string, p string) int {
	for _, l := range ignoreLists(all) {
		if l.parameter == p {
			return l.line
		}
	}
	return -1
}

// placeFor is where a new line can stand: behind another one, or at the end, but
// not behind a line without its newline, which the agent would begin to read.
func placeFor(all []string, behind int) int {
	if behind >= 0 {
		return behind + 1
	}
	at := len(all)
	if at > 0 && !strings.HasSuffix(all[at-1], "\n") {
		at--
	}
	return at
}

// joined puts options before what a list has.
func joined(options []string, value string) string {
	list := strings.Join(options, ",")
	if value != "" {
		list += "," + value
	}
	return list
}
