// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simsmf

import "strings"

// A word is one token of a command; special ones are = ( and ).
type word struct {
	text    string // quoted strings keep their quotes
	special bool
}

// scan takes a line apart as svccfg.l does.
func scan(line string) ([]word, bool) {
	var words []word
	for i := 0; i < len(line); {
		switch c := line[i]; {
		case c == ' ' || c == '\t':
			i++
		case c == '#':
			return words, true
		case strings.IndexByte("=()>", c) >= 0:
			words = append(words, word{string(c), true})
			i++
		case c == '"':
			end := i + 1
			for end < len(line) && line[end] != '"' {
				if line[end] == '\\' {
					end++
				}
				end++
			}
			if end >= len(line) {
				return nil, false
			}
			words = append(words, word{unescape(line[i : end+1]), false})
			i = end + 1
		default:
			end := i
			for end < len(line) && strings.IndexByte(" \t\\>=\"()", line[end]) < 0 {
				end++
			}
			if end == i {
				return nil, false
			}
			words = append(words, word{line[i:end], false})
			i = end
		}
	}
	return words, true
}

// unescape takes the backslashes out of a quoted string.
func unescape(s string) string { return strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(s) }

// unquote gives the content of a string that may have quotes.
func unquote(s string) string {
	if len(s) >= 2 && s[0] == '"' {
		return s[1 : len(s)-1]
	}
	return s
}
