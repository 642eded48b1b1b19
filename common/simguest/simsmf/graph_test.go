// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simsmf

import "testing"

// TestOptionalAll: what a service that is named by optional_all does to the one
// that names it, in each of its states; the same for the other groupings.
func TestOptionalAll(t *testing.T) {
	missing := depGroup{grouping: "require_all", entities: []string{"svc:/not/there"}}
	waits := depGroup{grouping: "require_all", entities: []string{"svc:/site/low"}}
	tests := []struct {
		name    string
		x       vertex
		option  int
		require int
		exclude int
	}{
		{"disabled", vertex{state: stateDisabled}, 1, 0, 1},
		{"enabled, and not yet out of disabled", vertex{state: stateDisabled, enabled: true}, 0, 0, 1},
		{"maintenance", vertex{state: stateMaint, enabled: true}, 1, 0, 1},
		{"uninitialized", vertex{state: stateUninit, enabled: true}, 0, 0, 0},
		{"start method runs", vertex{state: stateOffline, enabled: true}, 0, 0, 0},
		{"waits for what can come", vertex{state: stateOffline, enabled: true, groups: []depGroup{waits}}, 0, 0, 0},
		{"waits in vain", vertex{state: stateOffline, enabled: true, groups: []depGroup{missing}}, 1, 0, 0},
		{"online", vertex{state: stateOnline, enabled: true}, 1, 1, -1},
		{"degraded", vertex{state: stateDegraded, enabled: true}, 1, 1, -1},
		{"going down", vertex{state: stateOnline}, 1, 1, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g := newGraph(func(p string) string { return p })
			tt.x.fmri = "svc:/site/x:default"
			g.add(&tt.x)
			g.add(&vertex{fmri: "svc:/site/low:default", state: stateOffline, enabled: true})
			for _, e := range []string{"svc:/site/x", "svc:/site/x:default"} {
				for grouping, want := range map[string]int{"optional_all": tt.option, "require_all": tt.require, "require_any": tt.require, "exclude_all": tt.exclude} {
					if got := g.group(depGroup{grouping: grouping, entities: []string{e}}, false); got != want {
						t.Errorf("%s of %s: %d, want %d", grouping, e, got, want)
					}
				}
			}
		})
	}
}

// TestGroups: several entities, services with several instances, files.
func TestGroups(t *testing.T) {
	g := newGraph(func(p string) string { return t.TempDir() + p })
	for fmri, st := range map[string]string{"svc:/a:default": stateOnline, "svc:/b:default": stateDisabled, "svc:/c:one": stateDisabled, "svc:/c:two": stateOnline} {
		g.add(&vertex{fmri: fmri, state: st, enabled: st == stateOnline})
	}
	tests := []struct {
		name, grouping string
		entities       []string
		deep           bool
		want           int
	}{
		{"nothing", "require_all", nil, false, 1},
		{"nothing of any", "require_any", nil, false, 1},
		{"all up", "require_all", []string{"svc:/a", "svc:/c"}, false, 1},
		{"one down", "require_all", []string{"svc:/a", "svc:/b"}, false, 0},
		{"one down for ever", "require_all", []string{"svc:/a", "svc:/b"}, true, -1},
		{"one instance down", "require_all", []string{"svc:/c:one"}, true, -1},
		{"any up", "require_any", []string{"svc:/b", "svc:/a"}, false, 1},
		{"none up", "require_any", []string{"svc:/b", "svc:/none"}, true, -1},
		{"nothing qualifies", "optional_all", []string{"svc:/b", "svc:/none"}, false, 1},
		{"file that is not there", "require_all", []string{"file://localhost/none"}, true, -1},
		{"file that is there", "require_all", []string{"file:///"}, true, 1},
		{"excluded service is up", "exclude_all", []string{"svc:/c"}, false, -1},
		{"excluded service is down", "exclude_all", []string{"svc:/b"}, false, 1},
	}
	for _, tt := range tests {
		if got := g.group(depGroup{grouping: tt.grouping, entities: tt.entities}, tt.deep); got != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, got, tt.want)
		}
	}
}

// TestPartial: abbreviations of FMRIs, as svcadm and the others take them.
func TestPartial(t *testing.T) {
	b := newBox(t, Config{}, suite(t))
	b.boot(Options{})
	b.settle()
	tests := []struct {
		pattern string
		want    string // of svcs -H -o fmri, or of its error
	}{
		{"metadata/swap", "svc:/system/metadata/swap:default\n"},
		{"swap", "svc:/system/metadata/swap:default\n"},
		{"system/metadata/swap", "svc:/system/metadata/swap:default\n"},
		{"svc:/system/metadata/swap", "svc:/system/metadata/swap:default\n"},
		{"metadata/swap:default", "svc:/system/metadata/swap:default\n"},
		{"node", "svc:/system/identity:node\n"},
		{"identity", "svc:/system/identity:domain\nsvc:/system/identity:node\n"},
		{"system/identity", "svc:/system/identity:domain\nsvc:/system/identity:node\n"},
		{"*/metadata/s*", "svc:/system/metadata/ssh-keys:default\nsvc:/system/metadata/swap:default\n"},
		{"network/ss?", ""},
		{"network/ss?:*", "svc:/network/ssh:default\n"},
		{"network", "svc:/milestone/network:default\nsvc:/system/metadata/network:default\n"},
		{"metadata", "svcs: Pattern 'metadata' doesn't match any instances\n"},
		{"wap", "svcs: Pattern 'wap' doesn't match any instances\n"},
		{"svc:/system/metadata/swap:other", "svcs: Pattern 'svc:/system/metadata/swap:other' doesn't match any instances\n"},
		{"lrc:/etc/rc2_d/S20x", "Operation not supported"},
	}
	for _, tt := range tests {
		out, stderr, status := b.call("/usr/bin/svcs", "-H", "-s", "fmri", "-o", "fmri", tt.pattern)
		if tt.want == "" {
			tt.want = "svcs: Pattern 'svc:/" + tt.pattern + "' doesn't match any instances\n"
		}
		if bad := status != 0; bad != (out == "") || out+stderr != tt.want && !(bad && len(tt.want) < 30) {
			t.Errorf("%s: %q, %q, status %d, want %q", tt.pattern, out, stderr, status, tt.want)
		}
	}
}
