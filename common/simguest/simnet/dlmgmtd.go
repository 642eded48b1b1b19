// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simnet

import (
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
)

// datalinkConf is dlmgmtd's persistent store. Its lines have a form of their
// own here: name, tab, key=value pairs.
const datalinkConf = "/etc/dladm/datalink.conf"

// writeLinks writes the persistent datalinks.
func (s *state) writeLinks() error {
	var b strings.Builder
	for _, l := range s.Links {
		if l.Persist {
			b.WriteString(s.linkLine(l))
		}
	}
	return writeFile(s.w, datalinkConf, b.String(), 0o644)
}

func (s *state) linkLine(l *link) string {
	line := fmt.Sprintf("%s\tclass=%s;", l.Name, l.Class)
	if l.Class == "phys" {
		line += "device=" + l.Hardware.Device + ";"
	}
	var over []string
	for _, under := range s.lower(l) {
		over = append(over, under.Name)
	}
	for _, p := range []pair{
		{"over", strings.Join(over, ":")}, {"vid", nonZero(l.VID)}, {"force", nonFalse(l.Force)},
		{"policy", l.Policy}, {"lacp", l.LACP}, {"timer", l.Timer}, {"mtu", nonZero(l.MTUConf)},
	} {
		if p.value != "" {
			line += p.name + "=" + p.value + ";"
		}
	}
	if l.Class == "aggr" && len(l.MAC) > 0 {
		line += "mac=" + l.MAC.String() + ";"
	}
	return line + "\n"
}

func nonZero(n int) string {
	if n == 0 {
		return ""
	}
	return strconv.Itoa(n)
}

func nonFalse(b bool) string {
	if b {
		return "true"
	}
	return ""
}

// readLinks makes the datalinks anew from the store and the devices that are
// there, as dlmgmtd and the drivers do at boot. VLANs and aggregations are not
// active before up-vlan and up-aggr.
func (s *state) readLinks() {
	var devices []*link
	for _, l := range s.Links {
		if l.Class == "phys" && l.Active {
			l.ownMAC()
			devices = append(devices, l)
		}
	}
	s.Links, s.NextLink = nil, 0
	add := func(l *link) *link {
		s.NextLink++
		l.ID = s.NextLink
		s.Links = append(s.Links, l)
		return l
	}
	over := map[*link]string{}
	for line := range strings.Lines(readFile(s.w, datalinkConf)) {
		name, pairs, ok := strings.Cut(strings.TrimSpace(line), "\t")
		if !ok || strings.HasPrefix(name, "#") {
			continue
		}
		p := parseDBLine(pairs)
		l := add(storedLink(name, p, devices))
		over[l] = p.value("over")
	}
	for l, names := range over {
		for name := range strings.SplitSeq(names, ":") {
			if under := s.link(name); under != nil {
				l.Over = append(l.Over, under.ID)
			}
		}
	}
	for _, d := range devices {
		if !slices.ContainsFunc(s.Links, func(l *link) bool { return l.Hardware.Device == d.Hardware.Device }) {
			d.Name, d.MTU, d.MTUConf, d.Persist = s.deviceName(d.Hardware.Device), etherMTU, 0, true
			add(d)
		}
	}
}

// deviceName is the name of a device that the store does not know: its own, or
// net0, net1, … if another link has that one, be it in the guest or not
// (dlmgmt_door.c, dlmgmt_upcall_create()).
func (s *state) deviceName(device string) string {
	name := device
	for n := 0; s.link(name) != nil; n++ {
		name = "net" + strconv.Itoa(n)
	}
	return name
}

// storedLink is one datalink of the store; a physical one without its device
// is kept, and not active.
func storedLink(name string, p dbLine, devices []*link) *link {
	l := &link{
		Name: name, Class: p.value("class"), Persist: true, MTU: etherMTU,
		VID: number(p.value("vid")), Force: p.value("force") != "",
		Policy: p.value("policy"), LACP: p.value("lacp"), Timer: p.value("timer"), MTUConf: number(p.value("mtu")),
	}
	if l.Class != "phys" {
		l.MAC, _ = net.ParseMAC(p.value("mac"))
		return l
	}
	l.Hardware.Device = p.value("device")
	l.Driver, _ = kind(l.Hardware.Device)
	device := find(devices, func(d *link) bool { return d.Hardware.Device == l.Hardware.Device })
	if device != nil {
		l.Active, l.MAC, l.Hardware = true, device.MAC, device.Hardware
		l.applyMTU()
	}
	return l
}

// applyMTU sets the persistent MTU, if there is one that the device takes.
func (l *link) applyMTU() {
	if l.MTUConf >= minMTU && l.MTUConf <= l.Hardware.MaxMTU {
		l.MTU = l.MTUConf
	}
}

// upLinks activates the persistent links of a class (dladm up-aggr, up-vlan);
// those over no link that is there stay down.
func (s *state) upLinks(class string) {
	for _, l := range s.Links {
		if l.Class != class || l.Active {
			continue
		}
		if len(s.ports(l)) == 0 {
			continue
		}
		l.Active = true
		l.MTU = s.lowerMTU(l)
		if class == "aggr" {
			s.setPortMACs(l)
		}
		if low, high := s.rangeMTU(l); l.MTUConf >= low && l.MTUConf <= high {
			s.setMTU(l, l.MTUConf) // dls_devnet_prop_task()
		}
	}
}

// lowerMTU is the largest that all links below can carry.
func (s *state) lowerMTU(l *link) int {
	mtu := 1 << 16
	for _, under := range s.ports(l) {
		mtu = min(mtu, under.MTU)
	}
	return mtu
}

// validLink is dladm_valid_linkname(): 31 characters at most, letters, digits,
// '_' and '.', no digit first, and a number without leading zeros at the end.
func validLink(name string) bool {
	stem := strings.TrimRight(name, "0123456789")
	digits := name[len(stem):]
	if len(name) > 31 || stem == "" || isDigit(name[0]) || digits == "" || len(digits) > 1 && digits[0] == '0' {
		return false
	}
	for i := range len(name) {
		if c := name[i]; !isLetter(c) && !isDigit(c) && c != '_' && c != '.' {
			return false
		}
	}
	return true
}

// macText prints an Ethernet address as dladm does: no leading zeros, and
// "unknown" for all zeros (libdlaggr.c dladm_aggr_macaddr2str()).
func macText(mac net.HardwareAddr) string {
	var parts []string
	sum := byte(0)
	for _, b := range mac {
		parts = append(parts, strconv.FormatUint(uint64(b), 16))
		sum |= b
	}
	if sum == 0 {
		return "unknown"
	}
	return strings.Join(parts, ":")
}
