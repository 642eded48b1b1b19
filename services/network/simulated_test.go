// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"illumos-metadata/common/agent"
	"illumos-metadata/common/guest"
	"illumos-metadata/common/metadata"
	"illumos-metadata/common/simguest"
	"illumos-metadata/common/simguest/simnet"
	"illumos-metadata/common/simguest/world"
)

// A machine is a simulated guest, with its commands played in this process.
type machine struct {
	*agent.Agent
	t       testing.TB
	w       *world.World
	log     bytes.Buffer
	started []string
	fails   string        // the command that fails, by how it begins
	limit   time.Duration // of the wait for leases
}

// card is a network device vioifN with the address 02:08:20:00:00:0N.
func card(n int) simnet.Link {
	return simnet.Link{Device: fmt.Sprintf("vioif%d", n), MAC: fmt.Sprintf("02:08:20:00:00:%02x", n)}
}

// leased is a card with a DHCP server on 10.N.2.0/24.
func leased(n int) simnet.Link {
	c := card(n)
	c.DHCP = &simnet.DHCP{
		Address: netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(n), 2, 15}), 24),
		Routers: []netip.Addr{netip.AddrFrom4([4]byte{10, byte(n), 2, 2})},
	}
	return c
}

// newMachine is a guest with these cards, after its first boot up to where the
// service starts.
func newMachine(t testing.TB, cards ...simnet.Link) *machine {
	m := &machine{t: t, w: &world.World{Root: scratch(t), Memory: world.NewMemory()}, limit: 30 * time.Second}
	if err := simnet.Build(m.w, simnet.Config{Links: cards}); err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(&m.log, nil))
	m.Agent = &agent.Agent{Service: "network", Guest: guest.New(m.w.Root, log), Log: log}
	m.Guest.Exec = m.exec
	if err := m.Guest.MakeDir("/var/metadata/applied", 0o700); err != nil {
		t.Fatal(err)
	}
	m.early()
	return m
}

// scratch is the directory of a guest.
func scratch(t testing.TB) string {
	t.Helper()
	dir, err := simguest.Dir()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// early boots up to where the service starts.
func (m *machine) early() {
	m.t.Helper()
	if err := simnet.PowerOn(m.w); err != nil {
		m.t.Fatal(err)
	}
	m.methods("svc-dlmgmtd", "net-ipmgmt", "net-loopback", "net-physical")
}

// late boots the rest.
func (m *machine) late() {
	m.t.Helper()
	m.methods("identity-node", "net-routing-setup", "svc-ndp", "net-init", "net-svc")
}

func (m *machine) methods(names ...string) {
	m.t.Helper()
	for _, name := range names {
		var out bytes.Buffer
		c := &world.Call{World: m.w, Name: name, Args: []string{"start"}, Stdin: strings.NewReader(""), Stdout: &out, Stderr: &out}
		if status := simnet.Methods()["/lib/svc/method/"+name](c); status != 0 && status != 94 {
			m.t.Fatalf("%s: status %d: %s", name, status, &out)
		}
	}
}

// exec plays one command.
func (m *machine) exec(ctx context.Context, c guest.Command) ([]byte, error) {
	line := strings.Join(c.Argv, " ")
	if m.fails != "" && strings.HasPrefix(line, m.fails) {
		return nil, &guest.CommandError{Argv: c.Argv, Status: 1, Stderr: []byte("no luck")}
	}
	m.started = append(m.started, line)
	command, ok := simnet.Commands()[c.Argv[0]]
	if !ok {
		return nil, &guest.CommandError{Argv: c.Argv, Status: -1, Err: os.ErrNotExist}
	}
	var out, errs bytes.Buffer
	call := &world.Call{World: m.w, Name: path.Base(c.Argv[0]), Args: c.Argv[1:], Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errs}
	if status := call.Run(ctx, command); status != 0 {
		return nil, &guest.CommandError{Argv: c.Argv, Status: status, Stdout: out.Bytes(), Stderr: errs.Bytes()}
	}
	return out.Bytes(), nil
}

// play runs one command of the guest.
func (m *machine) play(line string) {
	m.t.Helper()
	m.output(line)
}

// output is what it prints.
func (m *machine) output(line string) string {
	m.t.Helper()
	out, err := m.exec(m.t.Context(), guest.Command{Argv: strings.Fields(line)})
	if err != nil {
		m.t.Fatal(err)
	}
	return string(out)
}

// run is one run of the service. It gives the commands that change something,
// without the folder.
func (m *machine) run(instance string, w want) (changes []string, err error) {
	m.started, m.log = nil, bytes.Buffer{}
	err = configure(m.t.Context(), m.Agent, instance, w, m.limit)
	return m.changes(), err
}

// changes are the commands that changed something, and may.
func (m *machine) changes() (changes []string) {
	for _, line := range m.started {
		if !strings.Contains(line, " show-") && !strings.Contains(line, "svcprop") && !strings.Contains(line, "netstat") &&
			!strings.Contains(line, "dhcpinfo") {
			changes = append(changes, strings.TrimPrefix(line, "/sbin/"))
		}
	}
	return changes
}

// does checks a run: the commands that change something, and that a second one
// has none.
func (m *machine) does(name, instance string, w want, want ...string) {
	m.t.Helper()
	got, err := m.run(instance, w)
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		m.t.Errorf("%s: %v (-want +got):\n%s\nlog:\n%s", name, err, diff, &m.log)
	}
	m.quiet(name, instance, w)
}

