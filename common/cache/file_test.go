// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package cache

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"illumos-metadata/common/metadata"
	"illumos-metadata/common/provider"
)

// TestDamage: a cache file that is half written, foreign or changed by hand is
// an ordinary miss: of this boot's file, one more fetch; of the kept one, a
// machine without a last answer.
func TestDamage(t *testing.T) {
	first := newMachine(t)
	_, err := first.load(Options{}, 1)
	must(t, err)
	boot, kept := first.get(bootFile), first.get(keepFile)

	damages := map[string]func(string) string{
		"empty":       func(string) string { return "" },
		"half":        func(s string) string { return s[:len(s)/2] },
		"last byte":   func(s string) string { return s[:len(s)-2] },
		"twice":       func(s string) string { return s + s },
		"no JSON":     func(string) string { return "instance\n" },
		"null":        func(string) string { return "null\n" },
		"no entry":    func(string) string { return "{}\n" },
		"a list":      func(string) string { return "[1]\n" },
		"host name":   func(s string) string { return strings.Replace(s, "web1", "web2", 1) },
		"key":         func(s string) string { return strings.Replace(s, "AAAAC3", "AAAAC4", 1) },
		"UUID":        func(s string) string { return strings.ReplaceAll(s, uuid, strings.Replace(uuid, "6f", "7f", 1)) },
		"digest":      func(s string) string { return strings.Replace(s, `"digest":"`, `"digest":"0`, 1) },
		"wrong type":  func(s string) string { return strings.Replace(s, `"machine":"`, `"machine":0,"x":"`, 1) },
		"too large":   func(s string) string { return s + strings.Repeat(" ", maxFile) },
		"other one's": func(string) string { return sealing(t, entry{Machine: "x", Instance: &metadata.Instance{ID: "x"}}) },
		"no instance": func(string) string { return sealing(t, entry{Machine: uuid}) },
		"no ID":       func(string) string { return sealing(t, entry{Machine: uuid, Instance: &metadata.Instance{}}) },
	}
	for name, damage := range damages {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t)
			m.put(bootFile, []byte(damage(boot)))
			a, err := m.load(Options{}, 1)
			m.want(a, err, "web1", false)

			m = newMachine(t)
			m.detach()
			m.put(keepFile, []byte(damage(kept)))
			a, err = m.load(Options{}, 1)
			if err != nil || a.Stale || a.Instance.Source != provider.None {
				t.Errorf("got %+v, %v", a, err)
			}
			if !strings.Contains(m.log.String(), "ignoring a cached answer") {
				t.Errorf("the log says nothing: %s", m.log.String())
			}
		})
	}
	m := newMachine(t) // and what is whole is none
	m.put(bootFile, []byte(boot))
	a, err := m.load(Options{}, 0)
	m.want(a, err, "web1", false)
}

func sealing(t *testing.T, e entry) string {
	t.Helper()
	b, err := seal(e)
	must(t, err)
	return string(b)
}

// FuzzUnseal: only what was written is ever read, and it is read as it was.
func FuzzUnseal(f *testing.F) {
	f.Add("web1", "a <b> & \u2028", []byte("#!/bin/sh\n"), 10, byte('x'))
	f.Add("", "", []byte(nil), 100, byte(0))
	f.Fuzz(func(t *testing.T, name, line string, data []byte, at int, change byte) {
		in := &metadata.Instance{
			Source: "cpio", ID: "i-1", Hostname: strings.ToValidUTF8(name, "?"),
			Keys: []metadata.Key{{Line: strings.ToValidUTF8(line, "?")}}, UserData: data,
		}
		if len(data) == 0 {
			in.UserData = nil
		}
		e := entry{Time: time.Unix(1, 0).UTC(), Machine: uuid, Instance: in}
		b, err := seal(e)
		must(t, err)
		got, err := unseal(b)
		if d := cmp.Diff(e, got); err != nil || d != "" {
			t.Fatalf("%v\n%s", err, d)
		}

		b[uint(at)%uint(len(b))] = change
		if got, err := unseal(b); err == nil {
			if d := cmp.Diff(e, got); d != "" {
				t.Errorf("a changed byte passes: %s", d)
			}
		}
	})
}
