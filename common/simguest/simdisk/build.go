// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simdisk

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"os"
	"strconv"
	"strings"

	"illumos-metadata/common/simguest/world"
)

// Build makes a guest's storage below w: images, device nodes, mnttab, vfstab
// and the state, as of a boot that is just over. Parts of c that make no guest
// are an error.
func Build(w *world.World, c Config) error {
	if err := makeNodes(w); err != nil {
		return fmt.Errorf("build storage: %w", err)
	}
	s := &state{Memory: c.Memory, Gate: cmp.Or(c.Gate, GateCurrent), Zone: c.Zone, Dump: c.DumpDevice}
	for _, d := range c.Disks {
		if err := s.addDisk(w, d); err != nil {
			return fmt.Errorf("build storage: %w", err)
		}
	}
	for _, p := range c.Pools {
		if err := s.addPool(w, p); err != nil {
			return fmt.Errorf("build storage: %w", err)
		}
	}
	if err := writeTables(w, s, c); err != nil {
		return fmt.Errorf("build storage: %w", err)
	}
	return w.Locked(func() error { return w.Write(stateName, s) })
}

// addDisk makes a disk: image, label, nodes.
func (s *state) addDisk(w *world.World, d Disk) error {
	if !devicePath.MatchString("/dev/dsk/"+d.Name) || strings.ContainsAny(d.Name, "sp") || s.disk(d.Name) != nil {
		return fmt.Errorf("disk %q: no name for a disk, or used twice", d.Name)
	}
	if d.Sector == 0 {
		d.Sector = 512
		if d.CD {
			d.Sector = 2048
		}
	}
	d.Driver = cmp.Or(d.Driver, "sd")
	if err := d.writeImage(w); err != nil {
		return err
	}
	d.Content = nil
	s.Disks = append(s.Disks, d)
	if s.Zone {
		return nil
	}
	return d.linkNodes(w)
}

// addPool imports a pool.
func (s *state) addPool(w *world.World, c Pool) error {
	p := pool{
		Name: c.Name, GUID: cmp.Or(c.GUID, stableID(c.Name)), Frag: c.Frag, Autoexpand: c.Autoexpand,
		ReadOnly: c.ReadOnly, Checkpoint: c.Checkpoint, Altroot: c.Altroot, Root: c.Root,
	}
	for _, v := range c.Vdevs {
		made, err := s.makeVdev(w, &p, v)
		if err != nil {
			return fmt.Errorf("pool %s: %w", c.Name, err)
		}
		s.open(w, &made, func(*vdev) bool { return false })
		if made.Class != "cache" && made.Class != "spare" {
			made.Shift = cmp.Or(v.Shift, metaslabShift(made.Asize))
		}
		p.Vdevs = append(p.Vdevs, made)
	}
	s.Pools = append(s.Pools, p)
	return s.addDatasets(w, &s.Pools[len(s.Pools)-1], c)
}

func (s *state) makeVdev(w *world.World, p *pool, c Vdev) (vdev, error) {
	v := vdev{
		Type: c.Type, Path: c.Path, Class: c.Class, Alloc: c.Alloc,
		State: cmp.Or(c.State, "ONLINE"), GUID: stableID(p.Name + c.Disk + c.Path + c.Type),
	}
	for _, child := range c.Children {
		made, err := s.makeVdev(w, p, child)
		if err != nil {
			return v, err
		}
		v.Children = append(v.Children, made)
	}
	if len(v.Children) > 0 {
		return v, nil
	}
	v.Type = "file"
	if c.Disk != "" {
		d := s.disk(c.Disk)
		if d == nil {
			return v, fmt.Errorf("no disk %s", c.Disk)
		}
		v.Path, v.Whole = "/dev/dsk/"+c.Disk+"s0", true
		if d.Label == LabelESP || d.Label == LabelForeign {
			v.Path = "/dev/dsk/" + c.Disk + "s1"
		}
		if d.Label == LabelESP {
			p.Boot = cmp.Or(d.Boot, 256*mib)
		}
	}
	if strings.HasPrefix(v.Path, "/dev/") {
		v.Type = "disk"
	}
	return v, nil
}

