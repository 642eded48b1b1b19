// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"illumos-metadata/common/illumos"
)

// changing are the commands of a run that change something.
func (b *bench) changing() []string {
	var out []string
	for _, c := range b.calls {
		if !strings.HasPrefix(c, "/sbin/zpool list") && !strings.HasPrefix(c, "/sbin/zpool get") && !strings.HasPrefix(c, "/usr/sbin/prtvtoc") {
			out = append(out, c)
		}
	}
	return out
}

// TestFirstBoot: the pool grows and gets its GUID; the next boots look twice at
// most, even where the kernel goes on counting the ESP as room to grow.
func TestFirstBoot(t *testing.T) {
	b := newBench(t)
	if err := b.boot(false); err != nil {
		t.Fatalf("%v\n%s", err, &b.log)
	}
	want := []string{
		"/usr/sbin/format -d c2t0d0 -f /var/run/metadata/expand-label",
		"/usr/sbin/fmthard -d 1:4:00:524544:41402079 /dev/rdsk/c2t0d0p0",
		"/sbin/zpool online -e tank c2t0d0",
		"/sbin/zpool reguid tank",
	}
	if diff := cmp.Diff(want, b.changing()); diff != "" {
		t.Errorf("commands (-want +got):\n%s", diff)
	}
	if b.size != 41402079*512 || b.guid != 101 || b.record() != (record{Pool: "tank", Machine: machineA}) {
		t.Errorf("size %d, GUID %d, record %+v", b.size, b.guid, b.record())
	}
	for _, restarted := range []bool{false, true, false} {
		if err := b.boot(restarted); err != nil || len(b.calls) > 2 || b.changing() != nil || b.guid != 101 {
			t.Errorf("restarted %v: %v, %q", restarted, err, b.calls)
		}
	}
	b.label.Sectors = 30 * gib / 512 // and again, by the hypervisor
	if err := b.boot(true); err != nil || b.size != (30*gib/512-34-16384+1-524544)*512 {
		t.Errorf("grown once more: %v, size %d, %q", err, b.size, b.calls)
	}
}

// TestNoESP: without an ESP the kernel counts nothing once the pool is full, and
// one process is enough.
func TestNoESP(t *testing.T) {
	b := newBench(t)
	b.label = label(512, 2*gib, 20*gib, 0)
	if err := b.boot(false); err != nil {
		t.Fatalf("%v\n%s", err, &b.log)
	}
	if err := b.boot(false); err != nil || len(b.calls) != 1 {
		t.Errorf("second boot: %v, %q", err, b.calls)
	}
	// The kernel has not looked at the disk since the boot, but prtvtoc does.
	b.label.Sectors = 30 * gib / 512
	if err := b.boot(true); err != nil || b.size != (30*gib/512-34-16384+1-256)*512 {
		t.Errorf("grown under way: %v, size %d, %q", err, b.size, b.calls)
	}
}

// TestLeftAlone: layouts that are not ours stay as they are, with the reason and
// without an error; the GUID is made all the same (row F1).
func TestLeftAlone(t *testing.T) {
	tests := []struct {
		name string
		set  func(b *bench)
		why  string
	}{
		{"mirror", func(b *bench) { b.vdevs = "mirror c2t0d0 c2t1d0" }, "only a single disk"},
		{"slice", func(b *bench) { b.vdevs = "c2t0d0s0" }, "not a whole disk"},
		{"SMI", func(b *bench) { b.label.EFI = false }, "SMI label"},
		{"foreign GPT", func(b *bench) {
			b.label.Partitions[0] = illumos.Partition{Number: 0, Tag: 24, First: 34, Count: 222, Last: 255}
		}, "not ours"},
		{"nothing to gain", func(b *bench) { b.label.Sectors = 2 * gib / 512; b.label.Partitions[0].Tag = 99 }, "not ours"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t)
			tt.set(b)
			before := b.prtvtoc()
			if err := b.boot(false); err != nil || !strings.Contains(b.log.String(), tt.why) || fmt.Sprint(b.changing()) != "[/sbin/zpool reguid tank]" {
				t.Errorf("%v, %q; log, want %q:\n%s", err, b.calls, tt.why, &b.log)
			}
			if got := b.prtvtoc(); got != before {
				t.Errorf("label\n%swas\n%s", got, before)
			}
		})
	}
	b := newBench(t)
	b.write("/etc/mnttab", []byte("/ramdisk:a\t/\tufs\tdev=1\t0\n"))
	if err := b.boot(false); err != nil || b.calls != nil || !strings.Contains(b.log.String(), "on no pool") {
		t.Errorf("no root pool: %v, %q\n%s", err, b.calls, &b.log)
	}
}

