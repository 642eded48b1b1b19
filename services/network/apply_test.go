// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"illumos-metadata/common/agent"
	"illumos-metadata/common/guest"
	"illumos-metadata/common/illumos"
	"illumos-metadata/common/metadata"
)

// A bench is a guest with two links, whose commands are played by this test.
type bench struct {
	*agent.Agent
	t       *testing.T
	log     bytes.Buffer
	state   state
	nwam    bool
	fails   string // the command that fails, by how it begins
	started []string
}

func newBench(t *testing.T) *bench {
	b := &bench{t: t, state: state{links: []illumos.Link{ether("e1000g0", "e1000g0", "up"), ether("vioif0", "vioif0", "up")}}}
	log := slog.New(slog.NewTextHandler(&b.log, nil))
	b.Agent = &agent.Agent{Service: "network", Guest: guest.New(t.TempDir(), log), Log: log}
	b.Guest.Exec = b.exec
	if err := b.Guest.MakeDir("/var/metadata/applied", 0o700); err != nil {
		t.Fatal(err)
	}
	return b
}

// exec plays a command, with its name and its operands cut short.
func (b *bench) exec(_ context.Context, c guest.Command) ([]byte, error) {
	line := strings.TrimPrefix(strings.Join(c.Argv, " "), "/sbin/")
	b.started = append(b.started, line)
	if b.fails != "" && strings.HasPrefix(line, b.fails) {
		return nil, &guest.CommandError{Argv: c.Argv, Status: 1, Stderr: []byte("ipadm: no luck")}
	}
	var out strings.Builder
	switch {
	case strings.HasPrefix(line, "dladm show-phys"):
		for _, l := range b.state.links {
			fmt.Fprintf(&out, "%s:%s:%s:%s\n", l.Name, l.Media, l.State, l.Device)
		}
	case strings.HasPrefix(line, "ipadm show-addr"):
		for _, r := range b.state.addresses {
			fmt.Fprintf(&out, "%s:%s:%s:%s\n", r.Object, r.Type, r.State, r.Addr)
		}
	case strings.HasPrefix(line, "/usr/bin/svcprop"):
		fmt.Fprintf(&out, "general/enabled boolean %v\n", b.nwam)
	default:
		b.state = b.state.after([]guest.Step{{Argv: c.Argv}})
	}
	return []byte(out.String()), nil
}

// run is one run of the service. It gives the commands that change something.
func (b *bench) run(instance string, w want) (changes []string, err error) {
	b.started = nil
	err = configure(b.t.Context(), b.Agent, instance, w, guest.DHCPLimit)
	for _, line := range b.started {
		if !slices.ContainsFunc([]string{" show-", "svcprop", "netstat", "dhcpinfo"}, func(read string) bool { return strings.Contains(line, read) }) {
			changes = append(changes, line)
		}
	}
	return changes, err
}

// does checks the changing commands of a run, apart by |.
func (b *bench) does(name, instance string, w want, want string) {
	b.t.Helper()
	changes, err := b.run(instance, w)
	if got := strings.Join(changes, "|"); got != want || err != nil {
		b.t.Errorf("%s: started %q, %v; want %q", name, got, err, want)
	}
}

func (b *bench) record() string {
	b.t.Helper()
	data, err := os.ReadFile(b.Guest.Host("/var/metadata/applied/network.json"))
	if err != nil && !os.IsNotExist(err) {
		b.t.Fatal(err)
	}
	return strings.Join(strings.Fields(string(data)), " ")
}

const (
	creation   = "ipadm create-addr -T dhcp -w 0 -h web1 vioif0/dhcp"
	withdrawal = "ipadm delete-addr vioif0/dhcp"
)

// TestBoots: the situations in which this service changes something, and in
// which it does not.
func TestBoots(t *testing.T) {
	b := newBench(t)
	w := want{DHCP: true, nodename: "web1"}
	b.does("first boot", "i-1", w, creation)
	if log := b.log.String(); !strings.Contains(log, `msg="DHCP lease" object=vioif0/dhcp address=10.0.2.15/24`) {
		t.Errorf("log %s", log)
	}
	b.does("second boot", "i-1", w, "")
	if diff := cmp.Diff([]string{"dladm show-phys -p -o link,media,state,device"}, b.started); diff != "" {
		t.Errorf("second boot: started (-want +got):\n%s", diff)
	}
	b.state.addresses = nil
	b.does("deleted by hand", "i-1", w, "")
	b.Again = true
	b.does("restart after that", "i-1", w, withdrawal+"|"+creation)
	b.does("restart", "i-1", w, "")
	b.Again = false
	b.does("left alone", "i-1", want{Skip: true, DHCP: true}, "")
	b.does("new instance", "i-2", want{DHCP: true, nodename: "web1"}, withdrawal+"|"+creation)
	b.does("no longer wanted", "i-2", want{}, withdrawal)
	if got := b.record(); !strings.Contains(got, `"instance": "i-2"`) || strings.Contains(got, "vioif0") {
		t.Errorf("record %s", got)
	}
}

