// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simsmf

import (
	"strconv"
	"time"
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
