// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package illumos

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"illumos-metadata/common/guest"
)

// A Dataset is a file system or a volume of a pool, with its sizes in bytes.
type Dataset struct {
	Name      string // e.g. rpool/swap
	Type      string // filesystem or volume
	GUID      string // decimal
	Size      int64  // of a volume: volsize; 0 for a file system
	Used      int64  // with all that is below it and reserved for it
	Available int64
}

// Datasets gives the pool's own dataset and those right below it.
func Datasets(ctx context.Context, g *guest.Guest, pool string) ([]Dataset, error) {
	out, err := g.Run(ctx, "/sbin/zfs", "list", "-Hp", "-d", "1", "-t", "filesystem,volume",
		"-o", "name,type,guid,volsize,used,available", pool)
	if err != nil {
		return nil, err
	}
	all, err := parseDatasets(out)
	if err == nil && (len(all) == 0 || all[0].Name != pool) {
		err = fmt.Errorf("zfs list: %q is not the first dataset", pool)
	}
	return all, err
}

func parseDatasets(out []byte) ([]Dataset, error) {
	var all []Dataset
	err := eachLine("zfs list", out, func(line string) error {
		f := strings.Split(line, "\t")
		if err := count(f, 6); err != nil {
			return err
		}
		d := Dataset{Name: f[0], Type: f[1], GUID: f[2]}
		if d.Name == "" || d.Type == "" {
			return errors.New("a dataset without name or type")
		}
		if _, err := unsigned(d.GUID, 10, 64); err != nil {
			return fmt.Errorf("guid: %w", err)
		}
		if d.Type != "volume" && f[3] == "-" {
			f[3] = "0"
		}
		for i, n := range []*int64{&d.Size, &d.Used, &d.Available} {
			u, err := unsigned(f[3+i], 10, 63)
			if err != nil {
				return fmt.Errorf("field %d: %w", 4+i, err)
			}
			*n = int64(u)
		}
		all = append(all, d)
		return nil
	})
	return all, err
}
