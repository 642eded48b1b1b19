// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/dns/dnsmessage"
	"illumos-metadata/common/guest"

	"illumos-metadata/common/illumos"
)

// dialer lets dial connect to hosts whose addresses were looked up, to one
// address after another.
func (w *web) dialer(dial guest.Dialer) guest.Dialer {
	return func(ctx context.Context, network, address string) (c net.Conn, err error) {
		host, port, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		w.mu.Lock()
		addrs := w.known[host]
		w.mu.Unlock()
		if len(addrs) == 0 {
			return dial(ctx, network, address)
		}
		for _, addr := range addrs {
			if c, err = dial(ctx, network, net.JoinHostPort(addr.String(), port)); err == nil {
				break
			}
		}
		return c, err
	}
}

// find looks a host up, unless that was done before, or its name is an address.
func (w *web) find(ctx context.Context, host string) error {
	if _, err := netip.ParseAddr(host); err == nil {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.known[host]) > 0 {
		return nil
	}
	addrs, err := w.lookup(ctx, host)
	if err != nil {
		return fmt.Errorf("look up %s: %w", host, err)
	}
	w.known[host] = addrs
	return nil
}

// lookup gives the addresses of a host by its full name, IPv4 first. It asks the
// name servers by itself: package net would do as the nsswitch.conf(5) of a fresh
// system says, which is not to ask any.
func (m *machine) lookup(ctx context.Context, limit time.Duration, host string) ([]netip.Addr, error) {
	servers := m.nameServers(ctx)
	if len(servers) == 0 {
		return nil, errors.New("neither /etc/resolv.conf nor a lease names a name server")
	}
	var failures []error
	for _, server := range servers {
		ctx, cancel := within(ctx, limit, "no answer")
		addrs, err := m.askNameServer(ctx, server, host)
		if err != nil && ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		cancel()
		if err == nil {
			return addrs, nil
		}
		failures = append(failures, fmt.Errorf("name server %v: %w", server, err))
	}
	return nil, joined(failures)
}

// nameServers gives the servers of resolv.conf(5), and those of leases, which are
// all that there is until the network is configured.
func (m *machine) nameServers(ctx context.Context) []netip.Addr {
	var servers []netip.Addr
	conf, _ := m.ReadFile("/etc/resolv.conf", 1<<16)
	for line := range strings.Lines(string(conf)) {
		if f := strings.Fields(line); len(f) > 1 && f[0] == "nameserver" {
			if addr, err := netip.ParseAddr(f[1]); err == nil {
				servers = append(servers, addr)
			}
		}
	}
	rows, err := illumos.Addresses(ctx, m.Guest)
	if err != nil {
		m.Log.Debug("no leases", "reason", err)
	}
	for _, row := range rows {
		if _, err := netip.ParsePrefix(row.Addr); row.Type != "dhcp" || err != nil {
			continue
		}
		link, _, _ := strings.Cut(row.Object, "/")
		more, err := illumos.LeaseNameServers(ctx, m.Guest, link)
		if err != nil {
			m.Log.Debug("no name servers of a lease", "link", link, "reason", err)
		}
		servers = append(servers, more...)
	}
	seen := map[netip.Addr]bool{}
	return slices.DeleteFunc(servers, func(s netip.Addr) bool {
		again := seen[s]
		seen[s] = true
		return again
	})
}

// askNameServer asks one server, over TCP, which each of them has to know (RFC
// 7766, 5): there is no packet to be lost, and no answer of somebody else's to be
// taken for the server's.
func (m *machine) askNameServer(ctx context.Context, server netip.Addr, host string) ([]netip.Addr, error) {
	c, err := m.Dial(ctx, "tcp", netip.AddrPortFrom(server, 53).String())
	if err != nil {
		return nil, err
	}
	defer c.Close()
	defer context.AfterFunc(ctx, func() { c.SetDeadline(time.Unix(1, 0)) })()
	var addrs []netip.Addr
	for _, kind := range []dnsmessage.Type{dnsmessage.TypeA, dnsmessage.TypeAAAA} {
		var some []netip.Addr
		if some, err = exchange(c, host, kind); err == nil {
			addrs = append(addrs, some...)
		}
	}
	switch {
	case len(addrs) > 0:
		return addrs, nil
	case err == nil:
		err = errors.New("it knows no address of this host")
	}
	return nil, err
}
