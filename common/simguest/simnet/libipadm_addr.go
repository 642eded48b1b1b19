// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simnet

import (
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// An address is what ipadm create-addr asks for, libipadm's ipadm_addrobj_t.
type address struct {
	object string // "vioif0/v4"
	ifname string
	kind   string // static, dhcp or addrconf
	v6     bool

	name string // of a static address, as typed
	addr netip.Addr
	bits int // 0: the default
	peer bool

	primary bool
	wait    int // seconds, or dhcpWait…
	host    string

	id                  netip.Addr // interface identifier
	idBits              int
	stateless, stateful bool

	up      bool
	persist bool
	init    bool // brought back from the store: not written again, DHCP not waited for
}

// Special values of a DHCP object's wait time (libipadm.h).
const (
	dhcpWaitDefault = -1
	dhcpWaitForever = -2
)

// newAddress is ipadm_create_addrobj(): checks the name.
func newAddress(kind, object string) (*address, ipStatus) {
	ifname, label, _ := strings.Cut(object, "/")
	if valid, logical := validInterface(ifname); len(object) > 63 || !valid || logical || !validLabel(label) {
		return nil, ipInvalid
	}
	return &address{
		object: object, ifname: ifname, kind: kind, v6: kind == "addrconf",
		wait: dhcpWaitDefault, stateless: true, stateful: true, up: true, persist: true,
	}, ipOK
}

// validLabel is i_ipadm_is_user_aobjname_valid(): a letter, then letters and
// digits, 31 at most.
func validLabel(label string) bool {
	if label == "" || len(label) > 31 || !isLetter(label[0]) {
		return false
	}
	return strings.IndexFunc(label, func(r rune) bool {
		return r > 127 || !isLetter(byte(r)) && !isDigit(byte(r))
	}) < 0
}

// setStatic is ipadm_set_addr(): an address or a name in hosts(5), and perhaps
// a prefix length.
func (a *address) setStatic(s *state, text string) ipStatus {
	name, plen, has := strings.Cut(text, "/")
	if has {
		n, err := strconv.ParseUint(plen, 10, 32)
		if err != nil && plen != "" {
			return ipInvalid
		}
		a.bits = int(n)
	}
	addr, st := s.resolve(name)
	if st != ipOK {
		return st
	}
	a.name, a.addr, a.v6 = name, addr, addr.Is6()
	return ipOK
}

// resolve is i_ipadm_resolve_addr(): a literal or a name in /etc/inet/hosts.
func (s *state) resolve(name string) (netip.Addr, ipStatus) {
	if a, err := netip.ParseAddr(name); err == nil && a.Zone() == "" {
		return a.Unmap(), ipOK
	}
	switch found := s.hosts(name); len(found) {
	case 0:
		return netip.Addr{}, ipBadAddr
	case 1:
		return found[0], ipOK
	default:
		return netip.Addr{}, ipManyNames
	}
}

// hosts looks a name up in hosts(5).
func (s *state) hosts(name string) []netip.Addr {
	var found []netip.Addr
	for line := range strings.Lines(readFile(s.w, "/etc/inet/hosts")) {
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		if len(words) < 2 {
			continue
		}
		for _, word := range words[1:] {
			if a, err := netip.ParseAddr(words[0]); err == nil && strings.EqualFold(word, name) {
				found = append(found, a)
				break
			}
		}
	}
	return found
}

// defaultBits is i_ipadm_get_default_prefixlen() without a netmasks file.
func defaultBits(a netip.Addr) int {
	switch {
	case a.Is6() && a.IsLinkLocalUnicast():
		return 10
	case a.Is6():
		return 64
	}
	switch first := a.As4()[0]; {
	case first < 128:
		return 8
	case first < 192:
		return 16
	case first < 224:
		return 24
	}
	return 4
}

// validate is i_ipadm_validate_create_addr().
func (s *state) validate(a *address) ipStatus {
	if !s.plumbed(a.ifname) && s.persistFamily(a.ifname, a.v6) {
		return ipDisabled
	}
	loopback := a.ifname == "lo0"
	switch {
	case a.kind == "static" && loopback && a.peer:
		return ipInvalid
	case a.kind == "static" && a.addr.IsUnspecified():
		return ipBadAddr
	case a.kind != "static" && loopback:
		return ipNotSupported
	}
	return ipOK
}

// createAddress is ipadm_create_addr(): it plumbs the interface if need be,
// and takes back what it made if the address cannot be. A DHCP address is
// started only; finish records it when it was waited for.
func (s *state) createAddress(a *address) ipStatus {
	if s.lacks(authorization) {
		return ipAuth
	}
	if st := s.validate(a); st != ipOK {
		return st
	}
	switch {
	case s.Zone == "shared":
		return ipNotFound // no ipmgmtd in such a zone
	case s.object(a.object) != nil:
		return ipObjExists
	}
	s.Objects = append(s.Objects, &object{Name: a.object, If: a.ifname, V6: a.v6, N: -1, Type: a.kind, Active: true})
	made, st := s.plumbBoth(a)
	if st == ipOK && a.peer {
		return ipInvalid // not point-to-point: refused with nothing taken back
	}
	if st == ipOK {
		st = s.makeAddress(a)
	}
	if st == ipOK {
		return ipOK
	}
	for _, v6 := range made {
		s.deleteIf(a.ifname, v6, a.persist)
	}
	if len(made) == 0 || s.object(a.object) != nil {
		s.dropObject(a.object, a.persist)
		if a.persist {
			s.removeObject(a.object)
		}
	}
	return st
}

// plumbBoth plumbs both families of the interface if they are not there, the
// address's own first, and gives those that it plumbed.
func (s *state) plumbBoth(a *address) (made []bool, st ipStatus) {
	for _, v6 := range []bool{a.v6, !a.v6} {
		switch st := s.createIf(a.ifname, v6, a.persist); st {
		case ipOK:
			made = append(made, v6)
		case ipIfExists:
		default:
			return made, st
		}
	}
	return made, ipOK
}

// makeAddress makes the address in the kernel, and records a static or
// addrconf one.
func (s *state) makeAddress(a *address) ipStatus {
	i := s.ill(a.ifname, a.v6)
	if i == nil {
		return ipNoIf
	}
	switch a.kind {
	case "static":
		return s.makeStatic(i, a)
	case "dhcp":
		return s.startDHCP(i, a)
	default:
		return s.makeAddrconf(i, a)
	}
}

// freeLif is i_ipadm_do_addif(): the zeroth logical interface if it has no
// address and DHCP does not run there, else a new one.
func (i *ill) freeLif() *lif {
	if zero := i.Lifs[0]; zero.Addr.IsUnspecified() && !zero.DHCP {
		return zero
	}
	return i.addLif()
}

// makeStatic is i_ipadm_create_addr(). A duplicate is no error.
func (s *state) makeStatic(i *ill, a *address) ipStatus {
	bits := a.bits
	if bits == 0 {
		bits = defaultBits(a.addr)
	}
	switch {
	case bits > a.addr.BitLen():
		return ipFailure // plen2mask() fails unseen, and the kernel gets no mask
	case s.lacks("sys_ip_config"):
		return ipPerm
	}
	l := i.freeLif()
	e := s.setAddr(i, l, a.addr, bits)
	if e == eOK && a.up {
		e = s.setUp(i, l)
	}
	st := e.status()
	if st == ipOK {
		st = s.record(a, l.N)
	}
	if st != ipOK {
		s.removeLif(i, l)
	}
	return st
}

// record is i_ipadm_addr_persist(): the address object in the map and, unless
// it is temporary or comes from there, in the store.
func (s *state) record(a *address, n int) ipStatus {
	o := s.object(a.object)
	if o == nil {
		o = &object{}
		s.Objects = append(s.Objects, o)
	}
	*o = object{
		Name: a.object, If: a.ifname, V6: a.v6, N: n, Type: a.kind,
		Active: true, Persist: a.persist || a.init, Host: a.host,
	}
	if !a.persist || a.init {
		return ipOK
	}
	if e := s.saveLine(a.line()); e != eOK {
		return e.status()
	}
	e := eOK
	switch {
	case a.kind == "static" && a.bits != 0:
		e = s.saveProp("", a.ifname, a.object, nvBits, strconv.Itoa(a.bits))
	case a.kind == "dhcp":
		e = s.saveProp("", a.ifname, a.object, nvHost, a.host)
	}
	return e.status()
}

// line is the address as the store writes it (ipadm_persist.c).
func (a *address) line() dbLine {
	l := dbLine{{nvIf, a.ifname}, {nvObject, a.object}}
	switch a.kind {
	case "dhcp":
		return append(l, pair{nvDHCP, strconv.Itoa(a.wait) + "," + yesNo(a.primary)})
	case "addrconf":
		id := a.id
		if !id.IsValid() {
			id = netip.IPv6Unspecified()
		}
		value := id.String() + "/" + strconv.Itoa(a.idBits) + "," + yesNo(a.stateless) + "," + yesNo(a.stateful)
		return append(l, pair{nvAddrconf, value})
	}
	name := nvV4
	if a.v6 {
		name = nvV6
	}
	return append(l, pair{name, a.name + ","}, pair{nvUp, yesNo(a.up)})
}

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// initObject makes an address from its line, with its prefix length or host
// name from the lines that hold them (i_ipadm_init_addrobj() and
// i_ipadm_merge_addrprops_from_nvl()), or sets an address property.
func (s *state) initObject(lines []dbLine, l dbLine, used map[int]bool) ipStatus {
	if _, ok := l.address(); !ok {
		return s.initAddrProp(l)
	}
	a := &address{object: l.value(nvObject), ifname: l.value(nvIf), init: true}
	for i, other := range lines {
		if other.value(nvObject) != a.object {
			continue
		}
		for _, name := range []string{nvBits, nvHost} {
			if v, ok := other.get(name); ok {
				l, used[i] = l.with(name, v), true
			}
		}
	}
	if st := a.parse(s, l); st != ipOK {
		return st
	}
	return s.makeAddress(a)
}

// parse reads an address line.
func (a *address) parse(s *state, l dbLine) ipStatus {
	switch {
	case l.has(nvDHCP):
		_, primary, _ := strings.Cut(l.value(nvDHCP), ",")
		a.kind, a.primary, a.host = "dhcp", primary == "yes", l.value(nvHost)
		return ipOK
	case l.has(nvAddrconf):
		return a.parseAddrconf(l.value(nvAddrconf))
	}
	a.kind, a.up = "static", l.value(nvUp) == "yes"
	name, _, _ := strings.Cut(l.value(nvV4)+l.value(nvV6), ",")
	if bits := l.value(nvBits); number(bits) > 0 {
		name += "/" + bits
	}
	return a.setStatic(s, name)
}

// parseAddrconf reads "::/0,yes,yes": interface identifier and length,
// stateless, stateful.
func (a *address) parseAddrconf(value string) ipStatus {
	parts := strings.Split(value, ",")
	id, bits, _ := strings.Cut(parts[0], "/")
	if len(parts) != 3 {
		return ipInvalid
	}
	a.kind, a.v6 = "addrconf", true
	a.id, _ = netip.ParseAddr(id)
	a.idBits = number(bits)
	a.stateless, a.stateful = parts[1] == "yes", parts[2] == "yes"
	return ipOK
}

// initAddrProp sets an address property from its line.
func (s *state) initAddrProp(l dbLine) ipStatus {
	for _, p := range l {
		if p.name != nvIf && p.name != nvObject {
			return s.setAddrProp(l.value(nvObject), p.name, p.value, false, time.Now())
		}
	}
	return ipOK
}
