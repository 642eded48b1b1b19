// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package volume

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"

	"illumos-metadata/common/guest"
)

// What a node of a test can lead to. An empty slice and an empty drive do not
// open (ENXIO), as a socket does not; a broken disk does not read, as a
// directory does not.
const (
	noDevice = "ENXIO"
	broken   = "EIO"
	fifo     = "FIFO"
	dangling = "dangling"
)

// newGuest gives a guest with the given nodes, by path; what is none of the
// constants above is the content of the disk.
func newGuest(t testing.TB, nodes map[string]string) *guest.Guest {
	t.Helper()
	// A socket's path has little room, hence not t.TempDir.
	root, err := os.MkdirTemp("", "volume")
	must(t, err)
	t.Cleanup(func() { os.RemoveAll(root) })
	g := guest.New(root, slog.New(slog.DiscardHandler))
	for node, content := range nodes {
		path := g.Host(node)
		must(t, os.MkdirAll(filepath.Dir(path), 0o755))
		switch content {
		case noDevice:
			must(t, unix.Mknod(path, unix.S_IFSOCK|0o600, 0))
		case broken:
			must(t, os.Mkdir(path, 0o755))
		case fifo:
			must(t, unix.Mkfifo(path, 0o600))
		case dangling:
			must(t, os.Symlink("../../devices/gone", path))
		default:
			must(t, os.WriteFile(path, []byte(content), 0o600))
		}
	}
	return g
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// labelledDisk is a disk that begins with a protective master boot record.
func labelledDisk() string {
	b := make([]byte, 1<<16)
	b[510], b[511] = 0x55, 0xaa
	copy(b[512:], "EFI PART")
	return string(b)
}

func TestFind(t *testing.T) {
	archive := string(write("odc", file("nodename", "web1")))
	newc := string(write("newc", file("nodename", "web1")))
	blank, label := string(make([]byte, 1<<16)), labelledDisk()
	disc := string(image(t, "joliet", "install", nil))
	tests := []struct {
		name       string
		nodes      map[string]string
		want       string // places and formats
		unreadable string // disks
	}{
		{"no /dev", nil, "", ""},
		{"no disk", map[string]string{"/dev/dsk/README": archive}, "", ""},
		{"p0", map[string]string{"/dev/dsk/c2t0d0p0": archive}, "/dev/dsk/c2t0d0p0 odc", ""},
		{"all nodes of a disk", map[string]string{
			"/dev/dsk/c2t0d0p0": archive, "/dev/dsk/c2t0d0s0": archive, "/dev/dsk/c2t0d0s2": archive,
			"/dev/rdsk/c2t0d0p0": archive, "/dev/removable-media/dsk/c2t0d0p0": archive,
			"/dev/dsk/c2t0d0p1": noDevice, "/dev/dsk/c2t0d0s7": noDevice,
		}, "/dev/dsk/c2t0d0p0 odc", ""},
		{"raw node alone", map[string]string{"/dev/rdsk/c2t0d0p0": archive}, "/dev/rdsk/c2t0d0p0 odc", ""},
		{"removable medium alone", map[string]string{"/dev/removable-media/rdsk/c1t0d0p0": newc}, "/dev/removable-media/rdsk/c1t0d0p0 newc", ""},
		{"bare name alone", map[string]string{"/dev/dsk/c2t0d0": archive}, "/dev/dsk/c2t0d0 odc", ""},
		{"s2 alone", map[string]string{"/dev/dsk/c2t0d0s2": archive, "/dev/dsk/c2t0d0p0": noDevice}, "/dev/dsk/c2t0d0s2 odc", ""},
		{"s0 behind a label", map[string]string{"/dev/dsk/c2t0d0p0": label, "/dev/dsk/c2t0d0s2": noDevice, "/dev/dsk/c2t0d0s0": archive}, "/dev/dsk/c2t0d0s0 odc", ""},
		{"no other slice", map[string]string{"/dev/dsk/c2t0d0p0": label, "/dev/dsk/c2t0d0s1": archive, "/dev/dsk/c2t0d0p1": archive}, "", ""},
		{"names of all drivers", map[string]string{
			"/dev/dsk/c0d1p0": archive, "/dev/dsk/c3t5000CCA0496FCA6Dd0p0": newc,
			"/dev/dsk/c1t00A0750130082207d1p0": archive, "/dev/dsk/C1t0d0p0": archive, "/dev/dsk/c1t0d0p0x": archive,
		}, "/dev/dsk/c0d1p0 odc, /dev/dsk/c1t00A0750130082207d1p0 odc, /dev/dsk/c3t5000CCA0496FCA6Dd0p0 newc", ""},
		{"device order", map[string]string{
			"/dev/dsk/c10t0d0p0": archive, "/dev/dsk/c2t1d0p0": archive, "/dev/dsk/c2t0d10p0": archive, "/dev/dsk/c2t0dAp0": archive, "/dev/dsk/c2t10d0p0": archive, "/dev/dsk/c2d0p0": archive,
		}, "/dev/dsk/c2d0p0 odc, /dev/dsk/c2t0dAp0 odc, /dev/dsk/c2t0d10p0 odc, /dev/dsk/c2t1d0p0 odc, /dev/dsk/c2t10d0p0 odc, /dev/dsk/c10t0d0p0 odc", ""},

		// Absence.
		{"empty drive", map[string]string{"/dev/dsk/c1t0d0p0": noDevice, "/dev/dsk/c1t0d0s0": noDevice, "/dev/dsk/c1t0d0s2": noDevice}, "", ""},
		{"dangling link", map[string]string{"/dev/dsk/c1t0d0p0": dangling}, "", ""},
		{"blank disk", map[string]string{"/dev/dsk/c1t0d0p0": blank, "/dev/dsk/c1t0d0s0": blank}, "", ""},
		{"root disk", map[string]string{"/dev/dsk/c1t0d0p0": label, "/dev/dsk/c1t0d0": label, "/dev/dsk/c1t0d0s0": blank, "/dev/dsk/c1t0d0s2": noDevice}, "", ""},
		{"a broken slice of a disk that was read", map[string]string{"/dev/dsk/c1t0d0p0": label, "/dev/dsk/c1t0d0s0": broken}, "", ""},
		{"tiny disk", map[string]string{"/dev/dsk/c1t0d0p0": "07070"}, "", ""},
		{"no disk at all", map[string]string{"/dev/dsk/c1t0d0p0": ""}, "", ""},
		{"tar", map[string]string{"/dev/dsk/c1t0d0p0": "nodename" + strings.Repeat("\x00", 249) + "ustar\x0000" + blank}, "", ""},
		{"data that begin as a binary archive does", map[string]string{"/dev/dsk/c1t0d0p0": "\xc7\x71" + strings.Repeat("random data", 1000)}, "", ""},
		{"a FIFO, which would hang", map[string]string{"/dev/dsk/c1t0d0p0": fifo}, "", ""},

		// Unreadable is never absence.
		{"broken disk", map[string]string{"/dev/dsk/c1t0d0p0": broken, "/dev/dsk/c1t0d0s2": noDevice}, "", "disk c1t0d0"},
		{"broken, but for a slice without archive", map[string]string{"/dev/dsk/c1t0d0p0": broken, "/dev/dsk/c1t0d0s2": blank}, "", "disk c1t0d0"},
		{"broken, but for a slice with a CD of another label", map[string]string{"/dev/dsk/c1t0d0p0": broken, "/dev/dsk/c1t0d0s2": disc}, "/dev/dsk/c1t0d0s2 iso9660", "disk c1t0d0"},
		{"broken, but for another node", map[string]string{"/dev/dsk/c1t0d0p0": broken, "/dev/rdsk/c1t0d0p0": archive}, "/dev/rdsk/c1t0d0p0 odc", ""},
		{"broken, beside an archive", map[string]string{"/dev/dsk/c1t0d0p0": broken, "/dev/dsk/c3t0d0p0": broken, "/dev/dsk/c2t0d0p0": archive}, "/dev/dsk/c2t0d0p0 odc", "disk c1t0d0, disk c3t0d0"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g := newGuest(t, tt.nodes)
			found, unreadable, err := Find(t.Context(), g)
			must(t, err)
			var got, disks []string
			for _, v := range found {
				got = append(got, v.Place+" "+v.Format)
			}
			for _, err := range unreadable {
				name, _, _ := strings.Cut(err.Error(), ":")
				disks = append(disks, name)
				if strings.Contains(err.Error(), g.Root) {
					t.Errorf("the error shows more than the guest's own path: %v", err)
				}
			}
			if g := strings.Join(got, ", "); g != tt.want {
				t.Errorf("found %s\nwant  %s", g, tt.want)
			}
			if g := strings.Join(disks, ", "); g != tt.unreadable {
				t.Errorf("unreadable %s, want %s", g, tt.unreadable)
			}
		})
	}
}

