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
	out, err := g.Run(ctx, "/sbin/dhcpinfo", "-i", link, "Router")
	if err != nil {
		return nil, err
	}
	var routers []netip.Addr
	err = eachLine("dhcpinfo Router", out, func(line string) error {
		addr, err := netip.ParseAddr(strings.TrimSpace(line))
		if err != nil {
			return errors.New("no address")
		}
		routers = append(routers, addr)
		return nil
	})
	return routers, err
}
