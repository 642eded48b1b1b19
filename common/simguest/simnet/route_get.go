// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simnet

import (
	"net/netip"
	"strings"
)

// get is RTM_GET, and print_getmsg() with its answer.
func (r *routeCall) get(a *routeArgs) errno {
	dst, ok := a.prefix()
	switch {
	case !ok:
		return eSRCH
	case a.source.IsValid():
		return eNOTSUP
	}
	gateway := netip.Addr{}
	if a.gateText != "" {
		gateway = a.gateway
	}
	found, out := r.s.lookup(dst, a.mask.IsValid(), gateway, a.ifp)
	if found == nil {
		return eSRCH
	}
	r.printGet(a, found, out)
	return eOK
}

func (r *routeCall) printGet(a *routeArgs, found *route, out string) {
	flags := found.Flags | rtfUp | rtfDone
	if found.host() {
		flags |= rtfHost
	}
	r.Printf("   route to: %s\n", r.routeName(a.dst))
	r.Printf("destination: %s\n", r.routeName(found.Dst.Addr()))
	numeric := *r
	numeric.numeric = true
	r.Printf("       mask: %s\n", numeric.routeName(maskOf(found.Dst.Bits(), found.v6())))
	if flags&rtfGateway != 0 {
		r.Printf("    gateway: %s\n", r.routeName(found.Gateway))
	}
	if flags&rtfSetSrc != 0 {
		r.Printf("     setsrc: %s\n", r.routeName(found.Source))
	}
	if out != "" {
		r.Printf("  interface: %s\n", out)
	}
	r.Printf("      flags: %s\n", flagNames(flags))
	r.Printf(" recvpipe  sendpipe  ssthresh    rtt,ms rttvar,ms  hopcount      mtu     expire\n")
	mtu := found.MTU
	if i := r.s.ill(out, found.v6()); i != nil && mtu == 0 {
		mtu = i.MTU
	}
	for _, n := range []int{0, 0, 0, 0, 0, 0, mtu} {
		r.Printf("%8d  ", n)
	}
	r.Printf("%8d \n", 0)
}

// flagNames is bprintf() with routeflags.
func flagNames(flags int) string {
	names := []struct {
		flag int
		name string
	}{
		{rtfUp, "UP"}, {rtfGateway, "GATEWAY"}, {rtfHost, "HOST"}, {rtfReject, "REJECT"}, {rtfDone, "DONE"},
		{rtfStatic, "STATIC"}, {rtfBlackhole, "BLACKHOLE"}, {rtfPrivate, "PRIVATE"}, {rtfMultiRt, "MULTIRT"},
		{rtfSetSrc, "SETSRC"}, {rtfIndirect, "INDIRECT"}, {rtfKernel, "KERNEL"},
	}
	var set []string
	for _, n := range names {
		if flags&n.flag != 0 {
			set = append(set, n.name)
		}
	}
	return "<" + strings.Join(set, ",") + ">"
}
