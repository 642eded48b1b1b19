// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simnet

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"time"

	"illumos-metadata/common/simguest/world"
)

// Exit statuses of methods (cmd/svc/shell/smf_include.sh).
const (
	smfOK       = 0
	smfNoDaemon = 94
	smfDegrade  = 97
)

// A method is one run of a method script; the commands in it are played in this
// process, and not logged.
type method struct{ *world.Call }

// run plays a command and gives its standard output. Its standard error is the
// method's.
func (m method) run(command world.Command, name string, args ...string) (out string, status int) {
	var b bytes.Buffer
	status = command(&world.Call{
		World: m.World, Name: name, Args: args, Env: m.Env,
		Stdin: bytes.NewReader(nil), Stdout: &b, Stderr: m.Stderr,
	})
	return strings.TrimRight(b.String(), "\n"), status
}

// show plays a command whose output goes to the service's log.
func (m method) show(command world.Command, name string, args ...string) (status int) {
	out, status := m.run(command, name, args...)
	if out != "" {
		m.Printf("%s\n", out)
	}
	return status
}

// quiet plays a command whose standard error is thrown away.
func (m method) quiet(command world.Command, name string, args ...string) (out string, status int) {
	c := *m.Call
	c.Stderr = &bytes.Buffer{}
	return method{&c}.run(command, name, args...)
}

// zone is the kind of zone that the guest is, as Config has it.
func zone(w *world.World) (string, error) {
	kind := ""
	err := view(w, func(s *state) { kind = s.Zone })
	return kind, err
}

// method begins a script with smf_configure_ip: in a shared-IP zone there is
// nothing to do. done says that status is all.
func begin(c *world.Call) (m method, kind string, status int, done bool) {
	kind, err := zone(c.World)
	if err != nil {
		return method{c}, kind, broken(c, err), true
	}
	return method{c}, kind, smfOK, kind == "shared"
}

// strategy is smf_netstrategy: "none" in any zone.
func (m method) strategy(kind string) string {
	if kind != "" {
		return "none"
	}
	out, _ := m.run(runNetstrategy, "netstrategy")
	words := strings.Fields(out)
	if len(words) < 3 {
		return ""
	}
	return words[2]
}

// msglog is the console's log, where methods tell the operator.
const msglog = "/dev/msglog"

// console writes to the console's log.
func (m method) console(line string) {
	at := m.World.Path(msglog)
	if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
		return
	}
	f, err := os.OpenFile(at, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644)
	if err != nil {
		return
	}
	defer f.Close()
	_, _ = f.WriteString(line + "\n")
}

