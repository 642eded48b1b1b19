// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package etcfile

import (
	"net/netip"
	"slices"
	"strings"

	"illumos-metadata/common/metadata"
)

// blanks are what isspace(3C) calls so.
const blanks = " \t\v\f\r\n"

// ours are the addresses whose lines carry our aliases.
var ours = []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1}), netip.IPv6Loopback()}

// kept are the names that never leave a loopback line: much of the system
// looks for the one, and syslogd(8) for the other.
var kept = []string{"localhost", "loghost"}

// SetHostAliases gives hosts(5) with the names in want on the first line for
// 127.0.0.1 and on the first for ::1, after the names that stand there, and
// without those in withdraw on any line for these addresses. Names compare
// without regard to case. A line that is needed and missing is added; one that
// loses its last name goes.
//
// Left alone is a wanted name that the file gives an address of its own: the
// administrator has said where it is, and a loopback address beside it would
// be tried first (RFC 6724 section 6).
func SetHostAliases(file []byte, withdraw, want []string) []byte {
	var hosts []*host
	for _, text := range entries(file) {
		hosts = append(hosts, parseHost(text))
	}
	want = slices.DeleteFunc(slices.Clone(want), func(name string) bool {
		return metadata.CheckHostname(name) != nil || hasAddress(hosts, name)
	})
	for _, h := range hosts {
		h.remove(func(name string) bool {
			return holds(withdraw, name) && !holds(want, name) && !holds(kept, name)
		})
	}
	for _, addr := range ours {
		hosts = addAliases(hosts, addr, want)
	}
	var out strings.Builder
	for _, h := range hosts {
		out.WriteString(h.String())
	}
	return []byte(out.String())
}

// addAliases adds to the first line for addr the names that no line gives it.
func addAliases(hosts []*host, addr netip.Addr, want []string) []*host {
	var have []string
	var line *host
	for _, h := range hosts {
		if h.addr == addr {
			have = append(have, h.list()...)
			if line == nil && h.editable {
				line = h
			}
		}
	}
	want = slices.DeleteFunc(slices.Clone(want), func(name string) bool { return holds(have, name) })
	if len(want) == 0 {
		return hosts
	}
	if line == nil {
		// Before the others: after them, a last line without its newline, or
		// with a backslash at its end, would take ours in.
		line = &host{addr: addr, head: addr.String(), names: "\tlocalhost", tail: "\n", editable: true}
		first := slices.IndexFunc(hosts, func(h *host) bool { return h.names != "" })
		hosts = slices.Insert(hosts, max(first, 0), line)
	}
	for _, name := range want {
		line.add(name)
	}
	return hosts
}

// A host is one line of hosts(5): text is head, names and tail together.
type host struct {
	text  string
	addr  netip.Addr // if it is one of ours
	head  string     // the address
	names string     // each with the blanks before it; none: the line is not read
	tail  string     // comment and newline

	editable bool // a line for one of our addresses that is not continued
}

// parseHost splits a line as illumos does: blanks of any kind, and a comment
// from the first # (lib/nsswitch/files/common/gethostent.c).
func parseHost(text string) *host {
	h := &host{text: text}
	line := strings.ReplaceAll(text, "\\\n", "")
	body, _, _ := strings.Cut(line, "#")
	body = strings.TrimRight(body, blanks)
	first := strings.TrimLeft(body, blanks)
	n := strings.IndexAny(first, blanks)
	if n < 0 || strings.HasSuffix(line, "\\") { // continued at the end of the file: not read
		return h
	}
	names := len(body) - len(first) + n
	h.head, h.names, h.tail = line[:names], body[names:], line[len(body):]
	if addr, err := netip.ParseAddr(first[:n]); err == nil && slices.Contains(ours, addr) {
		h.addr, h.editable = addr, line == text
	}
	return h
}

// list gives the names of the line.
func (h *host) list() []string {
	return strings.FieldsFunc(h.names, func(r rune) bool { return strings.ContainsRune(blanks, r) })
}

// remove takes the names that gone says out of a line that is ours to edit.
func (h *host) remove(gone func(name string) bool) {
	if !h.editable {
		return
	}
	left := ""
	for rest := h.names; rest != ""; {
		name := len(rest) - len(strings.TrimLeft(rest, blanks))
		end := len(rest)
		if n := strings.IndexAny(rest[name:], blanks); n >= 0 {
			end = name + n
		}
		if !gone(rest[name:end]) {
			left += rest[:end]
		}
		rest = rest[end:]
	}
	h.names = left
}

// add puts a name after the others, unless it stands there.
func (h *host) add(name string) {
	switch {
	case holds(h.list(), name):
	case h.names == "":
		h.names = "\t" + name
	default:
		h.names += " " + name
	}
}

// String gives the line as it is now. An address that has lost its names goes;
// a comment after it stays.
func (h *host) String() string {
	if !h.editable {
		return h.text
	}
	if h.names == "" {
		return strings.TrimLeft(h.tail, blanks)
	}
	return h.head + h.names + h.tail
}

// hasAddress says whether a line gives name an address other than ours.
func hasAddress(hosts []*host, name string) bool {
	return slices.ContainsFunc(hosts, func(h *host) bool {
		return !h.addr.IsValid() && holds(h.list(), name)
	})
}

// holds says whether names has name, in whatever case.
func holds(names []string, name string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) })
}
