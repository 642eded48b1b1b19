// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simnet_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"illumos-metadata/common/simguest/simnet"
)

// A lease comes when its time has come, whoever looks; ipadm waits for it.
func TestLeaseTiming(t *testing.T) {
	c := twoLinks()
	c.Links[0].DHCP.Delay = 30 * time.Millisecond
	w := booted(t, c)
	began := time.Now()
	play(t, w,
		step{line: "ipadm create-addr -T dhcp -w 60 vioif0/dhcp"},
		step{line: showAll + " vioif0/dhcp", out: "vioif0/dhcp:dhcp:ok:10.0.2.15/24\n"},
	)
	if took := time.Since(began); took < 30*time.Millisecond {
		t.Errorf("the lease was there after %v", took)
	}
	slow := simnet.Server()
	slow.Delay = time.Hour
	if err := simnet.SetNetwork(w, "vioif0", simnet.Network{DHCP: slow}); err != nil {
		t.Fatal(err)
	}
	play(t, w,
		step{line: "ipadm delete-addr vioif0/dhcp"},
		step{line: "ipadm create-addr -T dhcp -w 0 vioif0/dhcp"}, // returns at once
		step{line: showAll + " vioif0/dhcp", out: "vioif0/dhcp:dhcp:down:?\n"},
	)
}

// Without a server the wait ends with a warning and success, and the agent goes
// on: the lease comes when a server does.
func TestNoServer(t *testing.T) {
	w := booted(t, twoLinks())
	play(t, w,
		step{line: "ipadm create-addr -T dhcp -w 1 vioif1/dhcp", err: "ipadm: warning: Communication with dhcpagent timed out\n"},
		step{line: showAll + " vioif1/", out: "vioif1/dhcp:dhcp:down:?\n"},
	)
	server := simnet.Server()
	server.Delay = 0
	if err := simnet.SetNetwork(w, "vioif1", simnet.Network{DHCP: server}); err != nil {
		t.Fatal(err)
	}
	play(t, w, step{line: showAll + " vioif1/", out: "vioif1/dhcp:dhcp:ok:10.0.2.15/24\n"})
}

// A saved lease is asked for at the next boot; where nobody answers, the client
// goes on with it after a while.
func TestSavedLease(t *testing.T) {
	c := twoLinks()
	c.RebootWait = 5 * time.Millisecond
	w := booted(t, c)
	play(t, w, step{line: "ipadm create-addr -T dhcp vioif0/dhcp"})
	if err := simnet.SetNetwork(w, "vioif0", simnet.Network{}); err != nil {
		t.Fatal(err)
	}
	reboot(t, w)
	eventually(t, "the saved lease", func() bool {
		return run(t, w, showAll+" vioif0/dhcp").Out == "vioif0/dhcp:dhcp:ok:10.0.2.15/24\n"
	})
	play(t, w, step{line: "ipadm delete-addr -r vioif0/dhcp"}) // given back
	play(t, w, step{line: "ipadm create-addr -T dhcp -w 0 vioif0/dhcp"})
	play(t, w, step{line: showAll + " vioif0/dhcp", out: "vioif0/dhcp:dhcp:down:?\n"})
}

