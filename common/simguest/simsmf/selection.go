// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simsmf

import (
	"slices"
	"strings"
)

// selected gives the instances to list.
func (l *lister) selected(operands []string) []string {
	switch l.mode {
	case 'd':
		return l.below(operands)
	case 'D':
		return l.aboveThem(operands)
	}
	list := l.walk(operands)
	if l.all || len(operands) > 0 {
		return list
	}
	return slices.DeleteFunc(list, func(fmri string) bool {
		permanent, temporary, _ := l.view.repo.enabled(fmri)
		return !permanent && !temporary
	})
}

// below gives what the operands depend on, but for what they exclude.
func (l *lister) below(operands []string) []string {
	var out []string
	for _, fmri := range l.walk(operands) {
		for _, g := range dependencies(l.view.repo.running(fmri)) {
			if g.grouping == "exclude_all" {
				continue
			}
			for _, e := range g.entities {
				f := parseFMRI(e)
				switch _, i := l.view.repo.find(e); {
				case i != nil:
					out = append(out, f.String())
				case f.instance == "":
					out = append(out, l.view.repo.instances(f.service)...)
				}
			}
		}
	}
	return unique(slices.DeleteFunc(out, func(s string) bool { return !strings.HasPrefix(s, "svc:/") }))
}

// aboveThem gives what depends on the operands. A service matches only what
// names the service itself.
func (l *lister) aboveThem(operands []string) []string {
	var out []string
	for _, target := range l.view.repo.walk(walk{multiple: true, services: true}, operands, l.warn) {
		t := parseFMRI(target)
		for _, fmri := range l.view.repo.instances("") {
			for _, g := range dependencies(l.view.repo.running(fmri)) {
				match := slices.ContainsFunc(g.entities, func(e string) bool {
					f := parseFMRI(e)
					return f.service == t.service && (f.instance == t.instance || f.instance == "" && t.instance != "")
				})
				if match && g.grouping != "exclude_all" {
					out = append(out, fmri)
				}
			}
		}
	}
	return unique(out)
}
