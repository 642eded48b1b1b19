// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package guest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// Lock takes the exclusive lock on the file name, which it makes if needed, and
// gives the function that lets it go. It waits until ctx ends.
func (g *Guest) Lock(ctx context.Context, name string) (unlock func(), err error) {
	real, err := g.resolve(name)
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(g.Root+real, os.O_RDWR|os.O_CREATE|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, guestError(g, err)
	}
	for pause := time.Millisecond; ; pause = min(2*pause, 200*time.Millisecond) {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			return func() { f.Close() }, nil
		}
		if !errors.Is(err, unix.EWOULDBLOCK) {
			f.Close()
			return nil, fmt.Errorf("lock %s: %w", name, err)
		}
		select {
		case <-ctx.Done():
			f.Close()
			return nil, fmt.Errorf("lock %s: %w", name, context.Cause(ctx))
		case <-time.After(pause/2 + rand.N(pause)):
		}
	}
}
