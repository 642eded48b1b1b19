// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simnet

import (
	"os"
	"regexp"
	"strings"

	"illumos-metadata/common/simguest/world"
)

// startService is net-svc: the resolver's files from a lease. The service
// network/physical:nwam is taken for disabled.
func startService(c *world.Call) int {
	verb := ""
	if len(c.Args) > 0 {
		verb = c.Args[0]
	}
	switch verb {
	case "stop":
		return smfOK
	case "start":
	default:
		c.Printf("Usage: %s { start | stop }\n", c.Name)
		return 1
	}
	m, kind, status, done := begin(c)
	if done {
		return status
	}
	servers, domain := "", ""
	if m.strategy(kind) == "dhcp" {
		var from []string
		if len(c.Args) > 1 {
			from = []string{"-i", c.Args[1]}
		}
		servers, _ = m.run(runDhcpinfo, "dhcpinfo", append(from, "DNSserv")...)
		domain, _ = m.run(runDhcpinfo, "dhcpinfo", append(from, "DNSdmain")...)
	}
	edits := func(name string) bool { return addedByDHCP.MatchString(readFile(m.World, name)) }
	switch {
	case servers != "":
		m.edit("/etc/resolv.conf", 0o644, func(text string) string { return updateResolv(text, servers, domain) })
		m.edit("/etc/nsswitch.conf", 0o644, func(text string) string { return updateNSS(text, "hosts") })
		m.edit("/etc/nsswitch.conf", 0o644, func(text string) string { return updateNSS(text, "ipnodes") })
	case edits("/etc/nsswitch.conf"):
		m.edit("/etc/nsswitch.conf", 0o644, cleanupNSS)
	}
	if edits("/etc/inet/hosts") {
		m.edit("/etc/inet/hosts", 0o444, cleanupHosts)
	}
	return smfOK
}

// exists says whether a file is there.
func exists(w *world.World, name string) bool {
	_, err := os.Stat(w.Path(name))
	return err == nil
}

// edit is mv_file(): a file that comes out the same is not touched.
func (m method) edit(name string, mode os.FileMode, edit func(string) string) {
	before := readFile(m.World, name)
	after := edit(before)
	if after == before && exists(m.World, name) {
		return
	}
	if err := writeFile(m.World, name, after, mode); err != nil {
		m.Errorf("%v\n", err)
	}
}

var addedByDHCP = regexp.MustCompile(`(?m)# Added by DHCP$`)

// updateResolv is update_resolv(): name servers and domain of the lease in the
// place of those that are there. Other lines keep their order.
func updateResolv(text, servers, domain string) string {
	var b strings.Builder
	written := false
	writeDomain := func() {
		if words := strings.Fields(domain); !written && len(words) > 0 {
			b.WriteString("domain " + words[0] + "\n")
		}
		written = true
	}
	for line := range strings.Lines(text) {
		first := ""
		if f := strings.Fields(line); len(f) > 0 {
			first = f[0]
		}
		switch first {
		case "domain":
			writeDomain()
		case "nameserver":
		default:
			b.WriteString(strings.TrimSuffix(line, "\n") + "\n")
		}
	}
	writeDomain()
	for _, server := range strings.Fields(servers) {
		b.WriteString("nameserver " + server + "\n")
	}
	return b.String()
}

// updateNSS is update_nss(): adds dns to a policy of nsswitch.conf(5), and keeps
// the line before as a comment.
func updateNSS(text, policy string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		words := strings.Fields(line)
		if len(words) == 0 || !strings.HasPrefix(words[0], policy+":") || strings.Contains(line, "dns") {
			b.WriteString(line + "\n")
			continue
		}
		b.WriteString("#" + line + " # Commented out by DHCP\n")
		fresh, added := words[0], false
		for _, word := range words[1:] {
			if !added && strings.HasPrefix(word, "[") {
				fresh, added = fresh+" dns", true
			}
			fresh += " " + word
		}
		if !added {
			fresh += " dns"
		}
		b.WriteString(fresh + " # Added by DHCP\n")
	}
	return b.String()
}

var commentedOut = regexp.MustCompile(`^#(hosts|ipnodes):(.*[^#])#.*$`)

// cleanupNSS is cleanup_nss().
func cleanupNSS(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if !addedByDHCP.MatchString(line) {
			b.WriteString(commentedOut.ReplaceAllString(line, "$1: $2") + "\n")
		}
	}
	return b.String()
}

// cleanupHosts is cleanup_hosts().
func cleanupHosts(text string) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		f := strings.Fields(line)
		loopback := len(f) > 0 && (f[0] == "127.0.0.1" || f[0] == "::1")
		if loopback || !strings.Contains(line, "# Added by DHCP") {
			b.WriteString(line + "\n")
		}
	}
	return b.String()
}
