// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simnet

import (
	"net/netip"
	"strconv"
	"strings"
)

// A routeArgs is what a command of route asks for (rtcmd_irep_t).
type routeArgs struct {
	cmd   string
	flags int
	v6    bool

	dst      netip.Addr
	dstText  string
	gateways []netip.Addr // all addresses of its name
	gateway  netip.Addr
	gateText string
	mask     netip.Addr // invalid if none was given or implied
	source   netip.Addr
	ifp      string
	mtu      int

	net, host bool // -net, or a mask; -host
	onLink    bool
}

// prefix is the destination for the kernel; ok is false if the mask has holes.
func (a *routeArgs) prefix() (netip.Prefix, bool) {
	bits := a.dst.BitLen()
	if a.flags&rtfHost == 0 && a.mask.IsValid() {
		var ok bool
		if bits, ok = maskBits(a.mask); !ok {
			return netip.Prefix{}, false
		}
	}
	return netip.PrefixFrom(a.dst, bits).Masked(), true
}

// maskBits is the length of a mask.
func maskBits(m netip.Addr) (int, bool) {
	bits, ended := 0, false
	for _, b := range m.AsSlice() {
		for bit := 7; bit >= 0; bit-- {
			switch set := b>>bit&1 == 1; {
			case set && ended:
				return 0, false
			case set:
				bits++
			default:
				ended = true
			}
		}
	}
	return bits, true
}

// maskOf is the mask of a length.
func maskOf(bits int, v6 bool) netip.Addr {
	ones := netip.AddrFrom4([4]byte{255, 255, 255, 255})
	if v6 {
		b := [16]byte{}
		for i := range b {
			b[i] = 255
		}
		ones = netip.AddrFrom16(b)
	}
	return netip.PrefixFrom(ones, bits).Masked().Addr()
}

// parse is args_to_rtcmd(); words begins with the command.
func (r *routeCall) parse(words []string, v6 bool) (*routeArgs, error) {
	a := &routeArgs{cmd: words[0], flags: rtfStatic, v6: v6}
	for i := 1; i < len(words); i++ {
		word := words[i]
		key, dashed := strings.CutPrefix(word, "-")
		if !dashed && word != "host" && word != "net" {
			if err := r.operand(a, word); err != nil {
				return nil, err
			}
			continue
		}
		value, valued := "", valueKeywords[key]
		if valued {
			if i++; i == len(words) {
				return nil, syntaxErrorf("route: argument required following keyword %s\n", word)
			}
			value = words[i]
		}
		if err := r.keyword(a, key, value); err != nil {
			return nil, err
		}
	}
	return a, a.finish()
}

// valueKeywords are the keywords that take a value.
var valueKeywords = map[string]bool{
	"ifa": true, "ifp": true, "gateway": true, "dst": true, "netmask": true, "mtu": true, "setsrc": true,
	"hopcount": true, "expire": true, "recvpipe": true, "sendpipe": true, "ssthresh": true, "rtt": true,
	"rttvar": true, "secattr": true,
}

// keyword handles one keyword with its value.
func (r *routeCall) keyword(a *routeArgs, key, value string) error {
	var err error
	switch key {
	case "host", "net":
		if key == "host" && a.net || key == "net" && a.host {
			return syntaxError("route: -host and -net are mutually exclusive\n")
		}
		a.host, a.net = a.host || key == "host", a.net || key == "net"
	case "inet", "inet6":
		a.v6 = key == "inet6"
	case "iface", "interface":
		a.onLink = true
		a.flags &^= rtfStatic
	case "nostatic":
		a.flags &^= rtfStatic
	case "static":
		a.flags |= rtfStatic
	case "ifp":
		a.ifp = value
	case "gateway":
		err = r.setGateway(a, value)
	case "dst":
		err = r.setDst(a, value)
	case "netmask":
		err = r.setMask(a, value)
		a.net = true
	case "mtu":
		a.mtu = number(value)
	case "setsrc":
		a.flags |= rtfSetSrc
		a.source, err = r.one(a, value)
	case "secattr":
		return syntaxError("route: system is not labeled; cannot specify security attributes.\n")
	default:
		return flagKeyword(a, key)
	}
	return err
}

