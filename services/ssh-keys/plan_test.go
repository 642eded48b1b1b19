// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/base64"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"illumos-metadata/common/agent"
	"illumos-metadata/common/etcfile"
	"illumos-metadata/common/metadata"
)

// key gives a key of a letter's own: its type and data.
func key(letter rune) string {
	raw := "\x00\x00\x00\x0bssh-ed25519\x00\x00\x00\x20" + strings.Repeat(string(letter), 32)
	return "ssh-ed25519 " + base64.StdEncoding.EncodeToString([]byte(raw))
}

// letters puts keys in the place of @a to @e, which tables and files use.
var letters = strings.NewReplacer("@a", key('a'), "@b", key('b'), "@c", key('c'), "@d", key('d'), "@e", key('e'))

func expand(text string) string { return letters.Replace(text) }

// short is the reverse of expand, for messages.
func short(text string) string {
	for _, l := range "abcde" {
		text = strings.ReplaceAll(text, key(l), "@"+string(l))
	}
	return text
}

func shorts(list []string) string { return short(strings.Join(list, ",")) }

// fields splits a list apart by commas.
func fields(text string) []string {
	if text == "" {
		return nil
	}
	return strings.Split(expand(text), ",")
}

func TestUsers(t *testing.T) {
	tests := []struct {
		setting string
		want    []string
	}{
		{"", []string{"root"}},
		{",", []string{"root"}},
		{"joe", []string{"joe"}},
		{"root,joe", []string{"root", "joe"}},
		{" root\tjoe, ", []string{"root", "joe"}},
	}
	for _, tt := range tests {
		if got := users(tt.setting); !slices.Equal(got, tt.want) {
			t.Errorf("users(%q) = %q, want %q", tt.setting, got, tt.want)
		}
	}
}

// TestLines: a key goes to the user it names, or to those of the setting.
func TestLines(t *testing.T) {
	w := want{Users: []string{"root", "joe"}, Keys: []metadata.Key{{Line: "1"}, {User: "ann", Line: "2"}, {User: "joe", Line: "3"}}}
	wanted := map[string][]string{"root": {"1"}, "joe": {"1", "3"}, "ann": {"2"}}
	if diff := cmp.Diff(wanted, w.lines()); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
	rec := record{Keys: map[string][]string{"ann": nil, "old": nil}}
	if got, want := owners(rec, wanted), []string{"ann", "joe", "old", "root"}; !slices.Equal(got, want) {
		t.Errorf("owners %q, want %q", got, want)
	}
}

// TestDecide: one user's file. In it @a to @e are keys.
func TestDecide(t *testing.T) {
	tests := []struct {
		name       string
		file       string
		ours, want string // apart by commas
		keep       bool
		out, made  string
		says       string // the reason of the step; "" for none
	}{
		{name: "first boot", want: "@a joe,@b", out: "@a joe\n@b\n", made: "@a,@b", says: "2 new, 0 withdrawn"},
		{name: "beside one by hand", file: "@c me\n", want: "@a", out: "@c me\n@a\n", made: "@a", says: "1 new, 0 withdrawn"},
		{name: "there already", file: "@a joe\n", ours: "@a", want: "@a joe", out: "@a joe\n", made: "@a", says: "0 new, 0 withdrawn"},
		{name: "wanted and by hand", file: "from=\"10.*\" @a\n", want: "@a joe", out: "from=\"10.*\" @a\n"},
		{name: "withdrawn (row S8)", file: "@a joe\n@c me\n", ours: "@a", out: "@c me\n", says: "0 new, 1 withdrawn"},
		{name: "replaced (row S8)", file: "@a joe\n@c me\n", ours: "@a", want: "@b", out: "@c me\n@b\n", made: "@b", says: "1 new, 1 withdrawn"},
		{name: "removed by hand", file: "@c me\n", ours: "@a", want: "@a", out: "@c me\n@a\n", made: "@a", says: "1 new, 0 withdrawn"},
		{name: "blanks and newlines around (row S9)", file: "@a joe\n", ours: "@a", want: " @a joe\r\n,@a joe", out: "@a joe\n", made: "@a", says: "0 new, 0 withdrawn"},
		{name: "no newline at the end", file: "@c me", want: "@a", out: "@c me\n@a\n", made: "@a", says: "1 new"},
		{name: "nothing wanted, nothing ours", file: "@c me\n# note\n", out: "@c me\n# note\n"},
		{name: "source silent, nothing known", file: "@a joe\n", ours: "@a", keep: true, out: "@a joe\n", made: "@a", says: "0 new, 0 withdrawn"},
		{name: "some keys not readable", file: "@a joe\n", ours: "@a", want: "@b", keep: true, out: "@a joe\n@b\n", made: "@b,@a", says: "1 new, 0 withdrawn"},
		{name: "other options", file: "@a joe\n", ours: "@a", want: "no-pty @a joe", out: "no-pty @a joe\n", made: "@a", says: "0 new, 0 withdrawn"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := file{etcfile.User{Name: "joe", UID: 100, GID: 10, Home: "/home/joe"}, []byte(expand(tt.file))}
			c := decide(f, fields(tt.ours), fields(tt.want), tt.keep)
			if got := shorts(c.made); got != tt.made {
				t.Errorf("made %q, want %q", got, tt.made)
			}
			if tt.says == "" {
				if len(c.steps) > 0 {
					t.Errorf("steps %v", c.steps)
				}
				return
			}
			if len(c.steps) != 1 || !strings.HasPrefix(c.steps[0].Why, "authorized keys of joe: "+tt.says) {
				t.Fatalf("steps %v, want one for %q", c.steps, tt.says)
			}
			got := c.steps[0].File
			if short(string(got.Data)) != tt.out {
				t.Errorf("file %q, want %q", short(string(got.Data)), tt.out)
			}
			if got.Path != "/home/joe/.ssh/authorized_keys" || got.Mode != 0o600 || got.Dir != 0o700 || got.Within != "/home/joe" ||
				got.Owner.UID != 100 || got.Owner.GID != 10 || !got.Secret {
				t.Errorf("file %+v", got)
			}
		})
	}
}

