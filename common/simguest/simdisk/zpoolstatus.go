// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simdisk

import (
	"fmt"
	"slices"

	"illumos-metadata/common/simguest/world"
)

// A reason is why a pool is not well (libzfs_status.c, check_status); texts of
// zpool_main.c, status_callback.
type reason struct{ status, action, id string }

const (
	degradedState = "Sufficient replicas exist for the pool to continue functioning in a\n\tdegraded state."
	attachMissing = "Attach the missing device and online it using 'zpool online'."
	onlineDevice  = "Online the device using 'zpool online' or replace the device with\n\t'zpool replace'."
)

// reasons are by the state of a leaf, for a pool that works and one that does
// not; the first that applies counts.
var reasons = []struct {
	state      string
	some, none reason
}{
	{"UNAVAIL",
		reason{"One or more devices could not be opened.  Sufficient replicas exist for\n\tthe pool to continue functioning in a degraded state.", attachMissing, "ZFS-8000-2Q"},
		reason{"One or more devices could not be opened.  There are insufficient\n\treplicas for the pool to continue functioning.", attachMissing, "ZFS-8000-3C"}},
	{"FAULTED",
		reason{"One or more devices are faulted in response to persistent errors.\n\tSufficient replicas exist for the pool to continue functioning in a\n\tdegraded state.",
			"Replace the faulted device, or use 'zpool clear' to mark the device\n\trepaired.", ""},
		reason{"One or more devices are faulted in response to persistent errors.  There are insufficient replicas for the pool to\n\tcontinue functioning.",
			"Destroy and re-create the pool from a backup source.  Manually marking the device\n\trepaired using 'zpool clear' may allow some data to be recovered.", ""}},
	{"OFFLINE", reason{"One or more devices has been taken offline by the administrator.\n\t" + degradedState, onlineDevice, ""}, reason{}},
	{"REMOVED", reason{"One or more devices has been removed by the administrator.\n\t" + degradedState, onlineDevice, ""}, reason{}},
}

func (p *pool) reason() reason {
	for _, r := range reasons {
		if !slices.ContainsFunc(p.leaves(), func(v *vdev) bool { return v.State == r.state }) {
			continue
		}
		if p.health() == "UNAVAIL" {
			return r.none
		}
		return r.some
	}
	return reason{}
}

// leaves are all devices but caches and spares.
func (p *pool) leaves() (leaves []*vdev) {
	for i := range p.Vdevs {
		v := &p.Vdevs[i]
		if v.Class == "cache" || v.Class == "spare" {
			continue
		}
		if len(v.Children) == 0 {
			leaves = append(leaves, v)
		}
		for j := range v.Children {
			leaves = append(leaves, &v.Children[j])
		}
	}
	return leaves
}

// zpoolStatus is zpool status (zpool_main.c, zpool_do_status).
func zpoolStatus(c *world.Call, s *state, args []string) int {
	g := world.Getopt{Args: args, Spec: "igLpPsvxDtT:"}
	path, guid, explain := false, false, false
	for opt, ok := g.Next(); ok; opt, ok = g.Next() {
		switch opt {
		case 'P':
			path = true
		case 'g':
			guid = true
		case 'x':
			explain = true
		case 'p', 'v': // there are no errors whose number or list they would change
		case '?', ':':
			c.Errorf("invalid option '%c'\n", g.Letter)
			return zpoolUsage(c.Stderr, "status")
		default:
			return notSimulated(c, "status -"+string(opt))
		}
	}
	if n := len(g.Args); n > 0 && isNumber(g.Args[n-1]) {
		return notSimulated(c, "status with an interval")
	}
	pools, ok := openPools(c, s, g.Args)
	printed := 0
	for _, p := range pools {
		if explain && p.reason() == (reason{}) {
			if len(g.Args) > 0 {
				c.Printf("pool '%s' is healthy\n", p.Name)
			}
			continue
		}
		if printed++; printed > 1 {
			c.Printf("\n")
		}
		p.printStatus(c, path, guid)
	}
	switch {
	case len(g.Args) == 0 && len(pools) == 0:
		c.Printf("no pools available\n")
	case len(g.Args) == 0 && explain && printed == 0:
		c.Printf("all pools are healthy\n")
	case !ok:
		return 1
	}
	return 0
}

// printStatus is status_callback.
func (p *pool) printStatus(c *world.Call, path, guid bool) {
	c.Printf("  pool: %s\n state: %s\n", p.Name, p.health())
	if r := p.reason(); r.status != "" {
		c.Printf("status: %s\naction: %s\n", r.status, r.action)
		if r.id != "" {
			c.Printf("   see: http://illumos.org/msg/%s\n", r.id)
		}
	}
	width := max(p.nameWidth(path, guid), 10)
	c.Printf("  scan: none requested\nconfig:\n\n")
	c.Printf("\t%-*s  %-8s %5s %5s %5s\n", width, "NAME", "STATE", "READ", "WRITE", "CKSUM")
	line := func(depth int, name, state, after string) {
		c.Printf("\t%*s%-*s  %-8s%s\n", depth, "", width-depth, name, state, after)
	}
	line(0, p.Name, p.health(), counts)
	for _, class := range append([]string{""}, vdevClasses...) {
		heading := class != ""
		for i := range p.Vdevs {
			v := &p.Vdevs[i]
			if v.Class != class {
				continue
			}
			if heading {
				c.Printf("\t%s\n", map[bool]string{false: class, true: "spares"}[class == "spare"])
				heading = false
			}
			line(2, p.statusName(i, path, guid), v.health(class == "spare"), v.after(class == "spare"))
			for j := range v.Children {
				line(4, v.Children[j].listName(path, guid), v.Children[j].State, v.Children[j].after(false))
			}
		}
	}
	if p.health() != "UNAVAIL" {
		c.Printf("\nerrors: No known data errors\n")
	}
}

// counts are the three counters of errors; there never are any.
const counts = "     0     0     0"

// after is what follows the state of a device.
func (v *vdev) after(spare bool) string {
	switch {
	case spare:
		return ""
	case v.State == "UNAVAIL" && len(v.Children) > 0:
		return counts + "  insufficient replicas"
	case v.State == "UNAVAIL":
		return fmt.Sprintf("%s  was %s", counts, v.Path) // its name is its guid then
	case v.State == "FAULTED":
		return counts + "  too many errors"
	}
	return counts
}
