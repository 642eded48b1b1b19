// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simnet_test

import (
	"testing"

	"illumos-metadata/common/simguest/simnet"
)

// threeCards is a guest with two e1000g and a vioif, which has no DHCP server.
func threeCards() simnet.Config {
	server := simnet.Server()
	server.Delay = 0
	return simnet.Config{Links: []simnet.Link{
		{Device: "e1000g0", MAC: "02:08:20:00:00:01", Network: simnet.Network{DHCP: server}},
		{Device: "e1000g1", MAC: "02:08:20:00:00:02", Network: simnet.Network{DHCP: server}},
		{Device: "vioif0", MAC: "02:08:20:00:00:03"},
	}}
}

// TestAggrChange: ports come and go while the aggregation is in use, and what is
// refused leaves it as it was.
func TestAggrChange(t *testing.T) {
	w := booted(t, threeCards())
	failed := func(line, text string) step { return step{line: line, err: "dladm: " + text + "\n", status: 1} }
	over := func(ports string) step { return step{line: "dladm show-link -p -o over aggr1", out: ports + "\n"} }
	play(t, w,
		step{line: "dladm create-aggr -l e1000g0 aggr1"},
		step{line: "ipadm create-addr -T dhcp -w 5 aggr1/dhcp"},
		failed("dladm add-aggr -l vioif9 aggr1", "invalid <link> 'vioif9': object not found"),
		failed("dladm add-aggr -d vioif9 aggr1", "invalid <dev> 'vioif9': object not found"),
		failed("dladm add-aggr -l e1000g1 aggr7", "add operation failed: object not found"),
		failed("dladm add-aggr -l e1000g1 vioif0", "add operation failed: object not found"),
		failed("dladm add-aggr -l e1000g0 aggr1", "add operation failed: link busy"),
		failed("dladm add-aggr -l aggr1 aggr1", "add operation failed: invalid argument"),
		step{line: "ipadm create-if e1000g1"},
		failed("dladm add-aggr -l e1000g1 aggr1", "add operation failed: link busy"),
		step{line: "ipadm delete-if e1000g1"},
		step{line: "dladm set-linkprop -p mtu=1400 vioif0"},
		failed("dladm add-aggr -l e1000g1 -l vioif0 aggr1", "add operation failed: link capabilities don't match"),
		over("e1000g0"),
		step{line: "dladm reset-linkprop -p mtu vioif0"},
		step{line: "dladm add-aggr -l e1000g1 --link=vioif0 aggr1"},
		over("e1000g0,e1000g1,vioif0"),
		failed("dladm remove-aggr -l e1000g0 -l e1000g1 -l vioif0 aggr1", "remove operation failed: invalid argument"),
		step{line: "dladm remove-aggr -l vioif0 aggr1"},
		failed("dladm remove-aggr -l vioif0 aggr1", "remove operation failed: invalid link"),
		failed("dladm modify-aggr aggr1", "at least one of the -PulT options must be specified"),
		failed("dladm modify-aggr -l vioif0 aggr1", "invalid LACP mode 'vioif0'"),
		failed("dladm modify-aggr -P L2 e1000g0", "modify operation failed: object not found"),
		step{line: "dladm modify-aggr -P L3,L4 -L active -T long aggr1"},
		step{line: "dladm modify-aggr -P L2 aggr1"},
		step{line: "dladm show-aggr -p -o link,policy,lacpactivity,lacptimer", out: "aggr1:L2:active:long\n"},
		failed("dladm set-linkprop -p mtu=9000 aggr1", "warning: cannot set link property 'mtu' on 'aggr1': link busy"),
		step{line: "dladm remove-aggr -t -l e1000g0 aggr1", err: "simulated guest: dladm remove-aggr -t is not simulated\n", status: 127},
		over("e1000g0,e1000g1"),
	)
	reboot(t, w)
	play(t, w, step{line: "dladm show-aggr -p -o link,policy,lacpactivity,lacptimer", out: "aggr1:L2:active:long\n"}, over("e1000g0,e1000g1"))
}

