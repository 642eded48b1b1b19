// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"illumos-metadata/common/agent"
	"illumos-metadata/common/guest"
)

// A bench is a guest in a directory whose hostname(1) works.
type bench struct {
	t       *testing.T
	g       *guest.Guest
	log     bytes.Buffer
	live    string
	started []string
	refused bool // setting the name fails
}

func newBench(t *testing.T) *bench {
	b := &bench{t: t, live: "unknown"}
	b.g = guest.New(t.TempDir(), slog.New(slog.NewTextHandler(&b.log, nil)))
	b.g.Exec = func(_ context.Context, c guest.Command) ([]byte, error) {
		b.started = append(b.started, strings.Join(c.Argv, " "))
		switch {
		case c.Argv[0] != hostname || len(c.Argv) > 2:
			return nil, errors.New("no such command")
		case len(c.Argv) == 1:
			return []byte(b.live + "\n"), nil
		case b.refused:
			return nil, &guest.CommandError{Argv: c.Argv, Status: 1, Stderr: []byte("hostname: error in setting name: Not owner\n")}
		}
		b.live = c.Argv[1]
		return nil, nil
	}
	for name, text := range map[string]string{hostsFile: stockHosts, agentFile: stockAgent, "/var/metadata/applied/x": ""} {
		b.write(name, text)
	}
	if err := os.Symlink("./inet/hosts", b.g.Host("/etc/hosts")); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *bench) write(name, text string) {
	b.t.Helper()
	if err := os.MkdirAll(filepath.Dir(b.g.Host(name)), 0o755); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(b.g.Host(name), []byte(text), 0o644); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) read(name string) string {
	b.t.Helper()
	data, err := os.ReadFile(b.g.Host(name))
	if err != nil && !os.IsNotExist(err) {
		b.t.Fatal(err)
	}
	return string(data)
}

// run is one run of the service, and gives what it has started.
func (b *bench) run(instance string, w want, again bool) ([]string, error) {
	b.started = nil
	a := &agent.Agent{Service: "hostname", Guest: b.g, Log: b.g.Log, Again: again}
	err := configure(b.t.Context(), a, instance, w)
	return b.started, err
}

func (b *bench) mustRun(instance string, w want, again bool) []string {
	b.t.Helper()
	started, err := b.run(instance, w, again)
	if err != nil {
		b.t.Fatalf("%v\n%s", err, &b.log)
	}
	return started
}

func (b *bench) is(name string) {
	b.t.Helper()
	if got := strings.TrimSpace(b.read(nodenameFile)); b.live != name || got != name {
		b.t.Errorf("live name %q, node name %q, want %q", b.live, got, name)
	}
}

// TestBoots: the situations in which this service changes something, and in
// which it does not.
func TestBoots(t *testing.T) {
	b := newBench(t)
	web1 := want{"web1", "web1.example.com"}
	b.mustRun("i-1", web1, false)
	b.is("web1")
	if got := b.read("/etc/hosts"); got != strings.NewReplacer("localhost\n", "localhost web1.example.com web1\n",
		"loghost\n", "loghost web1.example.com web1\n").Replace(stockHosts) {
		t.Errorf("hosts %q (rows F7, F8)", got)
	}
	if info, err := os.Lstat(b.g.Host("/etc/hosts")); err != nil || info.Mode().Type() != os.ModeSymlink {
		t.Errorf("/etc/hosts is no link any more: %v, %v", info, err)
	}

	// The next boot starts no process and leaves what was changed by hand.
	b.live = "by-hand"
	b.write(hostsFile, stockHosts)
	if got := b.mustRun("i-1", web1, false); len(got) > 0 || b.live != "by-hand" || b.read(hostsFile) != stockHosts {
		t.Errorf("second boot: started %q, live name %q", got, b.live)
	}
	// An administrator's restart puts it right.
	b.mustRun("i-1", web1, true)
	b.is("web1")
	if !strings.Contains(b.read(hostsFile), "loghost web1.example.com web1\n") {
		t.Errorf("hosts %q", b.read(hostsFile))
	}
	// A further one has nothing to do but look.
	if got := b.mustRun("i-1", web1, true); !slices.Equal(got, []string{hostname}) {
		t.Errorf("third run: started %q", got)
	}

	// Changed at the source; then a new instance, and one without a name.
	b.mustRun("i-1", want{"web2", ""}, false)
	b.is("web2")
	b.mustRun("i-2", want{"db1", ""}, false)
	b.is("db1")
	if got := b.read(hostsFile); strings.Contains(got, "web") {
		t.Errorf("hosts %q", got)
	}
	b.mustRun("i-3", want{}, false)
	b.is("unknown")
	if b.read(hostsFile) != stockHosts || b.read(agentFile) != stockAgent {
		t.Errorf("left: hosts %q, dhcpagent %q", b.read(hostsFile), b.read(agentFile))
	}
}

