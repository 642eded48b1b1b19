// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"illumos-metadata/common/guest"
	"illumos-metadata/common/metadata"
)

// TestMain makes the test binary a service of its own where TestProgram asks
// for it.
func TestMain(m *testing.M) {
	if os.Getenv("AGENT_TEST_PROGRAM") == "" {
		os.Exit(m.Run())
	}
	Main("hostname", func(_ context.Context, a *Agent) error {
		fmt.Println("running", a.Setting("name"))
		return errors.New(a.Setting("error"))
	}, "name", "error")
}

// newAgent gives an agent on an empty guest, and its log.
func newAgent(t *testing.T) (*Agent, *bytes.Buffer) {
	t.Helper()
	t.Setenv("SMF_ZONENAME", "global")
	log := new(bytes.Buffer)
	a := &Agent{Service: "hostname", Log: slog.New(slog.NewTextHandler(log, nil))}
	a.Guest = guest.New(t.TempDir(), a.Log)
	a.Guest.Exec = func(_ context.Context, c guest.Command) ([]byte, error) {
		t.Errorf("started %q", c.Argv)
		return nil, errors.New("no command expected")
	}
	return a, log
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// again gives another run of the same service in the same boot.
func again(a *Agent) *Agent {
	return &Agent{Service: a.Service, Guest: a.Guest, Log: a.Log, DryRun: a.DryRun}
}

// TestProgram: the command line of a service, as SMF and an administrator give
// it, and the status that it ends with.
func TestProgram(t *testing.T) {
	tests := []struct {
		name   string
		smf    string
		args   []string
		status int
		says   string
		stdout string
	}{
		{"not by SMF", "", []string{"name=x"}, 99, "svcadm restart metadata/hostname, -n to see the plan, or -f to force it", ""},
		{"forced", "", []string{"-f", "name=x", "error=broken"}, 95, "level=ERROR msg=broken", "running x\n"},
		{"plan", "", []string{"-n", "name=x", "error=broken"}, 95, "broken", "running x\n"},
		{"by SMF", "svc:/system/metadata/hostname:default", []string{"name=a b", "error=broken"}, 95, "changes=0", "running a b\n"},
		{"unknown setting", "x", []string{"nam=x"}, 96, `invalid operand \"nam=x\": settings are name, error`, ""},
		{"no setting", "x", []string{"now"}, 96, `invalid operand \"now\"`, ""},
		{"unknown option", "x", []string{"-z"}, 96, "usage: hostname", ""},
		{"help", "", []string{"-h"}, 0, "settings: name error", ""},
		{"version", "", []string{"-version"}, 0, "", "hostname unknown\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			cmd := exec.Command(os.Args[0], append([]string{"-root", t.TempDir()}, tt.args...)...)
			cmd.Env = []string{"AGENT_TEST_PROGRAM=1", "SMF_FMRI=" + tt.smf, "SMF_ZONENAME=global"}
			cmd.Stdout, cmd.Stderr = &stdout, &stderr
			cmd.Run() // its status is the answer
			if got := cmd.ProcessState.ExitCode(); got != tt.status {
				t.Errorf("status %d, want %d", got, tt.status)
			}
			if !strings.Contains(stderr.String(), tt.says) || stdout.String() != tt.stdout {
				t.Errorf("says %q and prints %q, want %q and %q", &stderr, &stdout, tt.says, tt.stdout)
			}
		})
	}
}

// TestExitStatus is the table of statuses (row E1): what svc.startd can do
// about an error.
func TestExitStatus(t *testing.T) {
	invalid := fmt.Errorf("%w hostname", metadata.ErrInvalid)
	denied := &fs.PathError{Op: "open", Path: "/etc/nodename", Err: syscall.EACCES}
	failed := &guest.CommandError{Argv: []string{"/sbin/ipadm"}, Status: 1}
	tests := []struct {
		name string
		err  error
		want int
	}{
		{"none", nil, 0},
		{"no source", metadata.ErrNoSource, 0},
		{"no source, explained", fmt.Errorf("%w: platform unknown", metadata.ErrNoSource), 0},
		{"any", errors.New("broken"), 95},
		{"command", failed, 95},
		{"time is up", context.DeadlineExceeded, 95},
		{"wrong metadata", invalid, 96},
		{"privilege", denied, 100},
		{"privilege for a command", &guest.CommandError{Status: -1, Err: fs.ErrPermission}, 100},
		{"worth another try", Retry(failed), 1},
		{"worth another try, wrapped", fmt.Errorf("script: %w", Retry(failed)), 1},
		{"wrong metadata among others", Join(failed, invalid), 96},
		{"privilege among others", Join(failed, denied), 100},
		{"another try among others", Join(invalid, Retry(failed)), 1},
		{"several without a kind", Join(failed, errors.New("broken")), 95},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, log := newAgent(t)
			got := a.start(func(context.Context, *Agent) error { return tt.err }, nil, nil)
			if got != tt.want {
				t.Errorf("%v: status %d, want %d", tt.err, got, tt.want)
			}
			level := "level=INFO"
			if tt.want != 0 {
				level = "level=ERROR"
			}
			// The last word is always there, and there is one (row E2).
			if n := strings.Count(log.String(), "\n"); n != 1 || !strings.Contains(log.String(), level) ||
				tt.err != nil && !strings.Contains(log.String(), tt.err.Error()) {
				t.Errorf("log %q", log)
			}
		})
	}
	if Retry(nil) != nil {
		t.Error("Retry makes an error of none")
	}
}

