// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simnet

import (
	"errors"
	"fmt"
	"slices"

	"illumos-metadata/common/simguest/world"
)

// A routeCall is one call of route (cmd/cmd-inet/usr.sbin/route.c).
type routeCall struct {
	*world.Call
	s *state

	numeric bool   // -n
	quiet   bool   // -q
	flush   bool   // -f
	persist bool   // -p
	root    string // -R
	rooted  bool   // -R was given
	v6      bool   // the address family by default
	early   bool   // it was given behind -f
}

// An errAbsent names what illumos has and the simulation has not.
type errAbsent string

func (e errAbsent) Error() string { return string(e) + " is not simulated" }

// A syntaxError is a complaint of syntax_error(), with its newline.
type syntaxError string

func (e syntaxError) Error() string { return string(e) }

func syntaxErrorf(format string, args ...any) error { return syntaxError(fmt.Sprintf(format, args...)) }

// runRoute plays route.
func runRoute(c *world.Call) int {
	const letters = "R:nqdtvfp"
	if len(c.Args) == 0 {
		return routeUsage(c, "")
	}
	r := &routeCall{Call: c}
	opts, words := getopt(c.Args, letters)
	for _, o := range opts {
		switch o.name {
		case 'n':
			r.numeric = true
		case 'q':
			r.quiet = true
		case 'f':
			r.flush = true
		case 'p':
			r.persist = true
		case 'R':
			r.root, r.rooted = o.value, true
		case 'd', 't', 'v':
			return absent(c, "route -"+string(o.name))
		default:
			c.Errorf("%s", complaint(c.Name, letters, o))
			return routeUsage(c, "")
		}
	}
	status := 0
	err := update(c.World, func(s *state) {
		r.s = s
		status = r.run(words)
	})
	if err != nil {
		return broken(c, err)
	}
	return status
}

func routeUsage(c *world.Call, word string) int {
	if word != "" {
		c.Errorf("route: botched keyword: %s\n", word)
	}
	c.Errorf("usage: route [ -fnpqv ] [ -R <root-dir> ] cmd [[ -<qualifers> ] args ]\n")
	return 1
}

// run is what main() does after the options.
func (r *routeCall) run(words []string) int {
	if r.flush {
		if len(words) > 0 && (words[0] == "inet" || words[0] == "inet6") {
			r.v6 = words[0] == "inet6"
			r.early = r.v6
			words = words[1:]
		}
		if status := r.flushRoutes(nil); status != 0 {
			return status
		}
	}
	if len(words) == 0 {
		if r.flush {
			return 0
		}
		return routeUsage(r.Call, "")
	}
	switch words[0] {
	case "get", "add", "delete":
		return r.change(words)
	case "change", "monitor":
		return absent(r.Call, "route "+words[0])
	case "flush":
		return r.flushRoutes(words[1:])
	case "show":
		if !r.persist {
			r.Errorf("route: show command requires -p\n")
			return 1
		}
		return r.showSaved(words)
	}
	if r.flush {
		return 0
	}
	return routeUsage(r.Call, words[0])
}

// end reports an error that ends the call.
func (r *routeCall) end(err error) int {
	var missing errAbsent
	if errors.As(err, &missing) {
		return absent(r.Call, string(missing))
	}
	r.Errorf("%v", err)
	return 1
}

// change is add, delete and get: the kernel first, unless -R says that it is
// about another system, and with -p the file.
func (r *routeCall) change(words []string) int {
	e := eOK
	if !r.persist || !r.rooted {
		var err error
		if e, err = r.newRoute(words); err != nil {
			return r.end(err)
		}
	}
	if r.persist && (e == eOK || e == eEXIST || e == eSRCH) {
		return r.saveRoute(words)
	}
	return int(e)
}

