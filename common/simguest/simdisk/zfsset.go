// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simdisk

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"illumos-metadata/common/simguest/world"
)

// checkProp checks one property and gives the value to store
// (libzfs_dataset.c, zfs_valid_proplist); d is nil for a dataset to be made.
func checkProp(name, value string, volume bool, d *dataset) (string, error) {
	p := zfsPropNamed(name)
	if p == nil || p.name == "name" {
		if userProp.MatchString(name) {
			return value, nil
		}
		return "", fmt.Errorf("invalid property '%s'", name)
	}
	switch {
	case !p.appliesTo(volume):
		return "", fmt.Errorf("'%s' does not apply to datasets of this type", name)
	case p.mode == readonly, p.mode == setOnce && d != nil:
		return "", fmt.Errorf("'%s' is readonly", name)
	}
	value, err := p.parse(value)
	if err != nil {
		return "", err
	}
	n, _ := strconv.ParseUint(value, 10, 64)
	switch p.name {
	case "volblocksize", "recordsize":
		most := uint64(128 << 10)
		if p.name == "recordsize" {
			most = mib
		}
		if n < 512 || n > most || n&(n-1) != 0 {
			return "", fmt.Errorf("'%s' must be power of 2 from 512B to %dKB", name, most>>10)
		}
	case "mountpoint":
		if value != "none" && value != "legacy" && !strings.HasPrefix(value, "/") {
			return "", fmt.Errorf("'%s' must be an absolute path, 'none', or 'legacy'", name)
		}
	case "volsize", "reservation", "refreservation":
		if d != nil && volume {
			return value, d.checkSize(name, value, n)
		}
	}
	return value, nil
}

// checkSize checks a size that an existing volume is to get.
func (d *dataset) checkSize(name, value string, n uint64) error {
	size, block, _ := volumeNumbers(d.Props)
	switch {
	case name != "volsize":
		if n > size && value != "auto" {
			return fmt.Errorf("'%s' is greater than current volume size", name)
		}
	case n%block != 0:
		return fmt.Errorf("'volsize' must be a multiple of volume block size (%s)", nicenum(block))
	case n == 0:
		return errors.New("'volsize' cannot be zero")
	}
	return nil
}

// zfsSet is zfs set (zfs_main.c, zfs_do_set).
func zfsSet(c *world.Call, s *state, args []string) int {
	wrong := ""
	first := len(args) // of the datasets
	for i, a := range args {
		if !strings.Contains(a, "=") {
			first = min(first, i)
		} else if first < i {
			wrong = "invalid argument order"
		}
	}
	switch {
	case len(args) > 0 && strings.HasPrefix(args[0], "-"):
		wrong = fmt.Sprintf("invalid option '%s'", (args[0] + " ")[1:2])
	case len(args) == 0:
		wrong = "missing arguments"
	case first == 0:
		wrong = "missing property=value argument(s)"
	case first == len(args):
		wrong = "missing dataset name(s)"
	}
	if wrong != "" {
		c.Errorf("%s\n", wrong)
		return zfsUsage(c.Stderr, "set")
	}
	asked := creation{props: map[string]string{}}
	for _, a := range args[:first] {
		if asked.property(c, a) != nil {
			return 255
		}
	}
	status := 0
	for _, name := range args[first:] {
		p, d := openDataset(c, s, name)
		if d == nil || !s.setProps(c, p, d, asked) {
			status = 1
		}
	}
	return status
}

// setProps sets properties of one dataset: all of them or, if the kernel
// refuses one, none (libzfs_dataset.c, zfs_prop_set_list).
func (s *state) setProps(c *world.Call, p *pool, d *dataset, asked creation) bool {
	props := map[string]string{}
	for _, name := range asked.order {
		value, err := checkProp(name, asked.props[name], d.Volume, d)
		if err != nil {
			c.Errorf("cannot set property for '%s': %v\n", d.Name, err)
			return false
		}
		props[canonical(name)] = value
	}
	order := d.addReservation(props, asked.order)
	for _, name := range order {
		for _, why := range s.refuseProp(p, d, props, name) {
			c.Errorf("cannot set property for '%s': %s\n", d.Name, why)
		}
		if len(s.refuseProp(p, d, props, name)) > 0 {
			return false
		}
	}
	if d.Props == nil {
		d.Props = map[string]string{}
	}
	for name, value := range props {
		d.Props[name] = value
	}
	if _, resized := props["volsize"]; !resized {
		return true
	}
	d.Refer = min(d.Refer, d.number("volsize"))
	if err := os.Truncate(c.World.Path(d.file()), d.number("volsize")); err != nil {
		c.Errorf("simulated guest: %v\n", err)
		return false
	}
	return true
}

func canonical(name string) string {
	if p := zfsPropNamed(name); p != nil {
		return p.name
	}
	return name
}

// addReservation adds the refreservation that goes with a new volsize, if the
// volume had the one that went with the old (zfs_add_synthetic_resv), or that
// "auto" means.
func (d *dataset) addReservation(props map[string]string, order []string) []string {
	size, block, copies := volumeNumbers(d.Props)
	have := uint64(d.number("refreservation"))
	now, resized := props["volsize"]
	want, given := props["refreservation"]
	if resized {
		size, _ = strconv.ParseUint(now, 10, 64)
	}
	old, _, _ := volumeNumbers(d.Props)
	switch {
	case given && want == "auto":
	case resized && !given && have == reservation(old, block, copies):
		order = append(order, "refreservation")
	default:
		return order
	}
	props["refreservation"] = strconv.FormatUint(reservation(size, block, copies), 10)
	return order
}

// refuseProp says why the kernel does not set a property. A refused
// refreservation that came with a volsize is reported for both
// (zfs_setprop_error).
func (s *state) refuseProp(p *pool, d *dataset, props map[string]string, name string) []string {
	switch {
	case s.Zone:
		return []string{"permission denied"}
	case p.ReadOnly:
		return []string{"dataset is read-only"}
	}
	if name = canonical(name); name != "refreservation" && name != "reservation" {
		return nil
	}
	n, _ := strconv.ParseInt(props[name], 10, 64)
	if n-d.Refer <= p.available(d) {
		return nil
	}
	why := []string{"size is greater than available space"}
	if _, both := props["volsize"]; both {
		why = append([]string{"out of space"}, why...)
	}
	return why
}
