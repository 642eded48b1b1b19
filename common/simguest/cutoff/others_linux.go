// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

//go:build !amd64 && !arm64

package cutoff

var own map[uint64]call
