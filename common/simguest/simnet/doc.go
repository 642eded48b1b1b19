// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

// Package simnet is the network half of the simulated guest: dladm, ipadm,
// route, netstat -rnv, dhcpinfo, hostname, uname, zonename and netstrategy over
// one shared state, and what the system's own SMF methods do with them at boot (Methods,
// or Boot where no SMF is simulated). A test changes the hardware (Plug,
// Unplug, SetCarrier, SetNetwork) and the privileges of callers (Deny), and
// looks at what came of it (Addresses, Routes, NodeName, Requests).
//
// It follows illumos-gate commit 01d4d8e79088 (2024-09-30), below usr/src:
// cmd/dladm, cmd/dlmgmtd, cmd/cmd-inet (ipadm, ipmgmtd, route, netstat,
// dhcpagent, dhcpinfo, netstrategy), lib/libipadm, lib/libdladm, lib/libofmt,
// uts/common/inet/ip, uts/common/io/mac and cmd/svc/milestone; each part names
// its function. An option, a name or a state that these refuse is refused here
// with the same text, stream and status.
//
// Behind the commands stand: datalinks as dlmgmtd and mac keep them, IP
// interfaces and logical interfaces as the kernel does, ipmgmtd's map of
// address objects and its file, the routing table with its reachability rules,
// dhcpagent with one state machine an interface, in.ndpd, and at the other end
// of each link what answers there (Network). Time is real: a lease comes when
// its delay has passed, whoever looks first.
//
// Simplified: the name of a program in a message is its base name, even where
// illumos prints argv[0]; usage texts list the simulated subcommands only; the
// lines of datalink.conf and the lease files have a form of their own; a DHCP
// server sends what the client asked for and the lease never runs out; DHCPv6
// is one address that comes with the router advertisement; duplicate address
// detection takes no time; the other end of an aggregation agrees to
// whatever it asks for; set-addrprop of reqhost does not wait for a lease;
// routeadm's part in net-routing-setup needs no SMF, and its administrator has
// chosen nothing; NWAM is disabled; a shared-IP zone has the loopback alone.
// IPMP, tunnels, VNICs, bridges, flows, wireless, protocol properties, DHCPv6's
// options, dhcpinfo -c, route change and monitor, and ifconfig are absent, and
// so /etc/hostname.IF and /etc/dhcp.IF end network/physical. A subcommand or
// option that exists but is not played ends with status 127 and says so, never
// with success.
//
// Not known, and chosen: how plumbing a port of an aggregation fails (as a link
// that cannot be opened), which drivers refuse another MTU while they are in
// use (all but vioif), that route takes no zone behind an IPv6 address, that a
// zone is called "guest", and that messages for /dev/msglog are appended to a
// file of that name.
package simnet
