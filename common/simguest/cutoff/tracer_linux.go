// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package cutoff

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A role is what a traced thread is to the program.
type role int

const (
	other   role = iota // started by a command; traced only to be killed
	program             // one of its threads
	forked              // its child, before the command in it begins
	command             // its child, since then
)

// A task is one traced thread.
type task struct {
	role     role
	underWay bool   // in a system call that is a step
	command  string // path of the command that a child has tried to start
}

// A tracer follows one program. All of it runs on the thread that traces.
type tracer struct {
	killAt int
	root   int // process ID of the program
	reaped func()
	tasks  map[int]*task // by thread ID

	underWay int  // steps that are not done yet
	cutting  bool // the step is reached: no other one may begin
	killing  bool
	result   Result
}

// follow handles what the tracees report until none is left.
func (t *tracer) follow() error {
	var failed error
	for {
		var ws unix.WaitStatus
		tid, err := waitAny(-1, &ws)
		switch {
		case err == unix.ECHILD:
			return failed
		case err != nil:
			return err
		case ws.Exited() || ws.Signaled():
			t.gone(tid, ws)
		case t.killing:
			unix.Kill(tid, unix.SIGKILL)
		default:
			// ESRCH: it was killed while it was stopped.
			if err := t.stopped(tid, ws); err != nil && err != unix.ESRCH {
				failed = err
				t.kill()
			}
		}
	}
}

// stopped handles one stop of a tracee and lets it go on, if it may.
func (t *tracer) stopped(tid int, ws unix.WaitStatus) error {
	k := t.tasks[tid]
	signal := ws.StopSignal()
	switch {
	case k == nil: // the SIGSTOP with which every new tracee begins
		k = &task{role: roleOf(tid, t.root)}
		t.tasks[tid] = k
		signal = 0
	case signal == unix.SIGTRAP|0x80: // PTRACE_O_TRACESYSGOOD: a system call
		if hold, err := t.call(tid, k); hold || err != nil {
			return err
		}
		signal = 0
	case signal == unix.SIGTRAP && ws.TrapCause() == unix.PTRACE_EVENT_EXEC:
		if k = t.executed(tid, k); t.killing {
			return nil
		}
		signal = 0
	case signal == unix.SIGTRAP && ws.TrapCause() > 0: // a new tracee, which reports itself
		signal = 0
	}
	if k.role == program || k.role == forked {
		return unix.PtraceSyscall(tid, int(signal))
	}
	return unix.PtraceCont(tid, int(signal)) // its calls are not counted
}

// roleOf gives the role of a new tracee.
func roleOf(tid, root int) role {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", tid))
	if err != nil {
		return other // it has been killed
	}
	for line := range strings.Lines(string(data)) {
		name, value, _ := strings.Cut(line, ":")
		id, _ := strconv.Atoi(strings.TrimSpace(value)) // 0 is no process
		switch {
		case id == root && name == "Tgid":
			return program
		case id == root && name == "PPid":
			return forked
		}
	}
	return other
}

// call handles the beginning or the end of a system call. With hold the tracee
// has to stay where it is.
func (t *tracer) call(tid int, k *task) (hold bool, err error) {
	info, err := syscallInfo(tid)
	if err != nil {
		return false, err
	}
	if info.op != unix.PTRACE_SYSCALL_INFO_ENTRY {
		t.done(k)
		return t.killing, nil
	}
	var what string
	switch {
	case k.role == program:
		what = changes(tid, info.nr, info.args)
	case k.command == "": // a shell may try one path after the other
		if k.command = executes(tid, info.nr, info.args); k.command != "" {
			what = "exec " + k.command
		}
	}
	if what == "" {
		return false, nil
	}
	if !t.begin(what) {
		return true, nil
	}
	k.underWay = true
	t.underWay++
	return false, nil
}

// begin counts a step and says whether it may be done.
func (t *tracer) begin(what string) bool {
	if t.cutting || t.killing {
		return false
	}
	t.result.Steps = append(t.result.Steps, what)
	if len(t.result.Steps) != t.killAt {
		return true
	}
	t.cutting = true
	t.cut()
	return false
}

// done notes the end of a task's step, if it had one under way.
func (t *tracer) done(k *task) {
	if k.underWay {
		k.underWay = false
		t.underWay--
		t.cut()
	}
}

// cut kills everything when the step is reached and none before it is under way.
func (t *tracer) cut() {
	if t.cutting && t.underWay == 0 && !t.killing {
		t.result.Killed = true
		t.kill()
	}
}

// kill kills all tracees. A system call at whose beginning one is stopped is not
// done any more (Linux include/linux/ptrace.h, ptrace_report_syscall). Tracees
// to come are killed as they report themselves.
func (t *tracer) kill() {
	t.killing = true
	for tid := range t.tasks {
		unix.Kill(tid, unix.SIGKILL) // the whole process; it may be gone already
	}
}

// executed notes that a process has begun another program. If it was not the
// first thread that did so, it takes the number of the first one, and gone does
// not see its own any more.
func (t *tracer) executed(tid int, k *task) *task {
	if former, err := unix.PtraceGetEventMsg(tid); err == nil && int(former) != tid {
		if f := t.tasks[int(former)]; f != nil {
			t.done(k)
			k = f
			delete(t.tasks, int(former))
			t.tasks[tid] = k
		}
	}
	if k.role == forked {
		k.role = command
	}
	t.done(k)
	return k
}

// gone handles the end of a tracee. A process is reported when all its threads
// have ended, and before its parent hears of it.
func (t *tracer) gone(tid int, ws unix.WaitStatus) {
	k := t.tasks[tid]
	if k == nil {
		return
	}
	delete(t.tasks, tid)
	t.done(k)
	if tid == t.root {
		t.reaped()
		t.result.Status = ws.ExitStatus() // -1 if a signal ended it
		t.kill()
	}
	if k.command != "" {
		t.begin("end of " + k.command)
	}
}

// A sysInfo is what ptrace(2) says of a system call: struct
// ptrace_syscall_info of linux/ptrace.h, the same for every processor.
type sysInfo struct {
	op     uint8
	_      [3]uint8
	arch   uint32
	ip, sp uint64
	nr     uint64 // at the beginning of a call, as the arguments
	args   [6]uint64
}

func syscallInfo(tid int) (sysInfo, error) {
	var info sysInfo
	_, _, errno := unix.Syscall6(unix.SYS_PTRACE, unix.PTRACE_GET_SYSCALL_INFO, uintptr(tid),
		unsafe.Sizeof(info), uintptr(unsafe.Pointer(&info)), 0, 0)
	if errno != 0 {
		return info, errno
	}
	return info, nil
}
