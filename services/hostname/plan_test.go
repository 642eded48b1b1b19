// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"illumos-metadata/common/etcfile"
	"illumos-metadata/common/guest"
	"illumos-metadata/common/metadata"
)

// TestWanted: a full name and a node name are kept apart (row F9).
func TestWanted(t *testing.T) {
	tests := []struct {
		name string
		want want
	}{
		{"", want{}},
		{"web1", want{"web1", ""}},
		{"ip-10-0-0-1.ec2.internal", want{"ip-10-0-0-1", "ip-10-0-0-1.ec2.internal"}},
		{"localhost", want{}},
		{"LocalHost.localdomain", want{}},
	}
	for _, tt := range tests {
		if got := wanted(&metadata.Instance{Hostname: tt.name}); got != tt.want {
			t.Errorf("wanted(%q) = %+v, want %+v", tt.name, got, tt.want)
		}
	}
}

const (
	stockHosts = "# Internet host table\n::1\t\tlocalhost\n127.0.0.1\tlocalhost loghost\n"
	stockAgent = "# dhcpagent\nPARAM_REQUEST_LIST=1,3,6,12,15,28,43\nPARAM_IGNORE_LIST=\n"
)

// stock is a guest as an image brings it.
func stock() state { return state{"unknown", nil, []byte(stockHosts), []byte(stockAgent)} }

// show gives the steps, one a line; of a file the lines that are new.
func show(s state, steps []guest.Step) []string {
	old := map[string][]byte{nodenameFile: s.nodename, hostsFile: s.hosts, agentFile: s.dhcpagent}
	var out []string
	for _, step := range steps {
		if step.File == nil {
			out = append(out, strings.Join(step.Argv, " "))
			continue
		}
		lines := []string{step.File.Path + ":"}
		for line := range strings.Lines(string(step.File.Data)) {
			if !strings.Contains(string(old[step.File.Path]), line) {
				lines = append(lines, strings.TrimSuffix(line, "\n"))
			}
		}
		out = append(out, strings.Join(lines, " | "))
	}
	return out
}

