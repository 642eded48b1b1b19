// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"illumos-metadata/common/guest"
	"illumos-metadata/common/metadata"
)

// commands lets the guest's commands succeed, but those whose last word begins
// with "fail", which end with status 3. It gives what was started.
func commands(a *Agent) *[]string {
	var started []string
	a.Guest.Exec = func(ctx context.Context, c guest.Command) ([]byte, error) {
		started = append(started, strings.Join(append(slices.Clone(c.Env), c.Argv...), " "))
		if strings.HasPrefix(c.Argv[len(c.Argv)-1], "fail") {
			return nil, &guest.CommandError{Argv: c.Argv, Status: 3, Stderr: []byte("no room\n")}
		}
		return nil, ctx.Err()
	}
	return &started
}

func command(part string, argv ...string) guest.Step {
	return guest.Step{Part: part, Why: "do " + argv[0], Argv: argv}
}

// TestApply: a step that fails skips the rest of its part and nothing else, and
// all errors come back.
func TestApply(t *testing.T) {
	tests := []struct {
		name    string
		steps   []guest.Step
		started []string
		changes int
		errs    []string
	}{
		{name: "none"},
		{name: "in order", steps: []guest.Step{command("a", "/1"), command("b", "/2"), command("a", "/3", "x")},
			started: []string{"/1", "/2", "/3 x"}, changes: 3},
		{name: "a part fails", steps: []guest.Step{command("a", "/1", "fail"), command("b", "/2"), command("a", "/3"), command("b", "/4")},
			started: []string{"/1 fail", "/2", "/4"}, changes: 2, errs: []string{"do /1: /1 fail: exit status 3: no room"}},
		{name: "two parts fail", steps: []guest.Step{command("a", "/1", "fail"), command("b", "/2", "fail"), command("c", "/3")},
			started: []string{"/1 fail", "/2 fail", "/3"}, changes: 1, errs: []string{"do /1: ", "do /2: "}},
		{name: "steps without a part are one", steps: []guest.Step{command("", "/1", "fail"), command("", "/2")},
			started: []string{"/1 fail"}, errs: []string{"do /1: "}},
		{name: "accepted status", steps: []guest.Step{{Why: "w", Argv: []string{"/1", "fail"}, Accept: []int{1, 3}}, command("", "/2")},
			started: []string{"/1 fail", "/2"}, changes: 2},
		{name: "other status accepted", steps: []guest.Step{{Why: "w", Argv: []string{"/1", "fail"}, Accept: []int{1}}},
			started: []string{"/1 fail"}, errs: []string{"w: /1 fail: exit status 3"}},
		{name: "environment", steps: []guest.Step{{Why: "w", Argv: []string{"/1"}, Env: []string{"A=b"}}},
			started: []string{"A=b /1"}, changes: 1},
		{name: "files", steps: []guest.Step{
			{Part: "f", Why: "write", File: &guest.File{Path: "/f", Data: []byte("new\n")}},
			{Part: "f", Why: "as it is", File: &guest.File{Path: "/f", Data: []byte("new\n")}},
			{Part: "g", Why: "remove", Remove: "/g"},
			{Part: "h", Why: "nowhere", File: &guest.File{Path: "/no/h"}},
			{Part: "h", Why: "skipped", Remove: "/f"},
		}, changes: 2, errs: []string{"nowhere: write /no/h: no such file"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, log := newAgent(t)
			started := commands(a)
			must(t, os.WriteFile(a.Guest.Host("/f"), []byte("old\n"), 0o644))
			must(t, os.WriteFile(a.Guest.Host("/g"), nil, 0o644))
			err := a.Apply(t.Context(), tt.steps)
			if diff := cmp.Diff(tt.started, *started); diff != "" {
				t.Errorf("started (-want +got):\n%s", diff)
			}
			if (err == nil) != (len(tt.errs) == 0) || a.changes != tt.changes || strings.Count(log.String(), "\n") != tt.changes {
				t.Errorf("%d changes, want %d; error %v; log %s", a.changes, tt.changes, err, log)
			}
			for _, want := range tt.errs {
				if err != nil && !strings.Contains(err.Error(), want) {
					t.Errorf("error %v, want %q", err, want)
				}
			}
			if tt.name == "files" && (!a.Guest.Exists("/f") || a.Guest.Exists("/g")) {
				t.Error("the files are not as the steps say")
			}
		})
	}
}

