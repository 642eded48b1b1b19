// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"illumos-metadata/common/metadata"
)

// set reads the operands: SMF expands the service's config properties into the
// exec string as name=value.
func (a *Agent) set(names, operands []string) error {
	a.settings = map[string]string{}
	for _, op := range operands {
		name, value, ok := strings.Cut(op, "=")
		if !ok || !slices.Contains(names, name) {
			return fmt.Errorf("%w operand %q: settings are %s", metadata.ErrInvalid, op, strings.Join(names, ", "))
		}
		a.settings[name] = value
	}
	return nil
}

// Setting gives a property of the service's config property group, or "" if it
// was not passed.
func (a *Agent) Setting(name string) string { return a.settings[name] }

// Int gives a whole number between least and most, or def if it was not passed.
func (a *Agent) Int(name string, def, least, most int64) (int64, error) {
	text := a.settings[name]
	if text == "" {
		return def, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < least || n > most {
		return def, fmt.Errorf("%w property config/%s %q: a number from %d to %d expected", metadata.ErrInvalid, name, text, least, most)
	}
	return n, nil
}

// Seconds gives a time from one second to most, or def if it was not passed.
func (a *Agent) Seconds(name string, def, most time.Duration) (time.Duration, error) {
	n, err := a.Int(name, int64(def/time.Second), 1, int64(most/time.Second))
	return time.Duration(n) * time.Second, err
}

// Bool gives a boolean, or def if it was not passed or is "auto".
func (a *Agent) Bool(name string, def bool) (bool, error) {
	switch text := a.settings[name]; text {
	case "", "auto":
		return def, nil
	case "true", "false":
		return text == "true", nil
	default:
		return def, fmt.Errorf("%w property config/%s %q: true or false expected", metadata.ErrInvalid, name, text)
	}
}