// TestDoesNothingF3: a command that exits with 0 and does nothing is found out,
// and the GUID is made all the same (row F3).
func TestDoesNothingF3(t *testing.T) {
	for lazy, want := range map[string]string{
		"/usr/sbin/fmthard":  "pool tank has not grown: the label does not give the pool all of the disk (compare zpool list -v tank",
		"/sbin/zpool online": "pool tank has not grown: the pool has still",
		"/usr/sbin/format":   "fmthard",
	} {
		b := newBench(t)
		b.lazy = lazy
		if err := b.boot(false); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", lazy, err, want)
		}
		if b.guid != 101 {
			t.Errorf("%s: GUID %d", lazy, b.guid)
		}
		b.lazy = ""
		if err := b.boot(false); err != nil || b.size != 41402079*512 || b.guid != 101 {
			t.Errorf("%s, next boot: %v, size %d, GUID %d", lazy, err, b.size, b.guid)
		}
	}
}

// TestNewMachine: a copy of the disk gets a GUID of its own, once (row F13).
func TestNewMachine(t *testing.T) {
	b := newBench(t)
	for _, step := range []struct {
		uuid string
		guid uint64
	}{{machineA, 101}, {machineA, 101}, {machineB, 102}, {machineB, 102}, {"", 102}, {machineB, 102}, {machineA, 103}} {
		b.machine(step.uuid)
		if err := b.boot(false); err != nil || b.guid != step.guid {
			t.Errorf("%+v: %v, GUID %d", step, err, b.guid)
		}
	}

	b = newBench(t)
	b.machine("")
	for range 2 {
		if err := b.boot(false); err != nil || b.guid != 101 {
			t.Errorf("no UUID: %v, GUID %d", err, b.guid)
		}
	}
}

// TestAdopted: on a machine that the earlier agent has configured the pool has
// its GUID already; a copy of it is another machine.
func TestAdopted(t *testing.T) {
	b := newBench(t)
	b.write("/var/metadata/stamp", []byte(strings.ToUpper(illumos.SwapUUID(machineA))+"\n"))
	if err := b.boot(false); err != nil || b.guid != 100 || b.record() != (record{Pool: "tank", Machine: machineA}) {
		t.Errorf("%v, GUID %d, record %+v", err, b.guid, b.record())
	}
	b.machine(machineB)
	if err := b.boot(false); err != nil || b.guid != 101 {
		t.Errorf("a copy: %v, GUID %d", err, b.guid)
	}
}

// TestReguidFails: a pool that cannot have a GUID now gets it at a later boot.
func TestReguidFails(t *testing.T) {
	b := newBench(t)
	b.broken = true
	if err := b.boot(false); err == nil || !strings.Contains(err.Error(), "currently unavailable") || b.size == 0 {
		t.Errorf("%v", err)
	}
	b.broken = false
	for range 2 {
		if err := b.boot(false); err != nil || b.guid != 101 {
			t.Errorf("next boot: %v, GUID %d", err, b.guid)
		}
	}

	// The copy of a disk on which it is still due is another machine.
	b = newBench(t)
	b.broken = true
	if err := b.boot(false); err == nil {
		t.Error("no error")
	}
	b.broken, b.guid = false, 500 // the other one has got its own meanwhile
	b.machine(machineB)
	if err := b.boot(false); err != nil || b.guid != 501 {
		t.Errorf("a copy: %v, GUID %d", err, b.guid)
	}
}

// TestDryRun: -n changes nothing and records nothing.
func TestDryRun(t *testing.T) {
	b := newBench(t)
	b.DryRun = true
	before := b.prtvtoc()
	if err := b.boot(false); err != nil || b.changing() != nil || b.prtvtoc() != before || b.record() != (record{}) {
		t.Errorf("%v, %q, record %+v", err, b.calls, b.record())
	}
	if _, err := os.Stat(b.Guest.Host(expandFile)); err == nil {
		t.Errorf("%s was written", expandFile)
	}
}

// TestCutOff: wherever a run is cut off, the next boot ends where an undisturbed
// run does, with one new GUID and not two.
func TestCutOff(t *testing.T) {
	type end struct {
		Label  string
		Size   uint64
		GUID   uint64
		Record record
	}
	final := func(b *bench) end { return end{b.prtvtoc(), b.size, b.guid, b.record()} }
	calm := newBench(t)
	if err := calm.boot(false); err != nil {
		t.Fatal(err)
	}
	for i := range 4 * len(calm.calls) {
		b := newBench(t)
		b.cut, b.done = 1+i/4, i&1 != 0
		if err := b.boot(false); err != errCut {
			t.Fatalf("step %d: %v", b.cut, err)
		}
		step := b.cut
		b.cut = 0
		if err := b.boot(i&2 != 0); err != nil {
			t.Errorf("after %q: %v", calm.calls[step-1], err)
		}
		if diff := cmp.Diff(final(calm), final(b)); diff != "" {
			t.Errorf("cut at %q, done %v, next boot %v (-want +got):\n%s", calm.calls[step-1], b.done, i&2 == 0, diff)
		}
	}
}
