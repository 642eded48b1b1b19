// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simnet

import (
	"errors"
	"io/fs"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// ipadmConf is ipmgmtd's persistent store.
const ipadmConf = "/etc/ipadm/ipadm.conf"

// Names of pairs in the store (lib/libipadm/common/ipadm_ipmgmt.h).
const (
	nvIf       = "_ifname"
	nvClass    = "_ifclass"
	nvFamilies = "_families"
	nvObject   = "_aobjname"
	nvV4       = "_ipv4addr"
	nvV6       = "_ipv6addr"
	nvDHCP     = "_dhcp"
	nvAddrconf = "_intfid"
	nvProtocol = "_protocol"
	nvBits     = "prefixlen"
	nvHost     = "reqhost"
	nvUp       = "up"
)

// An object is one address object in ipmgmtd's map, which is lost at a reboot.
type object struct {
	Name    string `json:"name"`
	If      string `json:"if"`
	V6      bool   `json:"v6,omitempty"`
	N       int    `json:"n"` // logical interface; -1 for none yet
	Type    string `json:"type"`
	Active  bool   `json:"active,omitempty"`
	Persist bool   `json:"persist,omitempty"`
	Host    string `json:"host,omitempty"`
	Extra   bool   `json:"extra,omitempty"` // a further address of an addrconf object

	ID        netip.Addr `json:"id,omitzero"` // of an addrconf object
	Stateless bool       `json:"stateless,omitempty"`
	Stateful  bool       `json:"stateful,omitempty"`
	Due       time.Time  `json:"due,omitzero"` // when the router's advertisement is there
}

// object finds an address object by name; of an addrconf object the link-local
// address (IPMGMT_CMD_AOBJNAME2ADDROBJ).
func (s *state) object(name string) *object {
	return find(s.Objects, func(o *object) bool { return o.Name == name && !o.Extra })
}

// objectOf finds the address object on a logical interface
// (IPMGMT_CMD_LIF2ADDROBJ).
func (s *state) objectOf(i *ill, n int) *object {
	return find(s.Objects, func(o *object) bool { return o.If == i.Name && o.V6 == i.V6 && o.N == n && o.Active })
}

// dropObject takes an address object out of the map, or only out of its active
// part.
func (s *state) dropObject(name string, persist bool) {
	o := s.object(name)
	if o == nil {
		return
	}
	if o.Persist && !persist {
		o.Active, o.N = false, -1
		return
	}
	s.Objects = slices.DeleteFunc(s.Objects, func(other *object) bool { return other == o })
}

// dropObjects does so for all objects of one family of an interface
// (i_ipmgmt_delif_aobjs()).
func (s *state) dropObjects(name string, v6, persist bool) {
	s.Objects = slices.DeleteFunc(s.Objects, func(o *object) bool {
		if o.If != name || o.V6 != v6 {
			return false
		}
		if o.Active && o.Persist && !persist {
			o.Active, o.N = false, -1
			return false
		}
		return true
	})
}

// A pair is one name=value of a line.
type pair struct{ name, value string }

// A dbLine is one line of the store: an interface, an address or a property.
type dbLine []pair

func (l dbLine) get(name string) (string, bool) {
	for _, p := range l {
		if p.name == name {
			return p.value, true
		}
	}
	return "", false
}

func (l dbLine) value(name string) string {
	v, _ := l.get(name)
	return v
}

func (l dbLine) has(name string) bool {
	_, ok := l.get(name)
	return ok
}

// with replaces a pair as nvlist does: the new one is the last.
func (l dbLine) with(name, value string) dbLine {
	l = slices.DeleteFunc(slices.Clone(l), func(p pair) bool { return p.name == name })
	return append(l, pair{name, value})
}

func (l dbLine) String() string {
	var b strings.Builder
	for _, p := range l {
		b.WriteString(p.name + "=" + p.value + ";")
	}
	return b.String()
}

// address says whether the line holds an address, and of which family.
func (l dbLine) address() (v6, ok bool) {
	switch {
	case l.has(nvV4), l.has(nvDHCP):
		return false, true
	case l.has(nvV6), l.has(nvAddrconf):
		return true, true
	}
	return false, false
}

// match is ipmgmt_nvlist_match(): the three private pairs are the same.
func (l dbLine) match(protocol, ifname, object string) bool {
	return l.value(nvProtocol) == protocol && l.value(nvIf) == ifname && l.value(nvObject) == object
}

// readDB reads the store. Comments and lines that do not parse are dropped,
// as ipadm_process_db_line() drops damaged ones when it writes.
func (s *state) readDB() ([]dbLine, errno) {
	if s.db != nil {
		return slices.Clone(s.db), eOK
	}
	b, err := os.ReadFile(s.w.Path(ipadmConf))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, eNOENT
	}
	if err != nil {
		return nil, eINVAL
	}
	s.db = parseDB(string(b))
	return slices.Clone(s.db), eOK
}

