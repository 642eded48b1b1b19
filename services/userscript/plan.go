// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"time"

	"illumos-metadata/common/guest"
	"illumos-metadata/common/metadata"
)

const (
	scriptDir  = "/var/metadata/userscript" // 0700
	scriptFile = scriptDir + "/script"      // there while it runs
	outputFile = scriptDir + "/output"      // of the last run
)

// What a record says of the script of its instance.
const (
	running  = "running" // started; found at a start, it was cut off
	complete = "complete"
	failed   = "failed"
)

// A record is what became of the script of one instance. It is written before
// each start.
type record struct {
	Instance string    `json:"instance"`
	Digest   string    `json:"digest"` // of the script as the metadata holds it
	State    string    `json:"state"`
	Attempts int64     `json:"attempts"`         // starts for this instance
	Status   int       `json:"status"`           // exit status of the last; -1 if it has none
	Result   string    `json:"result,omitempty"` // the same in words
	Started  time.Time `json:"started,omitzero"`
	Ended    time.Time `json:"ended,omitzero"`
}

// A want is what the metadata and the settings ask for.
type want struct {
	instance string
	digest   string // of the script; "" if the metadata has none
	script   []byte // nil if only the digest is known: the source is silent
	again    bool   // the administrator asks for it: start whatever the record says
	eachBoot bool   // the script is to be run at each boot
	adopted  bool   // the earlier agent has configured this instance

	maxAttempts int64
	limits      limits
}

// Limits are how long the parts of a run may take.
type limits struct {
	script   time.Duration
	grace    time.Duration // between SIGTERM and SIGKILL
	shutdown time.Duration // for word that the machine goes down
}

// A todo is what one run does.
type todo struct {
	nothing string  // why the script is not started
	note    string  // what the log should say besides
	start   bool    // start the script
	record  *record // to be written first; nil if it stays as it is
}

const restartHint = "svcadm restart metadata/userscript runs it again"

// decide compares the record with what is wanted.
func decide(rec record, w want, now time.Time) (todo, error) {
	same, anew := rec.Instance == w.instance, w.again || w.eachBoot
	switch {
	case w.digest == "" || w.script != nil && len(bytes.TrimSpace(w.script)) == 0:
		return todo{nothing: "the metadata has no user data"}, nil
	case w.adopted && !anew:
		return todo{
			nothing: "left to the earlier metadata agent; " + restartHint,
			record:  &record{Instance: w.instance, Digest: w.digest, State: complete, Result: "left to the earlier agent"},
		}, nil
	case same && rec.State == complete && (!anew || w.script == nil):
		return settled(rec, w), nil
	case w.script == nil:
		return todo{}, errors.New("the script is due, but the metadata source is silent, and scripts are not kept: " +
			"the next boot tries again")
	}
	if err := check(w.script); err != nil {
		return todo{}, err
	}
	next := record{Instance: w.instance, Digest: w.digest, State: running, Attempts: 1, Status: -1, Started: now}
	t := todo{start: true, record: &next}
	if same && !w.again && rec.State != complete {
		next.Attempts += rec.Attempts
		if rec.State == running {
			t.note = fmt.Sprintf("attempt %d, started at %s, was cut off", rec.Attempts, rec.Started.Format(time.RFC3339))
		}
	}
	if next.Attempts > w.maxAttempts {
		return todo{}, exhausted(rec)
	}
	return t, nil
}

// settled says that the script has run, and what is odd about it.
func settled(rec record, w want) todo {
	t := todo{nothing: "the script is complete for this instance"}
	switch {
	case w.again || w.eachBoot:
		t.note = "the script cannot run again: the metadata source is silent, and scripts are not kept"
	case rec.Digest != w.digest:
		t.note = "the script has changed at the source since it ran; " + restartHint
	}
	return t
}

