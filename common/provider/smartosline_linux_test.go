// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"illumos-metadata/common/guest"
)

// A peer is the host at the other end of the serial line.
type peer struct {
	end    *os.File
	device string
	values map[string]string
	asked  int64 // requests for values so far
	// spoil gives what is sent in place of an answer to the n-th request; 0 is the
	// first.
	spoil func(n int64, answer string) string
	// piece is how much is written at once; 0: all.
	piece int
	old   bool // it knows version 1 alone
	dead  bool // it never answers
}

// newPeer starts a host that answers.
func newPeer(t *testing.T, p *peer) *peer {
	t.Helper()
	end, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	must(t, err)
	t.Cleanup(func() { end.Close() })
	number, err := unix.IoctlGetInt(int(end.Fd()), unix.TIOCGPTN)
	must(t, err)
	must(t, unix.IoctlSetPointerInt(int(end.Fd()), unix.TIOCSPTLCK, 0))
	p.end, p.device = end, fmt.Sprintf("/dev/pts/%d", number)
	// An open end keeps the line from being hung up between two conversations, and
	// no echo before the first.
	keep, err := os.OpenFile(p.device, os.O_RDWR|unix.O_NOCTTY, 0)
	must(t, err)
	t.Cleanup(func() { keep.Close() })
	modes, err := unix.IoctlGetTermios(int(keep.Fd()), unix.TCGETS)
	must(t, err)
	modes.Lflag &^= unix.ECHO | unix.ICANON
	must(t, unix.IoctlSetTermios(int(keep.Fd()), unix.TCSETS, modes))
	go p.serve()
	return p
}

func (p *peer) serve() {
	for lines := bufio.NewScanner(p.end); lines.Scan(); {
		answer := p.answer(lines.Text())
		piece := max(p.piece, 1)
		if p.piece == 0 {
			piece = max(len(answer), 1)
		}
		for len(answer) > 0 {
			n := min(piece, len(answer))
			if _, err := p.end.WriteString(answer[:n]); err != nil {
				return
			}
			answer = answer[n:]
		}
	}
}

func (p *peer) answer(line string) string {
	request, err := parseFrame([]byte(line))
	switch {
	case p.dead:
		return ""
	case line == "NEGOTIATE V2" && !p.old:
		return "V2_OK\n"
	case err != nil:
		return "invalid command\n"
	}
	answer := frame{id: request.id, code: "NOTFOUND"}
	if v, ok := p.values[string(request.data)]; ok {
		answer.code, answer.data = "SUCCESS", []byte(v)
	}
	text := string(answer.line())
	if p.spoil != nil {
		text = p.spoil(p.asked, text)
	}
	p.asked++
	return text
}

// ask fetches from the host, without mdata-get.
func (p *peer) ask(ctx context.Context, silence time.Duration) (Documents, error) {
	g := guest.New("", slog.New(slog.DiscardHandler))
	g.Exec = mdataGet(nil, missing)
	s := smartOS{device: p.device, program: "/usr/sbin/mdata-get", reset: silence, request: silence, pause: time.Millisecond}
	return s.fetch(ctx, &machine{Guest: g, platform: Platform{Name: "smartos"}})
}

// damaged gives a frame with another checksum.
func damaged(answer string) string {
	f, _ := parseFrame([]byte(strings.TrimSuffix(answer, "\n")))
	f.code += "x"
	words, other := strings.SplitN(answer, " ", 4), strings.SplitN(string(f.line()), " ", 4)
	return strings.Join([]string{words[0], words[1], other[2], words[3]}, " ")
}

// stale is a whole frame that answers another request.
func stale(code, value string) string { return string(frame{"ffffffff", code, []byte(value)}.line()) }

