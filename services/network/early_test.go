// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"illumos-metadata/common/metadata"
	"illumos-metadata/common/provider"
	"illumos-metadata/common/simguest/simnet"
)

// asks brings up the network to ask for the metadata.
func (m *machine) asks(way provider.Way, known bool) (changes []string, err error) {
	m.started, m.log = nil, bytes.Buffer{}
	err = early(m.t.Context(), m.Agent, way, known, m.limit)
	return m.changes(), err
}

// wantAsks checks which commands that takes.
func (m *machine) wantAsks(name string, way provider.Way, known bool, want ...string) {
	m.t.Helper()
	got, err := m.asks(way, known)
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		m.t.Errorf("%s: %v (-want +got):\n%s\nlog:\n%s", name, err, diff, &m.log)
	}
}

// TestEarlyLease: a machine that asks for the first time gets DHCP on all of its
// links; what the metadata wants of it stays, with the lease that it has, and
// the rest goes.
func TestEarlyLease(t *testing.T) {
	for _, tt := range []struct {
		name string
		want want
		does []string
		ends []string
	}{
		{"DHCP on one", want{Links: []metadata.Link{{Name: "a", Match: link(0).Match, DHCP4: true}}},
			[]string{"ipadm delete-addr vioif1/dhcp"}, []string{"vioif0/dhcp ok 10.0.2.15/24"}},
		{"preferred", want{DHCP: true},
			[]string{"ipadm delete-addr vioif1/dhcp"}, []string{"vioif0/dhcp ok 10.0.2.15/24"}},
		{"static", want{Links: []metadata.Link{withRouter(link(0, "10.0.2.77/24"), "10.0.2.2")}},
			[]string{
				"ipadm create-addr -T static -a 10.0.2.77/24 vioif0/v4", "ipadm delete-addr vioif0/dhcp", "route add default 10.0.2.2", "ipadm delete-addr vioif1/dhcp",
			}, []string{"vioif0/v4 ok 10.0.2.77/24"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t, leased(0), leased(1))
			m.wantAsks("first", provider.ByLease, false,
				"ipadm create-addr -T dhcp -w 0 vioif0/dhcp", "ipadm create-addr -T dhcp -w 0 vioif1/dhcp")
			m.wantAsks("again", provider.ByLease, false)
			got, err := m.run("i-1", tt.want)
			slices.Sort(got)
			slices.Sort(tt.does)
			if diff := cmp.Diff(tt.does, got); diff != "" || err != nil {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
			m.shows("then", tt.ends...)
			m.quiet("then", "i-1", tt.want)
			m.wantAsks("next boot", provider.ByLease, true)
			m.shows("next boot", tt.ends...)
		})
	}
}

// TestEarlyBond: a port of an aggregation that another instance has left takes no
// address, and so the aggregation does. On a machine that is known what is on it
// counts.
func TestEarlyBond(t *testing.T) { synctest.Test(t, earlyBond) }

func earlyBond(t *testing.T) {
	m := newMachine(t, intel(0), intel(1), leased(2))
	bonded := withBond(bond("bond0", "balance-xor", 2, "10.0.2.77/24"))
	m.does("first", "i-1", bonded, "dladm create-aggr -P L4 -L off -l e1000g0 -l e1000g1 bond0", "ipadm create-addr -T static -a 10.0.2.77/24 bond0/v4")
	before := m.snapshot()
	m.swap(nil)
	m.wantAsks("known", provider.ByLease, true)
	cables := func(in bool) {
		m.must(simnet.SetCarrier(m.w, "e1000g0", in))
		m.must(simnet.SetCarrier(m.w, "e1000g1", in))
	}
	cables(false)
	if got, err := m.asks(provider.ByLease, true); len(got) > 0 || err == nil {
		t.Errorf("known, its cables are out: %v, started %q", err, got)
	}
	cables(true)
	m.wantAsks("a clone", provider.ByLease, false, "ipadm create-addr -T dhcp -w 0 bond0/dhcp", "ipadm create-addr -T dhcp -w 0 vioif2/dhcp")
	m.shows("a clone", "bond0/dhcp ok 10.0.2.15/24", "bond0/v4 ok 10.0.2.77/24", "vioif2/dhcp ok 10.2.2.15/24")
	w := want{Links: []metadata.Link{withRouter(link(0, "10.0.2.78/24"), "10.0.2.2")}}
	if _, err := m.run("i-2", w); err != nil {
		t.Error(err)
	}
	m.shows("its metadata", "e1000g0/v4 ok 10.0.2.78/24")
	m.links("its metadata", "e1000g0 phys 1500", "e1000g1 phys 1500", "vioif2 phys 1500")

	m.restore(before)
	m.swap([]string{"vioif2"})
	got, err := m.asks(provider.ByLinkLocal, false)
	if err != nil || len(got) != 1 || !strings.HasSuffix(got[0], " bond0/metadata") {
		t.Errorf("link-local: %v, started %q", err, got)
	}
}