// TestProcesses: the present state is read once.
func TestProcesses(t *testing.T) {
	b := newBench(t)
	b.does("first boot", "i-1", want{DHCP: true}, "ipadm create-addr -T dhcp -w 0 vioif0/dhcp")
	wanted := []string{
		"dladm show-phys -p -o link,media,state,device",
		"ipadm show-addr -p -o addrobj,type,state,addr",
		"/usr/bin/svcprop -p general svc:/network/physical:nwam",
		"ipadm create-addr -T dhcp -w 0 vioif0/dhcp",
		"ipadm show-addr -p -o addrobj,type,state,addr",
		"/usr/bin/netstat -rnv",
		"dhcpinfo -i vioif0 Router", // since there is no default route
	}
	if diff := cmp.Diff(wanted, b.started); diff != "" {
		t.Errorf("started (-want +got):\n%s", diff)
	}
}

// TestNWAM: what manages the network by itself is not fought.
func TestNWAM(t *testing.T) {
	b := newBench(t)
	b.nwam = true
	b.does("with NWAM", "i-1", want{DHCP: true}, "")
	if !strings.Contains(b.log.String(), "NWAM manages the network") || b.record() != "" {
		t.Errorf("log %s, record %s", &b.log, b.record())
	}
	b.nwam = false
	b.does("without it at the next boot", "i-1", want{DHCP: true, nodename: "web1"}, creation)
}

// TestCreateFails: nothing is left half made, and the next run tries again.
func TestCreateFails(t *testing.T) {
	b := newBench(t)
	b.fails = "ipadm create-addr"
	w := want{DHCP: true, nodename: "web1"}
	changes, err := b.run("i-1", w)
	if err == nil || !strings.Contains(err.Error(), "DHCP on vioif0: ") || !strings.Contains(err.Error(), "no luck") {
		t.Errorf("got %v", err)
	}
	if got := strings.Join(changes, "|"); got != creation+"|"+withdrawal {
		t.Errorf("started %q", got)
	}
	b.fails = ""
	b.does("next boot", "i-1", w, withdrawal+"|"+creation)
}

// TestWithdrawalFails: nothing new is made beside what should be gone, and it
// stays on the list.
func TestWithdrawalFails(t *testing.T) {
	b := newBench(t)
	b.does("first boot", "i-1", want{DHCP: true, nodename: "web1"}, creation)
	b.fails = "ipadm delete-addr"
	changes, err := b.run("i-2", want{DHCP: true, nodename: "web1"})
	if err == nil || strings.Join(changes, "|") != withdrawal {
		t.Errorf("started %q, %v", changes, err)
	}
	if got := b.record(); !strings.Contains(got, `"instance": "i-1", "slice": "", "addresses": [ "vioif0/dhcp" ]`) {
		t.Errorf("record %s", got)
	}
}

// TestUnreadable: no plan is made from half a state.
func TestUnreadable(t *testing.T) {
	for _, command := range []string{"dladm", "ipadm show-addr"} {
		b := newBench(t)
		b.fails = command
		if changes, err := b.run("i-1", want{DHCP: true}); err == nil || len(changes) > 0 || b.record() != "" {
			t.Errorf("%s fails: started %q, %v, record %s", command, changes, err, b.record())
		}
	}
}

// TestNoLink: it is named, and tried again at the next boot.
func TestNoLink(t *testing.T) {
	b := newBench(t)
	links := b.state.links
	b.state.links = nil
	if _, err := b.run("i-1", want{DHCP: true}); err == nil || !strings.Contains(err.Error(), "no Ethernet link") {
		t.Errorf("got %v", err)
	}
	b.state.links = links
	b.does("next boot", "i-1", want{DHCP: true, nodename: "web1"}, creation)
}

