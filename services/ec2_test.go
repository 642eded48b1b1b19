// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package services_test

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"illumos-metadata/common/simguest"
	"illumos-metadata/common/simguest/simnet"
)

// ec2Pages are what the metadata service says of an instance with two network
// interfaces and a second address on the first, by path below /latest/.
func ec2Pages() map[string]string {
	const macs = "meta-data/network/interfaces/macs/"
	pages := map[string]string{
		"meta-data/instance-id":               "i-0123456789abcdef0",
		"meta-data/local-hostname":            "web1.example.com",
		"meta-data/public-keys/":              "0=alice\n1=bob",
		"meta-data/public-keys/0/openssh-key": alice,
		"meta-data/public-keys/1/openssh-key": bob,
		"dynamic/instance-identity/document":  `{"instanceId": "i-0123456789abcdef0", "region": "eu-west-1", "availabilityZone": "eu-west-1a", "instanceType": "t3.small"}`,
		"user-data":                           "#!/bin/sh\necho hello from $(hostname)\n",
		macs:                                  "0a:00:00:00:00:02/\n0a:00:00:00:00:01/",
	}
	for i, addresses := range []string{"10.0.1.5\n10.0.1.6", "10.0.2.5"} {
		dir := fmt.Sprintf("%s0a:00:00:00:00:0%d/", macs, i+1)
		pages[dir] = "device-number\ninterface-id\nlocal-ipv4s\nsubnet-ipv4-cidr-block"
		pages[dir+"device-number"] = fmt.Sprint(i)
		pages[dir+"local-ipv4s"] = addresses
		pages[dir+"subnet-ipv4-cidr-block"] = fmt.Sprintf("10.0.%d.0/24", i+1)
	}
	return pages
}

// ec2Requests are those of one fetch of all pages, sorted. There is no need to
// know the subnet of the interface with one address.
func ec2Requests(pages map[string]string) []string {
	asked := []string{"PUT /latest/api/token"}
	for page := range pages {
		if page != "meta-data/network/interfaces/macs/0a:00:00:00:00:02/subnet-ipv4-cidr-block" {
			asked = append(asked, "GET /latest/"+page)
		}
	}
	slices.Sort(asked)
	return asked
}

// imdsV2 answers with pages to whoever shows the token.
func imdsV2(pages map[string]string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		page, there := pages[strings.TrimPrefix(r.URL.Path, "/latest/")]
		switch {
		case r.Method == http.MethodPut && r.Header.Get("X-aws-ec2-metadata-token-ttl-seconds") != "":
			io.WriteString(w, "AQAEATOKEN==")
		case r.Header.Get("X-aws-ec2-metadata-token") != "AQAEATOKEN==":
			w.WriteHeader(http.StatusUnauthorized)
		case !there:
			w.WriteHeader(http.StatusNotFound)
		default:
			io.WriteString(w, page)
		}
	}
}

// instance is an EC2 instance, switched off, with DHCP on two links of a driver,
// and its metadata service behind either.
func instance(t *testing.T, s simguest.SMBIOS, driver string) (*machine, *site) {
	t.Helper()
	c := simguest.Default()
	c.SMBIOS = s
	c.Net.Links = nil
	for i := range 2 {
		net := simnet.Network{DHCP: simnet.Server(), Hosts: []netip.Addr{netip.MustParseAddr("169.254.169.254")}}
		net.DHCP.Address = netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 0, byte(i + 1), 5}), 24)
		net.DHCP.Routers = []netip.Addr{netip.AddrFrom4([4]byte{10, 0, byte(i + 1), 1})}
		c.Net.Links = append(c.Net.Links, simnet.Link{
			Device: fmt.Sprint(driver, i), MAC: fmt.Sprintf("0a:00:00:00:00:0%d", i+1), Network: net,
		})
	}
	m := newMachine(t, c, nil)
	return m, m.serve("169.254.169.254:80", imdsV2(ec2Pages()))
}

// wantEC2 checks what ec2Pages asks for.
func (m *machine) wantEC2(driver string) {
	m.t.Helper()
	if name, nodename := m.play("hostname"), m.read("/etc/nodename"); name != "web1\n" || nodename != "web1\n" {
		m.t.Errorf("live name %q, /etc/nodename %q", name, nodename)
	}
	if got := m.read("/root/.ssh/authorized_keys"); got != alice+"\n"+bob+"\n" {
		m.t.Errorf("authorized_keys %q", got)
	}
	got := m.play("ipadm", "show-addr", "-p", "-o", "addrobj,type,state,addr")
	for _, want := range []string{"0/dhcp:dhcp:ok:10.0.1.5/24\n", "0/v4:static:ok:10.0.1.6/24\n", "1/dhcp:dhcp:ok:10.0.2.5/24\n"} {
		if !strings.Contains(got, driver+want) {
			m.t.Errorf("no %s%s in ipadm show-addr:\n%s", driver, want, got)
		}
	}
	if got := m.defaults(); !slices.Equal(got, []string{"10.0.1.1"}) {
		m.t.Errorf("default routers %q, want that of the first interface", got)
	}
	m.wantHellos(1)
}

