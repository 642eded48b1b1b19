// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"illumos-metadata/common/agent"
	"illumos-metadata/common/guest"
)

// A bench is a guest in a directory, on which scripts really run.
type bench struct {
	*agent.Agent
	t    *testing.T
	log  bytes.Buffer // our own
	said bytes.Buffer // what the script's output becomes in the service log
	w    want
}

func newBench(t *testing.T, script string) *bench {
	root := t.TempDir()
	for _, dir := range []string{"/var/metadata/applied", "/root"} {
		if err := os.MkdirAll(root+dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	b := &bench{t: t, w: want{
		instance: "i-1", digest: "d", script: []byte("#!/bin/sh\n" + script), maxAttempts: 3,
		limits: limits{script: 20 * time.Second, grace: 200 * time.Millisecond, shutdown: 50 * time.Millisecond},
	}}
	log := slog.New(slog.NewTextHandler(&b.log, nil))
	b.Agent = &agent.Agent{Service: "userscript", Guest: guest.New(root, log), Log: log}
	return b
}

// run is one start of the service.
func (b *bench) run(ctx context.Context) error {
	b.t.Helper()
	var rec record
	if err := b.ReadRecord(&rec); err != nil {
		b.t.Fatal(err)
	}
	return once(ctx, b.Agent, rec, b.w, &b.said)
}

func (b *bench) mustRun() {
	b.t.Helper()
	if err := b.run(context.Background()); err != nil {
		b.t.Fatalf("run: %v\n%s%s", err, &b.log, &b.said)
	}
}

// read gives a file of the guest, or "" if there is none.
func (b *bench) read(name string) string {
	data, err := os.ReadFile(b.Guest.Host(name))
	if err != nil && !os.IsNotExist(err) {
		b.t.Fatal(err)
	}
	return string(data)
}

func (b *bench) record() record {
	b.t.Helper()
	var rec record
	if err := json.Unmarshal([]byte(b.read("/var/metadata/applied/userscript.json")), &rec); err != nil {
		b.t.Fatal(err)
	}
	return rec
}

func (b *bench) isGone(name string) {
	b.t.Helper()
	if b.Guest.Exists(name) {
		b.t.Errorf("%s is still there", name)
	}
}

// retried says whether err lets svc.startd try again.
func retried(err error) bool {
	mark := reflect.New(reflect.TypeOf(agent.Retry(fs.ErrInvalid)))
	return errors.As(err, mark.Interface())
}

// TestOnce: a script runs until it has succeeded, with its own environment, and
// then never again on its own.
func TestOnce(t *testing.T) {
	b := newBench(t, `
echo run >>"$HOME/runs"
echo "HOME=$HOME USER=$USER LOGNAME=$LOGNAME SHELL=$SHELL LC_ALL=$LC_ALL PATH=$PATH SMF=$SMF_FMRI"
echo "dir=$PWD umask=$(umask) input=$(/bin/cat | /usr/bin/wc -c)"
echo "group=$(/bin/ps -o pgid= -p $$ | /usr/bin/tr -d ' ') self=$$"
/bin/ls -ld "$0" "${0%/*}"
echo to stderr >&2
`)
	t.Setenv("SMF_FMRI", "svc:/system/metadata/userscript:default")
	root := b.Guest.Root
	b.mustRun()
	said := b.said.String()
	for _, want := range []string{
		fmt.Sprintf("HOME=%[1]s/root USER=root LOGNAME=root SHELL=%[1]s/sbin/sh LC_ALL=C PATH=%[1]s/usr/sbin:%[1]s/usr/bin:%[1]s/sbin SMF=\n", root),
		fmt.Sprintf("dir=%s/root umask=0022 input=0\n", root),
		"to stderr\n", "-rwx------", "drwx------",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("no %q in the log:\n%s", want, said)
		}
	}
	var group, self int
	if i := strings.Index(said, "group="); i >= 0 {
		fmt.Sscanf(said[i:], "group=%d self=%d", &group, &self)
	}
	if group == 0 || group != self {
		t.Errorf("process group %d of process %d", group, self)
	}
	if got := b.read(outputFile); got != said {
		t.Errorf("%s: %q, want %q", outputFile, got, said)
	}
	if info, err := os.Stat(b.Guest.Host(outputFile)); err != nil || info.Mode() != 0o600 {
		t.Errorf("%s: %v %v", outputFile, info.Mode(), err)
	}
	rec := b.record()
	if rec.State != complete || rec.Attempts != 1 || rec.Status != 0 || rec.Result != "exit status 0" ||
		rec.Instance != "i-1" || rec.Digest != "d" || rec.Started.IsZero() || rec.Ended.Before(rec.Started) {
		t.Errorf("record %+v", rec)
	}
	b.isGone(scriptFile)

	b.mustRun() // the next boot
	if got := b.read("/root/runs"); got != "run\n" {
		t.Errorf("the script ran again: %q", got)
	}
	b.w.again = true // svcadm restart
	b.mustRun()
	if got := b.read("/root/runs"); got != "run\nrun\n" {
		t.Errorf("the script did not run again: %q", got)
	}
	b.w.again, b.w.instance = false, "i-2" // a clone
	b.mustRun()
	if got := b.read("/root/runs"); got != "run\nrun\nrun\n" || b.record().Instance != "i-2" {
		t.Errorf("the script did not run for the new instance: %q, record %+v", got, b.record())
	}
}

// TestRecordedBeforeStart: the script finds itself recorded (S5).
func TestRecordedBeforeStart(t *testing.T) {
	b := newBench(t, `read -r all <"$HOME/../var/metadata/applied/userscript.json"; while read -r l; do echo "$l"; done <"$HOME/../var/metadata/applied/userscript.json"`)
	b.mustRun()
	var rec record
	if err := json.Unmarshal(b.said.Bytes(), &rec); err != nil {
		t.Fatalf("%v in %s", err, &b.said)
	}
	if rec.State != running || rec.Attempts != 1 || rec.Instance != "i-1" {
		t.Errorf("while it runs, the record is %+v", rec)
	}
}

// TestNoRecordNoStart: a start that cannot be recorded does not happen.
func TestNoRecordNoStart(t *testing.T) {
	b := newBench(t, `echo ran >"$HOME/ran"`)
	if err := os.RemoveAll(b.Guest.Host("/var/metadata/applied")); err != nil {
		t.Fatal(err)
	}
	if err := b.run(context.Background()); err == nil || retried(err) {
		t.Errorf("run: %v, want a final error", err)
	}
	b.isGone("/root/ran")
	b.isGone(scriptFile)
}

// TestFailure: svc.startd tries again until the attempts are used up.
func TestFailure(t *testing.T) {
	b := newBench(t, `echo run >>"$HOME/runs"; exit 3`)
	for attempt := int64(1); attempt <= 3; attempt++ {
		err := b.run(context.Background())
		if err == nil || !strings.Contains(err.Error(), "exit status 3") {
			t.Fatalf("attempt %d: %v", attempt, err)
		}
		if retried(err) != (attempt < 3) {
			t.Errorf("attempt %d: retried %v: %v", attempt, retried(err), err)
		}
		if rec := b.record(); rec.State != failed || rec.Attempts != attempt || rec.Status != 3 {
			t.Errorf("attempt %d: record %+v", attempt, rec)
		}
		b.isGone(scriptFile)
	}
	if err := b.run(context.Background()); err == nil || retried(err) || !strings.Contains(err.Error(), "config/max_attempts") {
		t.Errorf("after the last attempt: %v", err)
	}
	if got := b.read("/root/runs"); got != "run\nrun\nrun\n" {
		t.Errorf("runs: %q", got)
	}
}

// TestKilledScript: any other signal than SIGTERM is a failure.
func TestKilledScript(t *testing.T) {
	b := newBench(t, `kill -KILL $$`)
	if err := b.run(context.Background()); !retried(err) || !strings.Contains(err.Error(), "killed by signal 9") {
		t.Errorf("run: %v", err)
	}
	if rec := b.record(); rec.State != failed || rec.Status != -1 {
		t.Errorf("record %+v", rec)
	}
}

// TestTimeLimit: SIGTERM to the group, and SIGKILL to what does not heed it.
func TestTimeLimit(t *testing.T) {
	b := newBench(t, `
(trap '' TERM; echo $$ >"$HOME/pid"; exec /bin/sleep 60) &
trap 'echo asked to end; exit 0' TERM
while :; do wait; done`)
	b.w.limits.script = 300 * time.Millisecond
	err := b.run(context.Background())
	if err == nil || retried(err) || !strings.Contains(err.Error(), "did not end within 300ms") {
		t.Errorf("run: %v", err)
	}
	if !strings.Contains(b.said.String(), "asked to end") {
		t.Errorf("the script had no SIGTERM: %q", &b.said)
	}
	if rec := b.record(); rec.State != failed || rec.Attempts != 1 {
		t.Errorf("record %+v", rec)
	}
}

// TestOwnDeadline: the time limit of the whole run ends the script too.
func TestOwnDeadline(t *testing.T) {
	b := newBench(t, `exec /bin/sleep 60`)
	ctx, cancel := context.WithTimeoutCause(context.Background(), 200*time.Millisecond, fmt.Errorf("not done within 200ms"))
	defer cancel()
	err := b.run(ctx)
	if err == nil || retried(err) || !strings.Contains(err.Error(), "not done within 200ms") {
		t.Errorf("run: %v", err)
	}
	if rec := b.record(); rec.State != failed {
		t.Errorf("record %+v", rec)
	}
	b.isGone(scriptFile)
}

// TestReboot: a script that takes the machine down counts as complete (S5),
// whether SIGTERM comes to us first or to the script.
func TestReboot(t *testing.T) {
	for name, script := range map[string]string{
		"ours first":                `echo now >"$HOME/now"; exec /bin/sleep 60`,
		"the script's first":        `echo now >"$HOME/now"; kill -TERM $$`,
		"a command's first":         `echo now >"$HOME/now"; /bin/sh -c 'kill -TERM $$'; exit $?`,
		"the script heeds no other": `trap '' TERM; echo now >"$HOME/now"; exec /bin/sleep 2`,
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, script)
			b.w.limits.shutdown = 10 * time.Second
			ctx, sigterm := context.WithCancel(context.Background())
			go func() {
				for !b.Guest.Exists("/root/now") {
					time.Sleep(time.Millisecond)
				}
				time.Sleep(20 * time.Millisecond)
				sigterm()
			}()
			if err := b.run(ctx); err != nil {
				t.Errorf("run: %v", err)
			}
			if rec := b.record(); rec.State != complete || !strings.Contains(rec.Result, "went down") {
				t.Errorf("record %+v", rec)
			}
			b.isGone(scriptFile)
			os.Remove(b.Guest.Host("/root/now"))
			b.mustRun() // after the reboot
			b.isGone("/root/now")
		})
	}
}