// TestNames: the log names keys, and never shows them (row S1).
func TestNames(t *testing.T) {
	f := file{etcfile.User{Name: "joe", Home: "/home/joe"}, []byte(expand("@a old\n"))}
	c := decide(f, fields("@a"), fields("@b joe@laptop"), false)
	if len(c.added) != 1 || !strings.HasPrefix(c.added[0], "ssh-ed25519 SHA256:") || !strings.HasSuffix(c.added[0], " joe@laptop") ||
		len(c.withdrawn) != 1 || !strings.HasSuffix(c.withdrawn[0], " old") {
		t.Errorf("added %q, withdrawn %q", c.added, c.withdrawn)
	}
	if text := strings.Join(append(c.added, c.withdrawn...), " ") + c.steps[0].String() + c.steps[0].Why; strings.Contains(text, "AAAA") {
		t.Errorf("a key is shown: %s", text)
	}
}

// A guestFiles is the authorized_keys of some users, by their names.
type guestFiles map[string]string

func (g guestFiles) homes() homes {
	var h homes
	for _, name := range slices.Sorted(maps.Keys(g)) {
		h.files = append(h.files, file{etcfile.User{Name: name, Home: "/" + name}, []byte(g[name])})
	}
	return h
}

// after gives the files after some changes.
func (g guestFiles) after(changes []change) guestFiles {
	next := maps.Clone(g)
	for _, c := range changes {
		for _, s := range c.steps {
			next[c.user] = string(s.File.Data)
		}
	}
	return next
}

// settles checks that a run leaves nothing to do for the next one, and that one
// that was cut off behind any of its changes ends with the same files and the
// same record when it is run again. It gives both.
func settles(t *testing.T, g guestFiles, w want, rec record, instance string) (guestFiles, record) {
	t.Helper()
	now := agent.Record{Instance: instance, Slice: metadata.Digest(w)}
	first := g.homes().plan(w, rec, now)
	end := g.after(first.changes)
	second := end.homes().plan(w, first.done, now)
	if diff := cmp.Diff(end, end.after(second.changes)); diff != "" {
		t.Errorf("a second run changes (-first +second):\n%s", short(diff))
	}
	if diff := cmp.Diff(first.done, second.done); diff != "" {
		t.Errorf("a second run records (-first +second):\n%s", short(diff))
	}
	for n := range len(first.changes) {
		half := g.after(first.changes[:n])
		rest := half.homes().plan(w, first.under, now)
		if diff := cmp.Diff(end, half.after(rest.changes)); diff != "" {
			t.Errorf("cut off behind %d changes (-undisturbed +got):\n%s", n, short(diff))
		}
		if diff := cmp.Diff(first.done, rest.done); diff != "" {
			t.Errorf("cut off behind %d changes, record (-undisturbed +got):\n%s", n, short(diff))
		}
	}
	return end, first.done
}

func wantKeys(lines string) want {
	w := want{Users: []string{"root", "joe"}}
	for _, line := range fields(lines) {
		w.Keys = append(w.Keys, metadata.Key{Line: line})
	}
	return w
}

