// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

// Demo boots a simulated guest twice in front of the user: from the metadata
// volume that is named, or from one of its own. It runs the real programs,
// methods and manifests, and ends with 1 if a service failed or the second boot
// changed anything.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"illumos-metadata/common/simguest"
	"illumos-metadata/common/simguest/simdisk"
)

func main() {
	simguest.Main()
	if len(os.Args) > 2 {
		fmt.Fprintln(os.Stderr, "usage: demo [volume]")
		os.Exit(2)
	}
	volume, err := content(os.Args[1:])
	if err == nil {
		err = demo(volume)
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

// content gives the volume that the user names, or the sample.
func content(args []string) ([]byte, error) {
	if len(args) == 0 || args[0] == "" {
		return simguest.CPIO(sample), nil
	}
	return simguest.Volume(args[0])
}

// limit is for one boot.
const limit = 3 * time.Minute

// demo boots the guest twice.
func demo(volume []byte) error {
	dir, err := os.MkdirTemp("", "illumos-guest-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	g, err := build(dir, volume)
	if err != nil {
		return err
	}
	before, err := g.Snapshot()
	if err != nil {
		return err
	}
	title("Pool and swap before the first boot")
	storage(g)

	title("First boot")
	first, err := boot(g)
	if err != nil {
		return err
	}
	after, err := g.Snapshot()
	if err != nil {
		return err
	}
	title("Files that changed")
	files(before, after)
	title("Pool and swap after the first boot")
	storage(g)
	if err := first.halt(); err != nil {
		return err
	}

	title("Second boot")
	second, err := boot(g)
	if err != nil {
		return err
	}
	last, err := g.Snapshot()
	if err != nil {
		return err
	}
	changed := after.Diff(last)
	if changed == "" {
		fmt.Println("\nNothing has changed.")
	} else {
		fmt.Printf("\nThe second boot changed files:\n%s", changed)
	}
	if err := second.halt(); err != nil {
		return err
	}
	return errors.Join(first.failures(), second.failures(), unlessEmpty(changed))
}

func unlessEmpty(changed string) error {
	if changed == "" {
		return nil
	}
	return errors.New("the second boot changed something")
}

// build makes the guest with the suite installed and the volume in place. Its
// disk is larger than the image that was written to it, as in a cloud.
func build(dir string, volume []byte) (*simguest.Guest, error) {
	tree := filepath.Join(dir, "tree")
	cmd := exec.Command("make", "-s", "install", "DESTDIR="+tree, "GOOS=linux")
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("make install: %w", err)
	}
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	g, err := simguest.Build(filepath.Join(dir, "guest"), program, simguest.Default())
	if err != nil {
		return nil, err
	}
	if err := g.Install(tree); err != nil {
		return nil, err
	}
	return g, g.SetVolume(volume)
}

// A booted guest is up.
type booted struct {
	guest  *simguest.Guest
	system system
	show   *show
}

// system is the part of simsmf.System that the demo uses.
type system interface {
	Settle(context.Context) error
	Halt(context.Context) error
}

// boot boots the guest and shows what it does until nothing moves any more.
func boot(g *simguest.Guest) (*booted, error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	if err := g.World.ForgetCalls(); err != nil {
		return nil, err
	}
	s := newShow(g)
	system, err := g.Boot(context.Background(), false, s.event)
	if err != nil {
		return nil, err
	}
	if err := system.Settle(ctx); err != nil {
		return nil, errors.Join(err, system.Halt(context.Background()))
	}
	fmt.Println()
	g.Call(os.Stdout, "/usr/bin/svcs", "-o", "state,stime,fmri", "svc:/system/metadata/*")
	b := &booted{g, system, s}
	if b.failures() != nil {
		b.explain()
	}
	return b, nil
}

func (b *booted) halt() error {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	return b.system.Halt(ctx)
}

// failures names the services that are not online.
func (b *booted) failures() error {
	var bad []string
	for _, name := range b.show.order {
		if s := b.show.services[name]; s.state != "online" {
			bad = append(bad, name+" is in state "+s.state)
		}
	}
	if bad != nil {
		return errors.New(strings.Join(bad, ", "))
	}
	return nil
}

// explain shows what an administrator would look at after a failure.
func (b *booted) explain() {
	fmt.Println()
	b.guest.Call(os.Stdout, "/usr/bin/svcs", "-xv")
	for _, name := range b.show.order {
		if b.show.services[name].state == "online" {
			continue
		}
		log, err := os.ReadFile(b.guest.World.Path("/var/svc/log/system-metadata-" + name + ":default.log"))
		if err == nil {
			fmt.Printf("\nlog of metadata/%s:\n%s", name, log)
		}
	}
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