// TestAggrAddress: the ports of an aggregation have its address, but for those
// of a driver that cannot change it, and get their own back.
func TestAggrAddress(t *testing.T) {
	w := booted(t, threeCards())
	addresses := func(first, second, third string) step {
		return step{line: "dladm show-phys -m -p -o link,address", out: "" +
			`e1000g0:2\:8\:20\:0\:0\:` + first + "\n" + `e1000g1:2\:8\:20\:0\:0\:` + second + "\n" + `vioif0:2\:8\:20\:0\:0\:` + third + "\n"}
	}
	play(t, w,
		step{line: "dladm create-aggr -l e1000g1 -l e1000g0 -l vioif0 aggr1"},
		addresses("2", "2", "3"),
		step{line: "dladm show-aggr -x", out: "" +
			"LINK        PORT           SPEED    DUPLEX   STATE    ADDRESS            PORTSTATE\n" +
			"aggr1       --             1000Mb   full     up       2:8:20:0:0:2       --\n" +
			"            e1000g1        1000Mb   full     up       2:8:20:0:0:2       attached\n" +
			"            e1000g0        1000Mb   full     up       2:8:20:0:0:1       attached\n" +
			"            vioif0         1000Mb   full     up       2:8:20:0:0:3       attached\n"},
		step{line: "dladm show-aggr -x -p -o link,port,address", out: "" +
			`aggr1::2\:8\:20\:0\:0\:2` + "\n" + `aggr1:e1000g1:2\:8\:20\:0\:0\:2` + "\n" +
			`aggr1:e1000g0:2\:8\:20\:0\:0\:1` + "\n" + `aggr1:vioif0:2\:8\:20\:0\:0\:3` + "\n"},
		step{line: "dladm show-aggr -x -L", err: "dladm: the option -L cannot be used with -x\n", status: 1},
		step{line: "dladm remove-aggr -l e1000g1 aggr1"},
		addresses("1", "2", "3"),
		step{line: "dladm modify-aggr -u 2:8:20:0:0:9 aggr1"},
		addresses("9", "2", "3"),
		step{line: "dladm delete-aggr aggr1"},
		addresses("1", "2", "3"),
	)
}

// TestAggrBoot: a port that is missing at a boot is left out and comes back with
// its card; the MTU of the aggregation is set on its ports.
func TestAggrBoot(t *testing.T) {
	c := threeCards()
	w := booted(t, c)
	play(t, w,
		step{line: "dladm create-aggr -l e1000g0 -l e1000g1 aggr1"},
		step{line: "dladm set-linkprop -p mtu=9000 aggr1"},
		step{line: "ipadm create-addr -T dhcp -w 5 aggr1/dhcp"},
	)
	state := func(over string) []step {
		return []step{
			{line: "dladm show-link -p -o link,mtu,over aggr1", out: "aggr1:9000:" + over + "\n"},
			{line: "ipadm show-addr -p -o state aggr1/dhcp", out: "ok\n"},
		}
	}
	reboot(t, w)
	play(t, w, state("e1000g0,e1000g1")...)
	play(t, w, step{line: "dladm show-link -p -o mtu e1000g1", out: "9000\n"})
	if err := simnet.Unplug(w, "e1000g0"); err != nil {
		t.Fatal(err)
	}
	reboot(t, w)
	play(t, w, state("e1000g1")...)
	if err := simnet.Plug(w, c.Links[0]); err != nil {
		t.Fatal(err)
	}
	reboot(t, w)
	play(t, w, state("e1000g0,e1000g1")...)
}

// TestAggrGonePort: of a port that is not there only the file tells, and
// remove-aggr does not find it.
func TestAggrGonePort(t *testing.T) {
	w := booted(t, threeCards())
	play(t, w, step{line: "dladm create-aggr -l e1000g0 -l e1000g1 -l vioif0 aggr1"})
	if err := simnet.Unplug(w, "e1000g1"); err != nil {
		t.Fatal(err)
	}
	reboot(t, w)
	play(t, w,
		step{line: "dladm remove-aggr -l e1000g1 aggr1", err: "dladm: remove operation failed: object not found\n", status: 1},
		step{line: "dladm remove-aggr -l e1000g0 -l vioif0 aggr1", err: "dladm: remove operation failed: invalid argument\n", status: 1},
		step{line: "dladm remove-aggr -l vioif0 aggr1"},
	)
}
