// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package etcfile

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestIgnoreOnLinks(t *testing.T) {
	const key = "PARAM_IGNORE_LIST"
	routes := map[string][]string{"vioif1": {DHCPRouter}}
	both := map[string][]string{"vioif1": {DHCPRouter, DHCPNameServers}, "vioif0": {DHCPNameServers}}
	for _, tt := range []struct {
		name  string
		file  string
		mine  string // apart by |
		want  map[string][]string
		out   string
		made  string
		taken string // out when nothing is wanted any more; "": the file as it was
	}{
		{"stock", stockDHCPAgent, "", routes,
			strings.Replace(stockDHCPAgent, "\n"+key+"=\n", "\n"+key+"=\nvioif1."+key+"=3\n", 1), "vioif1." + key, ""},
		{"with what all have", key + "=12,6\nX=1\n", "", both, key + "=12,6\nvioif1." + key + "=3,12,6\nX=1\n", "vioif1." + key, ""},
		{"two links", key + "=12\n", "", both, key + "=12\nvioif1." + key + "=3,6,12\nvioif0." + key + "=6,12\n", "vioif0." + key + "|vioif1." + key, ""},
		{"no file", "", "", routes, "vioif1." + key + "=3\n", "vioif1." + key, ""},
		{"open line", "X=1", "", routes, "vioif1." + key + "=3\nX=1", "vioif1." + key, ""},
		{"by hand", "vioif1." + key + "=12\n", "", both, "vioif1." + key + "=3,6,12\nvioif0." + key + "=6\n",
			"vioif0." + key + "|vioif1." + key + " 3|vioif1." + key + " 6", ""},
		{"by hand, all of it", "vioif1." + key + "=Router, 12\n", "", routes, "vioif1." + key + "=Router, 12\n", "", ""},
		{"all links", key + "=3\n", "", routes, key + "=3\n", "", ""},
		{"a second time", key + "=12\nvioif1." + key + "=3,12\n", "vioif1." + key, routes, key + "=12\nvioif1." + key + "=3,12\n", "vioif1." + key, key + "=12\n"},
		{"all have more now", key + "=12,6\nvioif1." + key + "=3,12\n", "vioif1." + key, routes, key + "=12,6\nvioif1." + key + "=3,12,6\n", "vioif1." + key, key + "=12,6\n"},
		{"gone since", key + "=\n", "vioif1." + key + "|vioif2." + key + " 3", routes, key + "=\nvioif1." + key + "=3\n", "vioif1." + key, ""},
		{"last of two counts", "vioif1." + key + "=3\nvioif1." + key + "=\n", "", routes, "vioif1." + key + "=3\nvioif1." + key + "=3\n", "vioif1." + key + " 3", ""},
		{"IPv6 is another", "vioif1.v6." + key + "=3\n", "", routes, "vioif1.v6." + key + "=3\nvioif1." + key + "=3\n", "vioif1." + key, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			mine := strings.FieldsFunc(tt.mine, func(r rune) bool { return r == '|' })
			out, made := IgnoreOnLinks([]byte(tt.file), mine, tt.want)
			if diff := cmp.Diff(tt.out, string(out)); diff != "" || strings.Join(made, "|") != tt.made {
				t.Errorf("made %q, want %s (-want +got):\n%s", made, tt.made, diff)
			}
			again, same := IgnoreOnLinks(out, made, tt.want)
			if string(again) != string(out) || !slices.Equal(made, same) {
				t.Errorf("a second time: made %q\n%s", same, again)
			}
			for link, options := range tt.want {
				for _, number := range options {
					if !IgnoredOnLink(out, link, number) {
						t.Errorf("%s does not ignore %s", link, number)
					}
				}
			}
			taken, none := IgnoreOnLinks(out, made, nil)
			want := tt.taken
			if want == "" {
				want = tt.file
			}
			if string(taken) != want || len(none) > 0 {
				t.Errorf("taken back: made %q\n%s\nwant\n%s", none, taken, want)
			}
		})
	}
	if IgnoredOnLink(nil, "vioif0", DHCPRouter) || IgnoredOnLink([]byte(stockDHCPAgent), "vioif0", DHCPRouter) {
		t.Error("ignored by nobody")
	}
}