// TestEarlyOffLink: the way to the source may lead by a router that is off the
// link of its lease, on the first boot and on later ones.
func TestEarlyOffLink(t *testing.T) {
	c := leased(0)
	c.DHCP = &simnet.DHCP{Address: netip.MustParsePrefix("172.30.0.5/32"), Routers: []netip.Addr{netip.MustParseAddr("172.30.0.1")}}
	routes := []string{"route add 172.30.0.1/32 172.30.0.5 -iface", "route add default 172.30.0.1"}
	m := newMachine(t, c)
	m.wantAsks("first", provider.ByLease, false, append([]string{"ipadm create-addr -T dhcp -w 0 vioif0/dhcp"}, routes...)...)
	w := want{DHCP: true}
	m.does("metadata", "i-1", w)
	m.quiet("then", "i-1", w)
	m.late()
	m.early()
	m.wantAsks("next boot", provider.ByLease, true, routes...)
	m.does("next boot", "i-1", w)
}

// TestEarlyKnown: on a machine that had its metadata before nothing is added to
// the network, whatever is left of it, unless all of its links are others.
func TestEarlyKnown(t *testing.T) {
	m := newMachine(t, leased(0))
	if got, err := m.asks(provider.ByLease, true); len(got) > 0 || err == nil || !strings.Contains(err.Error(), "no address that works") {
		t.Errorf("without any address: started %q, %v", got, err)
	}
	m.does("static", "i-1", want{Links: []metadata.Link{link(0, "10.0.2.77/24")}}, "ipadm create-addr -T static -a 10.0.2.77/24 vioif0/v4")
	m.wantAsks("with an address", provider.ByLease, true)

	if err := simnet.Unplug(m.w, "vioif0"); err != nil {
		t.Fatal(err)
	}
	if err := simnet.Plug(m.w, leased(3)); err != nil {
		t.Fatal(err)
	}
	m.late()
	m.early()
	m.wantAsks("other card", provider.ByLease, true, "ipadm create-addr -T dhcp -w 0 vioif3/dhcp")
}

// TestEarlyOtherInstance: what was made for an earlier instance does not stand
// in the way of a new machine, but what was made by hand does.
func TestEarlyOtherInstance(t *testing.T) {
	m := newMachine(t, leased(0), leased(1))
	m.does("before", "i-1", want{Links: []metadata.Link{link(0, "192.0.2.9/24")}}, "ipadm create-addr -T static -a 192.0.2.9/24 vioif0/v4")
	m.play("/sbin/ipadm create-addr -T static -a 198.51.100.7/24 vioif1/hand")
	m.wantAsks("new machine", provider.ByLease, false, "ipadm create-addr -T dhcp -w 0 vioif0/dhcp", "route add default 10.0.2.2")
	if _, err := m.run("i-2", want{DHCP: true}); err != nil {
		t.Error(err)
	}
	m.shows("then", "vioif0/dhcp ok 10.0.2.15/24", "vioif1/hand ok 198.51.100.7/24")
}