// TestDecide: from what is wanted, there and recorded to steps and a record.
func TestDecide(t *testing.T) {
	web1 := want{"web1", "web1.example.com"}
	named := state{"web1", []byte("web1\n"),
		[]byte("# Internet host table\n::1\t\tlocalhost web1.example.com web1\n127.0.0.1\tlocalhost loghost web1.example.com web1\n"),
		[]byte(strings.Replace(stockAgent, "IGNORE_LIST=", "IGNORE_LIST=12", 1))}
	ours := record{Nodename: "web1", Before: "image", Aliases: []string{"web1.example.com", "web1"}, Ignoring: []string{"PARAM_IGNORE_LIST"}}
	with := func(s state, f func(*state)) state { f(&s); return s }
	tests := []struct {
		name  string
		want  want
		state state
		rec   record
		steps []string
		done  record
	}{
		{"first boot", web1, stock(), record{}, []string{
			"/etc/default/dhcpagent: | PARAM_IGNORE_LIST=12",
			"/etc/nodename: | web1",
			"/etc/inet/hosts: | ::1\t\tlocalhost web1.example.com web1 | 127.0.0.1\tlocalhost loghost web1.example.com web1",
			"/usr/bin/hostname web1",
		}, record{Nodename: "web1", Aliases: ours.Aliases, Ignoring: ours.Ignoring}},
		{"first boot, the image has a name", want{"web1", ""}, with(stock(), func(s *state) { s.nodename = []byte("image\n") }), record{}, []string{
			"/etc/default/dhcpagent: | PARAM_IGNORE_LIST=12",
			"/etc/nodename: | web1",
			"/etc/inet/hosts: | ::1\t\tlocalhost web1 | 127.0.0.1\tlocalhost loghost web1",
			"/usr/bin/hostname web1",
		}, record{Nodename: "web1", Before: "image", Aliases: []string{"web1"}, Ignoring: ours.Ignoring}},
		{"all there", web1, named, ours, nil, ours},
		{"the live name drifted", web1, with(named, func(s *state) { s.live = "from-dhcp" }), ours,
			[]string{"/usr/bin/hostname web1"}, ours},
		{"nodename with a second word", web1, with(named, func(s *state) { s.nodename = []byte("web1 web2\n") }), ours,
			[]string{"/etc/nodename: | web1"}, ours},
		{"nodename without its newline", web1, with(named, func(s *state) { s.nodename = []byte("web1") }), ours,
			[]string{"/etc/nodename: | web1"}, ours},
		{"all there by hand", web1, named, record{}, nil, record{Nodename: "web1", Before: "web1"}},
		{"another name", want{"web2", ""}, named, ours, []string{
			"/etc/nodename: | web2",
			"/etc/inet/hosts: | ::1\t\tlocalhost web2 | 127.0.0.1\tlocalhost loghost web2",
			"/usr/bin/hostname web2",
		}, record{Nodename: "web2", Before: "image", Aliases: []string{"web2"}, Ignoring: ours.Ignoring}},
		{"without the domain", want{"web1", ""}, named, ours, []string{
			"/etc/inet/hosts: | ::1\t\tlocalhost web1 | 127.0.0.1\tlocalhost loghost web1",
		}, record{Nodename: "web1", Before: "image", Aliases: []string{"web1"}, Ignoring: ours.Ignoring}},
		{"no name any more (row S3)", want{}, named, ours, []string{
			"/etc/default/dhcpagent: | PARAM_IGNORE_LIST=",
			"/etc/nodename: | image",
			"/etc/inet/hosts: | ::1\t\tlocalhost | 127.0.0.1\tlocalhost loghost",
			"/usr/bin/hostname image",
		}, record{}},
		{"no name any more, none before", want{}, named, record{Nodename: "web1"},
			[]string{"/etc/nodename: | unknown", "/usr/bin/hostname unknown"}, record{}},
		{"no name any more, cut off before the live name", want{}, with(named, func(s *state) { s.nodename = []byte("image\n") }),
			record{Nodename: "web1", Before: "image"}, []string{"/usr/bin/hostname image"}, record{}},
		{"no name any more, named by hand since", want{}, with(named, func(s *state) { s.nodename = []byte("mine\n"); s.live = "mine" }),
			record{Nodename: "web1", Before: "image"}, nil, record{}},
		{"never a name", want{}, with(stock(), func(s *state) { s.live = "from-dhcp" }), record{}, nil, record{}},
		{"the name has an address of its own", want{"web1", ""},
			with(named, func(s *state) { s.hosts = []byte(stockHosts + "10.0.0.5 web1\n") }), record{Nodename: "web1"},
			nil, record{Nodename: "web1"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			steps, done := decide(tt.want, tt.state, tt.rec)
			if diff := cmp.Diff(tt.steps, show(tt.state, steps)); diff != "" {
				t.Errorf("steps (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.done, done); diff != "" {
				t.Errorf("record (-want +got):\n%s", diff)
			}
			settles(t, tt.want, tt.state, tt.rec)
		})
	}
}

// after gives the state that steps lead to.
func (s state) after(steps []guest.Step) state {
	for _, step := range steps {
		switch {
		case step.Argv != nil:
			s.live = step.Argv[1]
		case step.File.Path == nodenameFile:
			s.nodename = step.File.Data
		case step.File.Path == hostsFile:
			s.hosts = step.File.Data
		case step.File.Path == agentFile:
			s.dhcpagent = step.File.Data
		}
	}
	return s
}

// settles checks that a run leaves nothing to do for the next one, and that one
// that was cut off behind any of its steps ends in the same state and with the
// same record when it is run again.
func settles(t *testing.T, w want, s state, rec record) {
	t.Helper()
	steps, done := decide(w, s, rec)
	end := s.after(steps)
	if more, again := decide(w, end, done); len(more) > 0 || !cmp.Equal(done, again) {
		t.Errorf("a second run has steps %q and the record %+v, after %+v", show(end, more), again, done)
	}
	for n := range len(steps) {
		half := s.after(steps[:n])
		rest, again := decide(w, half, done.with(rec))
		if got := half.after(rest); !cmp.Equal(end, got, cmp.AllowUnexported(state{})) || !cmp.Equal(done, again) {
			t.Errorf("cut off behind step %d: state %q, record %+v;\nundisturbed %q, %+v", n, got, again, end, done)
		}
	}
}

// sequence gives a guest a name, another one and none, and checks each.
func sequence(t *testing.T, s state, names ...string) {
	t.Helper()
	dhcpagent := string(s.dhcpagent)
	var rec record
	for _, name := range append(names, "") {
		w := wanted(&metadata.Instance{Hostname: name})
		settles(t, w, s, rec)
		steps, done := decide(w, s, rec)
		if s = s.after(steps); w.Nodename != "" && (s.live != w.Nodename || etcfile.Nodename(s.nodename) != w.Nodename) {
			t.Errorf("wanted %+v: live %q, nodename %q", w, s.live, s.nodename)
		}
		rec = done
	}
	if rec.Nodename != "" || len(rec.Aliases)+len(rec.Ignoring) > 0 {
		t.Errorf("without a name the record is %+v", rec)
	}
	if lines := fmt.Sprintf("%q", s.dhcpagent); !strings.Contains(dhcpagent, "12") && strings.Contains(lines, "=12") {
		t.Errorf("option 12 is still ignored: %s", lines)
	}
}

// TestSequences: names that come and go, on guests of all kinds.
func TestSequences(t *testing.T) {
	names := []string{"", "web1", "web1.example.com", "WEB1", "db.example.com", "localhost"}
	hosts := []string{
		"", stockHosts, "127.0.0.1 localhost web1", "::1 web1", "10.0.0.5 web1\n" + stockHosts,
		"127.0.0.1 localhost \\\n web1\n", "127.0.0.1 localhost # web1\n", "127.0.0.1\tlocalhost web1 web1\n::1 localhost WEB1.example.com\n",
	}
	agents := []string{
		"", stockAgent, "PARAM_IGNORE_LIST=12\n", "PARAM_IGNORE_LIST=6,12\nvioif0.PARAM_IGNORE_LIST=\n",
		"PARAM_IGNORE_LIST=Hostname", "# PARAM_IGNORE_LIST=", "PARAM_IGNORE_LIST=6\nPARAM_IGNORE_LIST=15\n.v6.PARAM_IGNORE_LIST=\n",
	}
	nodenames := []string{"", "image\n", "web1\n", "web1 x\n", "web1"}
	n := 0 // takes turns: the files do not depend on each other
	for _, h := range hosts {
		for _, first := range names {
			for _, second := range names {
				nodename, a := nodenames[n%len(nodenames)], agents[n%len(agents)]
				n++
				sequence(t, state{"live", []byte(nodename), []byte(h), []byte(a)}, first, second)
				if t.Failed() {
					t.Fatalf("nodename %q, hosts %q, dhcpagent %q, names %q, %q", nodename, h, a, first, second)
				}
			}
		}
	}
}

// FuzzDecide: whatever the files hold, a run settles; and what a name has
// added, its withdrawal takes away again.
func FuzzDecide(f *testing.F) {
	f.Add("web1.example.com", "web2", "unknown", "", stockHosts, stockAgent)
	f.Add("web1", "", "web1", "web1\nweb2\n", "127.0.0.1 localhost # web1\n10.0.0.1 web1", "vioif0.PARAM_IGNORE_LIST=6")
	f.Add("localhost", "a.b", "a", "a", "::1 a.b \\\n a\n", "PARAM_IGNORE_LIST=12,15\n.v6.PARAM_IGNORE_LIST=\n")
	f.Fuzz(func(t *testing.T, first, second, live, nodename, hosts, dhcpagent string) {
		for _, name := range []string{first, second} {
			if name != "" && metadata.CheckHostname(name) != nil {
				return
			}
		}
		sequence(t, state{live, []byte(nodename), []byte(hosts), []byte(dhcpagent)}, first, second)
	})
}
