// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"errors"
	"testing"
	"time"

	"illumos-metadata/common/metadata"
)

// TestSettings: operands as SMF expands them (row E3): a wrong one is named and
// never taken for the default.
func TestSettings(t *testing.T) {
	tests := []struct {
		name     string
		operands []string
		get      func(*Agent) (any, error)
		want     any // nil: an error of the kind ErrInvalid
	}{
		{"text", []string{"x=root,joe"}, text, "root,joe"},
		{"text with =", []string{"x=a=b"}, text, "a=b"},
		{"empty text", []string{"x="}, text, ""},
		{"the last one counts", []string{"x=a", "x=b"}, text, "b"},
		{"not passed", nil, text, ""},

		{"number", []string{"x=7"}, number, int64(7)},
		{"least", []string{"x=1"}, number, int64(1)},
		{"most", []string{"x=10"}, number, int64(10)},
		{"number not passed", nil, number, int64(5)},
		{"empty number", []string{"x="}, number, int64(5)},
		{"too small", []string{"x=0"}, number, nil},
		{"too large", []string{"x=11"}, number, nil},
		{"far too large", []string{"x=99999999999999999999"}, number, nil},
		{"no number", []string{"x=many"}, number, nil},
		{"fraction", []string{"x=1.5"}, number, nil},

		{"seconds", []string{"x=90"}, seconds, 90 * time.Second},
		{"seconds not passed", nil, seconds, 30 * time.Second},
		{"too many seconds", []string{"x=121"}, seconds, nil},
		{"no time", []string{"x=0"}, seconds, nil},
		{"with a unit", []string{"x=5m"}, seconds, nil},

		{"true", []string{"x=true"}, boolean, true},
		{"false", []string{"x=false"}, boolean, false},
		{"auto", []string{"x=auto"}, boolean, true},
		{"boolean not passed", nil, boolean, true},
		{"no boolean", []string{"x=yes"}, boolean, nil},

		{"unknown operand", []string{"skipp=true"}, text, nil},
		{"no name", []string{"=true"}, text, nil},
		{"no value", []string{"x"}, text, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var a Agent
			var got any
			err := a.set([]string{"x", "y"}, tt.operands)
			if err == nil {
				got, err = tt.get(&a)
			}
			if tt.want == nil {
				if !errors.Is(err, metadata.ErrInvalid) {
					t.Errorf("%q: %v, %v, want an error", tt.operands, got, err)
				}
			} else if got != tt.want || err != nil {
				t.Errorf("%q: %v, %v, want %v", tt.operands, got, err, tt.want)
			}
		})
	}
}

func text(a *Agent) (any, error)    { return a.Setting("x"), nil }
func number(a *Agent) (any, error)  { return a.Int("x", 5, 1, 10) }
func seconds(a *Agent) (any, error) { return a.Seconds("x", 30*time.Second, 2*time.Minute) }
func boolean(a *Agent) (any, error) { return a.Bool("x", true) }
