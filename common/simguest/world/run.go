// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package world

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"
)

// A Fault makes a command misbehave. The faults of a guest are in
// /sim/faults.json; each is used up after Times matches (0 means never).
type Fault struct {
	Match string        `json:"match"` // the call has to begin with these words: "ipadm create-addr"
	Skip  int           `json:"skip"`  // let so many matching calls pass first
	Times int           `json:"times"`
	Delay time.Duration `json:"delay,omitempty"` // wait first; a long one is a hang

	// Do is run by "pass" (only the delay), "fail" (Status, Stdout and Stderr
	// in place of the command) or "after" (the command runs, and then its
	// answer is replaced).
	Do     string `json:"do"`
	Status int    `json:"status,omitempty"`
	Stdout string `json:"stdout,omitempty"`
	Stderr string `json:"stderr,omitempty"`
}

// Order adds faults.
func (w *World) Order(faults ...Fault) error {
	return w.Locked(func() error {
		var all []Fault
		if err := w.Read("faults", &all); err != nil {
			return err
		}
		return w.Write("faults", append(all, faults...))
	})
}

// fault finds the first fault for the call, and counts it.
func (w *World) fault(argv []string) (Fault, bool, error) {
	var found Fault
	var ok bool
	if !w.has("faults") {
		return found, false, nil
	}
	err := w.Locked(func() error {
		var all []Fault
		if err := w.Read("faults", &all); err != nil {
			return err
		}
		for i := range all {
			words := strings.Fields(all[i].Match)
			if len(words) > len(argv) || !slices.Equal(words, argv[:len(words)]) {
				continue
			}
			if all[i].Skip > 0 {
				all[i].Skip--
				continue
			}
			found, ok = all[i], true
			if all[i].Times > 0 {
				if all[i].Times--; all[i].Times == 0 {
					all = slices.Delete(all, i, i+1)
				}
			}
			break
		}
		return w.Write("faults", all)
	})
	return found, ok, err
}

// Run plays one call of a command: faults first, then the command itself, and
// the log at the end. It gives the exit status.
func (c *Call) Run(ctx context.Context, command Command) int {
	start := time.Now()
	argv := append([]string{c.Name}, c.Args...)
	status := c.play(ctx, argv, command)
	err := c.World.record(Record{start, time.Since(start), os.Getppid(), argv, status})
	if err != nil {
		fmt.Fprintf(c.Stderr, "simulated guest: %v\n", err)
		return 127
	}
	return status
}

func (c *Call) play(ctx context.Context, argv []string, command Command) int {
	f, ok, err := c.World.fault(argv)
	if err != nil {
		c.Errorf("simulated guest: %v\n", err)
		return 127
	}
	if !ok {
		return command(c)
	}
	select {
	case <-ctx.Done():
		return 137 // killed
	case <-time.After(f.Delay):
	}
	if f.Do == "pass" {
		return command(c)
	}
	if f.Do == "after" {
		quiet := *c
		quiet.Stdout, quiet.Stderr = io.Discard, io.Discard
		command(&quiet)
	}
	c.Printf("%s", f.Stdout)
	c.Errorf("%s", f.Stderr)
	return f.Status
}