// TestTerminatedAlone: SIGTERM to the script, with none to us, is a failure.
func TestTerminatedAlone(t *testing.T) {
	b := newBench(t, `kill -TERM $$`)
	if err := b.run(context.Background()); !retried(err) || !strings.Contains(err.Error(), "killed by signal 15") {
		t.Errorf("run: %v", err)
	}
}

// TestToldToEndBefore: no attempt is made when the machine goes down already.
func TestToldToEndBefore(t *testing.T) {
	b := newBench(t, `echo ran >"$HOME/ran"`)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := b.run(ctx); err == nil {
		t.Error("run: no error")
	}
	b.isGone("/root/ran")
	b.isGone("/var/metadata/applied/userscript.json")
	b.isGone(scriptFile)
}

// TestCutOff: after a crash the script is started again, and what the crash
// left is removed even where nothing is to be run.
func TestCutOff(t *testing.T) {
	b := newBench(t, `echo run >>"$HOME/runs"`)
	if err := b.WriteRecord(record{Instance: "i-1", Digest: "d", State: running, Attempts: 1}); err != nil {
		t.Fatal(err)
	}
	write(t, b, scriptFile, "#!/bin/sh\necho half >>$HOME/runs\n")
	b.mustRun()
	if rec := b.record(); b.read("/root/runs") != "run\n" || rec.Attempts != 2 || rec.State != complete {
		t.Errorf("runs %q, record %+v", b.read("/root/runs"), rec)
	}
	write(t, b, scriptFile, "#!/bin/sh\necho half >>$HOME/runs\n")
	b.mustRun()
	b.isGone(scriptFile)
}

