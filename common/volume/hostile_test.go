// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package volume

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
)

// patched is a disk with other bytes in some places.
type patched struct {
	data  []byte
	parts map[int64][]byte
}

func (p patched) ReadAt(b []byte, off int64) (int, error) {
	n := 0
	if off < int64(len(p.data)) {
		n = copy(b, p.data[off:])
	}
	for at, part := range p.parts {
		if at < off+int64(n) && at+int64(len(part)) > off {
			copy(b[max(0, at-off):n], part[max(0, off-at):])
		}
	}
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

// readSystem reads the file system on a disk.
func readSystem(ctx context.Context, disk io.ReaderAt, kind string) (Content, error) {
	return readFiles(newView(ctx, disk), Volume{Format: formatOf(kind)}.opener(), seedLimits)
}

func little(values ...uint32) []byte {
	var b []byte
	for _, v := range values {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	return b
}

// TestHostile: a file system that is made to do harm is an error, soon and with
// little memory.
func TestHostile(t *testing.T) {
	images := map[string][]byte{}
	for _, kind := range systems {
		images[kind] = image(t, kind, "cidata", seed())
	}
	// Where the parts of those images are.
	const fat12Table, fat16Table, fat32Table = 512, 4 * 512, 32 * 512
	primary := int64(isoDescriptors)
	word := func(kind string, at int64) int64 { return int64(binary.LittleEndian.Uint32(images[kind][at:])) }
	root := word("rockridge", primary+158) * isoSector
	continuation := append([]byte{0xff, 0}, images["rockridge"][root+2:root+34]...)
	continuation = append(continuation, "SP\x07\x01\xbe\xef\x00CE\x1c\x01"...)
	ce := func(block, offset, size uint32) []byte {
		return append(bytes.Clone(continuation), little(block, 0, offset, 0, size, 0)...)
	}
	boot := append([]byte{0}, images["plain"][primary+1:primary+isoSector]...)
	tests := []struct {
		name, kind string
		parts      map[int64][]byte
		want       string
	}{
		{"chain of one cluster", "fat12", map[int64][]byte{fat12Table + 3: {0x02, 0x20, 0x00}}, "a chain that leads back to itself"},
		{"chain of two clusters", "fat16", map[int64][]byte{fat16Table + 2*10: {11, 0, 10, 0}}, "a chain that leads back to itself"},
		{"chain of the root directory", "fat32", map[int64][]byte{fat32Table + 4*2: little(2)}, "a chain that leads back to itself"},
		{"great allocation table", "fat32", map[int64][]byte{36: little(1 << 24)}, "its allocation table has 8589934592 bytes"},
		{"great root directory", "fat16", map[int64][]byte{17: {0xff, 0xff}}, "its root directory has 2097152 bytes"},
		{"long root directory", "fat32", map[int64][]byte{fat32Table + 4*2: long(600)}, "its root directory has more than"},
		{"other root directory", "fat32", map[int64][]byte{44: little(77)}, "begins at cluster 77"},
		{"one allocation table", "fat12", map[int64][]byte{16: {1}}, "it has one allocation table"},
		{"no boot sector", "fat12", map[int64][]byte{510: {0, 0}}, "not a FAT file system"},

		{"endless descriptors", "plain", map[int64][]byte{primary: bytes.Repeat(boot, 40)}, "more than 32 volume descriptors"},
		{"no terminator", "plain", map[int64][]byte{primary + isoSector: make([]byte, isoSector)}, "not a volume descriptor"},
		{"great path table", "plain", map[int64][]byte{primary + 132: little(1 << 31)}, "its path table has 2147483648 bytes"},
		{"great Joliet path table", "joliet", map[int64][]byte{primary + isoSector + 132: little(1 << 31)}, "its path table has 2147483648 bytes"},
		{"great root directory", "rockridge", map[int64][]byte{primary + 166: little(1 << 31)}, "its root directory has 2147483648 bytes"},
		{"great root directory by its own record", "plain", map[int64][]byte{root + 10: little(1 << 31)}, "its root directory has 2147483648 bytes"},
		{"path table to elsewhere", "plain", map[int64][]byte{word("plain", primary+140)*isoSector + 2: little(3)}, "another root directory"},
		{"other block size", "plain", map[int64][]byte{primary + 128: {0, 2}}, "blocks are not of 2048 bytes"},
		{"great continuation area", "rockridge", map[int64][]byte{root: ce(20, 0, 1<<31)}, "a continuation area of 2147483648 bytes"},
		{"continuation beyond the end", "rockridge", map[int64][]byte{root: ce(1<<20, 0, 100)}, "unexpected EOF"},
		{"continuation that leads to itself", "rockridge", map[int64][]byte{root: ce(uint32(root/isoSector), uint32(len(continuation)-4), 28)}, "MiB have to be read"},
	}
	for _, tt := range tests {
		t.Run(tt.kind+"/"+tt.name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			c, err := readSystem(t.Context(), patched{images[tt.kind], tt.parts}, tt.kind)
			runtime.ReadMemStats(&after)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %.200s, %v; want the error %q", text(c), err, tt.want)
			}
			if grown := after.TotalAlloc - before.TotalAlloc; grown > 128<<20 {
				t.Errorf("%d bytes were allocated", grown)
			}
		})
	}
}

