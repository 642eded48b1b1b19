// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simdisk

import (
	"math/bits"
	"os"
	"strconv"
	"strings"

	"illumos-metadata/common/simguest/world"
)

// What ZFS keeps of a device for itself: two labels and the boot block in front,
// two labels behind (sys/vdev_impl.h).
const (
	vdevLabel = 256 << 10
	vdevSpare = 4*mib + 512<<10
)

// usable is what of a device of so many bytes holds data (vdev.c, vdev_open).
func usable(size int64) int64 { return size/vdevLabel*vdevLabel - vdevSpare }

// metaslabShift is the size of a metaslab that a new vdev gets (vdev.c,
// vdev_metaslab_set_size): 512 MiB, smaller if that made less than 16, larger if
// it made more than 200.
func metaslabShift(asize int64) uint {
	const usual, least, most = 29, 24, 34
	shift := uint(usual)
	switch count := asize >> usual; {
	case count < 16:
		shift = uint(bits.Len64(uint64(asize / 16)))
	case count > 200:
		shift = uint(bits.Len64(uint64(asize / 200)))
	}
	return min(max(shift, least), most)
}

// deviceSize gives what a leaf can use now, and what it could use after a
// relabel: all of a whole disk (vdev_disk.c, vdev_disk_open).
func (s *state) deviceSize(w *world.World, v *vdev) (size, most int64, ok bool) {
	if v.Type == "file" {
		info, err := os.Stat(w.Path(v.Path))
		if err != nil {
			return 0, 0, false
		}
		return info.Size(), info.Size(), true
	}
	node, ok := s.device(w, v.Path)
	if !ok {
		return 0, 0, false
	}
	m, err := node.disk.open(w)
	if err != nil {
		return 0, 0, false
	}
	defer m.close()
	size = int64(node.size(m))
	most = size
	if v.Whole {
		most = int64((m.capacity - 1) * m.sector)
	}
	return size, most, size > vdevSpare
}

// open opens a vdev and what is below it, as at import and with zpool reopen:
// Max follows the disk, Asize only in the leaves that grow says.
func (s *state) open(w *world.World, v *vdev, grow func(*vdev) bool) {
	if len(v.Children) > 0 {
		s.openGroup(w, v, grow)
		return
	}
	if v.State == "OFFLINE" || v.State == "FAULTED" || v.State == "REMOVED" {
		return
	}
	size, most, ok := s.deviceSize(w, v)
	if !ok || usable(size) < v.Asize {
		v.State = "UNAVAIL"
		return
	}
	if v.State == "UNAVAIL" {
		v.State = "ONLINE"
	}
	v.Max = usable(most)
	if v.Asize == 0 || v.State == "ONLINE" && grow(v) {
		v.Asize = usable(size)
	}
}

// openGroup opens a mirror or raidz (vdev_mirror.c, vdev_raidz.c: the smallest
// child counts).
func (s *state) openGroup(w *world.World, v *vdev, grow func(*vdev) bool) {
	bad := 0
	var asize, most int64
	for i := range v.Children {
		c := &v.Children[i]
		s.open(w, c, grow)
		switch {
		case c.State != "ONLINE":
			bad++
		case asize == 0:
			asize, most = c.Asize, c.Max
		default:
			asize, most = min(asize, c.Asize), min(most, c.Max)
		}
	}
	can := len(v.Children) - 1
	parity, raidz := strings.CutPrefix(v.Type, "raidz")
	if raidz {
		can, _ = strconv.Atoi(parity)
		asize, most = asize*int64(len(v.Children)), most*int64(len(v.Children))
	}
	switch {
	case bad > can:
		v.State = "UNAVAIL"
		return
	case bad > 0:
		v.State = "DEGRADED"
	default:
		v.State = "ONLINE"
	}
	v.Asize, v.Max = asize, most
}

// reopen opens all devices of a pool. What has become larger is used at once if
// the pool has autoexpand (vdev.c, vdev_open).
func (s *state) reopen(w *world.World, p *pool) {
	for i := range p.Vdevs {
		s.open(w, &p.Vdevs[i], func(*vdev) bool { return p.Autoexpand })
	}
}

// space is the size of a top-level vdev: whole metaslabs. Others have none.
func (v *vdev) space() int64 {
	if v.Shift == 0 || v.State == "UNAVAIL" {
		return 0
	}
	return v.Asize >> v.Shift << v.Shift
}

// expandable is what zpool list calls EXPANDSZ (vdev.c, vdev_get_stats_ex).
func (p *pool) expandable(v *vdev) int64 {
	if v.Class == "cache" || v.Class == "spare" || v.State == "UNAVAIL" {
		return 0
	}
	shift := v.Shift
	if shift == 0 {
		shift = p.topShift(v)
	}
	return max(v.Max-v.Asize-p.Boot, 0) >> shift << shift
}

// topShift is the metaslab size of the top-level vdev that a leaf is in.
func (p *pool) topShift(leaf *vdev) uint {
	for i := range p.Vdevs {
		for j := range p.Vdevs[i].Children {
			if &p.Vdevs[i].Children[j] == leaf {
				return p.Vdevs[i].Shift
			}
		}
	}
	return 0
}

// totals adds up the data vdevs. Log devices do not count, nor those of other
// classes (spa.c, spa_prop_get_config: metaslab_class_get_space and
// metaslab_class_expandable_space of the normal class).
func (p *pool) totals() (size, alloc, expand int64) {
	for i := range p.Vdevs {
		v := &p.Vdevs[i]
		if v.Class == "" {
			size, alloc, expand = size+v.space(), alloc+v.Alloc, expand+p.expandable(v)
		}
	}
	return size, alloc, expand
}

// health is the state of the pool as zpool list shows it.
func (p *pool) health() string {
	state := "ONLINE"
	for _, v := range p.Vdevs {
		switch {
		case v.Class == "cache" || v.Class == "spare" || v.State == "ONLINE":
		case v.State == "DEGRADED":
			state = "DEGRADED"
		case v.Class == "":
			return "UNAVAIL"
		default:
			state = "DEGRADED"
		}
	}
	return state
}

// leaf finds a leaf by one of the names that zpool(8) takes: c1t0d0 for a whole
// disk, c1t0d0s1, /dev/dsk/c1t0d0s1, or its guid (libzfs_pool.c,
// vdev_to_nvlist_iter).
func (p *pool) leaf(name string) *vdev {
	var search func([]vdev) *vdev
	search = func(vdevs []vdev) *vdev {
		for i := range vdevs {
			v := &vdevs[i]
			if len(v.Children) > 0 {
				if found := search(v.Children); found != nil {
					return found
				}
				continue
			}
			short := strings.TrimPrefix(v.Path, "/dev/dsk/")
			if name == v.Path || name == short || name == strconv.FormatUint(v.GUID, 10) ||
				v.Whole && (name == short[:len(short)-2] || name == v.Path[:len(v.Path)-2]) {
				return v
			}
		}
		return nil
	}
	return search(p.Vdevs)
}

// listName is how zpool list and status print a vdev (libzfs_pool.c,
// zpool_vdev_name); path is -P.
func (v *vdev) listName(path, guid bool) string {
	switch {
	case len(v.Children) > 0:
		return v.Type
	case guid, v.State == "UNAVAIL":
		return strconv.FormatUint(v.GUID, 10)
	case path || v.Type == "file":
		return v.Path
	}
	name := strings.TrimPrefix(v.Path, "/dev/dsk/")
	if v.Whole {
		name = name[:len(name)-2]
	}
	return name
}
