// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

// Package scenario runs the txtar scenarios of one service: scripts in the
// language of testscript around the service's real main function, on a simulated
// guest in $WORK/guest. Beside testscript's own commands a script has those of
// the table commands, and the service by its name.
package scenario

import (
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"illumos-metadata/common/simguest"
)

// Main is the TestMain of a service's tests. The test binary plays three parts:
// the tests, the service (under its name) and every command of a guest.
func Main(m *testing.M, service string, main func()) {
	simguest.Main()
	testscript.Main(m, map[string]func(){service: main})
}

// Run runs every scenario in testdata. A script begins with the guest that
// simguest.Default describes, changed by a file guest.json if it has one, after
// its first boot up to where the service would start.
func Run(t *testing.T, service string) {
	dir, err := simguest.Dir()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	player, err := simguest.Player(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("GOTMPDIR", dir) // where testscript makes $WORK
	testscript.Run(t, testscript.Params{
		Dir:       "testdata",
		Cmds:      commands,
		Condition: conditions,
		Setup: func(env *testscript.Env) error {
			s := &script{service: service, root: env.WorkDir + "/guest", player: player}
			env.Values[key{}] = s
			env.Setenv("SERVICE", service)
			env.Setenv("G", s.root)
			return s.build(env.WorkDir)
		},
		UpdateScripts: os.Getenv("UPDATE_SCENARIOS") != "",
	})
}

// key is that of the script in a testscript.Env.
type key struct{}
