// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package common_test

import (
	"os"
	"path/filepath"
	"testing"
)

// TestComplete: every service has a program, a manifest, a method, a manual page
// and scenarios of its own (row E6).
func TestComplete(t *testing.T) {
	mains, err := filepath.Glob("../services/*/main.go")
	if err != nil || len(mains) != 6 {
		t.Fatalf("services: %v, %v", mains, err)
	}
	for _, file := range mains {
		dir := filepath.Dir(file)
		name := filepath.Base(dir)
		for _, part := range []string{"../manifests/" + name + ".xml", "../methods/metadata-" + name, dir + "/" + name + ".8"} {
			if _, err := os.Stat(part); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if scenarios, _ := filepath.Glob(dir + "/testdata/*.txtar"); len(scenarios) < 5 {
			t.Errorf("%s: only %d scenarios", name, len(scenarios))
		}
	}
}
