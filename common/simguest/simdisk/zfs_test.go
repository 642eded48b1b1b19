// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simdisk

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
)

// numbers reads the columns of zfs list -Hp.
func (g *guest) numbers(line string) (n []int64) {
	g.t.Helper()
	for _, f := range strings.Fields(g.must(line)) {
		v, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			g.t.Fatalf("%s: %v", line, err)
		}
		n = append(n, v)
	}
	return n
}

// TestVolumeSpace follows the pool's space through the life of a volume: it is
// all reserved at once, more than the size, and all back at the end.
func TestVolumeSpace(t *testing.T) {
	g := install(t, nil)
	space := func() []int64 { return g.numbers("zfs list -Hp -o used,available rpool") }
	before := space()
	g.must("zfs create -V 512m -b 4096 -o sync=always -o primarycache=metadata rpool/swap")
	during := space()
	reserved := g.numbers("zfs get -Hp -o value refreservation rpool/swap")[0]
	if reserved <= 512*mib || reserved > 560*mib {
		t.Errorf("refreservation %d of a volume of 512 MiB", reserved)
	}
	if took := before[1] - during[1]; took < reserved-mib || took > reserved+mib {
		t.Errorf("the volume took %d of the space, %d is reserved", took, reserved)
	}
	if sum := during[0] + during[1]; sum != before[0]+before[1] {
		t.Errorf("used and available are %d together, were %d", sum, before[0]+before[1])
	}
	if got, want := g.must("zfs get -Hp -o value volsize,volblocksize,primarycache rpool/swap"), "536870912\n4096\nmetadata\n"; got != want {
		t.Errorf("zfs get: got %q, want %q", got, want)
	}
	if info, err := os.Stat(g.Path(swapNode)); err != nil || info.Size() != 512*mib {
		t.Errorf("the volume's node: %v, %v", info, err)
	}
	if got := g.must("zfs list -Hp -o name,type"); got != "rpool\tfilesystem\nrpool/ROOT\tfilesystem\nrpool/ROOT/omnios\tfilesystem\nrpool/swap\tvolume\n" {
		t.Errorf("zfs list: %q", got)
	}
	g.must("zfs set volsize=1g rpool/swap")
	if info, err := os.Stat(g.Path(swapNode)); err != nil || info.Size() != gib {
		t.Errorf("the node after zfs set volsize: %v, %v", info, err)
	}
	g.must("zfs destroy rpool/swap")
	if after := space(); after[1] != before[1] {
		t.Errorf("available is %d, was %d", after[1], before[1])
	}
	if _, err := os.Lstat(g.Path(swapNode)); err == nil {
		t.Error("the volume's node is still there")
	}
}

func TestZfsRefuses(t *testing.T) {
	g := install(t, withSwap)
	free := g.numbers("zfs list -Hp -o available rpool")[0]
	g.refuses([]refusalTest{
		{"exists", "zfs create -V 1g rpool/swap", "", "cannot create 'rpool/swap': dataset already exists\n", 1},
		{"no space", fmt.Sprintf("zfs create -V %d rpool/new", free), "", "cannot create 'rpool/new': out of space\n", 1},
		{"no parent", "zfs create -V 1g rpool/a/b", "", "cannot create 'rpool/a/b': parent does not exist\n", 1},
		{"below a volume", "zfs create -V 1g rpool/swap/b", "", "cannot create 'rpool/swap/b': parent is not a filesystem\n", 1},
		{"no pool", "zfs create -V 1g tank/a", "", "cannot open 'tank': no such pool\n", 1},
		{"zero", "zfs create -V 0 rpool/new", "", "cannot create 'rpool/new': volume size cannot be zero\n", 1},
		{"suffix", "zfs create -V 2q rpool/new", "", "bad volume size '2q': invalid numeric suffix 'q'\n", 1},
		{"GiB", "zfs create -V 2GiB rpool/new", "", "bad volume size '2GiB': invalid numeric suffix 'GiB'\n", 1},
		{"number", "zfs create -V x rpool/new", "", "bad volume size 'x': bad numeric value 'x'\n", 1},
		{"option", "zfs create -q rpool/new", "", "invalid option 'q'\nusage:\n\tcreate …", 2},
		{"property", "zfs create -V 1g -o color=red rpool/new", "", "cannot create 'rpool/new': invalid property 'color'\n", 1},
		{"missing", "zfs list -Hp rpool/none", "", "cannot open 'rpool/none': dataset does not exist\n", 1},
		{"destroy missing", "zfs destroy rpool/none", "", "cannot open 'rpool/none': dataset does not exist\n", 1},
		{"volsize", "zfs set volsize=1000 rpool/swap", "", "cannot set property for 'rpool/swap': 'volsize' must be a multiple of volume block size (4K)\n", 1},
		{"snapshot", "zfs snapshot rpool@a", "", "simulated guest: zfs snapshot is not simulated\n", 127},
	})
	g.must("zfs create -p -V 1g rpool/swap") // -p makes one that is there a success
	if got := g.must("zfs list -H -o name /"); got != "rpool/ROOT/omnios\n" {
		t.Errorf("zfs list /: %q", got)
	}
}
