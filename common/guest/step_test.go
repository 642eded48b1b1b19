// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package guest

import (
	"os/exec"
	"strings"
	"testing"
)

func TestStepString(t *testing.T) {
	tests := []struct {
		name string
		step Step
		want string
	}{
		{"command", Step{Argv: []string{"/sbin/zfs", "set", "volsize=4096", "rpool/swap"}},
			"/sbin/zfs set volsize=4096 rpool/swap"},
		{"environment", Step{Env: []string{"NOINUSE_CHECK=1", "NAME=a b"}, Argv: []string{"/usr/sbin/swap", "-l"}},
			"NOINUSE_CHECK=1 NAME='a b' /usr/sbin/swap -l"},
		{"hostile arguments", Step{Argv: []string{"/usr/bin/hostname", "", "a b", "it's", "$(id)", "{a,b}", "naïve"}},
			`/usr/bin/hostname '' 'a b' 'it'\''s' '$(id)' '{a,b}' 'naïve'`},
		{"file", Step{File: &File{Path: "/etc/nodename", Data: []byte("web1\n"), Secret: true}},
			"write /etc/nodename (5 bytes)"},
		{"removal", Step{Remove: "/reconfigure"}, "remove /reconfigure"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.step.String(); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// FuzzQuote holds quote against a real shell: what it shows reads back as it was.
func FuzzQuote(f *testing.F) {
	for _, word := range []string{"plain", "", "it's", "a\nb", "!!", "~root", "#", "*", `\`, "é"} {
		f.Add(word)
	}
	f.Fuzz(func(t *testing.T, word string) {
		if strings.Contains(word, "\x00") {
			t.Skip("no argument can hold a NUL")
		}
		out, err := exec.Command("/bin/sh", "-c", "printf %s_ "+quote(word)).Output()
		if err != nil || string(out) != word+"_" {
			t.Errorf("the shell reads %q back as %q, %v", quote(word), out, err)
		}
	})
}
