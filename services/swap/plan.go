// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"illumos-metadata/common/etcfile"
	"illumos-metadata/common/guest"
	"illumos-metadata/common/illumos"
)

const vfstab = "/etc/vfstab"

// A record names the volume that this service made.
type record struct {
	Volume string `json:"volume,omitempty"` // e.g. rpool/swap
	// GUID tells it from a later volume of that name; empty until it is made.
	GUID string `json:"guid,omitempty"`
	// Busy is set while the volume is made, resized or removed, so that the
	// next run finishes what one that was cut off began.
	Busy bool `json:"busy,omitempty"`
}

// A state is what the guest has.
type state struct {
	rec    record
	change bool             // the settings are to reach present swap too
	pool   string           // the root pool
	volume string           // name that the swap volume has or will have in it
	active []string         // what is swapped on
	vfstab []byte           // the file
	listed []string         // swap that vfstab names and that is there
	found  *illumos.Dataset // of the volume's name; nil if there is none
	fstype string           // of the file system on a volume of unknown origin
	room   room
}

// device is the block device by which vfstab and swap(8) know the volume.
func (s state) device() string { return "/dev/zvol/dsk/" + s.volume }

func (s state) inUse() bool { return slices.Contains(s.active, s.device()) }

// mayBeOurs says whether the record names the volume.
func (s state) mayBeOurs() bool { return s.rec.Volume == s.volume }

// ours says whether the volume that is there is the one that this service made.
// One that a cut off run made has no GUID in the record yet.
func (s state) ours() bool {
	return s.mayBeOurs() && s.found != nil &&
		(s.rec.GUID == s.found.GUID || s.rec.GUID == "" && s.rec.Busy)
}

// settled says why swap needs no look at the pool, or "" if it does.
func (s state) settled() string {
	if s.mayBeOurs() && s.change {
		return ""
	}
	if s.inUse() {
		return s.device() + " is in use"
	}
	if len(s.active) > 0 {
		return "swap is in use already: " + strings.Join(s.active, " ")
	}
	for _, dev := range s.listed {
		if dev != s.device() {
			return vfstab + " names other swap: " + dev
		}
	}
	return ""
}

// left says why swap that this service has made, and that an administrator has
// taken away since, stays away until one restarts the service; "" if there is
// no such swap.
func (s state) left() string {
	const again = "; svcadm restart metadata/swap puts it back"
	switch {
	case s.change || !s.mayBeOurs() || s.rec.GUID == "":
		return ""
	case s.found == nil:
		return s.volume + ", which this service has made, is gone" + again
	case s.ours() && !slices.Contains(s.listed, s.device()):
		return vfstab + " no longer names " + s.device() + again
	}
	return ""
}

// A todo is what one run does.
type todo struct {
	nothing string // why there is nothing to do; nothing else is set then

	steps    []guest.Step
	activate bool    // swap the volume on afterwards
	during   *record // noted before the first step; nil: no record is kept
	after    record  // noted at the end, with the GUID of the volume
}

// decide compares the settings with the guest. An error may come with
// something that can be done all the same.
func decide(p policy, s state) (todo, error) {
	switch {
	case s.found != nil && s.found.Type != "volume":
		return todo{}, fmt.Errorf("%s is a %s: swap needs that name for its volume; rename it, or set config/size to 0",
			s.volume, s.found.Type)
	case p.fixed == 0:
		return remove(s), nil
	case s.found == nil:
		return create(p, s)
	case s.ours():
		return adjust(p, s)
	case s.inUse():
		return todo{nothing: s.device() + " is in use"}, nil
	case s.fstype != "":
		return todo{nothing: fmt.Sprintf("%s was not made by this service and holds a file system (%s)", s.volume, s.fstype)}, nil
	}
	return todo{steps: s.list(), activate: true}, nil
}

