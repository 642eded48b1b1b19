// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"illumos-metadata/common/guest"
	"illumos-metadata/common/illumos"
	"illumos-metadata/common/metadata"
)

// aggr prepares the aggregation for a bond over these links and gives its name.
// One that is there stays, whatever its name, and if it is ours it is changed to
// what is wanted.
func (p *plan) aggr(l metadata.Link, k kind, members []target) (string, error) {
	bond, want := l.Name, names(members)
	have := p.aggrOver(members)
	if ours := slices.Contains(p.rec.Aggrs, have); have == "" || ours && p.fresh {
		have = aggrName(bond) // a new instance keeps no other name
	}
	ours := slices.Contains(p.rec.Aggrs, have)
	if ours && p.fresh {
		p.renewAggr(bond, have, want)
	}
	a := p.have.aggr(have)
	switch {
	case a == nil && !p.clearName(have):
		return "", fmt.Errorf("the guest has another link %s", have)
	case a != nil && !ours && !same(portNames(*a), want):
		return "", fmt.Errorf("the aggregation %s, which was made by hand, is over %s", have, strings.Join(portNames(*a), ", "))
	case a != nil && p.claimed(have):
		return "", fmt.Errorf("the aggregation %s is that of another bond", have)
	}
	for _, t := range members {
		if err := p.free(bond, t.link, have); err != nil {
			return "", err
		}
		p.plainMTU(bond, t.link)
	}
	if a == nil || ours {
		p.made.Aggrs = append(p.made.Aggrs, have)
		p.made.Ports = union(p.made.Ports, want)
	}
	switch {
	case a == nil:
		p.createAggr(bond, have, k, want)
	case ours:
		p.changeAggr(bond, *a, k, want)
	}
	return have, nil
}

// standing gives the aggregation that there is for a bond, whatever its form,
// and keeps it.
func (p *plan) standing(bond string, members []target) string {
	name := p.aggrOver(members)
	if own := aggrName(bond); name == "" && slices.Contains(p.rec.Aggrs, own) && p.have.aggr(own) != nil {
		name = own
	}
	if slices.Contains(p.rec.Aggrs, name) {
		p.made.Aggrs = append(p.made.Aggrs, name)
		p.made.Ports = union(p.made.Ports, portNames(*p.have.aggr(name)))
	}
	return name
}

// aggrOver gives the aggregation over exactly these links.
func (p *plan) aggrOver(members []target) string {
	for _, a := range p.have.aggrs {
		if same(portNames(a), names(members)) {
			return a.Name
		}
	}
	return ""
}

// claimed says whether an aggregation is that of a bond that came before.
func (p *plan) claimed(name string) bool {
	return slices.Contains(p.made.Aggrs, name)
}

func (s state) aggr(name string) *illumos.Aggr {
	i := slices.IndexFunc(s.aggrs, func(a illumos.Aggr) bool { return a.Name == name })
	if i < 0 {
		return nil
	}
	return &s.aggrs[i]
}

// aggrWith gives the aggregation that a link is a port of.
func (s state) aggrWith(link string) string {
	for _, a := range s.aggrs {
		if slices.Contains(portNames(a), link) {
			return a.Name
		}
	}
	return ""
}

func portNames(a illumos.Aggr) (all []string) {
	for _, port := range a.Ports {
		all = append(all, port.Name)
	}
	return all
}

func names(targets []target) (all []string) {
	for _, t := range targets {
		all = append(all, t.link)
	}
	return all
}

// same says whether two lists have the same elements.
func same(a, b []string) bool {
	return len(a) == len(b) && !slices.ContainsFunc(a, func(x string) bool { return !slices.Contains(b, x) })
}

// createAggr adds the steps that make an aggregation.
func (p *plan) createAggr(bond, name string, k kind, ports []string) {
	argv := append([]string{dladm, "create-aggr"}, k.args()...)
	fresh := illumos.Aggr{Name: name, Policy: k.policy, LACP: k.lacp, Timer: k.timer}
	for _, port := range ports {
		fresh.Ports = append(fresh.Ports, illumos.Port{Name: port})
	}
	p.prepareFor(bond, guest.Step{Why: "aggregation of " + strings.Join(ports, ", "), Argv: append(argv, portArgs(ports, name)...)})
	p.have.aggrs = append(slices.Clone(p.have.aggrs), fresh)
	p.have.datalinks = append(slices.Clone(p.have.datalinks), illumos.Datalink{
		Name: name, Class: "aggr", MTU: p.leastMTU(ports), Over: ports,
	})
}

// leastMTU is what an aggregation of these links carries.
func (p *plan) leastMTU(ports []string) int {
	least := 0
	for _, port := range ports {
		if mtu := p.have.mtu(port); least == 0 || mtu < least {
			least = mtu
		}
	}
	return least
}

// changeAggr adds the steps that make an aggregation of ours what it should be.
// New ports come before old ones go: one has to be there always.
func (p *plan) changeAggr(bond string, a illumos.Aggr, k kind, ports []string) {
	command := func(why, verb string, args []string) {
		argv := append([]string{dladm, verb}, args...)
		p.prepareFor(bond, guest.Step{Why: why, Argv: append(argv, a.Name)})
	}
	var add, remove []string
	for _, port := range ports {
		if !slices.Contains(portNames(a), port) {
			p.matchMTU(bond, port, a.Name)
			add = append(add, "-l", port)
		}
	}
	for _, port := range portNames(a) {
		if !slices.Contains(ports, port) {
			remove = append(remove, "-l", port)
			p.loose = append(p.loose, port)
		}
	}
	if len(add) > 0 {
		command("more links for "+a.Name, "add-aggr", add)
	}
	if len(remove) > 0 {
		command("fewer links for "+a.Name, "remove-aggr", remove)
	}
	if a.Policy != k.policy || a.LACP != k.lacp || k.timer != "" && a.Timer != k.timer {
		command("another kind of aggregation", "modify-aggr", k.args())
	}
	p.setPorts(a.Name, ports)
}

