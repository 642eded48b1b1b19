// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

// Package metadata is the neutral model of what a hypervisor or cloud says
// about one instance. Every source fills it; nothing that uses it knows which
// source it was. Validate checks foreign values once, for all sources. The
// package is pure and imports nothing of the suite.
package metadata

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

var (
	// ErrNoSource says that the machine has no metadata source, on a platform
	// that is not known to have one: nothing to do, and no failure.
	ErrNoSource = errors.New("no metadata source")
	// ErrInvalid says that the metadata or a setting is wrong, so that trying
	// again cannot help.
	ErrInvalid = errors.New("invalid")
)

// An Instance is one virtual machine's metadata. Its JSON form is the cache's.
type Instance struct {
	Source   string `json:"source"`          // the provider's name, "cpio"; "none" for a known platform without any
	Platform string `json:"platform"`        // from SMBIOS, "qemu"
	Place    string `json:"place,omitempty"` // where it was read, /dev/dsk/c2t0d0p0

	ID       string `json:"id"`        // instance ID, never empty
	IDOrigin string `json:"id_origin"` // "metadata", "smbios-uuid", "hash"; "platform" where there is no source

	// Region, Zone and Type are where a cloud has the instance, and what kind of
	// machine it is, in the cloud's own words: us-east-1, us-east-1a, t3.large.
	Region string `json:"region,omitempty"`
	Zone   string `json:"zone,omitempty"`
	Type   string `json:"type,omitempty"`

	Hostname string  `json:"hostname,omitempty"` // as given: short or with a domain
	Keys     []Key   `json:"keys,omitempty"`
	Network  Network `json:"network"`

	// UserData is the user's script, as it is to be run. It is left out of the
	// cache that survives a reboot; its digest is not.
	UserData       []byte `json:"user_data,omitempty"`
	UserDataDigest string `json:"user_data_digest,omitempty"` // hex SHA-256
	// EachBoot says that the script is to be run at each boot, not once.
	EachBoot bool `json:"each_boot,omitempty"`

	// Problems are the items that were left out because they are wrong.
	Problems []Problem `json:"problems,omitempty"`
	// Warnings name what was ignored without harm.
	Warnings []string `json:"warnings,omitempty"`
}

// A Key is one line of authorized_keys(4).
type Key struct {
	User string `json:"user,omitempty"` // empty: the users that config/users names
	Line string `json:"line"`           // without a newline
}

// The items a Problem can concern; each belongs to one service.
const (
	ItemHostname = "hostname"
	ItemKeys     = "ssh-keys"
	ItemNetwork  = "network"
	ItemUserData = "user-data"
)

// maxProblems is how many wrong keys are named one by one: a file of a million
// bytes can hold half a million.
const maxProblems = 20

// A Problem is one item that was left out, and why. It never holds the value
// of a key or of user data.
type Problem struct {
	Item   string `json:"item"`
	Reason string `json:"reason"`
}

// Validate checks every value, moves what is wrong to Problems and fills the
// digest of the user data. It fails only where nothing is left to use.
func (in *Instance) Validate() error {
	if in.ID == "" {
		return fmt.Errorf("%w: %s gives no instance ID", ErrInvalid, in.Source)
	}
	in.checkPlace()
	if in.Hostname != "" {
		if err := CheckHostname(in.Hostname); err != nil {
			in.problem(ItemHostname, "%v", err)
			in.Hostname = ""
		}
	}
	var keys []Key
	for i, k := range in.Keys {
		_, err := ParsePublicKey(k.Line)
		if err == nil {
			keys = append(keys, k)
		} else if wrong := i - len(keys); wrong < maxProblems {
			in.problem(ItemKeys, "key %d: %v", i+1, err)
		}
	}
	if more := len(in.Keys) - len(keys) - maxProblems; more > 0 {
		in.problem(ItemKeys, "%d more keys are wrong", more)
	}
	in.Keys = keys
	in.checkNetwork()
	if len(in.UserData) > 0 {
		sum := sha256.Sum256(in.UserData)
		in.UserDataDigest = hex.EncodeToString(sum[:])
	}
	return nil
}

// checkPlace drops what is no word of a cloud: these are for people and for
// logs, so it is no problem.
func (in *Instance) checkPlace() {
	const most = 100
	strange := func(r rune) bool { return r <= ' ' || r > '~' }
	for i, value := range []*string{&in.Region, &in.Zone, &in.Type} {
		if len(*value) > most || strings.ContainsFunc(*value, strange) {
			name := []string{"region", "zone", "type"}[i]
			in.Warnings = append(in.Warnings, fmt.Sprintf("%s: the %s is ignored: it is no word", in.Source, name))
			*value = ""
		}
	}
}

func (in *Instance) problem(item, format string, args ...any) {
	where := in.Source
	if in.Place != "" {
		where += " " + in.Place
	}
	in.Problems = append(in.Problems, Problem{item, where + ": " + fmt.Sprintf(format, args...)})
}

// Errs gives the problems of one item as errors of the kind ErrInvalid.
func (in *Instance) Errs(item string) []error {
	var errs []error
	for _, p := range in.Problems {
		if p.Item == item {
			errs = append(errs, fmt.Errorf("%w %s: %s", ErrInvalid, p.Item, p.Reason))
		}
	}
	return errs
}

// Digest gives the hex SHA-256 of v's JSON form: the fingerprint by which a
// service knows that its slice of the metadata has changed.
func Digest(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return "" // a slice is plain data: this cannot happen
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
