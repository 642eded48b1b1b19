// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package services_test

import (
	"strings"
	"testing"

	"illumos-metadata/common/simguest"
	"illumos-metadata/common/simguest/simdisk"
)

// TestRestart: svcadm restart fetches again and reapplies, drift included.
func TestRestart(t *testing.T) {
	tests := []struct {
		name  string
		drift func(*machine)
		done  func(*machine) bool
	}{
		{"hostname", func(m *machine) { m.play("hostname", "drifted") },
			func(m *machine) bool { return m.play("hostname") == "web1\n" }},
		{"network", func(m *machine) { m.play("ipadm", "delete-addr", "vioif0/dhcp") },
			func(m *machine) bool { return strings.Contains(m.play("ipadm", "show-addr"), "10.0.2.15/24") }},
		{"ssh-keys", func(m *machine) {
			v := volume()
			v["authorized_keys"] = carol + "\n" + bob + "\n"
			m.insert(v)
		}, func(m *machine) bool { return m.read("/root/.ssh/authorized_keys") == bob+"\n"+carol+"\n" }},
		{"swap", func(m *machine) {
			m.play("svccfg", "-s", "metadata/swap", "setprop", "config/size", "=", "astring:", "512m")
			m.play("svcadm", "refresh", "metadata/swap")
		}, func(m *machine) bool {
			return m.play("zfs", "get", "-Hpo", "value", "volsize", "rpool/swap") == "536870912\n" &&
				strings.Contains(m.play("swap", "-l"), "rpool/swap")
		}},
		{"zpool", func(m *machine) {
			if err := simdisk.Resize(m.guest.World, "c1t0d0", 80<<30); err != nil {
				m.t.Fatal(err)
			}
		}, func(m *machine) bool { return m.pool().Size > 79<<30 }},
		{"userscript", func(*machine) {},
			func(m *machine) bool { return strings.Count(m.log("userscript"), "hello from") == 2 }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t, simguest.Default(), volume())
			m.boot()
			tt.drift(m)
			if tt.done(m) {
				t.Fatal("there is no drift")
			}
			m.play("svcadm", "restart", "metadata/"+tt.name)
			m.settle()
			m.wantStates(nil)
			if !tt.done(m) {
				t.Errorf("restart has not reapplied it; log:\n%s", m.log(tt.name))
			}
			after := m.snapshot()
			m.boot()
			m.wantStates(nil)
			m.wantQuiet()
			m.wantUnchanged(after)
		})
	}
}

// TestDriftStays: what an administrator changed by hand survives a boot with
// the same metadata.
func TestDriftStays(t *testing.T) {
	m := newMachine(t, simguest.Default(), volume())
	m.boot()
	m.write("/etc/nodename", "mine\n")
	m.write("/root/.ssh/authorized_keys", carol+"\n")
	m.play("swap", "-d", "/dev/zvol/dsk/rpool/swap")
	m.write("/etc/vfstab", strings.ReplaceAll(m.read("/etc/vfstab"), "/dev/zvol/dsk/rpool/swap", "#/dev/zvol/dsk/rpool/swap"))
	after := m.snapshot()
	m.boot()
	m.wantStates(nil)
	for _, path := range []string{"/etc/nodename", "/root/.ssh/authorized_keys"} {
		if m.read(path) != strings.SplitN(after[path], "\n", 2)[1] {
			t.Errorf("%s has become %q", path, m.read(path))
		}
	}
}

// TestNoVolume: a virtual machine of a known generic kind gets DHCP, pool and
// swap; nothing else changes, and nothing is an error.
func TestNoVolume(t *testing.T) {
	m := newMachine(t, simguest.Default(), nil)
	old := m.pool()
	m.boot()
	m.wantStates(nil)
	if got := m.play("ipadm", "show-addr", "-p", "-o", "addrobj,state"); !strings.Contains(got, "vioif0/dhcp:ok") {
		t.Errorf("ipadm show-addr: %s", got)
	}
	if m.pool().Size <= old.Size || !strings.Contains(m.play("swap", "-l"), "rpool/swap") {
		t.Error("pool and swap are to be as ever")
	}
	if got := m.read("/root/.ssh/authorized_keys"); got != "" {
		t.Errorf("authorized_keys %q", got)
	}
	if got := m.read("/etc/nodename"); got != "unknown\n" {
		t.Errorf("/etc/nodename %q", got)
	}
	after := m.snapshot()
	m.boot()
	m.wantStates(nil)
	m.wantQuiet()
	m.wantUnchanged(after)
}

