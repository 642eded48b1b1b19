// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package services_test

import (
	"encoding/json"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"

	"illumos-metadata/common/simguest"
	"illumos-metadata/common/simguest/simnet"
)

// oxideLink is a link of a rack's guest, with the lease of a /32 and a router
// that is off the link.
func oxideLink(device, mac, address, router string) simnet.Link {
	return simnet.Link{Device: device, MAC: mac, Network: simnet.Network{DHCP: &simnet.DHCP{
		Address: netip.MustParsePrefix(address + "/32"), Routers: []netip.Addr{netip.MustParseAddr(router)},
	}}}
}

// oxideMachine is a guest of an Oxide rack, switched off.
func oxideMachine(t *testing.T, links ...simnet.Link) *machine {
	t.Helper()
	c := simguest.Default()
	c.SMBIOS = simguest.SMBIOS{
		Manufacturer: "Oxide", Product: "OxVM", Serial: "ef245128-ed25-4dcd-9c47-94a1a439709b", UUID: "ef245128-ed25-4dcd-9c47-94a1a439709b",
	}
	c.Net.Links = links
	m := newMachine(t, c, nil)
	m.insertSeed("fat12", map[string]string{
		"meta-data": `{"instance-id":"ef245128-ed25-4dcd-9c47-94a1a439709b","local-hostname":"web1","public-keys":["` + alice + `\n","` + bob + `\n"]}`,
		"user-data": volume()["firstboot.sh"],
	})
	return m
}

// wantRoutes checks the IPv4 routes that were added: destination, mask and
// gateway.
func (m *machine) wantRoutes(want ...string) {
	m.t.Helper()
	var got []string
	table, _, _ := strings.Cut(m.play("netstat", "-rnv"), "IRE Table: IPv6")
	for line := range strings.Lines(table) {
		f := strings.Fields(line)
		if len(f) > 3 && (f[0] == "default" || f[1] == "255.255.255.255" && f[0] != f[2] && !strings.HasPrefix(f[0], "127.")) {
			got = append(got, strings.Join(f[:3], " "))
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		m.t.Errorf("routes %q, want %q\n%s\nlog of network:\n%s", got, want, table, m.log("network"))
	}
}

// TestOxide: each boot of a rack's guest has its default route, over a route to
// the router on the link, and changes nothing else from the second on (row D1).
func TestOxide(t *testing.T) {
	t.Parallel()
	m := oxideMachine(t, oxideLink("vioif0", "a8:40:25:f4:aa:01", "172.30.0.5", "172.30.0.1"),
		oxideLink("vioif1", "a8:40:25:f4:aa:02", "172.31.0.5", "172.31.0.1"))
	routes := []string{"172.30.0.1 255.255.255.255 172.30.0.5", "default 0.0.0.0 172.30.0.1"}
	m.boot()
	m.wantStates(nil)
	m.wantRoutes(routes...)
	m.wantHellos(1)
	if log := m.log("network"); !strings.Contains(log, "source=nocloud") || !strings.Contains(log, "platform=oxide") {
		t.Errorf("the log does not name source and platform:\n%s", log)
	}
	if got := m.read("/root/.ssh/authorized_keys"); got != alice+"\n"+bob+"\n" {
		t.Errorf("authorized_keys %q (row S9)", got)
	}
	if got := m.play("ipadm", "show-addr", "-p", "-o", "addrobj,addr"); !strings.Contains(got, "vioif1/dhcp:172.31.0.5/32") {
		t.Errorf("ipadm show-addr: %s", got)
	}
	after := m.snapshot()

	m.boot()
	m.wantStates(nil)
	m.wantRoutes(routes...)
	m.wantHellos(1)
	m.wantUnchanged(after)
	var changes []string
	for _, name := range names {
		for _, c := range m.calls(name) {
			if slices.ContainsFunc(changing, func(prefix string) bool { return strings.HasPrefix(c, prefix) }) {
				changes = append(changes, c)
			}
		}
	}
	if want := []string{"route add 172.30.0.1/32 172.30.0.5 -iface", "route add default 172.30.0.1"}; !slices.Equal(changes, want) {
		t.Errorf("the second boot ran %q, want %q", changes, want)
	}
	if got := m.calls("network"); len(got) > 8 {
		t.Errorf("the second boot ran %d commands: %q", len(got), got)
	}
}

// TestOxideNoServer: a boot on which no lease comes ends within its limit and says
// so (row N6), whatever was there before; with the lease all is well again.
func TestOxideNoServer(t *testing.T) {
	t.Parallel()
	link := oxideLink("vioif0", "a8:40:25:f4:aa:01", "172.30.0.5", "172.30.0.1")
	routes := []string{"172.30.0.1 255.255.255.255 172.30.0.5", "default 0.0.0.0 172.30.0.1"}
	m := oxideMachine(t, link)
	m.boot()
	m.wantStates(nil)
	m.wantRoutes(routes...)
	m.play("svccfg", "-s", "metadata/network", "setprop", "config/dhcp_timeout", "=", "count:", "1")
	m.play("svcadm", "refresh", "metadata/network")
	m.halt()
	must(t, simnet.SetNetwork(m.guest.World, "vioif0", simnet.Network{}))
	m.boot()
	m.wantStates(map[string]string{"network": "maintenance"})
	m.wantRoutes()
	if log := m.log("network"); !strings.Contains(log, "vioif0 has no DHCP lease after 1s") {
		t.Errorf("the log gives no reason:\n%s", log)
	}

	must(t, simnet.SetNetwork(m.guest.World, "vioif0", link.Network))
	m.play("svcadm", "clear", "metadata/network")
	m.settle()
	m.wantStates(nil)
	m.wantRoutes(routes...)
}

// TestOxideSample boots with a lease and a document as a rack gives them, which
// lie beside the module and are read in place. The key is no real one.
func TestOxideSample(t *testing.T) {
	t.Parallel()
	var sample struct {
		Interface, MAC string
		DHCP           struct {
			Address string
			Routers []string
		}
		Expect struct {
			Routes []struct {
				Dst string
				Via string
			}
		}
	}
	must(t, json.Unmarshal(sampleFile(t, "oxide/dhcp-offlink.json"), &sample))
	m := oxideMachine(t, oxideLink(sample.Interface, sample.MAC, sample.DHCP.Address, sample.DHCP.Routers[0]))
	m.insertSeed("fat12", map[string]string{"meta-data": string(sampleFile(t, "oxide/meta-data.json")), "user-data": ""})
	m.boot()
	if got := m.read("/etc/nodename"); got != "helios-test\n" {
		t.Errorf("/etc/nodename %q", got)
	}
	var want []string
	for _, r := range sample.Expect.Routes {
		if r.Via == "" {
			want = append(want, strings.TrimSuffix(r.Dst, "/32")+" 255.255.255.255 "+sample.DHCP.Address)
		} else {
			want = append(want, "default 0.0.0.0 "+r.Via)
		}
	}
	m.wantRoutes(want...)
}

// sampleFile gives a file of that collection.
func sampleFile(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile("../../shared/fixtures/" + name)
	if os.IsNotExist(err) {
		lacking(t, "../shared/fixtures/"+name)
	}
	must(t, err)
	return b
}
