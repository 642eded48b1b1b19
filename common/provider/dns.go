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

	"golang.org/x/net/dns/dnsmessage"
)

// exchange asks for the addresses of one type of a host, and reads the answer.
// Both have their length before them (RFC 1035, 4.2.2).
func exchange(c io.ReadWriter, host string, kind dnsmessage.Type) ([]netip.Addr, error) {
	question, err := dnsQuestion(host, kind)
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
	return dnsAnswer(answer, kind)
}

// dnsQuestion gives the message that asks for the records of one type of a host,
// recursively. Its ID is the type: a connection serves one of each.
func dnsQuestion(host string, kind dnsmessage.Type) ([]byte, error) {
	name, err := dnsmessage.NewName(strings.TrimSuffix(host, ".") + ".")
	if err != nil {
		return nil, errNoName
	}
	m := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: uint16(kind), RecursionDesired: true},
		Questions: []dnsmessage.Question{{Name: name, Type: kind, Class: dnsmessage.ClassINET}},
	}
	b, err := m.Pack()
	if err != nil {
		return nil, errNoName
	}
	return b, nil
}

var (
	errNoName   = errors.New("this is no name of a host")
	errNoAnswer = errors.New("its answer makes no sense")
)

// dnsAnswer gives the addresses in an answer. Whose they are is not looked at: a
// server puts the records of the name behind those that lead to it (CNAME), and
// nothing else.
func dnsAnswer(b []byte, kind dnsmessage.Type) ([]netip.Addr, error) {
	var p dnsmessage.Parser
	h, err := p.Start(b)
	switch {
	case err != nil || h.ID != uint16(kind) || !h.Response:
		return nil, errNoAnswer
	case h.RCode == dnsmessage.RCodeNameError:
		return nil, errors.New("there is no such host")
	case h.RCode != dnsmessage.RCodeSuccess:
		return nil, fmt.Errorf("it says no (code %d)", h.RCode)
	}
	if err := p.SkipAllQuestions(); err != nil {
		return nil, errNoAnswer
	}
	records, err := p.AllAnswers()
	if err != nil {
		return nil, errNoAnswer
	}
	var addrs []netip.Addr
	for _, r := range records {
		if r.Header.Type != kind {
			continue
		}
		switch body := r.Body.(type) {
		case *dnsmessage.AResource:
			addrs = append(addrs, netip.AddrFrom4(body.A))
		case *dnsmessage.AAAAResource:
			addrs = append(addrs, netip.AddrFrom16(body.AAAA))
		}
	}
	return addrs, nil
}
