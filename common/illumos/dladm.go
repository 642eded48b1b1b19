// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package illumos

import (
	"context"
	"errors"

	"illumos-metadata/common/guest"
)

// A Link is a physical datalink.
type Link struct {
	Name   string // e.g. vioif0, or net0 where an administrator renamed it
	Media  string // e.g. Ethernet
	State  string // up, down or unknown
	Device string // driver and number, e.g. vioif0; empty where there is none
}

// PhysLinks gives the physical datalinks.
func PhysLinks(ctx context.Context, g *guest.Guest) ([]Link, error) {
	out, err := g.Run(ctx, "/sbin/dladm", "show-phys", "-p", "-o", "link,media,state,device")
	if err != nil {
		return nil, err
	}
	return parsePhysLinks(out)
}

func parsePhysLinks(out []byte) ([]Link, error) {
	var links []Link
	err := eachLine("dladm show-phys", out, func(line string) error {
		f, err := columns(line, 4)
		if err != nil {
			return err
		}
		if f[0] == "" {
			return errors.New("a link without a name")
		}
		links = append(links, Link{f[0], f[1], f[2], f[3]})
		return nil
	})
	return links, err
}