// flagKeyword handles the keywords that set a flag, and those that are not
// played.
func flagKeyword(a *routeArgs, key string) error {
	flags := map[string]int{
		"reject": rtfReject, "blackhole": rtfBlackhole, "private": rtfPrivate, "multirt": rtfMultiRt,
		"indirect": rtfIndirect,
	}
	switch key {
	case "link", "sa", "lock", "lockrest", "proto1", "proto2", "cloning", "xresolve", "ifa",
		"hopcount", "expire", "recvpipe", "sendpipe", "ssthresh", "rtt", "rttvar":
		return errAbsent("route -" + key)
	}
	flag, ok := flags[key]
	if !ok {
		return syntaxErrorf("route: botched keyword: %s\n", key)
	}
	a.flags |= flag
	return nil
}

// operand handles a word that is no keyword: destination, gateway, and then a
// metric or a mask.
func (r *routeCall) operand(a *routeArgs, word string) error {
	switch {
	case a.dstText == "":
		return r.setDst(a, word)
	case a.gateText == "":
		return r.setGateway(a, word)
	}
	if n, err := strconv.ParseUint(word, 10, 31); err == nil {
		a.onLink = n == 0
		return nil
	}
	return r.setMask(a, word)
}

// finish is the end of args_to_rtcmd().
func (a *routeArgs) finish() error {
	switch {
	case a.dstText == "":
		return syntaxError("route: destination required\n")
	case a.cmd != "get" && a.gateText == "":
		return syntaxError("route: gateway required for add or delete command\n")
	}
	if !a.onLink {
		a.flags |= rtfGateway
	}
	if !a.net && (!a.mask.IsValid() || a.mask == maskOf(a.mask.BitLen(), a.v6)) {
		a.flags |= rtfHost
	}
	return nil
}

// setDst reads a destination: "default", an address, or one with a prefix
// length.
func (r *routeCall) setDst(a *routeArgs, text string) error {
	a.dstText = text
	if text == "default" {
		a.dst, a.mask = unspecified(a.v6), maskOf(0, a.v6)
		return nil
	}
	host, plen, has := strings.Cut(text, "/")
	bits := 0
	if has {
		most := unspecified(a.v6).BitLen()
		digits := len(plen) - len(strings.TrimLeft(plen, "0123456789"))
		n, err := strconv.ParseUint(plen[:digits], 10, 32)
		switch {
		case host == "":
			return syntaxErrorf("route: %s: unexpected '/'\n", text)
		case err != nil:
			return syntaxErrorf("route: bad prefix length %s\n", plen)
		case int(n) > most:
			return syntaxErrorf("route: prefix length %s out of range\n", plen)
		}
		bits = int(n)
	}
	found, err := r.addresses(a, host, text)
	if err != nil {
		return err
	}
	a.dst = found[0]
	if !a.v6 {
		r.impliedMask(a, host)
	}
	if has {
		a.mask = maskOf(bits, a.v6)
	}
	return nil
}

func (r *routeCall) setGateway(a *routeArgs, text string) error {
	a.gateText, a.gateways = text, []netip.Addr{unspecified(a.v6)}
	if text == "default" {
		return nil
	}
	if strings.Contains(text, "/") {
		return syntaxErrorf("route: %s: unexpected '/'\n", text)
	}
	var err error
	a.gateways, err = r.addresses(a, text, text)
	if err == nil {
		a.gateway = a.gateways[0]
	}
	return err
}

func (r *routeCall) setMask(a *routeArgs, text string) (err error) {
	switch {
	case a.v6 && text != "default":
		return syntaxError("route: -netmask not supported for IPv6: use <prefix>/<prefix-length> instead\n")
	case text == "default":
		a.mask = maskOf(0, a.v6)
		return nil
	}
	a.mask, err = r.one(a, text)
	return err
}

// one reads an address that is no destination.
func (r *routeCall) one(a *routeArgs, text string) (netip.Addr, error) {
	if text == "default" {
		return unspecified(a.v6), nil
	}
	if strings.Contains(text, "/") {
		return netip.Addr{}, syntaxErrorf("route: %s: unexpected '/'\n", text)
	}
	found, err := r.addresses(a, text, text)
	if err != nil {
		return netip.Addr{}, err
	}
	return found[0], nil
}
