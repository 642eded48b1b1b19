// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package metadata

import (
	"strings"
	"testing"
)

// Two keys made for this test, and their fingerprints as ssh-keygen -l shows
// them (OpenSSH 9.2).
const (
	edBlob = "AAAAC3NzaC1lZDI1NTE5AAAAIBC+7w4FwBlEwgQcWijd/0lWC0So57pNgJ8NeiFL/Kff"
	edKey  = "ssh-ed25519 " + edBlob
	edName = "ssh-ed25519 SHA256:34VtJrxACfbz8wecCCoupG/lcPpm9SCNX3hWncHToUg"

	ecBlob = "AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBEOqt5s3ikKPyR9AdOXozabfvI+JYSQtW2PrBrOrxvT07U5V4O3OXSoIj3bxqMyxh81Z68ynj/5dNWdFEV5pv6Q="
	ecKey  = "ecdsa-sha2-nistp256 " + ecBlob
	ecName = "ecdsa-sha2-nistp256 SHA256:jWodE7yNqEjMnRUQ148qIwW8ZFpUMwBaxw1bMELbkiU"
)

func TestParsePublicKey(t *testing.T) {
	tests := []struct {
		name, line                    string
		options, identity, short, err string
	}{
		{name: "bare", line: edKey, identity: edKey, short: edName},
		{name: "comment", line: ecKey + " joe@example  two", identity: ecKey, short: ecName + " joe@example  two"},
		{name: "blanks and line end", line: " \t" + edKey + "  joe \r\n", identity: edKey, short: edName + " joe"},
		{name: "tabs", line: "ssh-ed25519\t" + edBlob + "\tjoe", identity: edKey, short: edName + " joe"},
		{name: "options", line: `no-pty,from="10.0.0.1, ::1" ` + edKey + " joe", options: `no-pty,from="10.0.0.1, ::1"`, identity: edKey, short: edName + " joe"},
		{name: "quote in an option", line: `command="echo \"a b\" c" ` + edKey, options: `command="echo \"a b\" c"`, identity: edKey, short: edName},

		{name: "empty", line: " \n", err: "type and base64 data expected"},
		{name: "one word", line: "ssh-ed25519", err: "type and base64 data expected"},
		{name: "comment line", line: "#" + edKey, err: "a comment"},
		{name: "comment line with a blank", line: " # " + edKey, err: "a comment"},
		{name: "two lines", line: edKey + "\n" + edKey, err: "more than one line"},
		{name: "carriage return inside", line: edKey + " x\ry", err: "more than one line"},
		{name: "NUL", line: edKey + "\x00", err: "more than one line"},
		{name: "option without its end", line: `command="x ` + edKey, err: "type and base64 data expected"},
		{name: "not base64", line: "ssh-ed25519 AAAA!AAA", err: "not base64"},
		{name: "too short", line: "ssh-ed25519 AAA=", err: "too short"},
		{name: "no data behind the type", line: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5", err: "cut off"},
		{name: "length of 4 GiB", line: "ssh-ed25519 /////3NzaC1lZDI1NTE5AAAA", err: "cut off"},
		{name: "another type inside", line: "ssh-rsa " + edBlob, err: "its type is not the one"},
		{name: "private key", line: "-----BEGIN OPENSSH PRIVATE KEY-----", err: "not a public key"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			k, err := ParsePublicKey(tt.line)
			if tt.err != "" {
				if err == nil || !strings.Contains(err.Error(), tt.err) {
					t.Errorf("got %+v, %v; want %q", k, err, tt.err)
				}
				return
			}
			if err != nil || k.Options != tt.options || k.Identity() != tt.identity || k.Name() != tt.short {
				t.Errorf("got  %q %q %q, %v\nwant %q %q %q", k.Options, k.Identity(), k.Name(), err, tt.options, tt.identity, tt.short)
			}
		})
	}
}

// FuzzParsePublicKey: a key written out in full reads back as it was; an error
// never quotes what it read.
func FuzzParsePublicKey(f *testing.F) {
	f.Add(edKey + " joe")
	f.Add(`from="a b",no-pty ` + ecKey)
	f.Add("# " + edKey)
	f.Fuzz(func(t *testing.T, line string) {
		k, err := ParsePublicKey(line)
		if err != nil {
			for word := range strings.FieldsSeq(line) {
				if len(word) > 8 && word != "ssh-ed25519" && strings.Contains(err.Error(), word) {
					t.Errorf("the error quotes %q: %v", word, err)
				}
			}
			return
		}
		full := strings.Trim(k.Options+" "+k.Identity()+" "+k.Comment, " ")
		if again, err := ParsePublicKey(full); err != nil || again != k {
			t.Errorf("%+v reads back as %+v, %v", k, again, err)
		}
		if strings.Contains(k.Name(), k.Blob) && len(k.Comment) < len(k.Blob) {
			t.Errorf("the name shows the key: %q", k.Name())
		}
	})
}
