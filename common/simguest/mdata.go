// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simguest

import (
	"fmt"
	"strings"
	"time"

	"illumos-metadata/common/simguest/world"
)

// SmartOS is a KVM or bhyve guest of SmartOS with the given UUID.
func SmartOS(uuid string) SMBIOS {
	return SMBIOS{
		BIOSVendor: "Joyent", Manufacturer: "Joyent", Product: smartDC, Version: "7.20240101T000000Z",
		Serial: uuid, UUID: uuid, SKU: "001", Family: "Virtual Machine",
	}
}

const smartDC = "SmartDC HVM"

// A host is the other end of a SmartOS guest's metadata line: /sim/mdata.json.
type host struct {
	Values map[string]string `json:"values"` // by key; nil: it does not answer
}

// SetMetadata gives the guest's host these values, by key; nil makes it silent.
// The serial line itself is not simulated: the guest has no /dev/term/b, and
// only mdata-get can ask.
func (g *Guest) SetMetadata(values map[string]string) error {
	return g.World.Locked(func() error { return g.World.Write("mdata", host{values}) })
}

// mdataGet plays mdata-get(8) (TritonDataCenter/mdata-client, mdata_get.c,
// proto.c, plat/sunos.c). It has no options, and reads its first operand alone.
func mdataGet(c *world.Call) int {
	if len(c.Args) == 0 {
		c.Errorf("%s: Usage: %s <keyname>\n", c.Name, c.Name)
		return 3
	}
	if !machineIs(c.World, smartDC) {
		c.Errorf("ERROR: could not initialise protocol: I don't know how to get metadata on this system.\n")
		return 2
	}
	var h host
	if err := c.World.Locked(func() error { return c.World.Read("mdata", &h) }); err != nil {
		return broken(c, err)
	}
	for h.Values == nil { // proto_reset tries for ever
		fmt.Fprintln(c.Stderr, "plat_recv timeout")
		time.Sleep(3 * time.Second)
	}
	value, ok := h.Values[c.Args[0]]
	if !ok {
		c.Errorf("No metadata for '%s'\n", c.Args[0])
		return 1
	}
	value, _, _ = strings.Cut(value, "\x00") // it is printed as a C string
	c.Printf("%s", value)
	if !strings.HasSuffix(value, "\n") {
		c.Printf("\n")
	}
	return 0
}
