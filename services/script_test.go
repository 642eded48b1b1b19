// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package services_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"illumos-metadata/common/simguest"
)

// TestScriptEndsMachine: a script that takes the machine down counts as
// complete, whatever command it uses, and runs no second time (row S5).
func TestScriptEndsMachine(t *testing.T) {
	commands := map[string]string{
		"reboot":                         "reboot",
		"the status of reboot passed on": "reboot; exit $?",
		"in place of the shell":          "exec reboot",
		"halt":                           "halt",
		"poweroff":                       "poweroff",
		"init returns at once":           "init 6",
		"init, and the script goes on":   "init 6; exec /bin/sleep 3600",
	}
	for name, command := range some(commands, 3) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := volume()
			v["firstboot.sh"] = "#!/bin/sh\necho this is a run\n" + command + "\n"
			m := newMachine(t, simguest.Default(), v)
			m.bootUntilDown()
			m.boot()
			m.wantStates(nil)
			if log := m.log("userscript"); strings.Count(log, "this is a run\n") != 1 ||
				!strings.Contains(log, "the script is complete for this instance") {
				t.Errorf("log:\n%s", log)
			}
		})
	}
}

// bootUntilDown boots, and takes the machine down when a command asks for it.
func (m *machine) bootUntilDown() {
	m.t.Helper()
	m.pids, m.events = map[string][]int{}, nil
	system, err := m.guest.Boot(context.Background(), m.chroot, m.event)
	if err != nil {
		m.t.Fatal(err)
	}
	m.system = system
	select {
	case <-system.Down():
	case <-time.After(settleLimit):
		m.t.Fatalf("the machine does not go down; log:\n%s", m.log("userscript"))
	}
	m.halt()
}

// TestScriptFails: SMF tries a script that fails three times in a boot, the
// next boot goes on counting, and the last attempt is final at once. Each time
// svcs(1) says the truth (row E1), and the rest of the system is up.
func TestScriptFails(t *testing.T) {
	v := volume()
	v["firstboot.sh"] = "#!/bin/sh\necho this is a run\nexit 7\n"
	m := newMachine(t, simguest.Default(), v)
	for boot, want := range []struct {
		runs int
		says string
	}{
		{3, "script: exit status 7 (attempt 3 of 10;"},
		{6, "script: exit status 7 (attempt 6 of 10;"},
		{9, "script: exit status 7 (attempt 9 of 10;"},
		{10, "the script has not succeeded in 10 attempts, which is config/max_attempts (the last: exit status 7;"},
		{10, "the script has not succeeded in 10 attempts, which is config/max_attempts (the last: exit status 7;"},
	} {
		m.boot()
		m.wantStates(map[string]string{"userscript": "maintenance"})
		log := m.log("userscript")
		if got := strings.Count(log, "this is a run\n"); got != want.runs || !strings.Contains(log, want.says) {
			t.Fatalf("boot %d: %d runs in all, want %d and %q; log:\n%s", boot+1, got, want.runs, want.says, log)
		}
	}

	// svcadm clear is the administrator's wish, and counts from one again.
	v["firstboot.sh"] = "#!/bin/sh\necho this is a run\n"
	m.insert(v)
	m.boot()
	m.play("svcadm", "clear", "metadata/userscript")
	m.settle()
	m.wantStates(nil)
	if log := m.log("userscript"); strings.Count(log, "this is a run\n") != 11 || !strings.Contains(log, "attempt 1 of 10") {
		t.Errorf("log:\n%s", log)
	}
}

// TestScriptCutOff: the service is killed while the script runs. svc.startd
// starts it again, which counts, and the log says that a start was cut off.
func TestScriptCutOff(t *testing.T) {
	v := volume()
	v["firstboot.sh"] = "#!/bin/sh\n[ -e \"$HOME/once\" ] && exit\n: >\"$HOME/once\"\nkill -KILL $PPID\n"
	m := newMachine(t, simguest.Default(), v)
	m.boot()
	m.wantStates(nil)
	log := m.log("userscript")
	for _, want := range []string{"attempt 1, started at ", "run the script, attempt 2 of 10"} {
		if !strings.Contains(log, want) {
			t.Errorf("no %q in the log:\n%s", want, log)
		}
	}
}
