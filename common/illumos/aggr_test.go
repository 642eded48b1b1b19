// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package illumos

import (
	"context"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"illumos-metadata/common/guest"
)

func TestAggrs(t *testing.T) {
	answers := map[string]string{
		"/sbin/dladm show-aggr -p -o link,policy,lacpactivity,lacptimer": "aggr0:L4:off:short\nbond1:L2,L3:active:long\n",
		"/sbin/dladm show-aggr -x -p -o link,port,address": `aggr0::2\:8\:20\:0\:0\:1
aggr0:net1:2\:8\:20\:0\:0\:1
aggr0:net2:unknown
bond1::2\:8\:20\:0\:0\:3
bond1:net3:2\:8\:20\:0\:0\:3
late0:net4:2\:8\:20\:0\:0\:4
`,
	}
	g := guest.New(t.TempDir(), slog.New(slog.DiscardHandler))
	g.Exec = func(_ context.Context, c guest.Command) ([]byte, error) {
		return []byte(answers[strings.Join(c.Argv, " ")]), nil
	}
	got, err := Aggrs(t.Context(), g)
	want := []Aggr{
		{"aggr0", "L4", "off", "short", []Port{{"net1", "02:08:20:00:00:01"}, {"net2", ""}}},
		{"bond1", "L2,L3", "active", "long", []Port{{"net3", "02:08:20:00:00:03"}}},
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	refuses(t, parseAggrs, []badOutput{
		{"a field too few", "aggr0:L4:off\n", "3 fields, not 4"},
		{"no name", ":L4:off:short\n", "without a name"},
	})
	ports := func(out []byte) ([]Aggr, error) { return nil, addPorts(nil, out) }
	refuses(t, ports, []badOutput{{"unescaped", "aggr0:net1:2:8:20:0:0:1\n", "8 fields, not 3"}})
}

func FuzzAggrs(f *testing.F) {
	f.Add([]byte("aggr0:L4:off:short\nbond1:L2,L3:active:long\n"))
	f.Fuzz(func(t *testing.T, out []byte) {
		stable(t, "dladm", out, parseAggrs, func(all []Aggr) (text string) {
			for _, a := range all {
				text += escape(a.Name, a.Policy, a.LACP, a.Timer)
			}
			return text
		})
	})
}
