// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simnet_test

import (
	"testing"

	"illumos-metadata/common/simguest/simnet"
)

func TestAggregation(t *testing.T) {
	w := booted(t, simnet.ManyLinks(3))
	failed := func(line, text string) step { return step{line: line, err: "dladm: " + text + "\n", status: 1} }
	play(t, w,
		failed("dladm create-aggr -l vioif0 -l vioif0 aggr1", "create operation failed: link busy"),
		failed("dladm create-aggr -l vioif9 aggr1", "invalid link name 'vioif9': object not found"),
		failed("dladm create-aggr -P L5 -l vioif0 aggr1", "invalid policy 'L5'"),
		failed("dladm create-aggr -L maybe -l vioif0 aggr1", "invalid LACP mode 'maybe'"),
		failed("dladm create-aggr -T never -l vioif0 aggr1", "invalid LACP timer value 'never'"),
		failed("dladm create-aggr -u 1:2:3 -l vioif0 aggr1", "invalid MAC address '1:2:3'"),
		failed("dladm create-aggr -l vioif0 aggr-1", "invalid link name 'aggr-1'"),
		failed("dladm create-aggr -P L2 -P L3 -l vioif0 aggr1", "the option -P cannot be specified more than once"),
		step{line: "dladm create-aggr -P L2,L3 -L active -u 2:8:20:9:9:9 -l vioif0 --link=vioif1 1"},
		step{line: "dladm show-aggr", out: "" +
			"LINK            POLICY   ADDRPOLICY           LACPACTIVITY  LACPTIMER   FLAGS\n" +
			"aggr1           L2,L3    fixed (2:8:20:9:9:9) active        short       -----\n"},
		step{line: "dladm show-link -p -o over aggr1", out: "vioif0,vioif1\n"},
		failed("dladm show-aggr vioif2", "failed to show aggr vioif2: invalid argument"),
		failed("dladm show-aggr 7", "non-existent aggregation '7'"),
		died("ipadm create-if vioif0", "Could not create vioif0 : Could not open DLPI link"),
		step{line: "ipadm create-addr -T dhcp -w 5 aggr1/dhcp"},
		step{line: "ipadm show-addr -p -o addr aggr1/dhcp", out: "10.0.2.15/24\n"},
		failed("dladm delete-aggr aggr1", "delete operation failed: link busy"),
		step{line: "ipadm delete-if aggr1"},
		failed("dladm delete-vlan aggr1", "delete operation failed: invalid argument"),
		step{line: "dladm delete-aggr -t aggr1"},
	)
	reboot(t, w)
	play(t, w,
		step{line: "dladm show-link -p -o link,over aggr1", out: "aggr1:vioif0,vioif1\n"},
		step{line: "dladm delete-aggr 1"},
		failed("dladm delete-aggr 1", "delete operation failed: object not found"),
	)
	noisy := simnet.Config{Links: []simnet.Link{{Device: "e1000g0", MAC: "02:08:20:00:00:01", NoNotify: true, NoVLAN: true, NoStatistics: true}}}
	t.Run("poor device", func(t *testing.T) {
		w := booted(t, noisy)
		play(t, w,
			failed("dladm create-aggr -l e1000g0 aggr1", "not all links have link up/down detection; must use -f (see dladm(8))"),
			failed("dladm create-vlan -l e1000g0 -v 2", "create operation failed: MTU check failed, use lower MTU or -f option"),
			step{line: "dladm show-ether -p -o link"}, // passed over
			step{line: "dladm create-aggr -f -l e1000g0 aggr1"},
		)
	})
}

func TestVLAN(t *testing.T) {
	c := twoLinks()
	c.Links[0].VLANs = map[int]simnet.Network{7: {DHCP: &simnet.DHCP{Address: simnet.Server().Address}}}
	w := booted(t, c)
	failed := func(line, text string) step { return step{line: line, err: "dladm: " + text + "\n", status: 1} }
	play(t, w,
		step{line: "dladm create-vlan -l vioif0 -v 7"},
		failed("dladm create-vlan -l vioif0 -v 7 again0", "create operation failed: MAC address is already in use"),
		failed("dladm create-vlan -l vioif7000 -v 8", "invalid link name 'vioif7000'"),
		step{line: "dladm show-vlan", out: "" +
			"LINK            VID      OVER         FLAGS\nvioif7000       7        vioif0       -----\n"},
		step{line: "ipadm create-addr -T dhcp vioif7000/dhcp"},
		step{line: "ipadm show-addr -p -o addr vioif7000/", out: "10.0.2.15/24\n"},
		step{line: "dladm show-linkprop -p mtu vioif7000", out: "" +
			"LINK         PROPERTY        PERM VALUE          DEFAULT        POSSIBLE\n" +
			"vioif7000    mtu             rw   1500           1500           60-1500 \n"},
		failed("dladm set-linkprop -p mtu=1600 vioif7000", "warning: cannot set link property 'mtu' on 'vioif7000': invalid argument"),
		failed("dladm set-linkprop -p mtu=1400 vioif0", "warning: cannot set link property 'mtu' on 'vioif0': link busy"),
		step{line: "dladm show-linkprop -c -o property,value -p mtu vioif0", out: "mtu:1500\n"},
		step{line: "ipadm delete-if vioif7000"},
		step{line: "dladm delete-vlan vioif7000"},
		step{line: "dladm set-linkprop -p mtu=9000 vioif0"},
		step{line: "dladm reset-linkprop -p mtu vioif0"},
		step{line: "dladm show-link -p -o mtu vioif0", out: "1500\n"},
	)
}
