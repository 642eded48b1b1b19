// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package illumos

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"

	"illumos-metadata/common/guest"
)

// A Route is an entry of the routing table.
type Route struct {
	To      netip.Prefix
	Via     netip.Addr // of a route without a gateway: an address of the guest's own
	Link    string     // that it is bound to; empty for none
	Gateway bool
}

// Routes gives the routing tables of IPv4 and IPv6.
func Routes(ctx context.Context, g *guest.Guest) ([]Route, error) {
	out, err := g.Run(ctx, "/usr/bin/netstat", "-rnv")
	if err != nil {
		return nil, err
	}
	return parseRoutes(out)
}

// parseRoutes reads what netstat.c, ire_report_item_v4 and ire_report_item_v6,
// print. A table is a title, a line with the names of its columns, one of
// dashes, and the rows.
func parseRoutes(out []byte) ([]Route, error) {
	var routes []Route
	var row func([]string) (Route, error)
	skip := 0
	err := eachLine("netstat -rnv", out, func(line string) error {
		switch {
		case line == "":
			row = nil
			return nil
		case skip > 0:
			skip--
			return nil
		case row == nil:
			row = map[string]func([]string) (Route, error){
				"IRE Table: IPv4": routeV4, "IRE Table: IPv6": routeV6,
			}[line]
			skip = 2
			if row == nil {
				return errors.New("no title of a routing table")
			}
			return nil
		}
		r, err := row(strings.Fields(line))
		if err == nil {
			routes = append(routes, r)
		}
		return err
	})
	return routes, err
}

// routeV4 reads destination, mask, gateway, device, largest packet, round trip,
// references, flags and two counters. There is no device where a route is bound
// to none, and a star may stand behind the largest packet.
func routeV4(f []string) (Route, error) {
	f, link := cutDevice(f, 3)
	if len(f) != 9 {
		return Route{}, fmt.Errorf("%d columns, not 9 beside the device", len(f))
	}
	mask, err := netip.ParseAddr(f[1])
	if err != nil || !mask.Is4() {
		return Route{}, errors.New("no mask")
	}
	bits, of := net.IPMask(mask.AsSlice()).Size()
	if of == 0 {
		return Route{}, errors.New("a mask with holes")
	}
	if f[0] == "default" {
		f[0] = "0.0.0.0"
	}
	return newRoute(fmt.Sprintf("%s/%d", f[0], bits), f[2], f[6], link)
}

// routeV6 reads destination with its length, which a host lacks, gateway,
// device and the rest.
func routeV6(f []string) (Route, error) {
	f, link := cutDevice(f, 2)
	if len(f) != 8 {
		return Route{}, fmt.Errorf("%d columns, not 8 beside the device", len(f))
	}
	switch {
	case f[0] == "default":
		f[0] = "::/0"
	case !strings.Contains(f[0], "/"):
		f[0] += "/128"
	}
	return newRoute(f[0], f[1], f[5], link)
}

// cutDevice takes the device out of the columns, if it is there: a name begins
// with a letter, the largest packet with a digit.
func cutDevice(f []string, at int) ([]string, string) {
	if len(f) <= at || f[at][0] >= '0' && f[at][0] <= '9' {
		return f, ""
	}
	device := f[at]
	return append(f[:at:at], f[at+1:]...), device
}

func newRoute(to, via, flags, link string) (Route, error) {
	r := Route{Link: link, Gateway: strings.Contains(flags, "G")}
	var err error
	if r.To, err = netip.ParsePrefix(to); err != nil {
		return r, errors.New("no destination")
	}
	if via == "--" { // the unspecified address
		return r, nil
	}
	if r.Via, err = netip.ParseAddr(via); err != nil {
		return r, errors.New("no gateway")
	}
	return r, nil
}
