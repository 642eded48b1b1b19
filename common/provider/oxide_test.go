// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"errors"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"illumos-metadata/common/guest"
	"illumos-metadata/common/illumos"
	"illumos-metadata/common/metadata"
)

// TestOxide: what makes a machine one of an Oxide rack, which command that takes,
// and what such a machine gets from a volume without a network-config.
func TestOxide(t *testing.T) {
	every := metadata.Network{Links: []metadata.Link{{Name: "virtio", Match: metadata.Match{Driver: "vioif"}, DHCP4: true}}}
	preferred := metadata.Network{DHCP: true}
	meta := map[string]string{"meta-data": `{"instance-id": "i-1", "local-hostname": "web1"}`, "user-data": "", "network-config": "\n"}
	with := func(network string) map[string]string {
		return map[string]string{"meta-data": meta["meta-data"], "network-config": network}
	}
	unknown := illumos.SMBIOS{Manufacturer: "ACME", UUID: qemu().UUID}
	const rack, other = "vioif0:primary:a8\\:40\\:25\\:f4\\:a\\:1:yes\n", "vioif0:primary:2\\:8\\:20\\:1\\:2\\:3:no\nvioif1:primary::no\n"
	tests := []struct {
		name     string
		smbios   illumos.SMBIOS
		files    map[string]string
		macs     string // what dladm prints; "-" if it fails
		platform string
		asked    int
		want     metadata.Network
	}{
		{"by its SMBIOS", illumos.SMBIOS{Manufacturer: "Oxide", Product: "OxVM"}, meta, "-", "oxide", 0, every},
		{"by a MAC address", unknown, meta, other + rack, "oxide", 1, every},
		{"by a MAC address beside QEMU's SMBIOS", qemu(), meta, rack, "oxide", 1, every},
		{"another machine", unknown, meta, other, "unknown", 1, preferred},
		{"another part of the address", unknown, meta, "vioif0:primary:2\\:a8\\:40\\:25\\:2\\:3:no\n", "unknown", 1, preferred},
		{"in another slot", unknown, meta, "vioif0:1:a8\\:40\\:25\\:f4\\:a\\:1:yes\n", "unknown", 1, preferred},
		{"another cloud", illumos.SMBIOS{Manufacturer: "Hetzner"}, meta, rack, "hetzner", 0, preferred},
		{"no dladm", unknown, meta, "-", "unknown", 1, preferred},
		{"network-config that cannot be read", illumos.SMBIOS{Manufacturer: "Oxide"}, with("{"), "-", "oxide", 0, every},
		{"network-config of an unknown machine", unknown, with("version: 2"), rack, "unknown", 0, metadata.Network{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g, asked := newGuest(t, map[string]string{"c2t0d0p0": seedDisk(t, "fat12", tt.files)}), 0
			g.Exec = func(_ context.Context, c guest.Command) ([]byte, error) {
				if strings.Join(c.Argv, " ") != "/sbin/dladm show-phys -m -p -o link,slot,address,inuse" {
					t.Errorf("started %q", c.Argv)
				}
				asked++
				if tt.macs == "-" {
					return nil, errors.New("no luck")
				}
				return []byte(tt.macs), nil
			}
			in, err := Find(t.Context(), g, tt.smbios, "auto", nil)
			must(t, err)
			if in.Platform != tt.platform || asked != tt.asked || in.Source != "nocloud" || in.ID != "i-1" {
				t.Errorf("got platform %s after %d commands, want %s after %d: %+v", in.Platform, asked, tt.platform, tt.asked, in)
			}
			if d := cmp.Diff(tt.want, in.Network, cmpopts.EquateComparable(netip.Addr{})); d != "" {
				t.Errorf("network (-want +got):\n%s", d)
			}
			roundTrip(t, in)
		})
	}
}
