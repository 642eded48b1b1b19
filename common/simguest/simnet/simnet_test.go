// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simnet_test

import (
	"bytes"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"illumos-metadata/common/simguest/simnet"
	"illumos-metadata/common/simguest/world"
)

// installed is a guest that was never switched on.
func installed(t *testing.T, c simnet.Config) *world.World {
	t.Helper()
	t.Parallel()
	w := &world.World{Root: t.TempDir()}
	if err := simnet.Build(w, c); err != nil {
		t.Fatal(err)
	}
	return w
}

// booted is a guest after its first boot.
func booted(t *testing.T, c simnet.Config) *world.World {
	t.Helper()
	w := installed(t, c)
	reboot(t, w)
	return w
}

func reboot(t *testing.T, w *world.World) {
	t.Helper()
	if err := simnet.Boot(w); err != nil {
		t.Fatal(err)
	}
}

// twoLinks has vioif0 with a DHCP server that answers at once and vioif1
// without any.
func twoLinks() simnet.Config {
	c := simnet.OneLink()
	c.Links[0].DHCP.Delay = 0
	c.Links = append(c.Links, simnet.Link{Device: "vioif1", MAC: "02:08:20:0a:0b:0c"})
	return c
}

// A result is what a command did.
type result struct {
	Out, Err string
	Status   int
}

// run plays one command; words in single quotes are one argument.
func run(t *testing.T, w *world.World, line string) result {
	t.Helper()
	argv := words(line)
	var command world.Command
	for _, dir := range []string{"/sbin/", "/usr/bin/"} {
		if c, ok := simnet.Commands()[dir+argv[0]]; ok {
			command = c
		}
	}
	if command == nil {
		t.Fatalf("no command %q", argv[0])
	}
	var out, errs bytes.Buffer
	c := &world.Call{World: w, Name: argv[0], Args: argv[1:], Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs}
	status := c.Run(t.Context(), command)
	return result{out.String(), errs.String(), status}
}

func words(line string) []string {
	var all []string
	for i, part := range strings.Split(line, "'") {
		if i%2 == 1 {
			all = append(all, part)
			continue
		}
		all = append(all, strings.Fields(part)...)
	}
	return all
}

// A step is one command and what it has to do.
type step struct {
	line   string
	out    string
	err    string
	status int
}

// play runs commands one after the other.
func play(t *testing.T, w *world.World, steps ...step) {
	t.Helper()
	for _, s := range steps {
		want := result{s.out, s.err, s.status}
		if diff := cmp.Diff(want, run(t, w, s.line)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", s.line, diff)
		}
	}
}

// died is what a command of ipadm that fails prints: its newline is on standard
// output.
func died(line, text string) step {
	return step{line: line, out: "\n", err: "ipadm: " + text, status: 1}
}

func write(t *testing.T, w *world.World, name, data string) {
	t.Helper()
	at := w.Path(name)
	if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(at, []byte(data), 0o644); err != nil {
		t.Fatal(err)
	}
}

func content(t *testing.T, w *world.World, name string) string {
	t.Helper()
	b, err := os.ReadFile(w.Path(name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// eventually waits for something that the guest does in its own time.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("never: %s", what)
		}
	}
}

func addrs(list ...string) []netip.Addr {
	var all []netip.Addr
	for _, text := range list {
		all = append(all, netip.MustParseAddr(text))
	}
	return all
}
