// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package services_test

import (
	"encoding/base64"
	"os"
	"strings"
	"testing"

	"illumos-metadata/common/simguest"
	"illumos-metadata/common/simguest/world"
)

// info are guestinfo values that ask for the same as hostValues.
func info() map[string]string {
	return map[string]string{
		"metadata": "instance-id: vm-1\nlocal-hostname: web1\npublic-keys: |\n  " + alice + "\n  " + bob + "\n" +
			"network: {version: 2, ethernets: {ens192: {addresses: [192.0.2.10/24], gateway4: 192.0.2.1, nameservers: {addresses: [192.0.2.53]}}}}\n",
		"userdata":          base64.StdEncoding.EncodeToString([]byte("#!/bin/sh\necho hello from $(hostname)\n")),
		"userdata.encoding": "base64",
	}
}

// vmwareMachine is a VMware guest with open-vm-tools, whose host has set these
// values, switched off.
func vmwareMachine(t *testing.T, values map[string]string) *machine {
	t.Helper()
	c := simguest.Default()
	c.SMBIOS, c.OpenVMTools, c.GuestInfo = simguest.VMware("564d1234-0000-4000-8000-000000000001"), true, values
	c.Net.Links[0].Device = "vmxnet3s0"
	return newMachine(t, c, nil)
}

// TestVMware: the first boot from guestinfo does everything, the second nothing,
// and each fetch asks once for all six services.
func TestVMware(t *testing.T) {
	t.Parallel()
	m := vmwareMachine(t, info())
	m.boot()
	m.wantStates(nil)
	m.wantSmartOS()
	m.wantHellos(1)
	if log := m.log("network"); !strings.Contains(log, "source=vmware") || !strings.Contains(log, "instance=vm-1") {
		t.Errorf("the log does not name the source:\n%s", log)
	}
	after := m.snapshot()

	m.boot()
	m.wantStates(nil)
	m.wantSmartOS()
	m.wantHellos(1)
	m.wantUnchanged(after)
	asked := 0
	for _, name := range names {
		asked += strings.Count(strings.Join(m.calls(name), "\n"), "vmtoolsd ")
	}
	if asked != 5 {
		t.Errorf("vmtoolsd ran %d times: want 5 for the one fetch of all six", asked)
	}

	// What an operator redacts is no more there, and changes nothing else.
	values := info()
	values["userdata"], values["userdata.encoding"] = "---", " "
	m.setInfo(values)
	m.boot()
	m.wantStates(nil)
	m.wantSmartOS()
	m.wantHellos(1)
}

func (m *machine) setInfo(values map[string]string) {
	m.t.Helper()
	m.halt()
	must(m.t, m.guest.SetGuestInfo(values))
}

// TestVMwareOutage: a host that does not tell, or has nothing to tell any more,
// and a program that is gone change nothing and are no first boot.
func TestVMwareOutage(t *testing.T) {
	for name, away := range some(map[string]func(*machine){
		"silent": func(m *machine) {
			must(m.t, m.guest.World.Order(world.Fault{Match: "vmtoolsd", Do: "fail", Status: 1, Stderr: "Unable to send command to VMware hypervisor.\n"}))
		},
		"broken for the metadata": func(m *machine) {
			values := info()
			values["metadata.encoding"] = "base64"
			m.setInfo(values)
		},
		"nothing set": func(m *machine) { m.setInfo(nil) },
		"no program":  func(m *machine) { must(m.t, os.Remove(m.guest.World.Path("/usr/bin/vmtoolsd"))) },
	}, 2) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := vmwareMachine(t, info())
			m.boot()
			m.wantStates(nil)
			m.halt()
			away(m)
			after := m.snapshot()
			m.boot()
			m.wantStates(nil)
			m.wantSmartOS()
			m.wantHellos(1)
			m.wantUnchanged(after)
			if log := m.log("network"); !strings.Contains(log, "the metadata source is silent") {
				t.Errorf("the log does not say that the source is silent:\n%s", log)
			}
		})
	}
}

// TestVMwareVolume: a volume comes before guestinfo, and the host is not asked.
func TestVMwareVolume(t *testing.T) {
	t.Parallel()
	m := vmwareMachine(t, map[string]string{"metadata": "instance-id: other\nlocal-hostname: other\n"})
	m.insertSeed("fat12", seed())
	m.boot()
	m.wantStates(nil)
	m.wantHellos(1)
	if log := m.log("network"); !strings.Contains(log, "source=nocloud") || !strings.Contains(log, "platform=vmware") {
		t.Errorf("the log does not name source and platform:\n%s", log)
	}
	for _, name := range names {
		if calls := strings.Join(m.calls(name), "\n"); strings.Contains(calls, "vmtoolsd") {
			t.Errorf("%s asked the host: %s", name, calls)
		}
	}
}
