// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simnet

import (
	"net/netip"
	"slices"
	"strconv"
	"time"
)

// advance lets everything happen that was due by now.
func (s *state) advance(now time.Time) {
	s.advertise(now)
	for _, m := range slices.Clone(s.Agent.Machines) {
		for !m.Next.IsZero() && !now.Before(m.Next) {
			s.changed = true
			s.answer(m, m.Next)
		}
	}
	a := &s.Agent
	if a.Running && len(a.Machines) == 0 && !a.Idle.IsZero() && now.Sub(a.Idle) > idleWait {
		s.Agent, s.changed = agent{}, true
	}
}

// answer is what the server's answer, or its silence, does to a machine.
func (s *state) answer(m *machine, now time.Time) {
	m.Next = time.Time{}
	server := s.network(m.If).DHCP
	switch {
	case server == nil && m.State == "INIT_REBOOT":
		s.bind(m, m.Lease, now) // "using remainder of existing lease"
	case server == nil:
	case server.NAK && m.State == "SELECTING":
		m.Next = now.Add(max(server.Delay, nakPause))
	case server.NAK:
		s.release(m, now)
		s.ask(m, "SELECTING", now)
	default:
		s.bind(m, s.offer(server, m.Request), now)
	}
}

// nakPause keeps a client whose requests are refused from asking without end
// in one instant.
const nakPause = 10 * time.Second

// offer is the acknowledgement of a server: what the client requested, and
// what every server sends.
func (s *state) offer(d *DHCP, requested []int) *lease {
	l := &lease{Address: d.Address, Options: map[int][]string{optLeaseTime: {"86400"}}}
	mask := "255.255.255.255"
	if d.Address.Bits() < 32 {
		mask = netmask(d.Address.Bits()).String()
	}
	server := d.Address.Addr()
	if len(d.Routers) > 0 {
		server = d.Routers[0]
	}
	l.Options[optServer] = []string{server.String()}
	offered := map[int][]string{
		optSubnet: {mask}, optRouter: texts(d.Routers), optDNS: texts(d.DNS), optNTP: texts(d.NTP),
		optHost: nonEmpty(d.Host), optDomain: nonEmpty(d.Domain),
		optBroadcast: {broadcast(d.Address.Addr(), d.Address.Bits()).String()},
	}
	if d.NoMask {
		delete(offered, optSubnet)
	}
	if d.MTU > 0 {
		offered[optMTU] = []string{strconv.Itoa(d.MTU)}
	}
	for code, v := range offered {
		if len(v) > 0 && slices.Contains(requested, code) {
			l.Options[code] = v
		}
	}
	if l.Options[optSubnet] == nil {
		l.Address = netip.PrefixFrom(d.Address.Addr(), defaultBits(d.Address.Addr()))
	}
	return l
}

func texts(addrs []netip.Addr) []string {
	var all []string
	for _, a := range addrs {
		all = append(all, a.String())
	}
	return all
}

func nonEmpty(s string) []string {
	if s == "" {
		return nil
	}
	return []string{s}
}

// netmask is the IPv4 mask of a prefix length.
func netmask(bits int) netip.Addr {
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{255, 255, 255, 255}), bits).Masked().Addr()
}

// bind is dhcp_bound() and dhcp_bound_complete() (bound.c): the address, then
// the routers, on the zeroth logical interface only. A router that cannot be
// reached is left out and not tried again.
func (s *state) bind(m *machine, l *lease, now time.Time) {
	i := s.ill(m.If, false)
	if i == nil || i.lif(m.N) == nil {
		s.Agent.forget(m.If)
		return
	}
	fresh := m.State != "RENEWING"
	m.Lease = l
	if m.First == nil {
		m.First = l
	}
	lif := i.lif(m.N)
	if fresh || lif.Addr != l.Address.Addr() {
		if !s.configureLease(i, lif, l) {
			m.Lease, m.First = nil, nil
			m.Next, m.State = now.Add(nakPause), "SELECTING" // declined, and asked again
			return
		}
	}
	m.State = "BOUND"
	if fresh && m.N == 0 && !slices.Contains(m.Ignore, optRouter) {
		s.addRouters(m)
	}
	s.writeLease(m)
}