// quiet checks that a restart changes nothing, and what it changes in no file.
func (m *machine) quiet(name, instance string, w want) {
	m.t.Helper()
	m.Again = true
	got, err := m.run(instance, w)
	m.Again = false
	if len(got) > 0 || err != nil || strings.Contains(m.log.String(), "step=") {
		m.t.Errorf("%s, a second time: %v, started %q\nlog:\n%s", name, err, got, &m.log)
	}
}

// reboots checks a boot with nothing new: no command that changes anything, and
// few that do not.
func (m *machine) reboots(name, instance string, w want) {
	m.t.Helper()
	m.late()
	m.early()
	got, err := m.run(instance, w)
	if len(got) > 0 || err != nil || len(m.started) > 2 {
		m.t.Errorf("%s, next boot: %v, started %q", name, err, m.started)
	}
	m.late()
}

// shows checks the addresses beside those of the loopback: object, state and
// address.
func (m *machine) shows(name string, want ...string) {
	m.t.Helper()
	rows, err := simnet.Addresses(m.w)
	if err != nil {
		m.t.Fatal(err)
	}
	var got []string
	for _, r := range rows {
		if !strings.HasPrefix(r.Object, "lo0/") {
			got = append(got, r.Object+" "+r.State+" "+r.Addr)
		}
	}
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		m.t.Errorf("%s: addresses (-want +got):\n%s", name, diff)
	}
}

// routed checks the routes: destination, gateway and link.
func (m *machine) routed(name string, want ...string) {
	m.t.Helper()
	all, err := simnet.Routes(m.w)
	if err != nil {
		m.t.Fatal(err)
	}
	var got []string
	for _, r := range all {
		got = append(got, strings.TrimSpace(r.Destination+" "+r.Gateway+" "+r.Interface))
	}
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		m.t.Errorf("%s: routes (-want +got):\n%s", name, diff)
	}
}

// file checks the content of a file; "" is none.
func (m *machine) file(name, want string) {
	m.t.Helper()
	got, err := os.ReadFile(m.Guest.Host(name))
	if err != nil && !os.IsNotExist(err) {
		m.t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		m.t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

func (m *machine) write(name, data string) {
	m.t.Helper()
	if err := os.WriteFile(m.Guest.Host(name), []byte(data), 0o644); err != nil {
		m.t.Fatal(err)
	}
}

// link is a wanted link by the address of card n.
func link(n int, addresses ...string) metadata.Link {
	l := metadata.Link{Name: fmt.Sprintf("eth%d", n), Match: metadata.Match{MAC: card(n).MAC}}
	for _, a := range addresses {
		l.Addresses = append(l.Addresses, netip.MustParsePrefix(a))
	}
	return l
}

// via is a route.
func via(to, gateway string) metadata.Route {
	if to == "default" {
		to = "0.0.0.0/0"
		if strings.Contains(gateway, ":") {
			to = "::/0"
		}
	}
	return metadata.Route{To: netip.MustParsePrefix(to), Via: netip.MustParseAddr(gateway)}
}

func dns(search string, servers ...string) metadata.DNS {
	d := metadata.DNS{Search: strings.Fields(search)}
	for _, s := range servers {
		d.Servers = append(d.Servers, netip.MustParseAddr(s))
	}
	return d
}
