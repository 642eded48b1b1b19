// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"math"
	"strings"
	"testing"

	"illumos-metadata/common/metadata"
)

func TestParseSize(t *testing.T) {
	tests := []struct {
		text string
		want int64
		ok   bool
	}{
		{"", automatic, true},
		{"auto", automatic, true},
		{"0", 0, true},
		{"0g", 0, true},
		{"2g", 2 << 30, true},
		{"2G", 2 << 30, true},
		{"2GB", 2 << 30, true},
		{"1.5g", 3 << 29, true},
		{"512m", 512 << 20, true},
		{"1048576b", 1 << 20, true},
		{"1048577", 1<<20 + 4096, true}, // whole blocks
		{"1t", 1 << 40, true},
		{"2", 0, false}, // two bytes: a forgotten unit
		{"2gib", 0, false},
		{"1bb", 0, false},
		{"-1g", 0, false},
		{" 1g", 0, false},
		{".5g", 0, false},
		{"1e3", 0, false},
		{"99999999e", 0, false},
		{"AUTO", 0, false},
		{"20%", 0, false},
	}
	for _, tt := range tests {
		t.Run(tt.text, func(t *testing.T) {
			got, err := parseSize(tt.text)
			if got != tt.want || (err == nil) != tt.ok {
				t.Errorf("parseSize(%q) = %d, %v; want %d, ok %v", tt.text, got, err, tt.want, tt.ok)
			}
			if err != nil && !errors.Is(err, metadata.ErrInvalid) {
				t.Errorf("parseSize(%q): %v is not of the kind ErrInvalid", tt.text, err)
			}
		})
	}
}

// TestSizeF11 shows that neither much memory nor a small disk makes swap of a
// fixed rule (row F11 of the known failures).
func TestSizeF11(t *testing.T) {
	usual := policy{automatic, 200, 20}
	tests := []struct {
		name string
		p    policy
		r    room
		want int64
		why  string
	}{
		{"memory decides", usual, room{4 * gib, 2 * gib, 98 * gib, 0}, 8 * gib, "memory"},
		{"a share of the pool decides", usual, room{64 * gib, 2 * gib, 98 * gib, 0}, 20 * gib, "pool of"},
		{"the present volume is no obstacle", usual, room{4 * gib, 90 * gib, 10 * gib, 9 * gib}, 8 * gib, "memory"},
		{"most of the pool is in use", usual, room{4 * gib, 88 * gib, 12 * gib, 0}, 1925 << 20, "stay free"},
		{"the pool is nearly full", usual, room{4 * gib, 91 * gib, 9 * gib, 0}, 0, "less than 64 MiB"},
		{"a small pool keeps its reserve", usual, room{4 * gib, 1 * gib, 1 * gib, 0}, 409 << 20, "pool of"},
		{"a tiny pool", usual, room{4 * gib, 200 << 20, 100 << 20, 0}, 0, "less than 64 MiB"},
		{"hardly any memory", usual, room{31 << 20, 1 * gib, 9 * gib, 0}, 0, "memory allow no more than 62 MiB"},
		{"no memory known", usual, room{0, 1 * gib, 9 * gib, 0}, 0, "memory"},
		{"percentages of zero", policy{automatic, 0, 0}, room{4 * gib, 1 * gib, 9 * gib, 0}, 0, "memory"},
		{"nonsense numbers", usual, room{-1, -1, -1, -1}, 0, "memory"},
		{"absurd numbers", usual, room{math.MaxInt64, 0, math.MaxInt64, 0}, 1759218604441 << 20, "pool of"},
		{"fixed", policy{fixed: 2 * gib}, room{1, 2 * gib, 3 * gib, 0}, 2 * gib, ""},
		{"fixed over the present volume", policy{fixed: 2 * gib}, room{1, 4 * gib, 1 * gib, 2 * gib}, 2 * gib, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, why, err := tt.p.size(tt.r)
			if got != tt.want || err != nil || !strings.Contains(why, tt.why) {
				t.Errorf("size(%+v) = %d MiB (%d), %q, %v; want %d MiB, %q", tt.r, got>>20, got, why, err, tt.want>>20, tt.why)
			}
		})
	}

	_, _, err := policy{fixed: 2 * gib}.size(room{used: gib, available: 2 * gib})
	if !errors.Is(err, metadata.ErrInvalid) || !strings.Contains(err.Error(), "2048 MiB of swap take 2178 MiB") {
		t.Errorf("fixed size with no room for its indirect blocks: %v", err)
	}
}

// FuzzSize holds that automatic swap keeps every limit that it states.
func FuzzSize(f *testing.F) {
	f.Add(int64(4<<30), int64(2<<30), int64(98<<30), int64(0), int64(200), int64(20))
	f.Add(int64(1<<62), int64(1<<61), int64(1<<61), int64(1<<60), int64(1000), int64(100))
	f.Fuzz(func(t *testing.T, memory, used, available, own, memPercent, poolPercent int64) {
		const most = 1 << 61 // beyond any pool: ZFS ends at 2^64 bytes a file
		if min(memory, used, available, own) < 0 || max(used, available, own) > most || own > used ||
			memPercent < 0 || memPercent > 1000 || poolPercent < 0 || poolPercent > 100 {
			return
		}
		p := policy{automatic, memPercent, poolPercent}
		got, why, err := p.size(room{memory, used, available, own})
		switch {
		case err != nil || why == "":
			t.Fatalf("no reason, or %v", err)
		case got == 0:
			return
		case got%mib != 0 || got < leastAuto:
			t.Fatalf("%d bytes", got)
		case float64(got) > float64(memory)*float64(memPercent)/100*1.0001:
			t.Fatalf("%d bytes from %d of memory", got, memory)
		case float64(got) > float64(used+available)*float64(poolPercent)/100*1.0001:
			t.Fatalf("%d bytes from a pool of %d", got, used+available)
		case available+own-reservation(got) < max((used+available)/10, keepLeast):
			t.Fatalf("%d bytes leave %d of %d free", got, available+own-reservation(got), used+available)
		}
	})
}

// TestReservation compares with zvol_volsize_to_reservation worked by hand:
// a gibibyte has 262144 blocks, 256 indirect blocks of the first level and one
// of the second; with the seven of the metadnode 264, two copies of 128 KiB.
func TestReservation(t *testing.T) {
	for _, tt := range []struct{ size, want int64 }{
		{1 << 30, 1<<30 + 264*2*128<<10},
		{4096, 4096 + 7*2*128<<10},
		{64 << 20, 64<<20 + (7+16+1)*2*128<<10},
		{math.MaxInt64, math.MaxInt64},
	} {
		if got := reservation(tt.size); got != tt.want {
			t.Errorf("reservation(%d) = %d, want %d", tt.size, got, tt.want)
		}
		if got := fitting(tt.want); got > tt.size || reservation(got) > tt.want {
			t.Errorf("fitting(%d) = %d, which takes %d", tt.want, got, reservation(got))
		}
	}
}
