// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simdisk

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"

	"illumos-metadata/common/simguest/world"
)

// reservation is what a volume that is not sparse reserves: its data and, for
// the worst case, its indirect blocks (libzfs_dataset.c,
// zvol_volsize_to_reservation, without parity of raidz).
func reservation(size, block, copies uint64) uint64 {
	const (
		perLevel = 1 << 10   // block pointers in an indirect block
		indirect = 1 << 17   // its bytes
		metanode = uint64(7) // levels of the metadnode
	)
	blocks := metanode
	for n := size / block; n > 1; {
		n = (n + perLevel - 1) / perLevel
		blocks += n
	}
	return size*copies + blocks*min(3, copies+1)*indirect
}

// prop gives a property that is set on the dataset itself, as a number of bytes.
func (d *dataset) number(name string) int64 {
	n, _ := strconv.ParseInt(d.Props[name], 10, 64)
	return n
}

// excess is what a refreservation takes beyond what the dataset refers to.
func (d *dataset) excess() int64 { return max(d.number("refreservation")-d.Refer, 0) }

// under says whether d is below a dataset of that name.
func (d *dataset) under(name string) bool { return strings.HasPrefix(d.Name, name+"/") }

// used is the property of that name. The pool's own dataset has all that is
// allocated, whoever refers to it.
func (p *pool) used(d *dataset) int64 {
	if d.Name == p.Name {
		used := p.deflate(p.allocated)
		for i := range p.Datasets {
			used += p.Datasets[i].excess()
		}
		return used
	}
	used := d.Refer + d.excess()
	for i := range p.Datasets {
		if c := &p.Datasets[i]; c.under(d.Name) {
			used += c.Refer + c.excess()
		}
	}
	return used
}

// available is the property of that name: what is left in the pool, and what d
// has reserved and not yet used.
func (p *pool) available(d *dataset) int64 {
	size := p.deflate((*vdev).space)
	slop := max(size>>5, min(size>>1, 128*mib)) // spa_misc.c, spa_get_slop_space
	return max(size-slop-p.used(&p.Datasets[0]), 0) + d.excess()
}

func (p *pool) allocated(v *vdev) int64 { return v.Alloc }

// deflate adds up the data vdevs without their parity.
func (p *pool) deflate(of func(*vdev) int64) (sum int64) {
	for i := range p.Vdevs {
		v := &p.Vdevs[i]
		if v.Class != "" {
			continue
		}
		n := of(v)
		if parity, ok := strings.CutPrefix(v.Type, "raidz"); ok {
			k, _ := strconv.Atoi(parity)
			n = n / int64(len(v.Children)) * int64(len(v.Children)-k)
		}
		sum += n
	}
	return sum
}

// addVolume makes a volume, its file and its nodes, which sdev makes appear at
// once (uts/common/fs/dev/sdev_zvolops.c).
func (s *state) addVolume(w *world.World, p *pool, d dataset) error {
	s.Minor++
	d.Minor = s.Minor
	p.add(d)
	file := w.Path(d.file())
	if err := os.MkdirAll(path.Dir(file), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		return err
	}
	if err := os.Truncate(file, d.number("volsize")); err != nil {
		return err
	}
	links := newLinker(w)
	for _, dir := range []string{"/dev/zvol/dsk/", "/dev/zvol/rdsk/"} {
		if err := links.link(dir+d.Name, d.file()); err != nil {
			return err
		}
	}
	return nil
}

// file is the guest's path of the file behind a volume.
func (d *dataset) file() string { return "/sim/zvol/" + d.Name + ".img" }

// node is the block device of a volume.
func (d *dataset) node() string { return "/dev/zvol/dsk/" + d.Name }

// remove destroys a dataset.
func (p *pool) remove(w *world.World, d *dataset) error {
	name := d.Name
	var errs []error
	if d.Volume {
		for _, file := range []string{d.file(), d.node(), "/dev/zvol/rdsk/" + name} {
			if err := os.Remove(w.Path(file)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				errs = append(errs, err)
			}
		}
	}
	p.Datasets = slices.DeleteFunc(p.Datasets, func(d dataset) bool { return d.Name == name })
	return errors.Join(errs...)
}

// volume finds the volume whose node is path.
func (s *state) volume(path string) *dataset {
	name, ok := strings.CutPrefix(path, "/dev/zvol/dsk/")
	if !ok {
		return nil
	}
	if _, d := s.dataset(name); d != nil && d.Volume {
		return d
	}
	return nil
}

// setting gives a property and where it comes from: "local", "default",
// "inherited from NAME", or "-" where that does not apply.
func (p *pool) setting(d *dataset, prop *zfsProp) (value, source string) {
	if v, ok := d.Props[prop.name]; ok {
		if prop.mode == readonly {
			return v, "-"
		}
		return v, "local"
	}
	if prop.mode == readonly {
		return prop.fallback, "-"
	}
	for name := d.Name; prop.mode == inherits && strings.Contains(name, "/"); {
		name = path.Dir(name)
		for i := range p.Datasets {
			if v, ok := p.Datasets[i].Props[prop.name]; ok && p.Datasets[i].Name == name {
				return v, "inherited from " + name
			}
		}
	}
	return prop.fallback, "default"
}

// mountpoint is the property of that name: that of the nearest dataset that has
// one, with the rest of the name.
func (p *pool) mountpoint(d *dataset) (value, source string) {
	value, source = p.setting(d, zfsPropNamed("mountpoint"))
	from, inherited := strings.CutPrefix(source, "inherited from ")
	switch {
	case source == "default":
		return "/" + d.Name, source
	case inherited && value != "none" && value != "legacy":
		return path.Join(value, strings.TrimPrefix(d.Name, from)), source
	}
	return value, source
}
