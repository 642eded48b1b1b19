// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"slices"
	"strings"

	"illumos-metadata/common/agent"
	"illumos-metadata/common/etcfile"
	"illumos-metadata/common/guest"
	"illumos-metadata/common/metadata"
)

// A want is the name that the metadata asks for. Its JSON form is what the
// record keeps the digest of.
type want struct {
	Nodename string `json:"nodename"` // one label; "" asks for no name
	FQDN     string `json:"fqdn"`     // "" if the metadata gives no domain
}

// wanted takes localhost for what it is where a hypervisor gives it: no name.
func wanted(in *metadata.Instance) want {
	if strings.EqualFold(in.Nodename(), "localhost") {
		return want{}
	}
	return want{in.Nodename(), in.FQDN()}
}

// aliases are the names for hosts(5). The full one comes first, so that a
// look-up of the address gives it.
func (w want) aliases() []string {
	return slices.DeleteFunc([]string{w.FQDN, w.Nodename}, func(name string) bool { return name == "" })
}

// A record lists what this service has changed.
type record struct {
	agent.Record
	Nodename string   `json:"nodename,omitempty"` // given by this service
	Before   string   `json:"before,omitempty"`   // the one that was there first
	Aliases  []string `json:"aliases,omitempty"`  // added to hosts(5)
	Ignoring []string `json:"ignoring,omitempty"` // parameters of dhcpagent(8) that got option 12
}

// with adds what an earlier record lists, for the time in which both may be
// true.
func (r record) with(old record) record {
	if r.Nodename == "" {
		r.Nodename, r.Before = old.Nodename, old.Before
	}
	r.Aliases = union(r.Aliases, old.Aliases)
	r.Ignoring = union(r.Ignoring, old.Ignoring)
	return r
}

func union(a, b []string) []string {
	all := slices.Clone(a)
	for _, s := range b {
		if !slices.Contains(all, s) {
			all = append(all, s)
		}
	}
	return all
}

// former gives the node name that takes the place of the present one where no
// name is wanted any more, or "" if the present one is not ours. A run that was
// cut off may have given it already.
func (r record) former(present string) string {
	name := r.Before
	if name == "" {
		name = unknown
	}
	if r.Nodename == "" || present != r.Nodename && present != name {
		return ""
	}
	return name
}

// A state is what the guest has.
type state struct {
	live      string // the kernel's node name
	nodename  []byte // files
	hosts     []byte
	dhcpagent []byte
}

// unknown is the name that svc:/system/identity:node gives a host without any
// (cmd/svc/milestone/identity-node).
const unknown = "unknown"

// decide compares the wanted name with what is there. Where no name is wanted
// any more, what was made goes, and the name before comes back: a clone must
// not keep the name of the guest that it was taken from, and a guest cannot be
// without one.
func decide(w want, s state, rec record) (steps []guest.Step, done record) {
	name, present := w.Nodename, etcfile.Nodename(s.nodename)
	if w.Nodename != "" {
		done.Nodename, done.Before = w.Nodename, rec.Before
		if rec.Nodename == "" {
			done.Before = present
		}
		var data []byte
		data, done.Ignoring = etcfile.IgnoreDHCPHostname(s.dhcpagent, rec.Ignoring)
		steps = append(steps, replacement("let dhcpagent ignore host names from DHCP", agentFile, s.dhcpagent, data)...)
	} else {
		name = rec.former(present)
		data := etcfile.AcceptDHCPHostname(s.dhcpagent, rec.Ignoring)
		steps = append(steps, replacement("let dhcpagent take host names from DHCP again", agentFile, s.dhcpagent, data)...)
	}
	if name != "" && name != present {
		steps = append(steps, replacement("node name "+name+" from the next boot on", nodenameFile, s.nodename,
			etcfile.NodenameFile(name))...)
	}
	hosts, made := aliases(w.aliases(), s.hosts, rec.Aliases)
	done.Aliases = made
	steps = append(steps, replacement("the names of this host in hosts", hostsFile, s.hosts, hosts)...)
	if name != "" && name != s.live {
		steps = append(steps, guest.Step{Part: hostname, Why: "node name " + name + " from now on", Argv: []string{hostname, name}})
	}
	return steps, done
}

// replacement is the step to a file's new content, if it differs.
func replacement(why, file string, old, data []byte) []guest.Step {
	if bytes.Equal(old, data) {
		return nil
	}
	return []guest.Step{{Part: file, Why: why, File: &guest.File{Path: file, Data: data}}}
}

// aliases gives hosts(5) with the wanted names, without those of ours that are
// not wanted, and says which are ours now: not the ones that stand there by
// hand.
func aliases(want []string, hosts []byte, ours []string) (data []byte, made []string) {
	for _, name := range want {
		if slices.Contains(ours, name) || !bytes.Equal(hosts, etcfile.SetHostAliases(hosts, nil, []string{name})) {
			made = append(made, name)
		}
	}
	return etcfile.SetHostAliases(hosts, ours, want), made
}

// adopted gives the record of a guest that the earlier agent has named. It
// called it NAME.local too (metadata-agent, main.rs, phase_set_hostname).
func adopted(w want, s state) record {
	var rec record
	if w.Nodename == "" || etcfile.Nodename(s.nodename) != w.Nodename {
		return rec
	}
	rec.Nodename = w.Nodename
	for _, name := range append(w.aliases(), w.Nodename+".local") {
		if bytes.Equal(s.hosts, etcfile.SetHostAliases(s.hosts, nil, []string{name})) {
			rec.Aliases = append(rec.Aliases, name)
		}
	}
	return rec
}
