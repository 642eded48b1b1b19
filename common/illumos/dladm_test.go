// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package illumos

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPhysLinks(t *testing.T) {
	const out = `vioif0:Ethernet:up:vioif0
net1:Ethernet:down:e1000g1
ibd0:Infiniband:unknown:hermon0
gone0:Ethernet:?:
`
	g := stub(t, "/sbin/dladm show-phys -p -o link,media,state,device", 0, out, "")
	got, err := PhysLinks(t.Context(), g)
	want := []Link{
		{"vioif0", "Ethernet", "up", "vioif0"},
		{"net1", "Ethernet", "down", "e1000g1"},
		{"ibd0", "Infiniband", "unknown", "hermon0"}, // row N2: no Ethernet link is no trouble
		{"gone0", "Ethernet", "?", ""},
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if got, err := parsePhysLinks(nil); len(got) != 0 || err != nil {
		t.Errorf("no links: %v, %v", got, err)
	}
}

func TestPhysLinksBad(t *testing.T) {
	refuses(t, parsePhysLinks, []badOutput{
		{"a field too few", "vioif0:Ethernet:up:vioif0\nvioif1:Ethernet:up\n", `dladm show-phys: line 2, "vioif1:Ethernet:up": 3 fields, not 4`},
		{"a field too many", "a:b:c:d:e\n", "5 fields"},
		{"an empty line", "\n", "line 1"},
		{"no name", ":Ethernet:up:vioif0\n", "without a name"},
		{"a message", "dladm: insufficient privileges\n", "2 fields"},
		{"an open escape", `a:b:c:d\`, "ends within an escape"},
	})
}

func FuzzPhysLinks(f *testing.F) {
	f.Add([]byte("vioif0:Ethernet:up:vioif0\n"))
	f.Add([]byte(`a\:b:\\::` + "\n"))
	f.Fuzz(func(t *testing.T, out []byte) {
		stable(t, "dladm", out, parsePhysLinks, func(links []Link) (text string) {
			for _, l := range links {
				text += escape(l.Name, l.Media, l.State, l.Device)
			}
			return text
		})
	})
}
