// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simdisk

import (
	"time"

	"illumos-metadata/common/simguest/world"
)

// Commands are the commands of this package by every path under which the real
// system has them.
func Commands() map[string]world.Command {
	return map[string]world.Command{
		"/sbin/zpool":       changing(zpool),
		"/usr/sbin/zpool":   changing(zpool), // a link
		"/sbin/zfs":         changing(zfs),
		"/usr/sbin/zfs":     changing(zfs), // a link
		"/usr/sbin/prtvtoc": changing(prtvtoc),
		"/usr/sbin/fmthard": changing(fmthard),
		"/usr/sbin/format":  changing(format),
		"/usr/sbin/swap":    changing(swap),
		"/sbin/swapadd":     changing(swapadd),
		"/usr/sbin/dumpadm": changing(dumpadm),
		"/usr/sbin/prtconf": changing(prtconf),
		"/usr/sbin/fstyp":   changing(fstyp),
	}
}

// hang is the status of a command that never returns, since it waits for a pool
// that is suspended. The process it is played in has to be killed; that the real
// one cannot even be killed is not simulated.
const hang = -1

func waitForever() {
	for {
		time.Sleep(time.Hour)
	}
}

// notSimulated is the answer to what the real command can do and this one
// cannot.
func notSimulated(c *world.Call, what string) int {
	c.Errorf("simulated guest: %s %s is not simulated\n", c.Name, what)
	return 127
}
