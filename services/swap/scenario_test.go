// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"testing"

	"illumos-metadata/common/simguest/scenario"
)

func TestMain(m *testing.M) { scenario.Main(m, "swap", main) }

func TestScenarios(t *testing.T) { scenario.Run(t, "swap") }
