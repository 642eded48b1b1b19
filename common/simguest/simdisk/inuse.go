// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simdisk

import (
	"fmt"
	"os"
	"strings"

	"illumos-metadata/common/simguest/world"
)

// noCheck says whether the caller has switched the check for use off
// (libdiskmgt.h, NOINUSE_SET: any value does).
func noCheck(c *world.Call) bool {
	for _, e := range c.Env {
		if strings.HasPrefix(e, "NOINUSE_CHECK=") {
			return true
		}
	}
	return false
}

// inUse is libdiskmgt's dm_inuse: why a slice should not be written, one line
// for each use, or "". It knows slices of disks only: neither volumes, nor the
// nodes that stand for a whole disk.
func (s *state) inUse(c *world.Call, node string) string {
	if noCheck(c) {
		return ""
	}
	why := ""
	for i := range s.Pools {
		p := &s.Pools[i]
		for _, v := range p.all() {
			switch {
			case v.Path != node:
			case p.top(v).Class == "spare":
				why += fmt.Sprintf("%s is reserved as a hot spare for ZFS pool %s.  Please see zpool(8).\n", node, p.Name)
			default:
				why += fmt.Sprintf("%s is part of active ZFS pool %s. Please see zpool(8).\n", node, p.Name)
			}
		}
	}
	if on := mountPoint(c.World, "/etc/mnttab", node, 1); on != "" {
		why += fmt.Sprintf("%s is currently mounted on %s. Please see umount(8).\n", node, on)
	} else if on := mountPoint(c.World, "/etc/vfstab", node, 2); on != "" {
		why += fmt.Sprintf("%s is normally mounted on %s according to /etc/vfstab. Please remove this entry to use this device.\n", node, on)
	}
	return why
}

// all are all leaves of a pool.
func (p *pool) all() (leaves []*vdev) {
	for i := range p.Vdevs {
		v := &p.Vdevs[i]
		if len(v.Children) == 0 {
			leaves = append(leaves, v)
		}
		for j := range v.Children {
			leaves = append(leaves, &v.Children[j])
		}
	}
	return leaves
}

// mountPoint looks a device up in a table whose field number at is the mount
// point.
func mountPoint(w *world.World, table, node string, at int) string {
	b, err := os.ReadFile(w.Path(table))
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(b)) {
		f := strings.Fields(line)
		if len(f) > at && f[0] == node && strings.HasPrefix(f[at], "/") {
			return f[at]
		}
	}
	return ""
}

// blockName and rawName are the two spellings of a node (libadm,
// getfullblkname and getfullrawname).
func blockName(path string) string { return strings.Replace(path, "/rdsk/", "/dsk/", 1) }
func rawName(path string) string {
	if strings.Contains(path, "/rdsk/") {
		return path
	}
	return strings.Replace(path, "/dsk/", "/rdsk/", 1)
}
