// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simsmf

import (
	"errors"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"illumos-metadata/common/simguest/world"
)

// try runs a method once.
func (e *engine) try(a *attempt) {
	if word, signal, ok := killMethod(a.exec); ok {
		e.kill(a, word, signal)
		return
	}
	if a.name == "start" && a.u.tooQuickly() {
		e.log(a.u, "Restarting too quickly, changing state to maintenance.")
		e.after(a, result{reason: "restarting_too_quickly", outcome: "failed repeatedly"})
		return
	}
	if a.name == "start" {
		a.u.main = nil
	}
	e.serial++
	a.contract, a.began = e.serial, time.Now()
	e.log(a.u, "Executing %s method (\"%s\").", a.name, a.exec)
	words := strings.Fields(a.exec)
	switch command, played := e.o.Methods[first(words)]; {
	case played:
		e.play(a, command, words)
	case e.nobodys(a.u.fmri, first(words)):
		e.started(a, 0)
		e.ended(a, 0)
	default:
		e.spawn(a)
	}
}

func first(words []string) string {
	if len(words) == 0 {
		return ""
	}
	return words[0]
}

// nobodys says whether a method is one of the system that is not played and
// whose file the image does not have: it succeeds at once.
func (e *engine) nobodys(fmri, path string) bool {
	if _, err := os.Stat(e.w.Path(path)); err == nil || path == "" {
		return false
	}
	return slices.ContainsFunc(system, func(r row) bool { return full(r.instance) == fmri })
}

// play runs one of the system's methods in this process. It cannot be killed:
// a run that is cut off goes on unheard.
func (e *engine) play(a *attempt, command world.Command, words []string) {
	out, err := e.openLog(e.logFile(a.u))
	if err != nil {
		e.ended(a, 10<<8)
		return
	}
	null := strings.NewReader("")
	call := &world.Call{World: e.w, Name: words[0][strings.LastIndexByte(words[0], '/')+1:], Args: words[1:],
		Env: e.environment(a), Stdin: null, Stdout: out, Stderr: out}
	e.started(a, 0)
	e.flush()
	go func() {
		status := command(call)
		out.Close()
		e.tell(func() { e.ended(a, status<<8) })
	}()
}

// spawn runs a method as a process in a session of its own, which stands for
// its contract.
func (e *engine) spawn(a *attempt) {
	p, err := e.launch(a)
	if err != nil {
		status := 10 // execle failed
		if c := (*contextError)(nil); errors.As(err, &c) {
			status = exitConfig
		}
		e.append(logName(a.u.fmri), err.Error()+"\n")
		e.started(a, 0)
		e.ended(a, status<<8)
		return
	}
	e.live[p] = true
	e.started(a, p.pid)
	e.flush()
	if a.kind == "child" && a.name == "start" {
		e.childUp(a, p)
		return
	}
	var timer *time.Timer
	if a.timeout > 0 {
		timer = time.AfterFunc(a.timeout, func() { e.tell(func() { e.expire(a, p) }) })
	}
	go func() {
		status := p.wait()
		if timer != nil {
			timer.Stop()
		}
		e.tell(func() { e.waited(a, p, status) })
	}()
}

// waited takes the status of a method's process. What it leaves behind is
// killed when the system goes down; after a timeout nothing is left.
func (e *engine) waited(a *attempt, p *process, status int) {
	if a.fired {
		killed := a.killed
		go func() {
			<-killed
			e.tell(func() {
				delete(e.live, p)
				e.ended(a, status)
			})
		}()
		return
	}
	go e.watch(p, func() {})
	if a.name == "start" && a.kind != "transient" && status == 0 {
		a.u.main = p
	}
	e.ended(a, status)
}

// expire is timeout_now: the whole contract is killed.
func (e *engine) expire(a *attempt, p *process) {
	if !e.live[p] || e.halting {
		return
	}
	a.fired = true
	e.log(a.u, "Method or service exit timed out.  Killing contract %d.", a.contract)
	a.killed = make(chan struct{})
	go func() {
		p.kill(syscall.SIGKILL)
		close(a.killed)
	}()
}

// started notes and tells that a method runs.
func (e *engine) started(a *attempt, pid int) {
	if a.pid = pid; a.name == "start" {
		a.u.doc.Pid, a.u.doc.Started = pid, a.began
		if a.kind != "transient" {
			a.u.doc.Contract = a.contract
		}
		e.stale = true
	}
	e.emit(Event{Kind: MethodStarted, FMRI: a.u.fmri, Method: a.name, Exec: a.exec, Pid: pid})
}

// ended decides what the end of one run means; status is as wait(2) gives it.
// While the system goes down, svc.startd is stopped and decides nothing.
func (e *engine) ended(a *attempt, status int) {
	ws := syscall.WaitStatus(status)
	ev := Event{Kind: MethodEnded, FMRI: a.u.fmri, Method: a.name, Exec: a.exec, Pid: a.pid, TimedOut: a.fired, Took: time.Since(a.began)}
	if ws.Signaled() {
		ev.Signal = int(ws.Signal())
	} else {
		ev.Status = ws.ExitStatus()
	}
	e.emit(ev)
	if e.halting {
		e.busy--
		return
	}
	if a.name == "start" {
		a.u.doc.Wait = &status
	}
	switch {
	case a.fired && !a.retry:
		e.after(a, result{reason: "method_failed", outcome: "timed out"})
	case ws.Signaled():
		e.log(a.u, "Method \"%s\" failed due to signal %s.", a.name, signalName(ws.Signal()))
		e.again(a, "failed")
	default:
		e.exitedWith(a, ev.Status)
	}
}

// exitedWith is for a method that has exited by itself.
func (e *engine) exitedWith(a *attempt, status int) {
	e.log(a.u, "Method \"%s\" exited with status %d.", a.name, status)
	switch status {
	case 0:
		if a.name == "start" && a.kind != "transient" && a.u.main != nil {
			p := a.u.main
			go e.watch(p, func() { e.exited(a.u, p) })
		}
		e.emptied(a)
	case exitNoDaemon:
		if a.name == "start" {
			a.u.main, a.u.doc.Contract = nil, 0
		}
		e.after(a, result{ok: true})
	case exitConfig:
		e.after(a, result{reason: "method_failed", outcome: "misconfigured"})
	case exitFatal:
		e.after(a, result{reason: "method_failed", outcome: "failed fatally"})
	case exitNoSMF, exitPerm:
		e.after(a, invalid)
	default:
		e.again(a, "failed")
	}
}

// again tries once more, at once, until the threshold is reached.
func (e *engine) again(a *attempt, outcome string) {
	a.u.main = nil
	if a.u.failures++; a.u.failures < faultThreshold {
		a.fired = false
		e.try(a)
		return
	}
	a.u.failures = 0
	e.after(a, result{reason: "fault_threshold_reached", outcome: outcome})
}

// after ends the runs of a method.
func (e *engine) after(a *attempt, r result) {
	if !r.ok {
		a.u.main, a.u.doc.Contract = nil, 0
	}
	if r.ok && a.name == "stop" {
		a.u.doc.Contract = 0
	}
	a.done(r)
}
