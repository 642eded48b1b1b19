// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"illumos-metadata/common/agent"
	"illumos-metadata/common/guest"
	"illumos-metadata/common/illumos"
)

func ether(name, device, state string) illumos.Link {
	return illumos.Link{Name: name, Media: "Ethernet", State: state, Device: device}
}

// TestPreferred: which link gets DHCP.
func TestPreferred(t *testing.T) {
	ib := illumos.Link{Name: "ibd0", Media: "Infiniband", State: "up", Device: "hermon0"}
	tests := []struct {
		name  string
		links []illumos.Link
		ours  []string
		want  string
	}{
		{"one", []illumos.Link{ether("e1000g0", "e1000g0", "up")}, nil, "e1000g0"},
		{"virtio first", []illumos.Link{ether("e1000g0", "e1000g0", "up"), ether("vioif1", "vioif1", "up")}, nil, "vioif1"},
		{"virtio by device, whatever the name", []illumos.Link{ether("e1000g0", "e1000g0", "up"), ether("net7", "vioif0", "up")}, nil, "net7"},
		{"natural order", []illumos.Link{ether("vioif10", "vioif10", "up"), ether("vioif2", "vioif2", "up")}, nil, "vioif2"},
		{"no cable comes last", []illumos.Link{ether("vioif0", "vioif0", "down"), ether("vioif1", "vioif1", "unknown"), ether("vioif2", "vioif2", "up")}, nil, "vioif1"},
		{"not even virtio without a cable", []illumos.Link{ether("vioif0", "vioif0", "down"), ether("e1000g0", "e1000g0", "up")}, nil, "e1000g0"},
		{"no cable anywhere", []illumos.Link{ether("e1000g0", "e1000g0", "down"), ether("vioif0", "vioif0", "down")}, nil, "vioif0"},
		{"Ethernet only", []illumos.Link{ib, ether("e1000g1", "e1000g1", "down")}, nil, "e1000g1"},
		{"the one that has it keeps it", []illumos.Link{ether("vioif0", "vioif0", "up"), ether("vioif1", "vioif1", "down")}, []string{"vioif1/dhcp"}, "vioif1"},
		{"what is gone does not count", []illumos.Link{ether("vioif0", "vioif0", "up")}, []string{"vioif1/dhcp"}, "vioif0"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := preferred(tt.links, tt.ours)
			if err != nil || got.Name != tt.want {
				t.Errorf("preferred(%v): %v, %v, want %s", tt.links, got, err, tt.want)
			}
		})
	}
	if _, err := preferred([]illumos.Link{ib}, nil); err == nil || !strings.Contains(err.Error(), "ibd0 (Infiniband, up)") {
		t.Errorf("without an Ethernet link: %v", err)
	}
	if _, err := preferred(nil, nil); err == nil || !strings.Contains(err.Error(), "shows nothing") {
		t.Errorf("without a link: %v", err)
	}
}

func argvs(steps []guest.Step) []string {
	var out []string
	for _, s := range steps {
		out = append(out, strings.Join(s.Argv, " "))
	}
	return out
}

