// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package illumos

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"illumos-metadata/common/guest"
)

const zpool = "/sbin/zpool"

// A Pool is what zpool list says about one pool.
type Pool struct {
	Name   string
	Health string // ONLINE, DEGRADED, FAULTED, …
	Size   uint64 // bytes; 0 if the pool is not there to be measured
	Expand uint64 // bytes that the pool could grow by, as the kernel counts it
	Vdevs  []Vdev // of all levels, in the order of the listing
}

// A Vdev is a virtual device of a pool. The listing does not tell a mirror's
// members from the next device beside the mirror.
type Vdev struct {
	Name   string // c1t0d0 is a whole disk, c1t0d0s0 a slice; also mirror, raidz1
	Class  string // logs, cache, spare, special or dedup; empty for data
	Health string // ONLINE, …; AVAIL and INUSE of spares
}

// ReadPool gives the pool of that name.
func ReadPool(ctx context.Context, g *guest.Guest, name string) (Pool, error) {
	out, err := g.Run(ctx, zpool, "list", "-Hpv", name)
	if err != nil {
		return Pool{}, err
	}
	p, err := parsePool(out)
	if err == nil && p.Name != name {
		err = fmt.Errorf("zpool list: pool %.100q, but %.100q was asked for", p.Name, name)
	}
	return p, err
}

// parsePool reads the 11 columns of a pool, and after it the lines of its
// devices: a tab before the name, and no altroot. A class of devices has a
// heading, which a blank begins even under -H (zpool_main.c, print_list_stats).
func parsePool(out []byte) (Pool, error) {
	var p Pool
	class := ""
	err := eachLine("zpool list", out, func(line string) error {
		f := strings.Split(line, "\t")
		switch {
		case p.Name == "":
			return p.read(f)
		case strings.HasPrefix(line, " "):
			heading := strings.Fields(line)
			if len(heading) == 0 {
				return errors.New("neither a device nor a heading")
			}
			class = heading[0]
			return nil
		case f[0] != "":
			return errors.New("a second pool")
		}
		if err := count(f, 11); err != nil {
			return err
		}
		// The numbers are left alone: they are exact since illumos 13678 only.
		v := Vdev{Name: f[1], Class: class, Health: f[10]}
		if v.Name == "" || v.Health == "" {
			return errors.New("a device without name or health")
		}
		p.Vdevs = append(p.Vdevs, v)
		return nil
	})
	if err == nil && p.Name == "" {
		err = errors.New("zpool list: no pool")
	}
	return p, err
}

// read reads the line of the pool itself.
func (p *Pool) read(f []string) error {
	err := count(f, 11)
	if err != nil {
		return err
	}
	if f[0] == "" || f[9] == "" {
		return errors.New("a pool without name or health")
	}
	if p.Size, err = number(f[1]); err != nil {
		return fmt.Errorf("size: %w", err)
	}
	if p.Expand, err = number(f[5]); err != nil {
		return fmt.Errorf("expandsize: %w", err)
	}
	p.Name, p.Health = f[0], f[9]
	return nil
}

// PoolGUID gives a pool's GUID in decimal.
func PoolGUID(ctx context.Context, g *guest.Guest, name string) (string, error) {
	out, err := g.Run(ctx, zpool, "get", "-Hp", "-o", "value", "guid", name)
	if err != nil {
		return "", err
	}
	return parsePoolGUID(out)
}

func parsePoolGUID(out []byte) (string, error) {
	guid, err := single("zpool get", out)
	if err != nil {
		return "", err
	}
	if n, err := unsigned(guid, 10, 64); err != nil || n == 0 {
		return "", fmt.Errorf("zpool get: line 1, %.100q: no GUID", guid)
	}
	return guid, nil
}
