// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package services_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
	"time"

	"illumos-metadata/common/simguest"
	"illumos-metadata/common/simguest/cutoff"
)

// TestCutOff kills each service before every one of its steps in turn (every
// file operation, every command before and after it), runs it again, in the
// same boot or after a power loss by turns, and compares the guest with one
// whose run was not disturbed (rows F5, F6, F13). The second time the disk has
// been another instance's. CI takes every step, and every other one the second
// time; elsewhere some of them have to do, and two services the second time, for
// the sake of time.
func TestCutOff(t *testing.T) {
	first, second := 12, 24
	if os.Getenv("CI") == "true" {
		first, second = 1, 2
	}
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cutOff(t, name, newRun(t, name), first)
		})
	}
	for name := range some(each(names), 2) {
		t.Run(name+" of a new instance", func(t *testing.T) {
			t.Parallel()
			r := newRun(t, name)
			r.run("for the old instance")
			r.renew()
			cutOff(t, name, r, second)
		})
	}
}

// cutOff cuts a run off before each of its steps, or each second one and so on.
func cutOff(t *testing.T, name string, r *cutRun, each int) {
	t.Helper()
	root := r.guest.World.Root
	r.guid = r.pool().GUID
	start := save(t, root)
	whole := r.cut(0)
	if whole.Status != 0 || whole.Killed || len(whole.Steps) < 3 {
		t.Fatalf("undisturbed, it ended with status %d after %q:\n%s", whole.Status, whole.Steps, r.output())
	}
	want := r.state()
	for n := 0; n < len(whole.Steps); n += each {
		step := whole.Steps[n]
		start.restore(t, root)
		if result := r.cut(n + 1); !result.Killed {
			t.Errorf("step %d of %d (%s) was not reached", n+1, len(whole.Steps), step)
			continue
		}
		if n/each%2 == 1 { // the power went
			if err := r.guest.Early(name); err != nil {
				t.Fatal(err)
			}
		}
		when := fmt.Sprintf("after a cut before step %d (%s)", n+1, step)
		r.run(when)
		if diff := want.Diff(r.state()); diff != "" {
			t.Errorf("%s, the next run ended elsewhere:\n%s", when, diff)
		}
	}
	t.Logf("%d steps", len(whole.Steps))
}

// A cutRun is a guest at the point of its boot where a service starts.
type cutRun struct {
	*machine
	name string
	guid uint64 // of the pool before
	log  string
}

func newRun(t *testing.T, name string) *cutRun {
	t.Helper()
	m := newMachine(t, simguest.Default(), volume())
	if err := m.guest.Early(name); err != nil {
		t.Fatal(err)
	}
	return &cutRun{machine: m, name: name, log: m.guest.World.Root + ".log"}
}

// renew boots the disk in another machine, with other metadata.
func (r *cutRun) renew() {
	r.t.Helper()
	r.insert(secondVolume())
	err := r.guest.SetSMBIOS(simguest.QEMU(secondMachine))
	if err == nil {
		err = r.guest.Early(r.name)
	}
	if err != nil {
		r.t.Fatal(err)
	}
}

// cut starts the service as svc.startd does and cuts it off before step n, if
// that is not 0.
func (r *cutRun) cut(n int) cutoff.Result {
	r.t.Helper()
	log, err := os.Create(r.log)
	if err != nil {
		r.t.Fatal(err)
	}
	defer log.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	result, err := cutoff.Run(ctx, cutoff.Command{Argv: r.argv(), Env: r.env(), Output: log}, n)
	if errors.Is(err, cutoff.ErrRefused) {
		skip(r.t, err.Error())
	}
	if err != nil {
		r.t.Fatal(err)
	}
	return result
}

// run runs the service to its end, and checks that it is a good one.
func (r *cutRun) run(when string) {
	r.t.Helper()
	cmd := exec.Command(r.argv()[0], r.argv()[1:]...)
	cmd.Env = r.env()
	if out, err := cmd.CombinedOutput(); err != nil {
		r.t.Errorf("%s, it ended with %v:\n%s", when, err, out)
	}
}

func (r *cutRun) argv() []string {
	return []string{r.guest.World.Path("/usr/lib/metadata/" + r.name), "-root", r.guest.World.Root}
}

func (r *cutRun) env() []string {
	return []string{"PATH=/usr/sbin:/usr/bin", "SMF_ZONENAME=global", "SMF_METHOD=start",
		"SMF_FMRI=svc:/system/metadata/" + r.name + ":default"}
}

func (r *cutRun) output() string {
	b, err := os.ReadFile(r.log)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// passing are the parts of the suite's own files that differ from run to run:
// times, random identities, and how often a script was started.
var passing = regexp.MustCompile(`"(time|started|ended|guid|attempts|digest)":\s*("[^"]*"|[0-9]+)`)

// shown are the commands that show what is in no file.
var shown = map[string][]string{
	"hostname":  {"/usr/bin/hostname"},
	"addresses": {"/usr/sbin/ipadm", "show-addr", "-p", "-o", "addrobj,type,state,current,persistent,addr"},
	"pool":      {"/usr/sbin/zpool", "list", "-Hpv", "-o", "name,size,expandsize,health"},
	"datasets":  {"/usr/sbin/zfs", "list", "-Hp", "-o", "name,type,volsize,refreservation"},
	"label":     {"/usr/sbin/prtvtoc", "/dev/rdsk/c1t0d0p0"},
	"swap":      {"/usr/sbin/swap", "-l"},
}

// state gives what the commands show, and the files then: a lease of which no
// command has asked yet is on its way.
func (r *cutRun) state() simguest.Snapshot {
	r.t.Helper()
	output := map[string]string{"pool GUID": fmt.Sprintf("changed: %v\n", r.pool().GUID != r.guid)}
	for what, argv := range shown {
		var out strings.Builder
		r.guest.Call(&out, argv[0], argv[1:]...) // its words say how it ended
		output[what] = out.String()
	}
	output["swap"] = regexp.MustCompile(` .*`).ReplaceAllString(output["swap"], "") // the rest is usage
	s := r.snapshot()
	for path, text := range s {
		if strings.HasPrefix(path, "/var/metadata/") {
			s[path] = passing.ReplaceAllString(text, `"$1": …`)
		}
		if strings.Contains(path, ".metadata-new") {
			r.t.Errorf("%s was left behind", path)
		}
	}
	maps.Copy(s, output)
	return s
}
