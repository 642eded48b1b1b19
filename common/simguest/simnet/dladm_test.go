// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simnet_test

import (
	"strings"
	"testing"

	"illumos-metadata/common/simguest/simnet"
)

func TestDladmTables(t *testing.T) {
	c := twoLinks()
	c.Links[1].Down = true
	w := booted(t, c)
	play(t, w,
		step{line: "dladm show-phys", out: "" +
			"LINK         MEDIA                STATE      SPEED    DUPLEX   DEVICE\n" +
			"vioif0       Ethernet             up         1000     full     vioif0\n" +
			"vioif1       Ethernet             down       1000     full     vioif1\n"},
		step{line: "dladm show-phys -m vioif0", out: "" +
			"LINK         SLOT     ADDRESS            INUSE CLIENT\n" +
			"vioif0       primary  2:8:20:1:2:3       no   --\n"},
		step{line: "dladm show-phys -m -p -o link,address", out: "vioif0:2\\:8\\:20\\:1\\:2\\:3\nvioif1:2\\:8\\:20\\:a\\:b\\:c\n"},
		step{line: "dladm show-phys -m -p -o address vioif0", out: "2:8:20:1:2:3\n"},
		step{line: "dladm show-phys -p -o link,media,state,device", out: "vioif0:Ethernet:up:vioif0\nvioif1:Ethernet:down:vioif1\n"},
		step{line: "dladm show-ether -p -o link", out: "vioif0\nvioif1\n"},
		step{line: "dladm create-vlan -l vioif0 -v 100 vlan100"},
		step{line: "dladm show-link -p -o link,class,mtu,state,bridge,over", out: "" +
			"vioif0:phys:1500:up::\nvioif1:phys:1500:down::\nvlan100:vlan:1500:up::vioif0\n"},
	)
}

func TestDladmRefuses(t *testing.T) {
	w := booted(t, twoLinks())
	failed := func(line, text string) step { return step{line: line, err: "dladm: " + text + "\n", status: 1} }
	play(t, w,
		step{line: "ipadm create-if vioif1"},
		failed("dladm show-phys -p -o link,address", "unknown output field: `address'"),
		failed("dladm show-phys -p", "-p requires -o"),
		failed("dladm show-phys -p -o all", `"-o all" is invalid with -p`),
		failed("dladm show-phys net9", "link net9 is not valid: object not found"),
		failed("dladm show-link net9", "link net9 is not valid: object not found"),
		failed("dladm show-ether net9", "invalid link specified"),
		failed("dladm show-vlan vioif0", "datalink vioif0 is not a vlan: found class phys"),
		failed("dladm create-vlan -l net9 -v 5 v5", "invalid link name 'net9'"),
		failed("dladm create-vlan -l vioif0 -v 4095", "invalid VLAN identifier '4095'"),
		failed("dladm create-aggr -l vioif0 -l vioif1 aggr0", "create operation failed: link busy"),
		failed("dladm rename-link vioif1 net1", "rename operation failed: link busy"),
		failed("dladm rename-link vioif0 net-0", "rename operation failed: invalid argument"),
		failed("dladm rename-link vioif0 vioif1", "rename operation failed: object already exists"),
		failed("dladm set-linkprop -p mtu=10000 vioif0", "warning: cannot set link property 'mtu' on 'vioif0': invalid argument"),
		failed("dladm set-linkprop -p nope=1 vioif0", "warning: invalid link property 'nope'"),
		failed("dladm set-linkprop -p mtu=1400 net9", "link net9 is not valid: object not found"),
		failed("dladm set-linkprop vioif0", "link property must be specified"),
		step{line: "dladm show-vnic", err: "simulated guest: dladm show-vnic is not simulated\n", status: 127},
	)
	if got := run(t, w, "dladm frobnicate"); got.Status != 1 || !strings.HasPrefix(got.Err, "dladm: unknown subcommand 'frobnicate'\nusage:") {
		t.Errorf("dladm frobnicate: got %+v", got)
	}
}

// Names and MTU are in datalink.conf; what is temporary goes with a reboot.
func TestDatalinksSurvive(t *testing.T) {
	w := booted(t, twoLinks())
	play(t, w,
		step{line: "dladm rename-link vioif0 net0"},
		step{line: "dladm set-linkprop -p mtu=9000 net0"},
		step{line: "dladm set-linkprop -t -p mtu=1400 vioif1"},
		step{line: "dladm create-vlan -t -l net0 -v 5 tmp5"},
		step{line: "dladm create-vlan -l net0 -v 6 vlan6"},
		step{line: "dladm create-aggr -t -l vioif1 aggr0"},
	)
	reboot(t, w)
	play(t, w, step{line: "dladm show-link -p -o link,class,mtu,over", out: "net0:phys:9000:\nvioif1:phys:1500:\nvlan6:vlan:9000:net0\n"})
}

// A device that was taken out keeps its name for when it comes back.
func TestPlug(t *testing.T) {
	w := booted(t, twoLinks())
	play(t, w, step{line: "dladm rename-link vioif1 net1"})
	do := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	do(simnet.Unplug(w, "vioif1"))
	reboot(t, w)
	play(t, w,
		step{line: "dladm show-phys -p -o link,device", out: "vioif0:vioif0\n"},
		step{line: "dladm show-phys -P -p -o link,flags", out: "vioif0:-----\nnet1:r----\n"},
		died("ipadm create-if net1", "Could not create net1 : Could not open DLPI link"),
	)
	do(simnet.Plug(w, simnet.Link{Device: "vioif1", MAC: "02:08:20:0a:0b:0c"}))
	do(simnet.Plug(w, simnet.Link{Device: "e1000g0", MAC: "02:08:20:0a:0b:0d"}))
	reboot(t, w)
	play(t, w,
		step{line: "dladm show-phys -p -o link,device", out: "vioif0:vioif0\nnet1:vioif1\ne1000g0:e1000g0\n"},
		step{line: "dladm rename-link vioif0 net0"}, step{line: "dladm rename-link e1000g0 ixgbe0"},
	)
	do(simnet.Unplug(w, "e1000g0"))
	do(simnet.Plug(w, simnet.Link{Device: "ixgbe0", MAC: "02:08:20:0a:0b:0e"})) // whose name is taken
	reboot(t, w)
	play(t, w, step{line: "dladm show-phys -p -o link,device", out: "net0:vioif0\nnet1:vioif1\nnet2:ixgbe0\n"})
	if err := simnet.Plug(w, simnet.Link{Device: "vioif1", MAC: "02:08:20:0a:0b:0c"}); err == nil {
		t.Error("plugged a device in twice")
	}
	if err := simnet.Unplug(w, "vioif7"); err == nil {
		t.Error("unplugged a device that is not there")
	}
}