// TestSequence: the life of two users' files.
func TestSequence(t *testing.T) {
	steps := []struct {
		name     string
		instance string
		want     want
		root     string
		slice    bool // recorded as applied completely
	}{
		{"first boot", "i-1", wantKeys("@a one,@b two"), "@e hand\n@a one\n@b two\n", true},
		{"one is withdrawn (row S8)", "i-1", wantKeys("@b two"), "@e hand\n@b two\n", true},
		{"one that is there by hand", "i-1", wantKeys("@b two,@e three"), "@e hand\n@b two\n", true},
		{"the source is silent", "i-1", want{stale: true}, "@e hand\n@b two\n", false},
		{"back, some keys are wrong", "i-1", want{Users: []string{"root"}, Keys: wantKeys("@c").Keys, partial: true}, "@e hand\n@b two\n@c\n", false},
		{"back", "i-1", wantKeys("@c"), "@e hand\n@c\n", true},
		{"new instance (row S3)", "i-2", wantKeys("@d new"), "@e hand\n@d new\n", true},
		{"new instance, some keys are wrong", "i-3", want{Users: []string{"root"}, Keys: wantKeys("@a").Keys, partial: true}, "@e hand\n@a\n", true},
		{"no keys any more", "i-3", wantKeys(""), "@e hand\n", true},
	}
	g, rec := guestFiles{"root": expand("@e hand\n"), "joe": ""}, record{}
	for _, tt := range steps {
		g, rec = settles(t, g, tt.want, rec, tt.instance)
		if got := short(g["root"]); got != tt.root {
			t.Errorf("%s: root's file %q, want %q", tt.name, got, tt.root)
		}
		if (rec.Slice != "") != tt.slice || rec.Instance != tt.instance {
			t.Errorf("%s: record %+v", tt.name, rec)
		}
	}
	if len(rec.Keys) > 0 || g["joe"] != "" {
		t.Errorf("left: record %v, joe's file %q", rec.Keys, g["joe"])
	}
}

// TestAway: what was made in a file that cannot be had stays on the list, and
// goes when the file is back.
func TestAway(t *testing.T) {
	rec := record{agent.Record{Instance: "i-1", Slice: "x"}, map[string][]string{"joe": fields("@a"), "root": fields("@a")}}
	now := agent.Record{Instance: "i-2", Slice: "y"}
	h := guestFiles{"root": expand("@a\n")}.homes()
	h.away = []string{"joe"}
	t1 := h.plan(wantKeys("@b"), rec, now)
	want := record{agent.Record{Instance: "i-2"}, map[string][]string{"joe": fields("@a"), "root": fields("@b")}}
	if diff := cmp.Diff(want, t1.done); diff != "" {
		t.Errorf("record (-want +got):\n%s", short(diff))
	}
	if diff := cmp.Diff(fields("@a"), t1.under.Keys["joe"]); diff != "" || t1.under.Instance != "i-1" {
		t.Errorf("record on the way %+v (-want +got):\n%s", t1.under, short(diff))
	}
	back := guestFiles{"joe": expand("@c me\n@a\n"), "root": expand("@b\n")}
	end, done := settles(t, back, wantKeys("@b"), t1.done, "i-2")
	if got := short(end["joe"]); got != "@c me\n@b\n" || done.Slice == "" {
		t.Errorf("joe's file %q, record %+v", got, done)
	}
}

// FuzzPlan: whatever the files hold, a run settles, every line by hand stays,
// and what came with the metadata goes with it.
func FuzzPlan(f *testing.F) {
	f.Add("@c me\n# note\n\n@a joe", "@a joe,@b", "@b two,@d", true)
	f.Add("from=\"@a\" @b x\n@b\n@b", "@b,@b again", "", false)
	f.Add("\x00\r\n@e", "@e", "@a", true)
	f.Fuzz(func(t *testing.T, text, first, second string, stale bool) {
		g, rec := guestFiles{"root": expand(text), "joe": "", "ann": expand("@b\n")}, record{}
		g, rec = settles(t, g, wantKeys(first), rec, "i-1")
		silent := wantKeys(second)
		silent.stale = stale
		g, rec = settles(t, g, silent, rec, "i-1")
		g, rec = settles(t, g, wantKeys(second), rec, "i-2")
		g, rec = settles(t, g, wantKeys(""), rec, "i-2")
		if len(rec.Keys) > 0 {
			t.Errorf("still recorded: %v", rec.Keys)
		}
		before := expand(text)
		if got := g["root"]; got != before && got != before+"\n" {
			t.Errorf("root's file was %q and is %q", before, got)
		}
		if g["joe"] != "" || g["ann"] != expand("@b\n") {
			t.Errorf("joe's file %q, ann's %q", g["joe"], g["ann"])
		}
	})
}
