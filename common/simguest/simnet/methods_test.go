// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simnet_test

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"illumos-metadata/common/simguest/simnet"
	"illumos-metadata/common/simguest/world"
)

// method runs one method and gives its log and status.
func method(t *testing.T, w *world.World, name string, args ...string) (string, int) {
	t.Helper()
	command, ok := simnet.Methods()["/lib/svc/method/"+name]
	if !ok {
		t.Fatalf("no method %s", name)
	}
	var log bytes.Buffer
	status := command(&world.Call{World: w, Name: name, Args: args, Stdout: &log, Stderr: &log})
	return log.String(), status
}

// leased is a guest with a persistent DHCP object, whose server gives all that
// it can.
func leased(t *testing.T) *world.World {
	t.Helper()
	c := twoLinks()
	c.NodeName = "node1"
	c.Links[0].DHCP.Host, c.Links[0].DHCP.Domain = "lease1", "example.com"
	w := booted(t, c)
	play(t, w, step{line: "ipadm create-addr -T dhcp vioif0/dhcp"})
	return w
}

func TestLoopback(t *testing.T) {
	w := installed(t, twoLinks())
	if err := simnet.PowerOn(w); err != nil {
		t.Fatal(err)
	}
	log, status := method(t, w, "net-loopback")
	want := "ipadm: Could not get address: Object not foundipadm: Could not get address: Object not found"
	if log != want || status != 0 {
		t.Errorf("net-loopback: got %d, %q, want 0, %q", status, log, want)
	}
	play(t, w, step{line: showAll, out: lo4 + lo6})
	if log, status := method(t, w, "net-loopback"); log != "" || status != 0 {
		t.Errorf("net-loopback again: got %d, %q", status, log)
	}
}

// The name of nodename(5) counts, until a lease with a name is up at that
// moment; then DHCP's does, unless dhcpagent ignores it.
func TestIdentity(t *testing.T) {
	name := func(t *testing.T, w *world.World) string {
		t.Helper()
		got, err := simnet.NodeName(w)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	tests := []struct {
		name    string
		prepare func(*testing.T, *world.World)
		want    string
	}{
		{name: "lease", want: "lease1"},
		{name: "ignored", want: "node1", prepare: func(t *testing.T, w *world.World) {
			write(t, w, "/etc/default/dhcpagent", "PARAM_REQUEST_LIST=1,3,6,12,15\nPARAM_IGNORE_LIST=12\n")
		}},
		{name: "lease comes too late", want: "node1", prepare: func(t *testing.T, w *world.World) {
			if err := simnet.SetNetwork(w, "vioif0", simnet.Network{}); err != nil {
				t.Fatal(err)
			}
		}},
		{name: "neither", want: "unknown", prepare: func(t *testing.T, w *world.World) {
			play(t, w, step{line: "ipadm delete-if vioif0"})
			write(t, w, "/etc/nodename", "")
		}},
		{name: "no newline behind the name", want: "unknown", prepare: func(t *testing.T, w *world.World) {
			play(t, w, step{line: "ipadm delete-if vioif0"})
			write(t, w, "/etc/nodename", "node1")
		}},
		{name: "two words", want: "", prepare: func(t *testing.T, w *world.World) {
			play(t, w, step{line: "ipadm delete-if vioif0"})
			write(t, w, "/etc/nodename", "node1 node2\n")
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := leased(t)
			if tt.prepare != nil {
				tt.prepare(t, w)
			}
			reboot(t, w)
			if got := name(t, w); got != tt.want {
				t.Errorf("node name: got %q, want %q", got, tt.want)
			}
		})
	}
}

// Console messages go where a method sends them.
func TestConsole(t *testing.T) {
	w := leased(t)
	reboot(t, w)
	if got, want := content(t, w, "/dev/msglog"), "Hostname: node1\nHostname: lease1\n"; got != want {
		t.Errorf("/dev/msglog: got %q, want %q", got, want)
	}
}

func TestDefaultRouter(t *testing.T) {
	static := []step{{line: "ipadm create-addr -T static -a 10.9.0.5/24 vioif1/v4"}}
	tests := []struct {
		name   string
		file   string // of /etc/defaultrouter
		routes []simnet.Route
	}{
		{name: "one", file: "# the gate\n10.9.0.1 gate\n", routes: []simnet.Route{{Destination: "0.0.0.0/0", Gateway: "10.9.0.1"}}},
		{name: "two", file: "10.9.0.1\n10.9.0.2\n", routes: []simnet.Route{
			{Destination: "0.0.0.0/0", Gateway: "10.9.0.1"}, {Destination: "0.0.0.0/0", Gateway: "10.9.0.2"}}},
		{name: "out of reach", file: "192.0.2.1\n"},
		{name: "empty", file: ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := booted(t, twoLinks())
			play(t, w, static...)
			write(t, w, "/etc/defaultrouter", tt.file)
			reboot(t, w)
			got, err := simnet.Routes(w)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.routes, got); diff != "" {
				t.Errorf("routes (-want +got):\n%s", diff)
			}
			runs, err := simnet.DynamicRouting(w)
			if want := tt.file == ""; err != nil || runs != want {
				t.Errorf("in.routed: got %v, %v, want %v", runs, err, want)
			}
		})
	}
}

