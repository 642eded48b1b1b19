// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"fmt"
	"os"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// user adds a user as useradd -m would (its /home, so that a scenario can do
// without the automounter). An ordinary user cannot give files away, so that
// the new one has the numbers of who runs the test.
func user(ts *testscript.TestScript, neg bool, args []string) {
	s := of(ts, neg)
	if len(args) != 1 || strings.ContainsAny(args[0], ":/") {
		ts.Fatalf("usage: user name")
	}
	home := "/home/" + args[0]
	ts.Check(os.MkdirAll(s.guest.World.Path(home), 0o755))
	passwd, err := os.OpenFile(s.guest.World.Path("/etc/passwd"), os.O_WRONLY|os.O_APPEND, 0)
	ts.Check(err)
	defer passwd.Close()
	_, err = fmt.Fprintf(passwd, "%s:x:%d:%d::%s:/usr/bin/bash\n", args[0], os.Getuid(), os.Getgid(), home)
	ts.Check(err)
}

// conditions are those that a script has beside testscript's own: [root].
func conditions(name string) (bool, error) {
	if name == "root" {
		return os.Geteuid() == 0, nil
	}
	return false, fmt.Errorf("unknown condition %q", name)
}
