// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"os"
	"testing"

	"illumos-metadata/common/metadata"
	"illumos-metadata/common/provider"
)

// TestDue: only a script that has not run to its end is worth another question
// to a silent source.
func TestDue(t *testing.T) {
	in := &metadata.Instance{ID: "i-1", UserDataDigest: "d"}
	tests := []struct {
		name string
		rec  record
		in   *metadata.Instance
		want bool
	}{
		{"never started", record{}, in, true},
		{"complete", record{Instance: "i-1", State: complete}, in, false},
		{"failed", record{Instance: "i-1", State: failed}, in, true},
		{"cut off", record{Instance: "i-1", State: running}, in, true},
		{"complete for another instance", record{Instance: "i-0", State: complete}, in, true},
		{"no script", record{}, &metadata.Instance{ID: "i-1"}, false},
		{"complete, due at each boot", record{Instance: "i-1", State: complete},
			&metadata.Instance{ID: "i-1", UserDataDigest: "d", EachBoot: true}, true},
	}
	for _, tt := range tests {
		if got := due(tt.rec, tt.in); got != tt.want {
			t.Errorf("%s: due(%+v) = %v", tt.name, tt.rec, got)
		}
	}
}

// TestWanted: what of an instance concerns the script.
func TestWanted(t *testing.T) {
	in := metadata.Instance{Source: "cpio", ID: "i-1", UserData: []byte("#!/bin/sh\n"), UserDataDigest: "d"}
	change := func(f func(*metadata.Instance)) *metadata.Instance { c := in; f(&c); return &c }
	tests := []struct {
		name    string
		stamp   string
		rec     record
		in      *metadata.Instance
		digest  string
		script  bool
		adopted bool
	}{
		{name: "script", in: &in, digest: "d", script: true},
		{name: "source silent", in: change(func(in *metadata.Instance) { in.UserData = nil }), digest: "d"},
		{name: "no script", in: change(func(in *metadata.Instance) { in.UserData, in.UserDataDigest = nil, "" })},
		{name: "no source", in: change(func(in *metadata.Instance) { in.Source = provider.None })},
		{name: "the earlier agent's", stamp: "i-1", in: &in, digest: "d", script: true, adopted: true},
		{name: "the earlier agent's, another instance (S4)", stamp: "i-0", in: &in, digest: "d", script: true},
		{name: "the earlier agent's, recorded since", stamp: "i-1", rec: record{Instance: "i-1"}, in: &in, digest: "d", script: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t, "")
			write(t, b, "/var/metadata/stamp", tt.stamp)
			got := wanted(b.Agent, tt.rec, tt.in)
			if got.instance != "i-1" || got.digest != tt.digest || (got.script != nil) != tt.script || got.adopted != tt.adopted || got.again {
				t.Errorf("wanted: %+v", got)
			}
			b.Again = true
			if got = wanted(b.Agent, tt.rec, tt.in); !got.again {
				t.Error("the wish for another run is lost")
			}
		})
	}
}

// TestCutOffBetween: what a run that was cut off has left changes nothing about
// the next one, wherever it was.
func TestCutOffBetween(t *testing.T) {
	begun := record{Instance: "i-1", Digest: "d", State: running, Attempts: 1, Status: -1}
	ended := begun
	ended.State, ended.Status = complete, 0
	tests := []struct {
		name     string
		rec      *record
		runs     string
		attempts int64
	}{
		{"before the start was recorded", nil, "run\n", 1},
		{"while it ran", &begun, "run\n", 2},
		{"after the end was recorded", &ended, "", 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t, `echo run >>"$HOME/runs"`)
			write(t, b, scriptFile, "#!/bin/sh\necho half >>\"$HOME/runs\"\n")
			write(t, b, outputFile, "half of a line")
			if tt.rec != nil {
				if err := b.WriteRecord(tt.rec); err != nil {
					t.Fatal(err)
				}
			}
			for range 2 {
				b.mustRun()
				if rec := b.record(); b.read("/root/runs") != tt.runs || rec.State != complete || rec.Attempts != tt.attempts {
					t.Errorf("runs %q, record %+v", b.read("/root/runs"), rec)
				}
				b.isGone(scriptFile)
			}
			if info, err := os.Stat(b.Guest.Host(outputFile)); err != nil || tt.runs != "" && info.Mode() != 0o600 {
				t.Errorf("output: %v, %v", info.Mode(), err)
			}
			names, err := os.ReadDir(b.Guest.Host(scriptDir))
			if len(names) != 1 || err != nil {
				t.Errorf("left: %v, %v", names, err)
			}
		})
	}
}

// TestClear: after the last attempt an administrator's wish counts from one
// again, as the message says.
func TestClear(t *testing.T) {
	b := newBench(t, `echo run >>"$HOME/runs"; exit 3`)
	b.w.maxAttempts = 1
	for _, again := range []bool{false, false, true} {
		b.w.again = again
		if err := b.run(context.Background()); err == nil || retried(err) {
			t.Errorf("again %v: %v, want a final error", again, err)
		}
	}
	if got := b.read("/root/runs"); got != "run\nrun\n" || b.record().Attempts != 1 {
		t.Errorf("runs %q, record %+v", got, b.record())
	}
}
