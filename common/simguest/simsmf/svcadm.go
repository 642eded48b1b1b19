// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simsmf

import (
	"errors"

	"illumos-metadata/common/simguest/world"
)

const svcadmUsage = `Usage: svcadm [-v] [cmd [args ... ]]

	svcadm enable [-rst] <service> ...	- enable and online service(s)
	svcadm disable [-st] <service> ...	- disable and offline service(s)
	svcadm restart <service> ...		- restart specified service(s)
	svcadm refresh <service> ...		- re-read service configuration
	svcadm mark [-It] <state> <service> ...	- set maintenance state
	svcadm clear <service> ...		- clear maintenance state
	svcadm milestone [-d] <milestone>	- advance to a service milestone

	Services can be specified using an FMRI, abbreviation, or fnmatch(5)
	pattern, as shown in these examples for svc:/network/smtp:sendmail

	svcadm <cmd> svc:/network/smtp:sendmail
	svcadm <cmd> network/smtp:sendmail
	svcadm <cmd> network/*mail
	svcadm <cmd> network/smtp
	svcadm <cmd> smtp:sendmail
	svcadm <cmd> smtp
	svcadm <cmd> sendmail
`

// Exit statuses of svcadm(8).
const (
	exitFatalError = 1
	exitUsage      = 2
	exitService    = 3
	exitDependency = 4
)

// An admin is one call of svcadm.
type admin struct {
	*world.Call
	verbose bool
	status  int
}

// svcadm is svcadm(8), after svcadm.c.
func svcadm(c *world.Call) int {
	a := &admin{Call: c}
	opts, args := getopt(c, c.Args, "v")
	for _, o := range opts {
		if o.name != 'v' {
			return a.usage()
		}
		a.verbose = true
	}
	if len(args) == 0 {
		return a.usage()
	}
	verbs := map[string]func([]string) int{
		"enable":    func(args []string) int { return a.enable(args, true) },
		"disable":   func(args []string) int { return a.enable(args, false) },
		"restart":   func(args []string) int { return a.action(args, "restart") },
		"refresh":   func(args []string) int { return a.action(args, "refresh") },
		"mark":      a.mark,
		"clear":     a.clear,
		"milestone": a.milestone,
	}
	if verbs[args[0]] == nil {
		return a.usage()
	}
	return verbs[args[0]](args[1:])
}

func (a *admin) usage() int {
	a.Errorf("%s", svcadmUsage)
	return exitUsage
}

func (a *admin) warn(text string) {
	a.Errorf("svcadm: %s", text)
	a.status = exitFatalError
}

// each calls f for every instance that the operands name.
func (a *admin) each(operands []string, f func(v *view, fmri string) error) int {
	v, err := look(a.World)
	if err != nil {
		return fail(a.Call, err)
	}
	for _, fmri := range v.repo.walk(walk{}, operands, a.warn) {
		if err := f(v, fmri); err != nil && !errors.Is(err, errNoSystem) {
			return fail(a.Call, err)
		}
	}
	return a.status
}

func (a *admin) enable(args []string, enable bool) int {
	letters := "st"
	if enable {
		letters = "rst"
	}
	opts, operands := getopt(a.Call, args, letters)
	var temporary, wait bool
	for _, o := range opts {
		switch o.name {
		case 't':
			temporary = true
		case 's':
			wait = true
		case 'r':
			return absent(a.Call, "enable -r")
		default:
			return a.usage()
		}
	}
	if len(operands) == 0 {
		return a.usage()
	}
	status := a.each(operands, func(_ *view, fmri string) error {
		if err := change(a.World, func(r *repository) error { return setEnabled(r, fmri, temporary, enable) }); err != nil {
			return err
		}
		a.say(fmri, temporary, enable)
		return ask(a.World, "enabled", fmri)
	})
	if wait && status == 0 {
		return a.each(operands, func(_ *view, fmri string) error { return a.wait(fmri, enable) })
	}
	return status
}

func (a *admin) say(fmri string, temporary, enable bool) {
	if !a.verbose {
		return
	}
	text := " disabled.\n"
	if enable {
		text = " enabled.\n"
	}
	if temporary {
		text = " temporarily" + text
	}
	a.Printf("%s%s", fmri, text)
}

// setEnabled is set_inst_enabled: the override, or the value itself and no
// override any more.
func setEnabled(r *repository, fmri string, temporary, enable bool) error {
	value := "false"
	if enable {
		value = "true"
	}
	_, i := r.find(fmri)
	if i == nil {
		return errors.New("instance " + fmri + " was deleted")
	}
	if i.Groups == nil {
		i.Groups = groups{}
	}
	if temporary {
		pg := i.Groups.add("general_ovr", "framework")
		pg.Volatile = true
		pg.set("enabled", "boolean", value)
		return nil
	}
	i.Groups.add("general", "framework").set("enabled", "boolean", value)
	if pg := i.Groups["general_ovr"]; pg != nil {
		delete(pg.Props, "enabled")
	}
	return nil
}

// action sets a property that svc.startd acts on. A refresh takes the snapshot
// here already, so that it counts without a system that is up.
func (a *admin) action(operands []string, verb string) int {
	if len(operands) == 0 {
		return a.usage()
	}
	return a.each(operands, func(_ *view, fmri string) error {
		if verb == "refresh" {
			if err := change(a.World, func(r *repository) error { r.refresh(fmri); return nil }); err != nil {
				return err
			}
		}
		return a.act(fmri, verb, verb)
	})
}

// act leaves a request; name is the property by which svcadm calls it.
func (a *admin) act(fmri, verb, name string) error {
	if a.verbose {
		a.Printf("Action %s set for %s.\n", name, fmri)
	}
	return ask(a.World, verb, fmri)
}

// mark takes -I and -t, which then have no effect: svcadm.c does not hand them on.
func (a *admin) mark(args []string) int {
	opts, operands := getopt(a.Call, args, "It")
	temporary := false
	for _, o := range opts {
		if o.name == '?' {
			return a.usage()
		}
		temporary = temporary || o.name == 't'
	}
	if len(operands) < 2 {
		return a.usage()
	}
	switch operands[0] {
	case "degraded":
		if temporary {
			a.Errorf("svcadm: -t may not be used with degraded.\n")
			return exitUsage
		}
		return a.each(operands[1:], func(v *view, fmri string) error {
			if v.state(fmri).State != stateOnline {
				a.warn("Instance \"" + fmri + "\" is not online.\n")
				return nil
			}
			return a.act(fmri, "degraded", "degraded")
		})
	case "maintenance":
		return a.each(operands[1:], func(_ *view, fmri string) error { return a.act(fmri, "maintenance", "maint_on") })
	}
	return a.usage()
}

func (a *admin) clear(operands []string) int {
	if len(operands) == 0 {
		return a.usage()
	}
	return a.each(operands, func(v *view, fmri string) error {
		switch v.state(fmri).State {
		case stateMaint:
			return a.act(fmri, "clear", "maint_off")
		case stateDegraded:
			return a.act(fmri, "restore", "restore")
		}
		a.warn("Instance \"" + fmri + "\" is not in a maintenance or degraded state.\n")
		return nil
	})
}