// newRoute is newroute(): one line on standard output, whatever came of it.
func (r *routeCall) newRoute(words []string) (errno, error) {
	a, err := r.parse(words, r.v6)
	if err != nil {
		return eOK, err
	}
	if a.ifp != "" && !r.s.plumbed(a.ifp) {
		return eOK, syntaxErrorf("route: %s: no such interface\n", a.ifp)
	}
	e := r.send(a)
	for i := 1; i < len(a.gateways) && (e == eNETUNREACH || e == eSRCH); i++ {
		a.gateway = a.gateways[i]
		e = r.send(a)
	}
	switch {
	case a.cmd != "get":
		r.Printf("%s", r.short(a, e == eOK, false))
		if e == eOK {
			r.Printf("\n")
		}
	case e != eOK && r.numeric:
		r.Printf(" %s", a.dst)
	case e != eOK:
		r.Printf("%s", a.dstText)
	}
	if e != eOK {
		r.Printf(": %s\n", routeError(e))
	}
	return e, nil
}

// send is rtmsg(). Errors that it does not expect are told twice.
func (r *routeCall) send(a *routeArgs) errno {
	var e errno
	if a.cmd == "get" {
		e = r.get(a)
	} else {
		e = r.write(a)
	}
	expected := []errno{eOK, eSRCH, eBUSY, eEXIST, eNETUNREACH, ePERM}
	if !slices.Contains(expected, e) {
		r.Errorf("writing to routing socket: %s\n", strerror[e])
	}
	return e
}

// write is RTM_ADD and RTM_DELETE.
func (r *routeCall) write(a *routeArgs) errno {
	if r.s.lacks("sys_ip_config") {
		return ePERM
	}
	dst, ok := a.prefix()
	if !ok {
		return eNOTSUP
	}
	rt := &route{Dst: dst, Gateway: a.gateway, If: a.ifp, Flags: a.flags &^ rtfHost, Source: a.source, MTU: a.mtu}
	if a.cmd == "add" {
		return r.s.addRoute(rt)
	}
	return r.s.deleteRoute(rt)
}

func routeError(e errno) string {
	switch e {
	case eSRCH:
		return "not in table"
	case eBUSY:
		return "entry in use"
	case eEXIST:
		return "entry exists"
	case ePERM:
		return "insufficient privileges"
	}
	return strerror[e]
}

// short is print_rtcmd_short().
func (r *routeCall) short(a *routeArgs, good, saved bool) string {
	text, kind := a.cmd, "net"
	if saved {
		text += " persistent"
	}
	if a.flags&rtfHost != 0 {
		kind = "host"
	}
	text += " " + kind + " " + a.dstText
	switch {
	case a.gateText == "":
		return text
	case r.numeric:
		return text + ": gateway " + a.gateway.String()
	case good && len(a.gateways) > 1:
		return fmt.Sprintf("%s: gateway %s (%s)", text, a.gateText, a.gateway)
	}
	return text + ": gateway " + a.gateText
}

// flushRoutes is flushroutes(): all routes of one family but those of
// interfaces.
func (r *routeCall) flushRoutes(args []string) int {
	switch {
	case len(args) == 0:
	case len(args) == 1 && (args[0] == "-inet" || args[0] == "-inet6"):
		r.v6 = args[0] == "-inet6"
	default:
		return routeUsage(r.Call, args[0])
	}
	if r.persist {
		if status := r.flushSaved(); status != 0 || r.rooted {
			return status
		}
	}
	for _, rt := range slices.Clone(r.s.Routes) {
		if rt.OnLink || rt.Saved || rt.v6() != r.v6 {
			continue
		}
		if r.s.lacks("sys_ip_config") {
			r.Errorf("route: write to routing socket: %s\n", strerror[ePERM])
			continue
		}
		r.s.dropRoute(rt)
		if r.quiet {
			continue
		}
		dst := r.netName(rt.Dst.Addr())
		if rt.host() {
			dst = r.routeName(rt.Dst.Addr())
		}
		r.Printf("%-20.20s %-20.20s done\n", dst, r.routeName(rt.Gateway))
	}
	return 0
}
