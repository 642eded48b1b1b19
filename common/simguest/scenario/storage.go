// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/rogpeppe/go-internal/testscript"

	"illumos-metadata/common/simguest/simdisk"
)

// another makes another guest in place of the one that is there, and boots it.
func another(ts *testscript.TestScript, neg bool, args []string) {
	s := of(ts, neg)
	if len(args) != 1 {
		ts.Fatalf("usage: guest file")
	}
	workDir := filepath.Dir(s.root)
	ts.Check(os.RemoveAll(s.root))
	ts.Check(os.WriteFile(filepath.Join(workDir, "guest.json"), []byte(ts.ReadFile(args[0])), 0o644))
	ts.Check(s.build(workDir))
}

// digest prints what two equal labels have in common, backup and all.
func digest(ts *testscript.TestScript, neg bool, args []string) {
	s := of(ts, neg)
	if len(args) != 1 {
		ts.Fatalf("usage: digest disk")
	}
	sum, err := simdisk.LabelDigest(s.guest.World, args[0])
	ts.Check(err)
	fmt.Fprintln(ts.Stdout(), sum)
}

// pool prints what a pool is like, without a call of the guest's commands: its
// size, what it could grow by, and its health.
func pool(ts *testscript.TestScript, neg bool, args []string) {
	p := poolNamed(ts, neg, args)
	fmt.Fprintf(ts.Stdout(), "size=%d expand=%d %s\n", p.Size, p.Expand, p.Health)
}

func guid(ts *testscript.TestScript, neg bool, args []string) {
	fmt.Fprintln(ts.Stdout(), poolNamed(ts, neg, args).GUID)
}

func poolNamed(ts *testscript.TestScript, neg bool, args []string) simdisk.PoolView {
	s := of(ts, neg)
	pools, err := simdisk.Pools(s.guest.World)
	ts.Check(err)
	for _, p := range pools {
		if len(args) == 1 && p.Name == args[0] {
			return p
		}
	}
	ts.Fatalf("usage: pool|guid name; pools are %+v", pools)
	return simdisk.PoolView{}
}
