// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simsmf

import (
	"bufio"
	"errors"
	"io/fs"
	"os"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"illumos-metadata/common/simguest/world"
)

// pipeName is where the commands leave requests for the engine: one a line,
// written at once, so that they stay whole and in order.
const pipeName = "/sim/smf.pipe"

// requests is the engine's end of the pipe.
type requests struct {
	file *os.File
	name string
}

// listen makes the pipe, and calls handle for each request.
func listen(w *world.World, handle func(verb, operand string)) (*requests, error) {
	name := w.Path(pipeName)
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err := unix.Mkfifo(name, 0o600); err != nil {
		return nil, &os.PathError{Op: "mkfifo", Path: name, Err: err}
	}
	f, err := os.OpenFile(name, os.O_RDWR|syscall.O_NONBLOCK, 0) // both, so that it never ends
	if err != nil {
		return nil, err
	}
	go func() {
		for s := bufio.NewScanner(f); s.Scan(); {
			verb, operand, _ := strings.Cut(s.Text(), " ")
			handle(verb, operand)
		}
	}()
	return &requests{f, name}, nil
}

// close takes the pipe away.
func (r *requests) close() {
	_ = os.Remove(r.name)
	_ = r.file.Close()
}

// errNoSystem is for a request where no system is up.
var errNoSystem = errors.New("no system is up")

// ask leaves a request for the engine of the guest. If none is up, what svcadm
// and svccfg have stored counts from the next boot on.
func ask(w *world.World, verb, operand string) error {
	fd, err := unix.Open(w.Path(pipeName), unix.O_WRONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if errors.Is(err, unix.ENXIO) || errors.Is(err, unix.ENOENT) {
		return errNoSystem
	}
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	line := []byte(verb + " " + operand + "\n")
	for {
		if _, err = unix.Write(fd, line); !errors.Is(err, unix.EAGAIN) {
			return err
		}
		waitWritable(fd)
	}
}

func waitWritable(fd int) {
	_, _ = unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}, 100)
}

// request carries out one request.
func (e *engine) request(verb, operand string) {
	if verb == "sync" {
		if c := e.syncs[operand]; c != nil {
			delete(e.syncs, operand)
			e.waiters = append(e.waiters, c)
		}
		return
	}
	if e.halting {
		return
	}
	if verb == "down" {
		e.goDown(How(operand))
		return
	}
	if err := e.reload(); err != nil {
		e.console("simulated guest: %v", err)
		return
	}
	if verb == "rescan" {
		e.rescan()
		return
	}
	u := e.units[operand]
	if u == nil {
		if u = e.adopt(operand); u == nil {
			return
		}
		e.configure(u)
		e.first(u)
		return
	}
	e.administer(u, verb)
}

// administer carries out a request for one instance, now or after the method
// that runs.
func (e *engine) administer(u *unit, verb string) {
	switch verb {
	case "enabled":
		_, u.enabled, _ = e.repo.enabled(u.fmri)
		e.touch(u)
		e.graph.changed()
		if u.enabled {
			e.whenIdle(u, func() { e.enable(u) })
		} else {
			e.whenIdle(u, func() { e.disable(u, true) })
		}
	case "restart":
		e.whenIdle(u, func() { e.restart(u) })
	case "refresh":
		e.whenIdle(u, func() { e.refresh(u) })
	case "clear":
		e.whenIdle(u, func() { e.clear(u) })
	case "restore":
		e.whenIdle(u, func() {
			if u.state == stateDegraded {
				e.set(u, stateOnline, stateNone, "clear_request")
			}
		})
	case "maintenance":
		e.whenIdle(u, func() { e.maintain(u, "administrative_request") })
	case "degraded":
		e.console("Restarter: ADMIN_DEGRADED command (for %s) unimplemented.", u.fmri)
	}
}

// rescan takes up instances that an import has added.
func (e *engine) rescan() {
	var fresh []*unit
	for _, fmri := range e.repo.instances("") {
		if u := e.adopt(fmri); u != nil {
			fresh = append(fresh, u)
		}
	}
	for _, u := range fresh {
		e.configure(u)
		e.first(u)
	}
}