// long is a FAT32 chain of n clusters from cluster 2 on.
func long(n uint32) []byte {
	var next []uint32
	for i := range n {
		next = append(next, i+3)
	}
	return little(append(next, 0x0fffffff)...)
}

// TestCutOff: a volume that ends early is damaged or still holds all that is
// wanted, and nothing between: no file turns up empty, filled with zeros or not
// at all because it could not be read.
func TestCutOff(t *testing.T) {
	for _, kind := range systems {
		whole := image(t, kind, "cidata", map[string]string{"meta-data": "instance-id: i-1\n", "user-data": strings.Repeat("x", 30_000)})
		want, err := readSystem(t.Context(), bytes.NewReader(whole), kind)
		must(t, err)
		failed := 0
		for size := 0; size < len(whole) && size < 400_000; size += 2000 {
			c, err := readSystem(t.Context(), bytes.NewReader(whole[:size]), kind)
			switch {
			case err != nil && len(c.Files)+len(c.Refused) == 0:
				failed++
			case err != nil || text(c) != text(want):
				t.Errorf("%s of %d bytes: %.200s, %v", kind, size, text(c), err)
			}
		}
		if failed < 9 {
			t.Errorf("%s: only %d sizes are too small", kind, failed)
		}
	}
}

// TestDirectories: what has the name of a file and is none.
func TestDirectories(t *testing.T) {
	disk := image(t, "fat12", "cidata", map[string]string{"meta-data": "x", "user-data": "y"})
	at := bytes.Index(disk, []byte("META-D")) // its short entry
	if at < 0 {
		t.Fatal("no such entry")
	}
	disk[at+11] |= 0x10
	_, c := mount(t, disk)
	if got, want := text(c), "meta-data: it is a directory, not a regular file\nuser-data=\"y\""; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestLinksAndDevices: on a CD with Rock Ridge a file can be anything.
func TestLinksAndDevices(t *testing.T) {
	disk := image(t, "rockridge", "cidata", map[string]string{"meta-data": "x", "user-data": "y"})
	mode := func(name string, mode uint32) {
		record := disk[:bytes.Index(disk, []byte(name))]
		px := bytes.LastIndex(record, []byte("PX,\x01")) // its POSIX attributes (RRIP section 4.1.1)
		copy(disk[px+4:], little(mode))
	}
	mode("meta-data", 0o120777)
	mode("user-data", 0o020666)
	_, c := mount(t, disk)
	if got, want := text(c), "meta-data: it is a symbolic link, not a regular file\nuser-data: it is no regular file"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestView: a raw node is read in whole sectors at multiples of them, each of
// them once, no more than is allowed in all, and not once the context has ended.
func TestView(t *testing.T) {
	data := make([]byte, 3*chunkSize+512)
	for i := range data {
		data[i] = byte(i * 7)
	}
	raw := &rawNode{data: data}
	v := newView(t.Context(), raw)
	for _, part := range [][2]int64{{0, 1}, {77, 1000}, {chunkSize - 3, 7}, {5, 3*chunkSize + 500}, {3*chunkSize + 500, 12}} {
		got, err := v.bytes(part[0], part[1])
		if err != nil || !bytes.Equal(got, data[part[0]:part[0]+part[1]]) {
			t.Errorf("bytes %v: %v", part, err)
		}
	}
	if raw.wrong != "" || len(v.chunks) != 4 {
		t.Errorf("%s, %d chunks", raw.wrong, len(v.chunks))
	}
	for _, off := range []int64{-1, 3*chunkSize + 511, 1 << 40} {
		if _, err := v.bytes(off, 2); err == nil {
			t.Errorf("bytes at %d are there", off)
		}
	}
	late := errors.New("too late")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(late)
	if _, err := newView(ctx, raw).bytes(0, 1); !errors.Is(err, late) {
		t.Errorf("after the end of the context: %v", err)
	}
	reads := 0
	for v := newView(t.Context(), raw); ; reads++ {
		if _, err := v.ReadAt(make([]byte, 1), 0); errors.Is(err, errServed) {
			break
		}
	}
	if reads > maxServed/readCost {
		t.Errorf("%d reads were served", reads)
	}
}

// FuzzFileSystem: whatever is wrong with a file system, nothing beyond the
// limits is kept and only what was asked for, an error comes alone, and it all
// ends soon.
func FuzzFileSystem(f *testing.F) {
	images := map[string][]byte{}
	for _, kind := range systems {
		images[kind] = image(f, kind, "cidata", map[string]string{"meta-data": "instance-id: i-1\n", "user-data": strings.Repeat("x", 5000)})
	}
	root := int64(binary.LittleEndian.Uint32(images["rockridge"][isoDescriptors+158:])) * isoSector
	for i, at := range []int64{0, 11, 17, 36, 512, 2048, 19 * 512, 32 * 512, isoDescriptors, isoDescriptors + 128, isoDescriptors + 156, root, root + 100} {
		f.Add(i, at, []byte("\xff\xff\xff\x7f"), int64(i%2)*50_000)
		f.Add(i+1, at, []byte("CE\x1c\x01\x14\x00\x00\x00"), int64(0))
		f.Add(i+2, at, []byte{0}, int64(0))
	}
	f.Fuzz(func(t *testing.T, which int, at int64, part []byte, size int64) {
		kind := systems[uint(which)%uint(len(systems))]
		disk := images[kind]
		if size > 0 && size < int64(len(disk)) {
			disk = disk[:size]
		}
		// Where it matters: everything is in the first megabyte.
		at = int64(uint64(at) % (1 << 20))
		c, err := readSystem(t.Context(), patched{disk, map[int64][]byte{at: part}}, kind)
		if err != nil && len(c.Files)+len(c.Refused) > 0 {
			t.Errorf("with the error %v comes %.200s", err, text(c))
		}
		for name, b := range c.Files {
			if limit, wanted := seedLimits[name]; !wanted || int64(len(b)) > limit {
				t.Errorf("kept %q with %d bytes", name, len(b))
			}
			if _, both := c.Refused[name]; both {
				t.Errorf("%q is kept and refused", name)
			}
		}
	})
}

// FuzzProbe: whatever a disk begins with, looking at it harms nothing.
func FuzzProbe(f *testing.F) {
	for _, kind := range systems {
		f.Add(image(f, kind, "cidata", nil)[:isoDescriptors+isoSector])
	}
	f.Add(write("newc", file("keys", "k")))
	f.Fuzz(func(t *testing.T, head []byte) {
		v := newView(t.Context(), bytes.NewReader(head))
		found, err := v.volume(head, "/dev/dsk/c2t0d0p0")
		if err != nil {
			t.Errorf("an error that is no device's: %v", err)
		}
		if label := bytes.Contains(bytes.ToLower(head), []byte(seedLabel)); !label && found.Seed {
			t.Errorf("%+v without a label", found)
		}
		if found != (Volume{}) && found.Seed == (found.Archive() || found.Disc()) {
			t.Errorf("%+v is not one of the three", found)
		}
	})
}
