// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simnet_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"illumos-metadata/common/simguest/simnet"
)

const routeUsage = "usage: route [ -fnpqv ] [ -R <root-dir> ] cmd [[ -<qualifers> ] args ]\n"

func TestRoute(t *testing.T) {
	w := booted(t, twoLinks())
	play(t, w,
		step{line: "route add default 10.0.2.2", out: "add net default: gateway 10.0.2.2: Network is unreachable\n", status: 128},
		step{line: "ipadm create-addr -T static -a 10.0.2.9/24 vioif1/v4"},
		step{line: "route add default 10.0.2.2", out: "add net default: gateway 10.0.2.2\n"},
		step{line: "route add default 10.0.2.2", out: "add net default: gateway 10.0.2.2: entry exists\n", status: 17},
		step{line: "route add default 10.0.2.3", out: "add net default: gateway 10.0.2.3\n"},
		step{line: "route -n get default", out: "" +
			"   route to: default\ndestination: default\n       mask: default\n    gateway: 10.0.2.2\n" +
			"  interface: vioif1\n      flags: <UP,GATEWAY,DONE,STATIC>\n" +
			" recvpipe  sendpipe  ssthresh    rtt,ms rttvar,ms  hopcount      mtu     expire\n" +
			"       0         0         0         0         0         0      1500         0 \n"},
		step{line: "route -n get 10.0.2.77", out: "" +
			"   route to: 10.0.2.77\ndestination: 10.0.2.0\n       mask: 255.255.255.0\n" +
			"  interface: vioif1\n      flags: <UP,DONE,KERNEL>\n" +
			" recvpipe  sendpipe  ssthresh    rtt,ms rttvar,ms  hopcount      mtu     expire\n" +
			"       0         0         0         0         0         0      1500         0 \n"},
		step{line: "route add -net 10.1.0.0/16 10.0.2.9 -iface", out: "add net 10.1.0.0/16: gateway 10.0.2.9\n"},
		step{line: "route add 192.0.2.7 10.0.2.2", out: "add host 192.0.2.7: gateway 10.0.2.2\n"},
		step{line: "route add -host 192.0.2.7/32 10.0.2.2", out: "add host 192.0.2.7/32: gateway 10.0.2.2: entry exists\n", status: 17},
		step{line: "route add 192.0.3.0 10.0.2.2", out: "add net 192.0.3.0: gateway 10.0.2.2\n"},
		step{line: "route add -net 172.16.0.0 10.0.2.2 -netmask 255.240.0.0", out: "add net 172.16.0.0: gateway 10.0.2.2\n"},
		step{line: "route delete default 10.0.2.3", out: "delete net default: gateway 10.0.2.3\n"},
		step{line: "route delete default 10.0.2.3", out: "delete net default: gateway 10.0.2.3: not in table\n", status: 3},
		step{line: "route -n add default -gateway 10.0.2.2", out: "add net default: gateway 10.0.2.2: entry exists\n", status: 17},
		step{line: "route add default 10.0.2.4 -ifp vioif1", out: "add net default: gateway 10.0.2.4\n"},
		// what is bound to an interface goes with it, and the rest stays
		step{line: "ipadm down-addr -t vioif1/v4"},
		step{line: "route -n get 198.51.100.1", out: "" +
			"   route to: 198.51.100.1\ndestination: default\n       mask: default\n    gateway: 10.0.2.2\n" +
			"      flags: <UP,GATEWAY,DONE,STATIC>\n" +
			" recvpipe  sendpipe  ssthresh    rtt,ms rttvar,ms  hopcount      mtu     expire\n" +
			"       0         0         0         0         0         0         0         0 \n"},
	)
	got, err := simnet.Routes(w)
	if err != nil {
		t.Fatal(err)
	}
	want := []simnet.Route{
		{Destination: "0.0.0.0/0", Gateway: "10.0.2.2"}, {Destination: "192.0.2.7/32", Gateway: "10.0.2.2"},
		{Destination: "192.0.3.0/24", Gateway: "10.0.2.2"}, {Destination: "172.16.0.0/12", Gateway: "10.0.2.2"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("routes (-want +got):\n%s", diff)
	}
	play(t, w,
		step{line: "route -f", out: "" +
			"default              10.0.2.2             done\n192.0.2.7            10.0.2.2             done\n" +
			"192.0.3              10.0.2.2             done\n172.16               10.0.2.2             done\n"},
		step{line: "route -n get default", out: " 0.0.0.0: not in table\n", status: 3},
		step{line: "route get default", out: "default: not in table\n", status: 3},
	)
}

func TestRouteRefuses(t *testing.T) {
	w := booted(t, twoLinks())
	usage := func(line, err string) step { return step{line: line, err: err, status: 1} }
	play(t, w,
		usage("route", routeUsage),
		usage("route -n", routeUsage),
		usage("route -x add", "route: illegal option -- x\n"+routeUsage),
		usage("route frobnicate", "route: botched keyword: frobnicate\n"+routeUsage),
		usage("route add", "route: destination required\n"),
		usage("route add default", "route: gateway required for add or delete command\n"),
		usage("route add default 10.0.2.2 -bogus", "route: botched keyword: bogus\n"),
		usage("route add default -gateway", "route: argument required following keyword -gateway\n"),
		usage("route add default 10.0.2.2 -ifp net9", "route: net9: no such interface\n"),
		usage("route add default nohost", "nohost: bad value\n"),
		usage("route add default 10.0.2.2/24", "route: 10.0.2.2/24: unexpected '/'\n"),
		usage("route add 10.0.0.0/33 10.0.2.2", "route: prefix length 33 out of range\n"),
		usage("route add -inet6 default fe80::zz", "route: fe80::zz: bad address\n"),
		usage("route add -host -net 10.0.0.0 10.0.2.2", "route: -host and -net are mutually exclusive\n"),
		usage("route show", "route: show command requires -p\n"),
		usage("route add -inet6 2001:db8:: 2001:db8::1 -netmask 64", "route: -netmask not supported for IPv6: use <prefix>/<prefix-length> instead\n"),
		step{line: "route monitor", err: "simulated guest: route monitor is not simulated\n", status: 127},
		step{line: "route add default 10.0.2.2 -hopcount 3", err: "simulated guest: route -hopcount is not simulated\n", status: 127},
		step{line: "ipadm create-addr -T static -a 10.0.2.9/24 vioif1/v4"},
		step{line: "route add -net 10.0.0.0 10.0.2.2 -netmask 255.0.255.0",
			out: "add net 10.0.0.0: gateway 10.0.2.2: Operation not supported\n", err: "writing to routing socket: Operation not supported\n", status: 48},
	)
	if err := simnet.Deny(w, "sys_ip_config"); err != nil {
		t.Fatal(err)
	}
	play(t, w, step{line: "route add default 10.0.2.2", out: "add net default: gateway 10.0.2.2: insufficient privileges\n", status: 1})
}

func TestRoutePersistent(t *testing.T) {
	w := booted(t, twoLinks())
	play(t, w,
		step{line: "route -p show", out: "No persistent routes are defined\n"},
		step{line: "route -p add default 10.9.9.9", out: "add net default: gateway 10.9.9.9: Network is unreachable\n", status: 128},
		step{line: "ipadm create-addr -T static -a 10.0.2.9/24 vioif1/v4"},
		step{line: "route -p add default 10.0.2.2", out: "add net default: gateway 10.0.2.2\nadd persistent net default: gateway 10.0.2.2\n"},
		step{line: "route -p add default 10.0.2.2", out: "add net default: gateway 10.0.2.2: entry exists\n",
			err: "add persistent net default: gateway 10.0.2.2: entry exists\n", status: 1},
		step{line: "route -p add 10.5.0.0/16 10.0.2.3", out: "add net 10.5.0.0/16: gateway 10.0.2.3\nadd persistent net 10.5.0.0/16: gateway 10.0.2.3\n"},
		step{line: "route -p show", out: "persistent: route add default 10.0.2.2\npersistent: route add 10.5.0.0/16 10.0.2.3\n"},
		step{line: "route -p delete 10.5.0.0/16 10.0.2.3", out: "delete net 10.5.0.0/16: gateway 10.0.2.3\ndelete persistent net 10.5.0.0/16: gateway 10.0.2.3\n"},
		step{line: "route -p delete 10.5.0.0/16 10.0.2.3", out: "delete net 10.5.0.0/16: gateway 10.0.2.3: not in table\n",
			err: "delete persistent net 10.5.0.0/16: gateway 10.0.2.3: not in file\n", status: 1},
		step{line: "route -p -R /a add -inet6 default fe80::1 -ifp vioif1", out: "add persistent net default: gateway fe80::1\n"},
	)
	if got, want := content(t, w, "/etc/inet/static_routes"), "# File generated by route(8) - do not edit.\ndefault 10.0.2.2\n"; got != want {
		t.Errorf("static_routes: got %q, want %q", got, want)
	}
	if got, want := content(t, w, "/a/etc/inet/static_routes"), "# File generated by route(8) - do not edit.\n-inet6 default fe80::1 -ifp vioif1\n"; got != want {
		t.Errorf("static_routes below /a: got %q, want %q", got, want)
	}
	if err := simnet.PowerOn(w); err != nil {
		t.Fatal(err)
	}
	if got, err := simnet.Routes(w); err != nil || len(got) != 0 {
		t.Errorf("routes after a reboot: got %v, %v", got, err)
	}
	reboot(t, w) // net-routing-setup reads the file
	want := []simnet.Route{{Destination: "0.0.0.0/0", Gateway: "10.0.2.2"}}
	if got, err := simnet.Routes(w); err != nil || cmp.Diff(want, got) != "" {
		t.Errorf("routes after the boot: got %v, %v, want %v", got, err, want)
	}
}

func TestRouteWords(t *testing.T) {
	w := booted(t, twoLinks())
	write(t, w, "/etc/inet/hosts", "10.0.2.2 gate.example.com gate\n192.0.2.1 two\n10.0.2.3 two\n")
	tail := " recvpipe  sendpipe  ssthresh    rtt,ms rttvar,ms  hopcount      mtu     expire\n" +
		"       0         0         0         0         0         0      1300         0 \n"
	play(t, w,
		step{line: "hostname web1.example.com"},
		step{line: "ipadm create-addr -T static -a 10.0.2.9/24 vioif1/v4"},
		step{line: "ipadm create-addr -T addrconf vioif1/v6"},
		step{line: "route add -net 10 gate -mtu 1300", out: "add net 10: gateway gate\n"},
		step{line: "route get 10.7.7.7", out: "   route to: 10.7.7.7\ndestination: 10.0.0.0\n       mask: 255.0.0.0\n" +
			"    gateway: gate\n  interface: vioif1\n      flags: <UP,GATEWAY,DONE,STATIC>\n" + tail},
		step{line: "route delete -net 10 gate", out: "delete net 10: gateway gate\n"},
		// the first address of the name that works
		step{line: "route add -net 172.20.0.0/16 two", out: "add net 172.20.0.0/16: gateway two (10.0.2.3)\n"},
		step{line: "route add -net 10.0.2.128 gate", out: "add net 10.0.2.128: gateway gate\n"},
		step{line: "route add 198.51.100.0/24 10.0.2.9 0", out: "add net 198.51.100.0/24: gateway 10.0.2.9\n"},
		step{line: "route add 198.51.101.0/24 10.0.2.2 1", out: "add net 198.51.101.0/24: gateway 10.0.2.2\n"},
		step{line: "route add 203.0.113.0 10.0.2.2 255.255.255.128", out: "add net 203.0.113.0: gateway 10.0.2.2\n"},
		step{line: "route add -setsrc 10.0.2.9 198.51.102.0/24 10.0.2.2", out: "add net 198.51.102.0/24: gateway 10.0.2.2\n"},
		step{line: "route add -setsrc 10.9.9.9 198.51.103.0/24 10.0.2.2", status: 126,
			out: "add net 198.51.103.0/24: gateway 10.0.2.2: Cannot assign requested address\n",
			err: "writing to routing socket: Cannot assign requested address\n"},
		step{line: "route add -inet6 default fe80::1", out: "add net default: gateway fe80::1\n"},
		step{line: "route add -inet6 2001:db8:7::/48 fe80::1 -ifp vioif1", out: "add net 2001:db8:7::/48: gateway fe80::1\n"},
		step{line: "route -q flush -inet6"},
		step{line: "route flush -ipx", err: "route: botched keyword: -ipx\n" + routeUsage, status: 1},
	)
	got, err := simnet.Routes(w)
	if err != nil {
		t.Fatal(err)
	}
	want := []simnet.Route{
		{Destination: "172.20.0.0/16", Gateway: "10.0.2.3"}, {Destination: "10.0.2.0/24", Gateway: "10.0.2.2"},
		{Destination: "198.51.100.0/24", Gateway: "10.0.2.9", Interface: "vioif1"}, {Destination: "198.51.101.0/24", Gateway: "10.0.2.2"},
		{Destination: "203.0.113.0/25", Gateway: "10.0.2.2"}, {Destination: "198.51.102.0/24", Gateway: "10.0.2.2"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("routes (-want +got):\n%s", diff)
	}
}

func TestRouteFlushPersistent(t *testing.T) {
	w := booted(t, twoLinks())
	play(t, w,
		step{line: "ipadm create-addr -T static -a 10.0.2.9/24 vioif1/v4"},
		step{line: "route -p add default 10.0.2.2", out: "add net default: gateway 10.0.2.2\nadd persistent net default: gateway 10.0.2.2\n"},
		step{line: "route -p get default", out: "" +
			"   route to: default\ndestination: default\n       mask: default\n    gateway: 10.0.2.2\n" +
			"  interface: vioif1\n      flags: <UP,GATEWAY,DONE,STATIC>\n" +
			" recvpipe  sendpipe  ssthresh    rtt,ms rttvar,ms  hopcount      mtu     expire\n" +
			"       0         0         0         0         0         0      1500         0 \n" +
			"persistent: route add default 10.0.2.2\n"},
		step{line: "route -p flush", out: "delete persistent net default: gateway 10.0.2.2\ndefault              10.0.2.2             done\n"},
		step{line: "route -p show", out: "No persistent routes are defined\n"},
	)
}