// exhausted is the error after the last attempt. The next start in the same boot
// is the administrator's wish and counts from one again.
func exhausted(rec record) error {
	what := fmt.Sprintf("the last: %s", rec.Result)
	if rec.State == running {
		what = "the last was cut off"
	}
	return fmt.Errorf("the script has not succeeded in %d attempts, which is config/max_attempts (%s; see %s)",
		rec.Attempts, what, outputFile)
}

// check says why the kernel could not start the script. It needs an absolute
// interpreter; blanks before it are usual. The error says what the user data
// looks like, and never quotes it.
func check(script []byte) error {
	line, _, _ := bytes.Cut(script, []byte("\n"))
	if rest, ok := bytes.CutPrefix(line, []byte("#!")); ok {
		if strings.HasPrefix(strings.TrimLeft(string(rest), " \t"), "/") {
			return nil
		}
		return fmt.Errorf("%w user data: its #! line does not name an interpreter by its absolute path", metadata.ErrInvalid)
	}
	return fmt.Errorf("%w user data: it looks like %s; only a script with an interpreter in its first line (#!/bin/sh) is run",
		metadata.ErrInvalid, looksLike(script))
}

// kinds are user data that is no script, by how it begins, in lower case. The
// longer beginning comes first.
var kinds = []struct{ prefix, name string }{
	{"\x1f\x8b", "gzip data"},
	{"\xfd7zxz", "xz data"},
	{"bzh", "bzip2 data"},
	{"pk\x03\x04", "a ZIP archive"},
	{"\x7felf", "a program"},
	{"\xef\xbb\xbf", "text behind a byte order mark"},
	{"\xff\xfe", "UTF-16 text"},
	{"\xfe\xff", "UTF-16 text"},
	{"#cloud-config-archive", "a cloud-config archive"},
	{"#cloud-config", "cloud-config"},
	{"#cloud-boothook", "a cloud boothook"},
	{"#include", "a list of URLs to include"},
	{"#part-handler", "a cloud-init part handler"},
	{"## template:", "a cloud-init template"},
	{"#ps1", "a PowerShell script"},
	{"<powershell>", "a PowerShell script"},
	{"rem cmd", "a Windows batch file"},
	{"content-type:", "a MIME message"},
	{"mime-version:", "a MIME message"},
	{"{", "JSON"},
}

func looksLike(data []byte) string {
	text := bytes.TrimLeft(data, " \t\r\n")
	if bytes.HasPrefix(text, []byte("#!")) {
		return "a script that begins with an empty line or a blank"
	}
	for _, k := range kinds {
		if hasPrefixFold(text, k.prefix) {
			return k.name
		}
	}
	if bytes.IndexByte(data, 0) >= 0 {
		return "binary data"
	}
	return "text"
}

// hasPrefixFold compares byte by byte, with ASCII letters in either case: a
// compressed file is no UTF-8.
func hasPrefixFold(data []byte, prefix string) bool {
	if len(data) < len(prefix) {
		return false
	}
	for i, want := range []byte(prefix) {
		c := data[i]
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != want {
			return false
		}
	}
	return true
}

// executable gives the script as it is run: with line ends of one character if
// it was written where they have two, since the interpreter's name would have
// one too many.
func executable(script []byte) (data []byte, converted bool) {
	line, _, _ := bytes.Cut(script, []byte("\n"))
	if !bytes.HasSuffix(line, []byte("\r")) {
		return script, false
	}
	// The last line may lack its newline.
	return bytes.TrimSuffix(bytes.ReplaceAll(script, []byte("\r\n"), []byte("\n")), []byte("\r")), true
}

// preparation puts the script where it runs.
func preparation(data []byte, foreign bool) []guest.Step {
	put := guest.Step{
		Why:  "put the script where it runs",
		File: &guest.File{Path: scriptFile, Data: data, Mode: 0o700, Dir: 0o700, Secret: true},
	}
	if foreign {
		return []guest.Step{{Why: "remove the script that the earlier metadata agent kept", Remove: scriptDir}, put}
	}
	return []guest.Step{put}
}

func removal(why string) guest.Step { return guest.Step{Why: why, Remove: scriptFile} }
