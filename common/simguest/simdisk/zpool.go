// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simdisk

import (
	"cmp"
	"fmt"
	"io"
	"slices"

	"illumos-metadata/common/simguest/world"
)

// zpool plays zpool(8) (cmd/zpool/zpool_main.c, main).
func zpool(c *world.Call, s *state) int {
	if len(c.Args) == 0 {
		c.Errorf("missing command\n")
		return zpoolUsage(c.Stderr, "")
	}
	name, args := c.Args[0], c.Args[1:]
	switch {
	case name == "-?":
		zpoolUsage(c.Stdout, "")
		return 0
	case !slices.ContainsFunc(zpoolCommands, func(u usageLine) bool { return u.name == name }):
		c.Errorf("unrecognized command '%s'\n", name)
		return zpoolUsage(c.Stderr, "")
	case s.suspended():
		return hang
	}
	switch name {
	case "get":
		return zpoolGet(c, s, args)
	case "list":
		return zpoolList(c, s, args)
	case "online":
		return zpoolOnline(c, s, args)
	case "reguid":
		return zpoolReguid(c, s, args)
	case "reopen":
		return zpoolReopen(c, s, args)
	case "set":
		return zpoolSet(c, s, args)
	case "status":
		return zpoolStatus(c, s, args)
	}
	return notSimulated(c, name)
}

var zpoolCommands = []usageLine{
	{"create", "\tcreate [-fnd] [-B] [-o property=value] ... \n\t    [-O file-system-property=value] ...\n\t    [-m mountpoint] [-R root] [-t tempname] <pool> <vdev> ...\n"},
	{"destroy", "\tdestroy [-f] <pool>\n"},
	{},
	{"add", "\tadd [-fgLnP] [-o property=value] <pool> <vdev> ...\n"},
	{"remove", "\tremove [-nps] <pool> <device> ...\n"},
	{},
	{"labelclear", "\tlabelclear [-f] <vdev>\n"},
	{},
	{"checkpoint", "\tcheckpoint [--discard] <pool> ...\n"},
	{},
	{"list", "\tlist [-gHLpPv] [-o property[,...]] [-T d|u] [pool] ... [interval [count]]\n"},
	{"iostat", "\tiostat [[-lq]|[-rw]] [-T d | u] [-ghHLpPvy]\n\t    [[pool] ...]|[pool vdev ...]|[vdev ...]] [[-n] interval [count]]\n"},
	{"status", "\tstatus [-igLpPsvxD] [-T d|u] [pool] ... [interval [count]]\n"},
	{},
	{"online", "\tonline [-e] <pool> <device> ...\n"},
	{"offline", "\toffline [-t] <pool> <device> ...\n"},
	{"clear", "\tclear [-nF] <pool> [device]\n"},
	{"reopen", "\treopen <pool>\n"},
	{},
	{"attach", "\tattach [-f] [-o property=value] <pool> <device> <new-device>\n"},
	{"detach", "\tdetach <pool> <device>\n"},
	{"replace", "\treplace [-f] <pool> <device> [new-device]\n"},
	{"split", "\tsplit [-gLlnP] [-R altroot] [-o mntopts]\n\t    [-o property=value] <pool> <newpool> [<device> ...]\n"},
	{},
	{"initialize", "\tinitialize [-c | -s] <pool> [<device> ...]\n"},
	{"resilver", "\tresilver <pool> ...\n"},
	{"scrub", "\tscrub [-s | -p] <pool> ...\n"},
	{"trim", "\ttrim [-d] [-r <rate>] [-c | -s] <pool> [<device> ...]\n"},
	{},
	{"import", "\timport [-d dir] [-D]\n\timport [-d dir | -c cachefile] [-F [-n]] [-l] <pool | id>\n"},
	{"export", "\texport [-f] <pool> ...\n"},
	{"upgrade", "\tupgrade\n\tupgrade -v\n\tupgrade [-V version] <-a | pool ...>\n"},
	{"reguid", "\treguid <pool>\n"},
	{},
	{"history", "\thistory [-il] [<pool>] ...\n"},
	{"get", "\tget [-Hp] [-o \"all\" | field[,...]] <\"all\" | property[,...]> <pool> ...\n"},
	{"set", "\tset <property=value> <pool> \n"},
	{"sync", "\tsync [pool] ...\n"},
}

// zpoolUsage prints how a subcommand ("" means all) is used, and gives the
// status of wrong usage.
func zpoolUsage(out io.Writer, name string) int {
	if name == "" {
		fmt.Fprint(out, "usage: zpool command args ...\nwhere 'command' is one of the following:\n\n")
		for _, u := range zpoolCommands {
			fmt.Fprint(out, cmp.Or(u.text, "\n"))
		}
		return 2
	}
	for _, u := range zpoolCommands {
		if u.name == name {
			fmt.Fprintf(out, "usage:\n%s", u.text)
		}
	}
	if name != "set" && name != "get" && name != "list" {
		return 2
	}
	fmt.Fprintf(out, "\nthe following properties are supported:\n\n\t%-19s  %s   %s\n\n", "PROPERTY", "EDIT", "VALUES")
	props := slices.SortedFunc(slices.Values(zpoolProps), func(a, b zpoolProp) int {
		if a.readonly != b.readonly {
			return map[bool]int{true: -1, false: 1}[a.readonly]
		}
		return cmp.Compare(a.name, b.name)
	})
	for _, p := range props {
		if p.name == "name" {
			continue
		}
		edit := " YES   "
		if p.readonly {
			edit = "  NO   "
		}
		fmt.Fprintf(out, "\t%-19s  %s%s\n", p.name, edit, p.values)
	}
	fmt.Fprintf(out, "\t%-19s   YES   disabled | enabled | active\n", "feature@...")
	fmt.Fprint(out, "\nThe feature@ properties must be appended with a feature name.\nSee zpool-features(7).\n")
	return 2
}

// openPool finds a pool; it says so if there is none (libzfs_pool.c, zpool_open).
func openPool(c *world.Call, s *state, name string) *pool {
	p := s.pool(name)
	if p == nil {
		c.Errorf("cannot open '%s': no such pool\n", name)
	}
	return p
}

// openPools finds the pools named, or all; ok is false if one is missing.
func openPools(c *world.Call, s *state, names []string) (pools []*pool, ok bool) {
	ok = true
	if len(names) == 0 {
		for i := range s.Pools {
			pools = append(pools, &s.Pools[i])
		}
	}
	for _, name := range names {
		if p := openPool(c, s, name); p == nil {
			ok = false
		} else if !slices.Contains(pools, p) {
			pools = append(pools, p)
		}
	}
	slices.SortFunc(pools, func(a, b *pool) int { return cmp.Compare(a.Name, b.Name) })
	return pools, ok
}

// onePool reads the operands of a subcommand that takes one pool and no option.
func onePool(c *world.Call, s *state, name string, args []string) (p *pool, status int) {
	g := world.Getopt{Args: args}
	wrong := ""
	if _, bad := g.Next(); bad {
		wrong = fmt.Sprintf("invalid option '%c'", g.Letter)
	} else if len(g.Args) < 1 {
		wrong = "missing pool name"
	} else if len(g.Args) > 1 {
		wrong = "too many arguments"
	}
	if wrong != "" {
		c.Errorf("%s\n", wrong)
		return nil, zpoolUsage(c.Stderr, name)
	}
	if p = openPool(c, s, g.Args[0]); p == nil {
		return nil, 1
	}
	return p, 0
}
