// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package services_test

import (
	"encoding/base64"
	"maps"
	"slices"
	"strings"
	"testing"

	"illumos-metadata/common/simguest"
	"illumos-metadata/common/simguest/simdisk"
)

// key gives an ed25519 key (RFC 8709 section 4) of 32 characters that is no
// one's.
func key(data, comment string) string {
	blob := "\x00\x00\x00\x0bssh-ed25519\x00\x00\x00\x20" + data
	return "ssh-ed25519 " + base64.StdEncoding.EncodeToString([]byte(blob)) + " " + comment
}

var (
	alice = key(strings.Repeat("a", 32), "alice@example.com")
	bob   = key(strings.Repeat("b", 32), "bob")
	carol = key(strings.Repeat("c", 32), "carol")
)

// volume is a complete metadata volume.
func volume() map[string]string {
	return map[string]string{
		"nodename":        "web1.example.com\n",
		"authorized_keys": alice + "\n" + bob + "\n",
		"config.toml":     "[network]\nskip = false\n",
		"firstboot.sh":    "#!/bin/sh\necho hello from $(hostname)\n",
	}
}

// secondMachine and secondVolume are those of another instance.
const secondMachine = "11111111-2222-4333-8444-555555555555"

func secondVolume() map[string]string {
	v := volume()
	v["nodename"] = "db7\n"
	v["authorized_keys"] = bob + "\n"
	return v
}

// changing are the commands, by their first words, that change the guest.
var changing = []string{
	"ipadm create", "ipadm delete", "ipadm enable", "ipadm disable", "ipadm set", "ipadm reset", "ipadm up", "ipadm down",
	"dladm set", "dladm create", "dladm delete", "route", "hostname ", "zpool online", "zpool reguid", "zpool set",
	"zfs create", "zfs set", "zfs destroy", "swap -a", "swap -1", "swap -2", "swap -d", "swapadd", "format", "fmthard", "svcadm", "svccfg",
}

// wantBusy checks that network, swap and zpool ran commands in this boot, so
// that wantQuiet says something.
func (m *machine) wantBusy() {
	m.t.Helper()
	for name, want := range map[string]string{"network": "ipadm create-addr", "swap": "zfs create", "zpool": "zpool online"} {
		if got := m.calls(name); !slices.ContainsFunc(got, func(c string) bool { return strings.HasPrefix(c, want) }) {
			m.t.Errorf("%s ran %q, and no %s", name, got, want)
		}
	}
}

// wantQuiet checks that no service ran a changing command in this boot, and
// none ran more processes than it may on a boot without changes.
func (m *machine) wantQuiet() {
	m.t.Helper()
	most := map[string]int{"hostname": 0, "ssh-keys": 0, "userscript": 0, "zpool": 2, "swap": 2, "network": 3}
	svcprops := 0
	for _, name := range names {
		calls := m.calls(name)
		own := 0
		for _, c := range calls {
			if strings.HasPrefix(c, "svcprop ") {
				svcprops++ // of the one fetch that serves all six
				continue
			}
			own++
			if slices.ContainsFunc(changing, func(prefix string) bool { return strings.HasPrefix(c, prefix) }) {
				m.t.Errorf("%s ran %q", name, c)
			}
		}
		if own > most[name] {
			m.t.Errorf("%s ran %d commands, more than %d: %q", name, own, most[name], calls)
		}
	}
	if svcprops > 1 {
		m.t.Errorf("svcprop ran %d times", svcprops)
	}
}

// TestFirstAndSecondBoot: the first boot does everything, the second nothing.
func TestFirstAndSecondBoot(t *testing.T) {
	m := newMachine(t, simguest.Default(), volume())
	old := m.pool()
	m.boot()
	m.wantStates(nil)
	m.wantConfigured()
	m.wantBusy()
	if p := m.pool(); p.GUID == old.GUID || p.Size < 39<<30 {
		t.Errorf("pool %+v, before %+v: it should have grown and have another GUID", p, old)
	}
	if log := m.log("userscript"); !strings.Contains(log, "hello from web1") {
		t.Errorf("the output of the script is not in the log:\n%s", log)
	}
	after := m.snapshot()
	guid := m.pool().GUID

	m.boot()
	m.wantStates(nil)
	m.wantConfigured()
	m.wantQuiet()
	m.wantUnchanged(after)
	if got := m.pool().GUID; got != guid {
		t.Errorf("the second boot gave the pool another GUID (row F13)")
	}
	if n := strings.Count(m.log("userscript"), "hello from"); n != 1 {
		t.Errorf("the script ran %d times", n)
	}
}

