// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simnet

import (
	"net/netip"
	"strconv"
	"strings"
	"time"

	"illumos-metadata/common/simguest/world"
)

// createOptions are the long options of create-addr (addr_longopts).
var createOptions = []longOption{
	{"address", true, 'a'}, {"down", false, 'd'}, {"interface-id", true, 'i'}, {"primary", false, '1'},
	{"prop", true, 'p'}, {"reqhost", true, 'h'}, {"temporary", false, 't'}, {"type", true, 'T'}, {"wait", true, 'w'},
}

// A createArgs is what create-addr was given: the value of each option.
type createArgs map[byte]string

func (a createArgs) any(letters string) bool {
	for letter := range a {
		if strings.IndexByte(letters, letter) >= 0 {
			return true
		}
	}
	return false
}

// createAddr is do_create_addr().
func (p *ipadm) createAddr(args []string) int {
	opts, operands := getoptLong(args, ":1T:a:dh:i:p:w:t", createOptions)
	given := createArgs{}
	for _, o := range opts {
		if o.name == '?' || o.name == ':' {
			return p.badOption(o)
		}
		given[o.name] = o.value
	}
	if !given.any("T") || len(operands) != 1 {
		return p.die("Invalid arguments\nusage: %s", p.use)
	}
	if _, label, _ := strings.Cut(operands[0], "/"); label == "" {
		return p.die("invalid address object name: %s\nusage: %s", operands[0], p.use)
	}
	var a *address
	status := p.state(false, func(s *state) (status int) {
		a, status = p.describe(s, given, operands[0])
		return status
	})
	if status != 0 {
		return status
	}
	a.persist, a.up = !given.any("t"), !given.any("d")
	return p.create(a)
}

// describe makes the address object that the options ask for.
func (p *ipadm) describe(s *state, given createArgs, object string) (*address, int) {
	kind := given['T']
	wrong, ok := map[string]string{"static": "ipw1h", "dhcp": "ipad", "addrconf": "wad1h"}[kind]
	switch {
	case !ok:
		return nil, p.die("Invalid address type %s", kind)
	case given.any(wrong), kind == "static" && !given.any("a"):
		return nil, p.die("Invalid arguments for type %s\nusage: %s", kind, p.use)
	case kind == "static":
		return p.describeStatic(s, given['a'], object)
	}
	a, st := newAddress(kind, object)
	switch {
	case st != ipOK:
		return nil, p.die("Error in creating address object: %s", st)
	case kind == "dhcp":
		return a, p.describeDHCP(a, given)
	}
	return a, p.describeAddrconf(a, given)
}

// A subopt is what getsubopt(3C) finds.
type subopt struct {
	name, value string
	valued      bool
}

func subopts(text string) []subopt {
	var all []subopt
	for text != "" {
		var word string
		word, text, _ = strings.Cut(text, ",")
		name, value, ok := strings.Cut(word, "=")
		all = append(all, subopt{name, value, ok})
	}
	return all
}

// describeStatic is process_static_addrargs(): one address, or "local=…" and
// "remote=…".
func (p *ipadm) describeStatic(s *state, text, object string) (*address, int) {
	local, remote, other := "", "", 0
	for _, o := range subopts(text) {
		switch o.name {
		case "local":
			if local != "" {
				return nil, p.die("Multiple local addresses provided")
			}
			local = o.value
		case "remote":
			if remote != "" {
				return nil, p.die("Multiple remote addresses provided")
			}
			remote = o.value
		default:
			if other++; other > 1 {
				return nil, p.die("Invalid address provided\nusage: %s", p.use)
			}
		}
	}
	if local == "" && other > 0 && remote == "" {
		local, _, _ = strings.Cut(text, ",")
	}
	if local == "" {
		return nil, p.die("Missing local address\nusage: %s", p.use)
	}
	a, st := newAddress("static", object)
	if st != ipOK {
		return nil, p.die("Error in creating address object: %s", st)
	}
	if st := a.setStatic(s, local); st != ipOK {
		return nil, p.die("Error in setting local address: %s", st)
	}
	if remote != "" {
		_, st := s.resolve(remote)
		if strings.Contains(remote, "/") {
			st = ipBadAddr
		}
		if st != ipOK {
			return nil, p.die("Error in setting remote address: %s", st)
		}
		a.peer = true
	}
	return a, 0
}

// describeDHCP handles -w, -1 and -h.
func (p *ipadm) describeDHCP(a *address, given createArgs) int {
	if text, ok := given['w']; ok {
		if a.wait, ok = waitTime(text); !ok {
			return p.die("Invalid argument")
		}
	}
	_, a.primary = given['1']
	host, st := reqhost(given['h'])
	if st != ipOK {
		return p.die("Error in setting reqhost: %s", st)
	}
	a.host = host
	return 0
}

// waitTime reads the value of -w as strtol(3C) does.
func waitTime(text string) (seconds int, ok bool) {
	text = strings.TrimLeft(text, " \t")
	switch text {
	case "forever":
		return dhcpWaitForever, true
	case "":
		return 0, true
	}
	n, err := strconv.ParseInt(text, 10, 32)
	return int(n), err == nil && n >= 0
}