// TestOtherDevice: the network moves to the device that the machine has now, at
// the next boot; where it cannot be told, nothing is done.
func TestOtherDevice(t *testing.T) {
	b := newBench(t)
	w := want{DHCP: true, nodename: "web1"}
	b.does("first boot", "i-1", w, creation)
	b.state.links = []illumos.Link{ether("e1000g0", "e1000g0", "up")}
	b.state.addresses[0].State, b.state.addresses[0].Addr = "disabled", ""
	b.fails = "dladm"
	b.does("links cannot be read", "i-1", w, "")
	b.fails = ""
	b.does("next boot", "i-1", w, "ipadm delete-if vioif0|ipadm create-addr -T dhcp -w 0 -h web1 e1000g0/dhcp")
	b.does("and one more", "i-1", w, "")
}

// TestUpperLink: an address that was taken over on a VNIC is not on a device,
// and is not gone for that.
func TestUpperLink(t *testing.T) {
	b := newBench(t)
	b.state.addresses = []illumos.Address{{Object: "vnic0/dhcp", Type: "dhcp", State: "ok", Addr: "10.0.2.15/24"}}
	if err := b.WriteRecord(record{Record: agent.Record{Instance: "i-1", Slice: metadata.Digest(want{DHCP: true})}, Addresses: []string{"vnic0/dhcp"}}); err != nil {
		t.Fatal(err)
	}
	b.does("next boot", "i-1", want{DHCP: true}, "")
	b.state.addresses = nil
	b.does("deleted by hand", "i-1", want{DHCP: true}, "")
}

// TestAdoptedGuest: what the earlier agent made stays, and goes with the
// instance.
func TestAdoptedGuest(t *testing.T) {
	b := newBench(t)
	if err := os.WriteFile(b.Guest.Host("/var/metadata/stamp"), []byte("i-1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	b.state.addresses = []illumos.Address{{Object: "vioif0/dhcp", Type: "dhcp", State: "ok", Addr: "10.0.2.15/24"}}
	b.does("adoption", "i-1", want{DHCP: true}, "")
	b.does("next boot", "i-1", want{DHCP: true}, "")
	if len(b.started) > 1 {
		t.Errorf("started %q", b.started)
	}
	b.does("new instance", "i-2", want{DHCP: true, nodename: "web1"}, withdrawal+"|"+creation)

	// What an administrator asks for is done, whoever came before.
	b.does("stamp of another instance", "i-1", want{}, withdrawal)
	if err := os.Remove(b.Guest.Host("/var/metadata/applied/network.json")); err != nil {
		t.Fatal(err)
	}
	b.Again = true
	b.does("restart", "i-1", want{DHCP: true, nodename: "web1"}, creation)
}

// TestDryRun changes nothing and waits for nothing.
func TestDryRun(t *testing.T) {
	b := newBench(t)
	b.DryRun = true
	b.does("plan", "i-1", want{DHCP: true}, "")
	if b.record() != "" {
		t.Errorf("record %s", b.record())
	}
}

// TestLease: what counts as a lease.
func TestLease(t *testing.T) {
	tests := []struct {
		row  illumos.Address
		want string
	}{
		{illumos.Address{Object: "vioif0/dhcp", Type: "dhcp", State: "ok", Addr: "10.0.2.15/24"}, "10.0.2.15/24"},
		{illumos.Address{Object: "vioif0/dhcp", Type: "dhcp", State: "ok", Addr: "?"}, ""},
		{illumos.Address{Object: "vioif0/dhcp", Type: "dhcp", State: "down", Addr: "?"}, ""},
		{illumos.Address{Object: "vioif0/dhcp", Type: "dhcp", State: "duplicate", Addr: "10.0.2.15/24"}, ""},
		{illumos.Address{Object: "vioif0/dhcp", Type: "dhcp", State: "disabled"}, ""},
		{illumos.Address{Object: "vioif1/dhcp", Type: "dhcp", State: "ok", Addr: "10.0.3.15/24"}, ""},
	}
	for _, tt := range tests {
		if got := lease([]illumos.Address{tt.row}, "vioif0/dhcp"); got != tt.want {
			t.Errorf("lease(%+v) = %q, want %q", tt.row, got, tt.want)
		}
	}
}

// waiting gives a bench in which the objects get their lease after some time; a
// negative time is never.
func waiting(t *testing.T, leases map[string]time.Duration) *bench {
	b := newBench(t)
	began := time.Now()
	b.Guest.Exec = func(ctx context.Context, _ guest.Command) ([]byte, error) {
		b.started = append(b.started, "show")
		var out strings.Builder
		for object, after := range leases {
			if after >= 0 && time.Since(began) >= after {
				fmt.Fprintf(&out, "%s:dhcp:ok:10.0.2.15/24\n", object)
			} else {
				fmt.Fprintf(&out, "%s:dhcp:down:?\n", object)
			}
		}
		return []byte(out.String()), ctx.Err()
	}
	return b
}

// TestAwaitLeases: all interfaces are waited for at the same time, within the
// limit, and those without a lease are named.
func TestAwaitLeases(t *testing.T) {
	const never = -1
	tests := []struct {
		name   string
		leases map[string]time.Duration
		least  time.Duration // of the wait
		most   time.Duration
		says   []string
	}{
		{"none to wait for", nil, 0, 0, nil},
		{"there already", map[string]time.Duration{"vioif0/dhcp": 0}, 0, 0, nil},
		{"late", map[string]time.Duration{"vioif0/dhcp": 4 * time.Second}, 4 * time.Second, 7 * time.Second, nil},
		{"several", map[string]time.Duration{"vioif0/dhcp": 9 * time.Second, "vioif1/dhcp": 8 * time.Second}, 9 * time.Second, 12 * time.Second, nil},
		{"never", map[string]time.Duration{"vioif0/dhcp": never}, 30 * time.Second, 30 * time.Second,
			[]string{"vioif0 has no DHCP lease after 30s", "ipadm show-addr vioif0/dhcp"}},
		{"one of two", map[string]time.Duration{"vioif0/dhcp": time.Second, "vioif1/dhcp": never}, 30 * time.Second, 30 * time.Second,
			[]string{"vioif1 has no DHCP lease"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				b := waiting(t, tt.leases)
				var objects []string
				for object := range tt.leases {
					objects = append(objects, object)
				}
				began := time.Now()
				_, err := awaitLeases(t.Context(), b.Agent, objects, 30*time.Second)
				if took := time.Since(began); took < tt.least || took > tt.most {
					t.Errorf("waited %v, want %v to %v", took, tt.least, tt.most)
				}
				if (err != nil) != (len(tt.says) > 0) {
					t.Errorf("got %v", err)
				}
				for _, want := range tt.says {
					if err != nil && !strings.Contains(err.Error(), want) {
						t.Errorf("error %v, want %q", err, want)
					}
				}
				if err != nil && strings.Contains(err.Error(), "that works") {
					t.Errorf("error %v tells of an address where there is none", err)
				}
				if len(b.started) > 50 {
					t.Errorf("looked %d times", len(b.started))
				}
			})
		})
	}
}

