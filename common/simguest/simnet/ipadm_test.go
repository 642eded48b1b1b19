// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simnet_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"illumos-metadata/common/simguest/simnet"
)

// lo4 and lo6 are the rows of show-addr that every guest has.
const (
	lo4 = "lo0/v4:static:ok:127.0.0.1/8\n"
	lo6 = "lo0/v6:static:ok:\\:\\:1/128\n"
)

const showAll = "ipadm show-addr -p -o addrobj,type,state,addr"

func TestIpadmTables(t *testing.T) {
	w := booted(t, twoLinks())
	play(t, w,
		step{line: "ipadm create-addr -T static -a 10.0.0.5/24 vioif1/v4"},
		step{line: "ipadm create-addr -T addrconf vioif1/v6"},
		step{line: "ipadm create-addr -T dhcp vioif0/dhcp"},
		step{line: "ipadm show-if", out: "" +
			"IFNAME     CLASS     STATE    CURRENT      PERSISTENT\n" +
			"lo0        VIRTUAL   ok       -m-v------46 ---\n" +
			"vioif0     IP        ok       bm--------46 -46\n" +
			"vioif1     IP        ok       bm--------46 -46\n"},
		step{line: "ipadm show-if -p -o ifname,state vioif1", out: "vioif1:ok\n"},
		step{line: "ipadm", out: "" +
			"ADDROBJ           TYPE     STATE        ADDR\n" +
			"lo0/v4            static   ok           127.0.0.1/8\n" +
			"vioif0/dhcp       dhcp     ok           10.0.2.15/24\n" +
			"vioif1/v4         static   ok           10.0.0.5/24\n" +
			"lo0/v6            static   ok           ::1/128\n" +
			"vioif1/v6         addrconf ok           fe80::8:20ff:fe0a:b0c%vioif1/10\n"},
		step{line: showAll + " vioif1/v6", out: `vioif1/v6:addrconf:ok:fe80\:\:8\:20ff\:fe0a\:b0c%vioif1/10` + "\n"},
		step{line: "ipadm show-addr -p -o ADDR vioif1/v6", out: "fe80::8:20ff:fe0a:b0c%vioif1/10\n"},
		step{line: "ipadm show-addr -p -o addrobj,current,persistent vioif1/", out: "vioif1/v4:U----:U--\nvioif1/v6:U----:U--\n"},
		step{line: "ipadm show-addr -o all vioif1/v4", out: "" +
			"ADDROBJ           TYPE     STATE        CURRENT PERSISTENT ADDR\n" +
			"vioif1/v4         static   ok           U----   U--        10.0.0.5/24\n"},
		step{line: "ipadm show-addr -o addrobj,foo vioif1/v4",
			out: "ADDROBJ\nvioif1/v4\n", err: "ipadm: warning: ignoring unknown output field: `foo'\n"},
	)
}

