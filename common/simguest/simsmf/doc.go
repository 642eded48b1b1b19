// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

// Package simsmf is the simulated SMF.
package simsmf
