// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simnet

import (
	"strings"

	"illumos-metadata/common/simguest/world"
)

// nameMax is the longest node name (SYS_NMLN less the NUL).
const nameMax = 256

// setNodeName is sysinfo(2) with SI_SET_HOSTNAME
// (uts/common/syscall/systeminfo.c): nothing is asked of the characters.
func (s *state) setNodeName(name string) errno {
	switch {
	case s.lacks("sys_admin"):
		return ePERM
	case len(name) > nameMax:
		return eNAMETOOLONG
	case name == "":
		return eINVAL
	}
	s.NodeName = name
	return eOK
}

// renameNode sets the node name for hostname and uname.
func renameNode(c *world.Call, name string) int {
	e := eOK
	if err := update(c.World, func(s *state) { e = s.setNodeName(name) }); err != nil {
		return broken(c, err)
	}
	if e != eOK {
		c.Errorf("%s: error in setting name: %s\n", c.Name, strerror[e])
		return 1
	}
	return 0
}

// runHostname plays hostname (cmd/hostname/hostname.c).
func runHostname(c *world.Call) int {
	opts, operands := getopt(c.Args, "s")
	short := false
	for _, o := range opts {
		if o.name != 's' {
			return hostnameUsage(c)
		}
		short = true
	}
	switch len(operands) {
	case 0:
	case 1:
		return renameNode(c, operands[0])
	default:
		return hostnameUsage(c)
	}
	name := ""
	if err := view(c.World, func(s *state) { name = s.NodeName }); err != nil {
		return broken(c, err)
	}
	if short {
		name, _, _ = strings.Cut(name, ".")
	}
	c.Printf("%s\n", name)
	return 0
}

func hostnameUsage(c *world.Call) int {
	c.Errorf("usage: %s [-s] [system_name]\n", c.Name)
	return 1
}

// unameOrder is the order in which uname prints what was asked for.
const unameOrder = "snrvmpio"

// runUname plays uname (cmd/uname/uname.c).
func runUname(c *world.Call) int {
	const letters = "asnrvpmioS:X"
	opts, operands := getopt(c.Args, letters)
	asked, name, renames := "", "", 0
	for _, o := range opts {
		switch o.name {
		case '?':
			c.Errorf("%s", complaint(c.Name, letters, o))
			return unameUsage(c)
		case 'S':
			name = o.value
			renames++
		case 'a':
			asked += "snrvmpi"
		default:
			asked += string(o.name)
		}
	}
	switch {
	case len(operands) > 0, renames > 1, renames == 1 && asked != "":
		return unameUsage(c)
	case renames == 1 && len(name) > nameMax:
		c.Errorf("uname: name must be <= %d letters\n", nameMax)
		return 1
	case renames == 1:
		return renameNode(c, name)
	case strings.Contains(asked, "X"):
		return absent(c, "uname -X")
	case asked == "":
		asked = "s"
	}
	return printUname(c, asked)
}

func unameUsage(c *world.Call) int {
	c.Errorf("usage:\tuname [-snrvmapioX]\n\tuname [-S system_name]\n")
	return 1
}

func printUname(c *world.Call, asked string) int {
	values := map[rune]string{'s': "SunOS", 'r': "5.11", 'm': "i86pc", 'p': "i386", 'i': "i86pc", 'o': "illumos"}
	if err := view(c.World, func(s *state) { values['n'], values['v'] = s.NodeName, s.Release }); err != nil {
		return broken(c, err)
	}
	var words []string
	for _, letter := range unameOrder {
		if strings.ContainsRune(asked, letter) {
			words = append(words, values[letter])
		}
	}
	c.Printf("%s\n", strings.Join(words, " "))
	return 0
}

// zoneName is the name of the guest where it is a non-global zone.
const zoneName = "guest"

// zoneNamed gives the name of the zone that the guest is.
func (s *state) zoneNamed() string {
	if s.Zone == "" {
		return "global"
	}
	return zoneName
}

// runZonename plays zonename (cmd/zonename/zonename.c), which passes over what
// it does not know. The global zone counts as shared: its flags have no
// ZF_NET_EXCL.
func runZonename(c *world.Call) int {
	opts, _ := getopt(c.Args, "t")
	text := ""
	err := view(c.World, func(s *state) {
		text = s.zoneNamed()
		for _, o := range opts {
			switch {
			case o.name != 't':
			case s.Zone == "exclusive":
				text = "exclusive"
			default:
				text = "shared"
			}
		}
	})
	if err != nil {
		return broken(c, err)
	}
	c.Printf("%s\n", text)
	return 0
}