// matchMTU lets a link carry what the aggregation carries that it joins:
// add-aggr asks for that (uts/common/io/aggr/aggr_grp.c, aggr_grp_sdu_check()).
// At the next boot the aggregation does it itself.
func (p *plan) matchMTU(bond, port, aggr string) {
	mtu := p.have.mtu(aggr)
	if mtu <= p.have.mtu(port) {
		return
	}
	p.prepareFor(bond, guest.Step{
		Why:  fmt.Sprintf("MTU %d on %s", mtu, port),
		Argv: []string{dladm, "set-linkprop", "-t", "-p", fmt.Sprintf("mtu=%d", mtu), port},
	})
	p.made.MTUs = union(p.made.MTUs, []string{port})
}

// plainMTU takes back the MTU that a link had for itself, before it is a port of
// an aggregation, which sets that of its ports.
func (p *plan) plainMTU(bond, port string) {
	if p.have.aggrWith(port) != "" || !slices.Contains(p.rec.MTUs, port) {
		return
	}
	p.prepareFor(bond, guest.Step{
		Why: "withdraw the MTU of " + port, Argv: []string{dladm, "reset-linkprop", "-p", "mtu", port},
	})
	p.have.setMTU(port, etherMTU)
	p.plain = append(p.plain, port)
}

// etherMTU is what an Ethernet link carries by default.
const etherMTU = 1500

// setPorts notes the ports that an aggregation will have.
func (p *plan) setPorts(name string, ports []string) {
	p.have.aggrs = slices.Clone(p.have.aggrs)
	a := p.have.aggr(name)
	a.Ports = nil
	for _, port := range ports {
		a.Ports = append(a.Ports, illumos.Port{Name: port})
	}
}

// free clears a link for an aggregation, which takes no link that IP or another
// link uses. What is of ours there goes.
func (p *plan) free(bond, link, aggr string) error {
	switch in := p.have.aggrWith(link); {
	case in == aggr:
		return nil
	case in != "":
		if err := p.dropAggr(bond, in, link); err != nil {
			return err
		}
	}
	if err := p.clearUpper(bond, link); err != nil {
		return err
	}
	return p.clearInterface(bond, link)
}

// clearUpper takes the VLANs over a link away, if all that is over it is ours.
func (p *plan) clearUpper(part, link string) error {
	for _, v := range p.have.vlans {
		if v.Over != link {
			continue
		}
		steps := p.dropVLAN(v.Name)
		if steps == nil {
			return fmt.Errorf("VLAN %s, which was made by hand, is over %s", v.Name, link)
		}
		p.clearRoutes(part, v.Name)
		p.prepareFor(part, steps...)
	}
	if upper := p.have.over(link); upper != "" {
		return fmt.Errorf("%s, which was made by hand, is over %s", upper, link)
	}
	return nil
}

// over gives a link over another one that is neither an aggregation nor a VLAN.
func (s state) over(link string) string {
	for _, d := range s.datalinks {
		if d.Class != "aggr" && d.Class != "vlan" && slices.Contains(d.Over, link) {
			return d.Name
		}
	}
	return ""
}

// clearInterface takes the interface of a link away, if all that it has is ours.
// One without any address is not in the state, but its link is in use.
func (p *plan) clearInterface(part, link string) error {
	rows := p.have.on(link)
	if i := slices.IndexFunc(rows, func(r illumos.Address) bool { return !p.ours(r) }); i >= 0 {
		return fmt.Errorf("%s has the address %s (%s), which was made by hand", link, rows[i].Object, rows[i].Addr)
	}
	if len(rows) == 0 && (!p.have.inUse[link] || p.have.aggrWith(link) != "") {
		return nil
	}
	p.clearRoutes(part, link)
	step := guest.Step{Why: "withdraw interface " + link, Argv: []string{ipadm, "delete-if", link}, Accept: []int{1}}
	p.prepareFor(part, step)
	p.forget(step)
	return nil
}

// clearRoutes withdraws the routes of ours that are bound to an interface, as
// long as it is there: route(8) takes no name of one that is not.
func (p *plan) clearRoutes(part, link string) {
	for _, r := range p.rec.Routes {
		live, saved := p.have.live(r), p.have.saved(r)
		if r.Link != link || !live && !saved {
			continue
		}
		p.prepareFor(part, r.step("delete", saved, notInTable))
		p.cleared = append(p.cleared, r)
		p.have.static = withoutLine(p.have.static, strings.Join(r.words(), " "))
		p.have.routes = slices.DeleteFunc(slices.Clone(p.have.routes), func(x illumos.Route) bool {
			return x.To == r.To && x.Via == r.Via && x.Link == r.Link
		})
	}
}

func withoutLine(file []byte, line string) []byte {
	var left []byte
	for have := range bytes.Lines(file) {
		if string(bytes.TrimSuffix(have, []byte("\n"))) != line {
			left = append(left, have...)
		}
	}
	return left
}