func TestIpadmRefuses(t *testing.T) {
	w := booted(t, twoLinks())
	use := "\tcreate-addr\t[-t] -T static [-d] -a{local|remote}=addr[/prefixlen]\n\t\t\t<addrobj>\n" +
		"\tcreate-addr\t[-t] -T dhcp [-w <seconds> | forever]\n\t\t\t[-1] [-h <hostname>] <addrobj>\n" +
		"\tcreate-addr\t[-t] -T addrconf [-i interface-id]\n\t\t\t[-p {stateful|stateless}={yes|no}] <addrobj>"
	play(t, w,
		// options and operands
		died("ipadm create-addr vioif0/v4", "Invalid arguments\nusage: "+use),
		died("ipadm create-addr -T dhcp", "Invalid arguments\nusage: "+use),
		died("ipadm create-addr -T dhcp -x vioif0/v4", "unrecognized option '-x'\nusage: "+use),
		died("ipadm create-addr -T", "option '-T' requires a value\nusage: "+use),
		died("ipadm create-addr -T dhcp vioif0", "invalid address object name: vioif0\nusage: "+use),
		died("ipadm create-addr -T bogus vioif0/v4", "Invalid address type bogus"),
		died("ipadm create-addr -T static vioif0/v4", "Invalid arguments for type static\nusage: "+use),
		died("ipadm create-addr -T dhcp -a 10.0.0.1/24 vioif0/v4", "Invalid arguments for type dhcp\nusage: "+use),
		died("ipadm create-addr -T dhcp -w soon vioif0/v4", "Invalid argument"),
		died("ipadm create-addr -T dhcp -h a_b vioif0/v4", "Error in setting reqhost: Invalid argument provided"),
		died("ipadm create-addr -T addrconf -p stateful=maybe vioif0/v6", "Invalid argument"),
		died("ipadm create-addr -T addrconf -i ::1 vioif0/v6", "Error in setting interface ID: Invalid argument provided"),
		died("ipadm show-addr -p", "-p requires -o"),
		died("ipadm show-addr -p -o nope", "no valid output fields"),
		died("ipadm show-addr -p -o state,nope,nil", "unknown output fields: `nope' `nil'"),
		died("ipadm show-addr vioif0", "Invalid address object name provided"),
		died("ipadm show-if -x", "unrecognized option '-x'\nusage: \tshow-if\t\t[[-p] -o <field>,...] [<interface>]\n"),
		died("ipadm enable-if vioif0", "persistent operation not supported for enable-if"),
		died("ipadm enable-addr vioif0/v4", "persistent operation not supported for enable-addr"),
		died("ipadm delete-if", "Usage: \tdelete-if\t<interface>\n"),
		died("ipadm create-if", "usage: \tcreate-if\t[-t] <interface>"),
		// names
		died("ipadm create-addr -T dhcp vioif0/my-net", "Error in creating address object: Invalid argument provided"),
		died("ipadm create-addr -T dhcp vioif0/4", "Error in creating address object: Invalid argument provided"),
		died("ipadm create-addr -T dhcp vioif/v4", "Error in creating address object: Invalid argument provided"),
		died("ipadm create-addr -T dhcp vioif0/"+strings.Repeat("a", 32), "Error in creating address object: Invalid argument provided"),
		died("ipadm create-addr -T static -a 10.0.0.300/24 vioif0/v4", "Error in setting local address: Invalid address"),
		died("ipadm create-addr -T static -a 10.0.0.3/x vioif0/v4", "Error in setting local address: Invalid argument provided"),
		died("ipadm create-addr -T static -a local=10.0.0.3,remote=10.0.0.4/24 vioif0/v4", "Error in setting remote address: Invalid address"),
		died("ipadm create-addr -T static -a remote=10.0.0.4 vioif0/v4", "Missing local address\nusage: "+use),
		// objects
		died("ipadm create-addr -T static -a 10.0.0.5/24 vioif9/v4", "Could not create address: Could not open DLPI link"),
		died("ipadm create-addr -T dhcp vioif9/dhcp", "Could not create address: Could not open DLPI link"),
		died("ipadm create-addr -T static -a 0.0.0.0/8 vioif1/v4", "Could not create address: Invalid address"),
		died("ipadm create-addr -T static -a 10.0.0.0/24 vioif1/v4", "Could not create address: Can't assign requested address"),
		died("ipadm create-addr -T dhcp lo0/dhcp", "Could not create address: Operation not supported"),
		died("ipadm delete-addr vioif0/nope", "could not delete address: Object not found"),
		died("ipadm enable-addr -t vioif0/nope", "could not enable address: Object not found"),
		died("ipadm disable-addr -t vioif0/nope", "could not disable address: Object not found"),
		died("ipadm up-addr vioif0/nope", "Could not mark the address up: Object not found"),
		died("ipadm down-addr vioif0/nope", "Could not mark the address down: Object not found"),
		died("ipadm refresh-addr vioif0/nope", "could not refresh address Object not found"),
		died("ipadm show-addr -p -o state vioif0/nope", "Could not get address: Object not found"),
		died("ipadm show-addr vioif9/", "Could not get address: Interface does not exist"),
		died("ipadm show-if vioif9", "Could not get interface(s): Interface does not exist"),
		died("ipadm delete-if vioif9", "Could not delete vioif9: Interface does not exist"),
		died("ipadm create-if vioif9", "Could not create vioif9 : Could not open DLPI link"),
		died("ipadm enable-if -t vioif9", "Could not enable vioif9 : Object not found"),
		died("ipadm set-ifprop -p mtu=1400 -m ipv4 vioif0", "set-ifprop: mtu: Interface does not exist"),
		// what exists and is not played
		step{line: "ipadm show-prop", err: "simulated guest: ipadm show-prop is not simulated\n", status: 127},
		// a refused command leaves nothing
		step{line: showAll, out: lo4 + lo6},
		step{line: "ipadm show-if -p -o ifname", out: "lo0\n"},
	)
	if db := content(t, w, "/etc/ipadm/ipadm.conf"); db != "" {
		t.Errorf("ipadm.conf holds %q after refused commands only", db)
	}
	got := run(t, w, "ipadm frobnicate")
	if !strings.HasPrefix(got.Err, "ipadm: unknown subcommand 'frobnicate'\nusage:  ipadm <subcommand> <args> ...\n") || got.Status != 1 || got.Out != "" {
		t.Errorf("ipadm frobnicate: got %+v", got)
	}
}