// TestEarlyNoLease: all links wait at the same time, within the limit, and what
// was begun stays: the lease may come later (row N4).
func TestEarlyNoLease(t *testing.T) {
	m := newMachine(t, card(0), card(1))
	m.limit = 300 * time.Millisecond
	_, err := m.asks(provider.ByLease, false)
	if err == nil || !strings.Contains(err.Error(), "vioif0 has no DHCP lease after 300ms") || !strings.Contains(err.Error(), "vioif1 has no DHCP lease") {
		t.Errorf("error %v", err)
	}
	if got, err := m.asks(provider.ByLease, false); len(got) > 0 || err == nil {
		t.Errorf("again: started %q, %v", got, err)
	}
	if err := simnet.SetNetwork(m.w, "vioif1", leased(1).Network); err != nil {
		t.Fatal(err)
	}
	m.limit = 30 * time.Second
	m.wantAsks("a server at last", provider.ByLease, false)
}

// TestEarlyLinkLocal: without DHCP the preferred link gets an address of
// 169.254.0.0/16, which goes when the metadata is there; one that is there by
// other hands is used as it is.
func TestEarlyLinkLocal(t *testing.T) {
	m := newMachine(t, card(0), card(1))
	got, err := m.asks(provider.ByLinkLocal, false)
	if err != nil || len(got) != 1 || !strings.HasPrefix(got[0], "ipadm create-addr -T static -a 169.254.") || !strings.HasSuffix(got[0], "/16 vioif0/metadata") {
		t.Fatalf("started %q, %v", got, err)
	}
	m.wantAsks("again", provider.ByLinkLocal, false)
	w := want{Links: []metadata.Link{link(0, "192.0.2.9/24")}}
	m.does("metadata", "i-1", w, "ipadm create-addr -T static -a 192.0.2.9/24 vioif0/v4", "ipadm delete-addr vioif0/metadata")
	m.shows("then", "vioif0/v4 ok 192.0.2.9/24")
	m.wantAsks("other machine", provider.ByLinkLocal, true)

	m = newMachine(t, card(0))
	m.play("/sbin/ipadm create-addr -T static -a 198.51.100.7/24 vioif0/hand")
	m.wantAsks("by hand", provider.ByLinkLocal, false)
}

// TestEarlyFails: a link on which DHCP cannot be begun costs only itself, and
// what fails on all of them is not waited for.
func TestEarlyFails(t *testing.T) {
	m := newMachine(t, leased(0), leased(1))
	m.fails = "/sbin/ipadm create-addr -T dhcp -w 0 vioif0/dhcp"
	if _, err := m.asks(provider.ByLease, false); err != nil || !strings.Contains(m.log.String(), "no luck") {
		t.Errorf("error %v, log:\n%s", err, &m.log)
	}
	m.shows("then", "vioif1/dhcp ok 10.1.2.15/24")

	m = newMachine(t, leased(0))
	m.fails, m.limit = "/sbin/ipadm create-addr", time.Hour
	if _, err := m.asks(provider.ByLease, false); err == nil || !strings.Contains(err.Error(), "no luck") {
		t.Errorf("error %v", err)
	}
}

// TestEarlyDryRun: with -n nothing is changed, and nothing waited for.
func TestEarlyDryRun(t *testing.T) {
	m := newMachine(t, leased(0))
	m.DryRun = true
	if got, err := m.asks(provider.ByLease, false); len(got) > 0 || err == nil || !strings.Contains(err.Error(), "without these steps") {
		t.Errorf("started %q, %v", got, err)
	}
	m.file("/var/metadata/applied/network.json", "")
}

func TestRandomLinkLocal(t *testing.T) {
	for range 2000 {
		a := randomLinkLocal()
		b := a.Addr().As4()
		if a.Bits() != 16 || !a.Addr().IsLinkLocalUnicast() || b[2] == 0 || b[2] == 255 || b[2] == 169 || b[3] == 0 || b[3] == 255 {
			t.Fatalf("address %v", a)
		}
	}
}
