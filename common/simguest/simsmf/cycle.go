// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simsmf

import (
	"slices"
	"strings"
)

// names says whether a group names an instance, by itself or by its service.
func (d depGroup) names(fmri string) bool {
	service, _, _ := strings.Cut(strings.TrimPrefix(fmri, "svc:/"), ":")
	return slices.ContainsFunc(d.entities, func(e string) bool {
		f := parseFMRI(e)
		return f.service == service && (f.instance == "" || f.String() == fmri)
	})
}

// targets gives all instances that v has an edge to. Exclude groups are edges
// too, once they are there.
func (g *graph) targets(v *vertex) []*vertex {
	var out []*vertex
	for _, d := range v.groups {
		for _, e := range d.entities {
			found, _ := g.members(e)
			out = append(out, found...)
		}
	}
	return out
}

// cycle gives a path from the instance back to itself, as is_path_to would find
// it when the last of its edges is inserted: through services to all of their
// instances, disabled ones and optional dependencies included. An exclude group
// of v itself is exempt.
func (g *graph) cycle(fmri string) []string {
	start := g.vertices[fmri]
	if start == nil {
		return nil
	}
	seen := map[string]bool{}
	var walk func(v *vertex, path []string) []string
	walk = func(v *vertex, path []string) []string {
		for _, next := range g.targets(v) {
			if next == start {
				return append(path, next.fmri)
			}
			if seen[next.fmri] {
				continue
			}
			seen[next.fmri] = true
			if found := walk(next, append(slices.Clone(path), next.fmri)); found != nil {
				return found
			}
		}
		return nil
	}
	own := *start
	own.groups = slices.DeleteFunc(slices.Clone(start.groups), func(d depGroup) bool { return d.grouping == "exclude_all" })
	return walk(&own, []string{fmri})
}
