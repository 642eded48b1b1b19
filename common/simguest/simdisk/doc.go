// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

// Package simdisk is the storage half of the simulated guest: zpool, zfs,
// prtvtoc, fmthard, format, swap, swapadd, prtconf, fstyp and dumpadm over disks
// that are sparse files with real labels (protective MBR, GPT with backup, SMI).
//
// What they do follows illumos-gate usr/src: cmd/{zpool,zfs,prtvtoc,fmthard,
// format,swap,fstyp,dumpadm,prtconf,initpkg/swapadd.sh}, lib/libefi (rdwr_efi.c),
// lib/libzfs, lib/libdiskmgt, uts/common/fs/zfs/vdev*.c and uts/common/vm/
// vm_swap.c, as of 2024-09. Only what a guest needs is there. Something that the
// real command can do and this one cannot ends with "simulated guest: … is not
// simulated" on standard error and status 127; what the real one would refuse is
// refused as it does.
//
// Not simulated: the content of a slice behind its own node (open gives ENXIO,
// as for an empty slice; p0 reads the disk), snapshots, mounting, raidz parity in
// volume reservations, delegation, -T and intervals; format without -d and -f;
// fmthard -u, and of an SMI label all but -d and -q; the attributes of fstyp;
// the device tree of prtconf; how large a dump device has to be; libdiskmgt's
// event thread, so that _LIBDISKMGT_INSTALL makes no difference; disks that
// shrink; that a process which waits for a suspended pool cannot be killed. A
// node whose disk cannot be read is a directory, so that read(2) fails with
// EISDIR in place of EIO: no file that an ordinary user can make gives that one.
//
// Not known, and chosen: what prtvtoc says of an unlabelled disk (EINVAL for the
// geometry), device numbers, the order in which fstyp tries its modules (by
// name), format's menus on standard output, what the shell says of a bad option
// of swapadd (nothing), the numbers of swap -s, and that format asks in vain for
// the partition map of an EFI disk in use (DKIOCGAPART) before it refuses it.
package simdisk
