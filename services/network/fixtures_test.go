// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"illumos-metadata/common/cloudinit"
	"illumos-metadata/common/illumos"
	"illumos-metadata/common/metadata"
	"illumos-metadata/common/simguest/simnet"
)

// documents are the wanted networks of the collection of metadata samples, which
// lies beside the module and is read in place.
func documents(t *testing.T) map[string]want {
	t.Helper()
	files, err := filepath.Glob("../../../shared/fixtures/nocloud/network-v[12]/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		if os.Getenv("CI") == "true" {
			t.Fatal("SKIPPED is a failure with CI=true: ../shared/fixtures is not here")
		}
		t.Skip("SKIPPED: ../shared/fixtures is not here")
	}
	all := map[string]want{}
	for _, file := range files {
		doc, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		n, _, _, err := cloudinit.ParseNetworkConfig(doc)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		in := &metadata.Instance{ID: "i-1", Network: n}
		if err := in.Validate(); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		all[filepath.Base(file)] = wanted(in)
	}
	return all
}

// rack gives a card to each MAC address of the documents, with a DHCP server.
func rack(documents map[string]want) (cards []simnet.Link) {
	var macs []string
	for _, w := range documents {
		for _, l := range w.Links {
			if l.Match.MAC != "" {
				macs = append(macs, l.Match.MAC)
			}
		}
	}
	slices.Sort(macs)
	for n, mac := range slices.Compact(macs) {
		c := leased(n)
		c.MAC = mac
		cards = append(cards, c)
	}
	return cards
}

// TestDocuments: each document ends in the same state, whatever was configured
// before it for another instance, and a second run has no step.
func TestDocuments(t *testing.T) {
	all := documents(t)
	synctest.Test(t, func(t *testing.T) { applyAll(t, all) })
}

func applyAll(t *testing.T, all map[string]want) {
	cards := rack(all)
	names := slices.Sorted(maps.Keys(all))
	bare := map[string]string{}
	apply := func(m *machine, name string) string {
		_, err := m.run("i-"+name, all[name])
		m.achievedAll(all[name], fmt.Sprint(err))
		end := m.ends()
		m.Again = true
		_, again := m.run("i-"+name, all[name])
		m.Again = false
		if strings.Contains(m.log.String(), "step=") {
			t.Errorf("%s: %v\na second time: %v, log\n%s", name, err, again, &m.log)
		}
		return end
	}
	for _, name := range names {
		bare[name] = apply(newMachine(t, cards...), name)
	}
	m := newMachine(t, cards...)
	r := rand.New(rand.NewPCG(4, 4))
	for range 2 {
		r.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
		for i, name := range names {
			if diff := cmp.Diff(bare[name], apply(m, name)); diff != "" {
				t.Errorf("%s after %s (-bare +got):\n%s", name, names[max(i-1, 0)], diff)
			}
		}
	}
}

// achievedAll is achieved for links of whatever name.
func (m *machine) achievedAll(w want, told string) {
	m.t.Helper()
	told += m.log.String()
	s := m.state()
	for _, l := range w.Links {
		for _, a := range l.Addresses {
			there := slices.ContainsFunc(s.addresses, func(r illumos.Address) bool { return prefix(r) == a && r.State == "ok" })
			if !there && !strings.Contains(told, l.Name+": ") && !strings.Contains(told, a.String()) {
				m.t.Errorf("%s lacks %s, and nobody says so: %s", l.Name, a, told)
			}
		}
	}
}
