// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package guest

import (
	"os"
	"os/exec"
	"syscall"
)

// A Job is a program that may run for long and is watched while it does: the
// user's script.
type Job struct {
	Argv   []string // Argv[0] is an absolute path
	Env    []string // all of the environment
	Dir    string   // working directory
	Output *os.File // of both streams, and of what the program leaves behind
}

// A Process is a Job that was started, in a process group of its own.
type Process struct {
	// Done is closed when the program has ended, though others of its group
	// may go on.
	Done <-chan struct{}

	cmd *exec.Cmd
}

// Start starts a job with no input and the usual umask.
func (g *Guest) Start(j Job) (*Process, error) {
	cmd := exec.Command(g.Host(j.Argv[0]), j.Argv[1:]...)
	cmd.Stdout, cmd.Stderr = j.Output, j.Output
	cmd.Env = j.Env
	cmd.Dir = g.Host(j.Dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	g.Log.Debug("start", "argv", j.Argv)

	defer syscall.Umask(syscall.Umask(0o022))
	if err := cmd.Start(); err != nil {
		return nil, &CommandError{Argv: j.Argv, Status: -1, Err: cause(err)}
	}
	done := make(chan struct{})
	go func() {
		cmd.Wait() // how it ended is in ProcessState
		close(done)
	}()
	return &Process{Done: done, cmd: cmd}, nil
}

// Signal sends sig to all of the group; a group that is gone is no error.
func (p *Process) Signal(sig syscall.Signal) error {
	if err := syscall.Kill(-p.cmd.Process.Pid, sig); err != syscall.ESRCH {
		return err
	}
	return nil
}

// Exit says how a program ended: its exit status, or -1 and the signal that
// killed it. It holds once Done is closed.
func (p *Process) Exit() (status int, killed syscall.Signal) {
	if ws := p.cmd.ProcessState.Sys().(syscall.WaitStatus); ws.Signaled() {
		return -1, ws.Signal()
	}
	return p.cmd.ProcessState.ExitCode(), 0
}
