// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package illumos

import (
	"context"
	"errors"
	"slices"

	"illumos-metadata/common/guest"
)

// An Aggr is an aggregation of links.
type Aggr struct {
	Name   string
	Policy string // L2, L3, L4, or several of them with commas
	LACP   string // off, active or passive
	Timer  string // of LACP: short or long
	Ports  []Port // those that are there
}

// A Port is a link of an aggregation.
type Port struct {
	Name string
	MAC  string // the port's own, which show-phys does not show; "" if it has none
}

// Aggrs gives all aggregations. It takes two commands: each shows what the
// other does not.
func Aggrs(ctx context.Context, g *guest.Guest) ([]Aggr, error) {
	out, err := g.Run(ctx, "/sbin/dladm", "show-aggr", "-p", "-o", "link,policy,lacpactivity,lacptimer")
	if err != nil {
		return nil, err
	}
	all, err := parseAggrs(out)
	if err != nil {
		return nil, err
	}
	out, err = g.Run(ctx, "/sbin/dladm", "show-aggr", "-x", "-p", "-o", "link,port,address")
	if err != nil {
		return nil, err
	}
	return all, addPorts(all, out)
}

func parseAggrs(out []byte) ([]Aggr, error) {
	var all []Aggr
	err := eachLine("dladm show-aggr", out, func(line string) error {
		f, err := columns(line, 4)
		if err != nil {
			return err
		}
		if f[0] == "" {
			return errors.New("a link without a name")
		}
		all = append(all, Aggr{Name: f[0], Policy: f[1], LACP: f[2], Timer: f[3]})
		return nil
	})
	return all, err
}

// addPorts enters the ports. The first row of an aggregation is itself, without
// a port (cmd/dladm/dladm.c, print_aggr_extended()).
func addPorts(all []Aggr, out []byte) error {
	return eachLine("dladm show-aggr -x", out, func(line string) error {
		f, err := columns(line, 3)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(all, func(a Aggr) bool { return a.Name == f[0] })
		if i >= 0 && f[1] != "" {
			all[i].Ports = append(all[i].Ports, Port{f[1], canonicalMAC(f[2])})
		}
		return nil
	})
}
