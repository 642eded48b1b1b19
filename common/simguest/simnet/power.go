// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simnet

import (
	"bytes"
	"fmt"
	"net/netip"
	"path"
	"slices"
	"time"

	"illumos-metadata/common/simguest/world"
)

// PowerOn is what a reboot does: the kernel and the daemons begin anew, with
// the datalinks of the devices that are there, and what is in files stays. The
// system's services do the rest (Methods).
func PowerOn(w *world.World) error {
	return w.Locked(func() error {
		s := &state{w: w}
		if err := w.Read("net", s); err != nil {
			return fmt.Errorf("network state: %w", err)
		}
		s.NodeName, s.NDP, s.Routed = "", false, false
		s.Ills, s.Kinds, s.NextIndex, s.Routes = nil, nil, 0, nil
		s.Objects, s.Agent = nil, agent{} // both are kept in /etc/svc/volatile or in memory
		s.readLinks()
		if s.Zone != "" {
			s.NodeName = zoneName // zone_create()
		}
		if s.Zone == "shared" {
			s.plumbShared()
		}
		return s.save()
	})
}

// plumbShared makes the loopback of a shared-IP zone, as zoneadmd does from
// outside.
func (s *state) plumbShared() {
	for _, v6 := range []bool{false, true} {
		i := s.plumbKernel("lo0", v6)
		addr, bits := netip.AddrFrom4([4]byte{127, 0, 0, 1}), 8
		if v6 {
			addr, bits = netip.IPv6Loopback(), 128
		}
		s.setAddr(i, i.lif(0), addr, bits)
		s.setUp(i, i.lif(0))
	}
}

// bootOrder are the methods in the order of a boot.
var bootOrder = []string{
	"svc-dlmgmtd", "net-ipmgmt", "net-loopback", "net-physical", "identity-node", "net-routing-setup", "svc-ndp",
	"net-init", "net-svc",
}

// Boot is PowerOn and then all methods one after the other, for a guest whose
// SMF is not simulated.
func Boot(w *world.World) error {
	if err := PowerOn(w); err != nil {
		return err
	}
	for _, name := range bootOrder {
		var out bytes.Buffer
		method := path.Join("/lib/svc/method", name)
		status := Methods()[method](&world.Call{
			World: w, Name: name, Args: []string{"start"}, Stdin: bytes.NewReader(nil), Stdout: &out, Stderr: &out,
		})
		if status != smfOK && status != smfNoDaemon {
			return fmt.Errorf("%s: exit status %d: %s", method, status, out.Bytes())
		}
	}
	return nil
}

// change runs f over the state and keeps what it did unless it fails.
func change(w *world.World, f func(*state) error) error {
	var failed error
	err := view(w, func(s *state) {
		if failed = f(s); failed == nil {
			s.changed = true
		}
	})
	if err != nil {
		return err
	}
	return failed
}

// device finds a device that is plugged in.
func (s *state) device(name string) (*link, error) {
	l := find(s.Links, func(l *link) bool { return l.Class == "phys" && l.Active && l.Hardware.Device == name })
	if l == nil {
		return nil, fmt.Errorf("no device %s in the guest", name)
	}
	return l, nil
}

// Plug puts a network device into the guest. Its datalink has the name that
// datalink.conf keeps for the device, or else the device's, unless that is taken.
func Plug(w *world.World, c Link) error {
	return change(w, func(s *state) error {
		if _, err := s.device(c.Device); err == nil {
			return fmt.Errorf("device %s is in the guest already", c.Device)
		}
		kept := find(s.Links, func(l *link) bool { return l.Hardware.Device == c.Device })
		if err := s.attach(c); err != nil || kept == nil {
			return err
		}
		fresh := s.Links[len(s.Links)-1]
		s.Links = s.Links[:len(s.Links)-1]
		fresh.ID, fresh.Name, fresh.MTUConf = kept.ID, kept.Name, kept.MTUConf
		*kept = *fresh
		kept.applyMTU()
		return nil
	})
}

// Unplug takes a network device out of the guest, while it is switched off.
func Unplug(w *world.World, device string) error {
	return change(w, func(s *state) error {
		l, err := s.device(device)
		if err == nil {
			l.Active = false
		}
		return err
	})
}

// SetCarrier puts the cable of a device in or out.
func SetCarrier(w *world.World, device string, up bool) error {
	return change(w, func(s *state) error {
		l, err := s.device(device)
		if err == nil {
			l.Hardware.Down = !up
			s.networkChanged()
		}
		return err
	})
}

// SetNetwork changes what answers at the other end of a device's cable.
func SetNetwork(w *world.World, device string, n Network) error {
	return change(w, func(s *state) error {
		l, err := s.device(device)
		if err == nil {
			l.Hardware.Network = n
			s.networkChanged()
		}
		return err
	})
}

// networkChanged lets those that wait for an answer ask again.
func (s *state) networkChanged() {
	now := time.Now()
	for _, m := range s.Agent.Machines {
		if m.State != "BOUND" {
			s.expect(m, now)
		}
	}
	for _, o := range s.Objects {
		if o.Type == "addrconf" && o.Active && !s.hasExtra(o) {
			s.solicit(o, now)
		}
	}
}

// hasExtra says whether an addrconf object has got addresses from a router.
func (s *state) hasExtra(o *object) bool {
	return slices.ContainsFunc(s.Objects, func(x *object) bool { return x.Extra && x.Name == o.Name })
}

// Deny takes privileges (privileges(7)) or authorizations from all that callers
// of commands have; none gives all back.
func Deny(w *world.World, names ...string) error {
	return change(w, func(s *state) error {
		s.Denied = names
		return nil
	})
}
