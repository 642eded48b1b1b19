// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"illumos-metadata/common/guest"
	"illumos-metadata/common/illumos"
)

// A rename is a name that this service gave to a link. It counts as long as the
// device has it: what an administrator renames since is theirs. dlmgmtd(8) keeps
// the name over boots.
type rename struct {
	Device string `json:"device"`
	From   string `json:"from"`
	To     string `json:"to"`
}

// renamed gives the rename of a link that counts, or nil.
func (p *plan) renamed(l illumos.Link) *rename {
	for _, r := range p.rec.Renames {
		if r.Device == l.Device && r.To == l.Name && r.From != r.To {
			return &r
		}
	}
	return nil
}

// original gives the name that a link has in a guest that this service did not
// change: documents are written for that. A new device whose name another one
// had got is called net0 or so (dlmgmt_door.c, dlmgmt_upcall_create()).
func (p *plan) original(l illumos.Link) string {
	if r := p.renamed(l); r != nil {
		return r.From
	}
	taken := func(r rename) bool { return r.To == l.Device && r.Device != l.Device }
	if stem, _ := splitNumber(l.Name); stem == "net" && slices.ContainsFunc(p.rec.Renames, taken) {
		return l.Device
	}
	return l.Name
}

// originals are the devices with these names, and the address objects that are
// named after them.
func (p *plan) originals(objects []string) (links []illumos.Link, named []string) {
	for _, l := range p.have.links {
		name := p.original(l)
		for _, o := range objects {
			if link, label, _ := strings.Cut(o, "/"); link == l.Name {
				named = append(named, name+"/"+label)
			}
		}
		l.Name = name
		links = append(links, l)
	}
	return links, named
}

func (s state) device(link string) illumos.Link {
	i := slices.IndexFunc(s.links, func(l illumos.Link) bool { return l.Name == link })
	if i < 0 {
		return illumos.Link{}
	}
	return s.links[i]
}

// A move is a link on its way to another name.
type move struct {
	part     string
	from, to string
	at       int  // of the target; -1: of none
	late     bool // when all else is done
}

// rename gives the links that were found the names that are wanted for them, or
// the ones that they had before, and adjusts the targets. Nothing may use the
// link meanwhile: what is of ours goes and comes again under the new name, and a
// link with something made by hand keeps its name. So does one whose new name is
// another link's that stays.
func (p *plan) rename(targets []target) {
	p.renameMTUs()
	p.moveAll(p.moves(targets), targets)
	p.named = names(targets)
	for _, l := range p.have.links {
		if r := p.renamed(l); r != nil {
			p.made.Renames = union(p.made.Renames, []rename{*r})
		}
	}
}

// moveAll renames one link after the other, as their new names get free.
func (p *plan) moveAll(moves []move, targets []target) {
	for len(moves) > 0 {
		free := func(m move) bool { return !p.have.hasLink(m.to) }
		i := slices.IndexFunc(moves, free)
		if i < 0 {
			moves = p.detour(moves)
			continue
		}
		p.move(targets, moves[i])
		moves = slices.Delete(moves, i, i+1)
	}
}

// renameMTUs gives the links whose MTU is ours the names that they have by now.
func (p *plan) renameMTUs() {
	p.rec.MTUs = slices.Clone(p.rec.MTUs)
	for _, l := range p.have.links {
		if i := slices.Index(p.rec.MTUs, p.original(l)); i >= 0 && !p.have.hasLink(p.original(l)) {
			p.rec.MTUs[i] = l.Name
		}
	}
}

// moves are the names that have to change, wishes before returns.
func (p *plan) moves(targets []target) []move {
	var all []move
	left := slices.DeleteFunc(p.desires(targets), func(m move) bool { return m.from == m.to })
	for {
		// A link that nobody wants gets its name back in the end, or now if it is
		// in the way.
		now := func(m move) bool {
			return m.at >= 0 || slices.ContainsFunc(all, func(o move) bool { return o.to == m.from })
		}
		i := slices.IndexFunc(left, now)
		if i < 0 {
			break
		}
		all = append(all, left[i])
		left = slices.Delete(left, i, i+1)
	}
	all = slices.DeleteFunc(all, p.keepsName)
	slices.SortStableFunc(all, func(a, b move) int {
		return first(p.original(p.have.device(a.from)) != a.to, p.original(p.have.device(b.from)) != b.to)
	})
	return all
}

