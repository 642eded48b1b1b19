// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"illumos-metadata/common/illumos"
)

// TestDecide: from what is wanted, there and recorded to steps. What a whole run
// makes of them is for TestFirstBoot and its neighbours.
func TestDecide(t *testing.T) {
	const (
		list    = "write /etc/vfstab (40 bytes)"
		off     = "/usr/sbin/swap -d " + device
		resize  = "/sbin/zfs set volsize=2147483648 tank/swap"
		destroy = "/sbin/zfs destroy tank/swap"
	)
	two, none := policy{fixed: 2 * gib}, policy{fixed: 0}
	volume := func(guid string, size int64) *illumos.Dataset {
		return &illumos.Dataset{Name: "tank/swap", Type: "volume", GUID: guid, Size: size}
	}
	ours, cut := record{Volume: "tank/swap", GUID: "7"}, record{Volume: "tank/swap", Busy: true}
	on := []string{device}
	large := room{memory: 4 * gib, used: 10 * gib, available: 90 * gib, own: 9 * gib}
	tests := []struct {
		name     string
		p        policy
		s        state
		steps    []string
		activate bool
		during   *record
		after    record
		nothing  string
		fails    string
	}{
		{name: "made by a run that was cut off", p: two, s: state{rec: cut, change: true, found: volume("8", 2*gib)},
			steps: []string{list}, activate: true, during: &record{"tank/swap", "8", true}, after: record{"tank/swap", "8", false}},
		{name: "all made, but not recorded", p: two, s: state{rec: cut, change: true, found: volume("8", 2*gib), active: on, vfstab: []byte(listed)},
			during: &record{"tank/swap", "8", true}, after: record{"tank/swap", "8", false}},
		{name: "ours, swapped off by hand", p: usual, s: state{rec: ours, found: volume("7", gib), vfstab: []byte(listed)},
			activate: true, during: &record{"tank/swap", "7", true}, after: ours},
		{name: "ours, as it should be", p: two, s: state{rec: ours, change: true, found: volume("7", 2*gib), active: on, vfstab: []byte(listed)},
			nothing: "has the size it should have"},
		{name: "ours, of another size", p: two, s: state{rec: ours, change: true, found: volume("7", gib), active: on, vfstab: []byte(listed), room: large},
			steps: []string{off, resize}, activate: true, during: &record{"tank/swap", "7", true}, after: ours},
		{name: "ours, of nearly the automatic size", p: usual, s: state{rec: ours, change: true, found: volume("7", 8*gib-400*mib), active: on, vfstab: []byte(listed), room: large},
			nothing: "has the size it should have"},
		{name: "ours, and the size does not fit", p: two, s: state{rec: ours, change: true, found: volume("7", gib), room: room{available: gib}},
			steps: []string{list}, activate: true, during: &record{"tank/swap", "7", true}, after: ours, fails: "2048 MiB of swap take"},
		{name: "ours is gone", p: two, s: state{rec: ours, room: large},
			steps: []string{"/sbin/zfs " + strings.Replace(creation, "8589934592", "2147483648", 1), list}, activate: true,
			during: &cut, after: record{Volume: "tank/swap"}},
		{name: "a record without GUID proves nothing", p: none, s: state{rec: record{Volume: "tank/swap"}, change: true, found: volume("8", gib)}, nothing: "none of this service's"},
		{name: "another one of its name", p: two, s: state{rec: ours, change: true, found: volume("8", gib), active: on}, nothing: "is in use"},
		{name: "another one of its name, none wanted", p: none, s: state{rec: ours, change: true, found: volume("8", gib)}, nothing: "none of this service's"},
		{name: "ours, none wanted", p: none, s: state{rec: ours, change: true, found: volume("7", gib), active: on, vfstab: []byte(listed)},
			steps: []string{off, "write /etc/vfstab (0 bytes)", destroy}, during: &record{"tank/swap", "7", true}},
		{name: "removal that was cut off", p: none, s: state{rec: record{"tank/swap", "7", true}, change: true},
			during: &record{"tank/swap", "7", true}},
		{name: "of another pool", p: none, s: state{rec: record{Volume: "old/swap", GUID: "7"}, change: true, found: volume("7", gib)}, nothing: "none of this service's"},
		{name: "no room for a fixed size", p: two, s: state{room: room{available: gib}}, fails: "2048 MiB of swap take"},
		{name: "a file system of the name", p: none, s: state{found: &illumos.Dataset{Type: "filesystem"}}, fails: "tank/swap is a filesystem"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.s.pool, tt.s.volume = "tank", "tank/swap"
			got, err := decide(tt.p, tt.s)
			if (err != nil) != (tt.fails != "") || err != nil && !strings.Contains(err.Error(), tt.fails) {
				t.Errorf("error %v, want %q", err, tt.fails)
			}
			var steps []string
			for _, s := range got.steps {
				steps = append(steps, s.String())
			}
			if diff := cmp.Diff(tt.steps, steps); diff != "" {
				t.Errorf("steps (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.during, got.during); diff != "" {
				t.Errorf("during (-want +got):\n%s", diff)
			}
			if got.activate != tt.activate || got.after != tt.after || !strings.Contains(got.nothing, tt.nothing) || tt.nothing == "" && got.nothing != "" {
				t.Errorf("activate %v, after %+v, nothing %q; want %v, %+v, %q", got.activate, got.after, got.nothing, tt.activate, tt.after, tt.nothing)
			}
		})
	}
}

// TestSettled: when swap needs no look at the pool.
func TestSettled(t *testing.T) {
	ours := record{Volume: "tank/swap", GUID: "7"}
	tests := []struct {
		name string
		s    state
		want string
	}{
		{"nothing there", state{}, ""},
		{"ours is on", state{rec: ours, active: []string{device}}, "is in use"},
		{"ours is on, restarted", state{rec: ours, change: true, active: []string{device}}, ""},
		{"other swap is on, restarted", state{change: true, active: []string{"/dev/dsk/c1d0s1"}}, "in use already: /dev/dsk/c1d0s1"},
		{"ours is listed", state{rec: ours, listed: []string{device}}, ""},
		{"others are listed", state{listed: []string{device, "/dev/dsk/c1d0s1"}}, "vfstab names other swap: /dev/dsk/c1d0s1"},
	}
	for _, tt := range tests {
		tt.s.volume = "tank/swap"
		if got := tt.s.settled(); !strings.Contains(got, tt.want) || tt.want == "" && got != "" {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
