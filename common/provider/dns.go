// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"
)

// exchange sends one question and reads the answer, each with its length before
// it (RFC 1035, 4.2.2).
func exchange(c io.ReadWriter, host string, kind uint16) ([]netip.Addr, error) {
	question, err := dnsQuestion(kind, host, kind)
	if err != nil {
		return nil, err
	}
	if _, err := c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(question))), question...)); err != nil {
		return nil, err
	}
	var length [2]byte
	if _, err := io.ReadFull(c, length[:]); err != nil {
		return nil, err
	}
	answer := make([]byte, binary.BigEndian.Uint16(length[:]))
	if _, err := io.ReadFull(c, answer); err != nil {
		return nil, err
	}
	return dnsAnswer(answer, kind, kind)
}

// The types of records that are asked for (RFC 1035, 3.2.2; RFC 3596, 2.1).
const (
	dnsA    = 1
	dnsAAAA = 28
	dnsIN   = 1 // class
)

// dnsQuestion gives the message that asks for the records of one type of a host,
// recursively (RFC 1035, 4.1).
func dnsQuestion(id uint16, host string, kind uint16) ([]byte, error) {
	const recursion = 1 << 8
	m := make([]byte, 0, 64)
	for _, n := range []uint16{id, recursion, 1, 0, 0, 0} {
		m = binary.BigEndian.AppendUint16(m, n)
	}
	host = strings.TrimSuffix(host, ".")
	for label := range strings.SplitSeq(host, ".") {
		if len(label) == 0 || len(label) > 63 || len(host) > 253 {
			return nil, errors.New("this is no name of a host")
		}
		m = append(append(m, byte(len(label))), label...)
	}
	m = append(m, 0)
	m = binary.BigEndian.AppendUint16(m, kind)
	return binary.BigEndian.AppendUint16(m, dnsIN), nil
}

var errNoAnswer = errors.New("its answer makes no sense")

// dnsAnswer gives the addresses in an answer. Whose they are is not looked at: a
// server puts the records of the name behind those that lead to it (CNAME), and
// nothing else.
func dnsAnswer(m []byte, id, kind uint16) ([]netip.Addr, error) {
	if len(m) < 12 || binary.BigEndian.Uint16(m) != id || m[2]&0x80 == 0 {
		return nil, errNoAnswer
	}
	switch code := m[3] & 0xf; code {
	case 0:
	case 3: // NXDOMAIN
		return nil, errors.New("there is no such host")
	default:
		return nil, fmt.Errorf("it says no (code %d)", code)
	}
	questions, records := binary.BigEndian.Uint16(m[4:]), binary.BigEndian.Uint16(m[6:])
	rest, ok := m[12:], true
	for range questions {
		if rest, ok = skipName(rest); !ok || len(rest) < 4 {
			return nil, errNoAnswer
		}
		rest = rest[4:]
	}
	var addrs []netip.Addr
	for range records {
		if rest, ok = skipName(rest); !ok || len(rest) < 10 || len(rest)-10 < int(binary.BigEndian.Uint16(rest[8:])) {
			return nil, errNoAnswer
		}
		head, data := rest, rest[10:10+binary.BigEndian.Uint16(rest[8:])]
		rest = rest[10+len(data):]
		addr, ok := netip.AddrFromSlice(data)
		if binary.BigEndian.Uint16(head) == kind && binary.BigEndian.Uint16(head[2:]) == dnsIN && ok && addr.Is4() == (kind == dnsA) {
			addrs = append(addrs, addr)
		}
	}
	return addrs, nil
}

// skipName gives what comes behind a name: labels, and a zero or the place of
// more of them (RFC 1035, 4.1.4).
func skipName(b []byte) ([]byte, bool) {
	for len(b) > 0 {
		n := int(b[0])
		switch {
		case n == 0:
			return b[1:], true
		case n >= 0xc0:
			return b[min(2, len(b)):], len(b) >= 2
		case n > 63 || n+1 > len(b):
			return nil, false
		}
		b = b[n+1:]
	}
	return nil, false
}