func parseDB(text string) []dbLine {
	var lines []dbLine
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		if l := parseDBLine(line); l != nil {
			lines = append(lines, l)
		}
	}
	return lines
}

func parseDBLine(line string) dbLine {
	var l dbLine
	for part := range strings.SplitSeq(line, ";") {
		name, value, _ := strings.Cut(part, "=")
		if name == "" {
			continue
		}
		if l.has(name) {
			return nil
		}
		l = append(l, pair{name, value})
	}
	return l
}

// writeDB replaces the store.
func (s *state) writeDB(lines []dbLine) errno {
	var b strings.Builder
	for _, l := range lines {
		b.WriteString(l.String() + "\n")
	}
	if err := writeFile(s.w, ipadmConf, b.String(), 0o644); err != nil {
		return eINVAL
	}
	s.db = lines
	return eOK
}

// editDB reads, edits and writes the store; it must be there.
func (s *state) editDB(edit func([]dbLine) []dbLine) errno {
	lines, e := s.readDB()
	if e != eOK {
		return e
	}
	return s.writeDB(edit(lines))
}

// families gives the address families of a persistent interface.
func (s *state) persistent(ifname string) (v4, v6, ok bool) {
	lines, _ := s.readDB()
	for _, l := range lines {
		if l.value(nvIf) == ifname && l.has(nvFamilies) {
			v4, v6 = families(l.value(nvFamilies))
			return v4, v6, true
		}
	}
	return false, false, false
}

// Address families as the store writes them (AF_INET, AF_INET6).
const (
	afInet  = "2"
	afInet6 = "26"
)

func families(value string) (v4, v6 bool) {
	list := strings.Split(value, ",")
	return slices.Contains(list, afInet), slices.Contains(list, afInet6)
}

func family(v6 bool) string {
	if v6 {
		return afInet6
	}
	return afInet
}

// persistFamily says whether one family of an interface is persistent.
func (s *state) persistFamily(ifname string, v6 bool) bool {
	p4, p6, _ := s.persistent(ifname)
	return p4 && !v6 || p6 && v6
}

// saveIf adds one family of an interface (ipmgmt_persist_if()).
func (s *state) saveIf(ifname string, v6 bool) errno {
	exists := false
	e := s.editDB(func(lines []dbLine) []dbLine {
		for i, l := range lines {
			if l.value(nvIf) != ifname || !l.has(nvFamilies) {
				continue
			}
			have := l.value(nvFamilies)
			if p4, p6 := families(have); p4 && !v6 || p6 && v6 {
				exists = true
				return lines
			}
			lines[i] = l.with(nvFamilies, have+","+family(v6))
			return lines
		}
		return append(lines, dbLine{{nvIf, ifname}, {nvFamilies, family(v6)}, {nvClass, "0"}})
	})
	if exists {
		return eEXIST
	}
	return e
}

