// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package etcfile

import (
	"strings"
	"testing"

	"illumos-metadata/common/metadata"
)

func TestNodename(t *testing.T) {
	tests := []struct{ name, file, want string }{
		{"usual", "web1\n", "web1"},
		{"blanks and empty lines", "\n \tweb1 \n\n", "web1"},
		{"empty", "", ""},
		{"without its newline", "web1", ""},
		{"two words", "web1 web2\n", ""},
		{"two lines", "web1\nweb2\n", ""},
		{"second line without its newline", "web1\nweb2", "web1"},
		{"no comments", "# name\nweb1\n", ""},
		{"carriage return", "web1\r\n", "web1\r"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Nodename([]byte(tt.file)); got != tt.want {
				t.Errorf("Nodename(%q) = %q, want %q", tt.file, got, tt.want)
			}
		})
	}
}

// FuzzNodename: a legal name reads back as it was written, and what is read is
// one word.
func FuzzNodename(f *testing.F) {
	f.Add("web1", []byte("a b\nc"))
	f.Fuzz(func(t *testing.T, name string, file []byte) {
		if got := Nodename(NodenameFile(name)); metadata.CheckHostname(name) == nil && got != name {
			t.Errorf("%q reads back as %q", name, got)
		}
		if got := Nodename(file); strings.ContainsAny(got, " \t\n") {
			t.Errorf("%q gives %q", file, got)
		}
	})
}
