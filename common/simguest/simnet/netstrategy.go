// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simnet

import (
	"strings"

	"illumos-metadata/common/simguest/world"
)

// runNetstrategy plays netstrategy (cmd/cmd-inet/sbin/netstrategy), which takes
// no notice of arguments. Not known here: boot over the network.
func runNetstrategy(c *world.Call) int {
	ifname, dhcp := "", false
	if err := view(c.World, func(s *state) { ifname, dhcp = s.firstInterface() }); err != nil {
		return broken(c, err)
	}
	strategy := "dhcp"
	if ifname == "" || !dhcp {
		ifname, strategy = "none", "none"
	}
	c.Printf("%s %s %s\n", rootType(c.World), ifname, strategy)
	return 0
}

// firstInterface is get_first_interface(): the first in the kernel's order that
// is up and not virtual, or the last such one that is IPv4 without an address.
// A DHCP interface is not up before it has its lease.
func (s *state) firstInterface() (ifname string, dhcp bool) {
	for _, i := range s.walk() {
		l := i.lif(0)
		if l == nil || !l.Up || i.loopback() {
			continue
		}
		ifname, dhcp = i.Name, l.DHCP
		if i.V6 || !l.Addr.IsUnspecified() {
			return ifname, dhcp
		}
	}
	return ifname, dhcp
}

// rootType is the type of the root file system, from mnttab(5).
func rootType(w *world.World) string {
	for line := range strings.Lines(readFile(w, "/etc/mnttab")) {
		if f := strings.Fields(line); len(f) > 2 && f[1] == "/" {
			return f[2]
		}
	}
	return "zfs"
}
