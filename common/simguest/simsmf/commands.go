// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simsmf

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"illumos-metadata/common/simguest/world"
)

// Commands are the commands of SMF, and those that bring a system down, by
// their path on the guest.
func Commands() map[string]world.Command {
	return map[string]world.Command{
		"/usr/bin/svcs":      svcs,
		"/usr/bin/svcprop":   svcprop,
		"/usr/sbin/svcadm":   svcadm,
		"/usr/sbin/svccfg":   svccfg,
		"/usr/sbin/reboot":   func(c *world.Call) int { return halt(c, Reboot, "dlnqfpe:") },
		"/usr/sbin/halt":     func(c *world.Call) int { return halt(c, HaltOnly, "dlnqy") },
		"/usr/sbin/poweroff": func(c *world.Call) int { return halt(c, PowerOff, "dlnqy") },
		"/usr/sbin/shutdown": shutdown,
		"/usr/sbin/init":     initCommand,
		"/sbin/init":         initCommand,
	}
}

// goingDown is how long reboot, halt and poweroff wait for the end.
const goingDown = 10 * time.Second

// halt is reboot(8), halt(8) and poweroff(8), after halt.c. They do not return:
// what called them gets SIGTERM with everything else. In this simulation they
// end when the system is down, or by that signal.
func halt(c *world.Call, how How, letters string) int {
	opts, operands := getopt(c, c.Args, letters)
	for _, o := range opts {
		switch o.name {
		case '?':
			c.Errorf("usage: %s [ -%s ]%s\n", c.Name, strings.TrimSuffix(letters, ":"), map[bool]string{true: " [ boot args ]"}[how == Reboot])
			return 1
		case 'd', 'e':
			return absent(c, "-"+string(o.name))
		}
	}
	if len(operands) > 0 && how != Reboot {
		c.Errorf("usage: %s [ -%s ]\n", c.Name, letters)
		return 1
	}
	if status := down(c, how); status != 0 {
		return status
	}
	for end := time.Now().Add(goingDown); time.Now().Before(end); time.Sleep(poll) {
		if errors.Is(ask(c.World, "ping", ""), errNoSystem) {
			break
		}
	}
	return 0
}

// down asks the engine to bring the system down.
func down(c *world.Call, how How) int {
	err := ask(c.World, "down", string(how))
	if errors.Is(err, errNoSystem) {
		c.Errorf("simulated guest: %s: no system is up\n", c.Name)
		return 127
	}
	if err != nil {
		return fail(c, err)
	}
	return 0
}

// levels are the run levels that end a system.
var levels = map[string]How{"0": HaltOnly, "5": PowerOff, "6": Reboot}

// initCommand is init(8): it tells the running init, and returns.
func initCommand(c *world.Call) int {
	if len(c.Args) != 1 || len(c.Args[0]) != 1 || !strings.Contains("0123456SsQqabc", c.Args[0]) {
		c.Errorf("Usage: init [0123456SsQqabc]\n")
		return 1
	}
	how, ok := levels[c.Args[0]]
	if !ok {
		return absent(c, c.Args[0])
	}
	return down(c, how)
}

// shutdown is shutdown(8), a shell script around init. Without -y it asks, which
// is not simulated.
func shutdown(c *world.Call) int {
	opts, _ := getopt(c, c.Args, "g:i:y")
	grace, level, yes := 60, "s", false
	for _, o := range opts {
		switch o.name {
		case 'g':
			n, err := strconv.Atoi(o.value)
			if err != nil || n < 0 {
				c.Errorf("Shutdown: Illegal grace period '%s'\n", o.value)
				return 1
			}
			grace = n
		case 'i':
			level = o.value
		case 'y':
			yes = true
		default:
			c.Errorf("Usage: shutdown [-y] [-g<grace>] [-i<initstate>] [<message>]\n")
			return 1
		}
	}
	how, ok := levels[level]
	if !ok || !yes {
		return absent(c, strings.Join(c.Args, " "))
	}
	time.Sleep(time.Duration(grace) * time.Second)
	return down(c, how)
}
