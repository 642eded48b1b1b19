// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

// Package etcfile reads and edits the files in /etc and in users' homes that
// the suite shares with the administrator: bytes in, bytes out, one format per
// file. Every line that is not ours survives byte for byte and in its order,
// editing twice equals editing once, and a file that needs no change comes
// back identical. A line counts as what illumos's own reader of the file takes
// it for. Where the files are, and writing them, is for the services and guest.
package etcfile

import (
	"slices"
	"strings"
)

// lines splits a file into its lines, each with its newline; the last may lack
// one.
func lines(file []byte) []string {
	return slices.Collect(strings.Lines(string(file)))
}

// entries splits a file as the name service's files backend does, which takes a
// newline after a backslash for no end of the line
// (lib/nsswitch/files/common/files_common.c, _nss_files_read_line).
func entries(file []byte) []string {
	var all []string
	continues := false
	for line := range strings.Lines(string(file)) {
		if continues {
			all[len(all)-1] += line
		} else {
			all = append(all, line)
		}
		continues = strings.HasSuffix(line, "\\\n")
	}
	return all
}

// join is the reverse of lines and entries.
func join(lines []string) []byte {
	return []byte(strings.Join(lines, ""))
}

// terminate gives the last line the newline that it may lack.
func terminate(lines []string) {
	if n := len(lines); n > 0 && !strings.HasSuffix(lines[n-1], "\n") {
		lines[n-1] += "\n"
	}
}
