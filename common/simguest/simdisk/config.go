// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simdisk

// A Config says what storage a guest has when it is built. All sizes are bytes.
type Config struct {
	// Memory is what the machine has; prtconf -m shows it rounded up to MiB.
	Memory int64 `json:"memory"`
	// Gate is which illumos-gate the guest runs, as far as growing a pool
	// differs; "" is GateCurrent.
	Gate Gate `json:"gate,omitempty"`
	// Zone makes the guest a non-global zone: no disks, no administration.
	Zone bool `json:"zone,omitempty"`

	Disks []Disk `json:"disks,omitempty"`
	Pools []Pool `json:"pools,omitempty"`
	// DumpDevice is what dumpadm -d was given: a path, or "" for none.
	DumpDevice string `json:"dump_device,omitempty"`
	// Vfstab are lines after the stock ones in /etc/vfstab, without newlines.
	Vfstab []string `json:"vfstab,omitempty"`
	// Ramdisk boots from a ramdisk, as live media and SmartOS do; no pool then
	// holds the root.
	Ramdisk bool `json:"ramdisk,omitempty"`
}

// A Gate is a state of illumos-gate in the history of growing pools.
type Gate string

const (
	// GateCurrent has efi_use_whole_disk as rewritten in 2023-04 (14577): it
	// gives the data partition all space, and writes the label every time.
	GateCurrent Gate = "current"
	// GateOld is from before that: efi_use_whole_disk returns VT_ENOSPC, which
	// zpool ignores, when the label already ends where the disk does, and it
	// grows a partition only if that touches the reserved one.
	GateOld Gate = "old"
	// GateHang is from before 2022-03 (14022, 14593): as GateOld, and zpool
	// online never returns if it had to write the label.
	GateHang Gate = "hang"
)

// A Label is how a disk is partitioned.
type Label string

const (
	LabelNone    Label = ""        // none: a blank disk, or one that is all Content
	LabelEFI     Label = "efi"     // as zpool create: s0 data, s8 reserved
	LabelESP     Label = "esp"     // as zpool create -B: s0 EFI system, s1 data, s8 reserved
	LabelSMI     Label = "smi"     // Solaris fdisk partition with a VTOC: s0 root, s2 backup, s8 boot
	LabelForeign Label = "foreign" // as other systems' tools: 128 entries, none reserved
)

// A Disk is a disk or CD drive.
type Disk struct {
	Name   string `json:"name"`             // c1t0d0
	Size   int64  `json:"size,omitempty"`   // of the medium; 0 means that of Content
	Sector int    `json:"sector,omitempty"` // logical block size; 0 means 512, on a CD 2048
	Driver string `json:"driver,omitempty"` // "sd" ("" is the same) or "blkdev"
	CD     bool   `json:"cd,omitempty"`

	Label Label `json:"label,omitempty"`
	// Image is the size of the disk that the label was made for, where the
	// disk has grown since; 0 means Size.
	Image int64 `json:"image,omitempty"`
	// Boot is the size of the EFI system partition; 0 means 256 MiB.
	Boot int64 `json:"boot,omitempty"`
	// Content is what the medium holds from its first byte, e.g. an archive.
	Content []byte `json:"content,omitempty"`

	NoMedium   bool `json:"no_medium,omitempty"`  // an empty drive: open gives ENXIO
	Unreadable bool `json:"unreadable,omitempty"` // every read fails
}

// A Vdev is one device of a pool, or a mirror or raidz of some.
type Vdev struct {
	// Disk gives a whole disk, in the slice that zpool create uses.
	Disk string `json:"disk,omitempty"`
	// Path gives a device (/dev/dsk/c1t0d0s0) or file instead.
	Path string `json:"path,omitempty"`
	// Type is "mirror", "raidz1", "raidz2" or "raidz3" if there are Children.
	Type     string `json:"type,omitempty"`
	Children []Vdev `json:"children,omitempty"`
	// Class is "" for data, or "dedup", "special", "logs", "cache", "spare".
	Class string `json:"class,omitempty"`
	// State is ONLINE ("" is the same), DEGRADED, FAULTED, OFFLINE, REMOVED or
	// UNAVAIL.
	State string `json:"state,omitempty"`
	// Shift is the size of a metaslab as a power of two, fixed when the pool
	// was made; 0 means what the kernel chooses for the size.
	Shift uint  `json:"shift,omitempty"`
	Alloc int64 `json:"alloc,omitempty"` // what is in use of a top-level vdev
}

// A Pool is an imported pool.
type Pool struct {
	Name  string `json:"name"`
	GUID  uint64 `json:"guid,omitempty"` // 0 means one made from the name
	Vdevs []Vdev `json:"vdevs"`
	Frag  int    `json:"frag,omitempty"` // percent

	// Root is the dataset mounted on /, e.g. rpool/ROOT/omnios; "" if another
	// pool holds the root.
	Root    string   `json:"root,omitempty"`
	Volumes []Volume `json:"volumes,omitempty"`

	Autoexpand bool   `json:"autoexpand,omitempty"`
	ReadOnly   bool   `json:"read_only,omitempty"`
	Checkpoint string `json:"checkpoint,omitempty"` // "", "exists" or "discarding"
	Altroot    string `json:"altroot,omitempty"`
}

// A Volume is a volume that is there from the start.
type Volume struct {
	Name      string `json:"name"`                 // rpool/swap
	Size      int64  `json:"size"`                 // a multiple of BlockSize
	BlockSize int64  `json:"block_size,omitempty"` // 0 means 8192
	Sparse    bool   `json:"sparse,omitempty"`     // without refreservation
	Used      int64  `json:"used,omitempty"`       // what it holds
}

const (
	mib = 1 << 20
	gib = 1 << 30
)

// Image is the usual guest: an image of 4 GiB on a disk of 40 GiB, a pool rpool
// that zpool create -B made on the whole disk, and root on rpool/ROOT/omnios.
// No swap, no dump device, 4 GiB of memory.
func Image() Config {
	return Config{
		Memory: 4 * gib,
		Disks:  []Disk{{Name: "c1t0d0", Size: 40 * gib, Image: 4 * gib, Label: LabelESP}},
		Pools: []Pool{{
			Name: "rpool", Frag: 4, Root: "rpool/ROOT/omnios",
			Vdevs: []Vdev{{Disk: "c1t0d0", Alloc: 1503238553}},
		}},
	}
}
