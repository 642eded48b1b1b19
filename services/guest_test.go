// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

// Package services_test boots simulated guests with the whole suite: the real
// programs, methods and manifests, as make install lays them down.
package services_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"illumos-metadata/common/simguest"
	"illumos-metadata/common/simguest/simsmf"
)

// names are the six services in the order in which svcs lists them.
var names = []string{"hostname", "network", "ssh-keys", "swap", "userscript", "zpool"}

// settleLimit is for one boot; a boot that takes longer hangs.
const settleLimit = time.Minute

func TestMain(m *testing.M) {
	simguest.Main() // plays the commands of the guests below
	os.Exit(run(m))
}

func run(m *testing.M) int {
	dir, err := simguest.Dir()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	trees = dir
	return m.Run()
}

// trees is where installed suites are, one for each system, and the guests.
var trees string

// place gives the directory of a new guest, and what plays its commands.
func place(t testing.TB) (root, program string) {
	t.Helper()
	program, err := player()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp(trees, "guest-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return filepath.Join(dir, "guest"), program
}

var player = sync.OnceValues(func() (string, error) { return simguest.Player(trees) })

// installed gives the tree that make install lays down for linux.
var installed = sync.OnceValues(func() (string, error) { return install("linux") })

// install runs make install for a system and gives the tree.
func install(goos string) (string, error) {
	tree := filepath.Join(trees, goos)
	cmd := exec.Command("make", "-s", "-C", "..", "install", "DESTDIR="+tree, "GOOS="+goos)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("make install GOOS=%s: %w\n%s", goos, err, out)
	}
	return tree, nil
}

// some are the tests to be made of many that are much alike, by name: in CI all
// of them, and elsewhere n, for the sake of time.
func some[T any](all map[string]T, n int) map[string]T {
	few := maps.Clone(all)
	if os.Getenv("CI") == "true" {
		return few
	}
	for _, name := range slices.Sorted(maps.Keys(all))[n:] {
		delete(few, name)
	}
	return few
}

// each gives names as some wants them.
func each(names []string) map[string]bool {
	all := map[string]bool{}
	for _, name := range names {
		all[name] = true
	}
	return all
}

// A machine is a guest under test.
type machine struct {
	t      testing.TB
	guest  *simguest.Guest
	system *simsmf.System
	chroot bool
	wire   *simguest.Wire // see serve

	mu     sync.Mutex
	pids   map[string][]int // of the start methods in this boot, by service
	events []simsmf.Event
}

// newMachine builds a guest with the suite installed, switched off.
func newMachine(t testing.TB, c simguest.Config, volume map[string]string) *machine {
	t.Helper()
	tree, err := installed()
	if err != nil {
		t.Fatal(err)
	}
	root, program := place(t)
	g, err := simguest.Build(root, program, c)
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Install(tree); err != nil {
		t.Fatal(err)
	}
	m := &machine{t: t, guest: g}
	m.insert(volume)
	t.Cleanup(m.halt)
	return m
}

// insert puts a volume with these files in place; nil takes it out.
func (m *machine) insert(volume map[string]string) {
	m.t.Helper()
	var content []byte
	if volume != nil {
		files := map[string][]byte{}
		for name, text := range volume {
			files[name] = []byte(text)
		}
		content = simguest.CPIO(files)
	}
	if err := m.guest.SetVolume(content); err != nil {
		m.t.Fatal(err)
	}
}

// boot boots the guest and waits until nothing moves any more.
func (m *machine) boot() {
	m.t.Helper()
	m.halt()
	m.pids, m.events = map[string][]int{}, nil
	if err := m.guest.World.ForgetCalls(); err != nil {
		m.t.Fatal(err)
	}
	system, err := m.guest.Boot(context.Background(), m.chroot, m.event)
	if err != nil {
		m.t.Fatal(err)
	}
	m.system = system
	m.settle()
}

// settle waits until no service moves any more.
func (m *machine) settle() {
	m.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), settleLimit)
	defer cancel()
	if err := m.system.Settle(ctx); err != nil {
		m.t.Fatalf("the boot does not come to an end: %v\n%s", err, m.play("svcs", "-x"))
	}
}

// halt takes the guest down, if it is up.
func (m *machine) halt() {
	if m.system == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), settleLimit)
	defer cancel()
	if err := m.system.Halt(ctx); err != nil {
		m.t.Errorf("halt: %v", err)
	}
	m.system = nil
}

