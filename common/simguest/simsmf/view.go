// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simsmf

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"illumos-metadata/common/simguest/world"
)

// A view is what the commands see of SMF at one moment.
type view struct {
	w      *world.World
	repo   *repository
	states map[string]*state
}

// look reads both documents.
func look(w *world.World) (*view, error) {
	v := &view{w: w}
	return v, w.Locked(func() (err error) {
		if v.repo, err = load(w); err != nil {
			return err
		}
		v.states, err = loadStates(w)
		return err
	})
}

// state gives the state of an instance, uninitialized if it never had one.
func (v *view) state(fmri string) *state {
	if st := v.states[fmri]; st != nil {
		return st
	}
	return &state{State: stateUninit, Next: stateNone}
}

// restarter gives the group that svc.startd keeps for an instance, or nil.
func (v *view) restarter(fmri string) *group {
	st := v.states[fmri]
	if st == nil {
		return nil
	}
	g := &group{Type: "framework", Volatile: true}
	g.set("state", "astring", st.State)
	g.set("next_state", "astring", st.Next)
	g.set("state_timestamp", "time", fmt.Sprintf("%d.%09d", st.Since.Unix(), st.Since.Nanosecond()/1000*1000))
	g.set("auxiliary_state", "astring", cmp.Or(st.Aux, "none"))
	if st.Log != "" {
		g.set("logfile", "astring", st.Log)
	}
	if st.AltLog != "" {
		g.set("alt_logfile", "astring", st.AltLog)
	}
	if st.Contract != 0 {
		g.set("contract", "count", strconv.Itoa(st.Contract))
	}
	if st.Pid != 0 {
		g.set("start_pid", "count", strconv.Itoa(st.Pid))
	}
	if st.Wait != nil {
		g.set("start_method_waitstatus", "integer", strconv.Itoa(*st.Wait))
		g.set("start_method_timestamp", "time", fmt.Sprintf("%d.%09d", st.Started.Unix(), st.Started.Nanosecond()/1000*1000))
	}
	return g
}

// current gives the current groups of an instance with svc.startd's, composed
// with the service's or the instance's own alone.
func (v *view) current(fmri string, composed bool) groups {
	s, i := v.repo.find(fmri)
	if i == nil {
		return nil
	}
	out := i.Groups.clone()
	if composed {
		out = compose(s.Groups, i.Groups)
	}
	if g := v.restarter(fmri); g != nil {
		out["restarter"] = g
	}
	return out
}

// sorted gives the names of groups or properties in order. Not known, and
// chosen: the order in which svc.configd gives them.
func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
