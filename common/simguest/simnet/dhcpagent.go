// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simnet

import (
	"encoding/json"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// An agent is dhcpagent (cmd/cmd-inet/sbin/dhcpagent).
type agent struct {
	Running  bool       `json:"running,omitempty"`
	Idle     time.Time  `json:"idle,omitzero"` // since when it manages nothing
	Machines []*machine `json:"machines,omitempty"`
}

// A machine is the DHCP state machine of one logical interface.
type machine struct {
	If      string    `json:"if"`
	N       int       `json:"n,omitempty"`
	State   string    `json:"state"`         // of states.h
	Next    time.Time `json:"next,omitzero"` // when the server's answer, or its silence, is noticed
	Primary bool      `json:"primary,omitempty"`

	// Both lists are read from /etc/default/dhcpagent once, when the machine is
	// made (states.c insert_smach()).
	Request []int `json:"request,omitempty"`
	Ignore  []int `json:"ignore,omitempty"`

	Host    string       `json:"host,omitempty"` // from ipadm -h
	Lease   *lease       `json:"lease,omitempty" memory:"shared"`
	First   *lease       `json:"first,omitempty" memory:"shared"` // the first acknowledgement, asked where the present one has no such option
	Routers []netip.Addr `json:"routers,omitempty"`
}

// A lease is an acknowledgement: an address, and options as dhcpinfo prints
// them, one value a line.
type lease struct {
	Address netip.Prefix     `json:"address"`
	Options map[int][]string `json:"options"`
}

// A Request is one message with which the client asked for a lease.
type Request struct {
	Link string `json:"link"`
	Name string `json:"name"` // the host name in it, "" if none
	FQDN bool   `json:"fqdn"` // sent as option 81 instead of 12
}

// Options that the simulation knows (RFC 2132).
const (
	optSubnet    = 1
	optRouter    = 3
	optDNS       = 6
	optHost      = 12
	optDomain    = 15
	optMTU       = 26
	optBroadcast = 28
	optNTP       = 42
	optLeaseTime = 51
	optServer    = 54
)

// idleWait is how long dhcpagent stays with nothing to manage
// (DHCP_INACTIVITY_WAIT).
const idleWait = 3 * time.Minute

// defaultRebootWait is what four requests without an answer take
// (DHCP_MAX_REQUESTS; 4 + 8 + 16 + 32 s).
const defaultRebootWait = time.Minute

func (a *agent) machine(ifname string, n int) *machine {
	return find(a.Machines, func(m *machine) bool { return m.If == ifname && m.N == n })
}

// forget drops the machines of an interface that is no more.
func (a *agent) forget(ifname string) {
	a.Machines = slices.DeleteFunc(a.Machines, func(m *machine) bool { return m.If == ifname })
}

// startAgent is dhcp_start_agent(): the agent answers on the loopback address.
func (s *state) startAgent() bool {
	if i := s.ill("lo0", false); i == nil || !i.up() {
		return false
	}
	if !s.Agent.Running {
		s.Agent = agent{Running: true, Idle: time.Now()}
	}
	return true
}

// defaults reads a parameter of /etc/default/dhcpagent for a logical interface
// (defaults.c): IF.NAME, else NAME. Names count without regard to case.
func (s *state) defaults(ifname, name string) (string, bool) {
	found := map[string]string{}
	for line := range strings.Lines(readFile(s.w, "/etc/default/dhcpagent")) {
		line, complete := strings.CutSuffix(strings.TrimLeft(line, " "), "\n")
		key, value, ok := strings.Cut(line, "=")
		if !complete || !ok || strings.HasPrefix(key, "#") {
			continue
		}
		if prefix, rest, dotted := strings.Cut(key, "."); dotted {
			key = prefix + "." + strings.ToUpper(rest)
		} else {
			key = strings.ToUpper(key)
		}
		found[key] = value
	}
	for _, key := range []string{ifname + "." + name, name} {
		if v, ok := found[key]; ok {
			return v, true
		}
	}
	return "", false
}

// optionList reads a list of option codes and names (parse_param_list()).
func (s *state) optionList(ifname, name string) []int {
	text, _ := s.defaults(ifname, name)
	var list []int
	for word := range strings.SplitSeq(text, ",") {
		word = strings.TrimLeft(word, " \t")
		switch {
		case word == "":
		case isLetter(word[0]):
			if o, ok := optionNamed(word); ok && !o.field {
				list = append(list, o.code)
			}
		default:
			n, _ := strconv.ParseInt(word, 0, 32)
			list = append(list, int(n))
		}
	}
	return list
}

// startMachine is DHCP_START: a new machine, or an old one again. A saved lease
// is asked for first.
func (s *state) startMachine(ifname string, n int, primary bool, host string, now time.Time) *machine {
	m := s.Agent.machine(ifname, n)
	if m == nil {
		m = &machine{If: ifname, N: n}
		m.Request, m.Ignore = s.optionList(m.linkName(), "PARAM_REQUEST_LIST"), s.optionList(m.linkName(), "PARAM_IGNORE_LIST")
		s.Agent.Machines = append(s.Agent.Machines, m)
	}
	if primary {
		for _, other := range s.Agent.Machines {
			other.Primary = other == m
		}
	}
	m.Host = host
	s.Agent.Idle = time.Time{}
	if saved := s.readLease(m); saved != nil {
		m.Lease, m.First = saved, saved
		s.ask(m, "INIT_REBOOT", now)
		return m
	}
	m.Lease, m.First = nil, nil
	s.ask(m, "SELECTING", now)
	return m
}

// ask sends a request and sets when it will have come to something.
func (s *state) ask(m *machine, state string, now time.Time) {
	m.State, m.Next = state, time.Time{}
	if state == "SELECTING" {
		removeFile(s.w, leaseFile(m))
	}
	name, fqdn := s.offeredName(m)
	s.Sent = append(s.Sent, Request{m.linkName(), name, fqdn})
	s.expect(m, now)
}

// expect sets when an answer to the last request comes.
func (s *state) expect(m *machine, now time.Time) {
	server := s.network(m.If).DHCP
	switch {
	case server != nil:
		m.Next = now.Add(server.Delay)
	case m.State == "INIT_REBOOT":
		wait := s.RebootWait
		if wait == 0 {
			wait = defaultRebootWait
		}
		m.Next = now.Add(wait)
	default:
		m.Next = time.Time{}
	}
}

// linkName is the logical interface's name.
func (m *machine) linkName() string {
	if m.N == 0 {
		return m.If
	}
	return m.If + ":" + strconv.Itoa(m.N)
}

// offeredName is dhcp_add_fqdn_opt() and dhcp_add_hostname_opt() (util.c): the
// name that ipadm was given, else the one in /etc/hostname.IF, else the node
// name's file on the primary interface. A name with two dots, or one at its
// end, goes out as a fully qualified one.
func (s *state) offeredName(m *machine) (name string, fqdn bool) {
	name = m.Host
	if name == "" && m.Primary {
		name, _, _ = strings.Cut(readFile(s.w, "/etc/nodename"), "\n")
		name, _, _ = strings.Cut(name, " ")
	}
	if s.enabledDefault(m.linkName(), "REQUEST_FQDN") && name != "" && (strings.HasSuffix(name, ".") || strings.Count(name, ".") >= 2) {
		return name, true
	}
	if !s.enabledDefault(m.linkName(), "REQUEST_HOSTNAME") {
		return "", false
	}
	if m.Host == "" {
		if h := s.hostnameFile(m.linkName()); h != "" {
			name = h
		}
	}
	return name, false
}

// enabledDefault reads a parameter that is on unless it says no.
func (s *state) enabledDefault(ifname, name string) bool {
	v, ok := s.defaults(ifname, name)
	return !ok || !slices.Contains([]string{"false", "no", "0"}, strings.ToLower(v))
}

// hostnameFile is iffile_to_hostname(): the name behind the first "inet".
func (s *state) hostnameFile(ifname string) string {
	for line := range strings.Lines(readFile(s.w, "/etc/hostname."+ifname)) {
		before, after, ok := strings.Cut(strings.TrimRight(line, "\n"), "inet")
		if !ok {
			continue
		}
		name := strings.TrimLeft(after, " \t")
		if before != "" && !strings.HasSuffix(before, " ") && !strings.HasSuffix(before, "\t") || name == after || !validHost(name) {
			return ""
		}
		return name
	}
	return ""
}

// leaseFile is where a lease survives a reboot (dhcp_hostconf.c).
func leaseFile(m *machine) string { return "/etc/dhcp/" + m.linkName() + ".dhc" }

func (s *state) readLease(m *machine) *lease {
	var l lease
	if json.Unmarshal([]byte(readFile(s.w, leaseFile(m))), &l) != nil || !l.Address.IsValid() {
		return nil
	}
	return &l
}

func (s *state) writeLease(m *machine) {
	b, err := json.Marshal(m.Lease)
	if err == nil {
		_ = writeFile(s.w, leaseFile(m), string(b)+"\n", 0o600)
	}
}
