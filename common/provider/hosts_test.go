// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"io"
	"log"
	"net"
	"net/http"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"illumos-metadata/common/illumos"
)

// hosts are the servers on the guest's network. They are reached through pipes,
// so that a test in a bubble of synctest waits for none of them.
type hosts struct {
	mu        sync.Mutex
	listeners map[string]chan net.Conn // by address and port
	down      bool                     // the guest has no network yet
	dialled   []string
}

// newHosts gives the guest of m a network.
func newHosts(t *testing.T, m *machine) *hosts {
	t.Helper()
	h := &hosts{listeners: map[string]chan net.Conn{}}
	m.Connect = h.connect
	return h
}

// connect reaches a server: a host that is not there says nothing.
func (h *hosts) connect(ctx context.Context, network, address string) (net.Conn, error) {
	h.mu.Lock()
	h.dialled = append(h.dialled, network+" "+address)
	l, down := h.listeners[address], h.down
	h.mu.Unlock()
	if down {
		return nil, syscall.ENETUNREACH
	}
	near, far := net.Pipe()
	select {
	case l <- far:
		return near, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (h *hosts) up() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.down = false
}

// asked gives what was dialled, without what was dialled again.
func (h *hosts) asked() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Compact(slices.Clone(h.dialled))
}

// serve starts a web server, until the test ends.
func (h *hosts) serve(t *testing.T, address string, handler http.HandlerFunc) {
	t.Helper()
	l := pipeListener{make(chan net.Conn), make(chan struct{})}
	h.mu.Lock()
	h.listeners[address] = l.conns
	h.mu.Unlock()
	s := &http.Server{Handler: handler, ErrorLog: log.New(io.Discard, "", 0)}
	go s.Serve(l)
	t.Cleanup(func() { s.Close() })
}

// A pipeListener gives a server the far ends of pipes.
type pipeListener struct {
	conns chan net.Conn
	done  chan struct{}
}

func (l pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l pipeListener) Close() error { close(l.done); return nil }

func (l pipeListener) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 80} }

// newMachine gives a machine without disks, as Find has it.
func newMachine(t *testing.T, s illumos.SMBIOS) *machine {
	t.Helper()
	return &machine{Guest: newGuest(t, nil), smbios: s, platform: Identify(s)}
}

// limited gives a fetch its usual limit.
func limited(t *testing.T, limit time.Duration) context.Context {
	t.Helper()
	ctx, cancel := within(t.Context(), limit, "no metadata")
	t.Cleanup(cancel)
	return ctx
}

// handle has a server of another kind answer at an address, until the test ends.
func (h *hosts) handle(t *testing.T, address string, serve func(net.Conn)) {
	t.Helper()
	conns := make(chan net.Conn)
	h.mu.Lock()
	h.listeners[address] = conns
	h.mu.Unlock()
	go func() {
		for c := range conns {
			go serve(c)
		}
	}()
	t.Cleanup(func() { close(conns) })
}
