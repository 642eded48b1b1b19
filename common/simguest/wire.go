// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simguest

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"syscall"

	"illumos-metadata/common/simguest/simnet"
)

// A Wire is what the guest's programs connect through: the Unix-domain socket
// /dev/tcp, at which they name an address, read the errno of connect(3SOCKET)
// and then talk with who listens there. It lets through what the guest's
// addresses and routes lead to (simnet.Connect). Where nobody would answer, it
// keeps silent, as a network does. A guest in a chroot has no wire.
type Wire struct {
	guest  *Guest
	socket net.Listener

	mu    sync.Mutex
	hosts map[netip.AddrPort]*listener
}

// Wire gives the guest a wire; the caller closes it.
func (g *Guest) Wire() (*Wire, error) {
	at := g.World.Path("/dev/tcp")
	if err := remove(at); err != nil {
		return nil, err
	}
	socket, err := net.Listen("unix", at)
	if err != nil {
		return nil, fmt.Errorf("wire of the guest: %w", err)
	}
	if err := os.Chmod(at, 0o666); err != nil {
		return nil, errors.Join(err, socket.Close())
	}
	w := &Wire{guest: g, socket: socket, hosts: map[netip.AddrPort]*listener{}}
	go w.serve()
	return w, nil
}

// Close takes the wire away. Connections that are up stay.
func (w *Wire) Close() error { return w.socket.Close() }

// Listen makes a host on one of the guest's networks (simnet.Network.Hosts)
// answer at an address and port, for TCP.
func (w *Wire) Listen(address string) (net.Listener, error) {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return nil, err
	}
	l := &listener{wire: w, at: at, accepted: make(chan net.Conn), closed: make(chan struct{})}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.hosts[at] = l
	return l, nil
}

func (w *Wire) serve() {
	for {
		c, err := w.socket.Accept()
		if err != nil {
			return
		}
		go w.connect(c)
	}
}

// connect plays one connect(3SOCKET).
func (w *Wire) connect(c net.Conn) {
	r := bufio.NewReader(c)
	line, err := r.ReadString('\n')
	protocol, address, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
	at, bad := netip.ParseAddrPort(address)
	if err != nil || bad != nil || protocol != "tcp" {
		refuse(c, syscall.EPROTONOSUPPORT)
		return
	}
	errno, answered, err := simnet.Connect(w.guest.World, at.Addr())
	w.mu.Lock()
	l := w.hosts[at]
	w.mu.Unlock()
	switch {
	case err != nil:
		fmt.Fprintf(os.Stderr, "simulated guest: %v\n", err)
		refuse(c, syscall.EIO)
	case errno != 0:
		refuse(c, errno)
	case !answered:
		_, _ = r.ReadByte() // until the guest gives up
		c.Close()
	case l == nil:
		refuse(c, syscall.ECONNREFUSED)
	default:
		l.take(c)
	}
}

func refuse(c net.Conn, errno syscall.Errno) {
	fmt.Fprintf(c, "%d\n", int(errno))
	c.Close()
}

// A listener is one host's port.
type listener struct {
	wire     *Wire
	at       netip.AddrPort
	accepted chan net.Conn
	once     sync.Once
	closed   chan struct{}
}

// take gives a connection to who listens.
func (l *listener) take(c net.Conn) {
	select {
	case <-l.closed:
		refuse(c, syscall.ECONNREFUSED)
	default:
		if _, err := fmt.Fprintln(c, 0); err != nil {
			c.Close()
			return
		}
		select {
		case l.accepted <- c:
		case <-l.closed:
			c.Close()
		}
	}
}

// Accept gives the next connection.
func (l *listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.accepted:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close ends the listening.
func (l *listener) Close() error {
	l.once.Do(func() {
		close(l.closed)
		l.wire.mu.Lock()
		defer l.wire.mu.Unlock()
		if l.wire.hosts[l.at] == l {
			delete(l.wire.hosts, l.at)
		}
	})
	return nil
}

// Addr gives the address and port.
func (l *listener) Addr() net.Addr { return net.TCPAddrFromAddrPort(l.at) }
