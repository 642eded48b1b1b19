// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simnet_test

import (
	"strings"
	"testing"

	"illumos-metadata/common/simguest/simnet"
)

func TestDhcpinfo(t *testing.T) {
	c := twoLinks()
	c.Links[0].DHCP.DNS = addrs("10.0.2.3", "10.0.2.4")
	c.Links[0].DHCP.Host, c.Links[0].DHCP.Domain, c.Links[0].DHCP.MTU = "lease1", "example.com", 1400
	w := booted(t, c)
	usage := "usage: dhcpinfo [-c] [-i interface] [-n limit] [-v {4|6}] code\n" +
		"       dhcpinfo [-c] [-i interface] [-n limit] [-v {4|6}] identifier\n"
	play(t, w,
		step{line: "dhcpinfo Router", err: "dhcpinfo: connect: Connection refused\n", status: 2},
		step{line: "ipadm create-addr -T dhcp vioif0/dhcp"},
		step{line: "ipadm create-addr -T dhcp -w 0 vioif1/dhcp"},
		step{line: "dhcpinfo -i vioif0 DNSserv", out: "10.0.2.3\n10.0.2.4\n"},
		step{line: "dhcpinfo -n 1 6", out: "10.0.2.3\n"},
		step{line: "dhcpinfo hostname", out: "lease1\n"},
		step{line: "dhcpinfo DNSdmain", out: "example.com\n"},
		step{line: "dhcpinfo Yiaddr", out: "10.0.2.15\n"},
		step{line: "dhcpinfo Subnet", out: "255.255.255.0\n"},
		step{line: "dhcpinfo MTU"}, // not asked for
		step{line: "dhcpinfo SrootNM"},
		step{line: "dhcpinfo -i vioif1 Router", err: "dhcpinfo: interface not in appropriate state for command\n", status: 2},
		step{line: "dhcpinfo -i vioif9 Router", err: "dhcpinfo: interface is not under DHCP control\n", status: 2},
		step{line: "dhcpinfo Foo", err: "dhcpinfo: unknown identifier `Foo'\n", status: 3},
		step{line: "dhcpinfo 80", err: "dhcpinfo: unknown code `80'\n", status: 3},
		step{line: "dhcpinfo", err: usage, status: 3},
		step{line: "dhcpinfo -v 5 6", err: usage, status: 3},
		step{line: "dhcpinfo -x 6", err: "dhcpinfo: illegal option -- x\n" + usage, status: 3},
		step{line: "dhcpinfo -v 6 DNSAddresses", err: "simulated guest: dhcpinfo -v 6 is not simulated\n", status: 127},
		step{line: "ipadm delete-addr -r vioif0/dhcp"},
		step{line: "dhcpinfo Router", err: "dhcpinfo: primary interface requested but no primary interface is set\n", status: 2},
	)
	// The lists are read when DHCP starts on an interface.
	write(t, w, "/etc/default/dhcpagent", "PARAM_REQUEST_LIST=1,3,6,12,MTU\nPARAM_IGNORE_LIST=12\n")
	play(t, w,
		step{line: "ipadm create-addr -T dhcp vioif0/dhcp"},
		step{line: "dhcpinfo -i vioif0 Hostname"},
		step{line: "dhcpinfo -i vioif0 MTU", out: "1400\n"},
		step{line: "dhcpinfo -i vioif0 DNSdmain"},
	)
}

func TestHostname(t *testing.T) {
	w := booted(t, twoLinks())
	long := strings.Repeat("a", 257)
	play(t, w,
		step{line: "hostname", out: "unknown\n"},
		step{line: "hostname web1.example.com"},
		step{line: "hostname", out: "web1.example.com\n"},
		step{line: "hostname -s", out: "web1\n"},
		step{line: "uname -n", out: "web1.example.com\n"},
		step{line: "uname", out: "SunOS\n"},
		step{line: "uname -a", out: "SunOS web1.example.com 5.11 omnios-r151052-0000000000 i86pc i386 i86pc\n"},
		step{line: "uname -vo", out: "omnios-r151052-0000000000 illumos\n"},
		step{line: "hostname a b", err: "usage: hostname [-s] [system_name]\n", status: 1},
		step{line: "hostname -x", err: "usage: hostname [-s] [system_name]\n", status: 1},
		step{line: "hostname ''", err: "hostname: error in setting name: Invalid argument\n", status: 1},
		step{line: "hostname " + long, err: "hostname: error in setting name: File name too long\n", status: 1},
		step{line: "uname -S " + long, err: "uname: name must be <= 256 letters\n", status: 1},
		step{line: "uname -S a b", err: "usage:\tuname [-snrvmapioX]\n\tuname [-S system_name]\n", status: 1},
		step{line: "uname -q", err: "uname: illegal option -- q\nusage:\tuname [-snrvmapioX]\n\tuname [-S system_name]\n", status: 1},
		step{line: "uname -S web2"},
		step{line: "hostname", out: "web2\n"},
		step{line: "zonename", out: "global\n"},
	)
	if err := simnet.Deny(w, "sys_admin"); err != nil {
		t.Fatal(err)
	}
	play(t, w, step{line: "hostname web3", err: "hostname: error in setting name: Not owner\n", status: 1})
	if err := simnet.PowerOn(w); err != nil {
		t.Fatal(err)
	}
	if name, err := simnet.NodeName(w); err != nil || name != "" {
		t.Errorf("the live name survived a reboot: %q, %v", name, err)
	}
}

// The answer changes when the lease arrives.
func TestNetstrategy(t *testing.T) {
	w := booted(t, twoLinks())
	play(t, w,
		step{line: "netstrategy", out: "zfs none none\n"},
		step{line: "ipadm create-addr -T dhcp -w 0 vioif1/dhcp"},
		step{line: "netstrategy", out: "zfs none none\n"},
		step{line: "ipadm create-addr -T dhcp vioif0/dhcp"},
		step{line: "netstrategy", out: "zfs vioif0 dhcp\n"},
	)
	play(t, w,
		step{line: "ipadm delete-addr vioif0/dhcp"},
		step{line: "ipadm create-addr -T static -d -a 10.3.0.1/24 vioif0/v4"},
	)
	server := simnet.Server()
	server.Delay = 0
	if err := simnet.SetNetwork(w, "vioif1", simnet.Network{DHCP: server}); err != nil {
		t.Fatal(err)
	}
	play(t, w, step{line: "netstrategy", out: "zfs vioif1 dhcp\n"}) // vioif0 is down
	play(t, w, step{line: "ipadm up-addr vioif0/v4"})
	play(t, w, step{line: "netstrategy", out: "zfs none none\n"})
	write(t, w, "/etc/mnttab", "/dev/dsk/c0\t/\tufs\trw\t1\n")
	play(t, w, step{line: "netstrategy", out: "ufs none none\n"})
}
