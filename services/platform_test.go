// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package services_test

import (
	"slices"
	"strings"
	"testing"

	"illumos-metadata/common/simguest/platform"
	"illumos-metadata/common/simguest/simnet"
)

// on gives a machine on a platform, switched off.
func on(t testing.TB, p platform.Platform) *machine {
	t.Helper()
	tree, err := installed()
	if err != nil {
		t.Fatal(err)
	}
	root, program := place(t)
	g, done, err := p.Build(root, program, tree)
	if err != nil {
		t.Fatal(err)
	}
	m := &machine{t: t, guest: g}
	t.Cleanup(done)
	t.Cleanup(m.halt)
	return m
}

// TestPlatforms: on every platform the first boot does everything, and the
// second nothing but to run SmartOS's script again.
func TestPlatforms(t *testing.T) {
	for _, p := range platform.All() {
		t.Run(p.Name, func(t *testing.T) {
			t.Parallel()
			m := on(t, p)
			m.boot()
			m.wantStates(nil)
			m.wantOn(p)
			if log := m.log("network"); !strings.Contains(log, "source="+p.Source+" ") {
				t.Errorf("the log does not name the source:\n%s", log)
			}
			after := m.snapshot()
			m.boot()
			m.wantStates(nil)
			m.wantOn(p)
			m.wantUnchangedButScript(after)
			runs := 1
			if p.Host != nil {
				runs = 2
			}
			m.wantHellos(runs)
		})
	}
}

// wantOn checks what the metadata of every platform asks for.
func (m *machine) wantOn(p platform.Platform) {
	m.t.Helper()
	short, _, _ := strings.Cut(platform.Hostname, ".")
	if live, kept := m.play("hostname"), m.read("/etc/nodename"); live != short+"\n" || kept != short+"\n" {
		m.t.Errorf("live name %q, /etc/nodename %q", live, kept)
	}
	if got, want := m.read("/root/.ssh/authorized_keys"), platform.Alice+"\n"+platform.Bob+"\n"; got != want {
		m.t.Errorf("authorized_keys %q", got)
	}
	if got := m.play("ipadm", "show-addr", "-p", "-o", "state,addr"); !strings.Contains(got, "ok:"+p.IP+"\n") {
		m.t.Errorf("no address %s:\n%s", p.IP, got)
	}
	routes, err := simnet.Routes(m.guest.World)
	must(m.t, err)
	if !slices.ContainsFunc(routes, func(r simnet.Route) bool { return r.Destination == "0.0.0.0/0" && r.Gateway == p.Router }) {
		m.t.Errorf("no default route by %s: %v", p.Router, routes)
	}
}
