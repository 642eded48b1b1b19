// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"strings"

	"illumos-metadata/common/guest"
	"illumos-metadata/common/illumos"
)

// The files that this service shares with the administrator.
const (
	routerFile = "/etc/defaultrouter"
	staticFile = "/etc/inet/static_routes" // of route -p
	resolvFile = "/etc/resolv.conf"
	switchFile = "/etc/nsswitch.conf"
	agentFile  = "/etc/default/dhcpagent"
)

// fileMax is the largest file read.
const fileMax = 1 << 20

// A state is what the guest has.
type state struct {
	links     []illumos.Link // devices
	addresses []illumos.Address

	// What follows is read where more than DHCP is wanted, or was made.
	macs      map[string]string // by link
	inUse     map[string]bool   // links that IP or other links use
	datalinks []illumos.Datalink
	vlans     []illumos.VLAN
	aggrs     []illumos.Aggr
	routes    []illumos.Route
	router    []byte // files
	static    []byte
	resolv    []byte
	nsswitch  []byte
	dhcpagent []byte
}

// readState reads the links and the addresses, and the rest if more is asked
// for: one command each.
func readState(ctx context.Context, g *guest.Guest, more bool) (s state, err error) {
	if s.links, err = illumos.PhysLinks(ctx, g); err != nil {
		return s, err
	}
	if s.addresses, err = illumos.Addresses(ctx, g); err != nil || !more {
		return s, err
	}
	if s.macs, s.inUse, err = illumos.MACs(ctx, g); err != nil {
		return s, err
	}
	if s.datalinks, err = illumos.Datalinks(ctx, g); err != nil {
		return s, err
	}
	if s.vlans, err = illumos.VLANs(ctx, g); err != nil {
		return s, err
	}
	if err = s.readAggrs(ctx, g); err != nil {
		return s, err
	}
	if s.routes, err = illumos.Routes(ctx, g); err != nil {
		return s, err
	}
	for name, data := range map[string]*[]byte{
		routerFile: &s.router, staticFile: &s.static, resolvFile: &s.resolv, switchFile: &s.nsswitch,
		agentFile: &s.dhcpagent,
	} {
		if *data, err = g.ReadFile(name, fileMax); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return s, err
		}
	}
	return s, nil
}

// readAggrs reads the aggregations where the guest has any, and the addresses
// with which their ports came: in the place of those they show the aggregation's
// (uts/common/io/aggr/aggr_grp.c, aggr_grp_update_ports_mac()).
func (s *state) readAggrs(ctx context.Context, g *guest.Guest) (err error) {
	if !slices.ContainsFunc(s.datalinks, func(d illumos.Datalink) bool { return d.Class == "aggr" }) {
		return nil
	}
	if s.aggrs, err = illumos.Aggrs(ctx, g); err != nil {
		return err
	}
	for _, a := range s.aggrs {
		for _, port := range a.Ports {
			s.macs[port.Name] = port.MAC
		}
	}
	return nil
}

// nwam is the service that manages the network by itself where it is enabled.
const nwam = "svc:/network/physical:nwam"

// managed says whether NWAM is enabled.
func managed(ctx context.Context, g *guest.Guest) bool {
	props, err := illumos.Properties(ctx, g, nwam, "general")
	return err == nil && props["enabled"] == "true" // not every system has it
}

func (s state) has(object string) bool {
	return slices.ContainsFunc(s.addresses, func(r illumos.Address) bool { return r.Object == object })
}

func linkOf(object string) string {
	link, _, _ := strings.Cut(object, "/")
	return link
}

// hasLink says whether the guest has the device, or a link of another kind if
// these were read.
func (s state) hasLink(name string) bool {
	return slices.ContainsFunc(s.links, func(l illumos.Link) bool { return l.Name == name }) ||
		slices.ContainsFunc(s.datalinks, func(d illumos.Datalink) bool { return d.Name == name })
}

// on gives the addresses of one interface.
func (s state) on(link string) []illumos.Address {
	var rows []illumos.Address
	for _, r := range s.addresses {
		if strings.HasPrefix(r.Object, link+"/") {
			rows = append(rows, r)
		}
	}
	return rows
}

// adopted gives the address objects that the earlier agent made: it gave them
// the name that this service gives them too (metadata-agent, main.rs,
// ensure_ipv4_interface_dhcp).
func (s state) adopted() []string {
	var names []string
	for _, r := range s.addresses {
		if _, label, _ := strings.Cut(r.Object, "/"); r.Type == "dhcp" && label == "dhcp" {
			names = append(names, r.Object)
		}
	}
	return names
}
