// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package illumos

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const (
	tableV4 = `
IRE Table: IPv4
  Destination             Mask           Gateway          Device Mxfrg Rtt   Ref Flg  Out  In/Fwd 
-------------------- --------------- -------------------- ------ ----- ----- --- --- ----- ------ 
default              0.0.0.0         10.0.2.2                        0     0   1 UG       0      0 
10.0.2.0             255.255.255.0   10.0.2.15            vioif0  1500*    0   3 U       17      0 
192.0.2.1            255.255.255.255 10.0.2.15            vioif0  1500     0   1 UH       0      0 
127.0.0.1            255.255.255.255 127.0.0.1            lo0     8232*    0   2 UH     214    214 
`
	tableV6 = `
IRE Table: IPv6
  Destination/Mask            Gateway                    If    PMTU   Rtt  Ref Flags  Out   In/Fwd 
--------------------------- --------------------------- ----- ------ ----- --- ----- ------ ------ 
default                     fe80::1                     vioif0  1500      0   1 UG         0      0 
2001:db8::/64               2001:db8::5                 vioif0  1500*     0   1 U          0      0 
::1                             --                      lo0    8252*     0   1 UH         0      0 
`
)

func TestRoutes(t *testing.T) {
	g := stub(t, "/usr/bin/netstat -rnv", 0, tableV4+tableV6, "")
	got, err := Routes(t.Context(), g)
	prefix, addr := netip.MustParsePrefix, netip.MustParseAddr
	want := []Route{
		{prefix("0.0.0.0/0"), addr("10.0.2.2"), "", true},
		{prefix("10.0.2.0/24"), addr("10.0.2.15"), "vioif0", false},
		{prefix("192.0.2.1/32"), addr("10.0.2.15"), "vioif0", false},
		{prefix("127.0.0.1/32"), addr("127.0.0.1"), "lo0", false},
		{prefix("::/0"), addr("fe80::1"), "vioif0", true},
		{prefix("2001:db8::/64"), addr("2001:db8::5"), "vioif0", false},
		{prefix("::1/128"), netip.Addr{}, "lo0", false},
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{})); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if got, err := parseRoutes(nil); len(got) != 0 || err != nil {
		t.Errorf("no routes: %v, %v", got, err)
	}
}

func TestRoutesBad(t *testing.T) {
	refuses(t, parseRoutes, []badOutput{
		{"no table", "\nRouting Table: IPv4\n", "no title of a routing table"},
		{"a column too few", "\nIRE Table: IPv4\nhead\n--\ndefault 0.0.0.0 10.0.2.2 0 0 1 UG 0\n", "8 columns, not 9"},
		{"a mask with holes", "\nIRE Table: IPv4\nhead\n--\n10.0.0.0 255.0.255.0 10.0.2.2 0 0 1 UG 0 0\n", "a mask with holes"},
		{"no mask", "\nIRE Table: IPv4\nhead\n--\n10.0.0.0 24 10.0.2.2 0 0 1 UG 0 0\n", "no mask"},
		{"no gateway", "\nIRE Table: IPv6\nhead\n--\ndefault router vioif0 1500 0 1 UG 0 0\n", "no gateway"},
		{"no destination", "\nIRE Table: IPv6\nhead\n--\nnet fe80::1 vioif0 1500 0 1 UG 0 0\n", "no destination"},
	})
}

// FuzzRoutes: what was read reads the same when it is printed again.
func FuzzRoutes(f *testing.F) {
	f.Add([]byte(tableV4))
	f.Add([]byte(tableV6))
	f.Fuzz(func(t *testing.T, out []byte) {
		got, err := parseRoutes(out)
		if err != nil {
			if text := err.Error(); !strings.HasPrefix(text, "netstat -rnv") || len(text) > 1500 {
				t.Fatalf("error of %d bytes: %.200s", len(text), text)
			}
			return
		}
		text := ""
		for _, r := range got {
			text += table(r)
		}
		if again, err := parseRoutes([]byte(text)); err != nil || !slices.Equal(got, again) {
			t.Fatalf("%+v from %q, printed as %q: %+v, %v", got, out, text, again, err)
		}
	})
}

// table prints a table of one route.
func table(r Route) string {
	via, flags := "--", "U"
	if r.Via.IsValid() {
		via = r.Via.String()
	}
	if r.Gateway {
		flags = "UG"
	}
	if r.To.Addr().Is4() {
		mask := net.IP(net.CIDRMask(r.To.Bits(), 32))
		return fmt.Sprintf("\nIRE Table: IPv4\nhead\n--\n%s %s %s %s 0 0 0 %s 0 0\n", r.To.Addr(), mask, via, r.Link, flags)
	}
	return fmt.Sprintf("\nIRE Table: IPv6\nhead\n--\n%s %s %s 0 0 0 %s 0 0\n", r.To, via, r.Link, flags)
}