// wantNoChange checks that no service has changed anything in this boot.
func (m *machine) wantNoChange(before simguest.Snapshot) {
	m.t.Helper()
	m.wantUnchanged(before)
	for _, name := range names {
		for _, c := range m.calls(name) {
			if slices.ContainsFunc(changing, func(prefix string) bool { return strings.HasPrefix(c, prefix) }) {
				m.t.Errorf("%s ran %q", name, c)
			}
		}
	}
}

// wantAsked checks that a site was asked for one fetch, for all six services,
// and forgets it.
func (s *site) wantAsked(m *machine, want []string) {
	m.t.Helper()
	if got := s.requests(); !slices.Equal(got, want) {
		m.t.Errorf("the service was asked for\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// fetchLimitNow gives a fetch another limit, in seconds, from the next boot on.
func (m *machine) fetchLimitNow(seconds string) {
	m.t.Helper()
	m.play("svccfg", "-s", "metadata/network", "setprop", "config/fetch_timeout", "=", "count:", seconds)
	m.play("svcadm", "refresh", "metadata/network")
	m.halt()
}

// TestEC2: an instance that has no address until network makes one, and whose
// service wants a token, is configured by one fetch; the second boot changes
// nothing. Then the service is away, each time in another way: the boot is
// bounded, changes nothing and is no first boot (rows D11 to D13).
func TestEC2(t *testing.T) {
	const uuid = "ec2e1916-9099-7caf-fd21-012345abcdef"
	portal := func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "<html>Log in</html>") }
	silence := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	tests := []struct {
		name, driver string
		smbios       simguest.SMBIOS
		away         map[string]http.HandlerFunc
	}{
		{"Nitro", "ena", simguest.SMBIOS{BIOSVendor: "Amazon EC2", Manufacturer: "Amazon EC2", Product: "t3.small", UUID: uuid},
			map[string]http.HandlerFunc{"status 503 Service Unavailable": nil}},
		{"Xen", "xnf", simguest.SMBIOS{BIOSVendor: "Xen", Manufacturer: "Xen", Product: "HVM domU", Version: "4.11.amazon", UUID: uuid},
			map[string]http.HandlerFunc{"no metadata within 1s": silence, "the answer is no token": portal}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m, s := instance(t, tt.smbios, tt.driver)
			m.boot()
			m.wantStates(nil)
			m.wantEC2(tt.driver)
			m.wantBusy()
			s.wantAsked(m, ec2Requests(ec2Pages()))
			if log := m.log("network"); !strings.Contains(log, "source=ec2 ") || !strings.Contains(log, "region=eu-west-1 zone=eu-west-1a type=t3.small") {
				t.Errorf("the log does not name the source:\n%s", log)
			}
			for _, name := range names {
				if log := m.log(name); strings.Contains(log, "TOKEN") || strings.Contains(log, alice) {
					t.Errorf("the log of %s shows too much (row S1):\n%s", name, log)
				}
			}
			s.change(imdsV2(ec2Pages()))
			after := m.snapshot()
			m.boot()
			m.wantStates(nil)
			m.wantEC2(tt.driver)
			s.wantAsked(m, ec2Requests(ec2Pages()))
			m.wantNoChange(after)

			m.fetchLimitNow("1")
			after = m.snapshot()
			for _, why := range slices.Sorted(maps.Keys(tt.away)) {
				s.change(tt.away[why])
				m.boot()
				m.wantStates(nil)
				m.wantEC2(tt.driver)
				m.wantNoChange(after)
				if log := m.log("network"); !strings.Contains(log, "the metadata source is silent: going on with its last answer") || !strings.Contains(log, why) {
					t.Errorf("the log does not say %q:\n%s", why, log)
				}
			}
		})
	}
}

// TestEC2WithoutNetworkService: where an administrator has disabled
// metadata/network the others ask over what is configured.
func TestEC2WithoutNetworkService(t *testing.T) {
	t.Parallel()
	m, s := instance(t, simguest.SMBIOS{BIOSVendor: "Amazon EC2", Manufacturer: "Amazon EC2", Product: "t3.small", UUID: secondMachine}, "ena")
	m.boot()
	m.wantStates(nil)
	m.play("svcadm", "disable", "metadata/network")
	m.halt()
	pages := ec2Pages()
	pages["meta-data/public-keys/1/openssh-key"] = carol
	s.change(imdsV2(pages))
	m.boot()
	m.wantStates(map[string]string{"network": "disabled"})
	if got := m.read("/root/.ssh/authorized_keys"); got != alice+"\n"+carol+"\n" {
		m.t.Errorf("authorized_keys %q", got)
	}
	s.wantAsked(m, ec2Requests(pages))
}