// shcat is that of net_include.sh: lines as the shell's read takes them. It
// passes over a last line without a newline.
func shcat(w *world.World, name string) string {
	var lines []string
	for line := range strings.Lines(readFile(w, name)) {
		if text, complete := strings.CutSuffix(line, "\n"); complete {
			lines = append(lines, strings.Trim(text, " \t"))
		}
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n")
}

// startDlmgmtd is svc-dlmgmtd. PowerOn has made the datalinks; a zone has no
// such daemon.
func startDlmgmtd(c *world.Call) int {
	kind, err := zone(c.World)
	switch {
	case err != nil:
		return broken(c, err)
	case kind != "":
		return smfNoDaemon
	}
	return smfOK
}

// startIpmgmtd is net-ipmgmt. The daemon begins with an empty map: an address
// object of the store is in it only once its interface was enabled.
func startIpmgmtd(*world.Call) int { return smfOK }

// startLoopback is net-loopback.
func startLoopback(c *world.Call) int {
	m, _, status, done := begin(c)
	if done {
		return status
	}
	if out, status := m.quiet(runIpadm, "ipadm", "show-if", "-p", "-o", "state", "lo0"); status == 0 && out == "disabled" {
		if m.show(runIpadm, "ipadm", "enable-if", "-t", "lo0") != 0 {
			c.Errorf("Failed to enable loopback interface\n")
			return smfDegrade
		}
		return smfOK
	}
	status = smfOK
	for _, a := range []struct{ object, addr, family string }{
		{"lo0/v4", "127.0.0.1/8", "IPv4"}, {"lo0/v6", "::1/128", "IPv6"},
	} {
		if out, failed := m.run(runIpadm, "ipadm", "show-addr", "-po", "state", a.object); failed == 0 && out != "" {
			continue
		}
		if m.show(runIpadm, "ipadm", "create-addr", "-t", "-T", "static", "-a", a.addr, a.object) != 0 {
			c.Errorf("Failed to create %s loopback\n", a.family)
			status = smfDegrade
		}
	}
	return status
}

// startPhysical is net-physical: datalinks, the interfaces that ipadm knows,
// and the routers of /etc/defaultrouter.
func startPhysical(c *world.Call) int {
	m, kind, status, done := begin(c)
	if done {
		return status
	}
	for _, pattern := range []string{"/etc/hostname.*[0-9]", "/etc/hostname6.*[0-9]", "/etc/dhcp.*[0-9]"} {
		if found, _ := filepath.Glob(m.World.Path(pattern)); len(found) > 0 {
			return absent(c, "/etc/"+filepath.Base(found[0])+" (ifconfig)")
		}
	}
	if kind == "" {
		m.show(runDladm, "dladm", "up-aggr")
		m.show(runDladm, "dladm", "up-vlan")
	}
	out, _ := m.run(runIpadm, "ipadm", "show-if", "-p", "-o", "ifname,state,current")
	for line := range strings.SplitSeq(out, "\n") {
		if f := strings.Split(line, ":"); len(f) > 1 && f[1] == "disabled" {
			m.show(runIpadm, "ipadm", "enable-if", "-t", f[0])
		}
	}
	for _, router := range defaultRouters(m.World) {
		m.show(runRoute, "route", "-n", "add", "default", "-gateway", router)
	}
	return smfOK
}

// defaultRouters are the first words of the lines of /etc/defaultrouter that
// are no comment. The shell's read passes over a line without a newline.
func defaultRouters(w *world.World) []string {
	var all []string
	for line := range strings.Lines(readFile(w, "/etc/defaultrouter")) {
		f := strings.Fields(line)
		if strings.HasSuffix(line, "\n") && len(f) > 0 && !strings.HasPrefix(f[0], "#") {
			all = append(all, f[0])
		}
	}
	return all
}

// startIdentity is identity-node: a name from DHCP, else nodename(5).
func startIdentity(c *world.Call) int {
	kind, err := zone(c.World)
	if err != nil {
		return broken(c, err)
	}
	m := method{c}
	name := ""
	switch m.strategy(kind) {
	case "dhcp":
		name, _ = m.run(runDhcpinfo, "dhcpinfo", "Hostname")
	case "none":
		name = shcat(m.World, "/etc/nodename")
		if name == "" && kind != "" {
			name, _ = m.run(runUname, "uname", "-n")
		}
	}
	if name == "" {
		name = shcat(m.World, "/etc/nodename")
	}
	if name == "" {
		name = "unknown"
	}
	m.show(runUname, "uname", append([]string{"-S"}, strings.Fields(name)...)...)
	now, _ := m.run(runUname, "uname", "-n")
	m.console("Hostname: " + now)
	return smfOK
}

// startNDP is svc-ndp.
func startNDP(c *world.Call) int {
	if err := update(c.World, func(s *state) { s.startNDP(time.Now()) }); err != nil {
		return broken(c, err)
	}
	return smfOK
}

// startRouted is svc-route.
func startRouted(c *world.Call) int {
	if err := update(c.World, func(s *state) { s.Routed = true }); err != nil {
		return broken(c, err)
	}
	return smfOK
}

// startInitial is net-init; nothing that it tunes is simulated.
func startInitial(*world.Call) int { return smfOK }
