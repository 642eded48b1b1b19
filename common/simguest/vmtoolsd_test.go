// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simguest

import (
	"bytes"
	"os"
	"testing"

	"illumos-metadata/common/simguest/world"
)

// TestVmtoolsd: what cmdLine.c of open-vm-tools prints, where, and its status.
func TestVmtoolsd(t *testing.T) {
	g := &Guest{World: &world.World{Root: t.TempDir()}}
	if err := os.Mkdir(g.World.Path("/dev"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := g.SetGuestInfo(map[string]string{"plain": "one", "lines": "one\ntwo\n", "empty": "", "binary": "a\x00b", "name": "Jörg"}); err != nil {
		t.Fatal(err)
	}
	host := VMware("564d1234-0000-4000-8000-000000000001")
	tests := []struct {
		name           string
		machine        SMBIOS
		args           []string
		env            []string
		stdout, stderr string
		status         int
	}{
		{"a newline is added", host, []string{"--cmd", "info-get guestinfo.plain"}, nil, "one\n", "", 0},
		{"another one", host, []string{"--cmd=info-get guestinfo.lines"}, nil, "one\ntwo\n\n", "", 0},
		{"empty", host, []string{"--cmd", "info-get guestinfo.empty"}, nil, "\n", "", 0},
		{"cut at a NUL", host, []string{"--cmd", "info-get guestinfo.binary"}, nil, "a\n", "", 0},
		{"ASCII alone", host, []string{"--cmd", "info-get guestinfo.name"}, []string{"LC_ALL=C"}, "J?rg\n", "", 0},
		{"UTF-8", host, []string{"--cmd", "info-get guestinfo.name"}, []string{"LC_ALL=C", "CHARSET=UTF-8"}, "Jörg\n", "", 0},
		{"not set", host, []string{"--cmd", "info-get guestinfo.other"}, nil, "", "No value found\n", 1},
		{"set", host, []string{"--cmd", "info-set guestinfo.other two words"}, nil, "\n", "", 0},
		{"then", host, []string{"--cmd", "info-get guestinfo.other"}, nil, "two words\n", "", 0},
		{"another machine", QEMU(host.UUID), []string{"--cmd", "info-get guestinfo.plain"}, nil, "", "Unable to send command to VMware hypervisor.\n", 1},
		{"no SMBIOS", SMBIOS{}, []string{"--cmd", "info-get guestinfo.plain"}, nil, "", "Unable to send command to VMware hypervisor.\n", 1},
		{"no command", host, []string{"--cmd"}, nil, "", "Command line parsing failed: Missing argument for --cmd\n", 1},
		{"the daemon", host, nil, nil, "", "simulated guest: vmtoolsd is not simulated\n", 127},
		{"other options", host, []string{"-v"}, nil, "", "simulated guest: vmtoolsd -v is not simulated\n", 127},
		{"other keys", host, []string{"--cmd", "info-get plain"}, nil, "", "simulated guest: vmtoolsd --cmd info-get plain is not simulated\n", 127},
		{"other commands", host, []string{"--cmd", "log hello"}, nil, "", "simulated guest: vmtoolsd --cmd log hello is not simulated\n", 127},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := g.SetSMBIOS(tt.machine); err != nil {
				t.Fatal(err)
			}
			var stdout, stderr bytes.Buffer
			status := vmtoolsd(&world.Call{World: g.World, Name: "vmtoolsd", Args: tt.args, Env: tt.env, Stdout: &stdout, Stderr: &stderr})
			if stdout.String() != tt.stdout || stderr.String() != tt.stderr || status != tt.status {
				t.Errorf("vmtoolsd %q: got %q, %q, %d; want %q, %q, %d", tt.args, stdout.String(), stderr.String(), status, tt.stdout, tt.stderr, tt.status)
			}
		})
	}
}
