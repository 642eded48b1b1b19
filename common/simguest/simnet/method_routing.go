// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simnet

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"illumos-metadata/common/simguest/world"
)

// startRouting is net-routing-setup: in.ndpd, static routes, default routers,
// and in.routed where there is no default route. What routeadm(8) leaves to SMF
// happens here at once, and nobody has given it orders.
func startRouting(c *world.Call) int {
	m, kind, status, done := begin(c)
	if done {
		return status
	}
	if err := update(c.World, func(s *state) { s.startNDP(time.Now()) }); err != nil {
		return broken(c, err)
	}
	strategy := m.strategy(kind)
	links, others := staticLines(readFile(m.World, staticRoutes))
	if readFile(m.World, staticRoutes) != "" {
		c.Printf("Adding persistent link-local routes:\n")
	}
	m.addLines(links)
	routers := m.configureRouters(strategy)
	err := update(c.World, func(s *state) {
		s.Routed = len(routers) == 0 && s.defaultRoute() == nil
	})
	if err != nil {
		return broken(c, err)
	}
	if readFile(m.World, staticRoutes) != "" {
		c.Printf("Adding persistent routes:\n")
	}
	m.addLines(others)
	return smfOK
}

// onLinkLine finds the lines that net-routing-setup adds first.
var onLinkLine = regexp.MustCompile(`-interface |-iface `)

// staticLines gives the lines of static_routes: those of interfaces, and the
// others.
func staticLines(data string) (links, others []string) {
	for line := range strings.Lines(data) {
		line = strings.TrimSuffix(line, "\n")
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case onLinkLine.MatchString(line):
			links = append(links, line)
		default:
			others = append(others, line)
		}
	}
	return links, others
}

func (m method) addLines(lines []string) {
	for _, line := range lines {
		m.show(runRoute, "route", append([]string{"add"}, strings.Fields(line)...)...)
	}
}

// configureRouters gives the default routers: those of DHCP, and then the file
// counts for nothing, or those of /etc/defaultrouter, which replace the default
// route that is there. An empty file takes all routes away.
func (m method) configureRouters(strategy string) []string {
	if strategy == "dhcp" {
		if out, _ := m.run(runDhcpinfo, "dhcpinfo", "Router"); out != "" {
			return strings.Fields(out)
		}
	}
	data := readFile(m.World, "/etc/defaultrouter")
	if data == "" && !exists(m.World, "/etc/defaultrouter") {
		return nil
	}
	var routers []string
	for line := range strings.Lines(data) {
		if f := strings.Fields(line); len(f) > 0 && !strings.Contains(line, "#") {
			routers = append(routers, f[0])
		}
	}
	if len(routers) == 0 {
		m.run(runRoute, "route", "-fn")
		return nil
	}
	m.replaceRouter(routers)
	return routers
}

// replaceRouter adds routers and takes the first default route that was there
// away, unless it is one of them.
func (m method) replaceRouter(routers []string) {
	before := ""
	_ = view(m.World, func(s *state) {
		if r := s.defaultRoute(); r != nil {
			before = r.Gateway.String()
		}
	})
	keep := false
	for _, router := range routers {
		out, status := m.run(runRoute, "route", "-n", "add", "default", "-gateway", router)
		f := strings.Fields(out)
		keep = keep || status != 0 && len(f) > 4 && f[4] == before+":"
	}
	if before != "" && !keep {
		m.run(runRoute, "route", "-n", "delete", "default", "-gateway", before)
	}
}

// defaultRoute is the first IPv4 default route.
func (s *state) defaultRoute() *route {
	if i := slices.IndexFunc(s.Routes, func(r *route) bool { return r.Dst == defaultV4 && !r.Saved }); i >= 0 {
		return s.Routes[i]
	}
	return nil
}
