// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simdisk

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"illumos-metadata/common/simguest/world"
)

// A zpoolProp is a pool property (common/zfs/zpool_prop.c, zpool_prop_init).
type zpoolProp struct {
	name, column, short string
	right               bool // a number: at the right of its column
	readonly            bool
	fallback            string
	values              string
}

// zpoolProps are in the order of zpool get all. Features are left out.
var zpoolProps = []zpoolProp{
	{"name", "NAME", "", false, true, "", ""},
	{"size", "SIZE", "", true, true, "", "<size>"},
	{"capacity", "CAP", "cap", true, true, "", "<size>"},
	{"altroot", "ALTROOT", "", false, false, "-", "<path>"},
	{"health", "HEALTH", "", false, true, "", "<state>"},
	{"guid", "GUID", "", false, true, "", "<guid>"},
	{"version", "VERSION", "", false, false, "-", "<version>"},
	{"bootfs", "BOOTFS", "", false, false, "-", "<filesystem>"},
	{"delegation", "DELEGATION", "", false, false, "on", onOff},
	{"autoreplace", "REPLACE", "replace", false, false, "off", onOff},
	{"cachefile", "CACHEFILE", "", false, false, "-", "<file> | none"},
	{"failmode", "FAILMODE", "", false, false, "wait", "wait | continue | panic"},
	{"listsnapshots", "LISTSNAPS", "listsnaps", false, false, "off", onOff},
	{"autoexpand", "EXPAND", "expand", false, false, "off", onOff},
	{"dedupratio", "DEDUP", "dedup", true, true, "", "<1.00x or higher if deduped>"},
	{"free", "FREE", "", true, true, "", "<size>"},
	{"allocated", "ALLOC", "alloc", true, true, "", "<size>"},
	{"readonly", "RDONLY", "rdonly", false, false, "off", onOff},
	{"ashift", "ASHIFT", "", false, false, "0", "<ashift, 9-16, or 0=default>"},
	{"comment", "COMMENT", "", false, false, "-", "<comment-string>"},
	{"expandsize", "EXPANDSZ", "expandsz", true, true, "", "<size>"},
	{"freeing", "FREEING", "", true, true, "", "<size>"},
	{"fragmentation", "FRAG", "frag", true, true, "", "<percent>"},
	{"leaked", "LEAKED", "", true, true, "", "<size>"},
	{"bootsize", "BOOTSIZE", "", true, false, "", "<size>"},
	{"checkpoint", "CKPOINT", "ckpoint", true, true, "", "<size>"},
	{"multihost", "MULTIHOST", "", false, false, "off", onOff},
	{"autotrim", "AUTOTRIM", "", false, false, "off", onOff},
}

func zpoolPropNamed(name string) *zpoolProp {
	i := slices.IndexFunc(zpoolProps, func(p zpoolProp) bool { return p.name == name || p.short == name && name != "" })
	if i < 0 {
		return nil
	}
	return &zpoolProps[i]
}

// zpoolColumns reads a list of properties; it says so if one is none.
func zpoolColumns(c *world.Call, list string) []*zpoolProp {
	var cols []*zpoolProp
	for name := range strings.SplitSeq(list, ",") {
		p := zpoolPropNamed(name)
		if p == nil {
			c.Errorf("bad property list: invalid property '%s'\n", name)
			return nil
		}
		cols = append(cols, p)
	}
	return cols
}

// orDash shows 0 as "-".
func orDash(n int64, literal bool) string {
	if n == 0 {
		return "-"
	}
	return number(uint64(n), literal)
}

func percent(n int64, literal bool) string {
	return strconv.FormatInt(n, 10) + map[bool]string{false: "%"}[literal]
}

// property gives a property as it is shown (libzfs_pool.c, zpool_get_prop). A pool
// that cannot be opened has little but its name.
func (p *pool) property(prop *zpoolProp, literal bool) (value, source string) {
	size, alloc, expand := p.totals()
	if p.health() == "UNAVAIL" {
		switch prop.name {
		case "name", "health", "guid", "altroot", "bootsize":
		default:
			return "-", "-"
		}
	}
	source = "-"
	switch prop.name {
	case "name":
		return p.Name, source
	case "size":
		return number(uint64(size), literal), source
	case "allocated":
		return number(uint64(alloc), literal), source
	case "free":
		return number(uint64(size-alloc), literal), source
	case "freeing", "leaked":
		return number(0, literal), "default"
	case "checkpoint":
		return orDash(p.checkpointSpace(), literal), source
	case "expandsize":
		return orDash(expand, literal), source
	case "bootsize":
		if p.Boot == 0 {
			return "-", "default"
		}
		return number(uint64(p.Boot), literal), "local"
	case "fragmentation":
		return percent(int64(p.Frag), literal), source
	case "capacity":
		return percent(alloc*100/max(size, 1), literal), source
	case "dedupratio":
		return "1.00" + map[bool]string{false: "x"}[literal], source
	case "guid":
		return strconv.FormatUint(p.GUID, 10), "default"
	case "health":
		if h := p.health(); h != "UNAVAIL" {
			return h, source
		}
		return "FAULTED", source // zpool_state_to_name, of a pool that cannot be opened
	}
	return p.poolSetting(prop)
}

