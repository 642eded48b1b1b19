// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simdisk

import (
	"io"
	"os"
	"strings"

	"illumos-metadata/common/simguest/world"
)

// errConfig is SMF_EXIT_ERR_CONFIG (lib/svc/share/smf_include.sh).
const errConfig = 96

// Methods are what the system's own services do to storage while it boots, by
// the path of the method. Those that are not here do nothing to it: all file
// systems are mounted, and the nodes of all disks are there from the start.
func Methods() map[string]world.Command {
	return map[string]world.Command{
		"/lib/svc/method/fs-usr":   changing(fsUsr),
		"/lib/svc/method/fs-local": changing(fsLocal),
	}
}

// fsUsr is system/filesystem/usr (cmd/svc/milestone/fs-usr): the dump device,
// if it is no swap, and swap that needs no mount.
func fsUsr(c *world.Call, s *state) int {
	conf, exists := readDumpConf(c.World)
	dedicated := strings.HasPrefix(conf.device, "/") && !inVfstab(c.World, conf.device)
	if _, isBlock := s.block(c.World, conf.device); exists && isBlock && dedicated && rootIsZFS(c.World) && !s.Zone {
		call := *c
		call.Name, call.Args = "dumpadm", []string{"-u"}
		if dumpadm(&call, s) != 0 {
			return errConfig
		}
	}
	call := *c
	call.Name, call.Args = "swapadd", []string{"-1"}
	swapadd(&call, s)
	return 0
}

// fsLocal is system/filesystem/local (cmd/svc/milestone/fs-local): the rest of
// swap, of which nothing is said.
func fsLocal(c *world.Call, s *state) int {
	call := *c
	call.Name, call.Args = "swapadd", nil
	call.Stdout, call.Stderr = io.Discard, io.Discard
	swapadd(&call, s)
	return 0
}

// rootIsZFS says whether / is on ZFS, by /etc/mnttab.
func rootIsZFS(w *world.World) bool {
	b, _ := os.ReadFile(w.Path("/etc/mnttab"))
	for line := range strings.Lines(string(b)) {
		if f := strings.Fields(line); len(f) > 2 && f[1] == "/" {
			return f[2] == "zfs"
		}
	}
	return false
}

// inVfstab says whether a device is swap by vfstab(5) (fs_include.sh,
// readswapdev).
func inVfstab(w *world.World, device string) bool {
	b, _ := os.ReadFile(w.Path("/etc/vfstab"))
	for line := range strings.Lines(string(b)) {
		if f := strings.Fields(line); len(f) > 3 && f[0] == device && f[3] == "swap" {
			return true
		}
	}
	return false
}
