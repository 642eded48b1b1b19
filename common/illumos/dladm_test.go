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

// TestMACs: zeros are put in front (row N1), and what is no address is none
// (row N2).
func TestMACs(t *testing.T) {
	const out = `vioif0:primary:2\:8\:20\:A\:b\:c:yes
vioif0:1:2\:8\:20\:1\:2\:3:no
ibd0:primary:80\:0\:0\:48\:fe\:80\:0\:0\:0\:0\:0\:0\:0\:2\:c9\:3\:0\:1\:2\:3:no
net1:primary:unknown:no
net2:primary::yes
net3:primary:?:?
net3:1:2\:8\:20\:1\:2\:3:yes
net4:primary:2\:8\:20\:1\:2\:g:no
`
	g := stub(t, "/sbin/dladm show-phys -m -p -o link,slot,address,inuse", 0, out, "")
	got, inUse, err := MACs(t.Context(), g)
	want := map[string]string{
		"vioif0": "02:08:20:0a:0b:0c",
		"ibd0":   "80:00:00:48:fe:80:00:00:00:00:00:00:00:02:c9:03:00:01:02:03",
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if diff := cmp.Diff(map[string]bool{"vioif0": true, "net2": true}, inUse); diff != "" {
		t.Errorf("in use (-want +got):\n%s", diff)
	}
	parse := func(out []byte) (map[string]string, error) {
		macs, _, err := parseMACs(out)
		return macs, err
	}
	refuses(t, parse, []badOutput{
		{"unescaped", "vioif0:primary:2:8:20:1:2:3:no\n", "9 fields, not 4"},
		{"no name", ":primary::no\n", "without a name"},
	})
}

func TestDatalinks(t *testing.T) {
	const out = `vioif0:phys:1500:
vlan100:vlan:1496:vioif0
aggr0:aggr:9000:vioif1,vioif2
aggr1:aggr:9000:vioif3 vioif4
`
	g := stub(t, "/sbin/dladm show-link -p -o link,class,mtu,over", 0, out, "")
	got, err := Datalinks(t.Context(), g)
	want := []Datalink{
		{"vioif0", "phys", 1500, []string{}},
		{"vlan100", "vlan", 1496, []string{"vioif0"}},
		{"aggr0", "aggr", 9000, []string{"vioif1", "vioif2"}},
		{"aggr1", "aggr", 9000, []string{"vioif3", "vioif4"}},
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	refuses(t, parseDatalinks, []badOutput{
		{"no MTU", "vioif0:phys::\n", "no number"},
		{"no name", ":phys:1500:\n", "without a name"},
		{"a field too few", "vioif0:phys:1500\n", "3 fields, not 4"},
	})
}

func TestVLANs(t *testing.T) {
	g := stub(t, "/sbin/dladm show-vlan -p -o link,vid,over", 0, "vlan100:100:vioif0\nvioif7000:7:vioif0\n", "")
	got, err := VLANs(t.Context(), g)
	want := []VLAN{{"vlan100", 100, "vioif0"}, {"vioif7000", 7, "vioif0"}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	refuses(t, parseVLANs, []badOutput{
		{"no number", "vlan100::vioif0\n", "no number"},
		{"no name", ":100:vioif0\n", "without a name"},
		{"a field too few", "vlan100:100\n", "2 fields, not 3"},
	})
}
