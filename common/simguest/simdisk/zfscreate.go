// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simdisk

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"path"
	"strconv"
	"strings"

	"illumos-metadata/common/simguest/world"
)

// A creation is what the options of zfs create ask for.
type creation struct {
	volume, sparse, parents, block bool
	props                          map[string]string
	order                          []string // of props, as they came
}

// errUsage and errSaid end a command whose reason has been printed: with the
// usage and status 2, or with status 1.
var (
	errUsage = errors.New("wrong usage")
	errSaid  = errors.New("said")
)

// zfsCreate is zfs create (zfs_main.c, zfs_do_create).
func zfsCreate(c *world.Call, s *state, args []string) int {
	g := world.Getopt{Args: args, Spec: "V:b:so:p"}
	cr := creation{props: map[string]string{}}
	err := cr.options(c, &g)
	if err == nil {
		err = cr.operands(c, g.Args)
	}
	if err == nil && !cr.volume {
		return notSimulated(c, "create of a file system")
	}
	if err == nil {
		err = cr.make(c, s, g.Args[0])
	}
	switch {
	case errors.Is(err, errUsage):
		return zfsUsage(c.Stderr, "create")
	case errors.Is(err, errSaid):
		return 1
	case err != nil:
		c.Errorf("%v\n", err)
		return 1
	}
	return 0
}

func (cr *creation) options(c *world.Call, g *world.Getopt) error {
	for opt, ok := g.Next(); ok; opt, ok = g.Next() {
		switch opt {
		case 'V', 'b':
			name, what := "volsize", "size"
			if opt == 'b' {
				name, what, cr.block = "volblocksize", "block size", true
			}
			cr.volume = cr.volume || opt == 'V'
			n, err := parseNumber(g.Value)
			if err != nil {
				return fmt.Errorf("bad volume %s '%s': %w", what, g.Value, err)
			}
			cr.set(name, strconv.FormatUint(n, 10))
		case 'p':
			cr.parents = true
		case 's':
			cr.sparse = true
		case 'o':
			if err := cr.property(c, g.Value); err != nil {
				return err
			}
		case ':':
			c.Errorf("missing size argument\n")
			return errUsage
		default:
			c.Errorf("invalid option '%c'\n", g.Letter)
			return errUsage
		}
	}
	return nil
}

func (cr *creation) set(name, value string) {
	if _, ok := cr.props[name]; !ok {
		cr.order = append(cr.order, name)
	}
	cr.props[name] = value
}

// property takes name=value (zfs_main.c, parseprop).
func (cr *creation) property(c *world.Call, arg string) error {
	name, value, ok := strings.Cut(arg, "=")
	if !ok {
		c.Errorf("missing '=' for property=value argument\n")
		return errSaid
	}
	if _, twice := cr.props[name]; twice {
		c.Errorf("property '%s' specified multiple times\n", name)
		return errSaid
	}
	cr.set(name, value)
	return nil
}

func (cr *creation) operands(c *world.Call, args []string) error {
	kind := "filesystem"
	if cr.volume {
		kind = "volume"
	}
	switch {
	case (cr.block || cr.sparse) && !cr.volume:
		c.Errorf("'-s' and '-b' can only be used when creating a volume\n")
	case len(args) == 0:
		c.Errorf("missing %s argument\n", kind)
	case len(args) > 1:
		c.Errorf("too many arguments\n")
	default:
		return nil
	}
	return errUsage
}

// make creates the volume name. The order of the checks is the command's: the
// pool, the properties, the name, its parents, whether it exists, the size.
func (cr *creation) make(c *world.Call, s *state, name string) error {
	top, _, _ := strings.Cut(name, "/")
	p := s.pool(top)
	if p == nil {
		return fmt.Errorf("cannot open '%s': no such pool", top)
	}
	refuse := func(why string) error { return fmt.Errorf("cannot create '%s': %s", name, why) }
	props := map[string]string{}
	for _, prop := range cr.order {
		value, err := checkProp(prop, cr.props[prop], true, nil)
		if err != nil {
			return refuse(err.Error())
		}
		props[prop] = value
	}
	size, block, copies := volumeNumbers(props)
	if size%block != 0 && size < 1<<63 {
		size = (size + block - 1) / block * block
		props["volsize"] = strconv.FormatUint(size, 10)
	}
	if _, given := props["refreservation"]; !given && !cr.sparse {
		props["refreservation"] = strconv.FormatUint(reservation(size, block, copies), 10)
	}
	_, old := s.dataset(name)
	if old != nil && cr.parents {
		return nil
	}
	if err := s.mayCreate(name, old); err != nil {
		return refuse(err.Error())
	}
	if size == 0 {
		return refuse("volume size cannot be zero")
	}
	if why := s.cannotStore(p, props); why != "" {
		return refuse(why)
	}
	props["volblocksize"] = strconv.FormatUint(block, 10)
	return s.addVolume(c.World, p, dataset{Name: name, Volume: true, GUID: rand.Uint64(), Refer: 8 << 10, Props: props})
}

// volumeNumbers gives size, block size and copies of a volume to be made.
func volumeNumbers(props map[string]string) (size, block, copies uint64) {
	size, _ = strconv.ParseUint(props["volsize"], 10, 64)
	block, _ = strconv.ParseUint(props["volblocksize"], 10, 64)
	copies, _ = strconv.ParseUint(props["copies"], 10, 64)
	if block == 0 {
		block = 8192 // ZVOL_DEFAULT_BLOCKSIZE
	}
	return size, block, max(copies, 1)
}

// mayCreate checks name and parents (libzfs_dataset.c, zfs_create,
// check_parents).
func (s *state) mayCreate(name string, old *dataset) error {
	if err := validName(name); err != nil {
		return err
	}
	if !strings.Contains(name, "/") {
		return errors.New("missing dataset name")
	}
	_, parent := s.dataset(path.Dir(name))
	switch {
	case parent == nil:
		return errors.New("parent does not exist")
	case parent.Volume:
		return errors.New("parent is not a filesystem")
	case old != nil:
		return errors.New("dataset already exists")
	}
	return nil
}

// cannotStore says why the kernel refuses the volume.
func (s *state) cannotStore(p *pool, props map[string]string) string {
	reserve, _ := strconv.ParseUint(props["refreservation"], 10, 64)
	switch {
	case s.Zone:
		return "permission denied"
	case p.ReadOnly:
		return "pool is read-only"
	case max(reserve, mib) > uint64(p.available(&p.Datasets[0])):
		return "out of space"
	}
	return ""
}

// validName checks the name of a dataset (zfs_namecheck.c, entity_namecheck;
// the texts are those of libzfs_dataset.c, zfs_validate_name).
func validName(name string) error {
	switch {
	case len(name) >= 256:
		return errors.New("name is too long")
	case strings.HasPrefix(name, "/"):
		return errors.New("leading slash in name")
	case strings.HasSuffix(name, "/"):
		return errors.New("trailing slash in name")
	case strings.Contains(name, "//"):
		return errors.New("empty component in name")
	case strings.ContainsAny(name, "@#"):
		return errors.New("snapshot delimiter '@' is not expected here")
	}
	for _, c := range name {
		if !strings.ContainsRune("-_.: /", c) && (c > 'z' || !isAlnum(byte(c))) {
			return fmt.Errorf("invalid character '%c' in name", c)
		}
	}
	return nil
}

func isAlnum(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}
