// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"illumos-metadata/common/metadata"
)

// outerMeta is, among the files of a seed on a web server, the meta-data of the
// volume that has sent us there.
const outerMeta = "meta-data of the volume"

// fetchNoCloud reads what NoCloud says of this machine: the files on the web
// server that its SMBIOS serial number names, or else a volume. Whoever has set
// the serial number has told this machine where its metadata is, so that a volume
// does not count beside it.
func fetchNoCloud(ctx context.Context, m *machine) (Documents, error) {
	docs, err := m.findSeed(ctx)
	if err == nil {
		docs.Default = m.seedDefault(ctx, docs)
	}
	return docs, err
}

func (m *machine) findSeed(ctx context.Context) (Documents, error) {
	line := parseSeedLine(m.smbios.Serial)
	if line.mode == "disabled" {
		m.Log.Warn("no NoCloud metadata is looked for: the SMBIOS serial number says dsmode=disabled")
		return Documents{}, errAbsent
	}
	ignored := ""
	if line.from != "" {
		docs, err := m.seed(ctx, line.from)
		if !errors.Is(err, errNoWeb) {
			return m.besides(ctx, docs, line), explain(err, "the address in the SMBIOS serial number")
		}
		ignored = "the SMBIOS serial number tells to fetch metadata from an address: ignored, " + err.Error()
	}
	docs, err := noCloudVolume.fetch(ctx, m)
	docs.Line = line
	if ignored != "" {
		docs.Warnings = append(docs.Warnings, ignored)
		if errors.Is(err, errAbsent) {
			m.Log.Warn(ignored)
		}
	}
	if err != nil {
		return docs, err
	}
	if m.passesOver(docs) {
		m.Log.Warn(docs.Place + " holds NoCloud metadata without a network-config: ignored, since the SmartOS host has all of it")
		return Documents{}, errAbsent
	}
	return m.sentOn(ctx, docs)
}

// explain says where an address stands that is wrong.
func explain(err error, where string) error {
	if errors.Is(err, metadata.ErrInvalid) {
		return fmt.Errorf("%s: %w", where, err)
	}
	return err
}

// besides adds the line, and names the volumes that do not count beside a seed.
func (m *machine) besides(ctx context.Context, docs Documents, line seedLine) Documents {
	docs.Line = line
	if docs.Place == "" || m.look(ctx) != nil {
		return docs
	}
	for _, kind := range []*volumeSource{&noCloudVolume, &cpioVolume} {
		docs.Warnings = append(docs.Warnings, kind.hidden(m.volumes, docs.Place)...)
	}
	for _, err := range m.unreadable {
		docs.Warnings = append(docs.Warnings, "passed over: "+err.Error())
	}
	return docs
}

// seed gets the files from a web server. There has to be meta-data, although it
// may be empty: a server without it has no seed, or is not the one that was meant.
// cloud-init wants user-data, too; here a machine without a script is as good as
// another. What the server has, but does not give, costs the script alone; without
// the rest it would not be clear what the machine is to be.
func (m *machine) seed(ctx context.Context, from string) (Documents, error) {
	base, err := parseSeedBase(from, m.smbios)
	if err != nil {
		return Documents{}, err
	}
	w := newWeb(m, ByLease)
	docs := Documents{Place: place(base.file("")), Files: map[string][]byte{}, Refused: map[string]string{}}
	for _, name := range []string{seedMeta, seedNetwork, seedUser, seedVendor} {
		body, found, err := w.get(ctx, ask{url: base.file(name), limit: seedLimits[name]})
		soft := name == seedUser || name == seedVendor
		switch {
		case err != nil && soft && !errors.Is(err, ErrSilent):
			docs.Refused[name] = err.Error()
		case err != nil:
			return Documents{}, err
		case found:
			docs.Files[name] = body
		case name == seedMeta:
			return Documents{}, fmt.Errorf("%s: it is not there", place(base.file(name)))
		}
	}
	meta, err := parseMetaData(docs.Files[seedMeta])
	if err != nil { // a captive network's page, perhaps
		return Documents{}, fmt.Errorf("%s: %w", place(base.file(seedMeta)), err)
	}
	if meta.mode == "disabled" {
		m.Log.Warn(docs.Place + " holds NoCloud metadata with dsmode disabled: ignored")
		return Documents{}, errAbsent
	}
	if meta.from != "" {
		docs.Warnings = append(docs.Warnings, docs.Place+": meta-data: seedfrom is ignored: nobody is sent on twice")
	}
	return docs, nil
}

// sentOn adds what the meta-data of a volume sends for, unless the SMBIOS serial
// number has an address of its own. Of meta-data the volume's values come first,
// of the other files the server's (cloud-init, DataSourceNoCloud.py, _get_data).
func (m *machine) sentOn(ctx context.Context, docs Documents) (Documents, error) {
	meta, err := parseMetaData(docs.Files[seedMeta])
	if err != nil || meta.from == "" || docs.Line.from != "" {
		return docs, err
	}
	seed, err := m.seed(ctx, meta.from)
	if errors.Is(err, errNoWeb) || errors.Is(err, metadata.ErrInvalid) {
		docs.Warnings = append(docs.Warnings, fmt.Sprintf("%s: meta-data: seedfrom is ignored: %v", docs.Place, err))
		return docs, nil
	}
	if err != nil {
		return Documents{}, err
	}
	seed.Files[outerMeta] = docs.Files[seedMeta]
	for _, name := range []string{seedNetwork, seedUser, seedVendor} {
		_, refused := seed.Refused[name]
		if _, ok := seed.Files[name]; ok || refused {
			continue
		}
		if why, ok := docs.Refused[name]; ok {
			seed.Refused[name] = why
		} else if body, ok := docs.Files[name]; ok {
			seed.Files[name] = body
		}
	}
	seed.Place = docs.Place + " and " + seed.Place
	seed.Warnings = slices.Concat(docs.Warnings, seed.Warnings)
	seed.Line = docs.Line
	return seed, nil
}

// seedMetaData gives what all meta-data says, that of a volume before that of the
// web server to which it sends.
func seedMetaData(docs Documents) (metaData, error) {
	m, err := parseMetaData(docs.Files[seedMeta])
	outer, ok := docs.Files[outerMeta]
	if err != nil || !ok {
		return m, err
	}
	first, err := parseMetaData(outer)
	return first.over(m), err
}
