// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package guest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// A Command is one program to run on the guest.
type Command struct {
	Argv  []string      // Argv[0] is an absolute path; never a shell
	Env   []string      // NAME=value, beside LC_ALL and PATH
	Limit time.Duration // how long it may take; 0 means CommandLimit
}

// A Runner runs a command and gives its standard output. A status other than
// zero, and a program that could not be run or did not end in time, is a
// *CommandError.
type Runner func(context.Context, Command) ([]byte, error)

// A CommandError is a command that did not succeed.
type CommandError struct {
	Argv   []string
	Status int    // exit status; -1 if it was killed or could not be started
	Stdout []byte // route(8) explains its failures here
	Stderr []byte
	Err    error // why there is no status; nil for a plain exit
}

func (e *CommandError) Error() string {
	text := strings.Join(strings.Fields(string(e.Stderr)+" "+string(e.Stdout)), " ")
	if len(text) > 300 {
		text = text[:300] + "…"
	}
	what := fmt.Sprintf("exit status %d", e.Status)
	if e.Err != nil {
		what = e.Err.Error()
	}
	if text != "" {
		what += ": " + text
	}
	return strings.Join(e.Argv, " ") + ": " + what
}

func (e *CommandError) Unwrap() error { return e.Err }

// Run runs the program argv[0] and gives its standard output.
func (g *Guest) Run(ctx context.Context, argv ...string) ([]byte, error) {
	return g.Do(ctx, Command{Argv: argv})
}

// Do runs a command with a cleared environment, in a process group of its own
// that is killed when the limit or ctx ends.
func (g *Guest) Do(ctx context.Context, c Command) ([]byte, error) {
	limit := c.Limit
	if limit == 0 {
		limit = CommandLimit
	}
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("no answer within %v", limit))
	defer cancel()
	g.Log.Debug("run", "argv", c.Argv)
	if g.Exec != nil {
		return g.Exec(ctx, c)
	}
	return g.exec(ctx, c)
}

func (g *Guest) exec(ctx context.Context, c Command) ([]byte, error) {
	cmd := exec.CommandContext(ctx, g.Host(c.Argv[0]), c.Argv[1:]...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.Env = append(g.Environment(), c.Env...)
	cmd.Dir = g.Host("/")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = killGrace

	err := cmd.Run()
	if err == nil {
		return stdout.Bytes(), nil
	}
	ce := &CommandError{Argv: c.Argv, Status: -1, Stdout: stdout.Bytes(), Stderr: stderr.Bytes(), Err: err}
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		ce.Err = context.Cause(ctx)
	case errors.Is(err, exec.ErrWaitDelay):
		// It ended well, but left a daemon that holds its output open.
		return stdout.Bytes(), nil
	case errors.As(err, &exit) && exit.Exited():
		ce.Status, ce.Err = exit.ExitCode(), nil
	case errors.Is(err, os.ErrNotExist):
		ce.Err = fmt.Errorf("not installed: %w", os.ErrNotExist)
	}
	return nil, ce
}

// Environment is what every command of ours starts with: the messages in
// English and a fixed search path.
func (g *Guest) Environment() []string {
	dirs := []string{"/usr/sbin", "/usr/bin", "/sbin"}
	for i, d := range dirs {
		dirs[i] = g.Host(d)
	}
	return []string{"LC_ALL=C", "PATH=" + strings.Join(dirs, ":")}
}

// ExitStatus gives the exit status in err, or -1 if err is no plain exit.
func ExitStatus(err error) int {
	var ce *CommandError
	if errors.As(err, &ce) {
		return ce.Status
	}
	return -1
}
