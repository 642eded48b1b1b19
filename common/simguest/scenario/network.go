// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"illumos-metadata/common/simguest"
	"illumos-metadata/common/simguest/simnet"
)

// configure decodes guest.json over the default configuration. Lists in it take
// the place of the default's: encoding/json would let a new element of a list
// have what the old one has and the new one does not mention, a DHCP server.
func configure(data []byte, c *simguest.Config) error {
	var given simguest.Config
	if err := strict(data, &given); err != nil {
		return err
	}
	err := strict(data, c)
	if given.Net.Links != nil {
		c.Net.Links = given.Net.Links
	}
	if given.Disk.Disks != nil {
		c.Disk.Disks = given.Disk.Disks
	}
	if given.Disk.Pools != nil {
		c.Disk.Pools = given.Disk.Pools
	}
	return err
}

// settings imports the manifest of the service whose properties the shared fetch
// reads, as the first boot does.
func (s *script) settings() error {
	const name = "/lib/svc/manifest/system/metadata/network.xml"
	manifest, err := os.ReadFile("../../manifests/network.xml") // of services/NAME
	if err != nil {
		return err
	}
	at := s.guest.World.Path(name)
	if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(at, manifest, 0o644); err != nil {
		return err
	}
	var out strings.Builder
	if status := s.guest.Call(&out, "/usr/sbin/svccfg", "import", name); status != 0 {
		return fmt.Errorf("svccfg import: status %d: %s", status, out.String())
	}
	return nil
}

// requests checks what the guest has asked DHCP servers for, over all boots:
// one line a request, the interface and the host name that it offered.
func requests(ts *testscript.TestScript, neg bool, args []string) {
	s := of(ts, neg)
	all, err := simnet.Requests(s.guest.World)
	ts.Check(err)
	var got strings.Builder
	for _, r := range all {
		got.WriteString(strings.TrimRight(fmt.Sprintf("%s %s", r.Link, r.Name), " ") + "\n")
	}
	want := ""
	if len(args) > 0 {
		want = ts.ReadFile(args[0])
	}
	if got.String() != want {
		ts.Fatalf("requests that went out:\n%swant:\n%s", got.String(), want)
	}
}

func peer(ts *testscript.TestScript, neg bool, args []string) {
	s := of(ts, neg)
	var n simnet.Network
	switch len(args) {
	case 1:
	case 2:
		decode(ts, args[1:], &n)
	default:
		ts.Fatalf("usage: peer device [file]")
	}
	ts.Check(simnet.SetNetwork(s.guest.World, args[0], n))
}

func plug(ts *testscript.TestScript, neg bool, args []string) {
	s := of(ts, neg)
	var l simnet.Link
	decode(ts, args, &l)
	ts.Check(simnet.Plug(s.guest.World, l))
}

func unplug(ts *testscript.TestScript, neg bool, args []string) {
	s := of(ts, neg)
	if len(args) != 1 {
		ts.Fatalf("usage: unplug device")
	}
	ts.Check(simnet.Unplug(s.guest.World, args[0]))
}

func cable(ts *testscript.TestScript, neg bool, args []string) {
	s := of(ts, neg)
	if len(args) != 2 || args[1] != "in" && args[1] != "out" {
		ts.Fatalf("usage: cable device in|out")
	}
	ts.Check(simnet.SetCarrier(s.guest.World, args[0], args[1] == "in"))
}

// method plays one of the system's own methods in this process; what it says
// goes to the log of the test.
func method(ts *testscript.TestScript, neg bool, args []string) {
	s := of(ts, neg)
	if len(args) != 1 {
		ts.Fatalf("usage: method name")
	}
	var out strings.Builder
	status := s.guest.Call(&out, "/lib/svc/method/"+args[0], "start")
	ts.Logf("%s", out.String())
	if status != 0 {
		ts.Fatalf("%s ended with status %d", args[0], status)
	}
}