func TestIpadmTwice(t *testing.T) {
	w := booted(t, twoLinks())
	play(t, w,
		step{line: "ipadm create-if vioif1"},
		died("ipadm create-if vioif1", "Could not create vioif1 : Interface already exists"),
		step{line: "ipadm create-addr -T dhcp vioif0/dhcp"},
		died("ipadm create-addr -T dhcp vioif0/dhcp", "Could not create address: Address object already exists"),
		died("ipadm create-addr -T static -a 10.0.0.9/24 vioif0/dhcp", "Could not create address: Address object already exists"),
		step{line: "ipadm create-addr -T static -a 10.1.0.5/24 vioif1/v4"},
		died("ipadm create-addr -T static -a 10.1.0.5/24 vioif1/again", "Could not create address: Address already in use"),
		died("ipadm create-addr -T static -a 10.1.0.5/24 vioif0/again", "Could not create address: Can't assign requested address"),
		died("ipadm enable-addr -t vioif1/v4", "could not enable address: Address object already exists"),
		// A second DHCP on a link is nothing that ipadm refuses: it gets a
		// logical interface of its own, and here no address, for the server
		// has one only.
		step{line: "ipadm create-addr -T dhcp -w 0 vioif0/dhcp2"},
		step{line: "ipadm show-addr -p -o addrobj,state,addr vioif0/", out: "vioif0/dhcp:ok:10.0.2.15/24\nvioif0/dhcp2:down:?\n"},
		step{line: "ipadm delete-addr vioif0/dhcp2"},
		step{line: "ipadm create-addr -T addrconf vioif1/v6"},
		died("ipadm create-addr -T addrconf vioif1/more", "Could not create address: Address already in use"),
		died("ipadm create-addr -T addrconf -i ::7/64 vioif1/more", "Could not create address: Addrconf already in progress"),
		died("ipadm refresh-addr vioif1/v6", "could not refresh address Operation not supported"),
		died("ipadm delete-addr -r vioif1/v4", "could not delete address: Operation not supported"),
	)
}

// A static address and a DHCP object are in the store, a temporary one is not.
func TestPersistence(t *testing.T) {
	w := booted(t, twoLinks())
	play(t, w,
		step{line: "ipadm create-addr -T dhcp -1 -h web1 vioif0/dhcp"},
		step{line: "ipadm create-addr -T static -a 10.1.0.5/24 vioif1/v4"},
		step{line: "ipadm create-addr -t -T static -a 10.1.0.6/24 vioif1/tmp"},
		step{line: "ipadm create-addr -T static -d -a 10.1.0.7/24 vioif1/down"},
		step{line: "ipadm set-ifprop -p mtu=1400 -m ipv4 vioif1"},
		step{line: "ipadm set-ifprop -t -p mtu=1400 -m ipv4 vioif0"},
		step{line: "ipadm set-addrprop -p deprecated=on vioif1/v4"},
	)
	want := "_ifname=vioif0;_ifclass=0;_families=2,26;\n" +
		"_ifname=vioif0;_aobjname=vioif0/dhcp;_dhcp=-1,yes;\n" +
		"_ifname=vioif0;_aobjname=vioif0/dhcp;reqhost=web1;\n" +
		"_ifname=vioif1;_ifclass=0;_families=2,26;\n" +
		"_ifname=vioif1;_aobjname=vioif1/v4;_ipv4addr=10.1.0.5,;up=yes;\n" +
		"_ifname=vioif1;_aobjname=vioif1/v4;prefixlen=24;\n" +
		"_ifname=vioif1;_aobjname=vioif1/down;_ipv4addr=10.1.0.7,;up=no;\n" +
		"_ifname=vioif1;_aobjname=vioif1/down;prefixlen=24;\n" +
		"_protocol=ipv4;_ifname=vioif1;mtu=1400;\n" +
		"_ifname=vioif1;_aobjname=vioif1/v4;deprecated=on;\n"
	if diff := cmp.Diff(want, content(t, w, "/etc/ipadm/ipadm.conf")); diff != "" {
		t.Errorf("ipadm.conf (-want +got):\n%s", diff)
	}
	if err := simnet.PowerOn(w); err != nil {
		t.Fatal(err)
	}
	play(t, w, step{line: showAll, out: "" +
		"vioif0/dhcp:dhcp:disabled:?\nvioif1/v4:static:disabled:10.1.0.5/24\nvioif1/down:static:disabled:10.1.0.7/24\n"},
		step{line: "ipadm show-if -p -o ifname,class,state,current,persistent", out: "" +
			"vioif0:IP:disabled:------------:-46\nvioif1:IP:disabled:------------:-46\n"},
		died("ipadm create-addr -T static -a 10.1.0.8/24 vioif1/more", "Could not create address: Operation not supported on disabled object"),
		died("ipadm create-if vioif1", "Could not create vioif1 : Operation not supported on disabled object"),
		// The daemon's map begins empty.
		died("ipadm delete-addr vioif1/v4", "could not delete address: Object not found"),
	)
	reboot(t, w)
	play(t, w, step{line: "ipadm show-addr -p -o addrobj,state,current,addr", out: "" +
		"lo0/v4:ok:U----:127.0.0.1/8\nvioif0/dhcp:ok:U----:10.0.2.15/24\nvioif1/v4:ok:U---d:10.1.0.5/24\n" +
		"vioif1/down:down:-----:10.1.0.7/24\nlo0/v6:ok:U----:\\:\\:1/128\n"},
		step{line: "ipadm show-ifprop -c -o ifname,proto,current,persistent -p mtu vioif1", out: "vioif1:ipv4:1400:1400\nvioif1:ipv6:1500:\n"},
		step{line: "ipadm show-ifprop -c -o current -p mtu -m ipv4 vioif0", out: "1500\n"},
		step{line: "ipadm show-addrprop -c -o current -p reqhost vioif0/dhcp", out: "web1\n"},
	)
}