// TestSmartOSLine: whatever comes between, the values are what the host says.
func TestSmartOSLine(t *testing.T) {
	values := map[string]string{
		keyUUID: "i-1", keyHostname: "", keyScript: "#!/bin/sh\n" + strings.Repeat("# \x00\xff\n", 10_000), keyAlias: "a\nb",
	}
	tests := []struct {
		name    string
		silence time.Duration
		peer    peer
	}{
		{"plain", time.Minute, peer{}},
		{"byte by byte", time.Minute, peer{piece: 1}},
		{"in pieces", time.Minute, peer{piece: 7}},
		{"CR LF", time.Minute, peer{spoil: func(_ int64, a string) string { return strings.TrimSuffix(a, "\n") + "\r\n" }}},
		{"garbage before", time.Minute, peer{spoil: func(_ int64, a string) string { return "login: \x00\xff\x1b[0m\n\n" + a }}},
		{"version 1 before", time.Minute, peer{spoil: func(_ int64, a string) string { return "NOTFOUND\nSUCCESS\nx\n.\n" + a }}},
		{"stale answers before", time.Minute, peer{spoil: func(_ int64, a string) string { return stale("SUCCESS", "old") + stale("NOTFOUND", "") + a }}},
		{"a damaged one before", time.Minute, peer{spoil: func(_ int64, a string) string { return damaged(a) + a }}},
		{"twice each", time.Minute, peer{spoil: func(_ int64, a string) string { return a + a }}},
		{"silence at first", 50 * time.Millisecond, peer{spoil: func(n int64, a string) string { return a[:len(a)*int(min(n, 1))] }}},
		{"each third is cut off", 50 * time.Millisecond, peer{spoil: func(n int64, a string) string {
			if n%3 == 2 {
				return a[:len(a)/2]
			}
			return a
		}}},
		{"each third is damaged", 50 * time.Millisecond, peer{spoil: func(n int64, a string) string {
			if n%3 == 2 {
				return damaged(a)
			}
			return a
		}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.peer.values = values
			p := newPeer(t, &tt.peer)
			docs, err := p.ask(t.Context(), tt.silence)
			if err != nil || docs.Place != p.device || len(docs.Files) != len(values) || len(docs.Refused) != 0 {
				t.Fatalf("got %d values of %s, refused %v, %v", len(docs.Files), docs.Place, docs.Refused, err)
			}
			for key, want := range values {
				if got := string(docs.Files[key]); got != want {
					t.Errorf("%s: got %.40q of %d, want %.40q of %d", key, got, len(got), want, len(want))
				}
			}
		})
	}
}

// TestSmartOSLineFails: a host that does not answer, or not in a way that can be
// trusted, is an error within the time that is left, and never absence (row D9).
func TestSmartOSLineFails(t *testing.T) {
	always := func(text string) func(int64, string) string { return func(int64, string) string { return text } }
	tests := []struct {
		name string
		peer peer
		want string
	}{
		{"dead", peer{dead: true}, "no metadata over the serial line within"},
		{"silent", peer{spoil: always("")}, "no metadata over the serial line within"},
		{"garbage", peer{spoil: always(strings.Repeat("\xffxyz\n", 200))}, "no metadata over the serial line within"},
		{"no newline", peer{spoil: always(strings.Repeat("x", 5000))}, "no metadata over the serial line within"},
		{"damaged", peer{spoil: func(_ int64, a string) string { return damaged(a) }}, "no metadata over the serial line within"},
		{"stale", peer{spoil: always(stale("NOTFOUND", ""))}, "no metadata over the serial line within"},
		{"version 1", peer{old: true}, "the host does not speak version 2"},
		{"a failure", peer{spoil: func(_ int64, a string) string {
			f, _ := parseFrame([]byte(strings.TrimSuffix(a, "\n")))
			return string(frame{f.id, "FAILURE", []byte("out of order")}.line())
		}}, `the host answers "FAILURE" for sdc:uuid: "out of order"`},
		{"no value at all", peer{}, errNothing.Error()},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := newPeer(t, &tt.peer)
			// What ends at once does so in any time; the others use up half of it.
			limit := time.Minute
			if strings.Contains(tt.want, "within") {
				limit = time.Second
			}
			ctx, cancel := context.WithTimeoutCause(t.Context(), limit, errors.New("too late"))
			defer cancel()
			docs, err := p.ask(ctx, 20*time.Millisecond)
			if err == nil || errors.Is(err, errAbsent) {
				t.Fatalf("got %+v, %v; want an error", docs, err)
			}
			for _, want := range []string{tt.want, "not installed"} { // both ways have failed, unless this machine is too slow
				if !strings.Contains(err.Error(), want) && ctx.Err() == nil {
					t.Errorf("got %v; want the error %s", err, want)
				}
			}
		})
	}
}

// TestSmartOSLineRefused: a script that the host refuses costs only itself.
func TestSmartOSLineRefused(t *testing.T) {
	p := newPeer(t, &peer{values: map[string]string{keyUUID: "i-1", keyScript: "x"}, spoil: func(_ int64, a string) string {
		f, _ := parseFrame([]byte(strings.TrimSuffix(a, "\n")))
		if string(f.data) == "x" {
			return string(frame{f.id, "FAILURE", nil}.line())
		}
		return a
	}})
	docs, err := p.ask(t.Context(), time.Minute)
	if err != nil || docs.Refused[keyScript] == "" || len(docs.Files) != 1 {
		t.Errorf("got %+v, %v", docs, err)
	}
}
