// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"errors"
	"fmt"

	"illumos-metadata/common/guest"
	"illumos-metadata/common/illumos"
	"illumos-metadata/common/volume"
)

// A machine is the guest whose metadata is looked for. Its disks are looked at
// once, for all sources that are volumes.
type machine struct {
	*guest.Guest
	smbios     illumos.SMBIOS
	platform   Platform
	pinned     bool // an administrator has named the source
	reach      Reach
	looked     bool
	volumes    []volume.Volume // in device order
	unreadable []error         // one for each disk that may hold a volume
}

// look looks at the disks, unless that was done before.
func (m *machine) look(ctx context.Context) error {
	if m.looked {
		return nil
	}
	var err error
	m.volumes, m.unreadable, err = volume.Find(ctx, m.Guest)
	m.looked = err == nil
	return err
}

// A volumeSource is how one source uses its kind of volume.
type volumeSource struct {
	noun   string // "an archive"
	mine   func(volume.Volume) bool
	limits map[string]int64 // of the files
	// check says why a volume that was read is passed over, if it is. An error
	// means that it is meant, but cannot be used.
	check func(volume.Content) (passed string, err error)
	later []*volumeSource // the sources that come after this one
}

// fetch reads the metadata volume of one source. Where several disks hold one,
// the first one in device order counts that can be used; every other one is
// named in a warning (row D8).
//
// Disks that may hold a volume but cannot be read are named in a warning, too,
// as long as another one gives the metadata: a broken data disk must not cost a
// guest its keys. If none does, they are the reason why the source counts as
// unreadable, and never as absent.
func (s volumeSource) fetch(ctx context.Context, m *machine) (Documents, error) {
	if err := m.look(ctx); err != nil {
		return Documents{}, err
	}
	var docs Documents
	var passed []string
	failures := m.unreadable
	for _, v := range m.volumes {
		if !s.mine(v) {
			continue
		}
		if docs.Place != "" {
			passed = append(passed, fmt.Sprintf("%s holds %s, too: ignored, since %s comes before it", v.Place, s.noun, docs.Place))
			continue
		}
		c, why, err := s.read(ctx, m.Guest, v)
		switch {
		case err != nil:
			failures = append(failures[:len(failures):len(failures)], err)
		case why != "":
			passed = append(passed, fmt.Sprintf("%s holds %s %s: ignored", v.Place, s.noun, why))
		default:
			docs = Documents{Place: v.Place, Files: c.Files, Refused: c.Refused}
			for _, w := range c.Warnings {
				passed = append(passed, v.Place+": "+w)
			}
		}
	}
	if docs.Place == "" {
		return Documents{}, noVolume(m, passed, failures)
	}
	for _, other := range s.later {
		passed = append(passed, other.hidden(m.volumes, docs.Place)...)
	}
	for _, err := range failures {
		passed = append(passed, "passed over: "+err.Error())
	}
	docs.Warnings = passed
	return docs, nil
}

// hidden names the volumes that are not read, since another one comes first.
func (s volumeSource) hidden(volumes []volume.Volume, first string) (passed []string) {
	for _, v := range volumes {
		if s.mine(v) {
			passed = append(passed, fmt.Sprintf("%s holds %s: ignored, since %s gives the metadata", v.Place, s.noun, first))
		}
	}
	return passed
}

// read reads and checks one volume.
func (s volumeSource) read(ctx context.Context, g *guest.Guest, v volume.Volume) (c volume.Content, passed string, err error) {
	c, err = v.Read(ctx, g, s.limits)
	if err != nil {
		return c, "", err
	}
	if passed, err = s.check(c); err != nil {
		err = fmt.Errorf("%s: %w", v.Place, err)
	}
	return c, passed, err
}

// noVolume gives the error for a guest without a volume of one source. That some
// disks cannot be read counts once all sources were asked.
func noVolume(m *machine, passed []string, failures []error) error {
	for _, w := range passed {
		m.Log.Warn(w)
	}
	if len(failures) == len(m.unreadable) {
		return errAbsent
	}
	return joined(failures)
}

// joined makes one line of several errors.
func joined(errs []error) error {
	if len(errs) == 0 {
		return nil
	}
	err := errs[0]
	for _, other := range errs[1:] {
		err = fmt.Errorf("%w; %w", err, other)
	}
	return err
}

// errAbsent says that a source is not there, as opposed to unreadable.
var errAbsent = errors.New("not there")
