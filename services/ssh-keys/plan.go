// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"illumos-metadata/common/agent"
	"illumos-metadata/common/etcfile"
	"illumos-metadata/common/guest"
	"illumos-metadata/common/metadata"
)

// A want is what the metadata and the settings ask for. Its JSON form is what
// the record keeps the digest of.
type want struct {
	Users []string       `json:"users"` // for the keys that name no user
	Keys  []metadata.Key `json:"keys"`

	stale   bool // the source is silent: this is its last answer
	partial bool // some keys could not be read and are left out
}

// users reads the setting: names apart by commas or blanks.
func users(setting string) []string {
	names := strings.FieldsFunc(setting, func(r rune) bool { return r == ',' || r == ' ' || r == '\t' })
	if len(names) == 0 {
		return []string{"root"}
	}
	return names
}

// lines gives the wanted lines of each user.
func (w want) lines() map[string][]string {
	all := map[string][]string{}
	for _, k := range w.Keys {
		owners := w.Users
		if k.User != "" {
			owners = []string{k.User}
		}
		for _, user := range owners {
			all[user] = append(all[user], k.Line)
		}
	}
	return all
}

// keep says whether keys of ours that are not wanted stay: where the metadata
// is not known in full, they may be wanted all the same, and nobody must be
// locked out. Keys of another instance are not a matter of doubt, unless the
// source is silent.
func (w want) keep(sameInstance bool) bool { return w.stale || w.partial && sameInstance }

// A record lists the keys that this service has added. While it is at work the
// slice is empty, the instance is still the one before, and the list holds what
// was added and what is about to be.
type record struct {
	agent.Record
	Keys map[string][]string `json:"keys,omitempty"` // by user: metadata.PublicKey.Identity
}

func (r record) set(user string, keys []string) {
	if len(keys) > 0 {
		r.Keys[user] = keys
	}
}

// owners gives the users that a run has to look at, in order.
func owners(rec record, lines map[string][]string) []string {
	names := slices.Concat(slices.Collect(maps.Keys(rec.Keys)), slices.Collect(maps.Keys(lines)))
	slices.Sort(names)
	return slices.Compact(names)
}

// A file is the authorized_keys of one user.
type file struct {
	user etcfile.User
	data []byte
}

func (f file) path() string { return path.Join(f.user.Home, ".ssh/authorized_keys") }

// A change is what becomes of one file.
type change struct {
	user      string
	steps     []guest.Step
	made      []string // identities of ours that are there afterwards
	added     []string // names for the log
	withdrawn []string
}

// A todo is what one run does.
type todo struct {
	changes []change
	under   record // while it is at work
	done    record // when all of it is done
}

// plan compares the files with what is wanted. What a record lists for a file
// that cannot be had stays listed, so that it is withdrawn when it can.
func (h homes) plan(w want, rec record, now agent.Record) todo {
	t := todo{
		under: record{agent.Record{Instance: cmp.Or(rec.Instance, now.Instance)}, map[string][]string{}},
		done:  record{now, map[string][]string{}},
	}
	lines := w.lines()
	for _, name := range h.away {
		t.under.set(name, rec.Keys[name])
		t.done.set(name, rec.Keys[name])
		t.done.Slice = "" // the next boot looks again
	}
	for _, f := range h.files {
		name := f.user.Name
		c := decide(f, rec.Keys[name], lines[name], w.keep(rec.Instance == now.Instance))
		t.changes = append(t.changes, c)
		t.under.set(name, union(c.made, rec.Keys[name]))
		t.done.set(name, c.made)
		if len(without(c.made, wantedIdentities(lines[name]))) > 0 {
			t.done.Slice = "" // the next answer of the source decides
		}
	}
	return t
}

// adopted gives the record of a guest whose wanted keys the earlier agent added,
// as far as they are there.
func (h homes) adopted(w want, now agent.Record) record {
	rec := record{now, map[string][]string{}}
	lines := w.lines()
	for _, f := range h.files {
		name := f.user.Name
		rec.set(name, common(wantedIdentities(lines[name]), identities(f.data)))
	}
	return rec
}

// decide compares one user's file with the wanted lines. Ours are the keys that
// an earlier run added; with keep none of them goes.
func decide(f file, ours, lines []string, keep bool) change {
	managed := ours
	if keep {
		managed = common(ours, wantedIdentities(lines))
	}
	data, made := etcfile.EditAuthorizedKeys(f.data, managed, lines)
	c := change{user: f.user.Name, made: made, added: more(data, f.data), withdrawn: more(f.data, data)}
	if keep {
		c.made = union(made, ours)
	}
	if len(c.made) == 0 && len(c.withdrawn) == 0 {
		return c
	}
	c.steps = []guest.Step{{
		Part: f.user.Name,
		Why:  fmt.Sprintf("authorized keys of %s: %d new, %d withdrawn", f.user.Name, len(c.added), len(c.withdrawn)),
		File: &guest.File{
			Path: f.path(), Data: data, Mode: 0o600, Dir: 0o700, Within: f.user.Home,
			Owner: &guest.Owner{UID: f.user.UID, GID: f.user.GID}, Secret: true,
		},
	}}
	return c
}

func wantedIdentities(lines []string) []string {
	return identities([]byte(strings.Join(lines, "\n")))
}

// keys gives the keys in a file, in order.
func keys(data []byte) []metadata.PublicKey {
	var all []metadata.PublicKey
	for line := range strings.Lines(string(data)) {
		if k, err := metadata.ParsePublicKey(line); err == nil {
			all = append(all, k)
		}
	}
	return all
}

func identities(data []byte) []string {
	var ids []string
	for _, k := range keys(data) {
		ids = append(ids, k.Identity())
	}
	return ids
}

// more gives the names of the keys that are in a and not in b.
func more(a, b []byte) []string {
	extra := map[string]bool{}
	for _, id := range without(identities(a), identities(b)) {
		extra[id] = true
	}
	var names []string
	for _, k := range keys(a) {
		if extra[k.Identity()] {
			names = append(names, k.Name())
		}
	}
	return names
}

// without gives what is in a and not in b.
func without(a, b []string) []string {
	have := make(map[string]bool, len(b))
	for _, id := range b {
		have[id] = true
	}
	return slices.DeleteFunc(slices.Clone(a), func(id string) bool { return have[id] })
}

// common gives what is in a and in b.
func common(a, b []string) []string { return without(a, without(a, b)) }

func union(a, b []string) []string { return slices.Concat(a, without(b, a)) }
