// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package illumos

import (
	"fmt"
	"regexp"
	"strings"

	"illumos-metadata/common/etcfile"
	"illumos-metadata/common/guest"
)

const mnttab = "/etc/mnttab"

// poolName is what a pool may be named (zcommon, zfs_namecheck.c).
var poolName = regexp.MustCompile(`^[A-Za-z][-A-Za-z0-9_.: ]*$`)

// RootPool gives the pool that / is mounted from, whatever its name. Where / is
// on no pool (SmartOS and live media run from a ramdisk), why says so. It reads
// mnttab(5) and starts no process.
func RootPool(g *guest.Guest) (pool, why string, err error) {
	file, err := g.ReadFile(mnttab, 4<<20)
	if err != nil {
		return "", "", fmt.Errorf("find the root pool: %w", err)
	}
	return parseRootPool(file)
}

func parseRootPool(file []byte) (pool, why string, err error) {
	special, fstype := etcfile.RootFileSystem(file)
	pool, _, _ = strings.Cut(special, "/")
	switch {
	case special == "":
		return "", "", fmt.Errorf("find the root pool: %s names nothing that is mounted on /", mnttab)
	case fstype != "zfs":
		return "", fmt.Sprintf("/ is on no pool: it is of type %.20q, from %.100q", fstype, special), nil
	case !poolName.MatchString(pool):
		return "", "", fmt.Errorf("find the root pool: %s has %.100q on /, which is in no pool", mnttab, special)
	}
	return pool, "", nil
}
