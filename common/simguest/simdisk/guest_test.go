// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simdisk

import (
	"bytes"
	"context"
	"os"
	"path"
	"strings"
	"testing"

	"illumos-metadata/common/simguest/world"
)

// A guest is one under test.
type guest struct {
	*world.World
	t   *testing.T
	env []string
}

// install builds a guest; change may alter the usual configuration.
func install(t *testing.T, change func(*Config)) *guest {
	t.Helper()
	c := Image()
	if change != nil {
		change(&c)
	}
	w := &world.World{Root: t.TempDir()}
	if err := Build(w, c); err != nil {
		t.Fatal(err)
	}
	return &guest{World: w, t: t}
}

// A result is what a command printed and its status.
type result struct {
	out, err string
	status   int
}

// commandNamed finds a command or method by its base name.
func commandNamed(name string) world.Command {
	for _, all := range []map[string]world.Command{Commands(), Methods()} {
		for file, command := range all {
			if path.Base(file) == name {
				return command
			}
		}
	}
	return nil
}

// call runs a command with these words; stdin is empty.
func (g *guest) call(argv ...string) result {
	g.t.Helper()
	command := commandNamed(argv[0])
	if command == nil {
		g.t.Fatalf("no command %s", argv[0])
	}
	var out, errs bytes.Buffer
	c := world.Call{World: g.World, Name: argv[0], Args: argv[1:], Env: g.env,
		Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs}
	status := c.Run(context.Background(), command)
	return result{out.String(), errs.String(), status}
}

// run is call with the words of a line.
func (g *guest) run(line string) result {
	g.t.Helper()
	return g.call(strings.Fields(line)...)
}

// must runs a command that has to succeed and say nothing on standard error.
func (g *guest) must(line string) string {
	g.t.Helper()
	r := g.run(line)
	if r.status != 0 || r.err != "" {
		g.t.Fatalf("%s: status %d, stderr %q", line, r.status, r.err)
	}
	return r.out
}

// write makes a file of the guest anew.
func (g *guest) write(name, text string) {
	g.t.Helper()
	_ = os.Remove(g.Path(name)) // /etc/mnttab cannot be written
	if err := os.WriteFile(g.Path(name), []byte(text), 0o644); err != nil {
		g.t.Fatal(err)
	}
}

// read gives a file of the guest.
func (g *guest) read(name string) string {
	g.t.Helper()
	b, err := os.ReadFile(g.Path(name))
	if err != nil {
		g.t.Fatal(err)
	}
	return string(b)
}

// pool gives the only pool.
func (g *guest) pool() PoolView {
	g.t.Helper()
	pools, err := Pools(g.World)
	if err != nil || len(pools) != 1 {
		g.t.Fatalf("Pools: %v, %v", pools, err)
	}
	return pools[0]
}

func (g *guest) powerOn() {
	g.t.Helper()
	if err := PowerOn(g.World); err != nil {
		g.t.Fatal(err)
	}
}

// A refusalTest is a call that must fail in exactly this way. A text that ends
// with "…" may go on, as usages do.
type refusalTest struct {
	name, line string
	out, err   string
	status     int
}

// refuses runs the tests on one guest, which none of them may change.
func (g *guest) refuses(tests []refusalTest) {
	g.t.Helper()
	for _, tt := range tests {
		g.t.Run(tt.name, func(t *testing.T) {
			got := g.run(tt.line)
			if !matches(got.out, tt.out) || !matches(got.err, tt.err) || got.status != tt.status {
				t.Errorf("%s\n got %q, %q, %d\nwant %q, %q, %d", tt.line, got.out, got.err, got.status, tt.out, tt.err, tt.status)
			}
		})
	}
}

func matches(got, want string) bool {
	if start, ok := strings.CutSuffix(want, "…"); ok {
		return strings.HasPrefix(got, start) && len(got) > len(start)
	}
	return got == want
}