// What is offered to the DHCP server as the host's name.
func TestOfferedName(t *testing.T) {
	c := twoLinks()
	c.NodeName = "node1"
	w := booted(t, c)
	play(t, w,
		step{line: "ipadm create-addr -T dhcp -h web1 vioif0/dhcp"},
		step{line: "ipadm delete-addr -r vioif0/dhcp"},
		step{line: "ipadm create-addr -T dhcp -1 vioif0/dhcp"},
		step{line: "ipadm delete-addr -r vioif0/dhcp"},
		step{line: "ipadm create-addr -T dhcp -h web1.example.com vioif0/dhcp"},
		step{line: "ipadm set-addrprop -p reqhost=web2 vioif0/dhcp"},
	)
	got, err := simnet.Requests(w)
	if err != nil {
		t.Fatal(err)
	}
	want := []simnet.Request{
		{Link: "vioif0", Name: "web1"}, {Link: "vioif0", Name: "node1"},
		{Link: "vioif0", Name: "web1.example.com", FQDN: true}, {Link: "vioif0", Name: "web2"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("requests (-want +got):\n%s", diff)
	}
}

func TestAddrconf(t *testing.T) {
	c := twoLinks()
	c.Links[0].Router = &simnet.Router{
		Address: addrs("fe80::1")[0], Managed: addrs("2001:db8::99")[0],
	}
	c.Links[0].Router.Prefix, _ = addrs("2001:db8::")[0].Prefix(64)
	w := booted(t, c)
	play(t, w,
		step{line: "ipadm create-addr -T addrconf vioif0/v6"},
		step{line: "ipadm show-addr -p -o addrobj,state,addr vioif0/", out: "" +
			"vioif0/v6:ok:fe80\\:\\:8\\:20ff\\:fe01\\:203%vioif0/10\n" +
			"vioif0/v6:ok:2001\\:db8\\:\\:8\\:20ff\\:fe01\\:203/64\n" +
			"vioif0/v6:ok:2001\\:db8\\:\\:99/64\n"},
		step{line: "ipadm create-addr -T static -a 2001:db8::5/64 vioif0/v6s"},
		step{line: "ipadm delete-addr vioif0/v6"},
		step{line: "ipadm show-addr -p -o addr vioif0/", out: "2001:db8::5/64\n"},
		// Without an addrconf object first, a static address cannot be.
		died("ipadm create-addr -T static -a 2001:db8:1::5/64 vioif1/v6", "Could not create address: Can't assign requested address"),
	)
}

// Autoconfiguration begins anew at each boot, when in.ndpd runs.
func TestAddrconfSurvives(t *testing.T) {
	c := twoLinks()
	prefix, _ := addrs("2001:db8::")[0].Prefix(64)
	c.Links[0].Router = &simnet.Router{Address: addrs("fe80::1")[0], Prefix: prefix}
	w := booted(t, c)
	play(t, w,
		step{line: "ipadm create-addr -T addrconf -i ::7/64 -p stateful=no vioif0/v6"},
		step{line: "ipadm create-addr -T addrconf -p stateful=no,stateless=no vioif1/v6"},
	)
	want := step{line: "ipadm show-addr -p -o addr vioif0/", out: "fe80::7%vioif0/10\n2001:db8::7/64\n"}
	play(t, w, want)
	if err := simnet.PowerOn(w); err != nil {
		t.Fatal(err)
	}
	play(t, w, step{line: showAll, out: "vioif0/v6:addrconf:disabled:\\:\\:7/64\nvioif1/v6:addrconf:disabled:\\:\\:\n"})
	reboot(t, w)
	play(t, w, want)
	routes, err := simnet.Routes(w)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]simnet.Route{{Destination: "::/0", Gateway: "fe80::1", Interface: "vioif0"}}, routes); diff != "" {
		t.Errorf("routes (-want +got):\n%s", diff)
	}
}

// A server that refuses, and a subnet mask that it does not give.
func TestOddServers(t *testing.T) {
	c := twoLinks()
	c.Links[0].DHCP.NAK = true
	c.Links[1].DHCP = &simnet.DHCP{Address: simnet.Server().Address, NoMask: true}
	w := booted(t, c)
	play(t, w,
		step{line: "ipadm create-addr -T dhcp -w 0 vioif0/dhcp"},
		step{line: "ipadm create-addr -T dhcp vioif1/dhcp"},
		step{line: showAll, out: lo4 + "vioif0/dhcp:dhcp:down:?\nvioif1/dhcp:dhcp:ok:10.0.2.15/8\n" + lo6},
	)
	got, err := simnet.Addresses(w)
	if err != nil {
		t.Fatal(err)
	}
	want := []simnet.Address{
		{Object: "lo0/v4", Type: "static", State: "ok", Addr: "127.0.0.1/8"},
		{Object: "vioif0/dhcp", Type: "dhcp", State: "down", Addr: "?"},
		{Object: "vioif1/dhcp", Type: "dhcp", State: "ok", Addr: "10.0.2.15/8"},
		{Object: "lo0/v6", Type: "static", State: "ok", Addr: "::1/128"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("addresses (-want +got):\n%s", diff)
	}
}

// What another command does to an address that ipadm waits for ends the wait.
func TestDeletedWhileWaiting(t *testing.T) {
	w := booted(t, twoLinks())
	done := make(chan result)
	go func() { done <- run(t, w, "ipadm create-addr -T dhcp -w forever vioif1/dhcp") }()
	eventually(t, "the interface under DHCP", func() bool {
		return run(t, w, "ipadm delete-addr vioif1/dhcp").Status == 0
	})
	want := result{Out: "\n", Err: "ipadm: Could not create address: Could not communicate with dhcpagent", Status: 1}
	if diff := cmp.Diff(want, <-done); diff != "" {
		t.Errorf("create-addr (-want +got):\n%s", diff)
	}
}
