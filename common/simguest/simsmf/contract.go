// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simsmf

import (
	"strings"
	"syscall"
	"time"
)

// killMethod takes ":kill" or ":kill -SIGNAL" apart (restarter_is_kill_method).
func killMethod(exec string) (word string, signal syscall.Signal, ok bool) {
	words := strings.Fields(exec)
	if first(words) != ":kill" || len(words) > 2 {
		return "", 0, false
	}
	if len(words) == 1 {
		return ":kill", syscall.SIGTERM, true
	}
	name := strings.TrimPrefix(strings.TrimPrefix(words[1], "-"), "SIG")
	for s, n := range signals {
		if n == name {
			return ":kill", s, true
		}
	}
	return "", 0, false
}

// signals are the signals that have a use here, with their names as sig2str(3C)
// gives them.
var signals = map[syscall.Signal]string{
	syscall.SIGHUP: "HUP", syscall.SIGINT: "INT", syscall.SIGQUIT: "QUIT", syscall.SIGABRT: "ABRT", syscall.SIGKILL: "KILL",
	syscall.SIGSEGV: "SEGV", syscall.SIGPIPE: "PIPE", syscall.SIGALRM: "ALRM", syscall.SIGTERM: "TERM",
	syscall.SIGUSR1: "USR1", syscall.SIGUSR2: "USR2", syscall.SIGBUS: "BUS",
}

func signalName(s syscall.Signal) string {
	if name := signals[s]; name != "" {
		return name
	}
	return s.String()
}

// kill is the method :kill.
func (e *engine) kill(a *attempt, word string, signal syscall.Signal) {
	if a.u.doc.Contract == 0 {
		e.log(a.u, "Invalid use of \":kill\" as stop method for transient service.")
		e.after(a, invalid)
		return
	}
	e.log(a.u, "Executing %s method (%s).", a.name, word)
	if a.u.main != nil {
		go a.u.main.kill(signal)
	}
	if a.name == "stop" {
		e.emptied(a)
		return
	}
	e.after(a, result{ok: true})
}

// emptied waits, after a stop method that succeeded, until the contract of the
// service is empty; the rest of the timeout holds for that too.
func (e *engine) emptied(a *attempt) {
	p := a.u.main
	if a.name != "stop" || p == nil {
		e.after(a, result{ok: true})
		return
	}
	a.u.main = nil
	left := a.timeout
	if !a.began.IsZero() {
		left -= time.Since(a.began)
	}
	expired := false
	var timer *time.Timer
	if a.timeout > 0 {
		timer = time.AfterFunc(max(left, 0), func() {
			e.tell(func() {
				expired = true
				e.log(a.u, "Method or service exit timed out.  Killing contract %d.", a.u.doc.Contract)
			})
			p.kill(syscall.SIGKILL)
		})
	}
	go e.watch(p, func() {
		if timer != nil {
			timer.Stop()
		}
		if e.halting {
			e.busy--
			return
		}
		if expired {
			e.after(a, invalid)
			return
		}
		e.after(a, result{ok: true})
	})
}

// childUp is for a service of duration child: it is online as soon as its
// process is there.
func (e *engine) childUp(a *attempt, p *process) {
	zero := 0
	a.u.doc.Wait, a.u.main = &zero, p
	go func() {
		status := p.wait()
		e.tell(func() {
			delete(e.live, p)
			e.emit(Event{Kind: MethodEnded, FMRI: a.u.fmri, Method: a.name, Exec: a.exec, Pid: p.pid,
				Status: max(syscall.WaitStatus(status).ExitStatus(), 0), Took: time.Since(a.began)})
			if a.u.main != p || e.halting {
				return
			}
			a.u.main, a.u.doc.Contract = nil, 0
			e.whenIdle(a.u, func() { e.stop(a.u, "all processes in service exited", classRestart, "ct_ev_exit") })
		})
	}()
	e.after(a, result{ok: true})
}

// watch calls f in the engine once nothing of the process is left.
func (e *engine) watch(p *process, f func()) {
	for n := 0; p.alive(); n++ {
		pause(n)
	}
	e.tell(func() {
		delete(e.live, p)
		f()
	})
}

// pause waits before the next look whether something is gone: not long at
// first, as svc.startd does, so that going down is not held up.
func pause(n int) {
	if n < 20 {
		time.Sleep(poll)
		return
	}
	time.Sleep(20 * poll)
}

const poll = 5 * time.Millisecond
