// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simdisk

import (
	"fmt"
	"os"
	"strings"

	"illumos-metadata/common/simguest/world"
)

// formatUsage is cmd/format/startup.c, usage.
const formatUsage = "Usage:  format [-s][-d disk_name][-t disk_type][-p partition_name]\n" +
	"\t[-f cmd_file][-l log_file][-x data_file] [-m] [-M] [-e] disk_list\n"

// A session is one run of format(8) with a command file on one disk.
type session struct {
	c     *world.Call
	s     *state
	disk  *Disk
	lines []string  // of the command file, what is left
	label *efiLabel // in memory, until the command label; nil for an SMI one
}

// format plays format(8) with -d and -f, as programs run it.
func format(c *world.Call, s *state) int {
	o, ok := formatOptions(c.Args)
	if !ok {
		c.Errorf("%s", formatUsage)
		return formatAbort(c)
	}
	switch {
	case o['f'] == "" || o['d'] == "":
		return notSimulated(c, "without -d and -f")
	case o['l'] != "" || o['t'] != "" || o['p'] != "" || o['x'] != "" || o['e'] != "" || o[' '] != "":
		return notSimulated(c, "with these options")
	}
	file, err := os.ReadFile(c.World.Path(o['f']))
	if err != nil {
		c.Errorf("Unable to open command file '%s'.\n", o['f'])
		return formatAbort(c)
	}
	c.Printf("Searching for disks...done\n")
	se := session{c: c, s: s, disk: s.disk(o['d']), lines: strings.SplitAfter(string(file), "\n")}
	if !se.found() {
		c.Errorf("Unable to find specified disk '%s'.\n", o['d'])
		return formatAbort(c)
	}
	return se.run()
}

// formatOptions reads options as do_options does: upper or lower case, in
// clusters, values in the words that follow. The key ' ' has the first operand.
func formatOptions(args []string) (map[byte]string, bool) {
	o := map[byte]string{}
	for next := 0; next < len(args); {
		word := args[next]
		next++
		if !strings.HasPrefix(word, "-") {
			o[' '] = word
			return o, true
		}
		for i := 1; i < len(word); i++ {
			letter := word[i]
			switch lower := letter | 0x20; {
			case strings.IndexByte("flxdtp", lower) >= 0:
				if next >= len(args) {
					return nil, false
				}
				o[lower], next = args[next], next+1
			case lower == 's', lower == 'm', letter == 'e':
				o[letter] = "yes"
			default:
				return nil, false
			}
		}
	}
	return o, true
}

// formatAbort is fullabort.
func formatAbort(c *world.Call) int {
	c.Printf("\n")
	return 1
}

// found says whether format's search finds the disk: it skips CD drives, and
// what it cannot read.
func (se *session) found() bool {
	if se.disk == nil || se.disk.CD || se.s.Zone {
		return false
	}
	m, err := se.disk.open(se.c.World)
	if err != nil {
		return false
	}
	m.close()
	return true
}

// run selects the disk and runs the menus.
func (se *session) run() int {
	m, err := se.disk.open(se.c.World)
	if err != nil {
		return formatAbort(se.c)
	}
	defer m.close()
	se.label, err = readEFI(m)
	if err != nil {
		se.label = nil
		if _, err := readSMI(m); err != nil {
			return notSimulated(se.c, "of a disk without label")
		}
	}
	se.c.Printf("selecting %s\n[disk formatted]\n", se.disk.Name)
	if why := se.inUse(); why != "" {
		se.c.Errorf("%s", why)
	}
	if why := se.busy(); why != "" {
		se.c.Errorf("%s", why)
		return formatAbort(se.c)
	}
	return se.menus(m)
}

// inUse is checkdevinuse for all slices.
func (se *session) inUse() string {
	why := ""
	for slice := range 16 {
		why += se.s.inUse(se.c, fmt.Sprintf("/dev/dsk/%ss%d", se.disk.Name, slice))
	}
	return why
}

// busy says why a command file cannot do anything to the disk: it never can to
// one with mounted or swap slices (checkmount, checkswap). NOINUSE_CHECK is not
// asked there.
func (se *session) busy() string {
	for slice := range 16 {
		node := fmt.Sprintf("/dev/dsk/%ss%d", se.disk.Name, slice)
		if mountPoint(se.c.World, "/etc/mnttab", node, 1) != "" {
			return "Operation on mounted disks must be interactive.\n"
		}
		for _, e := range se.s.Swap {
			if e.Path == node {
				return "Operation on disks being used for swapping must be interactive.\n"
			}
		}
	}
	return ""
}

// word gives the next command: the first word of the next line that is neither
// empty nor a comment. "" is the end of the file.
func (se *session) word() string {
	for len(se.lines) > 0 {
		line := se.lines[0]
		se.lines = se.lines[1:]
		f := strings.Fields(line)
		if len(f) > 0 && !strings.HasPrefix(f[0], "#") && strings.HasSuffix(line, "\n") {
			return f[0]
		}
	}
	return ""
}