func (m *machine) event(e simsmf.Event) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.events = append(m.events, e)
	if name, ours := ourName(e.FMRI); ours && e.Kind == simsmf.MethodStarted && e.Method == "start" {
		m.pids[name] = append(m.pids[name], e.Pid)
	}
}

// ourName gives the short name of a service of the suite.
func ourName(fmri string) (string, bool) {
	name, ours := strings.CutPrefix(fmri, "svc:/system/metadata/")
	return strings.TrimSuffix(name, ":default"), ours
}

// states gives the state of the six services.
func (m *machine) states() map[string]string {
	m.t.Helper()
	all, err := simsmf.List(m.guest.World)
	if err != nil {
		m.t.Fatal(err)
	}
	states := map[string]string{}
	for _, s := range all {
		if name, ours := ourName(s.FMRI); ours {
			states[name] = s.State
		}
	}
	return states
}

// wantStates checks the states: online, but for the exceptions.
func (m *machine) wantStates(exceptions map[string]string) {
	m.t.Helper()
	want := map[string]string{}
	for _, name := range names {
		want[name] = "online"
	}
	maps.Copy(want, exceptions)
	if got := m.states(); !maps.Equal(got, want) {
		m.t.Errorf("states %v, want %v", got, want)
		for name := range want {
			if got[name] != want[name] {
				m.t.Logf("log of %s:\n%s", name, m.log(name))
			}
		}
	}
	// However it went for ours, the system is up.
	all, err := simsmf.List(m.guest.World)
	if err != nil {
		m.t.Fatal(err)
	}
	for _, s := range all {
		if s.Enabled && s.State != "online" && !strings.Contains(s.FMRI, "/metadata/") {
			m.t.Errorf("%s is in state %s (%s)", s.FMRI, s.State, s.Why)
		}
	}
}

// calls gives the commands that a service has run in this boot.
func (m *machine) calls(name string) []string {
	m.t.Helper()
	records, err := m.guest.World.Calls()
	if err != nil {
		m.t.Fatal(err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []string
	for _, r := range records {
		if slices.Contains(m.pids[name], r.Parent) {
			out = append(out, strings.Join(r.Argv, " "))
		}
	}
	return out
}

// log gives the service's log of all boots.
func (m *machine) log(name string) string {
	return m.read("/var/svc/log/system-metadata-" + name + ":default.log")
}

// read gives a file of the guest, "" if there is none.
func (m *machine) read(name string) string {
	b, err := os.ReadFile(m.guest.World.Path(name))
	if err != nil && !os.IsNotExist(err) {
		m.t.Error(err)
	}
	return string(b)
}

// write makes a file of the guest.
func (m *machine) write(name, text string) {
	m.t.Helper()
	at := m.guest.World.Path(name)
	if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
		m.t.Fatal(err)
	}
	if err := os.Remove(at); err != nil && !os.IsNotExist(err) {
		m.t.Fatal(err)
	}
	if err := os.WriteFile(at, []byte(text), 0o644); err != nil {
		m.t.Fatal(err)
	}
}

// play runs a command of the guest, as an administrator would, and gives what
// it prints.
func (m *machine) play(name string, args ...string) string {
	m.t.Helper()
	for path := range simguest.Commands() {
		if filepath.Base(path) != name {
			continue
		}
		var out bytes.Buffer
		cmd := exec.Command(m.guest.World.Path(path), args...)
		cmd.Stdout, cmd.Stderr = &out, &out
		if err := cmd.Run(); err != nil {
			m.t.Errorf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out.String())
		}
		return out.String()
	}
	m.t.Fatalf("the guest has no command %s", name)
	return ""
}

// snapshot gives the files that survive a reboot.
func (m *machine) snapshot() simguest.Snapshot {
	m.t.Helper()
	s, err := m.guest.Snapshot()
	if err != nil {
		m.t.Fatal(err)
	}
	return s
}

// wantUnchanged checks that nothing of the files has changed.
func (m *machine) wantUnchanged(before simguest.Snapshot) {
	m.t.Helper()
	if diff := before.Diff(m.snapshot()); diff != "" {
		m.t.Errorf("files have changed:\n%s", diff)
	}
}
