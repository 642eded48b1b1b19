// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package illumos

import (
	"context"
	"errors"
	"strings"

	"illumos-metadata/common/guest"
)

// An Address is a row of ipadm show-addr. An addrconf object has several, all
// with its name.
type Address struct {
	Object string // e.g. vioif0/v4; vioif0/? if ipadm(8) did not make it
	Type   string // static, dhcp, addrconf, from-gz, or empty
	State  string // ok, down, duplicate, tentative, inaccessible, disabled
	Addr   string // e.g. 10.0.2.15/24; ? without a lease; empty if disabled
}

// Addresses gives the addresses of all interfaces.
func Addresses(ctx context.Context, g *guest.Guest) ([]Address, error) {
	out, err := g.Run(ctx, "/sbin/ipadm", "show-addr", "-p", "-o", "addrobj,type,state,addr")
	if err != nil {
		return nil, err
	}
	return parseAddresses(out)
}

func parseAddresses(out []byte) ([]Address, error) {
	var rows []Address
	err := eachLine("ipadm show-addr", out, func(line string) error {
		f, err := columns(line, 4)
		if err != nil {
			return err
		}
		if link, label, ok := strings.Cut(f[0], "/"); !ok || link == "" || label == "" {
			return errors.New("no address object, which is an interface, a slash and a name")
		}
		rows = append(rows, Address{f[0], f[1], f[2], f[3]})
		return nil
	})
	return rows, err
}
