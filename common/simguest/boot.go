// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simguest

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"illumos-metadata/common/simguest/simsmf"
)

// Boot switches the guest on and boots it under the simulated SMF, in a chroot
// or not. It returns at once; see simsmf.System for what comes then.
func (g *Guest) Boot(ctx context.Context, chroot bool, events func(simsmf.Event)) (*simsmf.System, error) {
	if err := g.PowerOn(); err != nil {
		return nil, err
	}
	return simsmf.Boot(ctx, g.World, simsmf.Options{Chroot: chroot, Methods: Methods(), Events: events})
}

// early are the system's methods that have run when svc.startd comes to the
// services of the suite, in their order; identity-node runs before some only.
var early = []string{
	"/lib/svc/method/fs-usr", "/lib/svc/method/svc-dlmgmtd", "/lib/svc/method/net-ipmgmt",
	"/lib/svc/method/net-loopback", "/lib/svc/method/net-physical",
}

// noDaemon is SMF_EXIT_NODAEMON: the method has done its work, and nothing is
// left running.
const noDaemon = 94

// Early switches the guest on and plays the system's methods up to where the
// named service of the suite starts, for a scenario of that service alone.
func (g *Guest) Early(service string) error {
	if err := g.PowerOn(); err != nil {
		return err
	}
	methods := slices.Clone(early)
	switch service {
	case "hostname", "ssh-keys", "userscript":
		methods = append(methods, "/lib/svc/method/identity-node")
	}
	for _, m := range methods {
		var out strings.Builder
		if status := g.Call(&out, m, "start"); status != 0 && status != noDaemon {
			return fmt.Errorf("%s: status %d: %s", m, status, out.String())
		}
	}
	return nil
}
