// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package services_test

import (
	"encoding/json"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"illumos-metadata/common/simguest"
	"illumos-metadata/common/simguest/simnet"
)

// dropletMACs are the links of a droplet: the public and the private one.
var dropletMACs = []string{"02:08:20:01:02:03", "02:08:20:01:02:04"}

// droplet is a DigitalOcean machine with a public and a private link. There are
// DHCP servers on both, which nobody may ask.
func droplet() simguest.Config {
	c := simguest.Default()
	c.SMBIOS = simguest.SMBIOS{
		BIOSVendor: "DigitalOcean", Manufacturer: "DigitalOcean", Product: "Droplet", Version: "20171212",
		Serial: "1000001", UUID: c.SMBIOS.UUID,
	}
	c.Net = simnet.ManyLinks(2)
	for i := range c.Net.Links {
		c.Net.Links[i].MAC = dropletMACs[i]
	}
	return c
}

// dropletDoc asks for the same as volume does, but for the network.
func dropletDoc() map[string]any {
	ipv4 := func(address, netmask, gateway string) map[string]any {
		return map[string]any{"ip_address": address, "netmask": netmask, "gateway": gateway}
	}
	return map[string]any{
		"droplet_id": 1000001, "hostname": "web1.example.com", "auth_key": "hunter2",
		"public_keys": []string{alice, bob}, "user_data": volume()["firstboot.sh"], "vendor_data": "",
		"interfaces": map[string]any{
			"public": []any{map[string]any{
				"mac": dropletMACs[0], "type": "public", "ipv4": ipv4("192.0.2.10", "255.255.255.0", "192.0.2.1"),
				"ipv6":        map[string]any{"ip_address": "2001:0DB8:0000:0001:0000:0000:0000:000A", "cidr": 64, "gateway": "2001:0DB8:0000:0001:0000:0000:0000:0001"},
				"anchor_ipv4": ipv4("10.18.0.5", "255.255.0.0", "10.18.0.1"),
			}},
			"private": []any{map[string]any{"mac": dropletMACs[1], "type": "private", "ipv4": ipv4("10.133.0.2", "255.255.0.0", "10.133.0.1")}},
		},
		"dns": map[string]any{"nameservers": []string{"192.0.2.53"}}, "features": map[string]any{"dhcp_enabled": false},
	}
}

// insertCD puts a droplet's CD in place.
func (m *machine) insertCD(kind string, doc map[string]any) {
	m.t.Helper()
	m.halt()
	text, err := json.Marshal(doc)
	if err != nil {
		m.t.Fatal(err)
	}
	cd, err := simguest.FileSystem(kind, "config-2", map[string][]byte{"digitalocean_meta_data.json": text})
	if err != nil {
		m.t.Fatal(err)
	}
	if err := m.guest.SetVolume(cd); err != nil {
		m.t.Fatal(err)
	}
}

// wantDroplet checks what dropletDoc asks for.
func (m *machine) wantDroplet() {
	m.t.Helper()
	if name, nodename := m.play("hostname"), m.read("/etc/nodename"); name != "web1\n" || nodename != "web1\n" {
		m.t.Errorf("live name %q, /etc/nodename %q", name, nodename)
	}
	if got := m.read("/root/.ssh/authorized_keys"); got != alice+"\n"+bob+"\n" {
		m.t.Errorf("authorized_keys %q", got)
	}
	want := []string{"vioif0 10.18.0.5/16", "vioif0 192.0.2.10/24", "vioif0 2001:db8:0:1::a/64", "vioif1 10.133.0.2/16"}
	if got := m.statics(); !slices.Equal(got, want) {
		m.t.Errorf("addresses %q, want %q", got, want)
	}
	if got, want := m.defaults(), []string{"192.0.2.1", "2001:db8:0:1::1"}; !slices.Equal(got, want) {
		m.t.Errorf("default routers %q, want %q", got, want)
	}
	if got := m.read("/etc/resolv.conf"); !strings.Contains(got, "nameserver 192.0.2.53\n") {
		m.t.Errorf("/etc/resolv.conf %q", got)
	}
}

// statics gives the addresses that are neither the loopback's nor link-local,
// and fails where one is not static or not usable.
func (m *machine) statics() []string {
	m.t.Helper()
	var all []string
	for line := range strings.Lines(m.play("ipadm", "show-addr", "-p", "-o", "addrobj,type,state,addr")) {
		fields := strings.SplitN(strings.ReplaceAll(strings.TrimSpace(line), `\:`, "\x00"), ":", 4)
		object, address := fields[0], strings.ReplaceAll(fields[3], "\x00", ":")
		link, _, _ := strings.Cut(object, "/")
		if link == "lo0" || strings.HasPrefix(address, "fe80:") {
			continue
		}
		if _, err := netip.ParsePrefix(address); err != nil || fields[1] != "static" || fields[2] != "ok" {
			m.t.Errorf("address %q", line)
		}
		all = append(all, link+" "+address)
	}
	slices.Sort(all)
	return all
}

