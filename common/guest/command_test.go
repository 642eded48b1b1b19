// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package guest

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// shell gives a guest whose /sbin/sh is the host's shell; what the scripts
// need beside it, they name by the host's path.
func shell(t *testing.T) *Guest {
	t.Helper()
	g := newGuest(t)
	link(t, g, "/bin/sh", "/sbin/sh")
	return g
}

func TestDo(t *testing.T) {
	t.Setenv("SECRET", "token")
	g := shell(t)
	tests := []struct {
		name    string
		command Command
		want    string
	}{
		{"output", Command{Argv: []string{"/sbin/sh", "-c", "echo out; echo err >&2"}}, "out\n"},
		{"arguments are not split", Command{Argv: []string{"/sbin/sh", "-c", `echo "$#:$1"`, "sh", "a  b $HOME"}}, "1:a  b $HOME\n"},
		{"starts in the guest's root", Command{Argv: []string{"/sbin/sh", "-c", "pwd -P"}}, g.Root + "\n"},
		{"nothing to read", Command{Argv: []string{"/sbin/sh", "-c", "read x; echo end $?"}}, "end 1\n"},
		{"fixed environment", Command{Argv: []string{"/sbin/sh", "-c", `echo "$LC_ALL $PATH $SECRET"`}},
			"C " + g.Root + "/usr/sbin:" + g.Root + "/usr/bin:" + g.Root + "/sbin \n"},
		{"own environment", Command{Argv: []string{"/sbin/sh", "-c", `echo "$NOINUSE_CHECK $LC_ALL"`}, Env: []string{"NOINUSE_CHECK=1"}}, "1 C\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			out, err := g.Do(t.Context(), tt.command)
			if string(out) != tt.want || err != nil {
				t.Errorf("got %q, %v; want %q", out, err, tt.want)
			}
		})
	}
}

func TestEnvironment(t *testing.T) {
	want := []string{"LC_ALL=C", "PATH=/usr/sbin:/usr/bin:/sbin"}
	if got := New("/", nil).Environment(); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestCommandError(t *testing.T) {
	g := shell(t)
	put(t, g, "/sbin/plain", "not a program", 0o644)
	tests := []struct {
		name   string
		argv   []string
		status int
		is     error
		want   string
	}{
		{"status and messages", []string{"/sbin/sh", "-c", "echo from stdout; echo '  from' >&2; echo stderr >&2; exit 3"},
			3, nil, `exit status 3: from stderr from stdout`},
		{"status alone", []string{"/sbin/sh", "-c", "exit 95"}, 95, nil, "exit status 95"},
		{"signal", []string{"/sbin/sh", "-c", "kill -9 $$"}, -1, nil, "signal: killed"},
		{"missing", []string{"/sbin/dladm", "show-phys"}, -1, os.ErrNotExist, "not installed: file does not exist"},
		{"not executable", []string{"/sbin/plain"}, -1, os.ErrPermission, ""},
		{"long message", []string{"/sbin/sh", "-c", "printf %01000d 0; exit 1"}, 1, nil, "exit status 1: " + strings.Repeat("0", 300) + "…"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			out, err := g.Run(t.Context(), tt.argv...)
			var ce *CommandError
			if out != nil || !errors.As(err, &ce) {
				t.Fatalf("got %q, %v; want a CommandError", out, err)
			}
			if ce.Status != tt.status || ExitStatus(err) != tt.status || !slices.Equal(ce.Argv, tt.argv) {
				t.Errorf("status %d of %q, want %d", ce.Status, ce.Argv, tt.status)
			}
			if !errors.Is(err, tt.is) && tt.is != nil {
				t.Errorf("got %v, want %v", err, tt.is)
			}
			if want := strings.Join(tt.argv, " ") + ": " + tt.want; err.Error() != want && tt.want != "" {
				t.Errorf("got  %s\nwant %s", err, want)
			}
		})
	}
	if got := ExitStatus(errors.New("other")); got != -1 {
		t.Errorf("the exit status of another error is %d", got)
	}
}

// TestLimit: a command that does not end is killed with all that it started,
// and the error says why.
func TestLimit(t *testing.T) {
	g := shell(t)
	must(t, unix.Mkfifo(g.Host("/alive"), 0o600))
	enough := errors.New("the service was stopped")
	ctx, cancel := context.WithCancelCause(t.Context())
	done := make(chan error, 1)
	go func() {
		// Both processes hold the FIFO open for as long as they live.
		_, err := g.Run(ctx, "/sbin/sh", "-c", "exec 3>alive; echo partly; (echo up >&3; exec /bin/sleep 3600) & wait")
		done <- err
	}()
	alive, err := os.Open(g.Host("/alive"))
	must(t, err)
	defer alive.Close()
	r := bufio.NewReader(alive)
	if line, err := r.ReadString('\n'); line != "up\n" {
		t.Fatalf("the command says %q, %v", line, err)
	}
	cancel(enough)
	if rest, err := io.ReadAll(r); len(rest) > 0 || err != nil { // returns when both are gone
		t.Errorf("then it says %q, %v", rest, err)
	}
	err = <-done
	if !errors.Is(err, enough) || ExitStatus(err) != -1 || !strings.HasSuffix(err.Error(), ": the service was stopped: partly") {
		t.Errorf("got %v, want %v", err, enough)
	}

	_, err = g.Do(t.Context(), Command{Argv: []string{"/sbin/sh", "-c", "exec /bin/sleep 3600"}, Limit: 5 * time.Millisecond})
	if err == nil || !strings.HasSuffix(err.Error(), ": no answer within 5ms") {
		t.Errorf("got %v, want no answer within 5ms", err)
	}
}

// TestDaemon: a command that ends well and leaves a daemon with its output
// open, as ipadm may leave dhcpagent, has succeeded.
func TestDaemon(t *testing.T) {
	g := shell(t)
	must(t, unix.Mkfifo(g.Host("/stop"), 0o600))
	out, err := g.Run(t.Context(), "/sbin/sh", "-c", "(read line <stop) & echo started")
	if string(out) != "started\n" || err != nil {
		t.Errorf("got %q, %v", out, err)
	}
	must(t, os.WriteFile(g.Host("/stop"), nil, 0)) // lives still, and ends now
}

// TestExec: with Exec set no program runs, and the limit is in the context.
func TestExec(t *testing.T) {
	g := newGuest(t)
	for limit, want := range map[time.Duration]time.Duration{0: CommandLimit, FormatLimit: FormatLimit} {
		g.Exec = func(ctx context.Context, c Command) ([]byte, error) {
			deadline, ok := ctx.Deadline()
			if left := time.Until(deadline); !ok || left > want || left < want-10*time.Second {
				t.Errorf("limit %v leaves %v", limit, left)
			}
			return []byte(c.Argv[0]), nil
		}
		out, err := g.Do(t.Context(), Command{Argv: []string{"/usr/sbin/format"}, Limit: limit})
		if string(out) != "/usr/sbin/format" || err != nil {
			t.Errorf("got %q, %v", out, err)
		}
	}
}
