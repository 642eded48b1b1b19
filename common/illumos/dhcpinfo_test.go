// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package illumos

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
)

func TestLeaseRouters(t *testing.T) {
	const command = "/sbin/dhcpinfo -i vioif0 Router"
	got, err := LeaseRouters(t.Context(), stub(t, command, 0, "10.0.2.2\n10.0.2.3\n", ""), "vioif0")
	want := []netip.Addr{netip.MustParseAddr("10.0.2.2"), netip.MustParseAddr("10.0.2.3")}
	if !slices.Equal(got, want) || err != nil {
		t.Errorf("got %v, %v; want %v", got, err, want)
	}
	if got, err := LeaseRouters(t.Context(), stub(t, command, 0, "", ""), "vioif0"); len(got) > 0 || err != nil {
		t.Errorf("a lease without a router: %v, %v", got, err)
	}
	if _, err := LeaseRouters(t.Context(), stub(t, command, 2, "", "dhcpinfo: interface is not under DHCP control\n"), "vioif0"); err == nil {
		t.Error("no lease, and no error")
	}
	if _, err := LeaseRouters(t.Context(), stub(t, command, 0, "router\n", ""), "vioif0"); err == nil || !strings.Contains(err.Error(), "no address") {
		t.Errorf("a name: %v", err)
	}
}

func TestLeaseNameServers(t *testing.T) {
	const command = "/sbin/dhcpinfo -i vioif0 DNSserv"
	got, err := LeaseNameServers(t.Context(), stub(t, command, 0, "10.0.2.3\n", ""), "vioif0")
	if want := []netip.Addr{netip.MustParseAddr("10.0.2.3")}; !slices.Equal(got, want) || err != nil {
		t.Errorf("got %v, %v; want %v", got, err, want)
	}
}