func TestEnableDisable(t *testing.T) {
	w := booted(t, twoLinks())
	play(t, w,
		step{line: "ipadm create-addr -T static -a 10.1.0.5/24 vioif1/v4"},
		step{line: "ipadm create-addr -T dhcp vioif0/dhcp"},
		step{line: "ipadm disable-addr -t vioif1/v4"},
		step{line: "ipadm disable-addr -t vioif0/dhcp"},
		step{line: showAll, out: lo4 + lo6 + "vioif1/v4:static:disabled:10.1.0.5/24\nvioif0/dhcp:dhcp:disabled:?\n"},
		died("ipadm up-addr vioif1/v4", "Could not mark the address up: Operation not supported on disabled object"),
		died("ipadm set-addrprop -p private=on vioif1/v4", "set-addrprop: private: Operation not supported on disabled object"),
		step{line: "ipadm enable-addr -t vioif1/v4"},
		step{line: "ipadm enable-addr -t vioif0/dhcp"},
		step{line: showAll, out: lo4 + "vioif0/dhcp:dhcp:ok:10.0.2.15/24\nvioif1/v4:static:ok:10.1.0.5/24\n" + lo6},
		step{line: "ipadm disable-if -t vioif1"},
		died("ipadm disable-if -t vioif1", "Could not disable vioif1: Interface does not exist"),
		step{line: "ipadm show-if -p -o state vioif1", out: "disabled\n"},
		step{line: "ipadm enable-if -t vioif1"},
		died("ipadm enable-if -t vioif1", "Could not enable vioif1 : Interface already exists"),
		step{line: "ipadm delete-addr vioif1/v4"},
		step{line: "ipadm delete-if vioif0"},
		step{line: showAll, out: lo4 + lo6},
	)
	if got, want := content(t, w, "/etc/ipadm/ipadm.conf"), "_ifname=vioif1;_ifclass=0;_families=2,26;\n"; got != want {
		t.Errorf("ipadm.conf: got %q, want %q", got, want)
	}
}

