// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package services_test

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"illumos-metadata/common/simguest"
)

// files answers with these, by path; what is not there is 404.
func files(all map[string]string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		text, ok := all[r.URL.RequestURI()]
		if !ok {
			http.NotFound(w, r)
			return
		}
		io.WriteString(w, text)
	}
}

// dropletAnswer is the document of a droplet as its metadata service gives it.
func dropletAnswer(t *testing.T, doc map[string]any) http.HandlerFunc {
	t.Helper()
	text, err := json.Marshal(doc)
	must(t, err)
	return files(map[string]string{"/metadata/v1.json": string(text)})
}

// TestDropletService: a droplet without a CD and without an address asks its
// metadata service from a link-local one, once for all services, and ends as it
// would from a CD, with nothing left of that address. The second boot changes
// nothing; and where the service is away, or somebody else answers, that is no
// first boot.
func TestDropletService(t *testing.T) {
	t.Parallel()
	c := droplet()
	c.Net.Links[0].Hosts = []netip.Addr{netip.MustParseAddr("169.254.169.254")}
	c.Net.Links[0].Gateways = []netip.Addr{netip.MustParseAddr("192.0.2.1")}
	m := newMachine(t, c, nil)
	asked := []string{"GET /metadata/v1.json"}
	s := m.serve("169.254.169.254:80", dropletAnswer(t, dropletDoc()))
	m.boot()
	m.wantStates(nil)
	m.wantDroplet()
	m.wantBusy()
	s.wantAsked(m, asked)
	if log := m.log("network"); !strings.Contains(log, "source=digitalocean place=http://169.254.169.254/metadata/v1.json") {
		t.Errorf("the log does not name the source:\n%s", log)
	}

	s.change(dropletAnswer(t, dropletDoc()))
	after := m.snapshot()
	m.boot()
	m.wantStates(nil)
	m.wantDroplet()
	s.wantAsked(m, asked)
	m.wantNoChange(after)

	m.fetchLimitNow("1")
	after = m.snapshot()
	other := dropletDoc()
	other["droplet_id"] = 1000002
	for why, answer := range map[string]http.HandlerFunc{
		"status 503 Service Unavailable": nil,
		"another droplet's answer":       dropletAnswer(t, other),
	} {
		s.change(answer)
		m.boot()
		m.wantStates(nil)
		m.wantDroplet()
		m.wantNoChange(after)
		if log := m.log("network"); !strings.Contains(log, "the metadata source is silent: going on with its last answer") || !strings.Contains(log, why) {
			t.Errorf("the log does not say %q:\n%s", why, log)
		}
	}
	m.wantHellos(1)
}

// seedFiles ask for a static network, where there has to be DHCP first. The
// script is packed, as people paste it (row S7).
func seedFiles() map[string]string {
	return map[string]string{
		"/QEMU/meta-data": "instance-id: i-1\nlocal-hostname: other\npublic-keys:\n- " + alice + "\n- " + bob + "\n",
		"/QEMU/network-config": "version: 2\nethernets:\n  a:\n    match: {macaddress: '02:08:20:01:02:03'}\n    addresses: [10.0.2.99/24]\n" +
			"    gateway4: 10.0.2.2\n    nameservers: {addresses: [10.0.2.3]}\n",
		// printf '#!/bin/sh\necho hello from $(hostname)\n' | gzip -n9 | base64 -w0
		"/QEMU/user-data": "H4sIAAAAAAACA1NW1E/KzNMvzuBKTc7IV8hIzcnJV0grys9VUNHIyC8uyUvMTdXkAgBGmQajJgAAAA==",
	}
}

// nameServer answers every question for an IPv4 address with this one, and knows
// no other kind of record (RFC 1035, 4.1 and 4.2.2).
func nameServer(c net.Conn, addr netip.Addr) {
	defer c.Close()
	for {
		q := make([]byte, 512)
		n, err := c.Read(q)
		if err != nil {
			return
		}
		q = q[2:n]
		q[2] |= 0x80
		if q[len(q)-3] == 1 { // A
			q[7] = 1
			q = append(q, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4)
			q = append(q, addr.AsSlice()...)
		}
		c.Write(append([]byte{0, byte(len(q))}, q...))
	}
}

// TestSeedServer: a machine whose SMBIOS serial number names a web server gets an
// address by DHCP, looks the server up and asks it once for all services, and
// ends with the static network of the seed in place of DHCP. The second boot
// changes nothing, and without the server it goes on with the last answer.
func TestSeedServer(t *testing.T) {
	t.Parallel()
	c := simguest.Default()
	c.SMBIOS.Serial = "ds=nocloud-net;s=http://seed.example:8000/__dmi.system-manufacturer__;h=web1.example.com"
	server := netip.MustParseAddr("192.0.2.80")
	c.Net.Links[0].Hosts = []netip.Addr{server, netip.MustParseAddr("10.0.2.3")}
	m := newMachine(t, c, nil)
	s := m.serve("192.0.2.80:8000", files(seedFiles()))
	names, err := m.wire.Listen("10.0.2.3:53")
	must(t, err)
	t.Cleanup(func() { names.Close() })
	go func() {
		for {
			c, err := names.Accept()
			if err != nil {
				return
			}
			go nameServer(c, server)
		}
	}()
	asked := []string{"GET /QEMU/meta-data", "GET /QEMU/network-config", "GET /QEMU/user-data", "GET /QEMU/vendor-data"}
	configured := func() {
		t.Helper()
		m.wantStates(nil)
		if got := m.statics(); !slices.Equal(got, []string{"vioif0 10.0.2.99/24"}) {
			t.Errorf("addresses %q", got)
		}
		if got := m.defaults(); !slices.Equal(got, []string{"10.0.2.2"}) {
			t.Errorf("default routers %q", got)
		}
		if got := m.read("/etc/nodename"); got != "web1\n" {
			t.Errorf("/etc/nodename %q", got)
		}
		if got := m.read("/root/.ssh/authorized_keys"); got != alice+"\n"+bob+"\n" {
			t.Errorf("authorized_keys %q", got)
		}
		m.wantHellos(1)
	}
	m.boot()
	configured()
	m.wantBusy()
	s.wantAsked(m, asked)
	if log := m.log("network"); !strings.Contains(log, "source=nocloud place=http://seed.example:8000/QEMU/") || !strings.Contains(log, "instance=i-1") {
		t.Errorf("the log does not name the source:\n%s", log)
	}

	s.change(files(seedFiles()))
	after := m.snapshot()
	m.boot()
	configured()
	s.wantAsked(m, asked)
	m.wantNoChange(after)

	m.fetchLimitNow("1")
	after = m.snapshot()
	s.change(nil)
	m.boot()
	configured()
	m.wantNoChange(after)
	if log := m.log("network"); !strings.Contains(log, "the metadata source is silent: going on with its last answer") || !strings.Contains(log, "status 503") {
		t.Errorf("the log does not say why:\n%s", log)
	}
}
