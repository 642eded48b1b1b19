// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simnet

import (
	"net/netip"
	"slices"
	"syscall"

	"illumos-metadata/common/simguest/world"
)

// Connect says how connect(3SOCKET) to an address of another host goes now:
// errno is why the guest sends nothing (ENETUNREACH without a route or an
// address to send from), and answered whether there is such a host that the
// packets reach. A gateway that is not there loses them without a word.
func Connect(w *world.World, to netip.Addr) (errno syscall.Errno, answered bool, err error) {
	err = view(w, func(s *state) {
		r, out := s.lookup(netip.PrefixFrom(to, to.BitLen()), false, netip.Addr{}, "")
		if r == nil || out == "" || r.Flags&(rtfReject|rtfBlackhole) != 0 || !s.canSend(out, to.Is6()) {
			errno = syscall.ENETUNREACH
			return
		}
		n := s.network(out)
		answered = slices.Contains(n.Hosts, to) && (r.OnLink || n.forwards(r.Gateway))
	})
	return errno, answered, err
}

// canSend says whether an interface has an address to send from.
func (s *state) canSend(name string, v6 bool) bool {
	i := s.ill(name, v6)
	return i != nil && slices.ContainsFunc(i.Lifs, func(l *lif) bool {
		return l.Up && !l.Addr.IsUnspecified() && !(v6 && l.Addr.IsLinkLocalUnicast())
	})
}