// TestUnusable: an address that is there and does not work is told with its
// state.
func TestUnusable(t *testing.T) {
	rows := []illumos.Address{{Object: "vioif0/dhcp", Type: "dhcp", State: "inaccessible", Addr: "10.0.2.15/24"}}
	err := missing(errNoLease, []string{"vioif0/dhcp"}, rows, time.Second)
	if err == nil || !strings.Contains(err.Error(), "no DHCP lease that works (10.0.2.15/24 is inaccessible) after 1s") {
		t.Errorf("got %v", err)
	}
}

// TestAwaitEnds: the end of the whole run ends the wait, with its reason.
func TestAwaitEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := waiting(t, map[string]time.Duration{"vioif0/dhcp": -1})
		late := errors.New("not done within 3s")
		ctx, cancel := context.WithTimeoutCause(t.Context(), 3*time.Second, late)
		defer cancel()
		if _, err := awaitLeases(ctx, b.Agent, []string{"vioif0/dhcp"}, time.Minute); !errors.Is(err, late) {
			t.Errorf("got %v, want %v", err, late)
		}
	})
}

// TestNoLeaseOnce: an interface without a lease costs its limit at the first
// boot only, and has its record.
func TestNoLeaseOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		exec := b.Guest.Exec
		b.Guest.Exec = func(ctx context.Context, c guest.Command) ([]byte, error) {
			out, err := exec(ctx, c)
			return bytes.ReplaceAll(out, []byte(":ok:10.0.2.15/24"), []byte(":down:?")), err
		}
		began := time.Now()
		if _, err := b.run("i-1", want{DHCP: true}); err == nil || time.Since(began) != guest.DHCPLimit {
			t.Errorf("first boot: %v after %v", err, time.Since(began))
		}
		began = time.Now()
		if _, err := b.run("i-1", want{DHCP: true}); err != nil || time.Since(began) != 0 {
			t.Errorf("second boot: %v after %v", err, time.Since(began))
		}
	})
}
