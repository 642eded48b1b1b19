// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"illumos-metadata/common/etcfile"
	"illumos-metadata/common/guest"
	"illumos-metadata/common/illumos"
	"illumos-metadata/common/metadata"
)

const routeCommand = "/sbin/route"

// Exit statuses of route(8) are error numbers.
const (
	notInTable  = 3  // ESRCH
	entryExists = 17 // EEXIST
)

// defaultV4 is the destination whose gateways /etc/defaultrouter keeps: without
// a line there, the boot would start in.routed(8)
// (cmd/svc/milestone/net-routing-setup). All other routes are kept by route -p.
var defaultV4 = netip.PrefixFrom(netip.IPv4Unspecified(), 0)

// A route is one that this service adds.
type route struct {
	To     netip.Prefix `json:"to"`
	Via    netip.Addr   `json:"via"`              // of a direct route: an address of the guest's own
	Link   string       `json:"link,omitempty"`   // of a gateway that is known on it alone
	Direct bool         `json:"direct,omitempty"` // the destination is on the link itself
	Lease  string       `json:"lease,omitempty"`  // address object whose lease asks for it; it is kept in no file
}

// words are the route as route(8) takes it behind its verb, and as it keeps it
// in its file.
func (r route) words() []string {
	var w []string
	if r.To.Addr().Is6() {
		w = append(w, "-inet6")
	}
	to := r.To.String()
	if r.To.Bits() == 0 {
		to = "default"
	}
	w = append(w, to, r.Via.String())
	if r.Direct {
		w = append(w, "-iface")
	}
	if r.Link != "" {
		w = append(w, "-ifp", r.Link)
	}
	return w
}

func (r route) String() string {
	if r.Direct {
		return fmt.Sprintf("route to %s on the link of %s", r.To.Addr(), r.Via)
	}
	return fmt.Sprintf("route to %s by %s", r.To, r.Via)
}

// part is what of a plan a route belongs to.
func (r route) part() string {
	if r.Lease != "" {
		return "routes of " + r.Lease // one is of no use without the other
	}
	return "route " + r.To.String()
}

// live says whether the routing table has the route.
func (s state) live(r route) bool { return slices.ContainsFunc(s.routes, r.is) }

// is says whether a row of the routing table may be the route. What is bound to
// a link there and leads by a router of a lease is dhcpagent(8)'s.
func (r route) is(x illumos.Route) bool {
	switch {
	case x.To != r.To || x.Via != r.Via || x.Gateway == r.Direct:
		return false
	case r.Link != "":
		return x.Link == r.Link
	}
	return r.Lease == "" || r.Direct || x.Link == ""
}

// saved says whether the file of route -p has it.
func (s state) saved(r route) bool {
	line := strings.Join(r.words(), " ")
	for have := range strings.Lines(string(s.static)) {
		if strings.TrimSuffix(have, "\n") == line {
			return true
		}
	}
	return false
}

// step gives the command that adds or deletes a route: in the table, in the
// file, or in both. With -p the table comes first, and that it is done there
// already is no hindrance (route.c, main()).
func (r route) step(verb string, keep bool, accept int) guest.Step {
	why := r.String()
	if verb == "delete" {
		why = "withdraw " + why
	}
	argv := []string{routeCommand}
	if keep {
		argv = append(argv, "-p")
	}
	return guest.Step{Part: r.part(), Why: why, Argv: append(append(argv, verb), r.words()...), Accept: []int{accept}}
}

// A wantedRoute is a route with the link that it was wanted on, if any.
type wantedRoute struct {
	metadata.Route
	on *target
}

// routes adds the wanted routes and withdraws the others of ours.
func (p *plan) routes(targets []target) {
	var router string
	for _, w := range p.chosen(targets) {
		list, lease, err := p.resolve(w, targets)
		if err != nil {
			p.errs = append(p.errs, err)
			continue
		}
		steps := &p.create
		if lease != "" {
			steps = &p.late
			p.gateways = append(p.gateways, gateway{lease, w.Via})
		}
		for _, r := range list {
			switch {
			case r.To != defaultV4:
			case lease != "" && p.fresh:
				p.clearRouter() // another instance's goes before anything waits for a lease
			default:
				router = r.Via.String()
			}
			p.addRoute(r, steps)
		}
	}
	for _, t := range targets {
		for _, r := range t.peers {
			if p.have.holding(t.link, r.Via) {
				p.addRoute(r, &p.create)
			}
		}
	}
	p.keepLeased()
	p.withdrawRoutes(router)
}

