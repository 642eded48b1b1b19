// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

// TestFrameTranscript: every frame of the collected transcript is read, and
// written again as it was.
func TestFrameTranscript(t *testing.T) {
	var sample struct {
		Transcript []struct{ From, Line string }
	}
	must(t, json.Unmarshal(fixture(t, "smartos/protocol-v2.json"), &sample))
	seen := 0
	for _, said := range sample.Transcript {
		if !strings.HasPrefix(said.Line, "V2 ") {
			continue
		}
		seen++
		f, err := parseFrame([]byte(strings.TrimSuffix(said.Line, "\n")))
		must(t, err)
		if got := string(f.line()); got != said.Line {
			t.Errorf("got %q, want %q; %+v", got, said.Line, f)
		}
	}
	if seen < 10 {
		t.Errorf("only %d frames", seen)
	}
}

// TestFrameBad: of the collected bad answers only the last one is taken.
func TestFrameBad(t *testing.T) {
	var sample struct {
		Request   string
		Responses []struct{ Line, Why string }
	}
	must(t, json.Unmarshal(fixture(t, "smartos/protocol-v2-bad-frames.json"), &sample))
	request, err := parseFrame([]byte(strings.TrimSpace(sample.Request)))
	must(t, err)
	for _, r := range sample.Responses {
		f, err := parseFrame([]byte(strings.TrimSuffix(r.Line, "\n")))
		if taken := err == nil && f.id == request.id; taken != (r.Why == "accept") {
			t.Errorf("%q: got %+v, %v; want: %s", r.Line, f, err, r.Why)
		}
	}
}

func TestParseFrame(t *testing.T) {
	tests := []struct {
		name, line string
		want       *frame
	}{
		{"of proto.c", "V2 21 265ae1d8 dc4fae17 SUCCESS W10=", &frame{"dc4fae17", "SUCCESS", []byte("[]")}},
		{"without data", "V2 16 1d838d08 00000002 SUCCESS", &frame{"00000002", "SUCCESS", nil}},
		{"empty", "", nil},
		{"version 1", "SUCCESS", nil},
		{"cut off", "V2 21 265ae1d8 dc4fae17 SUCCESS W10", nil},
		{"too long", "V2 21 265ae1d8 dc4fae17 SUCCESS W10==", nil},
		{"another length", "V2 22 265ae1d8 dc4fae17 SUCCESS W10=", nil},
		{"negative length", "V2 -21 265ae1d8 dc4fae17 SUCCESS W10=", nil},
		{"another checksum", "V2 21 265ae1d9 dc4fae17 SUCCESS W10=", nil},
		{"another bit", "V2 21 265ae1d8 dc4fae17 SUCCESS W11=", nil},
		{"text before it", "x V2 21 265ae1d8 dc4fae17 SUCCESS W10=", nil},
	}
	for _, tt := range tests {
		got, err := parseFrame([]byte(tt.line))
		if (err == nil) != (tt.want != nil) || err == nil && (got.id != tt.want.id || got.code != tt.want.code || !bytes.Equal(got.data, tt.want.data)) {
			t.Errorf("%s: %q: got %+v, %v, want %+v", tt.name, tt.line, got, err, tt.want)
		}
	}
}

// FuzzParseFrame: whatever comes is either refused, or a frame that reads the
// same after it was written again.
func FuzzParseFrame(f *testing.F) {
	f.Add([]byte("V2 21 265ae1d8 dc4fae17 SUCCESS W10="))
	f.Add([]byte("V2 16 1d838d08 00000002 SUCCESS"))
	f.Fuzz(func(t *testing.T, line []byte) {
		got, err := parseFrame(line)
		if err != nil {
			return
		}
		again, err := parseFrame(bytes.TrimSuffix(got.line(), []byte("\n")))
		if err != nil || again.id != got.id || again.code != got.code || !bytes.Equal(again.data, got.data) {
			t.Errorf("%q: got %+v, and then %+v, %v", line, got, again, err)
		}
	})
}

// FuzzFrame: what is sent is read as it was, and not at all once one byte of it
// is another.
func FuzzFrame(f *testing.F) {
	f.Add([]byte("sdc:uuid"), uint16(5), byte(1))
	f.Add([]byte{}, uint16(0), byte(128))
	f.Fuzz(func(t *testing.T, data []byte, at uint16, flip byte) {
		line := frame{"0000beef", "SUCCESS", data}.line()
		if bytes.Count(line, []byte("\n")) != 1 {
			t.Fatalf("several lines: %q", line)
		}
		line = line[:len(line)-1]
		got, err := parseFrame(line)
		if err != nil || got.id != "0000beef" || got.code != "SUCCESS" || !bytes.Equal(got.data, data) {
			t.Fatalf("%q: got %+v, %v", line, got, err)
		}
		i := int(at) % len(line)
		if flip == 0 || line[i]^flip == line[i]^0x20 { // a hexadecimal digit counts in either case
			return
		}
		line[i] ^= flip
		if got, err := parseFrame(line); err == nil {
			t.Errorf("%q is damaged, but read as %+v", line, got)
		}
	})
}