// addDatasets makes the datasets: the pool's own, the boot environment's, and
// the volumes.
func (s *state) addDatasets(w *world.World, p *pool, c Pool) error {
	const empty = 32 << 10 // what a file system without files refers to
	_, alloc, _ := p.totals()
	p.add(dataset{Name: p.Name, GUID: stableID(p.Name + " dataset"), Refer: empty})
	above := strings.Split(c.Root, "/")
	for n := 2; n <= len(above); n++ {
		name := strings.Join(above[:n], "/")
		d := dataset{Name: name, GUID: stableID(name), Refer: empty, Props: map[string]string{"mountpoint": "legacy"}}
		if name == c.Root {
			d.Props = map[string]string{"mountpoint": "/", "canmount": "noauto"}
			d.Refer = max(alloc-mib, empty)
		}
		p.add(d)
	}
	for _, v := range c.Volumes {
		block := cmp.Or(v.BlockSize, 8192)
		if v.Size <= 0 || v.Size%block != 0 {
			return fmt.Errorf("volume %s: %d is no multiple of %d", v.Name, v.Size, block)
		}
		props := map[string]string{"volsize": strconv.FormatInt(v.Size, 10), "volblocksize": strconv.FormatInt(block, 10)}
		if !v.Sparse {
			props["refreservation"] = strconv.FormatUint(reservation(uint64(v.Size), uint64(block), 1), 10)
		}
		err := s.addVolume(w, p, dataset{Name: v.Name, Volume: true, GUID: stableID(v.Name), Refer: v.Used, Props: props})
		if err != nil {
			return err
		}
	}
	return nil
}

// stableID makes an identifier from a name: two guests from one image have the
// same ones.
func stableID(name string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(name))
	return h.Sum64() | 1<<60
}

const vfstab = `#device		device		mount		FS	fsck	mount	mount
#to mount	to fsck		point		type	pass	at boot	options
#
/devices	-		/devices	devfs	-	no	-
/proc		-		/proc		proc	-	no	-
ctfs		-		/system/contract ctfs	-	no	-
objfs		-		/system/object	objfs	-	no	-
sharefs		-		/etc/dfs/sharetab	sharefs	-	no	-
fd		-		/dev/fd		fd	-	no	-
swap		-		/tmp		tmpfs	-	yes	-
`

const mnttab = `/devices	/devices	devfs	dev=8800000	1728000000
/dev	/dev	dev	dev=8840000	1728000000
ctfs	/system/contract	ctfs	dev=88c0001	1728000000
proc	/proc	proc	dev=8900000	1728000000
mnttab	/etc/mnttab	mntfs	dev=8940001	1728000000
swap	/etc/svc/volatile	tmpfs	xattr,dev=8980001	1728000000
objfs	/system/object	objfs	dev=89c0001	1728000000
sharefs	/etc/dfs/sharetab	sharefs	dev=8a00001	1728000000
fd	/dev/fd	fd	rw,dev=8b80001	1728000003
swap	/tmp	tmpfs	xattr,dev=8bc0002	1728000003
swap	/var/run	tmpfs	xattr,dev=8bc0003	1728000003
`

// writeTables writes /etc/mnttab, /etc/vfstab and, if there is a dump device,
// /etc/dumpadm.conf.
func writeTables(w *world.World, s *state, c Config) error {
	root := "/devices/ramdisk:a\t/\tufs\trw,intr,largefiles,logging,xattr,onerror=panic,dev=1640000\t1728000000\n"
	for _, p := range s.Pools {
		if p.Root != "" && !c.Ramdisk {
			root = p.Root + "\t/\tzfs\tdev=4350002\t1728000000\n"
		}
	}
	if err := os.MkdirAll(w.Path("/etc"), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(w.Path("/etc/mnttab"), []byte(root+mnttab), 0o444); err != nil {
		return err
	}
	table := vfstab
	for _, line := range c.Vfstab {
		table += line + "\n"
	}
	if err := os.WriteFile(w.Path("/etc/vfstab"), []byte(table), 0o644); err != nil {
		return err
	}
	if c.DumpDevice == "" {
		return nil
	}
	return writeDumpConf(w, dumpConf{device: c.DumpDevice, content: "curproc", enable: "yes", csave: "on"})
}
