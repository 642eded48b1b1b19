// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simguest

import (
	"strings"

	"illumos-metadata/common/simguest/world"
)

// VMware is a VMware machine with the given UUID.
func VMware(uuid string) SMBIOS {
	return SMBIOS{BIOSVendor: "VMware, Inc.", Manufacturer: "VMware, Inc.", Product: vmwareProduct, UUID: uuid}
}

const vmwareProduct = "VMware20,1"

// openVMTools is the program of the package open-vm-tools; a guest has it if its
// Config says so.
const openVMTools = "/usr/bin/vmtoolsd"

// guestInfo is what the host of a VMware guest has set: /sim/guestinfo.json.
type guestInfo struct {
	Values map[string]string `json:"values"` // by key, without guestinfo.
}

// SetGuestInfo gives the guest's host these guestinfo values, by their keys
// without guestinfo. in front.
func (g *Guest) SetGuestInfo(values map[string]string) error {
	return g.World.Locked(func() error { return g.World.Write("guestinfo", guestInfo{values}) })
}

// vmtoolsd plays vmtoolsd --cmd (vmware/open-vm-tools, services/vmtoolsd/
// cmdLine.c, ToolsCoreRunCommand): the host's answer on standard output, or its
// complaint on standard error and status 1, and a newline behind either. That
// "No value found" is what a host says to a key that nobody has set is what users
// of it show (vmware/open-vm-tools, issue 209).
func vmtoolsd(c *world.Call) int {
	command, ok := "", false
	switch {
	case len(c.Args) == 1 && c.Args[0] == "--cmd":
		c.Errorf("Command line parsing failed: Missing argument for --cmd\n")
		return 1
	case len(c.Args) == 1:
		command, ok = strings.CutPrefix(c.Args[0], "--cmd=")
	case len(c.Args) == 2 && c.Args[0] == "--cmd":
		command, ok = c.Args[1], true
	}
	if !ok {
		return notPlayed(c, strings.Join(append([]string{c.Name}, c.Args...), " "))
	}
	if !machineIs(c.World, vmwareProduct) {
		c.Errorf("Unable to send command to VMware hypervisor.\n")
		return 1
	}
	verb, rest, _ := strings.Cut(command, " ")
	key, value, pair := strings.Cut(rest, " ")
	name, mine := strings.CutPrefix(key, "guestinfo.")
	switch {
	case verb == "info-get" && mine && !pair:
		return infoGet(c, name)
	case verb == "info-set" && mine && pair:
		return infoSet(c, name, value)
	}
	return notPlayed(c, c.Name+" --cmd "+command)
}

// infoGet is the host's answer to info-get.
func infoGet(c *world.Call, key string) int {
	var info guestInfo
	if err := c.World.Locked(func() error { return c.World.Read("guestinfo", &info) }); err != nil {
		return broken(c, err)
	}
	value, ok := info.Values[key]
	if !ok {
		c.Errorf("No value found\n")
		return 1
	}
	value, _, _ = strings.Cut(value, "\x00") // it is printed as a C string
	c.Printf("%s\n", charset(c, value))
	return 0
}

// infoSet is the host's answer to info-set, which has no text.
func infoSet(c *world.Call, key, value string) int {
	err := c.World.Locked(func() error {
		var info guestInfo
		if err := c.World.Read("guestinfo", &info); err != nil {
			return err
		}
		if info.Values == nil {
			info.Values = map[string]string{}
		}
		info.Values[key] = value
		return c.World.Write("guestinfo", info)
	})
	if err != nil {
		return broken(c, err)
	}
	c.Printf("\n")
	return 0
}

// charset is what g_print makes of UTF-8 where the locale, or the variable
// CHARSET, says that the terminal has ASCII (GLib, gmessages.c, strdup_convert;
// gcharset.c, g_utf8_get_charset_internal). Locales but those of UTF-8 are not
// told apart.
func charset(c *world.Call, text string) string {
	set := c.Getenv("CHARSET")
	if set == "" {
		set = c.Getenv("LC_ALL")
	}
	if strings.Contains(set, "UTF-8") {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		if r > 0x7e {
			r = '?'
		}
		b.WriteRune(r)
	}
	return b.String()
}

func broken(c *world.Call, err error) int {
	c.Errorf("simulated guest: %v\n", err)
	return 127
}

func notPlayed(c *world.Call, what string) int {
	c.Errorf("simulated guest: %s is not simulated\n", what)
	return 127
}