// chosen gives one route to each destination, the one of the lowest metric: the
// system would use several in turn.
func (p *plan) chosen(targets []target) []wantedRoute {
	var all, best []wantedRoute
	for _, r := range p.want.Routes {
		all = append(all, wantedRoute{r, nil})
	}
	for i, t := range targets {
		for _, r := range t.Routes {
			all = append(all, wantedRoute{r, &targets[i]})
		}
	}
	slices.SortStableFunc(all, func(a, b wantedRoute) int { return a.Metric - b.Metric })
	for _, w := range all {
		w.To = w.To.Masked()
		i := slices.IndexFunc(best, func(b wantedRoute) bool { return b.To == w.To })
		if i < 0 {
			best = append(best, w)
		} else if best[i].Via != w.Via {
			p.say = append(p.say, fmt.Sprintf("no route to %s by %s: the one by %s comes first", w.To, w.Via, best[i].Via))
		}
	}
	return best
}

// resolve gives a wanted route as route(8) is to add it, with what has to be
// added before it, and the address object whose lease it waits for, if any.
func (p *plan) resolve(w wantedRoute, targets []target) (list []route, lease string, err error) {
	r := route{To: w.To, Via: w.Via}
	t := w.on
	if t == nil {
		t = gatewayLink(w.Via, targets)
	}
	if t == nil {
		return nil, "", fmt.Errorf("%v: the gateway is in no subnet of the wanted links", r)
	}
	if w.Via.Is6() && w.Via.IsLinkLocalUnicast() { // on every link
		r.Link = t.link
		return []route{r}, "", nil
	}
	if host := t.toPeer(w.Via); host != nil {
		return []route{*host, r}, "", nil
	}
	own := netip.Addr{}
	for _, a := range t.Addresses {
		switch {
		case a.Addr().Is4() != w.Via.Is4():
		case a.Contains(w.Via) && !a.IsSingleIP():
			return []route{r}, "", nil
		case !own.IsValid():
			own = a.Addr()
		}
	}
	switch {
	case w.Via.Is4() && t.DHCP4:
		return []route{r}, t.link + "/dhcp", nil
	case !own.IsValid():
		return nil, "", fmt.Errorf("%v: %s has no address from which the gateway can be reached", r, t.Name)
	}
	host := route{To: netip.PrefixFrom(w.Via, w.Via.BitLen()), Via: own, Direct: true}
	return []route{host, r}, "", nil
}

// holding says whether a link has an address.
func (s state) holding(link string, addr netip.Addr) bool {
	return slices.ContainsFunc(s.on(link), func(r illumos.Address) bool { return prefix(r).Addr() == addr })
}

// toPeer gives the route to the other end of a point-to-point link, if it is that.
func (t target) toPeer(addr netip.Addr) *route {
	i := slices.IndexFunc(t.peers, func(r route) bool { return r.To.Addr() == addr })
	if i < 0 {
		return nil
	}
	return &t.peers[i]
}

// gatewayLink finds the link of a route that names none: the one with the
// gateway's subnet, or else one with a lease, or the only one.
func gatewayLink(via netip.Addr, targets []target) *target {
	for i, t := range targets {
		if t.toPeer(via) != nil || slices.ContainsFunc(t.Addresses, func(a netip.Prefix) bool { return a.Contains(via) }) {
			return &targets[i]
		}
	}
	for i, t := range targets {
		if via.Is4() && t.DHCP4 || len(targets) == 1 {
			return &targets[i]
		}
	}
	return nil
}

// addRoute adds a route where it is missing: in the table, for the next boots,
// or both.
func (p *plan) addRoute(r route, steps *[]guest.Step) {
	if slices.Contains(p.made.Routes, r) {
		return // the way to a gateway that another route has too
	}
	before := len(*steps)
	p.yield(r, steps)
	p.clear(r, steps)
	live, saved := p.have.live(r), p.have.saved(r)
	switch {
	case r.To == defaultV4:
		if !live {
			*steps = append(*steps, r.step("add", false, entryExists))
		}
		*steps = append(*steps, p.routerStep(r.Via.String())...)
	case !saved:
		*steps = append(*steps, r.step("add", true, entryExists))
	case !live:
		*steps = append(*steps, r.step("add", false, entryExists))
	}
	if len(*steps) > before || slices.Contains(p.rec.Routes, r) {
		p.made.Routes = append(p.made.Routes, r)
	}
}

