// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A made is the record of a service, as they all have one.
type made struct {
	Record
	Aliases []string `json:"aliases,omitempty"`
}

func TestRecord(t *testing.T) {
	a, log := newAgent(t)
	must(t, a.Guest.MakeDir(applied, 0o700))
	var none made
	if err := a.ReadRecord(&none); err != nil || none.Instance != "" || log.Len() > 0 {
		t.Errorf("without a record: %+v, %v; log %s", none, err, log)
	}
	want := made{Record{"i-1", "abc"}, []string{"web1"}}
	must(t, a.WriteRecord(want))
	var got made
	must(t, a.ReadRecord(&got))
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("record (-want +got):\n%s", diff)
	}
	if info, err := a.Guest.Stat("/var/metadata/applied/hostname.json"); err != nil || info.Mode() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
}

// TestDamagedRecord: it counts as none, all of it, and the log says so.
func TestDamagedRecord(t *testing.T) {
	for _, text := range []string{
		"", "{", "[]", "\x00", `{"instance":"i-1","slice":"abc","aliases":["web1"]`,
		`{"instance":"i-1","slice":5,"aliases":["web1"]}`, `{"instance":"i-1","aliases":{}}`,
	} {
		a, log := newAgent(t)
		must(t, a.Guest.MakeDir(applied, 0o700))
		must(t, os.WriteFile(a.Guest.Host(a.recordFile()), []byte(text), 0o600))
		var rec made
		err := a.ReadRecord(&rec)
		if diff := cmp.Diff(made{}, rec); diff != "" || err != nil {
			t.Errorf("%q: %v (-want +got):\n%s", text, err, diff)
		}
		if !strings.Contains(log.String(), "ignoring a damaged record") {
			t.Errorf("%q: log %s", text, log)
		}
	}
}

// TestRecordErrors: a record that is there and cannot be read is no missing
// one: that would be a first boot.
func TestRecordErrors(t *testing.T) {
	a, _ := newAgent(t)
	must(t, a.Guest.MakeDir(a.recordFile(), 0o700))
	var rec made
	if err := a.ReadRecord(&rec); err == nil || errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "read record: ") {
		t.Errorf("reading a directory: %v", err)
	}
	if err := a.WriteRecord(rec); err == nil || !strings.Contains(err.Error(), a.recordFile()) {
		t.Errorf("writing to a directory: %v", err)
	}
	if err := a.WriteRecord(func() {}); err == nil {
		t.Error("what JSON cannot say was written")
	}
}

func TestSettled(t *testing.T) {
	want := Record{"i-1", "abc"}
	tests := []struct {
		name  string
		have  Record
		again bool
		want  bool
	}{
		{"unchanged", want, false, true},
		{"first boot", Record{}, false, false},
		{"new instance", Record{"i-0", "abc"}, false, false},
		{"changed at the source", Record{"i-1", "xyz"}, false, false},
		{"not applied completely", Record{"i-1", ""}, false, false},
		{"second run in this boot", want, true, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, log := newAgent(t)
			a.Again = tt.again
			if got := a.Settled(tt.have, want); got != tt.want || got != strings.Contains(log.String(), "instance=i-1") {
				t.Errorf("Settled(%v, %v) = %v, log %q", tt.have, want, got, log)
			}
		})
	}
}

// TestAdopted: the earlier agent's stamp names this instance, in either byte
// order of the UUID, or another one.
func TestAdopted(t *testing.T) {
	const (
		uuid    = "564d2dbf-0a17-4a4c-9c9d-6f3c1b0e2a51"
		swapped = "bf2d4d56-170a-4c4a-9c9d-6f3c1b0e2a51"
	)
	tests := []struct {
		name, file, stamp string
		id                string
		want              bool
	}{
		{"no stamp", "", "", uuid, false},
		{"this one", stamps[0], uuid + "\n", uuid, true},
		{"upper case", stamps[0], strings.ToUpper(uuid) + "\n", uuid, true},
		{"the other byte order", stamps[0], swapped + "\n", uuid, true},
		{"the other byte order, upper case", stamps[0], strings.ToUpper(swapped), uuid, true},
		{"the earlier place", stamps[1], uuid, uuid, true},
		{"another machine", stamps[0], "564d2dbf-0a17-4a4c-9c9d-6f3c1b0e2a52\n", uuid, false},
		{"an ID that is no UUID", stamps[0], "i-0123\n", "i-0123", true},
		{"another ID", stamps[0], "i-0124\n", "i-0123", false},
		{"empty", stamps[0], "\n", uuid, false},
		{"without SMBIOS (row D16)", stamps[0], "unknown\n", uuid, false},
		{"no stamp of anybody's", stamps[0], strings.Repeat("x", 5000), uuid, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a, log := newAgent(t)
			for _, dir := range []string{"/var/metadata", "/var/adm"} {
				must(t, a.Guest.MakeDir(dir, 0o755))
			}
			if tt.file != "" {
				must(t, os.WriteFile(a.Guest.Host(tt.file), []byte(tt.stamp), 0o644))
			}
			if got := a.Adopted(tt.id); got != tt.want || got != strings.Contains(log.String(), "adopting") {
				t.Errorf("stamp %q, ID %s: %v, want %v; log %s", tt.stamp, tt.id, got, tt.want, log)
			}
		})
	}
}
