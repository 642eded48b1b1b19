// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simsmf

import (
	"slices"
	"time"
)

// The classes of what can happen to a dependency, from the least to the most
// (restarter_error_t); restart_on of a group says up to which it counts.
const (
	classNone = iota
	classFault
	classRestart
	classRefresh
)

var restartOn = map[string]int{"none": classNone, "error": classFault, "restart": classRestart, "refresh": classRefresh}

// whenIdle runs f now, or when the method that runs has ended: svc.startd keeps
// a queue of events for each instance.
func (e *engine) whenIdle(u *unit, f func()) {
	if u.busy {
		u.queue = append(u.queue, f)
		return
	}
	f()
}

// idle ends a transition.
func (e *engine) idle(u *unit) {
	u.busy = false
	for len(u.queue) > 0 && !u.busy {
		f := u.queue[0]
		u.queue = u.queue[1:]
		f()
	}
}

// enable is enable_inst for an enabled instance.
func (e *engine) enable(u *unit) {
	if u.state != stateUninit && u.state != stateDisabled {
		return
	}
	e.log(u, "Enabled.")
	e.set(u, stateOffline, stateNone, "")
}

// disable is enable_inst for a disabled one; admin says that an administrator
// wants it, which gets it out of maintenance as well.
func (e *engine) disable(u *unit, admin bool) {
	switch u.state {
	case stateOnline, stateDegraded:
		e.stop(u, "service disabled", classRestart, "disable_request")
	case stateMaint:
		if admin {
			e.log(u, "Leaving maintenance because disable requested.")
			e.set(u, stateUninit, stateNone, stateNone)
			e.disable(u, false)
		}
	case stateOffline, stateUninit:
		e.log(u, "Disabled.")
		e.set(u, stateDisabled, stateNone, "")
	}
	if admin {
		u.starts = nil
	}
}

// start is start_instance.
func (e *engine) start(u *unit) {
	e.set(u, u.state, stateOnline, stateNone)
	e.method(u, "start", func(r result) {
		if r.ok {
			e.set(u, stateOnline, stateNone, "dependencies_satisfied")
			e.exclude(u)
			return
		}
		e.fail(u, r)
	})
}

// stop is stop_instance: the stop method, and then offline, or disabled if that
// is wanted.
func (e *engine) stop(u *unit, because string, class int, aux string) {
	if !u.running() {
		return
	}
	e.log(u, "Stopping because %s.", because)
	next := stateOffline
	if !u.enabled {
		next = stateDisabled
	}
	e.set(u, u.state, next, "")
	e.method(u, "stop", func(r result) {
		if !r.ok {
			e.fail(u, r)
			return
		}
		e.set(u, next, stateNone, aux)
		e.propagate(u, class)
	})
}

// fail puts an instance into maintenance after a method.
func (e *engine) fail(u *unit, r result) {
	was := u.running()
	e.transition(u, r.outcome+": transitioned to maintenance")
	e.set(u, stateMaint, stateNone, r.reason)
	if was {
		e.propagate(u, classFault)
	}
}

// maintain is maintain_instance.
func (e *engine) maintain(u *unit, aux string) {
	e.log(u, "Stopping for maintenance due to %s.", aux)
	if u.state == stateMaint {
		return
	}
	if !u.running() {
		e.set(u, stateMaint, stateNone, aux)
		return
	}
	e.set(u, u.state, stateMaint, aux)
	e.transition(u, "transitioned to maintenance by request")
	e.method(u, "stop", func(r result) {
		if !r.ok {
			e.fail(u, r)
			return
		}
		e.set(u, stateMaint, stateNone, aux)
		e.propagate(u, classRestart)
	})
}

// clear takes an instance out of maintenance (unmaintain_instance).
func (e *engine) clear(u *unit) {
	if u.state != stateMaint {
		return
	}
	e.log(u, "Leaving maintenance because clear requested.")
	u.failures, u.starts = 0, nil
	e.set(u, stateUninit, stateNone, stateNone)
	e.first(u)
}

// refresh re-reads the configuration; the state stays as it is, and the start
// method is not run again.
func (e *engine) refresh(u *unit) {
	was := u.cycle
	e.configure(u)
	e.log(u, "Rereading configuration.")
	if u.cycle && !was {
		e.maintain(u, "dependency_cycle")
		return
	}
	if !u.running() {
		return
	}
	e.set(u, u.state, u.state, "")
	e.method(u, "refresh", func(r result) {
		if !r.ok {
			e.fail(u, r)
			return
		}
		e.set(u, u.state, stateNone, "")
		e.propagate(u, classRefresh)
	})
}

// restart does nothing to what is not running.
func (e *engine) restart(u *unit) {
	if !u.running() {
		return
	}
	u.starts = nil
	e.stop(u, "service restarting", classRestart, "restart_request")
}

// propagate stops what runs and wants to be stopped with u (propagate_stop).
func (e *engine) propagate(u *unit, class int) {
	for _, v := range e.above(u) {
		stop := slices.ContainsFunc(v.groups, func(g depGroup) bool {
			return g.names(u.fmri) && g.grouping != "exclude_all" && class <= restartOn[g.restartOn]
		})
		if stop {
			e.dependencyStop(v)
		}
	}
}

// exclude stops what excludes u, which has come up.
func (e *engine) exclude(u *unit) {
	for _, v := range e.above(u) {
		if slices.ContainsFunc(v.groups, func(g depGroup) bool { return g.names(u.fmri) && g.grouping == "exclude_all" }) {
			e.dependencyStop(v)
		}
	}
}

func (e *engine) dependencyStop(v *unit) {
	e.whenIdle(v, func() { e.stop(v, "dependency activity requires stop", classRestart, "dependency_activity") })
}

// exited is for a service whose last process has ended by itself.
func (e *engine) exited(u *unit, p *process) {
	e.whenIdle(u, func() {
		if u.main == p {
			e.stop(u, "all processes in service exited", classRestart, "ct_ev_exit")
		}
	})
}

// tooQuickly is method_rate_critical: five starts, on average less than ten
// minutes apart.
func (u *unit) tooQuickly() bool {
	const count, period = 5, 600 * time.Second
	u.starts = append(u.starts, time.Now())
	n := len(u.starts)
	return n >= count && u.starts[n-1].Sub(u.starts[n-count]) < (count-1)*period
}
