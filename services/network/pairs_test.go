// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"maps"
	"net/netip"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"illumos-metadata/common/metadata"
	"illumos-metadata/common/simguest/simnet"
)

// TestPairs: from a guest that any of the collected networks has configured,
// each other one ends in the same state as from a bare guest, now and after a
// reboot: on its own machine, as an image that was taken from the other, and on
// that of the other, whose metadata has changed.
func TestPairs(t *testing.T) { allPairs(t, sampleNetworks(t)) }

// TestOwnPairs is the same with the networks of the suite's own test data.
func TestOwnPairs(t *testing.T) { allPairs(t, ownNetworks(t)) }

func allPairs(t *testing.T, all map[string]want) {
	distinct := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		digest := metadata.Digest(all[name])
		if distinct[digest] == "" {
			distinct[digest] = name
		}
	}
	names := slices.Sorted(maps.Values(distinct))
	bare := map[string]outcome{}
	synctest.Test(t, func(t *testing.T) {
		for _, name := range names {
			bare[name] = newMachine(t, cardsFor(all[name])...).boots("i-"+name, all[name], outcome{})
		}
	})
	for i, first := range names {
		t.Run(first, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				m := newMachine(t, cardsFor(all[first])...)
				m.boots("i-"+first, all[first], outcome{})
				used := m.snapshot()
				for _, second := range sample(i, names) {
					if second == first {
						continue
					}
					m.restore(used)
					m.moves(cardsFor(all[second]))
					m.early()
					got := m.boots("i-"+second, all[second], bare[second])
					if diff := bare[second].diff(got); diff != "" {
						t.Errorf("%s after %s (-bare +got):\n%s", second, first, diff)
					}
				}
			})
		})
	}
}

// sample gives all second networks in CI, and every third one otherwise, others
// for each first one.
func sample(first int, names []string) (some []string) {
	if os.Getenv("CI") == "true" {
		return names
	}
	for i, name := range names {
		if (first+i)%3 == 0 {
			some = append(some, name)
		}
	}
	return some
}

// An outcome is what a run of the service and the rest of the boot lead to:
// what it said, what there is at once, the files that are left, and what there
// is after one more boot.
type outcome struct {
	Said, Live, Boot string
	files            string
}

// diff gives the lines that only one of two outcomes has.
func (o outcome) diff(got outcome) string {
	var b strings.Builder
	for _, part := range []struct{ name, want, got string }{
		{"said", o.Said, got.Said}, {"at once", o.Live, got.Live}, {"next boot", o.Boot, got.Boot},
	} {
		want, got := strings.Split(part.want, "\n"), strings.Split(part.got, "\n")
		only := func(sign string, lines, others []string) {
			for _, line := range lines {
				if !slices.Contains(others, line) && !matches(line, others) {
					fmt.Fprintf(&b, "%s: %s%s\n", part.name, sign, line)
				}
			}
		}
		only("-", want, got)
		only("+", got, want)
	}
	return b.String()
}

// matches says whether what only one of two outcomes has is no difference: the
// default route of a lease, beside another default route. dhcpagent(8) adds it,
// bound to its link, for the first address on a link, and the service for another
// one if nothing else leads out; and network/routing-setup deletes the one that
// happens to be the first.
func matches(line string, others []string) bool {
	const anywhere = "route 0.0.0.0/0 "
	bound := len(strings.Fields(line)) == 4
	return strings.HasPrefix(line, anywhere) && slices.ContainsFunc(others, func(other string) bool {
		return bound && strings.HasPrefix(other, anywhere) || !bound && strings.HasPrefix(other, line)
	})
}

// present is the list of the links that the guest has, by the names that they had.
var present = regexp.MustCompile(`; it has [^;]*`)

// boots runs the service on a guest that is at that point of its boot, and then
// boots it once more. That depends on nothing but the files and the machine, so
// that it is known where they are the same as before.
func (m *machine) boots(instance string, w want, before outcome) outcome {
	m.t.Helper()
	_, err := m.run(instance, w)
	o := outcome{Said: present.ReplaceAllString(fmt.Sprint(err), ""), Live: m.picture()}
	m.late()
	if o.files = m.persistent(); o.files == before.files {
		o.Boot = before.Boot
		return o
	}
	m.early()
	_, _ = m.run(instance, w) // what cannot be done is said again
	m.late()
	o.Boot = m.picture()
	return o
}

// cardsFor are the network devices of a machine that metadata was written for:
// those with the wanted MAC addresses, and those with the wanted names where
// there are several.
func cardsFor(w want) []simnet.Link {
	var cards []simnet.Link
	devices := (&plan{want: w}).devices()
	for _, l := range w.Links {
		if l.VLAN != nil || l.Bond != nil {
			continue
		}
		c := served(len(cards))
		if l.Match.MAC != "" {
			c.MAC = l.Match.MAC
		} else if l.Match == (metadata.Match{}) && devices > 1 && metadata.CheckLinkName(l.Name) == nil {
			c.Device = l.Name
		}
		cards = append(cards, c)
	}
	if len(cards) == 0 {
		cards = append(cards, served(0))
	}
	vlans := map[int]simnet.Network{}
	for _, l := range w.Links {
		if l.VLAN != nil {
			vlans[l.VLAN.ID] = served(100 + len(vlans)).Network
		}
	}
	for i := range cards {
		cards[i].VLANs = vlans
	}
	return cards
}

// served is a card with a DHCP server and a router for IPv6. Its leases name no DNS
// servers: what network/service writes of those into resolv.conf and
// nsswitch.conf is the system's, and stays when the lease goes.
func served(n int) simnet.Link {
	c := leased(n)
	c.Router = &simnet.Router{
		Address: netip.MustParseAddr("fe80::1"),
		Prefix:  netip.MustParsePrefix(fmt.Sprintf("2001:db8:%x::/64", n)),
		Managed: netip.MustParseAddr(fmt.Sprintf("2001:db8:%x::99", n)),
	}
	return c
}

// moves switches the guest off and puts its disk into a machine with other
// cards.
func (m *machine) moves(cards []simnet.Link) {
	m.t.Helper()
	links, err := simnet.Datalinks(m.w)
	m.must(err)
	for _, l := range links {
		if l.Class == "phys" {
			m.must(simnet.Unplug(m.w, l.Device))
		}
	}
	for _, c := range cards {
		m.must(simnet.Plug(m.w, c))
	}
}
