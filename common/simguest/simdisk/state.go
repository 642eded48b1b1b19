// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simdisk

import (
	"cmp"
	"slices"
	"strings"

	"illumos-metadata/common/simguest/world"
)

// stateName is the document that holds the state: /sim/disk.json.
const stateName = "disk"

// A state is what the kernel, the pools and the swap table hold. The labels and
// the size of a disk are not here but in its image.
type state struct {
	Memory int64  `json:"memory"`
	Gate   Gate   `json:"gate"`
	Zone   bool   `json:"zone,omitempty"`
	Disks  []Disk `json:"disks"`
	Pools  []pool `json:"pools"`
	Swap   []Swap `json:"swap"`
	Dump   string `json:"dump,omitempty"` // live dump device
	Minor  int    `json:"minor"`          // of the volume made last
}

// A pool is an imported pool.
type pool struct {
	Name       string    `json:"name"`
	GUID       uint64    `json:"guid"`
	Vdevs      []vdev    `json:"vdevs"`
	Boot       int64     `json:"boot,omitempty"` // property bootsize
	Frag       int       `json:"frag"`
	Autoexpand bool      `json:"autoexpand"`
	ReadOnly   bool      `json:"read_only,omitempty"`
	Checkpoint string    `json:"checkpoint,omitempty"`
	Altroot    string    `json:"altroot,omitempty"`
	Root       string    `json:"root,omitempty"`
	Datasets   []dataset `json:"datasets"`
	// Suspended: no command on this pool ever returns, until the next boot.
	Suspended bool `json:"suspended,omitempty"`
}

// A vdev is one device; sizes are as at its last opening.
type vdev struct {
	Type     string `json:"type"` // "disk", "file", "mirror", "raidz1", …
	Path     string `json:"path,omitempty"`
	Whole    bool   `json:"whole,omitempty"`
	Class    string `json:"class,omitempty"`
	State    string `json:"state"`
	GUID     uint64 `json:"guid"`
	Children []vdev `json:"children,omitempty"`

	Asize int64 `json:"asize"` // usable bytes
	Max   int64 `json:"max"`   // what it could be expanded to
	Shift uint  `json:"shift"`
	Alloc int64 `json:"alloc"`
}

// A dataset is a file system or volume.
type dataset struct {
	Name   string            `json:"name"`
	Volume bool              `json:"volume,omitempty"`
	GUID   uint64            `json:"guid"`
	Refer  int64             `json:"refer"`
	Minor  int               `json:"minor,omitempty"` // of a volume's node
	Props  map[string]string `json:"props,omitempty"` // set here; numbers in bytes
}

// A Swap is one entry of the swap table.
type Swap struct {
	Path  string `json:"path"`
	Start int64  `json:"start"` // first block of 512 bytes that is used
	Pages int64  `json:"pages"`
	Major int    `json:"major"` // of the node; 0 if it is a file
	Minor int    `json:"minor"`
}

// load reads the state.
func load(w *world.World) (*state, error) {
	s := &state{}
	return s, w.Read(stateName, s)
}

// change runs f on the state and stores what it made of it.
func change(w *world.World, f func(*state) error) error {
	return w.Locked(func() error {
		s, err := load(w)
		if err != nil {
			return err
		}
		if err := f(s); err != nil {
			return err
		}
		return w.Write(stateName, s)
	})
}

// look runs f on the state, which it must not change.
func look(w *world.World, f func(*state) error) error {
	return w.Locked(func() error {
		s, err := load(w)
		if err != nil {
			return err
		}
		return f(s)
	})
}

// A body is what a command does with the state, and its exit status.
type body func(*world.Call, *state) int

// changing makes a command of f; it stores the state whatever the status, since
// a command may fail in its second half.
func changing(f body) world.Command {
	return func(c *world.Call) int {
		status := 0
		err := change(c.World, func(s *state) error {
			status = f(c, s)
			return nil
		})
		if err != nil {
			c.Errorf("simulated guest: %v\n", err)
			return 127
		}
		if status == hang {
			waitForever()
		}
		return status
	}
}

func (s *state) disk(name string) *Disk {
	i := slices.IndexFunc(s.Disks, func(d Disk) bool { return d.Name == name })
	if i < 0 {
		return nil
	}
	return &s.Disks[i]
}

func (s *state) pool(name string) *pool {
	i := slices.IndexFunc(s.Pools, func(p pool) bool { return p.Name == name })
	if i < 0 {
		return nil
	}
	return &s.Pools[i]
}

// dataset finds a dataset and its pool.
func (s *state) dataset(name string) (*pool, *dataset) {
	top, _, _ := strings.Cut(name, "/")
	p := s.pool(top)
	if p == nil {
		return nil, nil
	}
	i := slices.IndexFunc(p.Datasets, func(d dataset) bool { return d.Name == name })
	if i < 0 {
		return p, nil
	}
	return p, &p.Datasets[i]
}

// add puts a dataset where zfs list shows it: in order of name.
func (p *pool) add(d dataset) {
	at, _ := slices.BinarySearchFunc(p.Datasets, d, func(a, b dataset) int { return cmp.Compare(a.Name, b.Name) })
	p.Datasets = slices.Insert(p.Datasets, at, d)
}
