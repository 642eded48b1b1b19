// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

// Package cutoff lets a program die at a chosen point, as in a power loss: it
// runs it under ptrace(2), counts its steps, and kills it and all that it has
// started right before a given one. A test that does so for every step in turn
// shows what a run that was cut off leaves behind.
//
// A step is a system call of the program, in any of its threads, that changes
// files or brings them to disk: making, removing, renaming and linking them,
// their mode, owner, size and content, opening one for writing, and fsync. What
// goes to its standard streams, to a pipe or to a device is none. A command
// that the program runs is two: its start, before which nothing of it has run,
// and its end, after which the program does not know yet that it has ended. What
// commands do inside is not counted.
//
// Not simulated: the loss of what was written and not brought to disk. A file
// that the program makes by binding a socket, and extended attributes, are not
// counted. Job control does not work: a program that is stopped goes on.
//
// It exists for Linux alone, on amd64 and arm64, where the simulated guest
// runs. Only amd64 has been tried.
package cutoff
