// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package illumos

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"

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

// MACs gives the address of each physical datalink by its name, as
// metadata.Match has it: lower case, two digits each. A link without an address
// is not in it. InUse says of which links somebody uses that address: IP, or a
// link over it. A port of an aggregation has the address of that.
func MACs(ctx context.Context, g *guest.Guest) (macs map[string]string, inUse map[string]bool, err error) {
	out, err := g.Run(ctx, "/sbin/dladm", "show-phys", "-m", "-p", "-o", "link,slot,address,inuse")
	if err != nil {
		return nil, nil, err
	}
	return parseMACs(out)
}

// parseMACs takes the primary address of each link alone: in the other slots a
// card has addresses that it keeps for VNICs.
func parseMACs(out []byte) (macs map[string]string, inUse map[string]bool, err error) {
	macs, inUse = map[string]string{}, map[string]bool{}
	err = eachLine("dladm show-phys -m", out, func(line string) error {
		f, err := columns(line, 4)
		if err != nil {
			return err
		}
		if f[0] == "" {
			return errors.New("a link without a name")
		}
		if mac := canonicalMAC(f[2]); f[1] == "primary" && mac != "" {
			macs[f[0]] = mac
		}
		if f[1] == "primary" && f[3] == "yes" {
			inUse[f[0]] = true
		}
		return nil
	})
	return macs, inUse, err
}

// canonicalMAC gives each byte of an address its two digits; dladm(8) leaves
// leading zeros out (lib/libsocket/inet/link_addr.c, _link_ntoa). It gives ""
// for what is no address: an address of zeros is printed as "unknown", and none
// as nothing.
func canonicalMAC(text string) string {
	parts := strings.Split(text, ":")
	if len(parts) < 2 {
		return ""
	}
	for i, part := range parts {
		n, err := strconv.ParseUint(part, 16, 8)
		if err != nil {
			return ""
		}
		parts[i] = fmt.Sprintf("%02x", n)
	}
	return strings.Join(parts, ":")
}

// A Datalink is any link, of whatever class.
type Datalink struct {
	Name  string
	Class string // phys, vlan, aggr, vnic, …
	MTU   int
	Over  []string // links below
}

// Datalinks gives all datalinks.
func Datalinks(ctx context.Context, g *guest.Guest) ([]Datalink, error) {
	out, err := g.Run(ctx, "/sbin/dladm", "show-link", "-p", "-o", "link,class,mtu,over")
	if err != nil {
		return nil, err
	}
	return parseDatalinks(out)
}

func parseDatalinks(out []byte) ([]Datalink, error) {
	var links []Datalink
	err := eachLine("dladm show-link", out, func(line string) error {
		f, err := columns(line, 4)
		if err != nil {
			return err
		}
		if f[0] == "" {
			return errors.New("a link without a name")
		}
		mtu, err := unsigned(f[2], 10, 31)
		if err != nil {
			return err
		}
		// Names are apart by a comma or, in other releases, by a blank.
		over := strings.FieldsFunc(f[3], func(r rune) bool { return r == ',' || r == ' ' })
		links = append(links, Datalink{f[0], f[1], int(mtu), over})
		return nil
	})
	return links, err
}

// A VLAN is a link that carries one VLAN of the link below it.
type VLAN struct {
	Name string
	ID   int
	Over string
}

// VLANs gives all VLANs.
func VLANs(ctx context.Context, g *guest.Guest) ([]VLAN, error) {
	out, err := g.Run(ctx, "/sbin/dladm", "show-vlan", "-p", "-o", "link,vid,over")
	if err != nil {
		return nil, err
	}
	return parseVLANs(out)
}

func parseVLANs(out []byte) ([]VLAN, error) {
	var vlans []VLAN
	err := eachLine("dladm show-vlan", out, func(line string) error {
		f, err := columns(line, 3)
		if err != nil {
			return err
		}
		if f[0] == "" {
			return errors.New("a link without a name")
		}
		id, err := unsigned(f[1], 10, 12)
		if err != nil {
			return err
		}
		vlans = append(vlans, VLAN{f[0], int(id), f[2]})
		return nil
	})
	return vlans, err
}
