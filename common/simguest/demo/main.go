// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

// Demo boots a simulated guest twice in front of the user: from the metadata
// volume that is named, on the platform that is, or from a volume of its own. It
// runs the real programs, methods and manifests, and ends with 1 if a service
// failed or the second boot changed anything.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"illumos-metadata/common/simguest"
	"illumos-metadata/common/simguest/platform"
	"illumos-metadata/common/simguest/simdisk"
)

func main() {
	simguest.Main()
	name := flag.String("platform", "", "the machine is on this one: "+platform.Names())
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: demo [-platform name | volume]")
		flag.PrintDefaults()
	}
	flag.Parse()
	p, err := choose(*name, flag.Args())
	if err == nil {
		err = demo(p)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

// sample are the files of the demo's own volume.
var sample = map[string][]byte{
	"nodename": []byte("web1.example.com\n"),
	"authorized_keys": []byte("# operations\n" +
		"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICvYBsl/DgCvGh/DMo+nY6kmlyPI24+sT5OvcdsYbW6Q alice@example.com\n" +
		"no-port-forwarding ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIG2N9j80sbaY1nmljEToRcN55XktyW4TR4LTP2exYzp bob@example.com\n"),
	"config.toml":  []byte("[network]\nskip = false\n"),
	"firstboot.sh": []byte("#!/bin/sh\necho \"first boot of $(hostname)\"\nswap -l\n"),
}

// choose gives the machine that the user wants.
func choose(name string, args []string) (platform.Platform, error) {
	volume := strings.Join(args, " ") // make passes an empty one
	switch {
	case name != "" && volume != "":
		return platform.Platform{}, errors.New("a platform has its own metadata: leave out the volume")
	case name != "":
		return platform.Named(name)
	}
	p := platform.Platform{Name: "qemu", About: "a CPIO archive on a disk, beside QEMU/KVM", Config: simguest.Default()}
	p.Volume = func() ([]byte, error) { return simguest.CPIO(sample), nil }
	if volume != "" {
		p.About = volume
		p.Volume = func() ([]byte, error) { return simguest.Volume(volume) }
	}
	return p, nil
}

// limit is for one boot.
const limit = 3 * time.Minute

// demo boots the guest twice.
func demo(p platform.Platform) error {
	dir, err := os.MkdirTemp("", "illumos-guest-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	g, done, err := build(dir, p)
	if err != nil {
		return err
	}
	defer done()
	fmt.Printf("platform: %s\nmetadata: %s\n", p.Name, p.About)
	title("Pool and swap before the first boot")
	storage(g)
	failed, err := boot(g, "First boot", func(before, after simguest.Snapshot) error {
		title("Files that changed")
		files(before, after)
		title("Pool and swap after the first boot")
		storage(g)
		return nil
	})
	if err != nil {
		return err
	}
	failedAgain, err := boot(g, "Second boot", func(before, after simguest.Snapshot) error {
		but := "."
		if p.Host != nil {
			but = ", but that the script has run again, as SmartOS wants it."
			forgetScript(before, after)
		}
		if changed := before.Diff(after); changed != "" {
			fmt.Printf("\nThe second boot changed files:\n%s", changed)
			return errors.New("the second boot changed something")
		}
		fmt.Println("\nNothing has changed" + but)
		return nil
	})
	return errors.Join(failed, failedAgain, err)
}

// forgetScript leaves out what notes that the script has run.
func forgetScript(all ...simguest.Snapshot) {
	for _, s := range all {
		maps.DeleteFunc(s, func(name, _ string) bool {
			return strings.HasPrefix(name, "/var/metadata/") && strings.Contains(name, "userscript")
		})
	}
}

// build makes the guest with the suite installed. Its disk is larger than the
// image that was written to it, as in a cloud.
func build(dir string, p platform.Platform) (g *simguest.Guest, done func(), err error) {
	tree := filepath.Join(dir, "tree")
	cmd := exec.Command("make", "-s", "install", "DESTDIR="+tree, "GOOS=linux")
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Run(); err != nil {
		return nil, nil, fmt.Errorf("make install: %w", err)
	}
	program, err := os.Executable()
	if err != nil {
		return nil, nil, err
	}
	return p.Build(filepath.Join(dir, "guest"), program, tree)
}

// boot boots the guest, shows what it does until nothing moves any more, and
// hands over the files before and after it. Failed names the services that are
// not online.
func boot(g *simguest.Guest, name string, done func(before, after simguest.Snapshot) error) (failed, err error) {
	title(name)
	before, err := g.Snapshot()
	if err == nil {
		err = g.World.ForgetCalls()
	}
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	s := newShow(g)
	system, err := g.Boot(context.Background(), false, s.event)
	if err != nil {
		return nil, err
	}
	if err := system.Settle(ctx); err != nil {
		return nil, errors.Join(err, system.Halt(ctx))
	}
	fmt.Println()
	g.Call(os.Stdout, "/usr/bin/svcs", "-o", "state,stime,fmri", "svc:/system/metadata/*")
	if failed = s.failures(); failed != nil {
		s.explain()
	}
	after, err := g.Snapshot()
	if err == nil {
		err = done(before, after)
	}
	return failed, errors.Join(err, system.Halt(ctx))
}

// storage shows pool and swap as an administrator would look at them.
func storage(g *simguest.Guest) {
	if pools, err := simdisk.Pools(g.World); err == nil {
		for _, p := range pools {
			g.Call(os.Stdout, "/sbin/zpool", "list", "-v", p.Name)
		}
	}
	g.Call(os.Stdout, "/usr/sbin/swap", "-l")
}

// title begins a part of the show.
func title(text string) {
	fmt.Printf("\n%s\n%s\n\n", bold(text), strings.Repeat("─", len(text)))
}
