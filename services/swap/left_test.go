// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"
	"testing"

	"illumos-metadata/common/illumos"
)

// TestLeft: at a boot, what an administrator has taken away stays away; what a
// run that was cut off has not made yet does not.
func TestLeft(t *testing.T) {
	const volume = "tank/swap"
	ours := record{Volume: volume, GUID: "7"}
	there := &illumos.Dataset{Name: volume, Type: "volume", GUID: "7"}
	tests := []struct {
		name string
		s    state
		want string
	}{
		{"nothing was made", state{}, ""},
		{"listed", state{rec: ours, found: there, listed: []string{device}}, ""},
		{"no longer listed", state{rec: ours, found: there}, "/etc/vfstab no longer names " + device},
		{"no longer listed, restarted", state{rec: ours, found: there, change: true}, ""},
		{"destroyed", state{rec: ours}, "tank/swap, which this service has made, is gone"},
		{"destroyed, restarted", state{rec: ours, change: true}, ""},
		{"another one in its place", state{rec: ours, found: &illumos.Dataset{GUID: "8"}}, ""},
		{"of another pool", state{rec: record{Volume: "old/swap", GUID: "7"}}, ""},
		{"making it was cut off", state{rec: record{Volume: volume, Busy: true}, change: true}, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.s.volume = volume
			got := tt.s.left()
			if !strings.HasPrefix(got, tt.want) || (got == "") != (tt.want == "") {
				t.Errorf("%+v: %q, want %q", tt.s, got, tt.want)
			}
		})
	}
}

// TestLeftAtBoot: a boot finds that out with two processes, and a restart puts
// swap back.
func TestLeftAtBoot(t *testing.T) {
	for _, destroyed := range []bool{false, true} {
		b := newBench(t)
		if err := b.boot(usual, false); err != nil {
			t.Fatal(err)
		}
		b.write(vfstab, "")
		if destroyed {
			b.kind, b.guid = "", ""
		}
		b.reboot()
		if err := b.boot(usual, false); err != nil || len(b.active) > 0 || len(b.calls) != 2 || b.read(vfstab) != "" {
			t.Errorf("destroyed %v: %v, active %q, %q", destroyed, err, b.active, b.calls)
		}
		if err := b.boot(usual, true); err != nil || len(b.active) != 1 || b.read(vfstab) != listed {
			t.Errorf("destroyed %v, restarted: %v, active %q, %q", destroyed, err, b.active, b.calls)
		}
	}
}
