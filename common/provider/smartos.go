// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
	"time"

	"illumos-metadata/common/guest"
)

// The keys that SmartOS and Triton are asked for (TritonDataCenter/mdata-docs,
// docs/index.restdown). A value that is not there is no failure.
const (
	keyUUID      = "sdc:uuid"
	keyHostname  = "hostname" // given by the user
	keySDCName   = "sdc:hostname"
	keyAlias     = "sdc:alias"
	keyDomain    = "sdc:dns_domain"
	keyResolvers = "sdc:resolvers" // JSON
	keyNICs      = "sdc:nics"      // JSON
	keyRoutes    = "sdc:routes"    // JSON
	keyKeys      = "root_authorized_keys"
	keyScript    = "user-script" // run at each boot
	keyUserData  = "cloud-init:user-data"
	keyOperator  = "sdc:operator-script"
)

// smartOSKeys are those keys, and which of them may be refused by the host at
// the cost of their own item: what says who the guest is and how to reach it is
// not among them, lest a host in trouble takes it away.
var smartOSKeys = []struct {
	name string
	soft bool
}{
	{keyUUID, false}, {keyHostname, false}, {keySDCName, false}, {keyAlias, false}, {keyDomain, false},
	{keyResolvers, false}, {keyNICs, false}, {keyRoutes, false}, {keyKeys, false},
	{keyScript, true}, {keyUserData, true}, {keyOperator, true},
}

// smartOS is the metadata that a SmartOS or Triton host gives its virtual
// machines, KVM and bhyve alike, over their second serial line. mdata-get(8),
// where it is installed, is asked if that fails.
//
// A cidata volume in such a machine counts only with a network-config; else the
// host does, whose metadata is richer and live. Nothing is mixed: what counts
// gives everything, keys included.
type smartOS struct {
	device, program string
	reset, request  time.Duration // how long the host may be silent
	pause           time.Duration // before the second try; then more
}

var smartOSHost = smartOS{
	device: "/dev/term/b", program: "/usr/sbin/mdata-get", // mdata-client, plat/sunos.c
	reset: guest.ResetLimit, request: guest.RequestLimit, pause: 200 * time.Millisecond,
}

// An asker asks a host for the value of one key.
type asker func(ctx context.Context, key string) (value []byte, found bool, err error)

// fetch asks over the serial line, in at most half of the time that is left, and
// then by mdata-get. Both failing means that the metadata cannot be read.
func (s smartOS) fetch(ctx context.Context, m *machine) (Documents, error) {
	if m.platform.Name != "smartos" && !m.pinned {
		return Documents{}, errAbsent
	}
	limit := guest.FetchLimit / 2
	if end, ok := ctx.Deadline(); ok {
		limit = time.Until(end) / 2
	}
	half, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("no metadata over the serial line within %v", limit.Round(time.Millisecond)))
	defer cancel()
	docs, err := s.serial(half, m.Guest)
	if err == nil || ctx.Err() != nil {
		return docs, err
	}
	m.Log.Info("asking mdata-get for the metadata", "reason", err)
	docs, second := s.run(ctx, m.Guest)
	if second != nil {
		return Documents{}, fmt.Errorf("%w; %w", err, second)
	}
	return docs, nil
}

// serial asks over the serial line until all is told, or ctx ends.
func (s smartOS) serial(ctx context.Context, g *guest.Guest) (Documents, error) {
	docs := Documents{Place: s.device, Files: map[string][]byte{}, Refused: map[string]string{}}
	told := map[string]bool{}
	for pause := s.pause; ; pause = min(2*pause, time.Second) {
		err := s.try(ctx, g, &docs, told)
		if err == nil || final(err) {
			return docs, err
		}
		select {
		case <-ctx.Done():
			return docs, fmt.Errorf("%w; the last try: %w", context.Cause(ctx), err)
		case <-time.After(pause):
			g.Log.Debug("asking the host again", "reason", err)
		}
	}
}

// final says that trying again over the serial line is no use: there is none,
// the host speaks no version 2, or it has refused an answer.
func final(err error) bool {
	var r refusal
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.ENXIO) ||
		errors.Is(err, syscall.ENOTTY) || errors.Is(err, errVersion1) || errors.As(err, &r) || errors.Is(err, errNothing)
}

// try has one conversation with the host, about what it has not told yet.
func (s smartOS) try(ctx context.Context, g *guest.Guest, docs *Documents, told map[string]bool) error {
	line, err := g.OpenSerial(ctx, s.device)
	if err != nil {
		return err
	}
	defer line.Close()
	if err := s.greet(ctx, line); err != nil {
		return err
	}
	return collect(ctx, docs, told, func(ctx context.Context, key string) ([]byte, bool, error) {
		return s.ask(ctx, line, key)
	})
}

// run asks by mdata-get, which waits for ever for a silent host and so is
// stopped when ctx ends (row D9).
func (s smartOS) run(ctx context.Context, g *guest.Guest) (Documents, error) {
	docs := Documents{Place: s.program, Files: map[string][]byte{}, Refused: map[string]string{}}
	return docs, collect(ctx, &docs, map[string]bool{}, func(ctx context.Context, key string) ([]byte, bool, error) {
		out, err := g.Run(ctx, s.program, key)
		var failed *guest.CommandError
		switch {
		case err == nil:
			return out, true, nil
		case !errors.As(err, &failed):
		case failed.Status == 1 && strings.Contains(string(failed.Stderr), "No metadata for"):
			return nil, false, nil
		case failed.Status == 2 && strings.Contains(string(failed.Stderr), "Error getting metadata for key"):
			return nil, false, refusal{key, "FAILURE", strings.TrimSpace(string(failed.Stderr))}
		}
		return nil, false, err
	})
}

// errNothing says that a host has none of our keys. It always has sdc:uuid, so
// this is a host in trouble, and not a guest without name, keys and network.
var errNothing = errors.New("the host has none of the keys that it should have")

// collect asks for all keys that are not told yet.
func collect(ctx context.Context, docs *Documents, told map[string]bool, ask asker) error {
	for _, key := range smartOSKeys {
		if told[key.name] {
			continue
		}
		value, found, err := ask(ctx, key.name)
		var r refusal
		if key.soft && errors.As(err, &r) {
			docs.Refused[key.name], err = r.Error(), nil
		}
		if err != nil {
			return err
		}
		told[key.name] = true
		if found {
			docs.Files[key.name] = value
		}
	}
	if len(docs.Files) == 0 {
		return errNothing
	}
	return nil
}

// passesOver says whether a NoCloud volume does not count since its machine has
// a SmartOS host, and the volume no network-config.
func (m *machine) passesOver(docs Documents) bool {
	_, refused := docs.Refused[seedNetwork]
	return m.platform.Name == "smartos" && !m.pinned && !refused && len(bytes.TrimSpace(docs.Files[seedNetwork])) == 0
}
