// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simsmf

import (
	"context"
	"errors"
	"time"

	"illumos-metadata/common/simguest/world"
)

// A Distribution is one of the systems that differ in a service's dependencies.
type Distribution string

// The distributions.
const (
	OmniOS      Distribution = "omnios" // "" is the same
	OpenIndiana Distribution = "openindiana"
)

// Config says what the repository of a new guest holds.
type Config struct {
	Distribution Distribution
	// Zone is the name of the zone; "" means global.
	Zone string
	// Enable and Disable are instances of the system's own services that are
	// not as they come: "svc:/network/dns/client:default".
	Enable, Disable []string
	// Absent are services of the system that this image does not have:
	// "network/ipfilter".
	Absent []string
}

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
	// Grace is how long Halt waits after SIGTERM; 0 means 5 s.
	Grace time.Duration
}

// A System is a guest that is up: svc.startd at work in this process.
type System struct{}

var errTODO = errors.New("not written yet")

// Commands are the commands of SMF, and those that bring a system down, by
// their path on the guest.
func Commands() map[string]world.Command { return nil }

// Build makes the repository of a new guest, with the system's own services.
func Build(w *world.World, c Config) error { return errTODO }

// Boot imports the guest's manifests and starts what is enabled. It returns at
// once; the work goes on until Halt, or the end of ctx.
func Boot(ctx context.Context, w *world.World, o Options) (*System, error) { return nil, errTODO }

// Settle waits until no method runs and nothing more can start.
func (s *System) Settle(ctx context.Context) error { return errTODO }

// Halt takes the system down as init(8) and svc.startd(8) do: SIGTERM to what
// runs, SIGKILL after Options.Grace. What is stored stays for the next Boot.
func (s *System) Halt(ctx context.Context) error { return errTODO }

// Down gives what the guest asked for with reboot(8), halt(8), poweroff(8),
// shutdown(8) or init(8): one value, when it asks. The system then goes down by
// itself; Halt waits for that.
func (s *System) Down() <-chan How { return nil }

// A Status is what svcs(1) shows of an instance.
type Status struct {
	FMRI    string
	Enabled bool
	State   string    // online, maintenance, ...
	Next    string    // none, or where a running transition leads
	Since   time.Time // of State
	Why     string    // auxiliary state
	Log     string    // path on the guest
}

// List gives all instances, in order of their FMRI. It needs no live System.
func List(w *world.World) ([]Status, error) { return nil, errTODO }
