// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package world

import (
	"net/netip"
	"reflect"
	"testing"
	"time"
)

type part struct {
	Name string
	Due  time.Time
}

type plain struct{ At netip.Addr }

type whole struct {
	hidden int

	Network
	Parts   []*part
	Same    *part
	Options map[int][]string
	Bytes   []byte
	Plain   []plain
	None    []string
	Shared  *part `memory:"shared"`
}

type Network struct{ Prefix netip.Prefix }

func example() *whole {
	p := &part{"a", time.Unix(9, 0)}
	return &whole{
		hidden: 1, Network: Network{netip.MustParsePrefix("10.0.0.0/8")}, Parts: []*part{p, {"b", time.Time{}}}, Same: p,
		Options: map[int][]string{3: {"x"}}, Bytes: []byte("m"), Plain: []plain{{netip.IPv6Loopback()}}, None: []string{},
		Shared: &part{Name: "s"},
	}
}

// TestMemory holds what is read from memory against what is read from files.
func TestMemory(t *testing.T) {
	files, memory := &World{Root: t.TempDir()}, &World{Memory: NewMemory()}
	for _, w := range []*World{files, memory} {
		if w.has("x") || w.Read("x", &whole{}) != nil {
			t.Error("there is a state before one was written")
		}
		if err := w.Locked(func() error { return w.Write("x", example()) }); err != nil {
			t.Fatal(err)
		}
	}
	got, want := whole{hidden: 7, None: []string{"left"}}, whole{hidden: 7}
	if err := memory.Read("x", &got); err != nil || !memory.has("x") {
		t.Fatal(err)
	}
	if err := files.Read("x", &want); err != nil {
		t.Fatal(err)
	}
	if !got.Parts[0].Due.Equal(want.Parts[0].Due) {
		t.Errorf("time %v, from files %v", got.Parts[0].Due, want.Parts[0].Due)
	}
	got.Parts[0].Due, want.Parts[0].Due, got.Same.Due, want.Same.Due = time.Time{}, time.Time{}, time.Time{}, time.Time{}
	if got.None != nil || got.Same == got.Parts[0] {
		t.Errorf("got %+v", got)
	}
	want.None = nil
	if !reflect.DeepEqual(got, want) {
		t.Errorf("from memory %+v, from files %+v", got, want)
	}
}

// TestMemoryApart: whoever changes what was written or read changes nothing of
// what is kept, and a clone is as it was.
func TestMemoryApart(t *testing.T) {
	w := &World{Memory: NewMemory()}
	kept := func() whole {
		t.Helper()
		var s whole
		if err := w.Read("x", &s); err != nil {
			t.Fatal(err)
		}
		return s
	}
	s := example()
	if err := w.Write("x", s); err != nil {
		t.Fatal(err)
	}
	s.Parts[0].Name, s.Options[3][0] = "changed", "changed"
	s2 := kept()
	if s2.Parts[0].Name != "a" || s2.Options[3][0] != "x" {
		t.Errorf("after the writer changed its own: %+v", s2)
	}
	s2.Parts[0].Name, s2.Bytes[0] = "changed", 'n'
	if s := kept(); s.Parts[0].Name != "a" || s.Bytes[0] != 'm' {
		t.Errorf("after a reader changed its own: %+v", s)
	}
	if a, b := kept(), kept(); a.Shared != b.Shared {
		t.Error("what is shared was copied")
	}
	before := w.Memory.Clone()
	if err := w.Write("x", &whole{Parts: []*part{{Name: "new"}}}); err != nil {
		t.Fatal(err)
	}
	w.Memory = before
	if s := kept(); s.Parts[0].Name != "a" {
		t.Errorf("of the clone: %+v", s)
	}
	if err := w.Read("x", &part{}); err == nil {
		t.Error("a state was read as one of another kind")
	}
}
