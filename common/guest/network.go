// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package guest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A Dialer connects to an address and port; see Guest.Dial.
type Dialer func(ctx context.Context, network, address string) (net.Conn, error)

// wire is where a guest in a directory has its network: a Unix-domain socket.
// Whoever connects writes the network and the address, "tcp 192.0.2.1:80" and a
// newline, and reads a line with the errno of connect(3SOCKET), 0 for none; what
// follows is the connection's.
const wire = "/dev/tcp"

// Dial connects to an IP address and port on the guest's network, "tcp" or
// "udp". It looks up no names. It waits until ctx ends.
func (g *Guest) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	if _, err := netip.ParseAddrPort(address); err != nil {
		return nil, fmt.Errorf("connect to %q: an IP address and a port are expected", address)
	}
	if g.Connect != nil {
		return g.Connect(ctx, network, address)
	}
	var d net.Dialer
	if g.Root == "" {
		return d.DialContext(ctx, network, address)
	}
	c, err := d.DialContext(ctx, "unix", g.Root+wire)
	if errors.Is(err, syscall.ENOENT) || errors.Is(err, syscall.ECONNREFUSED) {
		err = syscall.ENETUNREACH // the directory has no network
	}
	if err == nil {
		err = request(ctx, c, network+" "+address)
	}
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", address, err)
	}
	return c, nil
}

// request asks at the wire for a connection. It closes c if there is none.
func request(ctx context.Context, c net.Conn, what string) error {
	stop := context.AfterFunc(ctx, func() { c.SetDeadline(time.Now()) })
	_, err := fmt.Fprintln(c, what)
	var line string
	if err == nil {
		// Byte by byte: what comes after the line is not ours.
		line, err = bufio.NewReaderSize(oneByte{c}, 16).ReadString('\n')
	}
	if !stop() && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	number, bad := strconv.Atoi(strings.TrimSuffix(line, "\n"))
	switch {
	case err != nil:
	case bad != nil:
		err = syscall.EPROTO
	case number != 0:
		err = syscall.Errno(number)
	default:
		return nil
	}
	c.Close()
	return err
}

// oneByte reads no more than a byte at a time.
type oneByte struct{ io.Reader }

func (r oneByte) Read(b []byte) (int, error) { return r.Reader.Read(b[:min(len(b), 1)]) }
