// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simguest_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"illumos-metadata/common/simguest"
	"illumos-metadata/common/simguest/simdisk"
)

func TestMain(m *testing.M) {
	simguest.Main()
	os.Exit(m.Run())
}

// build makes the default guest.
func build(t *testing.T) *simguest.Guest {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	g, err := simguest.Build(filepath.Join(t.TempDir(), "guest"), program, simguest.Default())
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// TestTable: the entry point adds up to zero, as firmware's does, and the table
// is where it says, with the strings in it (DMTF DSP0134, 5.2 and 6.1).
func TestTable(t *testing.T) {
	s := simguest.QEMU("00112233-4455-6677-8899-aabbccddeeff")
	s.AssetTag = "tag"
	table, err := s.Table()
	if err != nil {
		t.Fatal(err)
	}
	sum := byte(0)
	for _, b := range table[:24] {
		sum += b
	}
	if string(table[:5]) != "_SM3_" || sum != 0 {
		t.Errorf("entry point % x adds up to %d", table[:24], sum)
	}
	body := table[32:]
	if body[0] != 0 || !bytes.HasSuffix(body, []byte{127, 4, 0, 127, 0, 0}) {
		t.Errorf("table % x", body)
	}
	for _, want := range []string{"SeaBIOS\x00", "QEMU\x00", "tag\x00\x00", "\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff"} {
		if !bytes.Contains(body, []byte(want)) {
			t.Errorf("the table does not have %q", want)
		}
	}
	if _, err := (simguest.SMBIOS{UUID: "12"}).Table(); err == nil {
		t.Error("a short UUID was taken")
	}
}

// TestCommands: a command that is started by its path on the guest is played
// there, and one that does not exist in the guest is not found.
func TestCommands(t *testing.T) {
	g := build(t)
	if err := g.Early("hostname"); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(g.World.Path("/usr/bin/hostname")).CombinedOutput()
	if err != nil || string(out) != "unknown\n" {
		t.Errorf("hostname: %q, %v", out, err)
	}
	var own bytes.Buffer
	if status := g.Call(&own, "/usr/bin/hostname"); status != 0 || own.String() != string(out) {
		t.Errorf("hostname in this process: %q, status %d", own.String(), status)
	}
	if status := g.Call(&own, "/usr/bin/nothing"); status != 127 {
		t.Errorf("a command that is not there ended with status %d", status)
	}
	calls, err := g.World.Calls()
	if err != nil || len(calls) != 1 || strings.Join(calls[0].Argv, " ") != "hostname" || calls[0].Parent != os.Getpid() {
		t.Errorf("calls %+v, %v: what this process plays itself is not in the log", calls, err)
	}
}

// TestPowerOn: what is in memory goes, what is on disk stays.
func TestPowerOn(t *testing.T) {
	g := build(t)
	for _, name := range []string{"/var/run/x", "/tmp/x", "/etc/svc/volatile/x", "/var/x"} {
		if err := os.WriteFile(g.World.Path(name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := g.PowerOn(); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{"/var/run/x": false, "/tmp/x": false, "/etc/svc/volatile/x": false, "/var/x": true} {
		if _, err := os.Stat(g.World.Path(name)); (err == nil) != want {
			t.Errorf("%s is there: %v", name, err == nil)
		}
	}
}

// TestVolume: a volume comes, is replaced and goes.
func TestVolume(t *testing.T) {
	g := build(t)
	for _, content := range []string{"first", "second"} {
		if err := g.SetVolume([]byte(content)); err != nil {
			t.Fatal(err)
		}
		data, err := os.ReadFile(g.World.Path("/dev/dsk/" + simguest.VolumeDisk + "p0"))
		if err != nil || !bytes.HasPrefix(data, []byte(content)) {
			t.Errorf("volume %.10q, %v", data, err)
		}
	}
	if err := g.SetVolume(nil); err != nil {
		t.Fatal(err)
	}
	if err := simdisk.Detach(g.World, simguest.VolumeDisk); err == nil {
		t.Error("the volume is still there")
	}
}

// TestSnapshot: each kind of change shows, and nothing else.
func TestSnapshot(t *testing.T) {
	g := build(t)
	before, err := g.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	at := g.World.Path("/etc/nodename")
	if err := os.WriteFile(at, []byte("web1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(g.World.Path("/etc/passwd"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(g.World.Path("/var/run/x"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	after, err := g.Snapshot()
	if err != nil {
		t.Fatal(err)
	}
	diff := before.Diff(after)
	for _, want := range []string{"-unknown\n+web1\n", "-file 0644\n+file 0600\n"} {
		if !strings.Contains(diff, want) {
			t.Errorf("%q is not in the difference:\n%s", want, diff)
		}
	}
	if n := strings.Count(diff, "\n+++ "); n != 2 {
		t.Errorf("%d files differ, want 2:\n%s", n, diff)
	}
	if again := after.Diff(after); again != "" {
		t.Errorf("no change is shown as %s", again)
	}
}
