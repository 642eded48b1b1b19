// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simdisk

import (
	"slices"
	"strings"

	"illumos-metadata/common/simguest/world"
)

// zfsDestroy is zfs destroy (zfs_main.c, zfs_do_destroy). Of file systems only
// the refusals are simulated.
func zfsDestroy(c *world.Call, s *state, args []string) int {
	g := world.Getopt{Args: args, Spec: "vpndfrR"}
	flags := map[byte]bool{}
	for opt, ok := g.Next(); ok; opt, ok = g.Next() {
		if opt == '?' {
			c.Errorf("invalid option '%c'\n", g.Letter)
			return zfsUsage(c.Stderr, "destroy")
		}
		flags[opt] = true
	}
	switch {
	case len(g.Args) == 0:
		c.Errorf("missing dataset argument\n")
		return zfsUsage(c.Stderr, "destroy")
	case len(g.Args) > 1:
		c.Errorf("too many arguments\n")
		return zfsUsage(c.Stderr, "destroy")
	case strings.ContainsAny(g.Args[0], "@#"), flags['d']:
		return notSimulated(c, "destroy of snapshots")
	}
	p, d := s.dataset(g.Args[0])
	if d == nil {
		c.Errorf("cannot open '%s': dataset does not exist\n", g.Args[0])
		return 1
	}
	if s.refuseDestroy(c, p, d, flags['r'] || flags['R']) {
		return 1
	}
	if !d.Volume {
		return notSimulated(c, "destroy of a file system")
	}
	if flags['v'] || flags['p'] {
		verb := map[bool]string{false: "will", true: "would"}[flags['n']]
		if flags['p'] {
			c.Printf("destroy\t%s\n", d.Name)
		} else {
			c.Printf("%s destroy %s\n", verb, d.Name)
		}
	}
	if flags['n'] {
		return 0
	}
	return s.destroyVolume(c, p, d)
}

// refuseDestroy says why the command does not even try.
func (s *state) refuseDestroy(c *world.Call, p *pool, d *dataset, recurse bool) bool {
	if recurse {
		return false
	}
	if d.Name == p.Name {
		c.Errorf("cannot destroy '%s': operation does not apply to pools\n", d.Name)
		c.Errorf("use 'zfs destroy -r %s' to destroy all datasets in the pool\n", d.Name)
		c.Errorf("use 'zpool destroy %s' to destroy the pool itself\n", d.Name)
		return true
	}
	var below []string
	for i := range p.Datasets {
		if p.Datasets[i].under(d.Name) {
			below = append(below, p.Datasets[i].Name)
		}
	}
	if below == nil {
		return false
	}
	c.Errorf("cannot destroy '%s': filesystem has children\n", d.Name)
	c.Errorf("use '-r' to destroy the following datasets:\n%s\n", strings.Join(below, "\n"))
	return true
}

// destroyVolume destroys a volume that nobody holds open: swap and dump do
// (dsl_destroy.c, dsl_destroy_head_check).
func (s *state) destroyVolume(c *world.Call, p *pool, d *dataset) int {
	why := ""
	switch {
	case s.Zone:
		why = "permission denied"
	case p.ReadOnly:
		why = "pool is read-only"
	case s.Dump == d.node(), slices.ContainsFunc(s.Swap, func(e Swap) bool { return e.Path == d.node() }):
		why = "dataset is busy"
	}
	if why != "" {
		c.Errorf("cannot destroy '%s': %s\n", d.Name, why)
		return 1
	}
	if err := p.remove(c.World, d); err != nil {
		c.Errorf("simulated guest: %v\n", err)
		return 127
	}
	return 0
}
