// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"illumos-metadata/common/metadata"
	"illumos-metadata/common/simguest/simnet"
)

// A crowd is a guest with many links, each with many addresses, and a router.
type crowd struct{ links, addresses int }

func (c crowd) String() string { return fmt.Sprintf("links=%d/addresses=%d", c.links, c.addresses) }

func (c crowd) cards() (cards []simnet.Link) {
	for n := range c.links {
		cards = append(cards, card(n))
	}
	return cards
}

// want is a static network for it. Every second address is one of IPv6, but for
// the first one.
func (c crowd) want() want {
	var w want
	for n := range c.links {
		l := link(n)
		for a := range c.addresses {
			p := netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(n), 0, byte(5 + a)}), 24)
			if a%2 == 1 {
				p = netip.MustParsePrefix(fmt.Sprintf("2001:db8:%x::%x/64", n, 5+a))
			}
			l.Addresses = append(l.Addresses, p)
		}
		w.Links = append(w.Links, l)
	}
	w.Links[0].Routes = []metadata.Route{via("default", "10.0.0.1")}
	return w
}

// commands is how many commands it needs: one for each address, on each link
// with IPv6 one for the link-local address, and the router.
func (c crowd) commands() int {
	n := c.links*c.addresses + 1
	if c.addresses > 1 {
		n += c.links
	}
	return n
}

// reads are the commands that a run started and that change nothing.
func (m *machine) reads() int { return len(m.started) - len(m.changes()) }

// TestCommands: what a first boot reads does not depend on how much there is,
// and it changes exactly what is needed, in one command each.
func TestCommands(t *testing.T) {
	reads := map[int]bool{}
	for _, c := range []crowd{{1, 1}, {1, 16}, {8, 4}, {32, 2}, {64, 1}} {
		m := newMachine(t, c.cards()...)
		changes, err := m.run("i-1", c.want())
		if err != nil || len(changes) != c.commands() {
			t.Errorf("%v: %v, %d commands, want %d", c, err, len(changes), c.commands())
		}
		reads[m.reads()] = true
		m.quiet(c.String(), "i-1", c.want())
	}
	if len(reads) != 1 || reads[0] {
		t.Errorf("numbers of reading commands: %v", reads)
	}
}

// leases is a network of links that all ask for a lease.
func leases(links int) want {
	var w want
	for n := range links {
		l := link(n)
		l.DHCP4 = true
		w.Links = append(w.Links, l)
	}
	return w
}

// TestOneLimit: many interfaces without a DHCP server are waited for together
// (rows N4 and N5), and looked at by one command each time.
func TestOneLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t, crowd{links: 32}.cards()...)
		began := time.Now()
		changes, err := m.run("i-1", leases(32))
		if took := time.Since(began); took != m.limit || err == nil || len(changes) != 32 {
			t.Errorf("waited %v of at most %v: %v, %d commands", took, m.limit, err, len(changes))
		}
		looks := 0
		for _, line := range m.started {
			if strings.Contains(line, "show-addr") {
				looks++
			}
		}
		// The pauses get longer up to mostPause, and are random by half.
		if most := int(m.limit/(mostPause/2)) + 10; looks > most {
			t.Errorf("looked %d times, want at most %d", looks, most)
		}
	})
}

// BenchmarkFirstBoot configures a guest that has nothing.
func BenchmarkFirstBoot(b *testing.B) {
	for _, links := range []int{1, 8, 32, 64} {
		for _, addresses := range []int{1, 4, 16} {
			c := crowd{links, addresses}
			b.Run(c.String(), func(b *testing.B) { firstBoots(b, c.cards(), c.want()) })
		}
	}
	for _, links := range []int{1, 32} {
		cards := crowd{links: links}.cards()
		for n := range cards {
			cards[n].DHCP = leased(n).DHCP
		}
		b.Run(fmt.Sprintf("links=%d/DHCP", links), func(b *testing.B) { firstBoots(b, cards, leases(links)) })
	}
}

func firstBoots(b *testing.B, cards []simnet.Link, w want) {
	bare := newMachine(b, cards...)
	s := bare.snapshot()
	var reads, changes int
	for b.Loop() {
		b.StopTimer()
		bare.restore(s)
		b.StartTimer()
		if _, err := bare.run("i-1", w); err != nil {
			b.Fatal(err)
		}
		reads, changes = bare.reads(), len(bare.changes())
	}
	b.ReportMetric(float64(reads), "reads")
	b.ReportMetric(float64(changes), "changes")
}
