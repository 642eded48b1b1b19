// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simdisk

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"

	"illumos-metadata/common/simguest/world"
)

// zpoolOnline is zpool online (zpool_main.c, zpool_do_online).
func zpoolOnline(c *world.Call, s *state, args []string) int {
	g := world.Getopt{Args: args, Spec: "et"}
	expand := false
	for opt, ok := g.Next(); ok; opt, ok = g.Next() {
		if opt != 'e' {
			c.Errorf("invalid option '%c'\n", g.Letter)
			return zpoolUsage(c.Stderr, "online")
		}
		expand = true
	}
	if len(g.Args) < 2 {
		c.Errorf("missing %s name\n", []string{"pool", "device"}[len(g.Args)])
		return zpoolUsage(c.Stderr, "online")
	}
	p := openPool(c, s, g.Args[0])
	if p == nil {
		return 1
	}
	status := 0
	for _, name := range g.Args[1:] {
		v, err := s.online(c.World, p, name, expand)
		switch {
		case p.Suspended:
			return hang
		case err != nil:
			c.Errorf("cannot %s %s: %v\n", map[bool]string{false: "online", true: "expand"}[expand], name, err)
			status = 1
		default:
			warnFaulted(c, v, name)
		}
	}
	return status
}

// warnFaulted says what a device that stays bad needs; on standard output, and
// without a bad status.
func warnFaulted(c *world.Call, v *vdev, name string) {
	if v.State == "ONLINE" {
		return
	}
	c.Printf("warning: device '%s' onlined, but remains in faulted state\n", name)
	if v.State == "FAULTED" {
		c.Printf("use 'zpool clear' to restore a faulted device\n")
		return
	}
	c.Printf("use 'zpool replace' to replace devices that are no longer present\n")
}

// online brings a device online and, if asked, makes it use all of its disk
// (libzfs_pool.c, zpool_vdev_online; vdev.c, vdev_online). Errors are libzfs's
// texts.
func (s *state) online(w *world.World, p *pool, name string, expand bool) (*vdev, error) {
	leaf := p.leaf(name)
	if leaf == nil {
		return nil, errors.New("no such device in pool")
	}
	top := p.top(leaf)
	if top.Class == "spare" {
		return nil, errors.New("device is reserved as a hot spare")
	}
	if expand || p.Autoexpand {
		if top.Class == "cache" {
			return nil, errors.New("cannot expand cache devices")
		}
		if err := s.relabel(w, p, leaf); err != nil || p.Suspended {
			return nil, err
		}
	}
	switch {
	case s.Zone:
		return nil, errors.New("permission denied")
	case p.ReadOnly:
		return nil, errors.New("pool is read-only")
	}
	if leaf.State == "OFFLINE" || leaf.State == "REMOVED" {
		leaf.State = "UNAVAIL" // until it is opened
	}
	s.open(w, top, func(v *vdev) bool { return p.Autoexpand || expand && v == leaf })
	return leaf, nil
}

// relabel is zpool_relabel_disk: it gives all of a whole disk to the pool. On
// an old gate the open that follows a written label fails, and with it the pool.
func (s *state) relabel(w *world.World, p *pool, leaf *vdev) error {
	if !leaf.Whole {
		return nil
	}
	node, ok := s.device(w, leaf.Path)
	short := strings.TrimPrefix(leaf.Path, "/dev/dsk/")
	var m *medium
	var err error
	if ok {
		m, err = node.disk.open(w)
	}
	if !ok || err != nil {
		return fmt.Errorf("cannot relabel '%s': unable to open device", short)
	}
	defer m.close()
	wrote, err := useWholeDisk(m, s.Gate)
	if err != nil && !errors.Is(err, errVTNoSpace) {
		return fmt.Errorf("cannot relabel '%s': unable to read disk capacity", short)
	}
	p.Suspended = wrote && s.Gate == GateHang
	return nil
}

// top is the top-level vdev that a leaf is, or is in.
func (p *pool) top(leaf *vdev) *vdev {
	for i := range p.Vdevs {
		v := &p.Vdevs[i]
		if v == leaf {
			return v
		}
		for j := range v.Children {
			if &v.Children[j] == leaf {
				return v
			}
		}
	}
	return nil
}

// failed is the status of functions whose -1 main returns as it is.
const failed = 255

// zpoolReguid is zpool reguid (zpool_do_reguid; spa.c, spa_change_guid_check).
func zpoolReguid(c *world.Call, s *state, args []string) int {
	p, status := onePool(c, s, "reguid", args)
	if p == nil {
		return status
	}
	why := ""
	switch {
	case s.Zone:
		why = "permission denied"
	case p.ReadOnly:
		why = "pool is read-only"
	case p.health() != "ONLINE":
		why = "one or more devices is currently unavailable"
	case p.Checkpoint == "exists":
		why = "checkpoint exists"
	case p.Checkpoint == "discarding":
		why = "currently discarding checkpoint"
	}
	if why != "" {
		c.Errorf("cannot reguid '%s': %s\n", p.Name, why)
		return failed
	}
	p.GUID = rand.Uint64()
	return 0
}

// zpoolReopen is zpool reopen (zpool_do_reopen).
func zpoolReopen(c *world.Call, s *state, args []string) int {
	p, status := onePool(c, s, "reopen", args)
	if p == nil {
		return status
	}
	if s.Zone {
		c.Errorf("cannot reopen '%s': permission denied\n", p.Name)
		return failed
	}
	s.reopen(c.World, p)
	return 0
}