// A router that DHCP gave is bound to its interface, and the file counts for
// nothing to net-routing-setup, though net-physical has read it.
func TestRouterFromDHCP(t *testing.T) {
	w := leased(t)
	write(t, w, "/etc/defaultrouter", "10.0.2.99\n")
	reboot(t, w)
	want := []simnet.Route{
		{Destination: "0.0.0.0/0", Gateway: "10.0.2.2", Interface: "vioif0"},
		{Destination: "0.0.0.0/0", Gateway: "10.0.2.99"},
	}
	got, err := simnet.Routes(w)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("routes (-want +got):\n%s", diff)
	}
}

// Name servers of the lease replace those of the administrator at every boot;
// without a lease what DHCP had added to nsswitch.conf goes again.
func TestResolver(t *testing.T) {
	w := leased(t)
	stock := content(t, w, "/etc/nsswitch.conf")
	write(t, w, "/etc/resolv.conf", "# mine\nsearch corp.example\ndomain old\nnameserver 192.0.2.1\noptions ndots:2\n")
	write(t, w, "/etc/inet/hosts", "127.0.0.1 localhost # Added by DHCP\n10.0.0.7 old # Added by DHCP\n10.0.0.8 kept\n")
	reboot(t, w)
	want := "# mine\nsearch corp.example\ndomain example.com\noptions ndots:2\nnameserver 10.0.2.3\n"
	if diff := cmp.Diff(want, content(t, w, "/etc/resolv.conf")); diff != "" {
		t.Errorf("resolv.conf (-want +got):\n%s", diff)
	}
	if got, want := content(t, w, "/etc/inet/hosts"), "127.0.0.1 localhost # Added by DHCP\n10.0.0.8 kept\n"; got != want {
		t.Errorf("hosts: got %q, want %q", got, want)
	}
	nss := content(t, w, "/etc/nsswitch.conf")
	want = "#hosts:      files # Commented out by DHCP\nhosts: files dns # Added by DHCP\n" +
		"#ipnodes:    files # Commented out by DHCP\nipnodes: files dns # Added by DHCP\n"
	if !bytes.Contains([]byte(nss), []byte(want)) {
		t.Errorf("nsswitch.conf: got\n%s\nwithout\n%s", nss, want)
	}
	reboot(t, w)
	if diff := cmp.Diff(nss, content(t, w, "/etc/nsswitch.conf")); diff != "" {
		t.Errorf("nsswitch.conf changed at the next boot (-before +after):\n%s", diff)
	}
	play(t, w, step{line: "ipadm delete-addr vioif0/dhcp"})
	if log, status := method(t, w, "net-svc", "start"); log != "" || status != 0 {
		t.Errorf("net-svc: got %d, %q", status, log)
	}
	if bytes.Contains([]byte(content(t, w, "/etc/nsswitch.conf")), []byte("DHCP")) {
		t.Errorf("nsswitch.conf keeps what DHCP added, before %q:\n%s", stock, content(t, w, "/etc/nsswitch.conf"))
	}
}

func TestServiceUsage(t *testing.T) {
	w := booted(t, twoLinks())
	if log, status := method(t, w, "net-svc"); log != "Usage: net-svc { start | stop }\n" || status != 1 {
		t.Errorf("net-svc: got %d, %q", status, log)
	}
}

// Configuration by hostname.IF is ifconfig's.
func TestHostnameFile(t *testing.T) {
	w := installed(t, twoLinks())
	write(t, w, "/etc/hostname.vioif0", "10.0.0.5\n")
	if err := simnet.PowerOn(w); err != nil {
		t.Fatal(err)
	}
	want := "simulated guest: /etc/hostname.vioif0 (ifconfig) is not simulated\n"
	if log, status := method(t, w, "net-physical"); log != want || status != 127 {
		t.Errorf("net-physical: got %d, %q, want 127, %q", status, log, want)
	}
}

// A non-global zone takes its strategy from nobody. One with a shared stack has
// no datalinks, no address objects and no daemons.
func TestZones(t *testing.T) {
	t.Run("shared", func(t *testing.T) {
		w := booted(t, simnet.Config{Zone: "shared", NodeName: "node1"})
		play(t, w,
			step{line: "zonename", out: "guest\n"},
			step{line: "zonename -t", out: "shared\n"},
			step{line: "hostname", out: "node1\n"},
			step{line: "dladm show-phys", err: "dladm: could not open /dev/dld: object not found\n", status: 1},
			step{line: showAll, out: "lo0/?:from-gz:ok:127.0.0.1/8\nlo0/?:from-gz:ok:\\:\\:1/128\n"},
			died("ipadm create-if vioif0", "Could not create vioif0 : Could not open DLPI link"),
			died("ipadm create-addr -T dhcp vioif0/dhcp", "Could not create address: Object not found"),
		)
	})
	t.Run("exclusive", func(t *testing.T) {
		c := twoLinks()
		c.Zone, c.NodeName, c.Links[0].DHCP.Host = "exclusive", "node1", "lease1"
		w := booted(t, c)
		play(t, w,
			step{line: "zonename -t", out: "exclusive\n"},
			step{line: "ipadm create-addr -T dhcp vioif0/dhcp"},
		)
		if _, status := method(t, w, "svc-dlmgmtd"); status != 94 {
			t.Errorf("svc-dlmgmtd: got %d, want 94", status)
		}
		reboot(t, w)
		play(t, w,
			step{line: showAll, out: lo4 + "vioif0/dhcp:dhcp:ok:10.0.2.15/24\n" + lo6},
			step{line: "hostname", out: "node1\n"},
		)
	})
}
