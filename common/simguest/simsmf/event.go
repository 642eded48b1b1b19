// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simsmf

import "time"

// A Kind says what an Event tells.
type Kind string

// The kinds of events.
const (
	Imported      Kind = "imported"     // a manifest, Path; Why if it was refused
	StateChanged  Kind = "state"        // State, Next and Why
	MethodStarted Kind = "method-start" // Method and Exec
	MethodEnded   Kind = "method-end"   // Method, Status, Signal, TimedOut and Took
	Shutdown      Kind = "shutdown"     // How
)

// An Event is one thing that happened, as Options.Events is told.
type Event struct {
	Kind Kind
	Time time.Time
	FMRI string // of the instance: svc:/system/metadata/swap:default

	State string // the state now
	Next  string // the state that a running transition leads to; "none" if none runs
	Why   string // svc.startd's auxiliary state: dependencies_satisfied, fault_threshold_reached, ...

	Method   string // start, stop or refresh
	Exec     string // after expansion, as in the log; "" if nothing is run (:true)
	Pid      int    // of a method that is a process
	Status   int    // exit status
	Signal   int    // that ended it; 0 if it exited
	TimedOut bool
	Took     time.Duration

	Path string // of a manifest
	How  How
}

// How is the way in which a system goes down.
type How string

// The ways of going down.
const (
	Reboot   How = "reboot"
	PowerOff How = "poweroff"
	HaltOnly How = "halt"
)
