// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package services_test

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"illumos-metadata/common/simguest"
	"illumos-metadata/common/simguest/world"
)

// hostValues are what a SmartOS host says of a guest with a static network. The
// simulated guest has no serial line, so all of it comes by mdata-get.
func hostValues() map[string]string {
	return map[string]string{
		"sdc:uuid": "55aa1234-0000-4000-8000-000000000001", "sdc:alias": "web1", "sdc:dns_domain": "example.com",
		"sdc:nics": `[{"interface":"net0","mac":"2:8:20:1:2:3","ips":["192.0.2.10/24"],"gateways":["192.0.2.1"],` +
			`"primary":true,"mtu":1500,"vlan_id":7}]`,
		"sdc:resolvers":        `["192.0.2.53"]`,
		"root_authorized_keys": alice + "\n" + bob,
		"user-script":          "#!/bin/sh\necho hello from $(hostname)\n",
	}
}

// smartOSMachine is a guest of a SmartOS host, switched off.
func smartOSMachine(t *testing.T) *machine {
	t.Helper()
	c := simguest.Default()
	c.SMBIOS = simguest.SmartOS("55aa1234-0000-4000-8000-000000000001")
	m := newMachine(t, c, nil)
	m.setHost(hostValues())
	return m
}

// setHost gives the host other values; nil makes it silent.
func (m *machine) setHost(values map[string]string) {
	m.t.Helper()
	if err := m.guest.SetMetadata(values); err != nil {
		m.t.Fatal(err)
	}
}

// wantSmartOS checks what hostValues asks for.
func (m *machine) wantSmartOS() {
	m.t.Helper()
	m.wantStatic("192.0.2.10/24")
	if got := m.read("/etc/nodename"); got != "web1\n" {
		m.t.Errorf("/etc/nodename %q", got)
	}
	if got := m.read("/root/.ssh/authorized_keys"); got != alice+"\n"+bob+"\n" {
		m.t.Errorf("authorized_keys %q", got)
	}
}

// wantHellos checks how often the script has run.
func (m *machine) wantHellos(want int) {
	m.t.Helper()
	if got := strings.Count(m.log("userscript"), "hello from web1"); got != want {
		m.t.Errorf("the script ran %d times, want %d; log:\n%s", got, want, m.log("userscript"))
	}
}

// wantUnchangedButScript checks that a boot has changed nothing but what notes
// that the script has run.
func (m *machine) wantUnchangedButScript(before simguest.Snapshot) {
	m.t.Helper()
	after := m.snapshot()
	for _, s := range []simguest.Snapshot{before, after} {
		maps.DeleteFunc(s, func(name, _ string) bool { return strings.Contains(name, "userscript") })
	}
	if diff := before.Diff(after); diff != "" {
		m.t.Errorf("files have changed:\n%s", diff)
	}
}

// TestSmartOS: the first boot does everything, the second runs the user-script
// again, as SmartOS promises, and nothing else (row S11).
func TestSmartOS(t *testing.T) {
	m := smartOSMachine(t)
	m.boot()
	m.wantStates(nil)
	m.wantSmartOS()
	m.wantHellos(1)
	if log := m.log("network"); !strings.Contains(log, "source=smartos") || !strings.Contains(log, "instance=55aa1234") {
		t.Errorf("the log does not name the source:\n%s", log)
	}
	after := m.snapshot()

	m.boot()
	m.wantStates(nil)
	m.wantSmartOS()
	m.wantHellos(2)
	m.wantUnchangedButScript(after)
	asked := 0
	for _, name := range names {
		for _, c := range m.calls(name) {
			if strings.HasPrefix(c, "mdata-get ") {
				asked++
			} else if name != "userscript" && slices.ContainsFunc(changing, func(prefix string) bool { return strings.HasPrefix(c, prefix) }) {
				t.Errorf("%s ran %q", name, c)
			}
		}
	}
	if asked == 0 || asked > 20 {
		t.Errorf("mdata-get ran %d times: want one fetch for all six", asked)
	}

	values := hostValues()
	values["root_authorized_keys"] = bob
	delete(values, "user-script")
	m.setHost(values)
	m.boot()
	m.wantStates(nil)
	m.wantHellos(2)
	if got := m.read("/root/.ssh/authorized_keys"); got != bob+"\n" {
		t.Errorf("authorized_keys %q", got)
	}
}

// TestSmartOSOutage: a host that is silent for ever, or in trouble, or whose
// program is missing on a later boot ends within the limit, changes nothing and
// is no first boot (row D9). The script alone is not there to be run.
func TestSmartOSOutage(t *testing.T) {
	for name, away := range some(map[string]func(*machine){
		"silent": func(m *machine) { m.setHost(nil) },
		"fails": func(m *machine) {
			must(m.t, m.guest.World.Order(world.Fault{Match: "mdata-get", Do: "fail", Status: 2, Stderr: "ERROR: could not execute GET\n"}))
		},
		"fails for the keys": func(m *machine) {
			must(m.t, m.guest.World.Order(world.Fault{Match: "mdata-get root_authorized_keys", Do: "fail", Status: 2, Stderr: "ERROR: could not execute GET\n"}))
		},
		"has lost everything": func(m *machine) { m.setHost(map[string]string{}) },
		"no program":          func(m *machine) { must(m.t, os.Remove(m.guest.World.Path("/usr/sbin/mdata-get"))) },
	}, 2) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := smartOSMachine(t)
			m.boot()
			m.wantStates(nil)
			m.play("svccfg", "-s", "metadata/network", "setprop", "config/fetch_timeout", "=", "count:", "2")
			m.play("svcadm", "refresh", "metadata/network")
			m.halt()
			away(m)
			after := m.snapshot()
			m.boot()
			m.wantStates(nil)
			m.wantSmartOS()
			m.wantHellos(1)
			m.wantUnchangedButScript(after)
			if log := m.log("network"); !strings.Contains(log, "the metadata source is silent") {
				t.Errorf("the log does not say that the source is silent:\n%s", log)
			}
			if log := m.log("userscript"); !strings.Contains(log, "the script cannot run again: the metadata source is silent") {
				t.Errorf("the log does not say that the script is left out:\n%s", log)
			}
		})
	}
}

// TestSmartOSFirstBootSilent: a silent host on the first boot is a failure that
// says so, and neither DHCP nor another identity; once it answers, all is done.
func TestSmartOSFirstBootSilent(t *testing.T) {
	m := smartOSMachine(t)
	must(t, os.Rename(m.guest.World.Path("/usr/sbin/mdata-get"), m.guest.World.Path("/usr/sbin/mdata-get.away")))
	m.boot()
	for _, name := range []string{"network", "hostname", "ssh-keys"} {
		if state := m.states()[name]; state != "maintenance" {
			t.Errorf("%s is %s", name, state)
		}
	}
	if log := m.log("network"); !strings.Contains(log, "open /dev/term/b: no such file or directory") {
		t.Errorf("the log gives no reason:\n%s", log)
	}
	if got := m.play("ipadm", "show-addr", "-p", "-o", "addrobj"); strings.Contains(got, "vioif0") {
		t.Errorf("ipadm show-addr: %s", got)
	}
	must(t, os.Rename(m.guest.World.Path("/usr/sbin/mdata-get.away"), m.guest.World.Path("/usr/sbin/mdata-get")))
	m.boot()
	m.wantStates(nil)
	m.wantSmartOS()
	m.wantHellos(1)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