// configureLease sets a lease's address and brings it up; false if it cannot
// be, or is a duplicate.
func (s *state) configureLease(i *ill, l *lif, from *lease) bool {
	s.down(i, l)
	ok := s.setAddr(i, l, from.Address.Addr(), from.Address.Bits()) == eOK &&
		s.setUp(i, l) == eOK && !l.Duplicate
	if !ok {
		l.Addr, l.Bits, l.Duplicate = unspecified(false), 0, false
	}
	return ok
}

// addRouters adds the default routes of a lease, bound to its interface.
func (s *state) addRouters(m *machine) {
	m.Routers = nil
	for _, text := range m.Lease.Options[optRouter] {
		gateway, err := netip.ParseAddr(text)
		if err != nil {
			continue
		}
		r := &route{Dst: defaultV4, Gateway: gateway, If: m.If, Flags: rtfGateway | rtfStatic}
		if s.addRoute(r) == eOK {
			m.Routers = append(m.Routers, gateway)
		}
	}
}

var defaultV4 = netip.PrefixFrom(netip.IPv4Unspecified(), 0)

// release takes a lease's address and routes away.
func (s *state) release(m *machine, now time.Time) {
	for _, gateway := range m.Routers {
		s.deleteRoute(&route{Dst: defaultV4, Gateway: gateway, If: m.If})
	}
	m.Routers, m.Lease, m.First = nil, nil, nil
	i := s.ill(m.If, false)
	if i == nil || i.lif(m.N) == nil {
		return
	}
	l := i.lif(m.N)
	s.down(i, l)
	l.Addr, l.Bits = unspecified(false), 0
}

// drop is DHCP_DROP, or with give DHCP_RELEASE: the machine goes; a lease that
// was not given back stays on disk.
func (s *state) drop(m *machine, give bool, now time.Time) {
	if give {
		removeFile(s.w, leaseFile(m))
	} else if m.State == "BOUND" || m.State == "RENEWING" {
		s.writeLease(m)
	}
	s.release(m, now)
	if i := s.ill(m.If, false); i != nil && i.lif(m.N) != nil {
		i.lif(m.N).DHCP = false
	}
	s.Agent.Machines = slices.DeleteFunc(s.Agent.Machines, func(o *machine) bool { return o == m })
	if len(s.Agent.Machines) == 0 {
		s.Agent.Idle = now
	}
}

// startDHCP is i_ipadm_create_dhcp() up to the moment when DHCP_START is on its
// way. Without an agent, or without the privilege to speak to it, nothing is
// left; the caller takes the interface back.
func (s *state) startDHCP(i *ill, a *address) ipStatus {
	if !s.startAgent() {
		return ipDHCPStart
	}
	if s.lacks("net_privaddr") || s.lacks("sys_ip_config") {
		return ipDHCP
	}
	l := i.freeLif()
	l.DHCP = true
	s.startMachine(i.Name, l.N, a.primary, a.host, time.Now())
	if o := s.object(a.object); o != nil {
		o.N = l.N
	}
	if a.init || a.wait == 0 {
		return s.record(a, l.N)
	}
	return ipOK
}

// deleteDHCP is i_ipadm_delete_dhcp(): gives the lease back or drops it, and
// removes the logical interface.
func (s *state) deleteDHCP(o *object, give bool) ipStatus {
	m := s.Agent.machine(o.If, o.N)
	if !s.Agent.Running || m == nil || s.lacks("net_privaddr") {
		return ipDHCP
	}
	if give && m.State != "BOUND" && m.State != "RENEWING" && m.State != "INIT_REBOOT" {
		give = false // not in a state for RELEASE: DROP instead
	}
	s.drop(m, give, time.Now())
	if i := s.ill(o.If, false); i != nil && o.N != 0 {
		s.removeLif(i, i.lif(o.N))
	}
	return ipOK
}

// refreshDHCP is i_ipadm_refresh_dhcp(): the lease is asked for again, and that
// is not waited for; where there is none yet, DHCP starts anew, and wait says
// that it is to be waited for.
func (s *state) refreshDHCP(o *object, now time.Time) (wait bool, st ipStatus) {
	m := s.Agent.machine(o.If, o.N)
	if !s.Agent.Running || m == nil || s.lacks("net_privaddr") {
		return false, ipDHCP
	}
	if m.State == "BOUND" || m.State == "RENEWING" {
		m.Host = o.Host
		s.ask(m, "RENEWING", now)
		return false, ipOK
	}
	s.startMachine(o.If, o.N, m.Primary, o.Host, now)
	return true, ipOK
}
