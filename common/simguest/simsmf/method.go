// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simsmf

import (
	"errors"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"illumos-metadata/common/simguest/world"
)

// Exit statuses with a meaning of their own (smf_method(7)). SMF_EXIT_MON_DEGRADE
// is an ordinary failure, as it was before illumos 7711 (2024-09).
const (
	exitNoDaemon = 94
	exitFatal    = 95
	exitConfig   = 96
	exitNoSMF    = 99
	exitPerm     = 100
)

// faultThreshold is how many failures in a row lead to maintenance
// (FAULT_THRESHOLD).
const faultThreshold = 3

// A result is how a method ended, after all tries.
type result struct {
	ok      bool
	reason  string // auxiliary state in maintenance
	outcome string // for the console
}

// invalid is for a method that could not even be run.
var invalid = result{reason: "method_failed", outcome: "failed"}

// An attempt is one run of a method.
type attempt struct {
	u        *unit
	name     string // start, stop or refresh
	exec     string // expanded
	timeout  time.Duration
	retry    bool // after a timeout
	kind     string
	contract int
	pgs      groups
	began    time.Time
	fired    bool          // the timeout
	killed   chan struct{} // closed when that has killed everything
	pid      int
	done     func(result)
}

// method runs a method of an instance and then calls done; until then the
// instance is busy. It is method_thread of svc.startd (method.c).
func (e *engine) method(u *unit, name string, done func(result)) {
	u.busy = true
	e.busy++
	finish := func(r result) {
		if r.ok && name == "start" {
			u.failures = 0
		}
		e.busy--
		u.busy = false
		done(r)
		e.idle(u)
	}
	a, r := e.prepare(u, name)
	if a == nil {
		finish(r)
		return
	}
	a.done = finish
	e.try(a)
}

// prepare reads what to run; without anything to run it gives the result.
func (e *engine) prepare(u *unit, name string) (*attempt, result) {
	pgs := e.repo.running(u.fmri)
	pg := pgs[name]
	if pg == nil {
		if name == "refresh" {
			e.log(u, "No 'refresh' method defined.  Treating as :true.")
		} else {
			e.log(u, "Method property group '%s' is not present.", name)
		}
		return nil, result{ok: true}
	}
	kind := pgs["startd"].get("duration")
	raw := pg.get("exec")
	exec, err := expand(raw, u.fmri, name, pgs, e.repo.current(u.fmri))
	if err != nil {
		e.log(u, "Could not expand method tokens in \"%s\": %v.", raw, err)
		return nil, invalid
	}
	if name == "stop" && kind != "transient" && u.doc.Contract == 0 {
		return nil, result{ok: true} // nothing to stop
	}
	if exec == ":true" {
		e.log(u, "Executing %s method (null).", name)
		if name == "start" {
			zero := 0
			u.doc.Wait, u.doc.Started = &zero, time.Now()
		}
		return nil, result{ok: true}
	}
	a := &attempt{u: u, name: name, exec: exec, kind: kind, pgs: pgs, retry: pgs["startd"].get("timeout_retry") != "false"}
	if seconds, err := strconv.ParseInt(pg.get("timeout_seconds"), 10, 32); err == nil {
		a.timeout = time.Duration(seconds) * time.Second
	}
	return a, result{}
}

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