// TestMark: a run is one of an administrator's after one that SMF does not
// repeat by itself.
func TestMark(t *testing.T) {
	tests := []struct {
		name  string
		first error
		kill  bool // SIGTERM while the first runs
		again bool
	}{
		{"done", nil, false, true},
		{"nothing to do", metadata.ErrNoSource, false, true},
		{"failed for good", errors.New("broken"), false, true},
		{"wrong metadata", metadata.ErrInvalid, false, true},
		{"tried again by SMF", Retry(errors.New("broken")), false, false},
		{"told to end", errors.New("broken"), true, false},
		{"told to end when it was done", nil, true, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, _ := newAgent(t)
			a.start(func(ctx context.Context, a *Agent) error {
				if a.Again {
					t.Error("the first run is not the first")
				}
				if tt.kill {
					must(t, syscall.Kill(os.Getpid(), syscall.SIGTERM))
					<-ctx.Done()
				}
				return tt.first
			}, nil, nil)
			for _, dry := range []bool{true, false} {
				second := again(a)
				second.DryRun = dry
				second.start(func(_ context.Context, a *Agent) error {
					if a.Again != tt.again {
						t.Errorf("second run, dry %v: again %v, want %v", dry, a.Again, tt.again)
					}
					return nil
				}, nil, nil)
			}
		})
	}
}

// TestDirectories: what is kept is for root alone, and -n makes nothing.
func TestDirectories(t *testing.T) {
	a, _ := newAgent(t)
	a.DryRun = true
	nothing := func(context.Context, *Agent) error { return nil }
	must(t, a.once(t.Context(), nothing))
	if names, err := a.Guest.ReadDir("/"); len(names) > 0 || err != nil {
		t.Errorf("-n made %q, %v", names, err)
	}
	a.DryRun = false
	must(t, a.once(t.Context(), nothing))
	for _, dir := range []string{"/var/run/metadata", "/var/metadata", "/var/metadata/applied"} {
		if info, err := a.Guest.Stat(dir); err != nil || info.Mode() != fs.ModeDir|0o700 {
			t.Errorf("%s: %v, %v", dir, info, err)
		}
	}
}

// TestLock: two runs of one service go one after the other, and the second one
// knows of the first.
func TestLock(t *testing.T) {
	a, _ := newAgent(t)
	entered, leave, done := make(chan bool), make(chan bool), make(chan error)
	go func() {
		done <- a.once(t.Context(), func(context.Context, *Agent) error {
			entered <- true
			<-leave
			return nil
		})
	}()
	<-entered
	var left atomic.Bool
	go func() {
		done <- again(a).once(t.Context(), func(_ context.Context, a *Agent) error {
			if !left.Load() || !a.Again {
				return fmt.Errorf("the first has left: %v; again: %v", left.Load(), a.Again)
			}
			return nil
		})
	}()

	// A third one gives up when its time is over, and does not run.
	late := errors.New("late")
	ctx, cancel := context.WithTimeoutCause(t.Context(), 20*time.Millisecond, late)
	defer cancel()
	err := again(a).once(ctx, func(context.Context, *Agent) error {
		t.Error("two runs at once")
		return nil
	})
	if !errors.Is(err, late) || !strings.Contains(err.Error(), "hostname.lock") {
		t.Errorf("while another runs: %v", err)
	}
	left.Store(true)
	leave <- true
	for range 2 {
		must(t, <-done)
	}
}

// TestZone: in a non-global zone nothing is touched. Where svc.startd does not
// say the zone, zonename(1) does.
func TestZone(t *testing.T) {
	tests := []struct {
		name, smf, zonename string
		err                 error
		runs                bool
		says                string
	}{
		{name: "global", smf: "global", runs: true},
		{name: "non-global", smf: "web", says: "nothing to do in a non-global zone"},
		{name: "global by zonename", zonename: "global\n", runs: true},
		{name: "non-global by zonename", zonename: "web\n", says: "zone=web"},
		{name: "not known", err: errors.New("not installed"), runs: true, says: "assuming the global zone"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, log := newAgent(t)
			t.Setenv("SMF_ZONENAME", tt.smf)
			if tt.smf == "" {
				a.Guest.Exec = func(_ context.Context, c guest.Command) ([]byte, error) {
					if got := strings.Join(c.Argv, " "); got != "/sbin/zonename" {
						t.Errorf("started %q", got)
					}
					return []byte(tt.zonename), tt.err
				}
			}
			ran := false
			if got := a.start(func(context.Context, *Agent) error { ran = true; return nil }, nil, nil); got != 0 {
				t.Errorf("status %d", got)
			}
			if ran != tt.runs || !strings.Contains(log.String(), tt.says) {
				t.Errorf("ran %v, want %v; log %s", ran, tt.runs, log)
			}
			if names, _ := a.Guest.ReadDir("/"); !tt.runs && len(names) > 0 {
				t.Errorf("made %q", names)
			}
		})
	}
}

// TestLimit: the run has a limit of its own, with its reason.
func TestLimit(t *testing.T) {
	a, _ := newAgent(t)
	a.start(func(ctx context.Context, _ *Agent) error {
		end, ok := ctx.Deadline()
		if left := time.Until(end); !ok || left > guest.RunLimit("hostname") || left < guest.RunLimit("hostname")-time.Minute {
			t.Errorf("%v left of %v", left, guest.RunLimit("hostname"))
		}
		return nil
	}, nil, nil)
}