// desires gives the name that each device should have: the wanted one, unless it
// is that of another which is to have its own.
func (p *plan) desires(targets []target) []move {
	var all []move
	for _, l := range p.have.links {
		m := move{part: l.Name, from: l.Name, to: p.original(l), at: slices.IndexFunc(targets, func(t target) bool { return t.link == l.Name })}
		if m.at >= 0 {
			t := targets[m.at]
			m.part = cmp.Or(t.Name, t.link)
			if several := slices.ContainsFunc(targets, func(o target) bool { return o.Name == t.Name && o.link != t.link }); several && t.SetName != "" {
				p.say = append(p.say, fmt.Sprintf("%s does not become %s: %s fits several links", t.link, t.SetName, t.Name))
			} else {
				m.to = cmp.Or(t.SetName, m.to)
			}
		}
		all = append(all, m)
	}
	own := func(m move) string { return p.original(p.have.device(m.from)) }
	for again := true; again; {
		again = false
		for i, m := range all {
			held := func(o move) bool { return o.from != m.from && o.to == m.to && o.to == own(o) }
			if m.to != own(m) && slices.ContainsFunc(all, held) {
				p.say = append(p.say, fmt.Sprintf("%s does not become %s: the guest has another link of that name", m.from, m.to))
				all[i].to, again = own(m), true
			}
		}
	}
	return all
}

// keepsName says whether a link keeps the name that it has, and tells why.
func (p *plan) keepsName(m move) bool {
	why := ""
	switch by := p.byHandOn(m.from); {
	case slices.Contains(p.want.stuck, m.part):
		why = "dladm refuses that"
	case strings.Contains(m.to, ".") || m.to == "lo0":
		why = "that is no name for an interface"
	case by != "":
		why = by + ", which was made by hand, is on it"
	default:
		if by := p.byHandOn(m.to); by != "" && !p.have.hasLink(m.to) {
			why = by + ", which was made by hand, is on a link of that name which is gone"
		}
	}
	if why != "" {
		p.say = append(p.say, fmt.Sprintf("%s keeps its name and does not become %s: %s", m.from, m.to, why))
	}
	return why != ""
}

// byHandOn names something on a link or over it that is not ours.
func (p *plan) byHandOn(link string) string {
	for _, r := range p.have.on(link) {
		if !p.ours(r) {
			return r.Object
		}
	}
	for _, d := range p.have.datalinks {
		if slices.Contains(d.Over, link) && !slices.Contains(p.rec.VLANs, d.Name) && !slices.Contains(p.rec.Aggrs, d.Name) {
			return d.Name
		}
	}
	return ""
}

// detour lets two links change their names by a third one, where none of the
// new names is free. A move to the name of a link that stays is given up.
func (p *plan) detour(moves []move) []move {
	leaves := func(name string) bool {
		return slices.ContainsFunc(moves, func(m move) bool { return m.from == name })
	}
	if i := slices.IndexFunc(moves, func(m move) bool { return !leaves(m.to) }); i >= 0 {
		m := moves[i]
		p.say = append(p.say, fmt.Sprintf("%s does not become %s: the guest has another link of that name", m.from, m.to))
		if own := p.original(p.have.device(m.from)); own != m.to && own != m.from {
			moves[i].to = own // not the name of an earlier wish
			return moves
		}
		return slices.Delete(moves, i, i+1)
	}
	// Each waits for another one: whoever follows them comes into a circle.
	at := 0
	for range moves {
		at = slices.IndexFunc(moves, func(m move) bool { return m.from == moves[at].to })
	}
	third := "swap0"
	for n := 1; p.have.hasLink(third); n++ {
		third = fmt.Sprintf("swap%d", n)
	}
	m := moves[at]
	p.move(nil, move{part: m.part, from: m.from, to: third, at: -1, late: m.late})
	moves[at].from = third
	return moves
}