// TestDecide: from what is wanted, there and recorded to commands. Every plan
// that makes something leads to a state in which the next one is empty.
func TestDecide(t *testing.T) {
	const (
		create = "/sbin/ipadm create-addr -T dhcp -w 0 -h web1 vioif0/dhcp"
		remove = "/sbin/ipadm delete-addr vioif0/dhcp"
	)
	links := []illumos.Link{ether("vioif0", "vioif0", "up"), ether("vioif1", "vioif1", "up")}
	row := func(object, kind, state, addr string) illumos.Address {
		return illumos.Address{Object: object, Type: kind, State: state, Addr: addr}
	}
	ours := func(instance string, objects ...string) record {
		return record{Record: agent.Record{Instance: instance}, Addresses: objects}
	}
	dhcp := want{DHCP: true, nodename: "web1"}
	tests := []struct {
		name  string
		want  want
		links []illumos.Link
		rows  []illumos.Address
		rec   record
		steps []string
		made  []string
		lease []string
		leave string
		fails string
	}{
		{name: "first boot", want: dhcp, steps: []string{create}, made: []string{"vioif0/dhcp"}, lease: []string{"vioif0/dhcp"}},
		{name: "no name to offer", want: want{DHCP: true}, steps: []string{"/sbin/ipadm create-addr -T dhcp -w 0 vioif0/dhcp"},
			made: []string{"vioif0/dhcp"}, lease: []string{"vioif0/dhcp"}},
		{name: "there with a lease", want: dhcp, rows: []illumos.Address{row("vioif0/dhcp", "dhcp", "ok", "10.0.2.15/24")},
			rec: ours("i-1", "vioif0/dhcp"), made: []string{"vioif0/dhcp"}, lease: []string{"vioif0/dhcp"}},
		{name: "there without a lease", want: dhcp, rows: []illumos.Address{row("vioif0/dhcp", "dhcp", "down", "?")},
			rec: ours("i-1", "vioif0/dhcp"), made: []string{"vioif0/dhcp"}, lease: []string{"vioif0/dhcp"}},
		{name: "made by hand", want: dhcp, rows: []illumos.Address{row("vioif0/v4", "dhcp", "down", "?")}, lease: []string{"vioif0/v4"}},
		{name: "made by ifconfig", want: dhcp, rows: []illumos.Address{row("vioif0/?", "dhcp", "ok", "10.0.2.15/24")}, lease: []string{"vioif0/?"}},
		{name: "static by hand", want: dhcp, rows: []illumos.Address{row("vioif0/v4", "static", "ok", "10.0.0.5/24")},
			leave: "vioif0 has the static address vioif0/v4 (10.0.0.5/24)"},
		{name: "static by ifconfig", want: dhcp, rows: []illumos.Address{row("vioif0/?", "static", "ok", "10.0.0.5/24")},
			leave: "vioif0 has the static address vioif0/?"},
		{name: "static by hand, disabled", want: dhcp, rows: []illumos.Address{row("vioif0/v4", "static", "disabled", "router/24")},
			leave: "vioif0 has the static address vioif0/v4"},
		{name: "only IPv6 by itself", want: dhcp, rows: []illumos.Address{row("vioif0/v6", "addrconf", "ok", "fe80::1%vioif0/10")},
			steps: []string{create}, made: []string{"vioif0/dhcp"}, lease: []string{"vioif0/dhcp"}},
		{name: "another interface by hand", want: dhcp, rows: []illumos.Address{row("vioif1/v4", "static", "ok", "10.0.0.5/24"), row("lo0/v4", "static", "ok", "127.0.0.1/8")},
			steps: []string{create}, made: []string{"vioif0/dhcp"}, lease: []string{"vioif0/dhcp"}},
		{name: "an interface of a longer name", want: dhcp, links: links[:1], rows: []illumos.Address{row("vioif01/v4", "static", "ok", "10.0.0.5/24")},
			steps: []string{create}, made: []string{"vioif0/dhcp"}, lease: []string{"vioif0/dhcp"}},
		{name: "disabled interface", want: dhcp, rows: []illumos.Address{row("vioif0/dhcp", "dhcp", "disabled", "")}, rec: ours("i-1", "vioif0/dhcp"),
			steps: []string{"/sbin/ipadm enable-if -t vioif0", "/sbin/ipadm enable-addr -t vioif0/dhcp"},
			made:  []string{"vioif0/dhcp"}, lease: []string{"vioif0/dhcp"}},
		{name: "disabled address", want: dhcp, rows: []illumos.Address{row("vioif0/v6", "addrconf", "ok", "fe80::1%vioif0/10"), row("vioif0/v4", "dhcp", "disabled", "")},
			steps: []string{"/sbin/ipadm enable-addr -t vioif0/v4"}, lease: []string{"vioif0/v4"}},
		{name: "cut off before it was made", want: dhcp, rec: ours("i-1", "vioif0/dhcp"),
			steps: []string{remove, create}, made: []string{"vioif0/dhcp"}, lease: []string{"vioif0/dhcp"}},
		{name: "new instance", want: dhcp, rows: []illumos.Address{row("vioif0/dhcp", "dhcp", "down", "?")}, rec: ours("i-0", "vioif0/dhcp"),
			steps: []string{remove, create}, made: []string{"vioif0/dhcp"}, lease: []string{"vioif0/dhcp"}},
		{name: "new instance, another interface", want: dhcp, rows: []illumos.Address{row("e1000g0/dhcp", "dhcp", "disabled", "")}, rec: ours("i-0", "e1000g0/dhcp"),
			steps: []string{"/sbin/ipadm delete-if e1000g0", create}, made: []string{"vioif0/dhcp"}, lease: []string{"vioif0/dhcp"}},
		{name: "same instance, another interface", want: dhcp, rows: []illumos.Address{row("e1000g0/dhcp", "dhcp", "disabled", "")}, rec: ours("i-1", "e1000g0/dhcp"),
			steps: []string{"/sbin/ipadm delete-if e1000g0", create}, made: []string{"vioif0/dhcp"}, lease: []string{"vioif0/dhcp"}},
		{name: "new instance, another interface, by hand too", want: dhcp, rec: ours("i-0", "e1000g0/dhcp"),
			rows:  []illumos.Address{row("e1000g0/dhcp", "dhcp", "disabled", ""), row("e1000g0/v4", "static", "disabled", "10.0.0.5/24")},
			leave: "the link of e1000g0/dhcp is gone", steps: []string{create}, made: []string{"vioif0/dhcp"}, lease: []string{"vioif0/dhcp"}},
		{name: "new instance, taken over on an upper link", want: dhcp, rows: []illumos.Address{row("vnic0/dhcp", "dhcp", "ok", "10.0.9.15/24")}, rec: ours("i-0", "vnic0/dhcp"),
			steps: []string{create, "/sbin/ipadm delete-addr vnic0/dhcp"}, made: []string{"vioif0/dhcp"}, lease: []string{"vioif0/dhcp"}},
		{name: "new instance, disabled by hand", want: dhcp, rows: []illumos.Address{row("vioif0/dhcp", "dhcp", "disabled", "")}, rec: ours("i-0", "vioif0/dhcp"),
			steps: []string{remove, create}, made: []string{"vioif0/dhcp"}, lease: []string{"vioif0/dhcp"}},
		{name: "new instance, static by hand since", want: dhcp, rec: ours("i-0", "vioif0/dhcp"),
			rows:  []illumos.Address{row("vioif0/v4", "static", "ok", "10.0.0.5/24")},
			leave: "vioif0 has the static address vioif0/v4"},
		{name: "the link keeps it though a better one came", want: dhcp, rec: ours("i-1", "vioif1/dhcp"),
			rows: []illumos.Address{row("vioif1/dhcp", "dhcp", "ok", "10.0.2.15/24")},
			made: []string{"vioif1/dhcp"}, lease: []string{"vioif1/dhcp"}},
		{name: "no longer wanted", want: want{}, rows: []illumos.Address{row("vioif0/dhcp", "dhcp", "ok", "10.0.2.15/24"), row("vioif1/v4", "dhcp", "ok", "10.0.3.15/24")},
			rec: ours("i-1", "vioif0/dhcp"), steps: []string{remove}},
		{name: "no link", want: dhcp, links: []illumos.Link{}, rows: []illumos.Address{row("vioif0/dhcp", "dhcp", "disabled", "")}, rec: ours("i-0", "vioif0/dhcp"),
			steps: []string{"/sbin/ipadm delete-if vioif0"}, fails: "no Ethernet link"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := state{links: links, addresses: tt.rows}
			if tt.links != nil {
				s.links = tt.links
			}
			got, err := decide(tt.want, s, tt.rec, "i-1")
			if (err != nil) != (tt.fails != "") || err != nil && !strings.Contains(err.Error(), tt.fails) {
				t.Errorf("error %v, want %q", err, tt.fails)
			}
			if diff := cmp.Diff(tt.steps, argvs(got.steps())); diff != "" {
				t.Errorf("steps (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.made, got.made.Addresses); diff != "" {
				t.Errorf("made (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.lease, got.lease); diff != "" {
				t.Errorf("lease (-want +got):\n%s", diff)
			}
			if left := strings.Join(got.leave, "; "); !strings.Contains(left, tt.leave) || tt.leave == "" && left != "" {
				t.Errorf("leaves %q, want %q", left, tt.leave)
			}
			settles(t, tt.want, s, tt.rec)
		})
	}
}

// after gives the state that steps lead to, with a lease for each that asks.
func (s state) after(steps []guest.Step) state {
	rows := slices.Clone(s.addresses)
	for _, step := range steps {
		object := step.Argv[len(step.Argv)-1]
		switch step.Argv[1] {
		case "create-addr":
			rows = append(rows, illumos.Address{Object: object, Type: "dhcp", State: "ok", Addr: "10.0.2.15/24"})
		case "delete-addr":
			rows = slices.DeleteFunc(rows, func(r illumos.Address) bool { return r.Object == object })
		case "delete-if":
			rows = slices.DeleteFunc(rows, func(r illumos.Address) bool { return strings.HasPrefix(r.Object, object+"/") })
		case "enable-if", "enable-addr":
			for i, r := range rows {
				if r.State == "disabled" && (r.Object == object || strings.HasPrefix(r.Object, object+"/")) {
					rows[i].State = "ok"
				}
			}
		}
	}
	s.addresses = rows
	return s
}

// settles checks that a run leaves nothing to do for the next one, and that one
// that was cut off behind any of its steps ends in the same state and with the
// same record when it is run again.
func settles(t *testing.T, w want, s state, rec record) {
	t.Helper()
	first, _ := decide(w, s, rec, "i-1")
	end := s.after(first.steps())
	done := first.made
	done.Instance = "i-1"
	second, _ := decide(w, end, done, "i-1")
	if len(second.steps()) > 0 || !slices.Equal(second.made.Addresses, first.made.Addresses) {
		t.Errorf("a second run has steps %q and makes %q, after %q", argvs(second.steps()), second.made.Addresses, first.made.Addresses)
	}
	for n := range len(first.steps()) {
		half := s.after(first.steps()[:n])
		rest, _ := decide(w, half, rec.under(first.made, "i-1"), "i-1")
		if diff := cmp.Diff(end.addresses, half.after(rest.steps()).addresses, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("cut off behind step %d (-undisturbed +got):\n%s", n, diff)
		}
		if !slices.Equal(rest.made.Addresses, first.made.Addresses) {
			t.Errorf("cut off behind step %d: made %q, undisturbed %q", n, rest.made.Addresses, first.made.Addresses)
		}
	}
}

// TestAdopted: only what the earlier agent made, by its name.
func TestAdopted(t *testing.T) {
	s := state{addresses: []illumos.Address{
		{Object: "lo0/v4", Type: "static", State: "ok", Addr: "127.0.0.1/8"},
		{Object: "vioif0/dhcp", Type: "dhcp", State: "ok", Addr: "10.0.2.15/24"},
		{Object: "vioif1/v4", Type: "dhcp", State: "ok", Addr: "10.0.3.15/24"},
		{Object: "vioif2/dhcp", Type: "static", State: "ok", Addr: "10.0.4.15/24"},
	}}
	if diff := cmp.Diff([]string{"vioif0/dhcp"}, s.adopted()); diff != "" {
		t.Errorf("adopted (-want +got):\n%s", diff)
	}
}
