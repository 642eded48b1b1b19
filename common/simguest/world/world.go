// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

// Package world is the ground on which the simulated guest stands: a root
// directory with the guest's files, the state behind its commands as one JSON
// document per subsystem in /sim, the log of every command that ran, and the
// faults that a scenario ordered. What the commands do is for the packages
// beside it; nothing here is illumos's.
package world

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// A World is one simulated guest.
type World struct {
	Root   string  // the guest's root directory; "" if it is the process's own (chroot)
	Memory *Memory // in the place of /sim, if not nil
}

// A Call is one start of a simulated command.
type Call struct {
	World  *World
	Name   string   // base name of the program
	Args   []string // without the program's name
	Env    []string
	Stdin  io.Reader
	Stdout io.Writer
	Stderr io.Writer
}

// A Command plays one illumos command and gives its exit status.
type Command func(*Call) int

// Printf writes to the call's standard output.
func (c *Call) Printf(format string, args ...any) { fmt.Fprintf(c.Stdout, format, args...) }

// Errorf writes to the call's standard error.
func (c *Call) Errorf(format string, args ...any) { fmt.Fprintf(c.Stderr, format, args...) }

// Getenv gives a variable of the call's environment, or "".
func (c *Call) Getenv(name string) string {
	for _, e := range c.Env {
		if v, ok := strings.CutPrefix(e, name+"="); ok {
			return v
		}
	}
	return ""
}

// Path gives the path by which this process opens the guest's file name.
func (w *World) Path(name string) string { return filepath.Join(w.Root+"/", name) }

// Read loads the state of one subsystem from /sim/NAME.json into state, which
// keeps its value if there is none yet.
func (w *World) Read(name string, state any) error {
	if w.Memory != nil {
		return w.Memory.read(name, state)
	}
	b, err := os.ReadFile(w.Path("/sim/" + name + ".json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return json.Unmarshal(b, state)
}

// has says whether there is a state of that name.
func (w *World) has(name string) bool {
	if w.Memory != nil {
		return w.Memory.has(name)
	}
	_, err := os.Stat(w.Path("/sim/" + name + ".json"))
	return err == nil
}

// Write stores the state of one subsystem.
func (w *World) Write(name string, state any) error {
	if w.Memory != nil {
		w.Memory.write(name, state)
		return nil
	}
	b, err := json.MarshalIndent(state, "", "  ")
	if err != nil {
		return err
	}
	file := w.Path("/sim/" + name + ".json")
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	temp := fmt.Sprintf("%s.%d", file, os.Getpid())
	if err := os.WriteFile(temp, append(b, '\n'), 0o644); err != nil {
		return err
	}
	return os.Rename(temp, file)
}

// Locked runs f while no other command of this guest changes state. Read and
// Write belong inside it. Locks do not nest.
func (w *World) Locked(f func() error) error {
	if w.Memory != nil {
		return w.Memory.locked(f)
	}
	if err := os.MkdirAll(w.Path("/sim"), 0o755); err != nil {
		return err
	}
	lock, err := os.OpenFile(w.Path("/sim/lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer lock.Close()
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX); err != nil {
		return err
	}
	return f()
}

// A Record is one line of the log /sim/calls.json: one command that ran.
type Record struct {
	Time   time.Time     `json:"time"` // of its start
	Took   time.Duration `json:"took"`
	Parent int           `json:"parent"` // process that started it
	Argv   []string      `json:"argv"`   // Argv[0] is the base name
	Status int           `json:"status"`
}

func (w *World) record(r Record) error {
	if w.Memory != nil {
		return nil
	}
	b, err := json.Marshal(r)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(w.Path("/sim/calls.json"), os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(append(b, '\n'))
	return errors.Join(err, f.Close())
}

// Calls gives the log so far, oldest first.
func (w *World) Calls() ([]Record, error) {
	b, err := os.ReadFile(w.Path("/sim/calls.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var out []Record
	for line := range strings.Lines(string(b)) {
		var r Record
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			return nil, err
		}
		out = append(out, r)
	}
	return out, nil
}

// ForgetCalls empties the log.
func (w *World) ForgetCalls() error {
	err := os.Remove(w.Path("/sim/calls.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