// TestFindNoDirectory: disks that cannot be listed are not absent.
func TestFindNoDirectory(t *testing.T) {
	g := newGuest(t, map[string]string{"/dev/dsk": "not a directory"})
	if found, _, err := Find(t.Context(), g); err == nil {
		t.Errorf("got %v", found)
	}
}

// TestRead: every format is read from a disk, and nothing is written (S2, S3).
func TestRead(t *testing.T) {
	for _, form := range forms {
		script := strings.Repeat("x", 200_000)
		g := newGuest(t, map[string]string{
			"/dev/dsk/c2t0d0p0": string(write(form, file("nodename", "web1"), file("script", script), file("../../../etc/x", "x"))) + "garbage",
		})
		before := tree(t, g.Root)
		found, _, err := Find(t.Context(), g)
		if err != nil || len(found) != 1 || found[0].Format != form {
			t.Fatalf("%s: %v, %v", form, found, err)
		}
		c, err := found[0].Read(t.Context(), g, limits)
		if err != nil || string(c.Files["nodename"]) != "web1" || string(c.Files["script"]) != script || len(c.Files) != 2 {
			t.Errorf("%s: %d files, %v", form, len(c.Files), err)
		}
		if after := tree(t, g.Root); after != before {
			t.Errorf("%s: the guest was\n%s and is\n%s", form, before, after)
		}
	}
}

