// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package etcfile

import (
	"slices"
	"strings"
)

// SwapDevices gives the devices and files of vfstab(5) that swapadd(8) adds at
// boot, in their order. It reads what cmd/initpkg/swapadd.sh reads: lines whose
// fourth field is swap, whatever the mount-at-boot field says, but no line that
// lacks its newline, because the shell's read fails on that.
func SwapDevices(file []byte) []string {
	var devices []string
	for _, line := range lines(file) {
		if dev, ok := swapLine(line); ok && strings.HasSuffix(line, "\n") {
			devices = append(devices, dev)
		}
	}
	return devices
}

// AddSwap gives vfstab(5) with a swap line for device, a path without blanks.
func AddSwap(file []byte, device string) []byte {
	all := lines(file)
	switch slices.IndexFunc(all, isSwap(device)) {
	case -1:
		terminate(all) // or our line would continue the last one
		all = append(all, device+"\t-\t-\tswap\t-\tno\t-\n")
	case len(all) - 1:
		terminate(all)
	}
	return join(all)
}

// RemoveSwap gives vfstab(5) without any swap line for device.
func RemoveSwap(file []byte, device string) []byte {
	return join(slices.DeleteFunc(lines(file), isSwap(device)))
}

func isSwap(device string) func(line string) bool {
	return func(line string) bool {
		dev, ok := swapLine(line)
		return ok && dev == device
	}
}

// swapLine gives the device of a line, if it is one for swap.
func swapLine(line string) (device string, ok bool) {
	f := strings.FieldsFunc(line, func(r rune) bool { return r == ' ' || r == '\t' || r == '\n' })
	if len(f) < 4 || f[3] != "swap" || f[0] == "-" || f[0][0] == '#' {
		return "", false
	}
	return f[0], true
}