// yield withdraws an address of ours that is the gateway of a route now.
func (p *plan) yield(r route, steps *[]guest.Step) {
	for _, a := range p.have.addresses {
		mine := slices.Contains(p.rec.Addresses, a.Object) && !slices.Contains(p.made.Addresses, a.Object)
		if !mine || r.Direct || prefix(a).Addr() != r.Via {
			continue
		}
		step, why := p.have.withdrawal(a.Object, p.rec.Addresses)
		if step.Part = r.part(); why != "" {
			continue
		}
		if steps == &p.late {
			steps = &p.withdraw // the way to the gateway is looked for before
		}
		*steps = append(*steps, step)
		p.forget(step)
	}
}

// clear withdraws a route of ours that differs in its link alone: route(8) takes
// the two for one in its file (route.c, compare_rtcmd()).
func (p *plan) clear(r route, steps *[]guest.Step) {
	for _, old := range p.rec.Routes {
		if old != r && old.To == r.To && old.Via == r.Via && old.To != defaultV4 && p.have.saved(old) && !slices.Contains(p.made.Routes, old) {
			if p.have.live(old) {
				// In the table the two can stand side by side.
				*steps = append(*steps, r.step("add", false, entryExists), old.step("delete", true, notInTable))
			} else {
				p.unsave(old)
			}
			p.cleared = append(p.cleared, old)
		}
	}
}

// routerStep is the step to /etc/defaultrouter with the given router in the
// place of those of ours, if it differs.
func (p *plan) routerStep(router string) []guest.Step {
	var mine []string
	for _, r := range p.rec.Routes {
		if r.To == defaultV4 && r.Lease == "" {
			mine = append(mine, r.Via.String())
		}
	}
	data, _ := etcfile.SetDefaultRouter(p.have.router, mine, router)
	step := guest.Step{Part: "route " + defaultV4.String(), Why: "default router at boot"}
	switch {
	case bytes.Equal(data, p.have.router):
		return nil
	case data == nil:
		step.Why, step.Remove = "no default router at boot", routerFile
	default:
		step.File = &guest.File{Path: routerFile, Data: data}
	}
	return []guest.Step{step}
}

// clearRouter takes the default routers of ours out of /etc/defaultrouter.
func (p *plan) clearRouter() {
	for _, step := range p.routerStep("") {
		p.retire, p.have.router = append(p.retire, step), nil
		if step.File != nil {
			p.have.router = step.File.Data
		}
	}
}

// withdrawRoutes withdraws what earlier runs have added and is wanted no more.
func (p *plan) withdrawRoutes(router string) {
	if router == "" {
		p.clearRouter()
	}
	for _, r := range p.rec.Routes {
		if slices.Contains(p.made.Routes, r) || slices.Contains(p.cleared, r) {
			continue
		}
		live, saved := p.have.live(r), p.have.saved(r)
		switch {
		case saved && !live && r.Link != "":
			p.unsave(r)
		case live || saved:
			step := r.step("delete", saved, notInTable)
			if object := p.objectOf(r.Via); r.Direct && object != "" {
				step.Part = object // without its address it could not be named any more
			}
			p.retire = append(p.retire, step)
		}
	}
}

// objectOf gives the address object of ours that has an address, if any.
func (p *plan) objectOf(addr netip.Addr) string {
	for _, a := range p.have.addresses {
		if prefix(a).Addr() == addr && p.ours(a) {
			return a.Object
		}
	}
	return ""
}

// unsave takes a route that is not in the table out of the file of route -p.
// route(8) itself refuses one on an interface that is not there (route.c,
// -ifp). It comes before anything is added to the file.
func (p *plan) unsave(r route) {
	var left []byte
	for line := range bytes.Lines(p.have.static) {
		if strings.TrimSuffix(string(line), "\n") != strings.Join(r.words(), " ") {
			left = append(left, line...)
		}
	}
	step := fileStep("route "+r.To.String(), fmt.Sprintf("withdraw %v at boot", r), staticFile, p.have.static, left)
	p.withdraw, p.have.static = append(p.withdraw, step...), left
}
