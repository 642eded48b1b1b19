// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package volume

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"syscall"

	"illumos-metadata/common/guest"
)

// headSize is how much of an archive is read to see what it is.
const headSize = 4096

// directories are where disks have their nodes (devfsadm(8), disk_link.c). A
// block node takes any read, so it comes before the raw one; those of
// removable media are there a second time.
var directories = []string{"/dev/dsk/", "/dev/rdsk/", "/dev/removable-media/dsk/", "/dev/removable-media/rdsk/"}

// nodeName splits the name of a node into that of the disk and the node's own:
// c0d0p0, c2t0d0s2, c3t5000CCA0496FCA6Dd0. Of the slices only those count that
// can stand for a whole medium or hold the first partition.
var nodeName = regexp.MustCompile(`^(c([0-9]+)(?:t([0-9A-F]+))?d([0-9A-F]+))(p[0-4]|s2|s0)?$`)

// nodeOrder is the order in which the nodes of one disk are tried. p0 is the
// whole medium under every label; the bare name is it under an EFI label; s2
// and s0 are it where the driver makes up a label (cmlb.c), as for a CD, and s0
// is the first partition under an EFI label. p1 to p4 are the partitions of a
// master boot record.
var nodeOrder = []string{"p0", "", "s2", "s0", "p1", "p2", "p3", "p4"}

// partition says whether a node is one of p1 to p4. An archive has no label
// that says whom it is for, so there it does not count.
func partition(node string) bool { return node[len(node)-2] == 'p' && node[len(node)-1] != '0' }

// A disk is one disk or drive.
type disk struct {
	name  string   // c2t0d0
	nodes []string // the paths that are there, in the order in which they are tried
	whole int      // so many of them stand for the whole medium under every label
}

// list gives all disks in device order.
func list(g *guest.Guest) ([]disk, error) {
	there, names := map[string]bool{}, map[string]bool{}
	for _, dir := range directories {
		entries, err := g.ReadDir(dir)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, name := range entries {
			if m := nodeName.FindStringSubmatch(name); m != nil {
				there[dir+name], names[m[1]] = true, true
			}
		}
	}
	var disks []disk
	for _, name := range slices.SortedFunc(maps.Keys(names), deviceOrder) {
		d := disk{name: name}
		for _, node := range nodeOrder {
			for _, dir := range directories {
				if there[dir+name+node] {
					d.nodes = append(d.nodes, dir+name+node)
				}
			}
			if node == "" {
				d.whole = len(d.nodes)
			}
		}
		disks = append(disks, d)
	}
	return disks, nil
}

// deviceOrder compares two disks by controller, target and logical unit, all of
// them as numbers: c2t0d0 comes before c10t0d0.
func deviceOrder(a, b string) int {
	m, n := nodeName.FindStringSubmatch(a), nodeName.FindStringSubmatch(b)
	order := 0
	for i := 2; i <= 4; i++ {
		order = cmp.Or(order, cmp.Compare(len(m[i]), len(n[i])), cmp.Compare(m[i], n[i]))
	}
	return order
}

// probe looks for a metadata volume on one disk; a zero Volume says that it has
// none. A disk whose whole medium was read needs no other node, but for the
// slices and partitions that a label makes; those are only for luck, so their
// failures mean nothing. A CD with another label than ours is only the second
// choice, for install media are disks with partitions, too.
func (d disk) probe(ctx context.Context, g *guest.Guest) (Volume, error) {
	var failure error
	var disc Volume
	seen := false
	for i, node := range d.nodes {
		v, label, err := look(ctx, g, node)
		if err != nil {
			if !empty(err) && failure == nil {
				failure = err
			}
			continue
		}
		if v != (Volume{}) && !v.Disc() {
			return v, nil
		}
		if disc == (Volume{}) {
			disc = v
		}
		if i < d.whole {
			seen = true
			if !label {
				break // every other node is the same again
			}
		}
	}
	if seen {
		return disc, nil
	}
	return disc, failure
}

// look tells what a node begins with: a volume, the zero one if it is none, and
// whether there is a label. Its first chunk has all that is needed for it, but
// for the root directory of some FAT file systems.
func look(ctx context.Context, g *guest.Guest, node string) (found Volume, label bool, err error) {
	f, err := open(g, node)
	if err != nil {
		return Volume{}, false, err
	}
	defer f.Close()
	v := newView(ctx, f)
	head, err := v.chunk(0)
	if err == nil {
		found, err = v.volume(head, node)
	}
	if err != nil {
		return Volume{}, false, &fs.PathError{Op: "read", Path: node, Err: reason(err)}
	}
	return found, labelled(head), nil
}

// volume gives the volume that begins with head.
func (v *view) volume(head []byte, node string) (Volume, error) {
	name, disc := isoLabel(head)
	if disc && strings.EqualFold(name, seedLabel) {
		return Volume{node, ISO, true}, nil
	}
	if l := parseBoot(head); l != nil {
		seed, err := l.isSeed(v)
		if err != nil || seed {
			return Volume{node, l.kind, true}, err
		}
	}
	if a := detect(head[:min(len(head), headSize)]); a != nil && !partition(node) {
		return Volume{node, a.name, false}, nil
	}
	if disc {
		return Volume{node, ISO, false}, nil
	}
	return Volume{}, nil
}

// empty says whether err means that there is nothing behind a node: no medium
// in the drive, a slice of no size, a device that is gone (sd.c, sdopen;
// blkdev.c, bd_open).
func empty(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENXIO) || errors.Is(err, syscall.ENODEV)
}

// labelled says whether the first sector is that of a disk with partitions: a
// master boot record, be it protective, is under every label that x86 uses.
func labelled(head []byte) bool {
	return len(head) >= 512 && head[510] == 0x55 && head[511] == 0xaa
}

// open opens a node for reading. A FIFO would keep us waiting for a writer, so
// it is refused unopened, as what is no device. Neither O_NDELAY nor O_EXCL: an
// empty drive is to say so at once, and whoever else reads the disk may do so.
func open(g *guest.Guest, node string) (*os.File, error) {
	info, err := g.Stat(node)
	if err != nil {
		return nil, err
	}
	if info.Mode()&fs.ModeNamedPipe != 0 {
		return nil, &fs.PathError{Op: "open", Path: node, Err: syscall.ENODEV}
	}
	return g.Open(node)
}

// reason drops the path of a PathError: it is not the guest's own one.
func reason(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}
