// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package guest

import (
	"fmt"
	"io/fs"
	"strings"
)

// A Step is one change to the guest: a command to run, a file to replace or a
// file to remove. Exactly one of Argv, File and Remove is set.
type Step struct {
	Why  string // what it is for, as the log says it
	Part string // independent part of the plan; a failure skips the rest of its part

	Argv   []string
	Env    []string // beside the fixed environment
	Format bool     // give it FormatLimit instead of CommandLimit
	Accept []int    // exit statuses besides 0 that count as done

	File   *File
	Remove string
}

// A File is the wanted content, mode and owner of one file.
type File struct {
	Path string
	Data []byte

	// Mode is the permission; 0 keeps that of the present file, or 0644.
	Mode fs.FileMode
	// Owner of the file; nil keeps that of the present file, or ours.
	Owner *Owner
	// Dir, if not 0, makes the directory of Path with that mode and Owner
	// where it is missing, and corrects them where they differ.
	Dir fs.FileMode
	// Within, if set, is a directory that Path may not leave through links:
	// a user's home.
	Within string
	// Secret content is shown by its size only.
	Secret bool
}

// An Owner is a numeric user and group.
type Owner struct{ UID, GID int }

// String shows the step as -n prints it and as the log names it, on one line.
func (s Step) String() string {
	switch {
	case s.File != nil:
		return fmt.Sprintf("write %s (%d bytes)", s.File.Path, len(s.File.Data))
	case s.Remove != "":
		return "remove " + s.Remove
	}
	words := make([]string, 0, len(s.Env)+len(s.Argv))
	for _, env := range s.Env {
		name, value, _ := strings.Cut(env, "=")
		words = append(words, name+"="+quote(value))
	}
	for _, arg := range s.Argv {
		words = append(words, quote(arg))
	}
	return strings.Join(words, " ")
}

// plain is what no shell gives a meaning to.
const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789%+,-./:=@_"

// quote shows a word so that a shell would read it back.
func quote(word string) string {
	if word != "" && strings.Trim(word, plain) == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
