// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package services_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"illumos-metadata/common/simguest"
	"illumos-metadata/common/simguest/simnet"
	"illumos-metadata/common/simguest/simsmf"
)

// BenchmarkBoot measures each service on the first and on the second boot:
// NAME-ms is the wall time of its start method, NAME-procs the commands that it
// started. It shows how both grow with interfaces and with keys.
func BenchmarkBoot(b *testing.B) {
	for _, size := range []struct{ links, keys int }{{1, 1}, {8, 1}, {32, 1}, {1, 100}, {1, 1000}} {
		for _, boots := range []string{"first", "second"} {
			b.Run(fmt.Sprintf("links=%d/keys=%d/%s", size.links, size.keys, boots), func(b *testing.B) {
				took, ran := map[string]time.Duration{}, map[string]int{}
				for b.Loop() {
					b.StopTimer()
					c := simguest.Default()
					c.Net = simnet.ManyLinks(size.links)
					m := newMachine(b, c, manyKeys(size.keys))
					if boots == "second" {
						m.boot()
						m.halt()
					}
					b.StartTimer()
					m.boot()
					b.StopTimer()
					m.wantStates(nil)
					m.measure(took, ran)
					m.halt()
					b.StartTimer()
				}
				for _, name := range names {
					b.ReportMetric(float64(took[name].Microseconds())/1000/float64(b.N), name+"-ms")
					b.ReportMetric(float64(ran[name])/float64(b.N), name+"-procs")
				}
			})
		}
	}
}

// manyKeys is the usual volume with n keys.
func manyKeys(n int) map[string]string {
	v := volume()
	var keys strings.Builder
	for i := range n {
		keys.WriteString(key(fmt.Sprintf("%032d", i), fmt.Sprintf("user%d", i)) + "\n")
	}
	v["authorized_keys"] = keys.String()
	return v
}

// measure adds what this boot cost.
func (m *machine) measure(took map[string]time.Duration, ran map[string]int) {
	for _, e := range m.events {
		if name, ours := ourName(e.FMRI); ours && e.Kind == simsmf.MethodEnded && e.Method == "start" {
			took[name] += e.Took
		}
	}
	for _, name := range names {
		ran[name] += len(m.calls(name))
	}
}