func write(t *testing.T, b *bench, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(b.Guest.Host(name)), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(b.Guest.Host(name), []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
}

// TestForeignScript: the script that the earlier agent left is not run, for
// whatever instance (S3, S4), and does not stand in the way of ours.
func TestForeignScript(t *testing.T) {
	b := newBench(t, `echo ours >>"$HOME/runs"`)
	write(t, b, scriptDir, "#!/bin/sh\necho theirs >>"+b.Guest.Host("/root/runs")+"\n")
	w := b.w
	b.w.digest, b.w.script = "", nil
	b.mustRun()
	b.w = w
	b.mustRun()
	if got := b.read("/root/runs"); got != "ours\n" {
		t.Errorf("runs: %q", got)
	}
}

// TestDryRun changes nothing.
func TestDryRun(t *testing.T) {
	b := newBench(t, `echo ran >"$HOME/ran"`)
	b.DryRun = true
	b.mustRun()
	b.isGone("/root/ran")
	b.isGone(scriptDir)
	b.isGone("/var/metadata/applied/userscript.json")
}

// TestNoInterpreter names the reason; svc.startd does not try again at once.
func TestNoInterpreter(t *testing.T) {
	b := newBench(t, "")
	b.w.script = []byte("#!/no/such/program\n")
	if err := b.run(context.Background()); err == nil || retried(err) || !strings.Contains(err.Error(), "interpreter") {
		t.Errorf("run: %v", err)
	}
	if rec := b.record(); rec.State != failed || rec.Attempts != 1 {
		t.Errorf("record %+v", rec)
	}
}

// TestCarriageReturns: a script written on another system runs, and the log
// says what was done to it.
func TestCarriageReturns(t *testing.T) {
	b := newBench(t, "")
	b.w.script = []byte("#!/bin/sh\r\necho fine\r\n")
	b.mustRun()
	if b.said.String() != "fine\n" || !strings.Contains(b.log.String(), "CR LF") {
		t.Errorf("output %q, log %s", &b.said, &b.log)
	}
}

// TestSecret: the script itself is not in our log (S1).
func TestSecret(t *testing.T) {
	b := newBench(t, "# hunter2\nexit 1\n")
	err := b.run(context.Background())
	if strings.Contains(b.log.String()+err.Error(), "hunter2") {
		t.Errorf("the log quotes the script: %s%v", &b.log, err)
	}
}

// TestHomeless: without /root the script works in /.
func TestHomeless(t *testing.T) {
	b := newBench(t, `echo "$HOME $PWD"`)
	if err := os.RemoveAll(b.Guest.Host("/root")); err != nil {
		t.Fatal(err)
	}
	b.mustRun()
	if got, want := b.said.String(), fmt.Sprintf("%[1]s/ %[1]s\n", b.Guest.Root); got != want {
		t.Errorf("home and directory %q, want %q", got, want)
	}
}
