// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simdisk

// useWholeDisk is efi_use_whole_disk of the given gate: it gives the disk's
// unused space to a partition. wrote says whether the label was written.
func useWholeDisk(m *medium, gate Gate) (wrote bool, err error) {
	l, err := readEFI(m)
	if err != nil {
		return false, err
	}
	if gate == GateCurrent {
		err = l.fill()
	} else {
		err = l.fillOld()
	}
	if err != nil {
		return false, err
	}
	if err := l.write(m); err != nil {
		return false, err
	}
	return true, nil
}

// fill makes the label as large as the disk, moves the reserved partition to its
// end, and gives the gap before it to the partition that ends last. It changes
// something each time it is asked: rdwr_efi.c compares the end of that
// partition with the start of the reserved one by "less", which always holds.
func (l *efiLabel) fill() error {
	if len(l.parts) < 2 {
		return errVTInvalid
	}
	reserved := &l.parts[len(l.parts)-1]
	var last *partition
	end := uint64(0)
	for i := range l.parts[:len(l.parts)-1] {
		p := &l.parts[i]
		if p.tag == tagReserved {
			return errVTInvalid
		}
		if p.size != 0 && p.start+p.size-1 > end {
			last, end = p, p.start+p.size-1
		}
	}
	if last == nil || reserved.tag != tagReserved || reserved.start <= end {
		return errVTInvalid
	}
	if blocks := efiBlocks(len(l.parts), l.sector); l.last < l.lastLB-blocks {
		l.last = l.lastLB - blocks
	}
	if reserved.start+reserved.size-1 < l.last {
		reserved.start = l.last - reserved.size + 1
	}
	last.size += reserved.start - end - 1
	return nil
}

// fillOld is what stood there before 2023-04 (14577).
func (l *efiLabel) fillOld() error {
	if l.altern == 1 || l.altern >= l.lastLB {
		return errVTNoSpace
	}
	if len(l.parts) < 2 {
		return errVTInvalid
	}
	reserved := &l.parts[len(l.parts)-1]
	var last *partition
	start := uint64(0)
	for i := range l.parts[:len(l.parts)-2] {
		if p := &l.parts[i]; start < p.start {
			last, start = p, p.start
		}
	}
	more := l.lastLB - l.altern
	if last != nil && last.start+last.size == reserved.start {
		last.size += more
	}
	reserved.start += more
	l.last += more
	return nil
}

// expand is format's partition> expand (menu_partition.c, p_expand): like
// fillOld, but no partition grows. It says whether there is anything to gain.
func (l *efiLabel) expand() bool {
	if l.altern == 1 || l.altern >= l.lastLB {
		return false
	}
	more := l.lastLB - l.altern
	l.parts[len(l.parts)-1].start += more
	l.last += more
	l.altern = l.lastLB
	return true
}