// defaults gives the routers of all default routes.
func (m *machine) defaults() []string {
	m.t.Helper()
	var all []string
	for line := range strings.Lines(m.play("netstat", "-rnv")) {
		switch f := strings.Fields(line); {
		case len(f) > 2 && f[0] == "default" && f[1] == "0.0.0.0":
			all = append(all, f[2])
		case len(f) > 1 && (f[0] == "default" || f[0] == "::/0"):
			all = append(all, f[1])
		}
	}
	slices.Sort(all)
	return all
}

// TestDroplet: the first boot from a droplet's CD does everything, with static
// addresses alone, and the second nothing.
func TestDroplet(t *testing.T) {
	for _, kind := range []string{"rockridge", "joliet", "plain"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t, droplet(), nil)
			m.insertCD(kind, dropletDoc())
			m.boot()
			m.wantStates(nil)
			m.wantDroplet()
			m.wantBusy()
			for _, name := range names {
				if log := m.log(name); strings.Contains(log, "hunter2") || strings.Contains(log, alice) {
					t.Errorf("the log of %s shows too much (row S1):\n%s", name, log)
				}
			}
			if log := m.log("network"); !strings.Contains(log, "source=digitalocean") || !strings.Contains(log, "instance=1000001") {
				t.Errorf("the log does not name the source:\n%s", log)
			}
			after := m.snapshot()

			m.boot()
			m.wantStates(nil)
			m.wantDroplet()
			m.wantQuiet()
			m.wantUnchanged(after)
			if n := strings.Count(m.log("userscript"), "hello from web1"); n != 1 {
				t.Errorf("the script ran %d times", n)
			}
		})
	}
}

// TestDropletChange: another address on the CD of the same droplet is noticed at
// the next boot, and a CD that is gone changes nothing.
func TestDropletChange(t *testing.T) {
	t.Parallel()
	m := newMachine(t, droplet(), nil)
	m.fetchLimit("1")
	m.insertCD("rockridge", dropletDoc())
	m.boot()
	doc := dropletDoc()
	delete(doc["interfaces"].(map[string]any), "private")
	m.insertCD("rockridge", doc)
	m.boot()
	m.wantStates(nil)
	want := []string{"vioif0 10.18.0.5/16", "vioif0 192.0.2.10/24", "vioif0 2001:db8:0:1::a/64"}
	if got := m.statics(); !slices.Equal(got, want) {
		t.Errorf("addresses %q, want %q", got, want)
	}
	after := m.snapshot()
	m.insert(nil)
	m.boot()
	m.wantStates(nil)
	m.wantQuiet()
	m.wantUnchanged(after)
	if got := m.statics(); !slices.Equal(got, want) {
		t.Errorf("without the CD: addresses %q, want %q", got, want)
	}
}

// TestDropletBare: a document without most of its fields costs nothing that is
// in it (row D15), and without a network there is DHCP.
func TestDropletBare(t *testing.T) {
	m := newMachine(t, droplet(), nil)
	m.insertCD("plain", map[string]any{"hostname": "web1", "public_keys": alice, "features": []int{}})
	m.boot()
	m.wantStates(nil)
	if got := m.read("/root/.ssh/authorized_keys"); got != alice+"\n" {
		t.Errorf("authorized_keys %q", got)
	}
	if got := m.play("ipadm", "show-addr", "-p", "-o", "addrobj,type,state"); !strings.Contains(got, "vioif0/dhcp:dhcp:ok") {
		t.Errorf("ipadm show-addr: %s", got)
	}
}

// TestDropletWithoutCD: a droplet with other media (row D6), whose service does
// not answer, has pool and swap as ever, and is told why that is all: nobody
// takes it for a machine without metadata.
func TestDropletWithoutCD(t *testing.T) {
	t.Parallel()
	m := newMachine(t, droplet(), nil)
	m.fetchLimit("1")
	install, err := simguest.FileSystem("rockridge", "OmniOS_r151052", map[string][]byte{"boot": []byte("x")})
	must(t, err)
	must(t, m.guest.SetVolume(install))
	m.boot()
	m.wantStates(map[string]string{
		"network": "maintenance", "hostname": "maintenance", "ssh-keys": "maintenance", "userscript": "maintenance",
	})
	if !strings.Contains(m.play("swap", "-l"), "rpool/swap") {
		t.Error("no swap")
	}
	for _, name := range []string{"network", "hostname", "ssh-keys", "userscript"} {
		if log := m.log(name); !strings.Contains(log, "metadata source digitalocean: the metadata service does not answer: ") ||
			!strings.Contains(log, "http://169.254.169.254/metadata/v1.json") {
			t.Errorf("the log of %s does not say what is wrong:\n%s", name, log)
		}
	}
}

// fetchLimit gives a fetch another limit, in seconds, before the first boot.
func (m *machine) fetchLimit(seconds string) {
	m.t.Helper()
	const manifest = "/lib/svc/manifest/system/metadata/network.xml"
	usual, short := "<propval name='fetch_timeout' type='count' value='60'/>", "<propval name='fetch_timeout' type='count' value='"+seconds+"'/>"
	text := m.read(manifest)
	if !strings.Contains(text, usual) {
		m.t.Fatalf("no %s in %s", usual, manifest)
	}
	m.write(manifest, strings.Replace(text, usual, short, 1))
}
