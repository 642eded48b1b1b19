// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simguest

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"illumos-metadata/common/simguest/simnet"
)

// TestWire: a program connects to what its guest's addresses and routes lead to,
// and to nothing else.
func TestWire(t *testing.T) {
	c := Default()
	c.Net.Links[0].Hosts = []netip.Addr{
		netip.MustParseAddr("169.254.169.254"), netip.MustParseAddr("10.0.2.3"), netip.MustParseAddr("fd00:ec2::254"),
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	g, err := Build(t.TempDir(), program, c)
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Early("network"); err != nil {
		t.Fatal(err)
	}
	w, err := g.Wire()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	l, err := w.Listen("169.254.169.254:80")
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			io.WriteString(c, "hello\n")
			c.Close()
		}
	}()
	connects := func(name, address, want string) {
		t.Helper()
		if got := connect(t, g, address); got != want {
			t.Errorf("%s: %s gives %q, want %q", name, address, got, want)
		}
	}
	unreachable := strconv.Itoa(int(syscall.ENETUNREACH))
	play := func(args ...string) {
		t.Helper()
		var out strings.Builder
		if status := g.Call(&out, "/sbin/"+args[0], args[1:]...); status != 0 {
			t.Fatalf("%s: status %d: %s", args, status, out.String())
		}
	}
	connects("no address", "169.254.169.254:80", unreachable)
	play("ipadm", "create-addr", "-T", "static", "-a", "10.0.2.9/24", "vioif0/v4")
	connects("no route", "169.254.169.254:80", unreachable)
	connects("on the link", "10.0.2.3:80", strconv.Itoa(int(syscall.ECONNREFUSED)))
	connects("nobody", "10.0.2.4:80", "silence")
	play("route", "add", "default", "10.0.2.7")
	connects("a gateway that is not there", "169.254.169.254:80", "silence")
	play("route", "delete", "default", "10.0.2.7")
	play("route", "add", "default", "10.0.2.2")
	connects("behind the gateway", "169.254.169.254:80", "0 hello")
	connects("another port", "169.254.169.254:81", strconv.Itoa(int(syscall.ECONNREFUSED)))
	connects("IPv6", "[fd00:ec2::254]:80", unreachable)
	connects("no address at all", "metadata:80", strconv.Itoa(int(syscall.EPROTONOSUPPORT)))
	l.Close()
	connects("closed", "169.254.169.254:80", strconv.Itoa(int(syscall.ECONNREFUSED)))
	if err := simnet.SetCarrier(g.World, "vioif0", false); err != nil {
		t.Fatal(err)
	}
	connects("cable out", "10.0.2.3:80", "silence")
}

// connect gives what a program reads that connects: the errno and the first
// line, or silence.
func connect(t *testing.T, g *Guest, address string) string {
	t.Helper()
	c, err := net.Dial("unix", g.World.Path("/dev/tcp"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(300 * time.Millisecond))
	fmt.Fprintln(c, "tcp "+address)
	text, err := io.ReadAll(bufio.NewReader(c))
	if err != nil && len(text) == 0 {
		return "silence"
	}
	return strings.Join(strings.Fields(string(text)), " ")
}
