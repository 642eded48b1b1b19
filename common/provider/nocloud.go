// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"bytes"
	"cmp"
	"fmt"

	"illumos-metadata/common/cloudinit"
	"illumos-metadata/common/metadata"
	"illumos-metadata/common/volume"
)

// The files of a NoCloud volume (cloud-init, doc/rtd/reference/datasources/
// nocloud.rst).
const (
	seedMeta    = "meta-data"      // instance ID, host name, keys; YAML or JSON
	seedUser    = "user-data"      // the user's script, or a document of cloud-init
	seedVendor  = "vendor-data"    // the same from the provider
	seedNetwork = "network-config" // version 1 or 2, YAML or JSON
)

// seedLimits are the files that are read and their greatest sizes.
var seedLimits = map[string]int64{
	seedMeta: 1 << 20, seedUser: 16 << 20, seedVendor: 16 << 20, seedNetwork: 1 << 20,
}

// noCloudVolume is a file system labelled cidata with any of those files. The
// label does not depend on the platform: what an operator attaches counts on
// every hypervisor (row D2).
var noCloudVolume = volumeSource{
	noun: "NoCloud metadata", mine: func(v volume.Volume) bool { return v.Seed },
	limits: seedLimits, check: checkNoCloud, later: []*volumeSource{&cpioVolume},
}

// checkNoCloud says whether a volume can be used. cloud-init wants user-data
// beside meta-data; either alone is enough here.
func checkNoCloud(c volume.Content) (passed string, err error) {
	if len(c.Files)+len(c.Refused) == 0 {
		return "without any file of ours", nil
	}
	if why, ok := c.Refused[seedMeta]; ok {
		return "", fmt.Errorf("%w %s: %s", metadata.ErrInvalid, seedMeta, why)
	}
	meta, err := parseMetaData(c.Files[seedMeta])
	if err != nil {
		return "", fmt.Errorf("%w %s: %w", metadata.ErrInvalid, seedMeta, err)
	}
	if meta.mode == "disabled" {
		return "with dsmode disabled", nil
	}
	return "", nil
}

// parseNoCloud gives what the files of a volume or of a web server say. What is
// wrong costs its own item and no other; only without meta-data that can be read
// there is none.
func parseNoCloud(docs Documents) (*metadata.Instance, error) {
	meta, err := seedMetaData(docs)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", seedMeta, err)
	}
	in := &metadata.Instance{
		ID: cmp.Or(docs.Line.id, meta.id), Hostname: cmp.Or(docs.Line.hostname, meta.hostname),
		Keys: meta.keys, UserData: docs.Files[seedUser],
	}
	warn := func(file, what string) {
		in.Warnings = append(in.Warnings, fmt.Sprintf("%s: %s: %s", docs.Place, file, what))
	}
	problem := func(item, file, why string) {
		in.Problems = append(in.Problems, metadata.Problem{
			Item: item, Reason: fmt.Sprintf("nocloud %s: %s: %s", docs.Place, file, why),
		})
	}
	if _, ok := docs.Files[seedMeta]; !ok {
		warn(seedMeta, "it is missing")
	}
	for _, w := range meta.warnings {
		warn(seedMeta, w)
	}
	for _, why := range meta.problems {
		problem(metadata.ItemKeys, seedMeta, why)
	}
	if why, ok := docs.Refused[seedUser]; ok {
		problem(metadata.ItemUserData, seedUser, why)
	}
	if len(bytes.TrimSpace(docs.Files[seedVendor])) > 0 || docs.Refused[seedVendor] != "" {
		warn(seedVendor, "ignored: it is not used yet")
	}
	network, problems, warnings := seedNetworkConfig(docs)
	in.Network = network
	for _, why := range problems {
		problem(metadata.ItemNetwork, seedNetwork, why)
	}
	for _, w := range warnings {
		warn(seedNetwork, w)
	}
	return in, nil
}

// seedNetworkConfig gives the network that a volume asks for. Without a document
// that can be read the guest gets the default: DHCP.
func seedNetworkConfig(docs Documents) (n metadata.Network, problems, warnings []string) {
	dhcp := docs.Default
	if why, ok := docs.Refused[seedNetwork]; ok {
		return dhcp, []string{why}, nil
	}
	doc := docs.Files[seedNetwork]
	if len(bytes.TrimSpace(doc)) == 0 {
		return dhcp, nil, nil
	}
	n, problems, warnings, err := cloudinit.ParseNetworkConfig(doc)
	if err != nil {
		return dhcp, []string{err.Error()}, warnings
	}
	return n, problems, warnings
}
