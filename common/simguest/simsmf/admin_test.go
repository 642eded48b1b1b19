// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simsmf

import (
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// stamp is a guest with svc:/site/x, whose start method writes its operand to
// /x.out, a line each time.
func stamp(t *testing.T) *box {
	b := newBox(t, small(), map[string]string{
		at("x"): manifest("site/x", "/lib/svc/method/x %{config/word}", "0", afterFS(),
			"<property_group name='config' type='application'><propval name='word' type='astring' value='one'/>"+
				"<propval name='number' type='count' value='1'/></property_group>"),
	})
	b.write("/lib/svc/method/x", "#!/sbin/sh\necho \"$1\" >>"+b.w.Root+"/x.out\ntest ! -f "+b.w.Root+"/bad || exit 96\n")
	b.boot(Options{})
	b.settle()
	return b
}

func (b *box) adm(args ...string) {
	b.Helper()
	if out := b.ok(append([]string{"/usr/sbin/svcadm"}, args...)...); out != "" {
		b.Errorf("svcadm %v printed %q", args, out)
	}
	b.settle()
}

func (b *box) out(want string) {
	b.Helper()
	if got := b.read("/x.out"); got != want {
		b.Errorf("starts %q, want %q", got, want)
	}
}

// TestTransient: what svcadm does to a transient service.
func TestTransient(t *testing.T) {
	b := stamp(t)
	b.out("one\n")
	b.adm("restart", "site/x")
	b.out("one\none\n")
	b.adm("refresh", "site/x") // never runs the start method
	b.out("one\none\n")
	b.adm("disable", "-t", "site/x")
	b.want(map[string]string{"site/x": "disabled"})
	if got := b.ok("/usr/bin/svcs", "-l", "site/x"); !strings.Contains(got, "enabled      false (temporary)\n") {
		t.Errorf("svcs -l: %s", got)
	}
	if got := b.ok("/usr/bin/svcs", "-x", "site/x"); !strings.Contains(got, "Reason: Temporarily disabled by an administrator.\n") {
		t.Errorf("svcs -x: %s", got)
	}
	b.adm("restart", "site/x") // not running: nothing, and status 0
	b.out("one\none\n")
	b.adm("refresh", "site/x") // the snapshot does not keep it either
	b.halt()
	b.boot(Options{})
	b.settle()
	b.want(map[string]string{"site/x": "online"})
	if _, _, status := b.call("/usr/bin/svcprop", "-q", "-p", "general_ovr", "site/x:default"); status != 1 {
		t.Error("general_ovr outlives the boot")
	}
	b.out("one\none\none\n")
	b.adm("disable", "-s", "site/x")
	b.halt()
	b.boot(Options{})
	b.settle()
	b.want(map[string]string{"site/x": "disabled"})
	b.adm("enable", "-s", "site/x")
	b.want(map[string]string{"site/x": "online"})
	log := b.read(logDir + "/site-x:default.log")
	for _, want := range []string{"Stopping because service restarting. ]", "Executing stop method (null). ]", "Rereading configuration. ]",
		"No 'refresh' method defined.  Treating as :true. ]", "Stopping because service disabled. ]", "Enabled. ]"} {
		if !strings.Contains(log, want) {
			t.Errorf("log lacks %q:\n%s", want, log)
		}
	}
}

// TestMaintenance: mark, clear, and the statuses of enable -s.
func TestMaintenance(t *testing.T) {
	b := stamp(t)
	tests := []struct {
		args   []string
		stderr string
		status int
		state  string
	}{
		{[]string{"clear", "site/x"}, "svcadm: Instance \"svc:/site/x:default\" is not in a maintenance or degraded state.\n", 1, "online"},
		{[]string{"mark", "maintenance", "site/x"}, "", 0, "maintenance"},
		{[]string{"enable", "-s", "site/x"}, "svcadm: Instance \"svc:/site/x:default\" is in maintenance state.\n", 3, "maintenance"},
		{[]string{"restart", "site/x"}, "", 0, "maintenance"},
		{[]string{"clear", "site/x"}, "", 0, "online"},
		{[]string{"mark", "maintenance", "site/x"}, "", 0, "maintenance"},
		{[]string{"disable", "site/x"}, "", 0, "disabled"}, // with -s, 3 or 0, as svc.startd is slower or faster
		{[]string{"mark", "degraded", "site/x"}, "svcadm: Instance \"svc:/site/x:default\" is not online.\n", 1, "disabled"},
		{[]string{"mark", "-t", "degraded", "site/x"}, "svcadm: -t may not be used with degraded.\n", 2, "disabled"},
		{[]string{"mark", "offline", "site/x"}, svcadmUsage, 2, "disabled"},
		{[]string{"disable", "none"}, "svcadm: Pattern 'none' doesn't match any instances\n", 1, "disabled"},
		{[]string{"enable"}, svcadmUsage, 2, "disabled"},
		{[]string{"enable", "-x", "a"}, "svcadm: illegal option -- x\n" + svcadmUsage, 2, "disabled"},
		{[]string{"milestone", "all"}, "", 0, "disabled"},
		{[]string{"milestone", "none"}, "simulated guest: svcadm milestone none is not simulated\n", 127, "disabled"},
		{[]string{"milestone", "x"}, "\"x\" is not a valid major milestone.\n" + milestoneUsage, 2, "disabled"},
	}
	for _, tt := range tests {
		out, stderr, status := b.call(append([]string{"/usr/sbin/svcadm"}, tt.args...)...)
		if out != "" || stderr != tt.stderr || status != tt.status {
			t.Errorf("svcadm %v: %q, %q, status %d; want %q, status %d", tt.args, out, stderr, status, tt.stderr, tt.status)
		}
		b.settle()
		b.want(map[string]string{"site/x": tt.state})
	}
	b.write("/bad", "")
	if _, stderr, status := b.call("/usr/sbin/svcadm", "enable", "-s", "site/x"); status != 3 {
		t.Errorf("enable -s of a failure: %q, status %d", stderr, status)
	}
	if out, _, _ := b.call("/usr/sbin/svcadm", "-v", "disable", "-t", "site/x"); out != "svc:/site/x:default temporarily disabled.\n" {
		t.Errorf("svcadm -v: %q", out)
	}
}

// TestUnsatisfied: enable -s gives up on dependencies that need an administrator.
func TestUnsatisfied(t *testing.T) {
	b := newBox(t, small(), map[string]string{at("x"): manifest("site/x", ":true", "0", dependency("require_all", "not/there"), "")})
	b.boot(Options{})
	b.settle()
	_, stderr, status := b.call("/usr/sbin/svcadm", "enable", "-s", "site/x")
	if want := "svcadm: Instance \"svc:/site/x:default\" has unsatisfied dependencies.\n"; stderr != want || status != 4 {
		t.Errorf("%q, status %d, want %q, status 4", stderr, status, want)
	}
	if got := b.ok("/usr/bin/svcs", "-x"); !strings.Contains(got, "Reason: Dependency svc:/not/there is absent.\n   See: http://illumos.org/msg/SMF-8000-E2\n") {
		t.Errorf("svcs -x: %s", got)
	}
	if got := b.ok("/usr/bin/svcs", "-l", "site/x"); !strings.Contains(got, "dependency   require_all/none svc:/not/there (absent)\n") {
		t.Errorf("svcs -l: %s", got)
	}
}

// TestRunningSnapshot: a changed property counts after a refresh, whether the
// system is up, is rebooted or is off; what is kept in memory does not.
func TestRunningSnapshot(t *testing.T) {
	b := stamp(t)
	prop := func(want, wantNow string) {
		t.Helper()
		if got := b.ok("/usr/bin/svcprop", "-p", "config/word", "svc:/site/x:default"); got != want+"\n" {
			t.Errorf("running %q, want %q", got, want)
		}
		if got := b.ok("/usr/bin/svcprop", "-c", "-p", "config/word", "svc:/site/x:default"); got != wantNow+"\n" {
			t.Errorf("current %q, want %q", got, wantNow)
		}
	}
	b.ok("/usr/sbin/svccfg", "-s", "site/x", "setprop", "config/word", "=", "two")
	prop("one", "two")
	b.adm("restart", "site/x")
	b.out("one\none\n")
	b.halt()
	b.boot(Options{})
	b.settle()
	prop("one", "two")
	b.adm("refresh", "site/x")
	prop("two", "two")
	b.adm("restart", "site/x")
	b.out("one\none\none\ntwo\n")
	b.halt()
	b.ok("/usr/sbin/svccfg", "-s", "site/x", "setprop", "config/word=astring:", `"a b"`)
	b.ok("/usr/sbin/svccfg", "-s", "site/x", "refresh")
	prop(`a\ b`, `a\ b`)
	b.boot(Options{})
	b.settle()
	b.out("one\none\none\ntwo\na b\n")
}

// TestReimport: a manifest that has changed is imported at boot; a property that
// an administrator has changed keeps its value, and the rest follows.
func TestReimport(t *testing.T) {
	b := stamp(t)
	imported := func() []string {
		b.mu.Lock()
		defer b.mu.Unlock()
		var out []string
		for _, e := range b.events {
			if e.Kind == Imported {
				out = append(out, e.Path+e.Why)
			}
		}
		b.events = nil
		return out
	}
	if got, want := imported(), []string{at("x")}; !slices.Equal(got, want) {
		t.Errorf("imported %q, want %q", got, want)
	}
	b.ok("/usr/sbin/svccfg", "-s", "site/x", "setprop", "config/word", "=", "mine")
	b.adm("disable", "site/x")
	b.halt()
	text := strings.ReplaceAll(strings.ReplaceAll(b.read(at("x")), "value='one'", "value='new'"), "value='1'", "value='0x10'")
	text = strings.Replace(text, "<single_instance/>", "<single_instance/>"+dependency("optional_all", "site/y"), 1)
	b.write(at("x"), text)
	b.boot(Options{})
	b.settle()
	if got, want := imported(), []string{at("x")}; !slices.Equal(got, want) {
		t.Errorf("imported %q, want %q", got, want)
	}
	b.want(map[string]string{"site/x": "disabled"})
	if got := b.ok("/usr/bin/svcprop", "-p", "config", "-p", "site-y/grouping", "svc:/site/x:default"); got !=
		"config/number count 16\nconfig/word astring mine\nsite-y/grouping astring optional_all\n" {
		t.Errorf("properties: %s", got)
	}
	b.halt()
	b.boot(Options{})
	if got := imported(); got != nil {
		t.Errorf("imported again: %q", got)
	}
}

// TestDown: a script on the guest may take it down. Everything gets SIGTERM, and
// SIGKILL if that does not end it; the next boot starts afresh.
func TestDown(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name, command string
		want          How
	}{
		{"reboot", "/usr/sbin/reboot", Reboot},
		{"init", "/sbin/init 6; while :; do :; done", Reboot},
		{"shutdown", "/usr/sbin/shutdown -y -g0 -i5 bye; while :; do :; done", PowerOff},
		{"halt", "/usr/sbin/halt", HaltOnly},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBox(t, small(), map[string]string{at("x"): manifest("site/x", "/lib/svc/method/x", "0", afterFS(), "")})
			word, _, _ := strings.Cut(tt.command, " ")
			b.write(word, "")
			if err := os.Remove(b.w.Path(word)); err != nil {
				t.Fatal(err)
			}
			if err := os.Symlink(self, b.w.Path(word)); err != nil {
				t.Fatal(err)
			}
			b.write("/lib/svc/method/x", "#!/sbin/sh\ntrap 'echo terminated >>"+b.w.Root+"/x.out; exit 0' TERM\ntest -f "+b.w.Root+"/x.out || { "+
				b.w.Root+tt.command+"; }\n")
			b.boot(Options{Grace: 10 * time.Second})
			if got := <-b.s.Down(); got != tt.want {
				t.Errorf("goes down by %q, want %q", got, tt.want)
			}
			b.settle()
			b.halt()
			b.out("terminated\n")
			if got := b.state("site/x"); got != "offline*" {
				t.Errorf("state %s: the start method cannot have ended", got)
			}
			if _, stderr, status := b.call("/usr/sbin/reboot"); status != 127 {
				t.Errorf("reboot of what is off: %q, status %d", stderr, status)
			}
			b.boot(Options{})
			b.settle()
			b.want(map[string]string{"site/x": "online"})
		})
	}
}

// TestStubborn: what ignores SIGTERM is killed.
func TestStubborn(t *testing.T) {
	b := newBox(t, small(), map[string]string{at("x"): manifest("site/x", "/lib/svc/method/x", "0", afterFS(), "")})
	b.write("/lib/svc/method/x", "#!/sbin/sh\ntrap '' TERM\necho $$ >"+b.w.Root+"/x.out\n(while :; do sleep 1; done) &\nwhile :; do sleep 1; done\n")
	b.boot(Options{})
	b.until(func(e Event) bool { return e.FMRI == "svc:/site/x:default" && e.Kind == MethodStarted })
	b.halt()
	ended := b.told(MethodEnded, func(e Event) string { return e.Method })
	if !slices.Contains(ended, "svc:/site/x:default start") {
		t.Errorf("ended: %q", ended)
	}
}
