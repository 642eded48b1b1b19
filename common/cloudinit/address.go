// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package cloudinit

import (
	"bytes"
	"fmt"
	"math/bits"
	"net/netip"
	"strconv"
	"strings"

	"illumos-metadata/common/metadata"
)

// prefix reads an address with the length of its prefix, which is behind a
// slash or else in mask. It gives no length (-1) where neither has one.
func prefix(text, mask string) (netip.Addr, int, error) {
	host, behind, ok := strings.Cut(text, "/")
	if ok {
		mask = behind
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return addr, 0, fmt.Errorf("%.60q is no IP address", text)
	}
	if mask == "" {
		return addr, -1, nil
	}
	length, err := maskLength(mask, addr)
	return addr, length, err
}

// maskLength reads a netmask: a number of bits, or the mask written like an
// address of the same family, e.g. 255.255.255.0 or ffff:ffff::.
func maskLength(mask string, addr netip.Addr) (int, error) {
	if n, err := strconv.ParseUint(mask, 10, 8); err == nil && int(n) <= addr.BitLen() {
		return int(n), nil
	}
	m, err := netip.ParseAddr(mask)
	if err != nil || m.BitLen() != addr.BitLen() || m.Zone() != "" {
		return 0, fmt.Errorf("%.60q is no netmask for %v", mask, addr)
	}
	n := 0
	for _, b := range m.AsSlice() {
		n += bits.OnesCount8(b)
	}
	ones := netip.AddrFrom4([4]byte{255, 255, 255, 255})
	if m.Is6() {
		ones = netip.AddrFrom16([16]byte(bytes.Repeat([]byte{255}, 16)))
	}
	if netip.PrefixFrom(ones, n).Masked().Addr() != m {
		return 0, fmt.Errorf("netmask %s is not contiguous", mask)
	}
	return n, nil
}

// usual is the length of a prefix that a document leaves out.
func usual(addr netip.Addr) int {
	if addr.Is4() {
		return 24
	}
	return 64
}

// ParseAddress reads an address of a link with the length of its prefix, which
// is behind a slash or else in mask, as a number of bits or written like an
// address. Where neither has one it gets the usual one, and guessed is true.
func ParseAddress(text, mask string) (p netip.Prefix, guessed bool, err error) {
	addr, length, err := prefix(text, mask)
	if err != nil {
		return netip.Prefix{}, false, err
	}
	if length < 0 {
		length, guessed = usual(addr), true
	}
	p = netip.PrefixFrom(addr, length)
	if !p.IsValid() {
		err = fmt.Errorf("%.60q is no address for a link", text)
	}
	return p, guessed, err
}

// address reads an address of a link; without a length it gets the usual one.
func (v value) address(mask string) (netip.Prefix, bool) {
	p, guessed, err := ParseAddress(v.text, mask)
	if guessed {
		v.warn(v.path, "no netmask, taken for /%d", p.Bits())
	}
	if err != nil {
		v.problem(v.path, "%v", err)
	}
	return p, err == nil
}

// addr takes an address without a prefix.
func (t *table) addr(key string) (netip.Addr, bool) {
	text, ok := t.need(key)
	if !ok {
		return netip.Addr{}, false
	}
	addr, err := netip.ParseAddr(text)
	if err != nil {
		t.problem(t.at(key), "%.60q is no IP address", text)
	}
	return addr, err == nil
}

// mac takes a MAC address; "" where there is none.
func (t *table) mac(key string) (string, bool) {
	if !t.has(key) {
		t.asked[key] = true
		return "", true
	}
	text, ok := t.need(key)
	if !ok {
		return "", false
	}
	mac, err := metadata.ParseMAC(text)
	if err != nil {
		t.problem(t.at(key), "%v", err)
	}
	return mac, err == nil
}

// dns takes name servers and search domains.
func (t *table) dns(servers, search string) metadata.DNS {
	var d metadata.DNS
	for _, w := range t.value(servers).words() {
		addr, err := netip.ParseAddr(w.text)
		if err != nil {
			t.problem(w.path, "%.60q is no IP address", w.text)
			continue
		}
		d.Servers = append(d.Servers, addr)
	}
	for _, w := range t.value(search).words() {
		d.Search = append(d.Search, w.text)
	}
	return d
}

// more adds what another place of the document says.
func more(d *metadata.DNS, other metadata.DNS) {
	d.Servers = append(d.Servers, other.Servers...)
	d.Search = append(d.Search, other.Search...)
}

// defaultBy is the default route by a gateway, of the gateway's family.
func defaultBy(via netip.Addr, metric int) metadata.Route {
	return metadata.Route{To: everywhere(via), Via: via, Metric: metric}
}

func everywhere(via netip.Addr) netip.Prefix {
	if via.Is4() {
		return netip.PrefixFrom(netip.IPv4Unspecified(), 0)
	}
	return netip.PrefixFrom(netip.IPv6Unspecified(), 0)
}

// destination takes where a route by via leads to: "default", 0/0, a network,
// or an address, whose prefix then has as many bits as length says.
func (t *table) destination(key, mask string, via netip.Addr, length func(netip.Addr) int) (netip.Prefix, bool) {
	text, ok := t.need(key)
	if !ok {
		return netip.Prefix{}, false
	}
	if text == "default" || text == "0/0" {
		return everywhere(via), true
	}
	addr, n, err := prefix(text, mask)
	if err != nil {
		t.problem(t.at(key), "%v", err)
		return netip.Prefix{}, false
	}
	if n < 0 {
		n = length(addr)
	}
	p := netip.PrefixFrom(addr, n).Masked()
	if !p.IsValid() {
		t.problem(t.at(key), "%.60q is no network", text)
	}
	return p, p.IsValid()
}
