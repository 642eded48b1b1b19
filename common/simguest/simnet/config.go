// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simnet

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"illumos-metadata/common/simguest/world"
)

// A Config describes the network side of a guest before its first boot.
type Config struct {
	Zone       string        `json:"zone,omitempty"`      // "" for the global zone, else "exclusive" or "shared"
	Release    string        `json:"release,omitempty"`   // uname -v; "" for an OmniOS one
	NodeName   string        `json:"node_name,omitempty"` // in /etc/nodename; "" for "unknown"
	Links      []Link        `json:"links,omitempty"`
	RebootWait time.Duration `json:"reboot_wait,omitempty"` // until dhcpagent goes on with a saved lease that no server confirmed; 0 for 60 s
}

// A Link is one network device and what is at the other end of its cable.
type Link struct {
	Device string `json:"device"`          // driver and instance: "vioif0"
	MAC    string `json:"mac"`             // any form that net.ParseMAC takes
	Down   bool   `json:"down,omitempty"`  // no carrier
	Speed  int    `json:"speed,omitempty"` // Mb/s; 0 for 1000
	MaxMTU int    `json:"max_mtu,omitempty"`

	NoStatistics bool `json:"no_statistics,omitempty"` // show-ether passes it over
	NoNotify     bool `json:"no_notify,omitempty"`     // cannot tell when its link goes up or down
	NoVLAN       bool `json:"no_vlan,omitempty"`       // has no room for a VLAN tag in a full frame

	Network
	VLANs map[int]Network `json:"vlans,omitempty"` // by VLAN identifier
}

// A Network is what answers on a link or VLAN.
type Network struct {
	DHCP   *DHCP        `json:"dhcp,omitempty"`   // nil: no server
	Router *Router      `json:"router,omitempty"` // nil: nobody advertises an IPv6 prefix
	Taken  []netip.Addr `json:"taken,omitempty"`  // addresses of others: detected as duplicates

	// Gateways forward what is not for the link, beside DHCP's and Router.
	Gateways []netip.Addr `json:"gateways,omitempty"`
	// Hosts are those that a guest can connect to, on the link or behind a gateway.
	Hosts []netip.Addr `json:"hosts,omitempty"`
}

// forwards says whether an address is a gateway's.
func (n Network) forwards(a netip.Addr) bool {
	return slices.Contains(n.Gateways, a) || n.DHCP != nil && slices.Contains(n.DHCP.Routers, a) ||
		n.Router != nil && n.Router.Address == a
}

// A DHCP is a DHCP server. It gives the same address each time.
type DHCP struct {
	NAK     bool          `json:"nak,omitempty"` // refuses every request
	Delay   time.Duration `json:"delay,omitempty"`
	Address netip.Prefix  `json:"address,omitzero"`
	NoMask  bool          `json:"no_mask,omitempty"` // no option 1: the client guesses by class
	Routers []netip.Addr  `json:"routers,omitempty"`
	DNS     []netip.Addr  `json:"dns,omitempty"`
	NTP     []netip.Addr  `json:"ntp,omitempty"`
	Domain  string        `json:"domain,omitempty"`
	Host    string        `json:"host,omitempty"`
	MTU     int           `json:"mtu,omitempty"`
}

// A Router advertises an IPv6 prefix (RFC 4861) and itself.
type Router struct {
	Address netip.Addr    `json:"address"` // link-local
	Prefix  netip.Prefix  `json:"prefix,omitzero"`
	Managed netip.Addr    `json:"managed,omitzero"` // what DHCPv6 hands out
	Delay   time.Duration `json:"delay,omitempty"`
}

// Server is a DHCP server that answers after 20 ms with an address, a router
// and a name server, as QEMU's user network has them.
func Server() *DHCP {
	return &DHCP{
		Delay:   20 * time.Millisecond,
		Address: netip.MustParsePrefix("10.0.2.15/24"),
		Routers: []netip.Addr{netip.MustParseAddr("10.0.2.2")},
		DNS:     []netip.Addr{netip.MustParseAddr("10.0.2.3")},
	}
}

// OneLink is a guest with the device vioif0, a DHCP server on it, and nothing
// configured.
func OneLink() Config {
	return Config{Links: []Link{{Device: "vioif0", MAC: "02:08:20:01:02:03", Network: Network{DHCP: Server()}}}}
}