// poolSetting gives a property that can be set.
func (p *pool) poolSetting(prop *zpoolProp) (value, source string) {
	set := map[string]string{}
	if p.Autoexpand {
		set["autoexpand"] = "on"
	}
	if p.ReadOnly {
		set["readonly"] = "on"
	}
	if p.Altroot != "" {
		set["altroot"] = p.Altroot
	}
	if p.Root != "" {
		set["bootfs"] = p.Root
	}
	if value, ok := set[prop.name]; ok {
		return value, "local"
	}
	return prop.fallback, "default"
}

// checkpointSpace is what a checkpoint keeps from being freed.
func (p *pool) checkpointSpace() int64 {
	if p.Checkpoint == "" {
		return 0
	}
	return 96 << 10
}

// zpoolGet is zpool get (zpool_main.c, zpool_do_get).
func zpoolGet(c *world.Call, s *state, args []string) int {
	g := world.Getopt{Args: args, Spec: "Hpo:"}
	known := []string{"name", "property", "value", "source"}
	f := getFields{fields: known}
	scripted, literal := false, false
	for opt, ok := g.Next(); ok; opt, ok = g.Next() {
		wrong := ""
		switch opt {
		case 'H':
			scripted = true
		case 'p':
			literal = true
		case 'o':
			wrong = f.parse(g.Value, known)
		case ':': // zpool_do_get has no case for it
		default:
			wrong = fmt.Sprintf("invalid option '%c'", g.Letter)
		}
		if wrong != "" {
			c.Errorf("%s\n", wrong)
			return zpoolUsage(c.Stderr, "get")
		}
	}
	if len(g.Args) == 0 {
		c.Errorf("missing property argument\n")
		return zpoolUsage(c.Stderr, "get")
	}
	cols := make([]*zpoolProp, 0, len(zpoolProps))
	for i := range zpoolProps[1:] {
		cols = append(cols, &zpoolProps[1+i])
	}
	if g.Args[0] != "all" {
		cols = zpoolColumns(c, g.Args[0])
	}
	if cols == nil {
		return zpoolUsage(c.Stderr, "get")
	}
	pools, ok := openPools(c, s, g.Args[1:])
	var rows []map[string]string
	for _, p := range pools {
		for _, prop := range cols {
			value, source := p.property(prop, literal)
			rows = append(rows, map[string]string{"name": p.Name, "property": prop.name, "value": value, "source": source})
		}
	}
	f.print(c, rows, scripted)
	if !ok {
		return 1
	}
	return 0
}

// zpoolSet is zpool set (zpool_main.c, zpool_do_set; libzfs_pool.c,
// zpool_valid_proplist).
func zpoolSet(c *world.Call, s *state, args []string) int {
	wrong := ""
	switch {
	case len(args) > 0 && strings.HasPrefix(args[0], "-"):
		wrong = fmt.Sprintf("invalid option '%s'", (args[0] + " ")[1:2])
	case len(args) == 0:
		wrong = "missing property=value argument"
	case len(args) == 1:
		wrong = "missing pool name"
	case len(args) > 2:
		wrong = "too many pool names"
	case !strings.Contains(args[0], "="):
		wrong = "missing value in property=value argument"
	}
	if wrong != "" {
		c.Errorf("%s\n", wrong)
		return zpoolUsage(c.Stderr, "set")
	}
	p := openPool(c, s, args[1])
	if p == nil {
		return 1
	}
	name, value, _ := strings.Cut(args[0], "=")
	prop := zpoolPropNamed(name)
	switch {
	case prop == nil:
		wrong = fmt.Sprintf("property '%s' not supported", name)
	case prop.readonly:
		wrong = fmt.Sprintf("'%s' is readonly", name)
	case prop.values == onOff && value != "on" && value != "off":
		wrong = fmt.Sprintf("'%s' must be one of '%s'", prop.name, prop.values)
	case s.Zone:
		wrong = "permission denied"
	case p.ReadOnly:
		wrong = "pool is read-only"
	case prop.name != "autoexpand":
		return notSimulated(c, "set "+prop.name)
	}
	if wrong != "" {
		c.Errorf("cannot set property for '%s': %s\n", p.Name, wrong)
		return 1
	}
	p.Autoexpand = value == "on"
	return 0
}