// wantConfigured checks what volume asks for.
func (m *machine) wantConfigured() {
	m.t.Helper()
	if got := m.play("hostname"); got != "web1\n" {
		m.t.Errorf("live name %q", got)
	}
	if got := m.read("/etc/nodename"); got != "web1\n" {
		m.t.Errorf("/etc/nodename %q", got)
	}
	if got := m.read("/etc/hosts"); !strings.Contains(got, "localhost loghost web1.example.com web1\n") {
		m.t.Errorf("/etc/hosts %q", got)
	}
	if got := m.read("/root/.ssh/authorized_keys"); got != alice+"\n"+bob+"\n" {
		m.t.Errorf("authorized_keys %q", got)
	}
	if got := m.play("ipadm", "show-addr", "-p", "-o", "addrobj,type,state,addr"); !strings.Contains(got, "vioif0/dhcp:dhcp:ok:10.0.2.15/24") {
		m.t.Errorf("ipadm show-addr: %s", got)
	}
	if got := m.play("swap", "-l"); !strings.Contains(got, "/dev/zvol/dsk/rpool/swap") {
		m.t.Errorf("swap -l: %s", got)
	}
	if got := m.read("/etc/vfstab"); !strings.Contains(got, "/dev/zvol/dsk/rpool/swap\t-\t-\tswap\t-\tno\t-\n") {
		m.t.Errorf("/etc/vfstab: %s", got)
	}
}

// pool gives the root pool.
func (m *machine) pool() simdisk.PoolView {
	m.t.Helper()
	pools, err := simdisk.Pools(m.guest.World)
	if err != nil || len(pools) == 0 {
		m.t.Fatalf("pools: %v", err)
	}
	return pools[0]
}

// TestNewInstance: the same disk in another machine with another volume. What
// was made for the old instance goes; the script runs once more.
func TestNewInstance(t *testing.T) {
	m := newMachine(t, simguest.Default(), volume())
	m.boot()
	m.write("/root/.ssh/authorized_keys", m.read("/root/.ssh/authorized_keys")+carol+"\n") // by hand
	first := m.pool()
	m.halt()

	if err := m.guest.SetSMBIOS(simguest.QEMU(secondMachine)); err != nil {
		t.Fatal(err)
	}
	m.insert(secondVolume())
	m.boot()
	m.wantStates(nil)
	if got := m.read("/etc/nodename"); got != "db7\n" {
		t.Errorf("/etc/nodename %q", got)
	}
	if got := m.read("/etc/hosts"); strings.Contains(got, "web1") || !strings.Contains(got, "localhost loghost db7\n") {
		t.Errorf("/etc/hosts %q", got)
	}
	if got := m.read("/root/.ssh/authorized_keys"); got != bob+"\n"+carol+"\n" {
		t.Errorf("authorized_keys %q, want bob's and the one made by hand (row S8)", got)
	}
	if m.pool().GUID == first.GUID {
		t.Error("the clone has its original's pool GUID")
	}
	if n := strings.Count(m.log("userscript"), "hello from"); n != 2 {
		t.Errorf("the script ran %d times in all, want once for each instance", n)
	}
	after := m.snapshot()
	m.boot()
	m.wantStates(nil)
	m.wantQuiet()
	m.wantUnchanged(after)
}

// TestDisable: disabling any one service opts out of its step and holds up
// neither the boot nor the others.
func TestDisable(t *testing.T) {
	for name := range some(each(names), 3) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t, simguest.Default(), volume())
			m.boot()
			m.play("svcadm", "disable", "metadata/"+name)
			m.settle()
			m.wantStates(map[string]string{name: "disabled"})
			m.boot()
			m.wantStates(map[string]string{name: "disabled"})
			if calls := m.calls(name); len(calls) > 0 {
				t.Errorf("disabled, it ran %q", calls)
			}
		})
	}
}

// TestDisabledFromTheStart: each step that is switched off before the first boot
// is left out, and only that.
func TestDisabledFromTheStart(t *testing.T) {
	done := map[string]func(*machine) bool{
		"hostname": func(m *machine) bool { return m.read("/etc/nodename") == "web1\n" },
		"network":  func(m *machine) bool { return strings.Contains(m.play("ipadm", "show-addr"), "vioif0/dhcp") },
		"ssh-keys": func(m *machine) bool { return m.read("/root/.ssh/authorized_keys") != "" },
		"swap": func(m *machine) bool {
			return strings.Contains(m.read("/etc/vfstab"), "rpool/swap")
		},
		"userscript": func(m *machine) bool { return strings.Contains(m.log("userscript"), "hello from") },
		"zpool":      func(m *machine) bool { return m.pool().Size > 39<<30 },
	}
	for name := range some(done, 2) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t, simguest.Default(), volume())
			manifest := "/lib/svc/manifest/system/metadata/" + name + ".xml"
			m.write(manifest, strings.Replace(m.read(manifest), "enabled='true'", "enabled='false'", 1))
			m.boot()
			m.wantStates(map[string]string{name: "disabled"})
			for _, other := range slices.Sorted(maps.Keys(done)) {
				if got := done[other](m); got != (other != name) {
					t.Errorf("%s done: %v", other, got)
				}
			}
		})
	}
}