// ManyLinks is a guest with n devices vioif0, vioif1, …, each with a DHCP
// server on a network of its own.
func ManyLinks(n int) Config {
	var c Config
	for i := range n {
		server := Server()
		server.Address = netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(i), 2, 15}), 24)
		server.Routers = []netip.Addr{netip.AddrFrom4([4]byte{10, byte(i), 2, 2})}
		c.Links = append(c.Links, Link{
			Device: fmt.Sprintf("vioif%d", i), MAC: fmt.Sprintf("02:08:20:00:01:%02x", i),
			Network: Network{DHCP: server},
		})
	}
	return c
}

// Build lays down the guest's network state and its stock files, as after an
// installation, switched off: PowerOn and the boot methods (or Boot) start it.
func Build(w *world.World, c Config) error {
	if err := stock(w, c); err != nil {
		return err
	}
	s := &state{w: w, Zone: c.Zone, Release: c.Release, RebootWait: c.RebootWait}
	if s.Release == "" {
		s.Release = "omnios-r151052-0000000000"
	}
	for _, l := range c.Links {
		if err := s.attach(l); err != nil {
			return err
		}
	}
	if err := s.writeLinks(); err != nil {
		return err
	}
	return w.Locked(s.save)
}

// attach makes the datalink of a device (dlmgmtd's DLMGMT_CMD_DLS_CREATE).
func (s *state) attach(c Link) error {
	mac, err := net.ParseMAC(c.MAC)
	if err != nil {
		return fmt.Errorf("link %s: %w", c.Device, err)
	}
	driver := strings.TrimRight(c.Device, "0123456789")
	if driver == c.Device || driver == "" {
		return fmt.Errorf("link %s: a driver name and an instance are expected", c.Device)
	}
	if c.Speed == 0 {
		c.Speed = 1000
	}
	if c.MaxMTU == 0 {
		c.MaxMTU = 9000
	}
	s.NextLink++
	s.Links = append(s.Links, &link{
		ID: s.NextLink, Name: s.deviceName(c.Device), Class: "phys", Driver: driver, MAC: mac, MTU: etherMTU,
		Active: true, Persist: true, Hardware: c,
	})
	return nil
}

// stock writes the files that a fresh system has (pkg/manifests/SUNWcs.p5m;
// cmd/netfiles, cmd/cmd-inet/etc).
func stock(w *world.World, c Config) error {
	nodename := c.NodeName
	if nodename == "" {
		nodename = "unknown"
	}
	files := map[string]string{
		"/etc/nodename":          nodename + "\n",
		"/etc/inet/hosts":        "::1\t\tlocalhost\n127.0.0.1\tlocalhost loghost\n",
		"/etc/nsswitch.conf":     nsswitch,
		"/etc/default/dhcpagent": "PARAM_REQUEST_LIST=1,3,6,12,15,28,43\n.v6.PARAM_REQUEST_LIST=7,12,23,24,27,29\nPARAM_IGNORE_LIST=\n.v6.PARAM_IGNORE_LIST=\n",
		ipadmConf:                "",
	}
	for name, data := range files {
		if err := writeFile(w, name, data, 0o644); err != nil {
			return err
		}
	}
	removeFile(w, "/etc/hosts")
	return os.Symlink("./inet/hosts", w.Path("/etc/hosts"))
}

// nsswitch is the stock switch file: names come from files alone.
const nsswitch = `passwd:     files
group:      files
hosts:      files
ipnodes:    files
networks:   files
protocols:  files
rpc:        files
ethers:     files
netmasks:   files
services:   files
`

// writeFile replaces one file of the guest, with its directory.
func writeFile(w *world.World, name, data string, mode os.FileMode) error {
	at := w.Path(name)
	if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
		return err
	}
	temp := at + ".new"
	if err := os.WriteFile(temp, []byte(data), mode); err != nil {
		return err
	}
	if err := os.Chmod(temp, mode); err != nil {
		return err
	}
	return os.Rename(temp, at)
}

// removeFile removes a file of the guest if it is there.
func removeFile(w *world.World, name string) { _ = os.Remove(w.Path(name)) }

// readFile gives a file of the guest, "" if it cannot be read.
func readFile(w *world.World, name string) string {
	b, err := os.ReadFile(w.Path(name))
	if err != nil {
		return ""
	}
	return string(b)
}
