// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package illumos

import (
	"context"
	"errors"
	"regexp"
	"strings"

	"illumos-metadata/common/guest"
)

// SwapDevices gives the devices and files that are swapped on, as they were
// named to swap(8). Such as are being swapped off count, for they still are.
func SwapDevices(ctx context.Context, g *guest.Guest) ([]string, error) {
	out, err := g.Run(ctx, "/usr/sbin/swap", "-l")
	if err == nil {
		return parseSwapDevices(out)
	}
	var ce *guest.CommandError
	if errors.As(err, &ce) && ce.Status == 1 && strings.Contains(string(ce.Stderr), "No swap devices configured") {
		return nil, nil
	}
	return nil, err
}

// swapRow is a row of swap -l: path, device number ("-" for a file, "?,?" for
// one that is gone), first block, blocks, free blocks (swap.c, list).
var swapRow = regexp.MustCompile(`^(\S.*?) +(?:[0-9]+,[0-9]+|-|\?,\?) +[0-9]+ +[0-9]+ +[0-9]+(?: INDEL)?$`)

func parseSwapDevices(out []byte) ([]string, error) {
	var devices []string
	heading := false
	err := eachLine("swap -l", out, func(line string) error {
		if !heading {
			if !strings.HasPrefix(line, "swapfile ") {
				return errors.New("the heading is missing")
			}
			heading = true
			return nil
		}
		m := swapRow.FindStringSubmatch(line)
		if m == nil {
			return errors.New("no path with a device and three numbers")
		}
		devices = append(devices, m[1])
		return nil
	})
	if err == nil && !heading {
		err = errors.New("swap -l: nothing was printed")
	}
	return devices, err
}
