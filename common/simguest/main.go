// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

// Package simguest is a simulated illumos guest, as strict as the real one: a
// directory with the guest's files, links in the place of its commands, and a
// boot under a simulated SMF that runs our real manifests, methods and
// programs. The packages beside it hold the parts: world (the ground), simdisk,
// simnet and simsmf, and each says what it simulates, from which source, and
// what is not known. Tests and the demo use it; nothing in the product knows
// that it exists.
package simguest

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"illumos-metadata/common/simguest/simdisk"
	"illumos-metadata/common/simguest/simnet"
	"illumos-metadata/common/simguest/simsmf"
	"illumos-metadata/common/simguest/world"
)

// Commands are all simulated commands by their path on the guest.
func Commands() map[string]world.Command {
	all := map[string]world.Command{"/usr/sbin/mdata-get": mdataGet, openVMTools: vmtoolsd}
	for _, part := range []map[string]world.Command{simdisk.Commands(), simnet.Commands(), simsmf.Commands()} {
		maps.Copy(all, part)
	}
	return all
}

// Main plays a simulated command and exits, if the process was started through
// the link in a guest that stands for it; otherwise it returns. A test binary
// calls it first in TestMain.
func Main() {
	started := os.Args[0]
	if !strings.Contains(started, "/") {
		if p, err := exec.LookPath(started); err == nil {
			started = p
		}
	}
	started, err := filepath.Abs(started)
	if err != nil {
		return
	}
	for path, command := range Commands() {
		root, ok := strings.CutSuffix(started, path)
		if !ok || !isGuest(root) {
			continue
		}
		call := &world.Call{
			World: &world.World{Root: root}, Name: filepath.Base(path), Args: os.Args[1:], Env: os.Environ(),
			Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		}
		os.Exit(call.Run(context.Background(), command))
	}
}

func isGuest(root string) bool {
	info, err := os.Stat(filepath.Join(root+"/", "sim"))
	return err == nil && info.IsDir()
}

// player is where a guest keeps the program that plays its commands.
const player = "/sim/player"

// install puts the player into the guest and a link to it in the place of every
// simulated command that the guest has. The links are relative: they hold in a
// chroot too.
func install(root, program string, c Config) error {
	if err := os.Link(program, filepath.Join(root, player)); err != nil {
		data, err := os.ReadFile(program) // it is on another file system
		if err != nil {
			return err
		}
		if err := file(root, player, 0o755, data); err != nil {
			return err
		}
	}
	for _, path := range slices.Sorted(maps.Keys(Commands())) {
		if path == openVMTools && !c.OpenVMTools {
			continue
		}
		at := filepath.Join(root, path)
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			return err
		}
		target, err := filepath.Rel(filepath.Dir(path), player)
		if err != nil {
			return err
		}
		if err := os.Symlink(target, at); err != nil {
			return fmt.Errorf("link %s: %w", path, err)
		}
	}
	return nil
}

// file writes one file of the guest, with its directory.
func file(root, name string, mode fs.FileMode, data []byte) error {
	at := filepath.Join(root, name)
	if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(at, data, 0o600); err != nil {
		return err
	}
	return os.Chmod(at, mode)
}
