// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simnet_test

import "testing"

// TestNetstat: the routing tables, with what is bound to no interface.
func TestNetstat(t *testing.T) {
	w := booted(t, twoLinks())
	const (
		headV4 = "\nIRE Table: IPv4\n" +
			"  Destination             Mask           Gateway          Device Mxfrg Rtt   Ref Flg  Out  In/Fwd \n" +
			"-------------------- --------------- -------------------- ------ ----- ----- --- --- ----- ------ \n"
		headV6 = "\nIRE Table: IPv6\n" +
			"  Destination/Mask            Gateway                    If    PMTU   Rtt  Ref Flags  Out   In/Fwd \n" +
			"--------------------------- --------------------------- ----- ------ ----- --- ----- ------ ------ \n"
		loV4 = "127.0.0.1            255.255.255.255 127.0.0.1            lo0     8232     0   1 UH       0      0 \n"
		loV6 = "::1                         ::1                         lo0    8232      0   1 UH         0      0 \n"
	)
	play(t, w,
		step{line: "netstat -rnv", out: headV4 + loV4 + headV6 + loV6},
		step{line: "ipadm create-addr -T static -a 10.0.2.9/24 vioif1/v4"},
		step{line: "ipadm create-addr -T addrconf -p stateless=no,stateful=no vioif1/v6"},
		step{line: "route add default 10.0.2.2", out: "add net default: gateway 10.0.2.2\n"},
		step{line: "route add -inet6 default fe80::1 -ifp vioif1", out: "add net default: gateway fe80::1\n"},
		step{line: "netstat -r -nv", out: headV4 +
			"10.0.2.0             255.255.255.0   10.0.2.9             vioif1  1500     0   1 U        0      0 \n" +
			"default              0.0.0.0         10.0.2.2                        0     0   1 UG       0      0 \n" +
			loV4 + headV6 +
			"fe80::/10                   fe80::8:20ff:fe0a:b0c       vioif1  1500      0   1 U          0      0 \n" +
			"default                     fe80::1                     vioif1  1500      0   1 UG         0      0 \n" +
			loV6},
		step{line: "netstat -rn", err: "simulated guest: netstat without -rnv is not simulated\n", status: 127},
	)
}
