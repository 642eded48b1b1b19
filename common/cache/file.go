// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package cache

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"illumos-metadata/common/guest"
	"illumos-metadata/common/metadata"
	"illumos-metadata/common/provider"
)

// maxFile bounds a cache file: user data of 16 MiB grows by a third in JSON.
const maxFile = 32 << 20

// An entry is the content of a cache file.
type entry struct {
	Time     time.Time          `json:"time"`    // of the fetch; for an outage, of the first that gave this answer
	Machine  string             `json:"machine"` // SMBIOS UUID; "" if there is none
	Instance *metadata.Instance `json:"instance,omitempty"`
	Stale    bool               `json:"stale,omitempty"`
	NoSource bool               `json:"no_source,omitempty"`
	Failure  string             `json:"failure,omitempty"`
	Invalid  bool               `json:"invalid,omitempty"` // the failure is metadata.ErrInvalid
	Silent   bool               `json:"silent,omitempty"`  // the failure is provider.ErrSilent
}

// A sealed entry carries a digest, so that a half-written or hand-edited file
// is an ordinary miss.
type sealed struct {
	Digest string          `json:"digest"`
	Entry  json.RawMessage `json:"entry"`
}

// fresh says whether the entry holds for this boot: an answer does, a failure
// for a while. A clock that was set back since ends it, too.
func (e entry) fresh() bool {
	age := time.Since(e.Time)
	return e.Failure == "" || age >= 0 && age < failureLife
}

// answer gives what the entry says to a service.
func (e entry) answer() (Answer, error) {
	switch {
	case e.NoSource:
		return Answer{}, remembered{e.Failure, metadata.ErrNoSource}
	case e.Invalid:
		return Answer{}, remembered{e.Failure, metadata.ErrInvalid}
	case e.Failure != "":
		return Answer{}, remembered{e.Failure, nil}
	}
	return Answer{Instance: e.Instance, Stale: e.Stale}, nil
}

// remembered is the failure of another service's fetch.
type remembered struct {
	text string
	kind error
}

func (r remembered) Error() string { return r.text + " (found earlier in this boot)" }

func (r remembered) Unwrap() error { return r.kind }

// store keeps a good answer for the boots to come, and then e for this boot: a
// fetch that is cut off between the two is done again, and stores both. The
// answer is there even if it cannot be stored: a full disk locks nobody out.
func (c cache) store(e, last entry) {
	if c.dry {
		return
	}
	if e.Failure == "" && !e.Stale && e.Instance.Source != provider.None {
		if err := c.keep(e, last); err != nil {
			c.g.Log.Warn("the answer is not stored for an outage", "reason", err)
		}
	}
	if err := c.write(bootFile, e); err != nil {
		c.g.Log.Warn("the answer is not stored: the next service asks again", "reason", err)
	}
}

// keep stores a good answer for an outage, without the user data. One that says
// what the last one said is left alone: a boot on which nothing has changed
// writes nothing to the disk.
func (c cache) keep(e, last entry) error {
	in := *e.Instance
	in.UserData = nil
	e.Instance = &in
	same := e
	same.Time = last.Time
	if metadata.Digest(same) == metadata.Digest(last) {
		return nil
	}
	return c.write(keepFile, e)
}

func (c cache) write(name string, e entry) error {
	b, err := seal(e)
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	_, err = c.g.WriteFile(guest.File{Path: name, Data: b, Mode: 0o600})
	return err
}

// read gives the entry of a cache file if it is whole, untouched and of this
// machine; anything else is a miss.
func (c cache) read(name string) (entry, bool) {
	b, err := c.g.ReadFile(name, maxFile)
	if errors.Is(err, fs.ErrNotExist) {
		return entry{}, false
	}
	var e entry
	if err == nil {
		e, err = unseal(b)
	}
	if err == nil && e.Machine != c.smbios.UUID {
		err = errors.New("it is another machine's")
	}
	if err != nil {
		c.g.Log.Warn("ignoring a cached answer", "file", name, "reason", err)
		return entry{}, false
	}
	return e, true
}

// seal gives an entry as a cache file holds it.
func seal(e entry) ([]byte, error) {
	b, err := json.Marshal(e)
	if err != nil {
		return nil, err
	}
	b, err = json.Marshal(sealed{metadata.Digest(json.RawMessage(b)), b})
	return append(b, '\n'), err
}

// unseal reads what seal has given.
func unseal(b []byte) (entry, error) {
	var s sealed
	var e entry
	if json.Unmarshal(b, &s) != nil || json.Unmarshal(s.Entry, &e) != nil {
		return entry{}, errors.New("it is damaged")
	}
	var compact bytes.Buffer
	if json.Compact(&compact, s.Entry) != nil || s.Digest != metadata.Digest(json.RawMessage(compact.Bytes())) {
		return entry{}, errors.New("it was changed by hand")
	}
	if e.Failure == "" && (e.Instance == nil || e.Instance.ID == "") {
		return entry{}, errors.New("it holds no instance")
	}
	return e, nil
}
