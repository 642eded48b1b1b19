// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

// Package provider knows the metadata sources: which platform this is, which
// sources it can have, in which order they are asked, and how each one's
// documents become a metadata.Instance. Fetching is apart from parsing; only
// Fetch does I/O. Caching and the outage rules are for package cache.
package provider

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"illumos-metadata/common/guest"
	"illumos-metadata/common/illumos"
	"illumos-metadata/common/metadata"
)

// None is the name of the answer for a generic platform without any source:
// DHCP on the preferred interface.
const None = "none"

// Documents are what a source holds, as read.
type Documents struct {
	Place    string // device or URL
	Files    map[string][]byte
	Refused  map[string]string // files that are there but cannot be used, and why
	Warnings []string          // what was passed over while looking

	// NoCloud's alone: what the SMBIOS says, and the network of a volume without
	// a network-config.
	Line    seedLine
	Default metadata.Network
}

// A Provider is one source of metadata. Only fetch does I/O. It gives errAbsent
// where the source is not there; any other error means that it may be there,
// but could not be read.
type Provider struct {
	Name  string
	fetch func(context.Context, *machine) (Documents, error)
	parse func(Documents) (*metadata.Instance, error)
}

// providers are the sources in the order in which they are asked. A volume
// counts on every platform; see smartOS for an exception.
var providers = []Provider{
	{Name: "digitalocean", fetch: fetchDroplet, parse: parseDroplet},
	{Name: "nocloud", fetch: fetchNoCloud, parse: parseNoCloud},
	{Name: "cpio", fetch: cpioVolume.fetch, parse: parseCPIO},
	{Name: "digitalocean", fetch: askDroplet, parse: parseDroplet},
	{Name: "ec2", fetch: amazonIMDS.fetch, parse: parseEC2},
	{Name: "smartos", fetch: smartOSHost.fetch, parse: parseSmartOS},
	{Name: vmwareName, fetch: fetchVMware, parse: parseVMware},
}

// Names gives the values that config/source can have.
func Names() string {
	names := []string{"auto", None}
	for _, p := range providers {
		if !slices.Contains(names, p.Name) { // a source may be asked in two places
			names = append(names, p.Name)
		}
	}
	return strings.Join(names, ", ")
}

// Known says whether config/source can have this value.
func Known(source string) bool {
	return slices.Contains(strings.Split(Names(), ", "), source)
}

// A Reach brings up what of the guest's network a source needs to be asked, and
// waits for it.
type Reach func(ctx context.Context, way Way) error

// Find asks the sources of this machine in order, or only the one that pinned
// names ("auto" for all), and gives the first one's answer, validated. Where a
// source is on the network and does not answer, reach is called once; nil leaves
// the network to others. Without
// any source a generic platform gets DHCP (Source None), and an unknown one
// metadata.ErrNoSource. A source that may be there but cannot be read is an
// error, never absence.
func Find(ctx context.Context, g *guest.Guest, s illumos.SMBIOS, pinned string, reach Reach) (*metadata.Instance, error) {
	platform := Identify(s)
	m := &machine{Guest: g, smbios: s, platform: platform, pinned: pinned != "auto", reach: reach}
	for _, p := range providers {
		if pinned != "auto" && pinned != p.Name {
			continue
		}
		docs, err := p.fetch(ctx, m)
		if errors.Is(err, errAbsent) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("metadata source %s: %w", p.Name, err)
		}
		in, err := p.instance(docs, s)
		if err != nil {
			return nil, err
		}
		in.Platform = m.platform.Name
		g.Log.Info("metadata found", attributes(in)...)
		return in, nil
	}
	if len(m.unreadable) > 0 {
		return nil, fmt.Errorf("metadata volume: %w", joined(m.unreadable))
	}
	if pinned != "auto" {
		return nil, fmt.Errorf("metadata source %s, which config/source names, is not there", pinned)
	}
	if !platform.Generic {
		return nil, fmt.Errorf("%w: platform %s (manufacturer %q, product %q) and no metadata volume",
			metadata.ErrNoSource, platform.Name, s.Manufacturer, s.Product)
	}
	g.Log.Info("no metadata volume: DHCP on the preferred interface", "platform", platform.Name)
	in := &metadata.Instance{
		Source: None, Platform: platform.Name, ID: s.UUID, IDOrigin: "smbios-uuid",
		Network: metadata.Network{DHCP: true},
	}
	if in.ID == "" {
		in.ID, in.IDOrigin = platform.Name, "platform"
	}
	return in, nil
}

// attributes are what the log says of what was found.
func attributes(in *metadata.Instance) []any {
	attrs := []any{"source", in.Source, "place", in.Place, "platform", in.Platform, "instance", in.ID}
	for _, a := range []struct{ name, value string }{{"region", in.Region}, {"zone", in.Zone}, {"type", in.Type}} {
		if a.value != "" {
			attrs = append(attrs, a.name, a.value)
		}
	}
	return attrs
}

// instance parses and validates documents, and gives the instance an ID if
// they do not: the SMBIOS UUID, or else a digest of the documents, so that a
// clone on a machine without UUID is not taken for its original.
func (p Provider) instance(docs Documents, s illumos.SMBIOS) (*metadata.Instance, error) {
	in, err := p.parse(docs)
	if err != nil {
		return nil, fmt.Errorf("%w metadata: %s %s: %w", metadata.ErrInvalid, p.Name, docs.Place, err)
	}
	in.Source, in.Place = p.Name, docs.Place
	in.Warnings = append(slices.Clone(docs.Warnings), in.Warnings...)
	useConfig(in)
	switch {
	case in.ID != "":
		in.IDOrigin = "metadata"
	case s.UUID != "":
		in.ID, in.IDOrigin = s.UUID, "smbios-uuid"
	default:
		in.ID, in.IDOrigin = digest(docs), "hash"
	}
	unpack(in)
	return in, in.Validate()
}

func digest(docs Documents) string {
	sum := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(docs.Files)) {
		fmt.Fprintf(sum, "%s %d\n%s", name, len(docs.Files[name]), docs.Files[name])
	}
	return hex.EncodeToString(sum.Sum(nil))[:32]
}
