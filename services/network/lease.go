// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"illumos-metadata/common/agent"
	"illumos-metadata/common/illumos"
)

// Pauses between two looks for a lease.
const (
	firstPause = 100 * time.Millisecond
	mostPause  = 2 * time.Second
)

var errNoLease = errors.New("no lease")

// awaitLeases waits until all the address objects have a lease, but not longer
// than limit: all of them at the same time. It names those that got none.
func awaitLeases(ctx context.Context, a *agent.Agent, objects []string, limit time.Duration) error {
	if len(objects) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeoutCause(ctx, limit, errNoLease)
	defer cancel()
	waiting, last := slices.Clone(objects), []illumos.Address(nil)
	for pause := firstPause; ; pause = min(2*pause, mostPause) {
		rows, err := illumos.Addresses(ctx, a.Guest)
		if err != nil && ctx.Err() == nil {
			return err
		}
		if err == nil {
			last = rows
		}
		waiting = slices.DeleteFunc(waiting, func(object string) bool {
			addr := lease(rows, object)
			if addr != "" {
				a.Log.Info("DHCP lease", "object", object, "address", addr)
			}
			return addr != ""
		})
		if len(waiting) == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return missing(context.Cause(ctx), waiting, last, limit)
		case <-time.After(pause/2 + rand.N(pause)):
		}
	}
}

// lease gives the address that an object has got, or "".
func lease(rows []illumos.Address, object string) string {
	for _, r := range rows {
		if r.Object == object && r.State == "ok" && r.Addr != "?" {
			return r.Addr
		}
	}
	return ""
}

// missing is the error for objects without a lease, of which rows was last seen.
func missing(why error, objects []string, rows []illumos.Address, limit time.Duration) error {
	if !errors.Is(why, errNoLease) {
		return fmt.Errorf("wait for DHCP: %w", why)
	}
	var errs []error
	for _, object := range objects {
		errs = append(errs, fmt.Errorf("%s has no DHCP lease%s after %v; dhcpagent goes on asking for %s (ipadm show-addr %s)",
			linkOf(object), unusable(rows, object), limit, object, object))
	}
	return agent.Join(errs...)
}

// unusable tells of a lease that is there and of no use: the cable is out since
// (inaccessible), or the address is another host's (duplicate).
func unusable(rows []illumos.Address, object string) string {
	i := slices.IndexFunc(rows, func(r illumos.Address) bool { return r.Object == object })
	if i < 0 || rows[i].Addr == "" || rows[i].Addr == "?" {
		return ""
	}
	return fmt.Sprintf(" that works (%s is %s)", rows[i].Addr, rows[i].State)
}
