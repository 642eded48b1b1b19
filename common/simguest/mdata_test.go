// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simguest

import (
	"bytes"
	"os"
	"testing"

	"illumos-metadata/common/simguest/world"
)

// TestMdataGet: what mdata_get.c of mdata-client prints, where, and its status.
func TestMdataGet(t *testing.T) {
	g := &Guest{World: &world.World{Root: t.TempDir()}}
	if err := os.Mkdir(g.World.Path("/dev"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := g.SetMetadata(map[string]string{"plain": "one", "lines": "one\ntwo\n", "empty": "", "binary": "a\x00b\n"}); err != nil {
		t.Fatal(err)
	}
	kvm := SmartOS("55aa1234-0000-4000-8000-000000000001")
	tests := []struct {
		name           string
		machine        SMBIOS
		args           []string
		stdout, stderr string
		status         int
	}{
		{"a newline is added", kvm, []string{"plain"}, "one\n", "", 0},
		{"none is added", kvm, []string{"lines"}, "one\ntwo\n", "", 0},
		{"empty", kvm, []string{"empty"}, "\n", "", 0},
		{"cut at a NUL", kvm, []string{"binary"}, "a\n", "", 0},
		{"more operands", kvm, []string{"plain", "lines"}, "one\n", "", 0},
		{"no such key", kvm, []string{"-h"}, "", "No metadata for '-h'\n", 1},
		{"usage", kvm, nil, "", "mdata-get: Usage: mdata-get <keyname>\n", 3},
		{"another machine", QEMU(kvm.UUID), []string{"plain"}, "",
			"ERROR: could not initialise protocol: I don't know how to get metadata on this system.\n", 2},
		{"no SMBIOS", SMBIOS{}, []string{"plain"}, "",
			"ERROR: could not initialise protocol: I don't know how to get metadata on this system.\n", 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := g.SetSMBIOS(tt.machine); err != nil {
				t.Fatal(err)
			}
			var stdout, stderr bytes.Buffer
			status := mdataGet(&world.Call{World: g.World, Name: "mdata-get", Args: tt.args, Stdout: &stdout, Stderr: &stderr})
			if stdout.String() != tt.stdout || stderr.String() != tt.stderr || status != tt.status {
				t.Errorf("mdata-get %q: got %q, %q, %d; want %q, %q, %d", tt.args, stdout.String(), stderr.String(), status, tt.stdout, tt.stderr, tt.status)
			}
		})
	}
}
