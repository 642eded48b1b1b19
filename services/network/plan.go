// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"illumos-metadata/common/agent"
	"illumos-metadata/common/guest"
	"illumos-metadata/common/illumos"
	"illumos-metadata/common/metadata"
)

const ipadm = "/sbin/ipadm"

// A want is the network that the metadata and the settings ask for. Its JSON
// form is what the record keeps the digest of.
type want struct {
	Skip bool `json:"skip,omitempty"`
	DHCP bool `json:"dhcp,omitempty"` // DHCPv4 on the preferred interface

	nodename string // offered to the DHCP server; a change of it alone changes nothing
}

func wanted(in *metadata.Instance) want {
	return want{Skip: in.Network.Skip, DHCP: in.Network.DHCP, nodename: in.Nodename()}
}

// A record lists what this service has made. While it is at work the slice is
// empty, the instance is still the one before, and the list holds what was made
// for that one as well as what is about to be made.
type record struct {
	agent.Record
	Addresses []string `json:"addresses,omitempty"` // address objects, vioif0/dhcp
}

// under gives the record for the time in which made is being made.
func (r record) under(made []string, instance string) record {
	all := slices.Concat(r.Addresses, made)
	slices.Sort(all)
	return record{agent.Record{Instance: cmp.Or(r.Instance, instance)}, slices.Compact(all)}
}

// A state is what the guest has.
type state struct {
	links     []illumos.Link
	addresses []illumos.Address
}

// A todo is what one run does.
type todo struct {
	leave    []string     // what is left as it is, and why
	withdraw []guest.Step // what was made before and is wanted no more
	create   []guest.Step // if all of withdraw succeeded
	made     []string     // address objects of ours that are there afterwards
	lease    []string     // address objects that are to get a lease
}

func (t todo) steps() []guest.Step { return slices.Concat(t.withdraw, t.create) }

// decide compares what is wanted with what is there. An error may come with
// something that can be done all the same.
func decide(w want, s state, rec record, instance string) (todo, error) {
	var t todo
	keep := rec.Addresses
	if rec.Instance != instance {
		keep = nil // all of it was made for another instance
	}
	var link illumos.Link
	var err error
	if w.DHCP {
		link, err = preferred(s.links, keep)
	}
	object := link.Name + "/dhcp"
	intended := slices.Contains(rec.Addresses, object) && !s.has(object)
	for _, name := range rec.Addresses {
		if !s.has(name) {
			continue
		}
		if name == object && slices.Contains(keep, name) {
			t.made = append(t.made, name)
			continue
		}
		step, why := s.withdrawal(name)
		if why != "" {
			t.leave = append(t.leave, why)
			continue
		}
		t.withdraw = append(t.withdraw, step)
		s = s.without(name)
	}
	if link.Name != "" {
		t.dhcp(s, link.Name, w.nodename, intended)
	}
	return t, err
}

func deletion(object string) guest.Step {
	return guest.Step{Part: object, Why: "withdraw address " + object, Argv: []string{ipadm, "delete-addr", object}}
}

// withdrawal gives the step that takes one of our address objects away, or why
// it is left. After a reboot ipmgmtd(8) does not know the objects of a link that
// is gone, since its interface could not be enabled: delete-addr does not find
// them, and delete-if takes all that the interface has (libipadm,
// i_ipadm_delete_if()).
func (s state) withdrawal(object string) (step guest.Step, why string) {
	link := linkOf(object)
	rows := s.on(link)
	disabled := func(r illumos.Address) bool { return r.State == "disabled" }
	switch {
	case s.hasLink(link) || !slices.ContainsFunc(rows, disabled):
		return deletion(object), ""
	case len(rows) > 1:
		return step, fmt.Sprintf("the link of %s is gone, and its interface has addresses made by hand", object)
	}
	step = deletion(object)
	step.Argv = []string{ipadm, "delete-if", link}
	return step, ""
}

// dhcp adds what brings DHCPv4 to a link that has what s says. Intended says
// that an earlier run was about to make the address object, and it is not there.
func (t *todo) dhcp(s state, link, nodename string, intended bool) {
	rows := s.on(link)
	if i := slices.IndexFunc(rows, byHand); i >= 0 {
		t.leave = append(t.leave, fmt.Sprintf("%s has the static address %s (%s), which was made by hand",
			link, rows[i].Object, rows[i].Addr))
		return
	}
	if i := slices.IndexFunc(rows, func(r illumos.Address) bool { return r.Type == "dhcp" }); i >= 0 {
		if rows[i].State == "disabled" {
			t.create = append(t.create, enabling(link, rows[i].Object, rows)...)
		}
		t.lease = append(t.lease, rows[i].Object)
		return
	}
	object := link + "/dhcp"
	if intended {
		// A run that was cut off may have left its name taken in ipmgmtd(8),
		// which show-addr does not tell.
		left := deletion(object)
		left.Accept = []int{1}
		t.create = append(t.create, left)
	}
	argv := []string{ipadm, "create-addr", "-T", "dhcp", "-w", "0"}
	if nodename != "" {
		argv = append(argv, "-h", nodename)
	}
	t.create = append(t.create, guest.Step{Part: object, Why: "DHCP on " + link, Argv: append(argv, object)})
	t.made = append(t.made, object)
	t.lease = append(t.lease, object)
}

