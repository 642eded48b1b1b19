// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

// Package agent is what the six services share and nothing more: the command
// line, the log, the deadline, the run mark, the applied record, carrying out a
// plan, and turning an error into an exit status that svc.startd understands.
// It does not know where metadata comes from.
package agent

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"illumos-metadata/common/guest"
	"illumos-metadata/common/metadata"
)

// Version is set by the linker.
var Version = "unknown"

const (
	runDir  = "/var/run/metadata"  // tmpfs: what is true for this boot
	keepDir = "/var/metadata"      // survives a reboot
	applied = keepDir + "/applied" // one record per service
	selfMax = 10 * time.Second     // wait for another run of the same service
	recMax  = 4 << 20              // largest record read
)

// An Agent is one run of one service.
type Agent struct {
	Service string
	Guest   *guest.Guest
	Log     *slog.Logger
	DryRun  bool // -n: print the plan and change nothing

	// Again: a run of this service came to its end in this boot, and SMF starts
	// no other by itself. An administrator asks for this one.
	Again bool

	settings map[string]string
	changes  int
}

// Exit statuses of smf_method(7).
const (
	exitOK     = 0
	exitError  = 1
	exitFatal  = 95
	exitConfig = 96
	exitNoSMF  = 99
	exitPerm   = 100
)

// Main is the main function of every service: it reads the command line, runs
// run within the service's time limit and exits with an SMF status. Settings
// are the names of the operands (name=value) that the service understands.
func Main(service string, run func(context.Context, *Agent) error, settings ...string) {
	flags := flag.NewFlagSet(service, flag.ContinueOnError)
	dry := flags.Bool("n", false, "print the plan and change nothing")
	verbose := flags.Bool("v", false, "log every command")
	force := flags.Bool("f", false, "change the guest although SMF did not start this")
	version := flags.Bool("version", false, "print the version")
	root := flags.String("root", "", "work on the guest in this `directory`")
	flags.Usage = func() {
		fmt.Fprintf(flags.Output(), "usage: %s [-n] [-v] [-f] [-root directory] [name=value ...]\nsettings: %s\n",
			service, strings.Join(settings, " "))
		flags.PrintDefaults()
	}
	switch err := flags.Parse(os.Args[1:]); {
	case errors.Is(err, flag.ErrHelp):
		os.Exit(exitOK)
	case err != nil:
		os.Exit(exitConfig)
	}
	if *version {
		fmt.Println(service, Version)
		os.Exit(exitOK)
	}

	level := slog.LevelInfo
	if *verbose {
		level = slog.LevelDebug
	}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
	a := &Agent{Service: service, Guest: guest.New(*root, log), Log: log, DryRun: *dry}
	if os.Getenv("SMF_FMRI") == "" && !*dry && !*force {
		log.Error("not started by SMF: use svcadm restart metadata/" + service + ", -n to see the plan, or -f to force it")
		os.Exit(exitNoSMF)
	}
	os.Exit(a.start(run, settings, flags.Args()))
}

// start does one run and gives its exit status.
func (a *Agent) start(run func(context.Context, *Agent) error, names, operands []string) int {
	began := time.Now()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	limit := guest.RunLimit(a.Service)
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("not done within %v", limit))
	defer cancel()

	err := a.set(names, operands)
	if err == nil {
		err = a.once(ctx, run)
	}
	took := time.Since(began).Round(time.Millisecond)
	if errors.Is(err, metadata.ErrNoSource) {
		a.Log.Info("nothing to do", "reason", err, "took", took)
		return exitOK
	}
	if err != nil {
		status := exitStatus(err)
		attrs := []any{"changes", a.changes, "took", took}
		if status != exitError && !a.DryRun { // SMF leaves it at that
			attrs = append(attrs, "remedy", "svcadm clear metadata/"+a.Service+" tries again")
		}
		a.Log.Error(err.Error(), attrs...)
		return status
	}
	a.Log.Info("done", "changes", a.changes, "took", took)
	return exitOK
}

// once runs the service, one run at a time, and leaves a mark for this boot when
// it has ended.
func (a *Agent) once(ctx context.Context, run func(context.Context, *Agent) error) error {
	if zone := a.zone(ctx); zone != "global" {
		a.Log.Info("nothing to do in a non-global zone", "zone", zone)
		return nil
	}
	mark := runDir + "/" + a.Service + ".done"
	if a.DryRun {
		a.Again = a.Guest.Exists(mark)
		return run(ctx, a)
	}
	for _, dir := range []string{runDir, keepDir, applied} {
		if err := a.Guest.MakeDir(dir, 0o700); err != nil {
			return err
		}
	}
	wait, cancel := context.WithTimeoutCause(ctx, selfMax, errors.New("another run of this service is under way"))
	defer cancel()
	unlock, err := a.Guest.Lock(wait, runDir+"/"+a.Service+".lock")
	if err != nil {
		return err
	}
	defer unlock()
	a.Again = a.Guest.Exists(mark)
	err = run(ctx, a)
	if !ended(ctx, err) {
		return err
	}
	if _, markErr := a.Guest.WriteFile(guest.File{Path: mark, Mode: 0o600}); markErr != nil {
		return Join(err, markErr)
	}
	return err
}

// ended says whether a run came to its end: SMF does not start another in this
// boot unless an administrator asks for it (svcadm restart, svcadm clear). One
// that was told to end did not, and one that svc.startd tries again did not.
func ended(ctx context.Context, err error) bool {
	var again retryable
	return err == nil || !errors.As(err, &again) && !errors.Is(ctx.Err(), context.Canceled)
}

// zone is the name of the zone that this process runs in; startd passes it.
func (a *Agent) zone(ctx context.Context) string {
	if z := os.Getenv("SMF_ZONENAME"); z != "" {
		return z
	}
	out, err := a.Guest.Run(ctx, "/sbin/zonename")
	if err != nil {
		a.Log.Warn("assuming the global zone", "reason", err)
		return "global"
	}
	return strings.TrimSpace(string(out))
}

// retryable marks an error for which trying again at once can help.
type retryable struct{ error }

func (r retryable) Unwrap() error { return r.error }

// Retry marks err so that the service exits 1 and svc.startd tries again at
// once; any other error but wrong metadata and missing privileges is final.
func Retry(err error) error {
	if err == nil {
		return nil
	}
	return retryable{err}
}

// exitStatus is the one table from errors to exit statuses.
func exitStatus(err error) int {
	var again retryable
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &again):
		return exitError
	case errors.Is(err, metadata.ErrInvalid):
		return exitConfig
	case errors.Is(err, fs.ErrPermission):
		return exitPerm
	}
	return exitFatal
}
