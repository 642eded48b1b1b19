// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simsmf

import (
	"context"
	"errors"
	"maps"
	"strconv"
	"sync/atomic"
	"syscall"
	"time"

	"illumos-metadata/common/simguest/world"
)

// Options say how a boot runs.
type Options struct {
	// Chroot runs methods in the guest's root directory, as its own /sbin/sh
	// and programs are there; that takes root. Without it their paths are
	// prefixed; see the package's comment.
	Chroot bool
	// Methods are the system's own methods, played in this process, by path:
	// /lib/svc/method/net-physical. The system's other methods succeed at once.
	Methods map[string]world.Command
	// Events is told what happens, in order, never two at a time.
	Events func(Event)
	// Grace is how long going down waits after SIGTERM; 0 means 5 s, as halt(8).
	Grace time.Duration
}

// A System is a guest that is up: svc.startd at work in this process.
type System struct {
	e     *engine
	syncs atomic.Int64
}

// Boot imports the guest's manifests and starts what is enabled. It returns at
// once; the work goes on until Halt, or the end of ctx, which is as a power
// failure: everything is killed.
func Boot(ctx context.Context, w *world.World, o Options) (*System, error) {
	e := &engine{
		w: w, o: o, graph: newGraph(w.Path), units: map[string]*unit{}, up: map[string][]*unit{},
		inbox: make(chan func()), logDir: earlyLogDir, syncs: map[string]chan struct{}{},
		down: make(chan How, 1), done: make(chan struct{}), live: map[*process]bool{},
	}
	if err := change(w, forget); err != nil {
		return nil, err
	}
	if err := importAll(w, e.imported); err != nil {
		return nil, err
	}
	if err := e.boot(); err != nil {
		return nil, err
	}
	pipe, err := listen(w, func(verb, operand string) { e.tell(func() { e.request(verb, operand) }) })
	if err != nil {
		return nil, err
	}
	e.pipe = pipe
	go e.loop(ctx)
	return &System{e: e}, nil
}

// forget drops what svc.configd keeps in memory only, and takes the running
// snapshot of an instance that has none yet.
func forget(r *repository) error {
	for _, fmri := range r.instances("") {
		_, i := r.find(fmri)
		maps.DeleteFunc(i.Groups, func(_ string, g *group) bool { return g.Volatile })
		if i.Running == nil {
			r.refresh(fmri)
		}
	}
	return nil
}

// imported tells of one manifest.
func (e *engine) imported(path string, err error) {
	ev := Event{Kind: Imported, Path: path}
	if err != nil {
		ev.Why = err.Error()
		e.append("system-early-manifest-import:default.log", "svccfg: "+firstLine(err)+"\nsvccfg: Import of "+path+" failed.\n")
	}
	e.emit(ev)
}

// Settle waits until no method runs and nothing more can start. Requests that
// commands have made before count.
func (s *System) Settle(ctx context.Context) error {
	c := make(chan struct{})
	name := strconv.FormatInt(s.syncs.Add(1), 10)
	s.e.tell(func() { s.e.syncs[name] = c })
	if err := ask(s.e.w, "sync", name); err != nil && !errors.Is(err, errNoSystem) {
		return err
	}
	select {
	case <-c:
		return nil
	case <-s.e.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Halt takes the system down as halt(8) does: SIGTERM to what runs, SIGKILL
// after Options.Grace. What is stored stays for the next Boot.
func (s *System) Halt(ctx context.Context) error {
	s.e.tell(func() { s.e.halt(s.e.o.Grace) })
	select {
	case <-s.e.done:
		return nil
	case <-ctx.Done():
		s.e.tell(func() { s.e.halt(-1) })
		return ctx.Err()
	}
}

// Down gives what the guest asked for with reboot(8), halt(8), poweroff(8),
// shutdown(8) or init(8): one value, when it asks. The system then goes down by
// itself; Halt waits for that.
func (s *System) Down() <-chan How { return s.e.down }

// goDown is for a guest that asks to go down.
func (e *engine) goDown(how How) {
	if e.asked {
		return
	}
	e.asked = true
	e.emit(Event{Kind: Shutdown, How: how})
	e.down <- how
	e.halt(e.o.Grace)
}

// halt stops svc.startd, and then everything that runs. A negative grace kills
// at once.
func (e *engine) halt(grace time.Duration) {
	if e.halting && grace >= 0 {
		return
	}
	e.halting = true
	if grace == 0 {
		grace = 5 * time.Second
	}
	for p := range e.live {
		go func() {
			if grace > 0 {
				p.kill(syscall.SIGTERM)
				for end, n := time.Now().Add(grace), 0; p.alive() && time.Now().Before(end); n++ {
					pause(n)
				}
			}
			p.kill(syscall.SIGKILL)
		}()
	}
}
