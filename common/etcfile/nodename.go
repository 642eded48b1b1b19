// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package etcfile

import (
	"bytes"
	"strings"
)

// Nodename gives the name that nodename(5) gives the system at boot, or "" if
// it gives none. The boot reads it with the shell, which overlooks a last line
// without its newline, and hands the words to uname(1), which takes exactly one
// (cmd/svc/milestone/identity-node; shcat in cmd/svc/shell/net_include.sh).
func Nodename(file []byte) string {
	whole := file[:bytes.LastIndexByte(file, '\n')+1]
	words := strings.FieldsFunc(string(whole), func(r rune) bool { return r == ' ' || r == '\t' || r == '\n' })
	if len(words) != 1 {
		return ""
	}
	return words[0]
}

// NodenameFile gives the nodename(5) for a name.
func NodenameFile(name string) []byte { return []byte(name + "\n") }