// TestFailure: what fails is named, the rest is done, and the next boot tries
// again.
func TestFailure(t *testing.T) {
	b := newBench(t)
	b.refused = true
	web1 := want{"web1", ""}
	_, err := b.run("i-1", web1, false)
	if err == nil || !strings.Contains(err.Error(), "error in setting name: Not owner") {
		t.Errorf("got %v", err)
	}
	if b.read(nodenameFile) != "web1\n" || !strings.Contains(b.read(hostsFile), "web1") {
		t.Errorf("nodename %q, hosts %q", b.read(nodenameFile), b.read(hostsFile))
	}
	b.refused = false
	b.mustRun("i-1", web1, false)
	b.is("web1")

	// While it is not done, the record lists what either run has made.
	b.refused = true
	if _, err := b.run("i-2", want{"web2", ""}, false); err == nil {
		t.Error("no error")
	}
	rec := b.read("/var/metadata/applied/hostname.json")
	if !strings.Contains(rec, `"web1"`) || !strings.Contains(rec, `"web2"`) || !strings.Contains(rec, `"slice": ""`) {
		t.Errorf("record %s", rec)
	}

	b = newBench(t)
	if err := os.MkdirAll(b.g.Host(nodenameFile+"/x"), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := b.run("i-1", web1, false); err == nil || b.live != "unknown" {
		t.Errorf("node name is a directory: %v, live name %q", err, b.live)
	}
}

// TestAdopted: a guest that the earlier agent has named stays as it is; what
// that agent made goes with the instance.
func TestAdopted(t *testing.T) {
	b := newBench(t)
	b.write("/var/metadata/stamp", "i-1\n")
	b.write(nodenameFile, "web1\n")
	b.write(hostsFile, "::1 localhost web1.local web1\n127.0.0.1 localhost loghost web1.local web1\n10.0.0.9 db\n")
	before := b.read(hostsFile)
	b.live = "web1"
	if got := b.mustRun("i-1", want{"web1", ""}, false); len(got) > 1 || b.read(hostsFile) != before || b.read(agentFile) != stockAgent {
		t.Errorf("started %q; hosts %q", got, b.read(hostsFile))
	}
	if got := b.mustRun("i-1", want{"web1", ""}, false); len(got) > 0 {
		t.Errorf("second boot: started %q", got)
	}
	if !strings.Contains(b.log.String(), "adopting") {
		t.Errorf("log %s", &b.log)
	}
	b.mustRun("i-2", want{"web2", ""}, false)
	b.is("web2")
	const hosts = "::1 localhost web2\n127.0.0.1 localhost loghost web2\n10.0.0.9 db\n"
	if got := b.read(hostsFile); got != hosts {
		t.Errorf("hosts %q, want %q", got, hosts)
	}
}

// TestAdoptedRestart: what an administrator asks for is done, whoever came
// before.
func TestAdoptedRestart(t *testing.T) {
	b := newBench(t)
	b.write("/var/metadata/stamp", "i-1\n")
	b.mustRun("i-1", want{"web1", ""}, true)
	b.is("web1")
}

// TestDryRun changes nothing, not even its record.
func TestDryRun(t *testing.T) {
	b := newBench(t)
	a := &agent.Agent{Service: "hostname", Guest: b.g, Log: b.g.Log, DryRun: true}
	if err := configure(t.Context(), a, "i-1", want{"web1", ""}); err != nil {
		t.Fatal(err)
	}
	if b.live != "unknown" || b.read(nodenameFile) != "" || b.read(hostsFile) != stockHosts || b.read("/var/metadata/applied/hostname.json") != "" {
		t.Errorf("live name %q, nodename %q", b.live, b.read(nodenameFile))
	}
}
