// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package guest

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"
)

func TestLock(t *testing.T) {
	g := newGuest(t)
	must(t, os.MkdirAll(g.Host("/run"), 0o755))
	link(t, g, "/run", "/var/run")
	const name = "/var/run/lock"

	unlock, err := g.Lock(t.Context(), name)
	must(t, err)
	if info, err := os.Stat(g.Host("/run/lock")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the lock file: %v, %v", info, err)
	}

	// A second one waits as long as its context lasts and says why it gave up.
	late := errors.New("another fetch is under way")
	ctx, cancel := context.WithTimeoutCause(t.Context(), 10*time.Millisecond, late)
	defer cancel()
	if _, err := g.Lock(ctx, name); !errors.Is(err, late) || !strings.Contains(err.Error(), "lock "+name) {
		t.Errorf("a lock that is held: %v, want %v", err, late)
	}

	// A third one gets it as soon as the first lets go, and not before.
	released := make(chan struct{})
	got := make(chan error)
	go func() {
		unlock, err := g.Lock(t.Context(), name)
		if err == nil {
			select {
			case <-released:
			default:
				err = errors.New("two hold the lock at once")
			}
			unlock()
		}
		got <- err
	}()
	select {
	case err := <-got:
		t.Fatalf("did not wait: %v", err)
	case <-time.After(5 * time.Millisecond):
	}
	close(released)
	unlock()
	must(t, <-got)
}

func TestLockRefused(t *testing.T) {
	g := newGuest(t)
	_, err := g.Lock(t.Context(), "/missing/lock")
	if !errors.Is(err, os.ErrNotExist) || strings.Contains(err.Error(), g.Root) {
		t.Errorf("no directory: %v, want ErrNotExist with the guest's own path", err)
	}
}
