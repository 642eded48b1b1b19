// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simsmf

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// suite gives the files of a guest with our manifests and methods, and programs
// that tell what they were called with.
func suite(t *testing.T) map[string]string {
	t.Helper()
	files := map[string]string{"/lib/svc/share/smf_include.sh": "SMF_EXIT_ERR_CONFIG=96\n"}
	manifests, err := filepath.Glob("../../../manifests/*.xml")
	if err != nil || len(manifests) != 6 {
		t.Fatalf("manifests %v, %v", manifests, err)
	}
	for _, m := range manifests {
		name := strings.TrimSuffix(filepath.Base(m), ".xml")
		data, err := os.ReadFile(m)
		if err != nil {
			t.Fatal(err)
		}
		method, err := os.ReadFile("../../../methods/metadata-" + name)
		if err != nil {
			t.Fatal(err)
		}
		files["/lib/svc/manifest/system/metadata/"+name+".xml"] = string(data)
		files["/lib/svc/method/metadata-"+name] = string(method)
		files["/usr/lib/metadata/"+name] = "#!/bin/sh\nprintf '<%s>' \"$@\"\necho\n"
	}
	return files
}

const ours = "svc:/system/metadata/"

var six = []string{"hostname", "network", "ssh-keys", "swap", "userscript", "zpool"}

// TestSuiteBoots: all six come online, in an order that their manifests ask for,
// under their real methods.
func TestSuiteBoots(t *testing.T) {
	b := newBox(t, Config{}, suite(t))
	b.boot(Options{})
	b.settle()
	b.want(map[string]string{ours + "hostname": "online", ours + "network": "online", ours + "ssh-keys": "online",
		ours + "swap": "online", ours + "userscript": "online", ours + "zpool": "online"})
	b.want(map[string]string{"multi-user-server": "online", "network/ssh": "online", "dns/client": "disabled", "physical:nwam": "disabled"})
	started := b.told(MethodStarted, func(e Event) string { return e.Method })
	online := b.told(StateChanged, func(e Event) string { return e.State + "/" + e.Next })
	before := func(first, then string) {
		t.Helper()
		i := slices.Index(online, "svc:/"+first+":default online/none")
		j := slices.IndexFunc(started, func(s string) bool { return s == "svc:/"+then+":default start" })
		if i < 0 || j < 0 {
			t.Fatalf("%s or %s never came up: %q", first, then, online)
		}
		k := slices.IndexFunc(b.events, func(e Event) bool { return e.FMRI == "svc:/"+first+":default" && e.State == "online" })
		l := slices.IndexFunc(b.events, func(e Event) bool { return e.FMRI == "svc:/"+then+":default" && e.Kind == MethodStarted })
		if k > l {
			t.Errorf("%s started before %s was online", then, first)
		}
	}
	before("network/physical", "system/metadata/network")
	before("system/metadata/network", "network/initial")
	before("system/metadata/network", "system/metadata/hostname")
	before("system/metadata/hostname", "system/filesystem/local")
	before("system/metadata/zpool", "system/metadata/swap")
	before("system/metadata/swap", "system/filesystem/local")
	before("system/metadata/ssh-keys", "network/ssh")
	before("system/filesystem/local", "system/metadata/ssh-keys")
	if got := b.read("/var/svc/log/system-metadata-network:default.log"); !strings.Contains(got, "<-root><"+b.w.Root+"><skip=auto><dhcp_timeout=30>\n") ||
		!strings.Contains(got, "Executing start method (\"/lib/svc/method/metadata-network skip=auto dhcp_timeout=30\"). ]\n") ||
		!strings.Contains(got, "Method \"start\" exited with status 0. ]\n") {
		t.Errorf("log:\n%s", got)
	}
}

// TestNoCycle: our services close no circle in the graph of the system's, on
// either distribution; and nothing of the system depends on ours but by
// optional_all, which no failure of ours can hold up for ever.
func TestNoCycle(t *testing.T) {
	for _, d := range []Distribution{OmniOS, OpenIndiana} {
		b := newBox(t, Config{Distribution: d}, suite(t))
		if err := importAll(b.w, func(path string, err error) {
			if err != nil {
				t.Errorf("import %s: %v", path, err)
			}
		}); err != nil {
			t.Fatal(err)
		}
		v, err := look(b.w)
		if err != nil {
			t.Fatal(err)
		}
		g := v.graph()
		edges := 0
		for _, fmri := range sorted(g.vertices) {
			if loop := g.cycle(fmri); loop != nil {
				t.Errorf("%s: cycle %v", d, loop)
			}
			for _, group := range g.vertices[fmri].groups {
				for _, e := range group.entities {
					if !strings.HasPrefix(e, ours) {
						continue
					}
					edges++
					if group.grouping != "optional_all" {
						t.Errorf("%s: %s has %s on %s", d, fmri, group.grouping, e)
					}
				}
			}
		}
		if edges < 15 {
			t.Errorf("%s: only %d edges to our services", d, edges)
		}
	}
}

// TestCycleIsFound shows that the check above can fail: the combinations that
// the system's own edges forbid.
func TestCycleIsFound(t *testing.T) {
	tests := []struct{ name, needs, before string }{
		{"local file systems before the network", "system/filesystem/local", "milestone/network"},
		{"network milestone before the identity, through ipfilter, which is disabled", "milestone/network", "system/identity:node"},
		{"single-user before the network", "milestone/single-user", "milestone/network"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBox(t, Config{}, map[string]string{at("loop"): manifest("site/loop", ":true", "1",
				dependency("require_all", tt.needs)+
					"<dependent name='loop' grouping='optional_all' restart_on='none'><service_fmri value='svc:/"+tt.before+"'/></dependent>", "")})
			b.boot(Options{})
			b.settle()
			out := b.ok("/usr/bin/svcs", "-x")
			if !strings.Contains(out, "Reason: Completes a dependency cycle.\n   See: http://illumos.org/msg/SMF-8000-HP\n") {
				t.Errorf("svcs -x: %s", out)
			}
		})
	}
}

// TestAnyOneDisabled: without any one of ours, or with it in maintenance, the
// system comes up, and so do the others (rows of boot hangs).
func TestAnyOneDisabled(t *testing.T) {
	t.Parallel()
	for _, name := range six {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files := suite(t)
			delete(files, "/usr/lib/metadata/"+name)
			b := newBox(t, Config{}, files)
			b.boot(Options{})
			b.settle()
			b.want(map[string]string{"multi-user-server": "online", ours + name: "maintenance"})
			b.ok("/usr/sbin/svcadm", "disable", ours+name)
			b.settle()
			b.halt()
			b.boot(Options{})
			b.settle()
			states := map[string]string{}
			for _, other := range six {
				states[ours+other] = "online"
			}
			states[ours+name] = "disabled"
			b.want(states)
		})
	}
}