// removeIf deletes what belongs to one family of an interface
// (ipmgmt_db_resetif()); ENOENT if no line went.
func (s *state) removeIf(ifname string, v6 bool) errno {
	lines, e := s.readDB()
	if e != eOK {
		return e
	}
	var kept []dbLine
	touched, last := false, false
	for _, l := range lines {
		keep := l
		switch {
		case l.value(nvIf) != ifname:
		case l.has(nvFamilies):
			keep = removeFamily(l, v6)
			last = keep == nil
			touched = touched || last
		case s.belongs(l, v6, last):
			keep, touched = nil, true
		}
		if keep != nil {
			kept = append(kept, keep)
		}
	}
	if e := s.writeDB(kept); e != eOK || touched {
		return e
	}
	return eNOENT
}

// removeFamily takes a family from an interface line; nil if none is left.
func removeFamily(l dbLine, v6 bool) dbLine {
	rest := slices.DeleteFunc(strings.Split(l.value(nvFamilies), ","), func(f string) bool { return f == family(v6) })
	if len(rest) == 0 {
		return nil
	}
	return l.with(nvFamilies, strings.Join(rest, ","))
}

// belongs says whether an address or property line goes with one family of its
// interface; last that the other family is gone already.
func (s *state) belongs(l dbLine, v6, last bool) bool {
	if lineV6, ok := l.address(); ok {
		return lineV6 == v6
	}
	if name := l.value(nvObject); name != "" {
		all := slices.DeleteFunc(slices.Clone(s.Objects), func(o *object) bool { return o.Name != name })
		return len(all) == 0 || slices.ContainsFunc(all, func(o *object) bool { return o.V6 == v6 })
	}
	switch l.value(nvProtocol) {
	case "ipv4":
		return !v6
	case "ipv6":
		return v6
	case "ip":
		return last
	}
	return false
}

// saveLine appends a line (ipmgmt_db_add).
func (s *state) saveLine(l dbLine) errno {
	return s.editDB(func(lines []dbLine) []dbLine { return append(lines, l) })
}

// removeObject deletes all lines of an address object (ipmgmt_db_resetaddr()).
func (s *state) removeObject(name string) errno {
	return s.editDB(func(lines []dbLine) []dbLine {
		return slices.DeleteFunc(lines, func(l dbLine) bool { return l.value(nvObject) == name })
	})
}

// saveProp sets a property in its line, or adds one (ipmgmt_db_update()).
func (s *state) saveProp(protocol, ifname, object, name, value string) errno {
	return s.editDB(func(lines []dbLine) []dbLine {
		for i, l := range lines {
			if l.match(protocol, ifname, object) && l.has(name) {
				lines[i] = l.with(name, value)
				return lines
			}
		}
		var l dbLine
		for _, p := range (dbLine{{nvProtocol, protocol}, {nvIf, ifname}, {nvObject, object}}) {
			if p.value != "" {
				l = append(l, p)
			}
		}
		return append(lines, append(l, pair{name, value}))
	})
}

// prop reads a persistent property (ipmgmt_db_getprop()).
func (s *state) prop(protocol, ifname, object, name string) (string, bool) {
	lines, _ := s.readDB()
	for _, l := range lines {
		if l.match(protocol, ifname, object) && l.has(name) {
			return l.get(name)
		}
	}
	return "", false
}

// removeProp deletes a property's line; a missing one is no error.
func (s *state) removeProp(protocol, ifname, object, name string) errno {
	return s.editDB(func(lines []dbLine) []dbLine {
		at := slices.IndexFunc(lines, func(l dbLine) bool { return l.match(protocol, ifname, object) && l.has(name) })
		if at < 0 {
			return lines
		}
		return slices.Delete(lines, at, at+1)
	})
}

// number is atoi(3C).
func number(text string) int {
	n, _ := strconv.Atoi(text)
	return n
}
