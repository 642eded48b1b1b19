// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simdisk

import (
	"os"
	"slices"
	"strings"

	"illumos-metadata/common/simguest/world"
)

const dumpadmUsage = `Usage: dumpadm [-Henpuy] [-c kernel | curproc | all ]
	[-d dump-device | swap | none ] [-k key-file] [-m min {k|m|%} ]
	[-s savecore-dir] [-r root-dir] [-z on|off]
`

// A dumpRun is one run of dumpadm(8).
type dumpRun struct {
	conf             dumpConf
	override         bool // -u: the file counts, not the kernel
	modified, device bool // something was set; -d was
	image            bool // -i
}

// dumpadm plays dumpadm(8) (cmd/dumpadm/main.c). The kernel has the device only;
// what a dump holds is in the file.
func dumpadm(c *world.Call, s *state) int {
	if s.Zone {
		c.Errorf("dumpadm: failed to open /dev/dump: %s\n", textNoEntry)
		return 1
	}
	conf, exists := readDumpConf(c.World)
	r := dumpRun{conf: conf, modified: !exists, override: overrides(c.Args)}
	if !r.override {
		r.conf.device = s.Dump
	}
	if status, done := r.options(c); done {
		return status
	}
	if r.image {
		return 0
	}
	err := ""
	switch {
	case r.override:
		if err = s.setDump(c, &r, false); err != "" {
			r.conf.device = s.Dump
		}
	case r.modified:
		err = s.setDump(c, &r, r.device)
	}
	if err != "" {
		c.Errorf("dumpadm: %s", err)
		if !r.override {
			return 1
		}
	}
	if r.override || r.modified {
		if err := writeDumpConf(c.World, r.conf); err != nil {
			c.Errorf("dumpadm: failed to open %s: %s\n", dumpConfFile, errorText(err))
			return 1
		}
	}
	if !r.override {
		r.print(c, s)
	}
	return 0
}

const dumpadmOptions = "Heinpuyc:d:m:s:r:z:k:"

// overrides is the first lap through the options, which looks for -u.
func overrides(args []string) bool {
	g := world.Getopt{Args: args, Spec: dumpadmOptions}
	for opt, ok := g.Next(); ok; opt, ok = g.Next() {
		if opt == 'u' {
			return true
		}
	}
	return false
}

// options reads the command line; done says that the program ends with status.
func (r *dumpRun) options(c *world.Call) (status int, done bool) {
	g := world.Getopt{Args: c.Args, Spec: dumpadmOptions}
	for opt, ok := g.Next(); ok; opt, ok = g.Next() {
		switch opt {
		case 'u':
		case 'i':
			r.image = true
		case 'c', 'd', 's', 'z', 'n', 'y':
			if why := r.set(c, opt, g.Value); why != "" {
				c.Errorf("dumpadm: %s\n", why)
				return 2, true
			}
		case '?', ':':
			g.Complain(c, opt)
			c.Errorf("%s", dumpadmUsage)
			return 2, true
		default:
			return notSimulated(c, "-"+string(opt)), true
		}
	}
	if len(g.Args) > 0 {
		c.Errorf("dumpadm: illegal argument -- %s\n%s", g.Args[0], dumpadmUsage)
		return 2, true
	}
	return 0, false
}

// set takes an option that changes the configuration; it says what is wrong
// with its value.
func (r *dumpRun) set(c *world.Call, opt byte, value string) string {
	lower := strings.ToLower(value)
	r.modified = true
	switch opt {
	case 'y', 'n':
		r.conf.enable = map[byte]string{'y': "yes", 'n': "no"}[opt]
	case 'c':
		if !slices.Contains([]string{"kernel", "curproc", "all"}, lower) {
			return "invalid dump content type -- " + value
		}
		r.conf.content = lower
	case 'z':
		if lower != "on" && lower != "off" {
			return "invalid save compressed value -- " + value
		}
		r.conf.csave = lower
	case 's':
		if info, err := os.Stat(c.World.Path(value)); err != nil || !info.IsDir() {
			return value + " is missing or not a directory"
		}
		r.conf.savdir = value
	case 'd':
		r.device = true
		switch {
		case lower == "swap" || lower == "none":
			r.conf.device = lower
		case strings.HasPrefix(value, "/"):
			r.conf.device = value
		default:
			return "invalid absolute path -- " + value
		}
	}
	return ""
}

// setDump is dconf_update: it makes the kernel dump to the device. It gives the
// reason why that failed, with its newline.
func (s *state) setDump(c *world.Call, r *dumpRun, check bool) string {
	switch device := r.conf.device; device {
	case "":
		return ""
	case "none":
		s.Dump = ""
		return ""
	case "swap":
		if len(s.Swap) == 0 {
			return "no swap devices are available\n"
		}
		for _, e := range s.Swap {
			if s.volume(e.Path) == nil { // a volume is one or the other
				s.Dump, r.conf.device = e.Path, e.Path
				return ""
			}
		}
		return "no swap devices could be configured as the dump device\n"
	default:
		if check {
			if why := s.inUse(c, blockName(device)); why != "" {
				return why
			}
		}
		b, ok := s.block(c.World, device)
		switch {
		case !ok && !s.nodeExists(c.World, device):
			return "cannot use " + device + " as dump device: " + textNoEntry + "\n"
		case !ok:
			return "dumps not supported on " + device + "\n"
		case b.refused != "":
			return "cannot use " + device + " as dump device: " + b.refused + "\n"
		case b.volume && s.swapped(device):
			return "device " + device + " is already in use\n"
		}
		s.Dump = device
		return ""
	}
}

// print is dconf_print.
func (r *dumpRun) print(c *world.Call, s *state) {
	content := map[string]string{"kernel": "kernel", "curproc": "kernel and current process", "all": "all"}
	c.Printf("      Dump content: %s pages\n", content[r.conf.content])
	switch {
	case s.Dump == "":
		c.Printf("       Dump device: none (dumps disabled)\n")
	case s.swapped(s.Dump):
		c.Printf("       Dump device: %s (swap)\n", s.Dump)
	default:
		c.Printf("       Dump device: %s (dedicated)\n", s.Dump)
	}
	c.Printf("Savecore directory: %s\n  Savecore enabled: %s\n   Save compressed: %s\n    Dump encrypted: no\n",
		r.conf.savdir, r.conf.enable, r.conf.csave)
}
