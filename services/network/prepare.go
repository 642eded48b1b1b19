// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"slices"
	"strings"

	"illumos-metadata/common/agent"
	"illumos-metadata/common/guest"
)

// linkPart is before the document's name of a link in the part of the steps that
// prepare it.
const linkPart = "link "

// prepareFor adds steps that come before everything else: the rest of the plan
// counts on the links that they make.
func (p *plan) prepareFor(name string, steps ...guest.Step) {
	for _, s := range steps {
		s.Part = linkPart + name
		p.prepare = append(p.prepare, s)
	}
}

// prepared prepares the links and gives the plan for the rest. What was on them
// may be gone by then: where dladm(8) refuses a link its new form, the plan is
// made anew without that, so that the guest gets the addresses on what it has.
// The error is that of the plan, with those of its steps.
func prepared(ctx context.Context, a *agent.Agent, rec record, w want, t todo, planned error, instance string) (todo, record, error) {
	var errs []error
	for len(t.prepare) > 0 && ctx.Err() == nil {
		rec = rec.under(t.made, instance)
		if err := a.WriteRecord(rec); err != nil {
			return t, rec, err
		}
		failed := map[string]bool{}
		errs = append(errs, inParts(ctx, a, failed, t.prepare))
		was, done := t.was, append(t.done, t.prepare...)
		t.prepare, t.done = nil, done
		fresh := w.without(failed)
		if len(fresh.stuck) == len(w.stuck) {
			break
		}
		w = fresh
		s, err := readState(ctx, a.Guest, true)
		if err != nil {
			return t, rec, agent.Join(append(errs, err)...)
		}
		t, planned = decide(w, s, rec, instance)
		t.was, t.done = was, done
	}
	return t, rec, agent.Join(append(errs, planned)...)
}

// without leaves the links of these parts as they are.
func (w want) without(failed map[string]bool) want {
	w.stuck = slices.Clone(w.stuck)
	for part := range failed {
		if name, ok := strings.CutPrefix(part, linkPart); ok && !slices.Contains(w.stuck, name) {
			w.stuck = append(w.stuck, name)
		}
	}
	return w
}
