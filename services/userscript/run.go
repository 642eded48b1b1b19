// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"syscall"
	"time"

	"illumos-metadata/common/agent"
	"illumos-metadata/common/guest"
)

// once starts the script if it is due, and records how it ended.
func once(ctx context.Context, a *agent.Agent, rec record, w want, log io.Writer) error {
	t, err := decide(rec, w, time.Now())
	if err != nil {
		return err
	}
	if t.note != "" {
		a.Log.Warn(t.note)
	}
	if t.start {
		return start(ctx, a, *t.record, w, log)
	}
	a.Log.Info("nothing to do", "reason", t.nothing)
	if a.Guest.Exists(scriptFile) {
		err = a.Apply(ctx, []guest.Step{removal("remove the script of a run that was cut off")})
	}
	if t.record != nil {
		err = agent.Join(err, a.WriteRecord(t.record))
	}
	return err
}

// start puts the script in its place, runs it and removes it.
func start(ctx context.Context, a *agent.Agent, rec record, w want, log io.Writer) error {
	foreign, err := foreignScript(a)
	if err != nil {
		return err
	}
	data, converted := executable(w.script)
	if converted {
		a.Log.Warn("the lines of the script end in CR LF: it runs with LF")
	}
	before, run := preparation(data, foreign), guest.Step{
		Why: fmt.Sprintf("run the script, attempt %d of %d", rec.Attempts, w.maxAttempts), Argv: []string{scriptFile}}
	after := removal("remove the script")
	if a.DryRun {
		return a.Apply(ctx, append(before, run, after))
	}
	if err = a.Apply(ctx, before); err == nil {
		a.Log.Info(run.Why, "step", run.String(), "limit", w.limits.script)
		err = attempt(ctx, a, rec, w, log)
	}
	// Our time may be up, but not for this.
	return agent.Join(err, a.Apply(context.WithoutCancel(ctx), []guest.Step{after}))
}

// attempt runs the script, with its record written before and after.
func attempt(ctx context.Context, a *agent.Agent, rec record, w want, log io.Writer) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err := a.WriteRecord(rec); err != nil {
		return err
	}
	o := execute(ctx, a, w.limits, log)
	rec.Ended, rec.Status, rec.Result, rec.State = time.Now(), o.status, o.result, failed
	if o.complete {
		rec.State = complete
	}
	err := a.WriteRecord(rec)
	a.Log.Info("the script has ended", "result", o.result, "took", rec.Ended.Sub(rec.Started).Round(time.Millisecond),
		"output", outputFile)
	return agent.Join(verdict(rec, o, w), err)
}

// verdict says what svc.startd is to make of the outcome.
func verdict(rec record, o outcome, w want) error {
	err := fmt.Errorf("script: %s (attempt %d of %d; output in %s)", o.result, rec.Attempts, w.maxAttempts, outputFile)
	switch {
	case o.complete:
		return nil
	case o.final:
		return err
	case rec.Attempts >= w.maxAttempts:
		return exhausted(rec)
	}
	return agent.Retry(err)
}

// An outcome is how one run of the script ended.
type outcome struct {
	status   int // exit status; -1 if there is none
	result   string
	complete bool
	final    bool // trying again at once would not help
}

func stopped(why error) outcome { return outcome{status: -1, result: why.Error(), final: true} }

// execute starts the script and waits for its end, its time limit or the end of
// the machine, while its output goes to the log.
func execute(ctx context.Context, a *agent.Agent, l limits, log io.Writer) outcome {
	file, err := a.Guest.Create(outputFile)
	if err != nil {
		return stopped(err)
	}
	defer file.Close()
	env, dir := environment(a.Guest)
	p, err := a.Guest.Start(guest.Job{Argv: []string{scriptFile}, Env: env, Dir: dir, Output: file})
	if errors.Is(err, fs.ErrNotExist) {
		return stopped(errors.New("the interpreter that its first line names is not there"))
	}
	if err != nil {
		return stopped(err)
	}
	out := &output{file: file, log: log}
	o := watch(ctx, p, out, l)
	if err := out.finish(); err != nil {
		a.Log.Warn("the output is kept as it is", "reason", err)
	}
	return o
}

// watch waits for the end of the script, of its time, or of the machine.
func watch(ctx context.Context, p *guest.Process, out *output, l limits) outcome {
	limited, cancel := context.WithTimeoutCause(ctx, l.script, fmt.Errorf("terminated, since it did not end within %v", l.script))
	defer cancel()
	err := out.follow(limited, p.Done)
	switch {
	case err == nil:
		return ended(ctx, p, l.shutdown)
	case goingDown(ctx):
		p.Signal(syscall.SIGTERM) // it has had the same, if the machine goes down
		return rebooted()
	}
	p.Signal(syscall.SIGTERM)
	grace, cancel := context.WithTimeout(context.Background(), l.grace)
	defer cancel()
	out.follow(grace, p.Done)
	p.Signal(syscall.SIGKILL)
	<-p.Done
	return stopped(err)
}

// goingDown says whether this program was told to end, which happens when the
// machine goes down: svcadm(8) lets a start method finish.
func goingDown(ctx context.Context) bool { return errors.Is(ctx.Err(), context.Canceled) }

func rebooted() outcome {
	return outcome{status: -1, complete: true, result: "the machine went down while it ran, which counts as complete"}
}

// ended judges a script that ended by itself or by a signal. SIGTERM may be the
// first sign that the machine goes down: ours comes at the same time.
func ended(ctx context.Context, p *guest.Process, wait time.Duration) outcome {
	status, killed := p.Exit()
	o := outcome{status: status, result: fmt.Sprintf("exit status %d", status), complete: status == 0}
	if killed != 0 {
		o.result = fmt.Sprintf("killed by signal %d (%v)", killed, killed)
	}
	// A shell passes on the signal that ended its last command as 128 + n, and
	// ksh93 as 256 + n, of which an exit status keeps n.
	if term := syscall.SIGTERM; killed != term && status != 128+int(term) && status != int(term) {
		return o
	}
	select {
	case <-ctx.Done():
	case <-time.After(wait):
	}
	if goingDown(ctx) {
		return rebooted()
	}
	return o
}

// environment is the script's own: nothing of svc.startd's is in it.
func environment(g *guest.Guest) (env []string, dir string) {
	dir = "/root"
	if info, err := g.Stat(dir); err != nil || !info.IsDir() {
		dir = "/"
	}
	return append(g.Environment(), "HOME="+g.Host(dir), "USER=root", "LOGNAME=root", "SHELL="+g.Host("/sbin/sh")), dir
}
