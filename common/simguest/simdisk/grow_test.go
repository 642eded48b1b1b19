// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simdisk

import (
	"fmt"
	"strings"
	"testing"

	"illumos-metadata/common/simguest/world"
)

const expandFile = "/etc/expand"

// TestGrow lets a pool grow in both ways, on both sector sizes, with and without
// an EFI system partition, on all three states of illumos-gate.
func TestGrow(t *testing.T) {
	for _, sector := range []int{512, 4096} {
		for _, label := range []Label{LabelESP, LabelEFI} {
			for _, gate := range []Gate{GateCurrent, GateOld, GateHang} {
				image := func(c *Config) {
					c.Gate = gate
					c.Disks[0].Sector, c.Disks[0].Label, c.Disks[0].Driver = sector, label, "blkdev"
				}
				name := fmt.Sprintf("%d/%s/%s", sector, label, gate)
				t.Run(name+"/online", func(t *testing.T) { growAtOnce(t, install(t, image), gate) })
				t.Run(name+"/steps", func(t *testing.T) { growInSteps(t, install(t, image)) })
			}
		}
	}
}

// growAtOnce is zpool online -e alone.
func growAtOnce(t *testing.T, g *guest, gate Gate) {
	var status int
	err := change(g.World, func(s *state) error {
		status = zpool(&world.Call{World: g.World, Name: "zpool", Args: strings.Fields("online -e rpool c1t0d0"),
			Stdout: new(strings.Builder), Stderr: new(strings.Builder)}, s)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if gate != GateHang {
		if status != 0 {
			t.Errorf("online: status %d", status)
		}
		checkGrown(t, g)
		return
	}
	if p := g.pool(); status != hang || !p.Suspended {
		t.Errorf("online: status %d, pool %+v, want a hang", status, p)
	}
	g.powerOn()
	if p := g.pool(); p.Suspended || p.Health != "ONLINE" {
		t.Errorf("after a boot: %+v", p)
	}
	// The label is written; now nothing is in the way.
	g.must("zpool online -e rpool c1t0d0")
	checkGrown(t, g)
}

// growInSteps is format, fmthard and zpool online, which no gate hangs at.
func growInSteps(t *testing.T, g *guest) {
	g.env = []string{"NOINUSE_CHECK=1", "_LIBDISKMGT_INSTALL=1"}
	g.write(expandFile, "partition\nexpand\nlabel\nquit\nquit\n")
	out := g.must("format -d c1t0d0 -f " + expandFile)
	if want := "The expanded capacity is added to the unallocated space.\n"; !strings.Contains(out, want) {
		t.Errorf("format said %q, not %q", out, want)
	}
	l, before := label(t, g), g.pool()
	data, reserved := l.Partitions[len(l.Partitions)-2], l.Partitions[len(l.Partitions)-1]
	delta := fmt.Sprintf("%d:%d:%02x:%d:%d", data.Number, data.Tag, data.Flag, data.First, reserved.First-data.First)
	if out := g.must("fmthard -d " + delta + " /dev/rdsk/c1t0d0p0"); out != "" {
		t.Errorf("fmthard said %q", out)
	}
	if got := g.pool(); got != before {
		t.Errorf("the pool has grown before it was told: %+v", got)
	}
	g.must("zpool online -e rpool c1t0d0")
	checkGrown(t, g)
	kept := label(t, g).Partitions[len(l.Partitions)-2]
	if kept.GUID != data.GUID || kept.Name != "zfs" {
		t.Errorf("the data partition is %+v, was %+v", kept, data)
	}
}

// checkGrown checks pool and label of the usual guest.
func checkGrown(t *testing.T, g *guest) {
	t.Helper()
	// Without EFI system partition there is one metaslab more.
	sizes := map[int]int64{3: 42412802048, 2: 42412802048 + 256*mib}
	l := label(t, g)
	data, reserved := l.Partitions[len(l.Partitions)-2], l.Partitions[len(l.Partitions)-1]
	if p := g.pool(); p.Size != sizes[len(l.Partitions)] || p.Expand != 0 {
		t.Errorf("pool %+v", p)
	}
	if reserved.Last != l.LastLBA || data.Last+1 != reserved.First || reserved.Count*l.Sector != 8*mib {
		t.Errorf("label %+v", l)
	}
	if want := l.Sectors - 2 - 16384/l.Sector; l.LastLBA != want {
		t.Errorf("last usable sector %d, want %d", l.LastLBA, want)
	}
}

func label(t *testing.T, g *guest) LabelView {
	t.Helper()
	l, err := LabelOf(g.World, "c1t0d0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// TestOnlineRewrites shows what zpool online -e does where nothing is to be
// gained: the current gate writes the label, the old ones do not.
func TestOnlineRewrites(t *testing.T) {
	for gate, writes := range map[Gate]bool{GateCurrent: true, GateOld: false, GateHang: false} {
		g := install(t, func(c *Config) { c.Gate, c.Disks[0].Image = gate, 0 })
		err := look(g.World, func(s *state) error {
			m, err := s.Disks[0].open(g.World)
			if err != nil {
				return err
			}
			defer m.close()
			wrote, err := useWholeDisk(m, gate)
			if wrote != writes || (err == errVTNoSpace) == writes {
				t.Errorf("%s: wrote %v, %v", gate, wrote, err)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		g.must("zpool online -e rpool c1t0d0")
	}
}

// TestOldGateLeavesAGap shows what was wrong before 14577: a data partition that
// does not touch the reserved one stays as it is.
func TestOldGateLeavesAGap(t *testing.T) {
	for gate, grows := range map[Gate]bool{GateCurrent: true, GateOld: false} {
		g := install(t, func(c *Config) { c.Gate = gate })
		data := label(t, g).Partitions[1]
		g.must(fmt.Sprintf("fmthard -d 1:4:00:%d:%d /dev/rdsk/c1t0d0p0", data.First, data.Count-2048))
		g.must("zpool online -e rpool c1t0d0")
		if got := label(t, g).Partitions[1].Count > data.Count; got != grows {
			t.Errorf("%s: grown %v, want %v", gate, got, grows)
		}
	}
}

func TestAutoexpand(t *testing.T) {
	g := install(t, nil)
	g.must("zpool set autoexpand=on rpool")
	g.must("zpool online rpool c1t0d0")
	checkGrown(t, g)
}

// TestExpandOfOthers: what a log device could grow by is its own, not the
// pool's.
func TestExpandOfOthers(t *testing.T) {
	g := install(t, func(c *Config) {
		c.Disks[0].Image = 0
		c.Disks = append(c.Disks, Disk{Name: "c1t1d0", Size: 8 * gib, Image: 2 * gib, Label: LabelEFI})
		c.Pools[0].Vdevs = append(c.Pools[0].Vdevs, Vdev{Disk: "c1t1d0", Class: "logs"})
	})
	if p := g.pool(); p.Expand != 0 {
		t.Errorf("the pool could grow by %d", p.Expand)
	}
	if got := g.must("zpool list -Hpo expandsz rpool"); got != "-\n" {
		t.Errorf("zpool list: %q", got)
	}
	for line := range strings.Lines(g.must("zpool list -Hpv rpool")) {
		if f := strings.Split(line, "\t"); len(f) > 6 && f[1] == "c1t1d0" && f[6] == "-" {
			t.Errorf("the log device could not grow: %q", line)
		}
	}
}
