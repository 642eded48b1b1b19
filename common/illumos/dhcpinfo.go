// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package illumos

import (
	"context"
	"errors"
	"net/netip"
	"strings"

	"illumos-metadata/common/guest"
)

// LeaseRouters gives the routers that the DHCP lease of an interface names. It
// is an error if there is no lease.
func LeaseRouters(ctx context.Context, g *guest.Guest, link string) ([]netip.Addr, error) {
	return leaseAddrs(ctx, g, link, "Router")
}

// LeaseNameServers gives the name servers that it names.
func LeaseNameServers(ctx context.Context, g *guest.Guest, link string) ([]netip.Addr, error) {
	return leaseAddrs(ctx, g, link, "DNSserv")
}

func leaseAddrs(ctx context.Context, g *guest.Guest, link, option string) ([]netip.Addr, error) {
	out, err := g.Run(ctx, "/sbin/dhcpinfo", "-i", link, option)
	if err != nil {
		return nil, err
	}
	var addrs []netip.Addr
	err = eachLine("dhcpinfo "+option, out, func(line string) error {
		addr, err := netip.ParseAddr(strings.TrimSpace(line))
		if err != nil {
			return errors.New("no address")
		}
		addrs = append(addrs, addr)
		return nil
	})
	return addrs, err
}
