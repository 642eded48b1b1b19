// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"errors"
	"strings"
)

// A seedLine is what the SMBIOS serial number of a machine can say to NoCloud,
// e.g. ds=nocloud;i=i-1;h=web1 (cloud-init, DataSourceNoCloud.py,
// parse_cmdline_data). OmniOS gives one to its bhyve zones.
type seedLine struct {
	id, hostname string // before those in meta-data
	from         string // where to fetch the files; not supported yet
}

// parseSeedLine reads the line; the zero value if there is none.
func parseSeedLine(serial string) seedLine {
	var l seedLine
	for token := range strings.FieldsSeq(serial) {
		kind, pairs, _ := strings.Cut(token, ";")
		if kind != "ds=nocloud" && kind != "ds=nocloud-net" {
			continue
		}
		for pair := range strings.SplitSeq(pairs, ";") {
			switch key, value, _ := strings.Cut(pair, "="); key {
			case "i", "instance-id":
				l.id = value
			case "h", "local-hostname":
				l.hostname = value
			case "s", "seedfrom":
				l.from = value
			}
		}
		return l
	}
	return l
}

// fetchNoCloud reads a NoCloud volume and the line that goes with it.
func fetchNoCloud(ctx context.Context, m *machine) (Documents, error) {
	docs, err := noCloudVolume.fetch(ctx, m)
	docs.Line = parseSeedLine(m.smbios.Serial)
	if docs.Line.from != "" {
		const ignored = "the SMBIOS serial number tells to fetch metadata from an address: ignored, it is not supported yet"
		docs.Warnings = append(docs.Warnings, ignored)
		if errors.Is(err, errAbsent) {
			m.Log.Warn(ignored)
		}
	}
	if err == nil && m.passesOver(docs) {
		m.Log.Warn(docs.Place + " holds NoCloud metadata without a network-config: ignored, since the SmartOS host has all of it")
		return Documents{}, errAbsent
	}
	if err == nil {
		docs.Default = m.seedDefault(ctx, docs)
	}
	return docs, err
}
