// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simsmf

import (
	"os"
	"strings"
)

// States of instances (smf(7)).
const (
	stateUninit   = "uninitialized"
	stateDisabled = "disabled"
	stateOffline  = "offline"
	stateOnline   = "online"
	stateDegraded = "degraded"
	stateMaint    = "maintenance"
	stateNone     = "none"
)

// A depGroup is one dependency group of an instance.
type depGroup struct {
	name, grouping, restartOn string
	entities                  []string
}

// A vertex is an instance in svc.startd's graph.
type vertex struct {
	fmri    string
	enabled bool
	state   string
	groups  []depGroup
}

// A graph is what svc.startd's graph engine (graph.c) knows: the configured
// instances, and how to look at a file of the guest.
type graph struct {
	vertices map[string]*vertex
	services map[string][]*vertex // by name of the service
	path     func(string) string

	vain map[string]int // results of ready with deep, until a state changes
}

func newGraph(path func(string) string) *graph {
	return &graph{vertices: map[string]*vertex{}, services: map[string][]*vertex{}, path: path, vain: map[string]int{}}
}

func (g *graph) add(v *vertex) {
	service := parseFMRI(v.fmri).service
	g.vertices[v.fmri] = v
	g.services[service] = append(g.services[service], v)
}

// changed has to be called when a state has changed.
func (g *graph) changed() { clear(g.vain) }

func (v *vertex) running() bool { return v.state == stateOnline || v.state == stateDegraded }

// dependencies reads the dependency groups of an instance from its running
// snapshot, in order of their names.
func dependencies(pgs groups) []depGroup {
	var out []depGroup
	for _, name := range sorted(pgs) {
		pg := pgs[name]
		if pg.Type != "dependency" || pg.Props["entities"] == nil {
			continue
		}
		out = append(out, depGroup{name, pg.get("grouping"), pg.get("restart_on"), pg.Props["entities"].Values})
	}
	return out
}

// members gives the instances that an entity stands for; single says whether
// it is an instance and not a service.
func (g *graph) members(entity string) (found []*vertex, single bool) {
	f := parseFMRI(entity)
	if f.instance != "" {
		if v := g.vertices[f.String()]; v != nil {
			return []*vertex{v}, true
		}
		return nil, true
	}
	return g.services[f.service], false
}

// file gives the path of a file FMRI.
func file(entity string) (string, bool) {
	p, ok := strings.CutPrefix(entity, "file:")
	if !ok {
		return "", false
	}
	return strings.TrimPrefix(strings.TrimPrefix(p, "//localhost"), "//"), true
}

// The three results of an evaluation.
const (
	unsatisfiable = -1 // needs an administrator
	unsatisfied   = 0
	satisfied     = 1
)

// ready is instance_satisfied: all groups of an instance together. With deep,
// what waits is looked into, and may turn out to wait in vain.
func (g *graph) ready(v *vertex, deep bool) int {
	return all(v.groups, deep, func(d depGroup) int { return g.group(d, deep) })
}

// all gives the result of several that have to be satisfied together. Without
// deep the first that is not decides.
func all[T any](parts []T, deep bool, of func(T) int) int {
	result := satisfied
	for _, part := range parts {
		switch r := of(part); {
		case r == satisfied:
		case !deep:
			return unsatisfied
		case r == unsatisfiable:
			return unsatisfiable
		default:
			result = unsatisfied
		}
	}
	return result
}

func (g *graph) group(d depGroup, deep bool) int {
	switch d.grouping {
	case "require_any":
		return g.requireAny(d.entities, deep)
	case "optional_all":
		return g.optionalAll(d.entities, deep)
	case "exclude_all":
		return g.excludeAll(d.entities)
	}
	return all(d.entities, deep, func(e string) int { return g.entity(e, deep) })
}

func (g *graph) requireAny(entities []string, deep bool) int {
	if len(entities) == 0 {
		return satisfied
	}
	result := unsatisfiable
	for _, e := range entities {
		switch g.entity(e, deep) {
		case satisfied:
			return satisfied
		case unsatisfied:
			result = unsatisfied
		}
	}
	if !deep {
		return unsatisfied
	}
	return result
}

// entity is dependency_satisfied for something that a group names.
func (g *graph) entity(e string, deep bool) int {
	if name, ok := file(e); ok {
		return g.file(name)
	}
	found, _ := g.members(e)
	result := unsatisfiable
	for _, v := range found {
		switch g.instance(v, deep) {
		case satisfied:
			return satisfied
		case unsatisfied:
			result = unsatisfied
		}
	}
	if result == unsatisfiable && !deep && len(found) > 1 {
		return unsatisfied
	}
	return result
}

func (g *graph) file(name string) int {
	if _, err := os.Stat(g.path(name)); err != nil {
		return unsatisfiable
	}
	return satisfied
}

// instance is dependency_satisfied for an instance.
func (g *graph) instance(v *vertex, deep bool) int {
	switch v.state {
	case stateOnline, stateDegraded:
		return satisfied
	case stateDisabled, stateMaint:
		return unsatisfiable
	case stateOffline:
		if deep && g.inVain(v) {
			return unsatisfiable
		}
	}
	return unsatisfied
}

// inVain says whether an offline instance waits for what will never be.
func (g *graph) inVain(v *vertex) bool {
	r, known := g.vain[v.fmri]
	if !known {
		r = g.ready(v, true)
		g.vain[v.fmri] = r
	}
	return r == unsatisfiable
}

// optionalAll considers only instances that are enabled and not in
// maintenance; one that waits in vain counts as satisfied (illumos 7267).
func (g *graph) optionalAll(entities []string, deep bool) int {
	result := satisfied
	for _, e := range entities {
		r, qualified := g.optional(e, deep)
		switch {
		case !qualified || r == satisfied:
		case !deep:
			return unsatisfied
		case r == unsatisfiable:
			return unsatisfiable
		default:
			result = unsatisfied
		}
	}
	return result
}

func (g *graph) optional(e string, deep bool) (result int, qualified bool) {
	if name, ok := file(e); ok {
		return g.file(name), true
	}
	result = unsatisfiable
	found, _ := g.members(e)
	for _, v := range found {
		if !v.enabled || v.state == stateMaint {
			continue
		}
		qualified = true
		var r int
		switch v.state {
		case stateOffline:
			if r = g.instance(v, true); r == unsatisfiable {
				r = satisfied
			}
		case stateDisabled: // enabled, and not yet out of it
			r = unsatisfied
		default:
			r = g.instance(v, deep)
		}
		if r == satisfied {
			return satisfied, true
		}
		result = max(result, r)
	}
	return result, qualified
}

// excludeAll is satisfied while nothing that is named is up, or coming up.
func (g *graph) excludeAll(entities []string) int {
	for _, e := range entities {
		if name, ok := file(e); ok {
			if g.file(name) == satisfied {
				return unsatisfiable
			}
			continue
		}
		found, _ := g.members(e)
		for _, v := range found {
			switch {
			case v.running() && v.enabled:
				return unsatisfiable
			case v.running(), v.state == stateOffline, v.state == stateUninit:
				return unsatisfied
			}
		}
	}
	return satisfied
}
