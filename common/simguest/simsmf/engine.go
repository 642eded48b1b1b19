// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simsmf

import (
	"context"
	"fmt"
	"slices"
	"time"

	"illumos-metadata/common/simguest/world"
)

// A unit is an instance as the restarter half of svc.startd (restarter.c) sees
// it.
type unit struct {
	*vertex
	doc *state

	busy     bool     // a method runs
	queue    []func() // what waits for it
	dirty    bool     // something below has changed
	cycle    bool     // its dependencies go round in a circle
	failures int      // of the start method in a row
	starts   []time.Time
	main     *process // of a contract or wait service
}

// An engine is svc.startd at work. Everything in it belongs to one goroutine,
// that of loop; others send it functions.
type engine struct {
	w    *world.World
	o    Options
	repo *repository

	graph *graph
	units map[string]*unit
	up    map[string][]*unit // dependents by the service that they name

	inbox   chan func()
	busy    int // methods that run
	stale   bool
	logDir  string
	serial  int // of contracts
	waiters []chan struct{}
	syncs   map[string]chan struct{}

	halting bool
	asked   bool // the guest itself asked for it
	down    chan How
	done    chan struct{} // closed at the end of loop
	pipe    *requests
	live    map[*process]bool
}

// boot reads the repository and configures every instance, each in its turn: a
// dependency that would close a circle is refused, and its instance goes to
// maintenance (graph_insert_dependency).
func (e *engine) boot() error {
	if err := e.reload(); err != nil {
		return err
	}
	for _, fmri := range e.repo.instances("") {
		e.adopt(fmri)
	}
	for _, fmri := range sorted(e.units) {
		e.configure(e.units[fmri])
	}
	for _, fmri := range own {
		if u := e.units[fmri]; u != nil {
			e.set(u, stateOnline, stateNone, "none")
		}
	}
	for _, fmri := range sorted(e.units) {
		e.first(e.units[fmri])
	}
	return nil
}

// first sets a new instance on its way.
func (e *engine) first(u *unit) {
	switch {
	case u.cycle:
		e.maintain(u, "dependency_cycle")
	case u.enabled:
		e.enable(u)
	default:
		e.disable(u, false)
	}
}

// reload reads the repository.
func (e *engine) reload() error {
	return e.w.Locked(func() (err error) {
		e.repo, err = load(e.w)
		return err
	})
}

// adopt makes the vertex of an instance that is configured: one without
// general/enabled is not.
func (e *engine) adopt(fmri string) *unit {
	_, enabled, configured := e.repo.enabled(fmri)
	if !configured || e.units[fmri] != nil {
		return nil
	}
	u := &unit{vertex: &vertex{fmri: fmri, enabled: enabled, state: stateUninit},
		doc: &state{State: stateUninit, Next: stateNone, Since: time.Now()}}
	e.units[fmri] = u
	e.graph.add(u.vertex)
	return u
}

// configure reads the dependencies of an instance from its running snapshot.
func (e *engine) configure(u *unit) {
	for service, list := range e.up {
		e.up[service] = slices.DeleteFunc(list, func(v *unit) bool { return v == u })
	}
	u.groups, u.cycle, u.dirty = dependencies(e.repo.running(u.fmri)), false, true
	e.graph.changed()
	if loop := e.graph.cycle(u.fmri); loop != nil {
		u.groups, u.cycle = nil, true
		e.console("Transitioning %s to maintenance because it completes a dependency cycle (see svcs -xv for details):", u.fmri)
		for _, fmri := range loop {
			e.console("%s", fmri)
		}
	}
	for _, g := range u.groups {
		for _, entity := range g.entities {
			if service := parseFMRI(entity).service; !slices.Contains(e.up[service], u) {
				e.up[service] = append(e.up[service], u)
			}
		}
	}
}

// set changes the state of an instance, and lets everything above it look again.
func (e *engine) set(u *unit, st, next, aux string) {
	if st != u.state {
		u.doc.Since = time.Now()
	}
	u.state, u.doc.State, u.doc.Next = st, st, next
	if aux != "" {
		u.doc.Aux = aux
	}
	e.stale = true
	e.graph.changed()
	e.touch(u)
	if u.fmri == instanceFS && st == stateOnline {
		e.logDir = logDir
	}
	e.emit(Event{Kind: StateChanged, FMRI: u.fmri, State: st, Next: next, Why: u.doc.Aux})
}

// touch marks an instance and all that depend on it, at any distance:
// optional_all dependencies levels above may be satisfied now.
func (e *engine) touch(u *unit) {
	seen := map[*unit]bool{u: true}
	for list := []*unit{u}; len(list) > 0; list = list[1:] {
		list[0].dirty = true
		for _, v := range e.above(list[0]) {
			if !seen[v] {
				seen[v] = true
				list = append(list, v)
			}
		}
	}
}

// above gives the units with a group that names u.
func (e *engine) above(u *unit) []*unit {
	var out []*unit
	for _, v := range e.up[parseFMRI(u.fmri).service] {
		if slices.ContainsFunc(v.groups, func(g depGroup) bool { return g.names(u.fmri) }) {
			out = append(out, v)
		}
	}
	return out
}

// advance starts what can be started, until nothing more can.
func (e *engine) advance() {
	for again := true; again && !e.halting; {
		again = false
		for _, fmri := range sorted(e.units) {
			u := e.units[fmri]
			if !u.dirty {
				continue
			}
			u.dirty, again = false, true
			if u.state == stateOffline && u.enabled && !u.busy && !u.cycle && e.graph.ready(u.vertex, false) == satisfied {
				e.start(u)
			}
		}
	}
}

// loop is the engine's goroutine.
func (e *engine) loop(ctx context.Context) {
	defer close(e.done)
	for {
		if !e.halting {
			e.advance()
		}
		e.flush()
		if e.busy == 0 {
			for _, w := range e.waiters {
				close(w)
			}
			e.waiters = nil
		}
		if e.halting && e.busy == 0 && len(e.live) == 0 {
			e.pipe.close()
			return
		}
		select {
		case f := <-e.inbox:
			f()
		case <-ctx.Done():
			ctx = context.Background()
			e.halt(-1)
		}
	}
}

// tell sends the engine a function. After the engine's end it is dropped.
func (e *engine) tell(f func()) {
	select {
	case e.inbox <- f:
	case <-e.done:
	}
}

// flush writes the states down.
func (e *engine) flush() {
	if !e.stale {
		return
	}
	e.stale = false
	docs := map[string]*state{}
	for fmri, u := range e.units {
		docs[fmri] = u.doc
	}
	if err := e.w.Locked(func() error { return e.w.Write(statesName, docs) }); err != nil {
		e.console("simulated guest: %v", err)
	}
}

func (e *engine) emit(ev Event) {
	ev.Time = time.Now()
	if e.o.Events != nil {
		e.o.Events(ev)
	}
}

// console writes to svc.startd's own log.
func (e *engine) console(format string, args ...any) {
	e.append("svc.startd.log", time.Now().Format("Jan _2 15:04:05/1: ")+fmt.Sprintf(format, args...)+"\n")
}