// byHand says whether an administrator gave the interface a static address, by
// ipadm(8) or, with an object named LINK/?, by ifconfig(8).
func byHand(r illumos.Address) bool { return r.Type == "static" || r.Type == "" }

// enabling brings back an address object that is in the persistent
// configuration only. The interface is disabled with all of its addresses, or
// it is there, and some other address may show that it is.
func enabling(link, object string, rows []illumos.Address) []guest.Step {
	address := guest.Step{Part: object, Why: "enable address " + object, Argv: []string{ipadm, "enable-addr", "-t", object}}
	if slices.ContainsFunc(rows, func(r illumos.Address) bool { return r.State != "disabled" }) {
		return []guest.Step{address}
	}
	// One of the two fails if the other does it; the wait for the lease tells
	// whether both did.
	address.Accept = []int{1}
	return []guest.Step{
		{Part: object, Why: "enable interface " + link, Argv: []string{ipadm, "enable-if", "-t", link}, Accept: []int{1}},
		address,
	}
}

// preferred gives the link for DHCP: the one that has ours already, or else
// the first Ethernet link, of virtio before the others and with those last
// whose cable is out.
func preferred(links []illumos.Link, ours []string) (illumos.Link, error) {
	var ether []illumos.Link
	var other []string
	for _, l := range links {
		if l.Media == "Ethernet" {
			ether = append(ether, l)
		} else {
			other = append(other, fmt.Sprintf("%s (%s, %s)", l.Name, l.Media, l.State))
		}
	}
	if len(ether) == 0 {
		shown := "nothing"
		if len(other) > 0 {
			shown = strings.Join(other, ", ")
		}
		return illumos.Link{}, fmt.Errorf("no Ethernet link for DHCP: dladm show-phys shows %s", shown)
	}
	return slices.MinFunc(ether, func(a, b illumos.Link) int {
		return cmp.Or(
			first(slices.Contains(ours, a.Name+"/dhcp"), slices.Contains(ours, b.Name+"/dhcp")),
			first(a.State != "down", b.State != "down"),
			first(virtio(a), virtio(b)),
			natural(a.Name, b.Name))
	}), nil
}

func virtio(l illumos.Link) bool { return strings.HasPrefix(l.Device, "vioif") }

// first orders what holds before what does not.
func first(a, b bool) int {
	switch {
	case a && !b:
		return -1
	case b && !a:
		return 1
	}
	return 0
}

// natural orders link names, which end in a number: vioif2 before vioif10.
func natural(a, b string) int {
	nameA, numberA := splitNumber(a)
	nameB, numberB := splitNumber(b)
	return cmp.Or(cmp.Compare(nameA, nameB), cmp.Compare(numberA, numberB), cmp.Compare(a, b))
}

func splitNumber(s string) (string, uint64) {
	name := strings.TrimRight(s, "0123456789")
	n, _ := strconv.ParseUint(s[len(name):], 10, 64) // a link's number has at most 9 digits
	return name, n
}

func (s state) has(object string) bool {
	return slices.ContainsFunc(s.addresses, func(r illumos.Address) bool { return r.Object == object })
}

func linkOf(object string) string {
	link, _, _ := strings.Cut(object, "/")
	return link
}

// hasLink says whether the guest has the device; a VNIC or VLAN is none.
func (s state) hasLink(name string) bool {
	return slices.ContainsFunc(s.links, func(l illumos.Link) bool { return l.Name == name })
}

// on gives the addresses of one interface.
func (s state) on(link string) []illumos.Address {
	var rows []illumos.Address
	for _, r := range s.addresses {
		if strings.HasPrefix(r.Object, link+"/") {
			rows = append(rows, r)
		}
	}
	return rows
}

// without gives the state after object is gone.
func (s state) without(object string) state {
	s.addresses = slices.DeleteFunc(slices.Clone(s.addresses), func(r illumos.Address) bool { return r.Object == object })
	return s
}

// adopted gives the address objects that the earlier agent made: it gave them
// the name that this service gives them too (metadata-agent, main.rs,
// ensure_ipv4_interface_dhcp).
func (s state) adopted() []string {
	var names []string
	for _, r := range s.addresses {
		if _, label, _ := strings.Cut(r.Object, "/"); r.Type == "dhcp" && label == "dhcp" {
			names = append(names, r.Object)
		}
	}
	return names
}
