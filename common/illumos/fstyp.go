// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package illumos

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"illumos-metadata/common/guest"
)

// Fstyp gives the type of the file system on a device, e.g. ufs, or "" if there
// is none that the system knows.
func Fstyp(ctx context.Context, g *guest.Guest, path string) (string, error) {
	out, err := g.Run(ctx, "/usr/sbin/fstyp", path)
	if err == nil {
		return parseFstyp(out)
	}
	// Status 1 alone could also mean wrong usage (libfstyp.h, cmd/fstyp).
	var ce *guest.CommandError
	if errors.As(err, &ce) && ce.Status == 1 && strings.Contains(string(ce.Stderr), "no matches") {
		return "", nil
	}
	return "", err
}

// typeName is what a directory of /usr/lib/fs, where the modules are, is named.
var typeName = regexp.MustCompile(`^[A-Za-z0-9_.-]+$`)

func parseFstyp(out []byte) (string, error) {
	name, err := single("fstyp", out)
	if err == nil && !typeName.MatchString(name) {
		err = fmt.Errorf("fstyp: line 1, %.100q: no name of a file system", name)
	}
	if err != nil {
		return "", err
	}
	return name, nil
}