// TestUnknownMachine: without any source an unknown machine gets pool and swap;
// the others say so in one line (row E2), and nothing is sent to the network.
func TestUnknownMachine(t *testing.T) {
	c := simguest.Default()
	c.SMBIOS = simguest.SMBIOS{Manufacturer: "Acme", Product: "Roadrunner 9", UUID: c.SMBIOS.UUID}
	m := newMachine(t, c, nil)
	m.boot()
	m.wantStates(nil)
	if got := m.play("ipadm", "show-addr", "-p", "-o", "addrobj"); strings.Contains(got, "vioif0") {
		t.Errorf("ipadm show-addr: %s", got)
	}
	if !strings.Contains(m.play("swap", "-l"), "rpool/swap") {
		t.Error("no swap")
	}
	for _, name := range []string{"hostname", "network", "ssh-keys", "userscript"} {
		if log := m.log(name); !strings.Contains(log, "no metadata source") || !strings.Contains(log, "Roadrunner 9") {
			t.Errorf("log of %s does not say why there is nothing to do:\n%s", name, log)
		}
	}
}

// damage puts a volume in place that cannot be read.
func (m *machine) damage() {
	m.t.Helper()
	m.insert(nil)
	if err := simdisk.Attach(m.guest.World, simdisk.Disk{Name: simguest.VolumeDisk, Size: 1 << 20, Unreadable: true}); err != nil {
		m.t.Fatal(err)
	}
}

// TestUnreadableVolume: a volume that cannot be read is no absence. Without an
// earlier answer the services that need it fail with the reason, pool and swap
// are as ever, and the system comes up.
func TestUnreadableVolume(t *testing.T) {
	m := newMachine(t, simguest.Default(), nil)
	m.damage()
	before := m.read("/etc/nodename")
	m.boot()
	failed := map[string]string{
		"network": "maintenance", "hostname": "maintenance", "ssh-keys": "maintenance", "userscript": "maintenance",
	}
	m.wantStates(failed)
	if got := m.play("ipadm", "show-addr", "-p", "-o", "addrobj"); strings.Contains(got, "vioif0") {
		t.Errorf("an unreadable volume was taken for none: %s", got)
	}
	if m.read("/etc/nodename") != before || m.read("/root/.ssh/authorized_keys") != "" {
		t.Error("something was applied")
	}
	for name := range failed {
		if log := m.log(name); !strings.Contains(log, simguest.VolumeDisk) {
			t.Errorf("log of %s does not name the volume:\n%s", name, log)
		}
	}
	if got := m.play("svcs", "-xv", "metadata/network"); !strings.Contains(got, "maintenance") {
		t.Errorf("svcs -xv: %s", got)
	}
	m.insert(volume())
	m.boot()
	m.wantStates(nil)
	m.wantConfigured()
}

// TestOutage: a source that disappears, or cannot be read any more, after the
// first boot changes nothing and is no failure.
func TestOutage(t *testing.T) {
	for name, away := range map[string]func(*machine){
		"gone":       func(m *machine) { m.insert(nil) },
		"unreadable": (*machine).damage,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t, simguest.Default(), volume())
			m.boot()
			m.wantStates(nil)
			after, guid := m.snapshot(), m.pool().GUID
			m.halt()
			away(m)
			m.boot()
			m.wantStates(nil)
			m.wantConfigured()
			m.wantQuiet()
			m.wantUnchanged(after)
			if log := m.log("network"); !strings.Contains(log, "the metadata source is silent") {
				t.Errorf("the log does not say that the source is silent:\n%s", log)
			}
			if m.pool().GUID != guid || strings.Count(m.log("userscript"), "hello from") != 1 {
				t.Error("the outage was taken for a first boot")
			}
		})
	}
}

// TestEarlierAgent: a guest that the earlier monolithic agent has configured is
// adopted: nothing is applied a second time, the script does not run again, and
// a later change at the source still reaches it.
func TestEarlierAgent(t *testing.T) {
	c := simguest.Default()
	c.Files = map[string]string{
		"/var/metadata/stamp":        c.SMBIOS.UUID + "\n",
		"/etc/nodename":              "web1\n",
		"/etc/inet/hosts":            "::1\tlocalhost web1.local web1\n127.0.0.1\tlocalhost loghost web1.local web1\n",
		"/root/.ssh/authorized_keys": alice + "\n" + carol + "\n",
	}
	v := volume()
	v["nodename"] = "web1\n"
	m := newMachine(t, c, v)
	guid, before := m.pool().GUID, m.snapshot()
	m.boot()
	m.wantStates(nil)
	if m.pool().GUID != guid {
		t.Error("the pool got another GUID")
	}
	if log := m.log("userscript"); strings.Contains(log, "hello from") {
		t.Error("the script ran again")
	}
	after := m.snapshot()
	for _, path := range []string{"/etc/nodename", "/etc/inet/hosts", "/root/.ssh/authorized_keys"} {
		if before[path] != after[path] {
			t.Errorf("%s has changed to\n%s", path, after[path])
		}
	}
	m.boot()
	m.wantStates(nil)
	m.wantQuiet()

	v["authorized_keys"] = bob + "\n"
	m.insert(v)
	m.boot()
	m.wantStates(nil)
	if got := m.read("/root/.ssh/authorized_keys"); got != carol+"\n"+bob+"\n" {
		t.Errorf("authorized_keys %q: alice's was the earlier agent's, carol's is not in the metadata", got)
	}
}
