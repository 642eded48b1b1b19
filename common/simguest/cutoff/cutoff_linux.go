// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package cutoff

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// ErrRefused says that this system does not let us trace a program: ptrace(2)
// is forbidden, or the kernel is older than 5.3.
var ErrRefused = errors.New("tracing a program is refused here")

// A Command is the program to run.
type Command struct {
	Argv   []string // Argv[0] is a path
	Env    []string // all of the environment
	Dir    string   // working directory; "" is the present one
	Output *os.File // of both streams; nil is /dev/null
}

// A Result is what became of a run.
type Result struct {
	// Steps are in words, for messages: "renameat /etc/.a.new /etc/a". The last one was
	// not done if Killed is set.
	Steps  []string
	Status int  // exit status; -1 if a signal ended the program
	Killed bool // cut off before the last of Steps
}

// Run runs the program and kills it, with everything that it has started, right
// before the step killAt, counted from 1. It waits for steps that other threads
// have under way, so that exactly those before killAt are done. With 0, or with
// more than the program has, it runs to its end; what it leaves running is
// killed then.
//
// Run returns when all of these processes are gone. The error is ErrRefused
// where tracing is not possible.
func Run(ctx context.Context, c Command, killAt int) (Result, error) {
	t := &tracer{killAt: killAt, tasks: map[int]*task{}}
	var err error
	childless(func() { err = t.run(ctx, c) })
	if err == nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		return t.result, fmt.Errorf("cut off %s: %w", c.Argv[0], err)
	}
	return t.result, nil
}

// childless runs f on an operating system thread of its own that has no
// children. ptrace(2) ties a tracee to the thread that traces it, and the wait
// for any child of that thread must not take one of os/exec's.
func childless(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := unix.Waitid(unix.P_ALL, 0, nil, unix.WEXITED|unix.WNOWAIT|unix.WNOHANG|unix.WALL|unix.WNOTHREAD, nil)
		if err == unix.ECHILD {
			f()
			return
		}
		childless(f) // this thread stays taken, so that the next is another one
	}()
	<-done
}

// run starts the program, stopped before its first instruction, and follows it.
func (t *tracer) run(ctx context.Context, c Command) error {
	pid, err := start(c)
	if err != nil {
		return err
	}
	t.root = pid
	t.tasks[pid] = &task{role: program}

	var mu sync.Mutex // while the program is not reaped, its number is its own
	t.reaped = func() { mu.Lock(); t.root = 0; mu.Unlock() }
	stop := context.AfterFunc(ctx, func() {
		mu.Lock()
		defer mu.Unlock()
		if t.root != 0 {
			unix.Kill(t.root, unix.SIGKILL)
		}
	})
	defer stop()
	return t.follow()
}

// start starts the program as a tracee of this thread.
func start(c Command) (int, error) {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return 0, err
	}
	defer null.Close()
	out := c.Output
	if out == nil {
		out = null
	}
	pid, err := syscall.ForkExec(c.Argv[0], c.Argv, &syscall.ProcAttr{
		Dir: c.Dir, Env: c.Env, Files: []uintptr{null.Fd(), out.Fd(), out.Fd()},
		Sys: &syscall.SysProcAttr{Ptrace: true},
	})
	if err != nil {
		return 0, refusal(err)
	}
	var ws unix.WaitStatus
	if err := wait(pid, &ws); err != nil {
		return 0, err
	}
	err = unix.PtraceSetOptions(pid, unix.PTRACE_O_TRACESYSGOOD|unix.PTRACE_O_TRACECLONE|unix.PTRACE_O_TRACEFORK|
		unix.PTRACE_O_TRACEVFORK|unix.PTRACE_O_TRACEEXEC|unix.PTRACE_O_EXITKILL)
	if err == nil {
		_, err = syscallInfo(pid)
	}
	if err == nil {
		err = unix.PtraceSyscall(pid, 0)
	}
	if err != nil {
		unix.Kill(pid, unix.SIGKILL)
		return 0, errors.Join(refusal(err), wait(pid, &ws))
	}
	return pid, nil
}

// wait is wait4(2) for one tracee, or for any with -1.
func wait(pid int, ws *unix.WaitStatus) error {
	_, err := waitAny(pid, ws)
	return err
}

func waitAny(pid int, ws *unix.WaitStatus) (int, error) {
	for {
		tid, err := unix.Wait4(pid, ws, unix.WALL|unix.WNOTHREAD, nil)
		if err != unix.EINTR {
			return tid, err
		}
	}
}

// refusal marks the errors by which a system says that it does not trace.
func refusal(err error) error {
	switch err {
	case unix.EPERM, unix.ENOSYS, unix.EIO: // EIO: no PTRACE_GET_SYSCALL_INFO
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	return err
}
