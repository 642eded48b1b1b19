// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simnet

import "illumos-metadata/common/simguest/world"

// Requests are all messages with which the guest asked for a lease, oldest
// first, over all boots.
func Requests(w *world.World) ([]Request, error) {
	var all []Request
	err := view(w, func(s *state) { all = s.Sent })
	return all, err
}

// NodeName is the name that the kernel has at present.
func NodeName(w *world.World) (string, error) {
	name := ""
	err := view(w, func(s *state) { name = s.NodeName })
	return name, err
}

// An Address is one row of ipadm show-addr.
type Address struct{ Object, Type, State, Addr string }

// Addresses are all addresses of the guest, the disabled ones among them.
func Addresses(w *world.World) ([]Address, error) {
	var all []Address
	err := view(w, func(s *state) {
		rows, _ := s.addrInfos("")
		for _, r := range rows {
			row := s.addrRow(r)
			all = append(all, Address{row["ADDROBJ"], row["TYPE"], row["STATE"], row["ADDR"]})
		}
	})
	return all, err
}

// A Route is one route that somebody added; Interface is "" if it is bound to
// none.
type Route struct{ Destination, Gateway, Interface string }

// Routes are the routes that are in effect, without the kernel's own.
func Routes(w *world.World) ([]Route, error) {
	var all []Route
	err := view(w, func(s *state) {
		for _, r := range s.Routes {
			if !r.Saved {
				all = append(all, Route{r.Dst.String(), r.Gateway.String(), r.If})
			}
		}
	})
	return all, err
}

// DynamicRouting says whether in.routed runs, as network/routing-setup has it
// where it finds no default route.
func DynamicRouting(w *world.World) (bool, error) {
	runs := false
	err := view(w, func(s *state) { runs = s.Routed })
	return runs, err
}

// A Datalink is one link that the kernel has. Device is that of a network
// device, and VID and Over are those of what stands on other links.
type Datalink struct {
	Name, Class, Device string
	MTU, VID            int
	Over                []string
}

// Datalinks are all links of the guest.
func Datalinks(w *world.World) ([]Datalink, error) {
	var all []Datalink
	err := view(w, func(s *state) {
		for _, l := range s.Links {
			if !l.Active {
				continue
			}
			d := Datalink{Name: l.Name, Class: l.Class, Device: l.Hardware.Device, MTU: l.MTU, VID: l.VID}
			for _, under := range s.lower(l) {
				d.Over = append(d.Over, under.Name)
			}
			all = append(all, d)
		}
	})
	return all, err
}
