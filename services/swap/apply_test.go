// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"illumos-metadata/common/metadata"
)

var usual = policy{automatic, 200, 20}

const creation = "create -V 8589934592 -b 4096 -o logbias=throughput -o sync=always -o primarycache=metadata -o secondarycache=none tank/swap"

// TestFirstBoot: a volume as the installers make it (row F12), listed and on;
// the boots after it only look.
func TestFirstBoot(t *testing.T) {
	b := newBench(t)
	if err := b.boot(usual, false); err != nil {
		t.Fatalf("%v\n%s", err, &b.log)
	}
	const list = "list -Hp -d 1 -t filesystem,volume -o name,type,guid,volsize,used,available tank"
	want := []string{"-l", list, "-m", creation, "-2 -a " + device, list}
	if diff := cmp.Diff(want, b.calls); diff != "" {
		t.Errorf("commands (-want +got):\n%s", diff)
	}
	if got := b.read(vfstab); got != "/proc\t-\t/proc\tproc\t-\tno\t-\n"+listed {
		t.Errorf("vfstab: %q", got)
	}
	if got, want := b.record(), (record{Volume: "tank/swap", GUID: "7001"}); got != want {
		t.Errorf("record %+v, want %+v", got, want)
	}
	b.reboot()
	if err := b.boot(usual, false); err != nil || len(b.calls) != 1 {
		t.Errorf("second boot: %v, %q", err, b.calls)
	}
	if err := b.boot(usual, true); err != nil || strings.Contains(fmt.Sprint(b.calls), "swap]") || len(b.calls) != 3 {
		t.Errorf("restart: %v, %q", err, b.calls)
	}
}

// TestNothing: guests on which there is nothing to be done, which costs no more
// than two processes, at any boot.
func TestNothing(t *testing.T) {
	tests := []struct {
		name  string
		p     policy
		set   func(b *bench)
		calls int
		why   string
	}{
		{"none is wanted", policy{fixed: 0}, func(*bench) {}, 0, "no swap is wanted"},
		{"/ is on no pool", usual, func(b *bench) { b.write("/etc/mnttab", "/ramdisk:a\t/\tufs\tdev=1\t0\n") }, 0, "on no pool"},
		{"a pool with a blank", usual, func(b *bench) { b.write("/etc/mnttab", "my pool\t/\tzfs\tdev=1\t0\n") }, 0, "has a blank"},
		{"other swap is on", usual, func(b *bench) { b.active = []string{"/dev/dsk/c1d0s1"} }, 1, "/dev/dsk/c1d0s1"},
		{"vfstab names other swap", usual, func(b *bench) {
			b.write(vfstab, "/dev/dsk/c1d0s1 - - swap - no -\n")
			b.write("/dev/dsk/c1d0s1", "")
		}, 1, "vfstab names other swap"},
		{"row F11: the pool is nearly full", usual, func(b *bench) { b.available = 100 * mib }, 2, "less than 64 MiB"},
		{"a file system on a volume by hand", usual, func(b *bench) { b.kind, b.guid, b.size, b.fstype = "volume", "5", gib, "ufs" }, 3, "holds a file system (ufs)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t)
			tt.set(b)
			before := b.read(vfstab)
			for range 2 {
				err := b.boot(tt.p, false)
				if err != nil || len(b.calls) != tt.calls || !strings.Contains(b.log.String(), tt.why) {
					t.Errorf("%v, commands %q, want %d; log, want %q:\n%s", err, b.calls, tt.calls, tt.why, &b.log)
				}
			}
			if b.read(vfstab) != before || b.record() != (record{}) {
				t.Errorf("changed: vfstab %q, record %+v", b.read(vfstab), b.record())
			}
		})
	}
}

// TestVfstabOfAnother: an image may name swap of the machine that made it.
func TestVfstabOfAnother(t *testing.T) {
	b := newBench(t)
	const other = "/dev/zvol/dsk/rpool/swap - - swap - no -\n"
	b.write(vfstab, other)
	if err := b.boot(usual, false); err != nil || b.read(vfstab) != other+listed || !slices.Equal(b.active, []string{device}) {
		t.Errorf("%v, vfstab %q, active %q", err, b.read(vfstab), b.active)
	}
}

// TestNoSpace: zfs create finds less room than was counted. No record claims
// the volume that is not there.
func TestNoSpace(t *testing.T) {
	b := newBench(t)
	b.quota = true
	if err := b.boot(usual, false); err != nil || !strings.Contains(b.log.String(), "no room for swap") {
		t.Errorf("automatic: %v\n%s", err, &b.log)
	}
	err := b.boot(policy{fixed: gib}, false)
	if !errors.Is(err, metadata.ErrInvalid) || !strings.Contains(err.Error(), "out of space") {
		t.Errorf("fixed: %v, want ErrInvalid", err)
	}
	if b.record() != (record{}) || strings.Contains(b.read(vfstab), device) || len(b.active) > 0 {
		t.Errorf("record %+v, vfstab %q, active %q", b.record(), b.read(vfstab), b.active)
	}
	b.quota = false
	if err := b.boot(usual, false); err != nil || !slices.Contains(b.calls, creation) {
		t.Errorf("with room again: %v, %q", err, b.calls)
	}
}

