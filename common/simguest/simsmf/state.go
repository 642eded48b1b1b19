// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simsmf

import (
	"fmt"
	"path"
	"strings"
	"time"

	"illumos-metadata/common/simguest/world"
)

// A state is the restarter property group of an instance.
type state struct {
	State  string    `json:"state"`
	Next   string    `json:"next"`
	Aux    string    `json:"aux,omitempty"`
	Since  time.Time `json:"since"`
	Log    string    `json:"log,omitempty"`
	AltLog string    `json:"alt_log,omitempty"` // of the time before filesystem/minimal

	Contract int       `json:"contract,omitempty"` // contract of the running service
	Pid      int       `json:"pid,omitempty"`      // of the last start method
	Started  time.Time `json:"started,omitzero"`   // of the last start method
	Wait     *int      `json:"wait,omitempty"`     // its wait status, as wait(2) gives it
}

// loadStates reads the states of all instances.
func loadStates(w *world.World) (map[string]*state, error) {
	states := map[string]*state{}
	if err := w.Read(statesName, &states); err != nil {
		return nil, fmt.Errorf("read the states: %w", err)
	}
	return states, nil
}

// logName gives the name of an instance's log, as log_init of svc.startd makes it.
func logName(fmri string) string {
	return strings.ReplaceAll(strings.TrimPrefix(fmri, "svc:/"), "/", "-") + ".log"
}

// Where logs are.
const (
	logDir      = "/var/svc/log"
	earlyLogDir = "/etc/svc/volatile"
)

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
func List(w *world.World) ([]Status, error) {
	v, err := look(w)
	if err != nil {
		return nil, err
	}
	var out []Status
	for _, fmri := range v.repo.instances("") {
		st := v.state(fmri)
		_, enabled, _ := v.repo.enabled(fmri)
		log := st.Log
		if log == "" {
			log = path.Join(logDir, logName(fmri))
		}
		out = append(out, Status{fmri, enabled, st.State, st.Next, st.Since, st.Aux, log})
	}
	return out, nil
}
