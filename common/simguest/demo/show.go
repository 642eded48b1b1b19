// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"illumos-metadata/common/simguest"
	"illumos-metadata/common/simguest/simsmf"
)

// A show follows the services of the suite through one boot.
type show struct {
	guest    *simguest.Guest
	began    time.Time
	services map[string]*service
	order    []string // names, as they started
}

// A service is what the show knows of one.
type service struct {
	state string
	pid   int
	took  time.Duration
}

func newShow(g *simguest.Guest) *show {
	return &show{guest: g, began: time.Now(), services: map[string]*service{}}
}

// event prints what concerns the suite.
func (s *show) event(e simsmf.Event) {
	name, ours := strings.CutPrefix(e.FMRI, "svc:/system/metadata/")
	if !ours {
		return
	}
	name, _, _ = strings.Cut(name, ":")
	if s.services[name] == nil {
		s.services[name] = &service{}
		s.order = append(s.order, name)
	}
	v := s.services[name]
	switch {
	case e.Kind == simsmf.MethodStarted && e.Method == "start":
		v.pid = e.Pid
		s.line(e, name, "starts")
	case e.Kind == simsmf.MethodEnded && e.Method == "start":
		v.took = e.Took
		if e.Status != 0 || e.Signal != 0 {
			s.line(e, name, fmt.Sprintf("exit status %d, signal %d", e.Status, e.Signal))
		}
	case e.Kind == simsmf.StateChanged && (e.Next == "none" || e.Next == "") && e.State != v.state:
		v.state = e.State
		s.settled(e, name, v)
	}
}

// settled shows a state, and the commands that the service ran to get there.
func (s *show) settled(e simsmf.Event, name string, v *service) {
	switch e.State {
	case "online":
		s.line(e, name, fmt.Sprintf("online after %v", v.took.Round(time.Millisecond)))
	case "offline", "uninitialized":
		return
	default:
		s.line(e, name, bold(e.State)+" ("+e.Why+"): svcs -xv and its log say why")
	}
	calls, err := s.guest.World.Calls()
	if err != nil {
		return
	}
	for _, c := range calls {
		if c.Parent != v.pid {
			continue
		}
		status := ""
		if c.Status != 0 {
			status = fmt.Sprintf("  (status %d)", c.Status)
		}
		fmt.Printf("%26s%s%s\n", "", strings.Join(c.Argv, " "), status)
	}
}

// failures names the services that are not online.
func (s *show) failures() error {
	var bad []string
	for _, name := range s.order {
		if v := s.services[name]; v.state != "online" {
			bad = append(bad, name+" is in state "+v.state)
		}
	}
	if bad == nil {
		return nil
	}
	return errors.New(strings.Join(bad, ", "))
}

// explain shows what an administrator would look at after a failure.
func (s *show) explain() {
	fmt.Println()
	s.guest.Call(os.Stdout, "/usr/bin/svcs", "-xv")
	for _, name := range s.order {
		if s.services[name].state == "online" {
			continue
		}
		log, err := os.ReadFile(s.guest.World.Path("/var/svc/log/system-metadata-" + name + ":default.log"))
		if err == nil {
			fmt.Printf("\nlog of metadata/%s:\n%s", name, log)
		}
	}
}

func (s *show) line(e simsmf.Event, name, text string) {
	fmt.Printf("%8.3f s  %-12s  %s\n", e.Time.Sub(s.began).Seconds(), name, text)
}

// files shows what changed: all of the system's files, and the names alone of
// what the suite keeps for itself.
func files(before, after simguest.Snapshot) {
	own := func(path string, _ string) bool { return strings.HasPrefix(path, "/var/metadata/") }
	shown, rest := maps.Clone(before), maps.Clone(after)
	maps.DeleteFunc(shown, own)
	maps.DeleteFunc(rest, own)
	fmt.Print(shown.Diff(rest))
	fmt.Println("\nkept by the suite:")
	for _, path := range slices.Sorted(maps.Keys(after)) {
		if own(path, "") && before[path] != after[path] {
			kind, _, _ := strings.Cut(after[path], "\n")
			fmt.Printf("  %s (%s)\n", path, kind)
		}
	}
}

// bold emphasises text in a terminal.
func bold(text string) string {
	info, err := os.Stdout.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return text
	}
	return "\x1b[1m" + text + "\x1b[0m"
}