func TestUpDownDuplicate(t *testing.T) {
	c := twoLinks()
	c.Links[1].Taken = addrs("10.1.0.9")
	w := booted(t, c)
	play(t, w,
		step{line: "ipadm create-addr -T static -a 10.1.0.9/24 vioif1/v4"}, // a duplicate is no failure
		step{line: "ipadm show-addr -p -o state vioif1/v4", out: "duplicate\n"},
		died("ipadm up-addr vioif1/v4", "Could not mark the address up: Duplicate address detected"),
		died("ipadm refresh-addr vioif1/v4", "could not refresh address Duplicate address detected"),
	)
	if err := simnet.SetNetwork(w, "vioif1", simnet.Network{}); err != nil {
		t.Fatal(err)
	}
	play(t, w,
		step{line: "ipadm refresh-addr vioif1/v4"},
		step{line: "ipadm down-addr vioif1/v4"},
		step{line: "ipadm show-addr -p -o state,persistent vioif1/v4", out: "down:---\n"},
		step{line: "ipadm up-addr -t vioif1/v4"},
		step{line: "ipadm show-addr -p -o state,persistent vioif1/v4", out: "ok:---\n"},
		step{line: "ipadm create-addr -t -T static -a 10.1.0.10/24 vioif1/tmp"},
		died("ipadm down-addr vioif1/tmp", "Could not mark the address down: Persistent operation on temporary object"),
	)
	if err := simnet.SetCarrier(w, "vioif1", false); err != nil {
		t.Fatal(err)
	}
	play(t, w,
		step{line: "ipadm show-addr -p -o state vioif1/", out: "inaccessible\ninaccessible\n"},
		step{line: "ipadm show-if -p -o state vioif1", out: "failed\n"},
	)
}

func TestProperties(t *testing.T) {
	w := booted(t, twoLinks())
	play(t, w,
		step{line: "ipadm create-addr -T static -a 10.1.0.5/16 vioif1/v4"},
		step{line: "ipadm show-addrprop vioif1/v4", out: "" +
			"ADDROBJ           PROPERTY   PERM CURRENT         PERSISTENT      DEFAULT         POSSIBLE\n" +
			"vioif1/v4         broadcast  r-   10.1.255.255    --              10.255.255.255  --\n" +
			"vioif1/v4         deprecated rw   off             --              off             on,off\n" +
			"vioif1/v4         prefixlen  rw   16              16              8               1-30,32\n" +
			"vioif1/v4         primary    r-   --              --              --              --\n" +
			"vioif1/v4         private    rw   off             --              off             on,off\n" +
			"vioif1/v4         reqhost    rw   --              --              --              --\n" +
			"vioif1/v4         transmit   rw   on              --              on              on,off\n" +
			"vioif1/v4         zone       rw   global          --              global          --\n"},
		step{line: "ipadm show-ifprop -m ipv6 vioif1", out: "" +
			"IFNAME      PROPERTY        PROTO PERM CURRENT    PERSISTENT DEFAULT    POSSIBLE\n" +
			"vioif1      forwarding      ipv6  rw   off        --         off        on,off\n" +
			"vioif1      metric          ipv6  rw   0          --         0          --\n" +
			"vioif1      mtu             ipv6  rw   1500       --         1500       1280-1500\n" +
			"vioif1      nud             ipv6  rw   on         --         on         on,off\n" +
			"vioif1      exchange_routes ipv6  rw   on         --         on         on,off\n" +
			"vioif1      usesrc          ipv6  rw   none       --         none       --\n" +
			"vioif1      standby         ip    rw   off        --         off        on,off\n"},
		step{line: "ipadm show-ifprop -c -o ifname,property,current -p nope vioif1", out: "vioif1:nope:?\n", status: 1},
		died("ipadm set-ifprop -p mtu=9000 -m ipv4 vioif1", "set-ifprop: mtu: Invalid argument provided"),
		died("ipadm set-ifprop -p mtu=67 -m ipv4 vioif1", "set-ifprop: mtu: Invalid argument provided"),
		died("ipadm set-ifprop -p mtu=1400 -m ip vioif1", "set-ifprop: mtu: Incorrect protocol family for operation"),
		died("ipadm set-ifprop -p mtu=1400 -m ipx vioif1", "invalid protocol 'ipx' specified"),
		died("ipadm set-ifprop -p nope=1 -m ipv4 vioif1", "set-ifprop: nope: Unknown property"),
		died("ipadm set-ifprop -p ttl=9 -m ipv4 vioif1", "set-ifprop: ttl: Invalid argument provided"),
		died("ipadm set-ifprop -p mtu=1 -p mtu=2 -m ipv4 vioif1", "-p must be specified once only"),
		step{line: "ipadm set-ifprop -p forwarding=on -m ipv4 vioif1"},
		step{line: "ipadm reset-ifprop -p forwarding -m ipv4 vioif1"},
		step{line: "ipadm show-ifprop -c -o current,persistent -p forwarding -m ipv4 vioif1", out: "off:\n"},
		died("ipadm set-addrprop -p prefixlen=31 vioif1/v4", "set-addrprop: prefixlen: Invalid argument provided"),
		died("ipadm set-addrprop -p primary=on vioif1/v4", "set-addrprop: primary: Operation not supported"),
		died("ipadm set-addrprop -p nope=on vioif1/v4", "set-addrprop: nope: Unknown property"),
		died("ipadm set-addrprop -p reqhost=web1 vioif1/v4", "set-addrprop: reqhost: Operation not supported"),
		died("ipadm set-addrprop -p private vioif1/v4", "please specify the value to be set.\n\tset-addrprop\t[-t] -p <prop>=<value[,...]> <addrobj>"),
		step{line: "ipadm set-addrprop -p prefixlen=24 vioif1/v4"},
		step{line: "ipadm show-addr -p -o addr vioif1/v4", out: "10.1.0.5/24\n"},
		step{line: "ipadm reset-addrprop -p prefixlen vioif1/v4"},
		step{line: "ipadm show-addr -p -o addr vioif1/v4", out: "10.1.0.5/8\n"},
		died("ipadm show-addrprop vioif1/nope", "addrobj not found: vioif1/nope"),
	)
}

