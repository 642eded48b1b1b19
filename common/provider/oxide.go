// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"bytes"
	"context"
	"strings"

	"illumos-metadata/common/illumos"
	"illumos-metadata/common/metadata"
)

// An Oxide rack gives its guests a NoCloud volume without a network-config, and
// their network by DHCP on every virtio link (oxidecomputer/omicron,
// nexus/src/cidata.rs). It is known by its SMBIOS, or, since propolis can be told
// to give other strings there, by the MAC addresses of its guests (illumos/
// metadata-agent, src/provider/nocloud.rs, probe).

const (
	oxideName   = "oxide"
	oxidePrefix = "a8:40:25:" // of the MAC addresses
)

// rack makes the platform Oxide where a MAC address says that and the SMBIOS says
// nothing else. It is asked only where it matters, for it starts a command.
func (m *machine) rack(ctx context.Context) {
	if m.platform.Name != unknownName && !m.platform.Generic {
		return
	}
	macs, _, err := illumos.MACs(ctx, m.Guest)
	if err != nil {
		m.Log.Debug("whether this is an Oxide rack is not known", "reason", err)
		return
	}
	for link, mac := range macs {
		if strings.HasPrefix(mac, oxidePrefix) {
			m.Log.Info("taken for an Oxide rack by a MAC address", "link", link, "mac", mac, "smbios", m.platform.Name)
			m.platform = Platform{Name: oxideName}
			return
		}
	}
}

// seedDefault is the network of NoCloud metadata that asks for none, or for none
// that can be read.
func (m *machine) seedDefault(ctx context.Context, docs Documents) metadata.Network {
	if len(bytes.TrimSpace(docs.Files[seedNetwork])) == 0 {
		m.rack(ctx)
	}
	if m.platform.Name == oxideName {
		return metadata.Network{Links: []metadata.Link{{Name: "virtio", Match: metadata.Match{Driver: "vioif"}, DHCP4: true}}}
	}
	return metadata.Network{DHCP: true}
}
