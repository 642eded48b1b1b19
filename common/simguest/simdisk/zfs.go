// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simdisk

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"illumos-metadata/common/simguest/world"
)

// zfs plays zfs(8) (cmd/zfs/zfs_main.c, main).
func zfs(c *world.Call, s *state) int {
	if len(c.Args) == 0 {
		c.Errorf("missing command\n")
		return zfsUsage(c.Stderr, "")
	}
	name, args := c.Args[0], c.Args[1:]
	switch {
	case name == "-?":
		zfsUsage(c.Stdout, "")
		return 0
	case !slices.ContainsFunc(zfsCommands, func(u usageLine) bool { return u.name == name }):
		c.Errorf("unrecognized command '%s'\n", name)
		return zfsUsage(c.Stderr, "")
	case s.suspended():
		return hang
	}
	switch name {
	case "create":
		return zfsCreate(c, s, args)
	case "destroy":
		return zfsDestroy(c, s, args)
	case "get":
		return zfsGet(c, s, args)
	case "list":
		return zfsList(c, s, args)
	case "set":
		return zfsSet(c, s, args)
	}
	return notSimulated(c, name)
}

// suspended says whether a pool is: its commands, and those that ask for all
// pools, then never return.
func (s *state) suspended() bool {
	return slices.ContainsFunc(s.Pools, func(p pool) bool { return p.Suspended })
}

// A usageLine is how a subcommand is used; no name is an empty line.
type usageLine struct{ name, text string }

var zfsCommands = []usageLine{
	{"create", "\tcreate [-p] [-o property=value] ... <filesystem>\n\tcreate [-ps] [-b blocksize] [-o property=value] ... -V <size> <volume>\n"},
	{"destroy", "\tdestroy [-fnpRrv] <filesystem|volume>\n\tdestroy [-dnpRrv] <filesystem|volume>@<snap>[%<snap>][,...]\n\tdestroy <filesystem|volume>#<bookmark>\n"},
	{},
	{"snapshot", "\tsnapshot [-r] [-o property=value] ... <filesystem|volume>@<snap> ...\n"},
	{"rollback", "\trollback [-rRf] <snapshot>\n"},
	{"clone", "\tclone [-p] [-o property=value] ... <snapshot> <filesystem|volume>\n"},
	{"promote", "\tpromote <clone-filesystem>\n"},
	{"rename", "\trename [-f] <filesystem|volume|snapshot> <filesystem|volume|snapshot>\n\trename [-f] -p <filesystem|volume> <filesystem|volume>\n\trename -r <snapshot> <snapshot>\n"},
	{"bookmark", "\tbookmark <snapshot> <bookmark>\n"},
	{},
	{"list", "\tlist [-Hp] [-r|-d max] [-o property[,...]] [-s property]...\n\t    [-S property]... [-t type[,...]] [filesystem|volume|snapshot] ...\n"},
	{},
	{"set", "\tset <property=value> ... <filesystem|volume|snapshot> ...\n"},
	{"get", "\tget [-rHp] [-d max] [-o \"all\" | field[,...]]\n\t    [-t type[,...]] [-s source[,...]]\n\t    <\"all\" | property[,...]> [filesystem|volume|snapshot|bookmark] ...\n"},
	{"inherit", "\tinherit [-rS] <property> <filesystem|volume|snapshot> ...\n"},
	{},
	{"mount", "\tmount\n\tmount [-lvO] [-o opts] <-a | filesystem>\n"},
	{"unmount", "\tunmount [-f] <-a | filesystem|mountpoint>\n"},
}

// zfsUsage prints how a subcommand ("" means all) is used, and gives the status
// of wrong usage.
func zfsUsage(out io.Writer, name string) int {
	if name == "" {
		fmt.Fprint(out, "usage: zfs command args ...\nwhere 'command' is one of the following:\n\n")
		for _, u := range zfsCommands {
			fmt.Fprint(out, cmp.Or(u.text, "\n"))
		}
		fmt.Fprint(out, "\nEach dataset is of the form: pool/[dataset/]*dataset[@name]\n")
	}
	for _, u := range zfsCommands {
		if name != "" && u.name == name {
			fmt.Fprintf(out, "usage:\n%s", u.text)
		}
	}
	if name != "set" && name != "get" && name != "list" {
		fmt.Fprint(out, "\nFor the property list, run: zfs set|get\n\nFor the delegated permission list, run: zfs allow|unallow\n")
		return 2
	}
	fmt.Fprintf(out, "\nThe following properties are supported:\n\n\t%-14s %s  %s   %s\n\n", "PROPERTY", "EDIT", "INHERIT", "VALUES")
	props := slices.SortedFunc(slices.Values(zfsProps), func(a, b zfsProp) int {
		return cmp.Or(cmp.Compare(min(a.mode, 1), min(b.mode, 1)), cmp.Compare(a.name, b.name))
	})
	for _, p := range props {
		edit, inherit := "YES   ", "   NO   "
		if p.mode == readonly {
			edit = " NO   "
		}
		if p.mode == inherits {
			inherit = "  YES   "
		}
		if p.name != "name" {
			fmt.Fprintf(out, "\t%-15s %s %s%s\n", p.name, edit, inherit, p.values)
		}
	}
	fmt.Fprint(out, "\nSizes are specified in bytes with standard units such as K, M, G, etc.\n")
	fmt.Fprint(out, "\nUser-defined properties can be specified by using a name containing a colon (:).\n")
	return 2
}

// openDataset finds a dataset by name or by a path in a mounted one; it says so
// if there is none (libzfs_dataset.c, zfs_open; libzfs_util.c,
// zfs_path_to_zhandle).
func openDataset(c *world.Call, s *state, name string) (*pool, *dataset) {
	if strings.HasPrefix(name, "/") || strings.HasPrefix(name, "./") {
		special, ok := mounted(c, name)
		if !ok {
			return nil, nil
		}
		name = special
	}
	p, d := s.dataset(name)
	if d == nil {
		c.Errorf("cannot open '%s': dataset does not exist\n", name)
	}
	return p, d
}

// mounted gives the ZFS dataset in which a path is.
func mounted(c *world.Call, name string) (string, bool) {
	if _, err := os.Stat(c.World.Path(name)); err != nil {
		c.Errorf("%s: %s\n", name, errorText(err))
		return "", false
	}
	table, err := os.ReadFile(c.World.Path("/etc/mnttab"))
	if err != nil {
		c.Errorf("cannot open /etc/mnttab: %s\n", errorText(err))
		return "", false
	}
	var best []string
	for line := range strings.Lines(string(table)) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(f) != 5 || f[1] != "/" && name != f[1] && !strings.HasPrefix(name, f[1]+"/") {
			continue
		}
		if best == nil || len(f[1]) >= len(best[1]) {
			best = f
		}
	}
	if best == nil || best[2] != "zfs" {
		c.Errorf("'%s': not a ZFS filesystem\n", name)
		return "", false
	}
	return best[0], true
}