// TestApplyEnds: when the time is up, no further step is begun.
func TestApplyEnds(t *testing.T) {
	a, _ := newAgent(t)
	late := errors.New("not done within 1s")
	ctx, cancel := context.WithDeadlineCause(t.Context(), time.Time{}, late)
	defer cancel()
	err := a.Apply(ctx, []guest.Step{
		{Part: "f", Why: "write", File: &guest.File{Path: "/f"}},
		{Part: "g", Why: "write too", File: &guest.File{Path: "/g"}},
	})
	if !errors.Is(err, late) || err.Error() != "write: not done within 1s" {
		t.Errorf("got %v", err)
	}
	if a.Guest.Exists("/f") || a.Guest.Exists("/g") {
		t.Error("a file was written")
	}
}

// TestFormatLimit: format(8) gets the longer limit, since it opens every disk.
func TestFormatLimit(t *testing.T) {
	a, _ := newAgent(t)
	var limits []time.Duration
	a.Guest.Exec = func(ctx context.Context, c guest.Command) ([]byte, error) {
		limits = append(limits, c.Limit)
		return nil, nil
	}
	must(t, a.Apply(t.Context(), []guest.Step{{Argv: []string{"/1"}}, {Argv: []string{"/2"}, Format: true}}))
	if want := []time.Duration{0, guest.FormatLimit}; !slices.Equal(limits, want) {
		t.Errorf("limits %v, want %v", limits, want)
	}
}

// stdout gives what f prints.
func stdout(t *testing.T, f func()) string {
	t.Helper()
	r, w, err := os.Pipe()
	must(t, err)
	real := os.Stdout
	os.Stdout = w
	defer func() { os.Stdout = real }()
	f()
	w.Close()
	out, err := io.ReadAll(r)
	must(t, err)
	return string(out)
}

// TestDryRun: -n prints every step that would change something, and nothing
// secret, and changes nothing.
func TestDryRun(t *testing.T) {
	a, log := newAgent(t)
	a.DryRun = true
	must(t, os.WriteFile(a.Guest.Host("/hosts"), []byte("# hosts\n::1 localhost\n127.0.0.1 localhost\n"), 0o644))
	must(t, os.WriteFile(a.Guest.Host("/same"), []byte("same\n"), 0o644))
	steps := []guest.Step{
		{Why: "names", File: &guest.File{Path: "/hosts", Data: []byte("# hosts\n::1 localhost web1\n127.0.0.1 localhost\n")}},
		{Why: "new file", File: &guest.File{Path: "/no/new", Data: []byte("a\nb")}},
		{Why: "as it is", File: &guest.File{Path: "/same", Data: []byte("same\n")}},
		{Why: "keys", File: &guest.File{Path: "/keys", Data: []byte("hunter2\n"), Secret: true}},
		{Why: "go", Remove: "/same"},
		{Why: "run", Argv: []string{"/usr/bin/hostname", "a b"}, Env: []string{"X=y z"}},
	}
	got := stdout(t, func() { must(t, a.Apply(t.Context(), steps)) })
	const want = `# names
write /hosts (47 bytes)
-::1 localhost
+::1 localhost web1
# new file
write /no/new (3 bytes)
+a
+b
# keys
write /keys (8 bytes)
# go
remove /same
# run
X='y z' /usr/bin/hostname 'a b'
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("printed (-want +got):\n%s", diff)
	}
	if names, err := a.Guest.ReadDir("/"); !slices.Equal(names, []string{"hosts", "same"}) || err != nil || a.changes != 0 {
		t.Errorf("there is %q now, %v; %d changes", names, err, a.changes)
	}
	must(t, a.WriteRecord(Record{Instance: "i-1"}))
	if a.Guest.Exists("/var") || log.Len() > 0 {
		t.Errorf("a record was written; log %s", log)
	}
}

func TestChangedLines(t *testing.T) {
	tests := []struct {
		name, old, new string
		want           []string
	}{
		{"equal", "a\n", "a\n", nil},
		{"new file", "", "a\nb\n", []string{"+a", "+b"}},
		{"to nothing", "a\n", "", []string{"-a"}},
		{"in the middle", "a\nb\nc\n", "a\nx\ny\nc\n", []string{"-b", "+x", "+y"}},
		{"repeated line", "a\na\n", "a\na\na\n", []string{"+a"}},
		{"at the end", "a\nb", "a\nb\nc\n", []string{"+c"}},
	}
	for _, tt := range tests {
		if diff := cmp.Diff(tt.want, changedLines(tt.old, tt.new)); diff != "" {
			t.Errorf("%s: changedLines(%q, %q) (-want +got):\n%s", tt.name, tt.old, tt.new, diff)
		}
	}
}

func TestJoin(t *testing.T) {
	if err := Join(nil, nil); err != nil {
		t.Errorf("no errors are %v", err)
	}
	err := Join(errors.New("a"), nil, Join(metadata.ErrInvalid, errors.New("c")))
	if err.Error() != "a; invalid; c" || !errors.Is(err, metadata.ErrInvalid) {
		t.Errorf("got %q", err)
	}
}
