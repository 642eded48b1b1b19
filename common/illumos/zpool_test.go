// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package illumos

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// poolLine is the line of a pool, vdevLine that of a device, both as the real
// command separates them.
func poolLine(name, size, expand, health string) string {
	return strings.Join([]string{name, size, "1048576", "2097152", "-", expand, "7", "33", "1.00", health, "-"}, "\t") + "\n"
}

func vdevLine(name, health string) string {
	return "\t" + name + strings.Repeat("\t-", 8) + "\t" + health + "\n"
}

const logsHeading = " logs            -      -      -        -         -      -      -      -         -\n"

func TestReadPool(t *testing.T) {
	tests := []struct {
		name, pool, out string
		want            Pool
	}{
		{"one disk that has grown", "rpool", poolLine("rpool", "2013265920", "18253611008", "ONLINE") + vdevLine("c2t0d0", "ONLINE"),
			Pool{"rpool", "ONLINE", 2013265920, 18253611008, []Vdev{{"c2t0d0", "", "ONLINE"}}}},
		{"nothing to gain", "syspool", poolLine("syspool", "2013265920", "-", "ONLINE") + vdevLine("c2t0d0s0", "ONLINE"),
			Pool{"syspool", "ONLINE", 2013265920, 0, []Vdev{{"c2t0d0s0", "", "ONLINE"}}}},
		{"row F1: a mirror with others beside it", "rpool",
			poolLine("rpool", "2013265920", "-", "DEGRADED") +
				vdevLine("mirror", "DEGRADED") + vdevLine("c2t0d0", "ONLINE") + vdevLine("12345678901234567890", "UNAVAIL") +
				logsHeading + vdevLine("c2t2d0", "ONLINE") +
				strings.Replace(logsHeading, "logs", "spare", 1) + vdevLine("c2t3d0", "AVAIL"),
			Pool{"rpool", "DEGRADED", 2013265920, 0, []Vdev{
				{"mirror", "", "DEGRADED"}, {"c2t0d0", "", "ONLINE"}, {"12345678901234567890", "", "UNAVAIL"},
				{"c2t2d0", "logs", "ONLINE"}, {"c2t3d0", "spare", "AVAIL"}}}},
		{"not there to be measured", "rpool", poolLine("rpool", "-", "-", "FAULTED"), Pool{Name: "rpool", Health: "FAULTED"}},
		{"numbers of devices in words", "rpool",
			poolLine("rpool", "1", "-", "ONLINE") + "\tc1d0\t3.50G\t1.4G\t2G\t-\t36G\t4%\t39%\t-\tONLINE\n",
			Pool{"rpool", "ONLINE", 1, 0, []Vdev{{"c1d0", "", "ONLINE"}}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g := stub(t, "/sbin/zpool list -Hpv "+tt.pool, 0, tt.out, "")
			got, err := ReadPool(t.Context(), g, tt.pool)
			if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
				t.Errorf("%q: %v (-want +got):\n%s", tt.out, err, diff)
			}
		})
	}
}

func TestReadPoolBad(t *testing.T) {
	good := poolLine("rpool", "1", "-", "ONLINE")
	refuses(t, parsePool, []badOutput{
		{"nothing", "", "zpool list: no pool"},
		{"an empty line", "\n", "1 fields, not 11"},
		{"other columns", "rpool\t1\tONLINE\n", `zpool list: line 1, "rpool\t1\tONLINE": 3 fields, not 11`},
		{"a size in words", poolLine("rpool", "3.5G", "-", "ONLINE"), "size: no number"},
		{"a size beyond 64 bits", poolLine("rpool", "18446744073709551616", "-", "ONLINE"), "out of range"},
		{"an odd expandsize", poolLine("rpool", "1", "-1", "ONLINE"), "expandsize: no number"},
		{"no health", poolLine("rpool", "1", "-", ""), "without name or health"},
		{"no name", poolLine("", "1", "-", "ONLINE"), "without name or health"},
		{"two pools", good + poolLine("tank", "1", "-", "ONLINE"), "line 2"},
		{"row F2: a device with a column too few", good + "\tc2t0d0\t1\tONLINE\n", "4 fields, not 11"},
		{"a device without health", good + vdevLine("c2t0d0", ""), "without name or health"},
		{"an empty heading", good + "  \n", "neither a device nor a heading"},
	})
	g := stub(t, "/sbin/zpool list -Hpv rpool", 0, poolLine("tank", "1", "-", "ONLINE"), "")
	if _, err := ReadPool(t.Context(), g, "rpool"); err == nil || !strings.Contains(err.Error(), `"rpool" was asked for`) {
		t.Errorf("another pool: %v", err)
	}
}

func FuzzPool(f *testing.F) {
	f.Add([]byte(poolLine("rpool", "-", "12", "ONLINE") + vdevLine("c2t0d0", "ONLINE") + logsHeading + vdevLine("c2t1d0", "ONLINE")))
	f.Fuzz(func(t *testing.T, out []byte) {
		stable(t, "zpool list", out, parsePool, func(p Pool) string {
			text, class := poolLine(p.Name, fmt.Sprint(p.Size), fmt.Sprint(p.Expand), p.Health), ""
			for _, v := range p.Vdevs {
				if v.Class != class {
					class = v.Class
					text += " " + class + " -\n"
				}
				text += vdevLine(v.Name, v.Health)
			}
			return text
		})
	})
}

func TestPoolGUID(t *testing.T) {
	const guid = "9876543210987654321"
	g := stub(t, "/sbin/zpool get -Hp -o value guid rpool", 0, guid+"\n", "")
	if got, err := PoolGUID(t.Context(), g, "rpool"); got != guid || err != nil {
		t.Errorf("PoolGUID = %q, %v", got, err)
	}
	refuses(t, parsePoolGUID, []badOutput{
		{"nothing", "", "zpool get: one line expected"},
		{"no newline", guid, "one line expected"},
		{"two", "1\n2\n", "one line expected"},
		{"none", "-\n", `line 1, "-": no GUID`},
		{"zero", "0\n", "no GUID"},
		{"negative", "-5\n", "no GUID"},
		{"too large", "98765432109876543210\n", "no GUID"},
	})
}

func FuzzPoolGUID(f *testing.F) {
	f.Add([]byte("9876543210987654321\n"))
	f.Fuzz(func(t *testing.T, out []byte) {
		stable(t, "zpool get", out, parsePoolGUID, func(guid string) string { return guid + "\n" })
	})
}
