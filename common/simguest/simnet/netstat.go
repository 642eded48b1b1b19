// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simnet

import (
	"fmt"
	"net/netip"
	"strings"

	"illumos-metadata/common/simguest/world"
)

// netstatLetters are the options of netstat (cmd/cmd-inet/usr.bin/netstat).
const netstatLetters = "acdf:gimnprsuvxI:MDP:RT:t"

// runNetstat plays netstat -rnv, the verbose routing tables without names.
func runNetstat(c *world.Call) int {
	opts, operands := getopt(c.Args, netstatLetters)
	seen := ""
	for _, o := range opts {
		if o.name == '?' || o.name == ':' {
			c.Errorf("%s", complaint(c.Name, netstatLetters, o))
			return netstatUsage(c)
		}
		seen += string(o.name)
	}
	if len(operands) > 0 || strings.Trim(seen, "rnv") != "" ||
		!strings.Contains(seen, "r") || !strings.Contains(seen, "n") || !strings.Contains(seen, "v") {
		return absent(c, "netstat without -rnv")
	}
	err := view(c.World, func(s *state) {
		s.printTable(c, false)
		s.printTable(c, true)
	})
	if err != nil {
		return broken(c, err)
	}
	return 0
}

func netstatUsage(c *world.Call) int {
	c.Errorf("usage: %s [-anv] [-f address_family]\n       %s -r [-anv] [-f address_family|filter]\n", c.Name, c.Name)
	return 1
}

// The heads of the tables (ire_hdr_v4_verbose and ire_hdr_v6_verbose); what
// would stand for security attributes is empty.
const (
	headV4 = "  Destination             Mask           Gateway          Device Mxfrg Rtt   Ref Flg  Out  In/Fwd \n" +
		"-------------------- --------------- -------------------- ------ ----- ----- --- --- ----- ------ \n"
	headV6 = "  Destination/Mask            Gateway                    If    PMTU   Rtt  Ref Flags  Out   In/Fwd \n" +
		"--------------------------- --------------------------- ----- ------ ----- --- ----- ------ ------ \n"
)

// printTable is ire_report() for one family: addresses of the guest's own are
// shown with -a only. No packet was counted.
func (s *state) printTable(c *world.Call, v6 bool) {
	rows := s.onLink(v6)
	for _, r := range s.Routes {
		if !r.OnLink && !r.Saved && r.v6() == v6 {
			rows = append(rows, r)
		}
	}
	if lo := s.ill("lo0", v6); lo != nil && lo.up() {
		a := lo.lif(0).Addr
		rows = append(rows, &route{Dst: netip.PrefixFrom(a, a.BitLen()), Gateway: a, If: "lo0", OnLink: true})
	}
	for n, r := range rows {
		if n == 0 {
			c.Printf("\nIRE Table: %s\n%s", map[bool]string{false: "IPv4", true: "IPv6"}[v6], map[bool]string{false: headV4, true: headV6}[v6])
		}
		c.Printf("%s", s.tableRow(r))
	}
}

// tableRow is ire_report_item_v4() or ire_report_item_v6(), with what
// form_v4_route_flags() makes of a route.
func (s *state) tableRow(r *route) string {
	flags := "U"
	if !r.OnLink {
		flags += "G"
	}
	if r.host() {
		flags += "H"
	}
	if r.Flags&rtfMultiRt != 0 {
		flags += "M"
	}
	if r.Flags&rtfSetSrc != 0 {
		flags += "S"
	}
	mtu := r.MTU
	if i := s.ill(r.If, r.v6()); i != nil && mtu == 0 {
		mtu = i.MTU
	}
	if r.v6() {
		return fmt.Sprintf("%-27s %-27s %-5s %5d%c %5d %3d %-5s %6d %6d %s\n",
			prefixText(r), r.Gateway, r.If, mtu, ' ', 0, 1, flags, 0, 0, "")
	}
	dst := r.Dst.Addr().String()
	if r.Dst.Bits() == 0 {
		dst = "default"
	}
	return fmt.Sprintf("%-20s %-15s %-20s %-6s %5d%c %4d %3d %-4s%6d %6d %s\n",
		dst, maskOf(r.Dst.Bits(), false), r.Gateway, r.If, mtu, ' ', 0, 1, flags, 0, 0, "")
}

// prefixText is pr_prefix6(): a host has no length.
func prefixText(r *route) string {
	switch {
	case r.Dst.Bits() == 0:
		return "default"
	case r.host():
		return r.Dst.Addr().String()
	}
	return r.Dst.String()
}