// reqhost is ipadm_set_reqhost(): a name that may be sent, or none.
func reqhost(name string) (string, ipStatus) {
	switch {
	case name == "" || name == " ":
		return "", ipOK
	case !validHost(name):
		return "", ipInvalid
	}
	return name, ipOK
}

// validHost is ipadm_is_valid_hostname(): letters, digits, hyphens and dots,
// neither of which comes first, and no hyphen last.
func validHost(name string) bool {
	most := 253
	if strings.HasSuffix(name, ".") {
		most++
	}
	if name == "" || len(name) > most || strings.HasSuffix(name, "-") {
		return false
	}
	for i := range len(name) {
		if c := name[i]; !isLetter(c) && !isDigit(c) && (i == 0 || c != '-' && c != '.') {
			return false
		}
	}
	return true
}

// describeAddrconf handles -i and -p.
func (p *ipadm) describeAddrconf(a *address, given createArgs) int {
	if text, ok := given['i']; ok {
		if st := a.setInterfaceID(text); st != ipOK {
			return p.die("Error in setting interface ID: %s", st)
		}
	}
	if text := given['p']; text != "" {
		return p.describeAutoconf(a, text)
	}
	return 0
}

// setInterfaceID is ipadm_set_interface_id().
func (a *address) setInterfaceID(text string) ipStatus {
	id, plen, ok := strings.Cut(text, "/")
	addr, err := netip.ParseAddr(id)
	bits, badBits := strconv.ParseUint(plen, 10, 32)
	if !ok || err != nil || !addr.Is6() || addr.Zone() != "" || badBits != nil && plen != "" || bits > 128 {
		return ipInvalid
	}
	a.id, a.idBits = addr, int(bits)
	return ipOK
}

// describeAutoconf is process_addrconf_addrargs().
func (p *ipadm) describeAutoconf(a *address, text string) int {
	seen := map[string]bool{}
	for _, o := range subopts(text) {
		target := map[string]*bool{"stateless": &a.stateless, "stateful": &a.stateful}[o.name]
		switch {
		case target == nil:
			return p.badOption(option{name: '?'})
		case seen[o.name]:
			return p.die("Duplicate option")
		case o.value != "yes" && o.value != "no":
			return p.die("Invalid argument")
		}
		seen[o.name] = true
		*target = o.value == "yes"
	}
	return 0
}

// create is ipadm_create_addr(), with the wait for a lease, in which others may
// use the guest.
func (p *ipadm) create(a *address) int {
	status := p.do(func(s *state) ipStatus { return s.createAddress(a) }, "Could not create address: %s")
	if status != 0 || a.kind != "dhcp" || a.wait == 0 {
		return status
	}
	waited, err := awaitLease(p.World, a.object, a.wait)
	if err != nil {
		return broken(p.Call, err)
	}
	switch waited {
	case ipOK:
	case ipDHCPTimeout:
		p.warn(string(waited))
	default:
		return p.die("Could not create address: %s", waited)
	}
	return p.do(func(s *state) ipStatus {
		if o := s.object(a.object); o != nil && o.N >= 0 {
			return s.record(a, o.N)
		}
		return ipNotFound
	}, "Could not create address: %s")
}

// defaultWait is how long ipadm waits for dhcpagent (DHCP_IPC_DEFAULT_WAIT), and
// glance how long it looks away at most: another command may change what is
// waited for.
const (
	defaultWait = 120 * time.Second
	glance      = 20 * time.Millisecond
)

// awaitLease waits for the answer to DHCP_START: at once when there is a lease,
// an error when the agent gave the interface up, else a timeout, after which
// the agent goes on.
func awaitLease(w *world.World, object string, seconds int) (ipStatus, error) {
	limit := time.Duration(seconds) * time.Second
	if seconds == dhcpWaitDefault {
		limit = defaultWait
	}
	end := time.Now().Add(limit)
	for {
		st, next := ipDHCPTimeout, time.Time{}
		if err := view(w, func(s *state) { st, next = s.leaseOf(object) }); err != nil {
			return st, err
		}
		now := time.Now()
		if st != ipDHCPTimeout || seconds != dhcpWaitForever && !now.Before(end) {
			return st, nil
		}
		pause := glance
		if until := next.Sub(now); !next.IsZero() && until < pause {
			pause = max(until, time.Millisecond)
		}
		time.Sleep(pause)
	}
}

// leaseOf says how far the DHCP of an object has come: a timeout means that it
// is under way, and next when it may be further.
func (s *state) leaseOf(object string) (st ipStatus, next time.Time) {
	o := s.object(object)
	if o == nil {
		return ipDHCP, next
	}
	switch m := s.Agent.machine(o.If, o.N); {
	case m == nil:
		return ipDHCP, next
	case m.State == "BOUND":
		return ipOK, next
	default:
		return ipDHCPTimeout, m.Next
	}
}
