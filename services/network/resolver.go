// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"slices"

	"illumos-metadata/common/etcfile"
	"illumos-metadata/common/guest"
	"illumos-metadata/common/metadata"
)

// Parts of a plan that nobody needs to reach the guest.
const (
	resolverPart = "resolver"
	lookupsPart  = "lookups"
	mtuPart      = " mtu" // behind the name of the link
)

// resolver adds what lets the guest look names up, or withdraws it. What the
// metadata says nothing of stays as it is.
func (p *plan) resolver(targets []target) {
	dns := p.dns(targets)
	if len(dns.Servers) == 0 && len(dns.Search) == 0 {
		data, _ := etcfile.SetResolver(p.have.resolv, p.rec.Resolver, dns)
		p.retire = append(p.retire, fileStep(resolverPart, "withdraw DNS servers and domains", resolvFile, p.have.resolv, data)...)
		data = etcfile.NoLookupDNS(p.have.nsswitch, p.rec.Lookups)
		p.retire = append(p.retire, fileStep(lookupsPart, "no longer look names up by DNS", switchFile, p.have.nsswitch, data)...)
		return
	}
	var data []byte
	data, p.made.Resolver = etcfile.SetResolver(p.have.resolv, p.rec.Resolver, dns)
	p.create = append(p.create, fileStep(resolverPart, "DNS servers and domains", resolvFile, p.have.resolv, data)...)
	data, p.made.Lookups = etcfile.LookupDNS(p.have.nsswitch, p.rec.Lookups)
	p.create = append(p.create, fileStep(lookupsPart, "look names up by DNS", switchFile, p.have.nsswitch, data)...)
}

// fileStep is the step to a file's new content, if it differs. A file that has
// become empty goes.
func fileStep(part, why, file string, old, data []byte) []guest.Step {
	step := guest.Step{Part: part, Why: why, File: &guest.File{Path: file, Data: data}}
	switch {
	case bytes.Equal(old, data):
		return nil
	case len(data) == 0:
		step.File, step.Remove = nil, file
	}
	return []guest.Step{step}
}

// dns puts together what the document says in general and for each link, cut to
// what the resolver reads.
func (p *plan) dns(targets []target) metadata.DNS {
	all := p.want.DNS
	for _, t := range targets {
		all.Servers = union(all.Servers, t.DNS.Servers)
		all.Search = union(all.Search, t.DNS.Search)
	}
	if n := len(all.Servers); n > etcfile.MaxNameServers {
		p.say = append(p.say, fmt.Sprintf("DNS servers beyond the third are not used: %v", all.Servers[etcfile.MaxNameServers:]))
		all.Servers = all.Servers[:etcfile.MaxNameServers]
	}
	length := 0
	for i, domain := range all.Search {
		length += len(domain) + 1
		if i == etcfile.MaxSearchDomains || length > etcfile.MaxSearchLength {
			p.say = append(p.say, fmt.Sprintf("search domains beyond what the resolver reads are not used: %v", all.Search[i:]))
			all.Search = slices.Clone(all.Search[:i])
			break
		}
	}
	return all
}
