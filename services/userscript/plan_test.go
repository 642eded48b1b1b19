// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"illumos-metadata/common/metadata"
)

var script = []byte("#!/bin/sh\nexit 0\n")

// TestDecide: what a run does, by what the record says.
func TestDecide(t *testing.T) {
	now := time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)
	earlier := now.Add(-time.Hour)
	w := want{instance: "i-1", digest: "d", script: script, maxAttempts: 3}
	change := func(f func(*want)) want { c := w; f(&c); return c }
	begun := func(attempts int64) *record {
		return &record{Instance: "i-1", Digest: "d", State: running, Attempts: attempts, Status: -1, Started: now}
	}
	tests := []struct {
		name    string
		rec     record
		want    want
		start   *record // nil: not started
		written *record // without a start
		says    string  // in the reason, the note or the error
		fails   bool
	}{
		{name: "first boot", want: w, start: begun(1)},
		{name: "no user data", want: change(func(w *want) { w.digest, w.script = "", nil }), says: "no user data"},
		{name: "blank user data", want: change(func(w *want) { w.script = []byte(" \n\n") }), says: "no user data"},
		{name: "complete", rec: record{Instance: "i-1", Digest: "d", State: complete}, want: w, says: "is complete"},
		{name: "complete, source silent", rec: record{Instance: "i-1", Digest: "d", State: complete},
			want: change(func(w *want) { w.script = nil }), says: "is complete"},
		{name: "complete, changed at the source", rec: record{Instance: "i-1", Digest: "old", State: complete},
			want: w, says: "has changed at the source since it ran; svcadm restart"},
		{name: "complete, asked for again", rec: record{Instance: "i-1", Digest: "d", State: complete, Attempts: 3},
			want: change(func(w *want) { w.again = true }), start: begun(1)},
		{name: "complete, asked for again, source silent", rec: record{Instance: "i-1", Digest: "d", State: complete},
			want: change(func(w *want) { w.again, w.script = true, nil }), says: "cannot run again: the metadata source is silent"},
		{name: "complete, due at each boot (S11)", rec: record{Instance: "i-1", Digest: "d", State: complete, Attempts: 3},
			want: change(func(w *want) { w.eachBoot = true }), start: begun(1)},
		{name: "complete, due at each boot, source silent", rec: record{Instance: "i-1", Digest: "d", State: complete},
			want: change(func(w *want) { w.eachBoot, w.script = true, nil }), says: "cannot run again: the metadata source is silent"},
		{name: "cut off, due at each boot", rec: record{Instance: "i-1", Digest: "d", State: running, Attempts: 2, Started: earlier},
			want: change(func(w *want) { w.eachBoot = true }), start: begun(3), says: "was cut off"},
		{name: "attempts used up, due at each boot", rec: record{Instance: "i-1", Digest: "d", State: failed, Attempts: 3},
			want: change(func(w *want) { w.eachBoot = true }), says: "in 3 attempts", fails: true},
		{name: "adopted, due at each boot", want: change(func(w *want) { w.adopted, w.eachBoot = true, true }), start: begun(1)},
		{name: "new instance (S3, S4)", rec: record{Instance: "i-0", Digest: "d", State: complete, Attempts: 3},
			want: w, start: begun(1)},
		{name: "new instance, the old one was pending (S4)", rec: record{Instance: "i-0", Digest: "old", State: running, Attempts: 2},
			want: w, start: begun(1)},
		{name: "new instance without user data (S4)", rec: record{Instance: "i-0", Digest: "old", State: failed, Attempts: 1},
			want: change(func(w *want) { w.digest, w.script = "", nil }), says: "no user data"},
		{name: "failed before", rec: record{Instance: "i-1", Digest: "d", State: failed, Attempts: 1}, want: w, start: begun(2)},
		{name: "failed before, changed at the source", rec: record{Instance: "i-1", Digest: "old", State: failed, Attempts: 2},
			want: w, start: begun(3)},
		{name: "cut off", rec: record{Instance: "i-1", Digest: "d", State: running, Attempts: 1, Started: earlier},
			want: w, start: begun(2), says: "attempt 1, started at 2026-11-24T09:00:00Z, was cut off"},
		{name: "pending, source silent", rec: record{Instance: "i-1", Digest: "d", State: failed, Attempts: 1},
			want: change(func(w *want) { w.script = nil }), says: "the metadata source is silent", fails: true},
		{name: "attempts used up (S5)", rec: record{Instance: "i-1", Digest: "d", State: failed, Attempts: 3, Result: "exit status 7"},
			want: w, says: "in 3 attempts, which is config/max_attempts (the last: exit status 7; see /var/metadata/userscript/output)", fails: true},
		{name: "attempts used up by crashes (S5)", rec: record{Instance: "i-1", Digest: "d", State: running, Attempts: 3, Result: "exit status 7"},
			want: w, says: "(the last was cut off; see", fails: true},
		{name: "attempts used up, asked for again", rec: record{Instance: "i-1", Digest: "d", State: failed, Attempts: 3},
			want: change(func(w *want) { w.again = true }), start: begun(1)},
		{name: "adopted", want: change(func(w *want) { w.adopted = true }), says: "left to the earlier metadata agent",
			written: &record{Instance: "i-1", Digest: "d", State: complete, Result: "left to the earlier agent"}},
		{name: "adopted, asked for", want: change(func(w *want) { w.adopted, w.again = true, true }), start: begun(1)},
		{name: "no script (S6)", want: change(func(w *want) { w.script = []byte("#cloud-config\n") }),
			says: "cloud-config", fails: true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := decide(tt.rec, tt.want, now)
			if (err != nil) != tt.fails {
				t.Fatalf("decide: error %v", err)
			}
			said := got.nothing + got.note
			if err != nil {
				said = err.Error()
			}
			if tt.says == "" && (said != "" || !got.start) || !strings.Contains(said, tt.says) {
				t.Errorf("decide says %q, want %q", said, tt.says)
			}
			wantRecord := tt.written
			if tt.start != nil {
				wantRecord = tt.start
			}
			if got.start != (tt.start != nil) {
				t.Errorf("start: got %v", got.start)
			}
			if diff := cmp.Diff(wantRecord, got.record); diff != "" {
				t.Errorf("record (-want +got):\n%s", diff)
			}
		})
	}
}