// TestVolumeByHand: an empty volume of the name is used as it is, and never
// becomes this service's.
func TestVolumeByHand(t *testing.T) {
	b := newBench(t)
	b.kind, b.guid, b.size = "volume", "5", gib
	if err := b.boot(usual, false); err != nil {
		t.Fatalf("%v\n%s", err, &b.log)
	}
	if !slices.Equal(b.active, []string{device}) || !strings.Contains(b.read(vfstab), listed) || b.record() != (record{}) {
		t.Errorf("active %q, vfstab %q, record %+v", b.active, b.read(vfstab), b.record())
	}
	if err := b.boot(policy{fixed: 0}, true); err != nil || b.kind == "" || len(b.calls) != 0 {
		t.Errorf("size 0: %v, %q", err, b.calls)
	}
	if err := b.boot(policy{fixed: 2 * gib}, true); err != nil || b.size != gib {
		t.Errorf("another size: %v, %q", err, b.calls)
	}

	b = newBench(t)
	b.kind, b.guid = "filesystem", "6"
	if err := b.boot(usual, false); err == nil || !strings.Contains(err.Error(), "tank/swap is a filesystem") {
		t.Errorf("a file system of the name: %v", err)
	}
}

// TestSettings: a changed setting reaches the volume when the service is
// restarted, not at a boot.
func TestSettings(t *testing.T) {
	b := newBench(t)
	boot := func(p policy, restarted bool) {
		t.Helper()
		if err := b.boot(p, restarted); err != nil {
			t.Fatalf("%v\n%q\n%s", err, b.calls, &b.log)
		}
	}
	boot(usual, false)
	boot(policy{fixed: 2 * gib}, false)
	if b.size != 8*gib {
		t.Errorf("a boot has resized to %d", b.size)
	}
	boot(policy{fixed: 2 * gib}, true)
	if b.size != 2*gib || !slices.Equal(b.active, []string{device}) {
		t.Errorf("size %d, active %q", b.size, b.active)
	}
	b.keeps = true
	err := b.boot(policy{fixed: gib}, true)
	if err == nil || b.size != 2*gib || !slices.Equal(b.active, []string{device}) || !b.record().Busy {
		t.Errorf("swap that cannot be freed: %v, size %d, active %q, record %+v", err, b.size, b.active, b.record())
	}
	b.keeps, b.quota = false, true
	err = b.boot(policy{fixed: gib}, true)
	if err == nil || b.size != 2*gib || !slices.Equal(b.active, []string{device}) {
		t.Errorf("a volume that cannot be resized: %v, size %d, active %q", err, b.size, b.active)
	}
	b.quota = false
	boot(policy{fixed: gib}, false) // begun before, so it is ended at a boot too
	if b.size != gib || b.record() != (record{Volume: "tank/swap", GUID: "7001"}) {
		t.Errorf("size %d, record %+v", b.size, b.record())
	}
	boot(policy{fixed: 0}, false)
	if b.kind == "" || len(b.calls) > 0 {
		t.Errorf("a boot has removed the volume: %q", b.calls)
	}
	boot(policy{fixed: 0}, true)
	if b.kind != "" || len(b.active) > 0 || strings.Contains(b.read(vfstab), device) || b.record() != (record{}) {
		t.Errorf("after size 0: %s %q %q %+v", b.kind, b.active, b.read(vfstab), b.record())
	}
	boot(policy{fixed: 0}, true)
	if len(b.calls) > 0 {
		t.Errorf("size 0 once more: %q", b.calls)
	}
}

// TestDryRun: -n changes nothing and records nothing.
func TestDryRun(t *testing.T) {
	b := newBench(t)
	b.DryRun = true
	before := b.read(vfstab)
	if err := b.boot(usual, false); err != nil || b.kind != "" || b.read(vfstab) != before || b.record() != (record{}) || len(b.calls) != 3 {
		t.Errorf("%v, %q, vfstab %q, record %+v", err, b.calls, b.read(vfstab), b.record())
	}
}

// A cutOff is a run that is ended at one of its commands.
type cutOff struct {
	before    []policy // earlier runs
	p         policy
	restarted bool // the run is asked for by an administrator
	step      int  // at this command, from 1
	done      bool // when it has had its effect
	reboot    bool // before the next run
}

// run gives the guest after the run that is cut off and the next one; nil if the
// next one need not go on, since nothing had begun.
func (c cutOff) run(t *testing.T) *bench {
	t.Helper()
	b := newBench(t)
	for _, p := range c.before {
		if err := b.boot(p, false); err != nil {
			t.Fatal(err)
		}
	}
	b.cut, b.done = c.step, c.done
	if err := b.boot(c.p, c.restarted); err != nil && err != errCut {
		t.Fatal(err)
	}
	if c.step == 0 {
		return b
	}
	b.cut = 0
	if c.reboot {
		b.reboot()
		if c.restarted && !b.record().Busy {
			return nil
		}
	}
	if err := b.boot(c.p, c.restarted && !c.reboot); err != nil {
		t.Errorf("%+v: %v", c, err)
	}
	return b
}

// TestCutOff: wherever a run is cut off, the next one ends where an undisturbed
// run does.
func TestCutOff(t *testing.T) {
	type end struct {
		Kind, Vfstab, Active string
		Size                 int64
		Record               record
		GUID                 bool // of the volume is in the record
	}
	final := func(b *bench) end {
		rec := b.record()
		same := rec.GUID == b.guid
		rec.GUID = ""
		return end{b.kind, b.read(vfstab), strings.Join(b.active, " "), b.size, rec, same}
	}
	for _, c := range []cutOff{
		{p: usual},
		{before: []policy{usual}, p: policy{fixed: 2 * gib}, restarted: true},
		{before: []policy{usual}, p: policy{fixed: 0}, restarted: true},
	} {
		calm := c.run(t)
		want := final(calm)
		for i := range 4 * len(calm.calls) {
			c.step, c.done, c.reboot = 1+i/4, i&1 != 0, i&2 != 0
			b := c.run(t)
			if b == nil {
				continue
			}
			if diff := cmp.Diff(want, final(b)); diff != "" {
				t.Errorf("%+v, which is %q (-want +got):\n%s", c, calm.calls[c.step-1], diff)
			}
		}
	}
}
