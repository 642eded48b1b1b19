// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

// Package illumos asks the system what it has: one command line and one parser
// for each thing that is read, in a file named after the command. A parser is a
// pure function on what the command printed; what it does not understand is an
// error that names the command and the line, never a guess. Nothing here
// changes the guest, and what the answers mean is for the services to know.
package illumos