func TestPrivileges(t *testing.T) {
	tests := []struct {
		name   string
		denied string
		line   string
		text   string
	}{
		{name: "authorization", denied: "solaris.network.interface.config", line: "ipadm create-if vioif1",
			text: "Could not create vioif1 : Insufficient user authorizations"},
		{name: "sys_ip_config", denied: "sys_ip_config", line: "ipadm create-addr -T static -a 10.1.0.5/24 vioif1/v4",
			text: "Could not create address: Permission denied"},
		{name: "net_privaddr", denied: "net_privaddr", line: "ipadm create-addr -T dhcp vioif0/dhcp",
			text: "Could not create address: Could not communicate with dhcpagent"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := booted(t, twoLinks())
			if err := simnet.Deny(w, tt.denied); err != nil {
				t.Fatal(err)
			}
			play(t, w, died(tt.line, tt.text), step{line: showAll, out: lo4 + lo6})
		})
	}
}

// Long options by any beginning that is clear, and a name for an address.
func TestLongOptions(t *testing.T) {
	w := booted(t, twoLinks())
	write(t, w, "/etc/inet/hosts", "::1 localhost\n10.1.0.5 web1 # mine\n10.1.0.6 both\n10.1.0.7 both\n")
	play(t, w,
		step{line: "ipadm create-addr --type=static --addr web1 vioif1/v4"},
		step{line: "ipadm show-addr --parsable --output=addr vioif1/v4", out: "10.1.0.5/8\n"},
		died("ipadm create-addr --type=static --address=both vioif1/v5", "Error in setting local address: Hostname maps to multiple IP addresses"),
		died("ipadm create-addr --type=static --address=nobody vioif1/v5", "Error in setting local address: Invalid address"),
		step{line: "ipadm create-addr -T dhcp --wait 5 --primary --reqhost=web1 vioif0/dhcp"},
		step{line: "ipadm show-addrprop -c -o property,current -p primary,reqhost vioif0/dhcp", out: "primary:on\nreqhost:web1\n"},
	)
	reboot(t, w)
	play(t, w,
		step{line: "ipadm disable-addr -t vioif1/v4"},
		// The name is kept, not the address.
		step{line: "ipadm show-addr -p -o state,addr vioif1/v4", out: "disabled:web1\n"},
		step{line: "ipadm show-addrprop -c -o property,current,default -p prefixlen vioif1/v4", out: "prefixlen::8\n"},
	)
}

// An address that is in use when its interface is enabled is passed over.
func TestEnablePassesOver(t *testing.T) {
	w := booted(t, twoLinks())
	play(t, w,
		step{line: "ipadm create-addr -T static -a 10.1.0.5/24 vioif1/v4"},
		step{line: "ipadm create-addr -T static -a 10.1.0.6/24 vioif1/more"},
		step{line: "ipadm disable-if -t vioif1"},
		step{line: "ipadm create-addr -T static -a 10.1.0.5/24 vioif0/v4"},
		step{line: "ipadm enable-if -t vioif1", err: "ipadm: warning: All addresses could not be enabled\n"},
		step{line: showAll, out: lo4 + "vioif0/v4:static:ok:10.1.0.5/24\nvioif1/more:static:ok:10.1.0.6/24\n" + lo6 +
			"vioif1/v4:static:disabled:10.1.0.5/24\n"},
	)
}
