// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package etcfile

import (
	"net/netip"
	"slices"
	"strings"

	"illumos-metadata/common/metadata"
)

// What of resolv.conf(5) the resolver reads: more servers than these, more
// domains or a longer list of them are passed over
// (lib/libresolv2/common/resolv/res_init.c; MAXNS, MAXDNSRCH and res_state's
// defdname).
const (
	MaxNameServers   = 3
	MaxSearchDomains = 6
	MaxSearchLength  = 256
)

// SetResolver gives resolv.conf(5) with the servers and the search list of dns
// in effect. The servers stand before those of others, and there is one search
// line behind the others, since of several only the last counts. Mine are the
// lines that an earlier run added, made those that stand for our sake now. What
// dns does not have stays as others want it. A file that has the same effect
// comes back as it is.
func SetResolver(file []byte, mine []string, dns metadata.DNS) (out []byte, made []string) {
	want := resolverLines(dns)
	all := lines(file)
	stale := func(line string) bool {
		line = strings.TrimSuffix(line, "\n")
		return slices.Contains(mine, line) && !slices.Contains(want, line)
	}
	if inEffect(file, dns) && !slices.ContainsFunc(all, stale) {
		for _, line := range want {
			if slices.Contains(mine, line) && slices.Contains(all, line+"\n") {
				made = append(made, line)
			}
		}
		return file, made
	}
	all = slices.DeleteFunc(all, func(line string) bool { return slices.Contains(mine, strings.TrimSuffix(line, "\n")) })
	if inEffect(join(all), dns) {
		return join(all), nil
	}
	terminate(all)
	at := slices.IndexFunc(all, func(line string) bool { return keyword(line) == "nameserver" })
	if at < 0 {
		at = len(all)
	}
	for _, line := range want {
		if strings.HasPrefix(line, "search ") {
			all = append(all, line+"\n")
			continue
		}
		all = slices.Insert(all, at, line+"\n")
		at++
	}
	return join(all), want
}

// resolverLines are the lines for dns.
func resolverLines(dns metadata.DNS) []string {
	var all []string
	for _, server := range dns.Servers {
		all = append(all, "nameserver "+server.String())
	}
	if len(dns.Search) > 0 {
		all = append(all, "search "+strings.Join(dns.Search, " "))
	}
	return all
}

// inEffect says whether the resolver would ask the servers of dns first, and
// search as dns says.
func inEffect(file []byte, dns metadata.DNS) bool {
	var servers []netip.Addr
	var search []string
	for line := range strings.Lines(string(file)) {
		words := strings.Fields(line)
		switch keyword(line) {
		case "nameserver":
			if addr, err := netip.ParseAddr(value(words)); err == nil {
				servers = append(servers, addr)
			}
		case "search", "domain":
			search = words[1:]
		}
	}
	if len(servers) < len(dns.Servers) || !slices.Equal(servers[:len(dns.Servers)], dns.Servers) {
		return false
	}
	return len(dns.Search) == 0 || slices.Equal(search, dns.Search)
}

// keyword gives the first word of a line, which has to stand in its first
// column and to have a blank behind it, or "" for what the resolver does not
// read.
func keyword(line string) string {
	n := strings.IndexAny(line, " \t")
	if n < 0 {
		return ""
	}
	return line[:n]
}

// value is the second word of a line, up to a comment.
func value(words []string) string {
	if len(words) < 2 {
		return ""
	}
	v := words[1]
	if n := strings.IndexAny(v, "#;"); n >= 0 {
		v = v[:n]
	}
	return v
}
