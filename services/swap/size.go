// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"math"
	"math/bits"
	"regexp"
	"strconv"
	"strings"

	"illumos-metadata/common/metadata"
)

const (
	mib = 1 << 20

	// blockSize is the volume's block size: a page, so that paging out one page
	// never has to read the rest of a block first.
	blockSize = 4096
	// leastAuto is the smallest swap that is worth a volume.
	leastAuto = 64 * mib
	// leastFixed keeps a forgotten unit (size=2 for two gigabytes) from making
	// a useless volume.
	leastFixed = 1 * mib
	// keepLeast and keepShare are what automatic swap leaves free: a tenth of
	// the pool, and on a small one enough for packages and logs. A root pool
	// that runs full stops the guest; one with less swap only slows it.
	keepLeast = 512 * mib
	keepShare = 10
)

// A policy is how much swap the settings ask for.
type policy struct {
	fixed   int64 // bytes, whole blocks; 0: none; -1: automatic
	memory  int64 // automatic: at most so many percent of the memory
	maxPool int64 // automatic: at most so many percent of the pool
}

const automatic = -1

// room is what the size of swap depends on, in bytes.
type room struct {
	memory    int64
	used      int64 // of the pool, as zfs list counts it
	available int64
	own       int64 // part of used that the present swap volume holds
}

// sizePattern is what zfs(8) accepts for a size (libzfs_util.c,
// zfs_nicestrtonum): 2g, 512m, 1.5GB, 1073741824; not 1GiB.
var sizePattern = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?)(?:(b)|([kmgtpe])b?)?$`)

// parseSize reads the property config/size: "auto" (or nothing), "0", or a size
// as zfs create -V takes it, rounded up to whole blocks as zfs does.
func parseSize(text string) (int64, error) {
	if text == "" || text == "auto" {
		return automatic, nil
	}
	wrong := fmt.Errorf("%w property config/size %q: auto, 0, or a size like 2g or 512m expected", metadata.ErrInvalid, text)
	m := sizePattern.FindStringSubmatch(strings.ToLower(text))
	if m == nil {
		return 0, wrong
	}
	n, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		return 0, wrong
	}
	n = math.Ldexp(n, 10*(strings.Index("bkmgtpe", m[2]+m[3])))
	switch {
	case n == 0:
		return 0, nil
	case n < leastFixed:
		return 0, fmt.Errorf("%w; it is smaller than 1m", wrong)
	case n > math.MaxInt64/2:
		return 0, wrong
	}
	return (int64(n) + blockSize - 1) / blockSize * blockSize, nil
}

// size gives the bytes of swap that p asks for in this room. It is 0 with the
// reason where there is no place for a sensible amount; a fixed size that does
// not fit is an error.
func (p policy) size(r room) (bytes int64, why string, err error) {
	free := max(r.available, 0) + max(r.own, 0)
	if p.fixed != automatic {
		if need := reservation(p.fixed); need > free {
			return 0, "", fmt.Errorf("%w property config/size: %d MiB of swap take %d MiB of the pool, which has %d MiB free",
				metadata.ErrInvalid, p.fixed/mib, need/mib, free/mib)
		}
		return p.fixed, "", nil
	}
	total := max(r.used, 0) + max(r.available, 0)
	keep := max(total/keepShare, keepLeast)
	limits := []struct {
		bytes int64
		why   string
	}{
		{percent(r.memory, p.memory), fmt.Sprintf("%d %% of %d MiB of memory", p.memory, r.memory/mib)},
		{percent(total, p.maxPool), fmt.Sprintf("%d %% of a pool of %d MiB", p.maxPool, total/mib)},
		{fitting(free - keep), fmt.Sprintf("%d MiB free in the pool, of which %d MiB stay free", free/mib, keep/mib)},
	}
	least := limits[0]
	for _, l := range limits[1:] {
		if l.bytes < least.bytes {
			least = l
		}
	}
	bytes = least.bytes / mib * mib
	if bytes < leastAuto {
		return 0, fmt.Sprintf("%s allow no more than %d MiB of swap, less than %d MiB", least.why, bytes/mib, leastAuto/mib), nil
	}
	return bytes, least.why, nil
}

// percent is p percent of n, at most the largest number there is.
func percent(n, p int64) int64 {
	if n <= 0 || p <= 0 {
		return 0
	}
	hi, lo := bits.Mul64(uint64(n), uint64(p))
	if hi >= 100 {
		return math.MaxInt64
	}
	q, _ := bits.Div64(hi, lo, 100)
	return int64(min(q, math.MaxInt64))
}

// reservation is what a volume of so many bytes takes from the pool: its data
// and, as for the worst case, all its indirect blocks in two copies (illumos
// libzfs_dataset.c, zvol_volsize_to_reservation; one sixteenth with our
// blocks). Parity of raidz is not in it: zfs create has the last word.
func reservation(size int64) int64 {
	const (
		perLevel = 1 << 10   // block pointers in an indirect block
		indirect = 128 << 10 // its bytes
	)
	blocks := int64(7) // of the metadnode
	for n := size / blockSize; n > 1; {
		n = (n + perLevel - 1) / perLevel
		blocks += n
	}
	meta := blocks * 2 * indirect
	if size > math.MaxInt64-meta {
		return math.MaxInt64
	}
	return size + meta
}

// fitting is about the largest volume that takes no more than free bytes.
func fitting(free int64) int64 {
	size := max(free, 0) / 17 * 16
	for size > 0 && reservation(size) > free {
		size -= reservation(size) - free
	}
	return max(size, 0)
}

// nearly says whether two sizes are so close that a volume is not worth
// resizing: the space that a pool counts varies a little from run to run.
func nearly(a, b int64) bool {
	return max(a, b)-min(a, b) <= max(a, b)/16
}
