// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simdisk

import (
	"errors"
	"fmt"
	"os"

	"illumos-metadata/common/simguest/world"
)

const fmthardUsage = "Usage:\tfmthard [ -i ] [ -S ] [-I geom_file]  -n volumename | -s datafile  [ -d arguments] raw-device\n"

// fmthardOptions are what the options ask for.
type fmthardOptions struct {
	delta, file, volume  string
	efi, show, quick     bool
	named, loads, change bool // -n, -s, -d were given
}

// fmthard plays fmthard(8) (cmd/fmthard/fmthard.c). It never asks whether the
// disk is in use.
func fmthard(c *world.Call, s *state) int {
	g := world.Getopt{Args: c.Args, Spec: "ed:u:in:qb:p:s:"}
	var o fmthardOptions
	for opt, ok := g.Next(); ok; opt, ok = g.Next() {
		switch opt {
		case 'p', 'b':
			c.Errorf("fmthard: -p and -b no longer supported. Use installgrub(8) to install boot blocks\n")
		case 'd':
			o.delta, o.change = g.Value, true
		case 'e':
			o.efi = true
		case 'i':
			o.show = true
		case 'n':
			o.volume, o.named = g.Value, true
		case 'q':
			o.quick = true
		case 's':
			o.file, o.loads = g.Value, true
		case 'u':
			return notSimulated(c, "-u")
		default:
			g.Complain(c, opt)
			c.Errorf("%s", fmthardUsage)
			return 2
		}
	}
	if len(g.Args) != 1 {
		c.Errorf("%s", fmthardUsage)
		return 2
	}
	m, d, err := s.openRaw(c.World, g.Args[0])
	if err == nil {
		defer m.close()
		err = o.run(c, m, g.Args[0])
	}
	switch {
	case errors.Is(err, errUsage):
		c.Errorf("%s", fmthardUsage)
		return 2
	case errors.Is(err, errOther):
		return notSimulated(c, "that on an SMI label")
	case err != nil:
		c.Errorf("%v\n", err)
		return 1
	}
	if err := d.linkNodes(c.World); err != nil {
		c.Errorf("simulated guest: %v\n", err)
		return 127
	}
	return 0
}

// errOther is what the real command could do.
var errOther = errors.New("not simulated")

// openRaw opens a disk by a raw node.
func (s *state) openRaw(w *world.World, path string) (*medium, *Disk, error) {
	node, ok := s.device(w, path)
	if !ok {
		_, err := os.Stat(w.Path(path))
		if err != nil || devicePath.MatchString(path) {
			return nil, nil, refusef("fmthard:  Cannot stat device %s", path)
		}
	}
	if !ok || !node.raw {
		return nil, nil, refusef("fmthard:  %s must be a raw device.", path)
	}
	m, err := node.disk.open(w)
	if err != nil { // the open itself succeeds, with O_NDELAY
		return nil, nil, refusef("%s: Cannot get disk geometry", path)
	}
	return m, node.disk, nil
}

func (o *fmthardOptions) run(c *world.Call, m *medium, path string) error {
	if smi, err := readSMI(m); err == nil && !o.efi {
		return o.runSMI(smi, m, path)
	}
	l, err := readEFI(m)
	fresh := o.loads && !o.quick && !o.change // the old label is not even read
	switch {
	case fresh && (err == nil || o.efi):
		if l, err = o.load(c, m); err != nil {
			return err
		}
	case err != nil && !o.efi && errors.Is(err, errVTInvalid):
		return refusef("%s: Cannot get disk geometry", path)
	case errors.Is(err, errVTInvalid):
		return refusef("%s: this disk must be labeled first", path)
	case err != nil:
		return refusef("%s: read_efi failed %d", path, map[bool]int{true: -2, false: -1}[errors.Is(err, errVTIO)])
	}
	switch {
	case o.quick:
		return nil
	case o.change:
		if err := l.insert(o.delta); err != nil {
			return err
		}
		return l.put(c, m, path)
	case !o.loads && !o.named:
		return errUsage
	case o.show:
		l.display(c, path)
		return nil
	}
	for i := range l.parts {
		if o.named && l.parts[i].tag == tagReserved {
			l.parts[i].name = fmt.Sprintf("%.8s", o.volume)
		}
	}
	if err := l.put(c, m, path); err != nil {
		return err
	}
	c.Printf("fmthard:  New volume table of contents now in place.\n")
	return nil
}