// TestCheck: what is a script, and what anything else is called (S6). The data
// itself is never quoted.
func TestCheck(t *testing.T) {
	const secret = "hunter2"
	tests := []struct{ data, says string }{
		{"#!/bin/sh\necho " + secret, ""},
		{"#! /bin/sh\necho " + secret, ""},
		{"#!\t/usr/bin/python3 -u\n" + secret, ""},
		{"#!/bin/sh", ""},
		{"#!/bin/sh\r\necho " + secret + "\r\n", ""},
		{"#!sh\n" + secret, "absolute path"},
		{"#!\n" + secret, "absolute path"},
		{"\n#!/bin/sh\n" + secret, "begins with an empty line"},
		{"  #!/bin/sh\n" + secret, "begins with an empty line or a blank"},
		{"\ufeff#!/bin/sh\n" + secret, "byte order mark"},
		{"#cloud-config\npassword: " + secret, "like cloud-config;"},
		{"#cloud-config-archive\n- " + secret, "a cloud-config archive"},
		{"Content-Type: multipart/mixed; boundary=" + secret, "a MIME message"},
		{"MIME-Version: 1.0\n" + secret, "a MIME message"},
		{"#include\nhttp://" + secret, "URLs"},
		{"## template: jinja\n" + secret, "a cloud-init template"},
		{"\x1f\x8b\x08\x00" + secret, "gzip data"},
		{"\x7fELF" + secret, "a program"},
		{`{"ignition": "` + secret + `"}`, "JSON"},
		{secret + "\x00\x01", "binary data"},
		{secret, "like text;"},
	}
	for _, tt := range tests {
		err := check([]byte(tt.data))
		switch {
		case tt.says == "":
			if err != nil {
				t.Errorf("check(%q): %v", tt.data, err)
			}
		case err == nil || !errors.Is(err, metadata.ErrInvalid) || !strings.Contains(err.Error(), tt.says):
			t.Errorf("check(%q): %v, want ErrInvalid with %q", tt.data, err, tt.says)
		case strings.Contains(err.Error(), secret):
			t.Errorf("check(%q) quotes the data: %v", tt.data, err)
		}
	}
}

// FuzzCheck: what check accepts, the kernel can start: "#!", blanks, a path;
// and what is run has the same words.
func FuzzCheck(f *testing.F) {
	f.Add([]byte("#!/bin/sh\r\nx\r\n"))
	f.Add([]byte("#!/bin/true\r"))
	f.Add([]byte("#cloud-config"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := check(data); err != nil {
			if !errors.Is(err, metadata.ErrInvalid) {
				t.Errorf("check(%q): %v", data, err)
			}
			return
		}
		run, converted := executable(data)
		line, _, _ := strings.Cut(string(run), "\n")
		if path := strings.TrimLeft(strings.TrimPrefix(line, "#!"), " \t"); !strings.HasPrefix(line, "#!") || path[0] != '/' {
			t.Errorf("first line %q", line)
		}
		if first, _, _ := strings.Cut(string(data), "\n"); line != strings.TrimSuffix(first, "\r") {
			t.Errorf("first line %q becomes %q", first, line)
		}
		if converted == (string(run) == string(data)) {
			t.Errorf("converted %v, from %q to %q", converted, data, run)
		}
	})
}

func TestExecutable(t *testing.T) {
	got, converted := executable([]byte("#!/bin/sh\r\necho a\r\nprintf 'b\rc'\r\n"))
	if want := "#!/bin/sh\necho a\nprintf 'b\rc'\n"; string(got) != want || !converted {
		t.Errorf("executable: %q, %v, want %q", got, converted, want)
	}
	if got, converted := executable([]byte("#!/bin/true\r")); string(got) != "#!/bin/true" || !converted {
		t.Errorf("executable: %q, %v", got, converted)
	}
	plain := "#!/bin/sh\nprintf 'a\r\nb'\n" // only there on purpose
	if got, converted := executable([]byte(plain)); string(got) != plain || converted {
		t.Errorf("executable changed %q to %q", plain, got)
	}
}