// create plans a new volume.
func create(p policy, s state) (todo, error) {
	size, why, err := p.size(s.room)
	if size == 0 {
		return todo{nothing: why}, err
	}
	if why != "" {
		why = ", " + why
	}
	step := guest.Step{
		Part: "make", Why: fmt.Sprintf("make a swap volume of %d MiB%s", size/mib, why),
		// What the installers of OmniOS set too (kayak, create_swap_dump):
		// nothing of swap in the caches, nothing left in memory only, and
		// pages that fit the blocks.
		Argv: []string{"/sbin/zfs", "create", "-V", fmt.Sprint(size), "-b", fmt.Sprint(blockSize),
			"-o", "logbias=throughput", "-o", "sync=always",
			"-o", "primarycache=metadata", "-o", "secondarycache=none", s.volume},
	}
	return todo{
		steps: append([]guest.Step{step}, s.list()...), activate: true,
		during: &record{Volume: s.volume, Busy: true}, after: record{Volume: s.volume},
	}, nil
}

// adjust plans for the volume that this service made: its size if settings are
// to be applied, the vfstab line, and swapping it on.
func adjust(p policy, s state) (todo, error) {
	t := todo{
		activate: !s.inUse(),
		during:   &record{Volume: s.volume, GUID: s.found.GUID, Busy: true},
		after:    record{Volume: s.volume, GUID: s.found.GUID},
	}
	var err error
	if s.change && p.fixed != s.found.Size {
		var size int64
		size, _, err = p.size(s.room)
		if size > 0 && (p.fixed != automatic || !nearly(size, s.found.Size)) {
			t.steps, t.activate = s.resize(size), true
		}
	}
	t.steps = append(t.steps, s.list()...)
	if len(t.steps) == 0 && !t.activate && !s.rec.Busy {
		return todo{nothing: fmt.Sprintf("%s is in use and has the size it should have", s.device())}, err
	}
	return t, err
}

func (s state) resize(size int64) []guest.Step {
	const part = "resize"
	var steps []guest.Step
	if s.inUse() {
		steps = append(steps, s.off(part))
	}
	return append(steps, guest.Step{
		Part: part, Why: fmt.Sprintf("change the swap volume from %d to %d MiB", s.found.Size/mib, size/mib),
		Argv: []string{"/sbin/zfs", "set", fmt.Sprintf("volsize=%d", size), s.volume},
	})
}

// remove plans the end of swap: of what this service made, never of anything
// else.
func remove(s state) todo {
	if !s.mayBeOurs() || s.found != nil && !s.ours() {
		return todo{nothing: "no swap is wanted, and none of this service's is there"}
	}
	const part = "remove"
	var steps []guest.Step
	if s.inUse() {
		steps = append(steps, s.off(part))
	}
	if data := etcfile.RemoveSwap(s.vfstab, s.device()); !bytes.Equal(data, s.vfstab) {
		steps = append(steps, guest.Step{Part: part, Why: "take swap out of vfstab",
			File: &guest.File{Path: vfstab, Data: data}})
	}
	if s.found != nil {
		steps = append(steps, guest.Step{Part: part, Why: "destroy the swap volume, as config/size 0 asks",
			Argv: []string{"/sbin/zfs", "destroy", s.volume}})
	}
	return todo{steps: steps, during: &record{Volume: s.volume, GUID: s.rec.GUID, Busy: true}}
}

func (s state) off(part string) guest.Step {
	return guest.Step{Part: part, Why: "swap off " + s.volume, Argv: []string{"/usr/sbin/swap", "-d", s.device()}}
}

// list is the step, if any is needed, that lets the next boot swap the volume
// on.
func (s state) list() []guest.Step {
	data := etcfile.AddSwap(s.vfstab, s.device())
	if bytes.Equal(data, s.vfstab) {
		return nil
	}
	return []guest.Step{{Part: "make", Why: "list swap in vfstab", File: &guest.File{Path: vfstab, Data: data}}}
}

// on is the step that swaps the volume on now. -2 is what swapadd(8) passes: a
// plain -a would make it the dump device where there is none (swap.c, add).
func (s state) on() guest.Step {
	return guest.Step{Why: "swap on " + s.volume, Argv: []string{"/usr/sbin/swap", "-2", "-a", s.device()},
		Env: []string{"NOINUSE_CHECK=1"}} // as swapadd(8): a volume is no disk that others could use
}
