// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

// Package volume finds and reads the volumes on which a hypervisor hands
// metadata to its guest: a disk or CD that holds a cpio archive from its first
// byte on, a FAT or ISO 9660 file system with the label "cidata", or a CD with
// another label, which only its files can tell from install media. It reads
// them in this process: nothing is mounted, no program is run, nothing is
// written, and a name in a volume is only a name to look up. Which volume is
// used and what its files mean is for package provider.
//
// What a volume says is foreign and may be hostile, so everything is bounded:
// what is kept by the caller's limits, the archive by maxArchive and
// maxMembers, a file system by maxServed and by checks before its reader sees
// it, and every wait by the context, even where the system call itself cannot
// be called off.
package volume

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"time"

	"illumos-metadata/common/guest"
)

// seedLabel is the label of a file system that holds metadata; case does not
// matter.
const seedLabel = "cidata"

// ISO is the format of an ISO 9660 file system. Those of the others are "fat12",
// "fat16" and "fat32", and of archives "binary", "binary, big-endian", "odc",
// "newc" and "crc".
const ISO = "iso9660"

// A Volume is a disk that holds metadata, as far as its beginning tells, or any
// CD.
type Volume struct {
	Place  string // the node that it was seen on, /dev/dsk/c2t0d0p0
	Format string
	Seed   bool // it is a file system labelled "cidata"
}

// Archive says whether the volume is an archive, as opposed to a file system.
func (v Volume) Archive() bool { return v.opener() == nil }

// Disc says whether the volume is a CD with another label than "cidata".
func (v Volume) Disc() bool { return v.Format == ISO && !v.Seed }

// Find looks once at every disk of the guest and gives those that hold metadata
// or are CDs, in device order: by controller, target and logical unit.
//
// Absent is what can hold none: a node that is not there, an empty drive or
// slice (ENXIO, ENODEV), a disk that was read and begins with something else.
// Any other disk that does not let itself be read, one that does not answer in
// time among them, may well hold the volume that is looked for: it comes back
// as unreadable, one error for each disk. It is for the caller to never take
// that for absence.
func Find(ctx context.Context, g *guest.Guest) (found []Volume, unreadable []error, err error) {
	disks, err := within(ctx, func() ([]disk, error) { return list(g) })
	if err != nil {
		return nil, nil, fmt.Errorf("list the disks: %w", err)
	}
	found, unreadable = scan(ctx, disks, func(d disk) (Volume, error) { return d.probe(ctx, g) })
	return found, unreadable, nil
}

// scan probes all disks at once, so that one that hangs holds up no other, and
// leaves half of the time for reading what it has found.
func scan(ctx context.Context, disks []disk, probe func(disk) (Volume, error)) (found []Volume, unreadable []error) {
	ctx, cancel := halfOf(ctx)
	defer cancel()
	volumes, errs := make([]Volume, len(disks)), make([]error, len(disks))
	var all sync.WaitGroup
	for i, d := range disks {
		all.Go(func() {
			volumes[i], errs[i] = within(ctx, func() (Volume, error) { return probe(d) })
		})
	}
	all.Wait()
	for i, d := range disks {
		if errs[i] != nil {
			unreadable = append(unreadable, fmt.Errorf("disk %s: %w", d.name, errs[i]))
		}
		if volumes[i] != (Volume{}) {
			found = append(found, volumes[i])
		}
	}
	return found, unreadable
}

// Read gives the members or files that limits names, each of at most that many
// bytes. A volume of which any part that is needed cannot be read is an error,
// and so is an archive that does not go on to its end.
func (v Volume) Read(ctx context.Context, g *guest.Guest, limits map[string]int64) (Content, error) {
	c, err := within(ctx, func() (Content, error) {
		f, err := open(g, v.Place)
		if err != nil {
			return Content{}, err
		}
		defer f.Close()
		if open := v.opener(); open != nil {
			return readFiles(newView(ctx, f), open, limits)
		}
		return readArchive(&sectors{ctx: ctx, f: f}, limits)
	})
	kind := "volume"
	if v.Archive() {
		kind = "archive"
	}
	if err != nil {
		return Content{}, fmt.Errorf("read %s %s: %w", kind, v.Place, err)
	}
	return c, nil
}

// opener gives what opens the file system on the volume, nil for an archive.
func (v Volume) opener() func(*view) (fs.ReadDirFS, error) {
	switch v.Format {
	case ISO:
		return openISO
	case "fat12", "fat16", "fat32":
		return openFAT
	}
	return nil
}

// halfOf gives a context with half of the time that ctx has left.
func halfOf(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	half := time.Until(deadline) / 2
	return context.WithTimeoutCause(ctx, half, fmt.Errorf("no answer within %v: %w", half.Round(time.Millisecond), os.ErrDeadlineExceeded))
}

// within waits for f as long as ctx lasts. No signal ends an open(2) or
// read(2) of a disk that does not answer; f then goes on by itself, until the
// program ends, and what it finds is dropped.
func within[T any](ctx context.Context, f func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		v, err := f()
		done <- result{v, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
	}
	select {
	case r := <-done: // both at once: an answer is better than none
		return r.value, r.err
	default:
		var none T
		return none, context.Cause(ctx)
	}
}