// tree lists every file below root.
func tree(t *testing.T, root string) string {
	t.Helper()
	var b strings.Builder
	must(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(&b, path, info.Mode(), info.Size(), info.ModTime())
		return err
	}))
	return b.String()
}

func TestReadErrors(t *testing.T) {
	g := newGuest(t, map[string]string{
		"/dev/dsk/c1t0d0p0": string(unended("odc", file("nodename", "web1"))),
		"/dev/dsk/c2t0d0p0": broken,
		"/dev/dsk/c3t0d0p0": noDevice,
	})
	for place, want := range map[string]string{
		"/dev/dsk/c1t0d0p0": "read archive /dev/dsk/c1t0d0p0: odc archive, member 2: unexpected EOF",
		"/dev/dsk/c2t0d0p0": "read archive /dev/dsk/c2t0d0p0: byte 0: is a directory",
		"/dev/dsk/c3t0d0p0": "read archive /dev/dsk/c3t0d0p0: open /dev/dsk/c3t0d0p0: no such device or address",
		"/dev/dsk/c4t0d0p0": "read archive /dev/dsk/c4t0d0p0: stat /dev/dsk/c4t0d0p0: no such file or directory",
	} {
		c, err := Volume{Place: place}.Read(t.Context(), g, limits)
		if err == nil || err.Error() != want {
			t.Errorf("got %v, %v\nwant %s", c, err, want)
		}
	}
	late := errors.New("too late")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(late)
	if _, err := (Volume{Place: "/dev/dsk/c1t0d0p0"}).Read(ctx, g, limits); !errors.Is(err, late) {
		t.Errorf("after the end of the context: %v", err)
	}
}

// TestHang: a disk that never answers costs half of the time, holds up no
// other, and counts as unreadable.
func TestHang(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		answer := make(chan struct{})
		probe := func(d disk) (Volume, error) {
			if d.name == "c1t0d0" {
				<-answer
			}
			return Volume{Place: d.name}, nil
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		began := time.Now()
		found, unreadable := scan(ctx, []disk{{name: "c1t0d0"}, {name: "c2t0d0"}}, probe)
		if took := time.Since(began); took != 30*time.Second {
			t.Errorf("took %v", took)
		}
		if !slices.Equal(found, []Volume{{Place: "c2t0d0"}}) {
			t.Errorf("found %v", found)
		}
		want := "disk c1t0d0: no answer within 30s: i/o timeout"
		if len(unreadable) != 1 || unreadable[0].Error() != want {
			t.Errorf("unreadable %v, want %s", unreadable, want)
		}
		close(answer)
	})
}

func TestWithin(t *testing.T) {
	late := errors.New("too late")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(late)
	block := make(chan int)
	defer close(block)
	if v, err := within(ctx, func() (int, error) { return <-block, nil }); v != 0 || !errors.Is(err, late) {
		t.Errorf("got %v, %v; want %v", v, err, late)
	}
	if v, err := within(t.Context(), func() (int, error) { return 7, fs.ErrInvalid }); v != 7 || err != fs.ErrInvalid {
		t.Errorf("got %v, %v", v, err)
	}
}
