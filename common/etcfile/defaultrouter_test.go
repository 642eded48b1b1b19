// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package etcfile

import "testing"

// TestSetDefaultRouter: ours takes the place of ours, others stay (row N9).
func TestSetDefaultRouter(t *testing.T) {
	tests := []struct {
		name, file string
		mine       []string
		router     string
		want       string
		made       bool
	}{
		{name: "none, and none there"},
		{name: "first", router: "10.0.0.1", want: "10.0.0.1\n", made: true},
		{name: "there by hand", file: "10.0.0.1 # x\n", router: "10.0.0.1", want: "10.0.0.1 # x\n"},
		{name: "there, ours", file: "10.0.0.1\n", mine: []string{"10.0.0.1"}, router: "10.0.0.1", want: "10.0.0.1\n", made: true},
		{name: "another", file: "# x\n10.0.0.1\n", mine: []string{"10.0.0.1"}, router: "10.0.0.2", want: "10.0.0.2\n# x\n", made: true},
		{name: "beside one by hand", file: "10.0.0.9\n", router: "10.0.0.2", want: "10.0.0.2\n10.0.0.9\n", made: true},
		{name: "without its newline it is not read", file: "10.0.0.1", router: "10.0.0.1", want: "10.0.0.1\n10.0.0.1", made: true},
		{name: "withdrawn", file: "10.0.0.1\n10.0.0.9\n", mine: []string{"10.0.0.1"}, want: "10.0.0.9\n"},
		{name: "an empty file would flush all routes", file: "10.0.0.1\n", mine: []string{"10.0.0.1"}, want: ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, made := SetDefaultRouter([]byte(tt.file), tt.mine, tt.router)
			if string(got) != tt.want || made != tt.made || tt.want == "" && got != nil {
				t.Errorf("SetDefaultRouter(%q, %q, %q) = %q, %v; want %q, %v", tt.file, tt.mine, tt.router, got, made, tt.want, tt.made)
			}
		})
	}
}

// FuzzSetDefaultRouter: a second edit changes nothing, and ours can be taken
// back.
func FuzzSetDefaultRouter(f *testing.F) {
	f.Add([]byte("# x\n\n10.0.0.9 y\n10.0.0.8"))
	f.Fuzz(func(t *testing.T, file []byte) {
		out, made := SetDefaultRouter(file, nil, "10.0.0.1")
		again, madeAgain := SetDefaultRouter(out, []string{"10.0.0.1"}, "10.0.0.1")
		if string(again) != string(out) || made && !madeAgain {
			t.Errorf("a second edit makes %q of %q", again, out)
		}
		if back, _ := SetDefaultRouter(out, []string{"10.0.0.1"}, ""); made && string(back) != string(file) {
			t.Errorf("taken back, it is %q and was %q", back, file)
		}
	})
}
