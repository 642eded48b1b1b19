// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/hashicorp/go-multierror"

	"illumos-metadata/common/guest"
)

// Join gives all errors that are not nil as one, on one line; nil if there is
// none.
func Join(errs ...error) error {
	all := multierror.Append(nil, errs...)
	all.ErrorFormat = oneLine
	return all.ErrorOrNil()
}

func oneLine(errs []error) string {
	texts := make([]string, len(errs))
	for i, err := range errs {
		texts[i] = err.Error()
	}
	return strings.Join(texts, "; ")
}

// Apply carries out a plan, or prints it under -n. A step that fails skips the
// rest of its part; the other parts go on, until ctx ends. All errors come back
// together.
func (a *Agent) Apply(ctx context.Context, steps []guest.Step) error {
	var errs []error
	failed := map[string]bool{}
	for _, s := range steps {
		if failed[s.Part] {
			continue
		}
		if a.DryRun {
			a.show(s)
			continue
		}
		if ctx.Err() != nil {
			errs = append(errs, fmt.Errorf("%s: %w", s.Why, context.Cause(ctx)))
			break
		}
		changed, err := a.step(ctx, s)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", s.Why, err))
			failed[s.Part] = true
			continue
		}
		if changed {
			a.changes++
			a.Log.Info(s.Why, "step", s.String())
		}
	}
	return Join(errs...)
}

// step does one step and says whether it may have changed anything.
func (a *Agent) step(ctx context.Context, s guest.Step) (bool, error) {
	switch {
	case s.File != nil:
		return a.Guest.WriteFile(*s.File)
	case s.Remove != "":
		return true, a.Guest.Remove(s.Remove)
	}
	c := guest.Command{Argv: s.Argv, Env: s.Env}
	if s.Format {
		c.Limit = guest.FormatLimit
	}
	_, err := a.Guest.Do(ctx, c)
	if err != nil && slices.Contains(s.Accept, guest.ExitStatus(err)) {
		err = nil
	}
	return true, err
}

// show prints a step for -n: the reason, the step, and what it changes in a
// file. A file that is as wanted is no change.
func (a *Agent) show(s guest.Step) {
	if s.File != nil && a.Guest.UpToDate(*s.File) {
		return
	}
	fmt.Fprintf(os.Stdout, "# %s\n%s\n", s.Why, s)
	if s.File == nil || s.File.Secret {
		return
	}
	old, _ := a.Guest.ReadFile(s.File.Path, recMax) // a missing file shows as all new
	for _, line := range changedLines(string(old), string(s.File.Data)) {
		fmt.Fprintln(os.Stdout, line)
	}
}

// changedLines shows what lies between the lines that old and new share at
// their beginning and at their end.
func changedLines(old, new string) []string {
	a, b := lines(old), lines(new)
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	var out []string
	for _, l := range a {
		out = append(out, "-"+l)
	}
	for _, l := range b {
		out = append(out, "+"+l)
	}
	return out
}

func lines(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(strings.TrimSuffix(text, "\n"), "\n")
}
