// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package etcfile

import (
	"slices"
	"strings"
)

// lookups are the databases of nsswitch.conf(5) in which host names are looked
// up: IPv4 addresses alone in the one, both kinds in the other.
var lookups = []string{"hosts", "ipnodes"}

// LookupDNS gives nsswitch.conf(5) with DNS among the sources of host names.
// Mine are the databases to which an earlier run added it, made those in which
// it stands for our sake now. A database that is not in the file has the
// system's default.
func LookupDNS(file []byte, mine []string) (out []byte, made []string) {
	all := lines(file)
	for i, line := range all {
		db, sources, rest := switchEntry(line)
		if !slices.Contains(lookups, db) {
			continue
		}
		has := slices.Contains(strings.Fields(sources), "dns")
		if !has {
			// As the system does where a lease brings name servers: before what is
			// said about a source (cmd/svc/milestone/net-svc, update_nss).
			at := strings.IndexByte(sources, '[')
			if at < 0 {
				at = len(sources)
			}
			before, after := strings.TrimRight(sources[:at], blanks), sources[at:]
			if after != "" {
				after = " " + after
			}
			all[i] = db + ":" + before + " dns" + after + rest
		}
		if !has || slices.Contains(mine, db) {
			made = append(made, db)
		}
	}
	slices.Sort(made)
	return join(all), slices.Compact(made)
}

// NoLookupDNS takes DNS out of the databases in mine again.
func NoLookupDNS(file []byte, mine []string) []byte {
	all := lines(file)
	for i, line := range all {
		db, sources, rest := switchEntry(line)
		if !slices.Contains(mine, db) {
			continue
		}
		if before, after, ok := strings.Cut(sources+" ", " dns "); ok {
			left := strings.TrimRight(strings.TrimRight(before, blanks)+" "+after, blanks)
			all[i] = db + ":" + left + rest
		}
	}
	return join(all)
}

// switchEntry splits a line of nsswitch.conf(5) into database, sources, and the
// rest: a comment, and the newline.
func switchEntry(line string) (db, sources, rest string) {
	body, _, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "#")
	db, sources, ok := strings.Cut(body, ":")
	if !ok {
		return "", "", ""
	}
	sources = strings.TrimRight(sources, blanks)
	return strings.TrimLeft(db, blanks), sources, line[len(db)+1+len(sources):]
}
