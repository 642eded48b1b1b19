// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package illumos

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// eachLine gives the lines of what a command printed to f, one by one and
// without their newlines. The error of f comes back with the command and the
// line that it is about.
func eachLine(command string, out []byte, f func(line string) error) error {
	number := 0
	for line := range strings.Lines(string(out)) {
		number++
		line = strings.TrimSuffix(line, "\n")
		if err := f(line); err != nil {
			return fmt.Errorf("%s: line %d, %.100q: %w", command, number, line, err)
		}
	}
	return nil
}

// columns splits a line that dladm(8) or ipadm(8) printed for -p with want
// fields, of which there are at least two. This is the one place where their
// escapes are undone: a colon or backslash that belongs to a value has a
// backslash before it (libofmt, ofmt_print_field). An empty value, the last one
// too, is a field like any other.
func columns(line string, want int) ([]string, error) {
	var fields []string
	var field strings.Builder
	for i := 0; i < len(line); i++ {
		switch line[i] {
		case ':':
			fields = append(fields, field.String())
			field.Reset()
			continue
		case '\\':
			i++
			if i == len(line) {
				return nil, errors.New("it ends within an escape")
			}
		}
		field.WriteByte(line[i])
	}
	fields = append(fields, field.String())
	return fields, count(fields, want)
}

// count says whether there are as many fields as there should be.
func count(fields []string, want int) error {
	if len(fields) != want {
		return fmt.Errorf("%d fields, not %d", len(fields), want)
	}
	return nil
}

// number reads a number as zpool(8) and zfs(8) print it for -p; "-" is none.
func number(text string) (uint64, error) {
	if text == "-" {
		return 0, nil
	}
	return unsigned(text, 10, 64)
}

// unsigned is strconv.ParseUint with an error that does not repeat the text,
// which may be as long as somebody likes.
func unsigned(text string, base, bits int) (uint64, error) {
	n, err := strconv.ParseUint(text, base, bits)
	if err != nil {
		return 0, fmt.Errorf("no number: %w", errors.Unwrap(err))
	}
	return n, nil
}

// single gives the only line that a command printed.
func single(command string, out []byte) (string, error) {
	line, ok := strings.CutSuffix(string(out), "\n")
	if !ok || line == "" || strings.Contains(line, "\n") {
		return "", fmt.Errorf("%s: one line expected, not %.100q", command, out)
	}
	return line, nil
}
