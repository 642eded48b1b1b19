// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package simguest

// memory gives no directory: only Linux's is known.
func memory() string { return "" }