// move adds the steps of one rename.
func (p *plan) move(targets []target, m move) {
	l := p.have.device(m.from)
	from := p.original(l)
	step := guest.Step{Part: m.part, Why: fmt.Sprintf("name %s for %s", m.to, m.from), Argv: []string{dladm, "rename-link", m.from, m.to}}
	if m.late {
		idle := guest.Step{Part: m.part, Why: "withdraw interface " + m.from, Argv: []string{ipadm, "delete-if", m.from}, Accept: []int{1}}
		if p.have.inUse[m.from] {
			p.retire = append(p.retire, idle)
		}
		p.retire = append(p.retire, step)
	} else {
		if p.fresh {
			p.uncover(m)
		}
		for _, link := range []string{m.from, m.to} {
			if err := p.clearInterface(m.part, link); err != nil {
				p.errs = append(p.errs, err) // keepsName has looked
				return
			}
		}
		p.prepareFor(m.part, step)
	}
	p.have.renameLink(m.from, m.to)
	if i := slices.Index(p.rec.MTUs, m.from); i >= 0 {
		p.rec.MTUs[i] = m.to
	}
	if from != m.to {
		// The plan knows the link by it from here on.
		r := rename{Device: l.Device, From: from, To: m.to}
		p.made.Renames = append(p.made.Renames, r)
		p.rec.Renames = append(slices.Clone(p.rec.Renames), r)
	}
	if m.at >= 0 {
		targets[m.at].link = m.to
	}
}

// uncover withdraws what another instance had over a link that gets another name:
// dladm(8) refuses it that of a device which was taken out, and does not show
// these (libdllink.c, dladm_rename_link()).
func (p *plan) uncover(m move) {
	err := p.clearUpper(m.part, m.from)
	if in := p.have.aggrWith(m.from); err == nil && in != "" {
		err = p.dropAggr(m.part, in, m.from)
	}
	if err != nil {
		p.say = append(p.say, err.Error()) // it may be that the name is free
	}
}

// renameLink gives a link another name in the state.
func (s *state) renameLink(from, to string) {
	swap := func(name string) string {
		if name == from {
			return to
		}
		return name
	}
	s.links, s.datalinks = slices.Clone(s.links), slices.Clone(s.datalinks)
	for i := range s.links {
		s.links[i].Name = swap(s.links[i].Name)
	}
	for i, d := range s.datalinks {
		over := slices.Clone(d.Over)
		for n := range over {
			over[n] = swap(over[n])
		}
		s.datalinks[i].Name, s.datalinks[i].Over = swap(d.Name), over
	}
	s.vlans, s.aggrs = slices.Clone(s.vlans), slices.Clone(s.aggrs)
	for i := range s.vlans {
		s.vlans[i].Over = swap(s.vlans[i].Over)
	}
	for i, a := range s.aggrs {
		s.aggrs[i].Ports = slices.Clone(a.Ports)
		for n := range a.Ports {
			s.aggrs[i].Ports[n].Name = swap(a.Ports[n].Name)
		}
	}
	s.macs, s.inUse = withKey(s.macs, from, to), withKey(s.inUse, from, to)
}

// withKey gives a map with one key for another.
func withKey[V any](m map[string]V, from, to string) map[string]V {
	all := map[string]V{}
	for k, v := range m {
		if k == from {
			k = to
		}
		all[k] = v
	}
	return all
}

// returnNames gives the links that are wanted no more the names back that they
// had, unless somebody uses them.
func (p *plan) returnNames() {
	var moves []move
	for _, l := range p.have.links {
		r := p.renamed(l)
		if r == nil || slices.Contains(p.named, l.Name) {
			continue
		}
		m := move{part: l.Name, from: l.Name, to: r.From, at: -1, late: true}
		if !p.keepsName(m) {
			moves = append(moves, m)
			p.made.Renames = slices.DeleteFunc(p.made.Renames, func(o rename) bool { return o == *r })
		}
	}
	p.moveAll(moves, nil)
	for _, l := range p.have.links {
		if r := p.renamed(l); r != nil {
			p.made.Renames = union(p.made.Renames, []rename{*r})
		}
	}
}
