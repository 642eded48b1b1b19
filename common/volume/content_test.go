// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package volume

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// limits are what the tests ask for.
var limits = map[string]int64{"nodename": 64, "keys": 1 << 10, "script": 1 << 20}

func read(b []byte, limits map[string]int64) (Content, error) {
	return readArchive(bytes.NewReader(b), limits)
}

// text shows a Content as one line for each item.
func text(c Content) string {
	var lines []string
	for name, data := range c.Files {
		lines = append(lines, fmt.Sprintf("%s=%q", name, data))
	}
	for name, why := range c.Refused {
		lines = append(lines, name+": "+why)
	}
	slices.Sort(lines)
	return strings.Join(append(lines, c.Warnings...), "\n")
}

func TestReadArchive(t *testing.T) {
	tests := []struct {
		name    string
		entries []entry
		want    string
	}{
		{"empty archive", nil, ""},
		{"as cpio -o writes it", []entry{file("keys", "k\n"), file("nodename", "web1\n"), file("script", "#!/bin/sh\n")},
			`keys="k\n"` + "\n" + `nodename="web1\n"` + "\n" + `script="#!/bin/sh\n"`},
		{"as find . | cpio -o writes it", []entry{{name: ".", mode: 0o040755}, file("./nodename", "web1"), file(".//keys", "k")},
			`keys="k"` + "\n" + `nodename="web1"`},
		{"odd and even lengths", []entry{file("keys", "1"), file("nodename", "22"), file("script", "333")},
			`keys="1"` + "\n" + `nodename="22"` + "\n" + `script="333"`},
		{"empty file", []entry{file("keys", "")}, `keys=""`},
		{"a link to it elsewhere", []entry{{name: "keys", data: "k", links: 2}}, `keys="k"`},
		{"not wanted", []entry{file("README", "x"), file("Keys", "k"), file("keys", "k")},
			`keys="k"` + "\nmember \"README\" is ignored\nmember \"Keys\" is ignored"},
		{"the first one counts", []entry{file("keys", "1"), file("./keys", "2")},
			`keys="1"` + "\nmember \"./keys\" is ignored: there was one before"},

		// S2: a name is only a name to look up.
		{"hostile names", []entry{file("/keys", "x"), file("../keys", "x"), file("./../keys", "x"), file("a/../keys", "x"), file("keys/", "x"), file("", "x")},
			"member \"/keys\" is ignored\nmember \"../keys\" is ignored\nmember \"./../keys\" is ignored\nmember \"a/../keys\" is ignored\nmember \"keys/\" is ignored\nmember \"\" is ignored"},
		{"link", []entry{{name: "keys", data: "/etc/shadow", mode: 0o120777}, file("nodename", "a")},
			"keys: it is a symbolic link, not a regular file\n" + `nodename="a"`},
		{"devices", []entry{{name: "keys", mode: 0o020666}, {name: "script", mode: 0o060666}, {name: "nodename", mode: 0o010644}},
			"keys: it is a device, not a regular file\nnodename: it is a FIFO, not a regular file\nscript: it is a device, not a regular file"},
		{"directory and socket", []entry{{name: "keys", mode: 0o040755}, {name: "script", mode: 0o140755}, {name: "nodename", mode: 0o644}},
			"keys: it is a directory, not a regular file\nnodename: it is of an unknown type, not a regular file\nscript: it is a socket, not a regular file"},
		{"setuid is only a mode", []entry{{name: "script", data: "x", mode: 0o106755}}, `script="x"`},
		{"at the limit", []entry{file("nodename", strings.Repeat("x", 64))}, `nodename="` + strings.Repeat("x", 64) + `"`},
		{"over the limit", []entry{file("nodename", strings.Repeat("x", 65)), file("keys", "k")},
			`keys="k"` + "\nnodename: it has 65 bytes, and 64 are the most"},
	}
	for _, form := range forms {
		for _, tt := range tests {
			t.Run(form+"/"+tt.name, func(t *testing.T) {
				c, err := read(write(form, tt.entries...), limits)
				if err != nil {
					t.Fatal(err)
				}
				if got := text(c); got != tt.want {
					t.Errorf("got:\n%s\nwant:\n%s", got, tt.want)
				}
			})
		}
	}
}

// TestLinks: newc and crc keep what a file with several links holds with the
// last one only.
func TestLinks(t *testing.T) {
	tests := []struct {
		name    string
		entries []entry
		want    string
	}{
		{"content last", []entry{{name: "keys", inode: 7, links: 2}, {name: "other", data: "k", inode: 7, links: 2}},
			"keys=\"k\"\nmember \"other\" is ignored"},
		{"both wanted", []entry{{name: "keys", inode: 7, links: 3}, {name: "script", inode: 7, links: 3}, {name: "nodename", data: "k", inode: 7, links: 3}},
			"keys=\"k\"\nnodename=\"k\"\nscript=\"k\""},
		{"too long for one of them", []entry{{name: "nodename", inode: 7, links: 2}, {name: "keys", data: strings.Repeat("k", 70), inode: 7, links: 2}},
			"keys=\"" + strings.Repeat("k", 70) + "\"\nnodename: it has 70 bytes, and 64 are the most"},
		{"other file", []entry{{name: "keys", inode: 7, links: 2}, {name: "other", data: "k", inode: 8, links: 2}, {name: "nodename", data: "n", inode: 7}},
			"keys=\"\"\nnodename=\"n\"\nmember \"other\" is ignored"},
		{"a second one is no link", []entry{{name: "keys", inode: 7, links: 2}, {name: "keys", data: "k", inode: 8, links: 2}},
			"keys=\"\"\nmember \"keys\" is ignored: there was one before"},
	}
	for _, form := range []string{"newc", "crc"} {
		for _, tt := range tests {
			t.Run(form+"/"+tt.name, func(t *testing.T) {
				c, err := read(write(form, tt.entries...), limits)
				if got := text(c); err != nil || got != tt.want {
					t.Errorf("%v, got:\n%s\nwant:\n%s", err, got, tt.want)
				}
			})
		}
	}
}

func TestChecksum(t *testing.T) {
	bad := entry{name: "keys", data: "k", sum: new(uint32(1))}
	c, err := read(write("crc", bad, file("nodename", "a")), limits)
	want := "keys: it is damaged: its checksum is another one\nnodename=\"a\""
	if got := text(c); err != nil || got != want {
		t.Errorf("%v, got:\n%s\nwant:\n%s", err, got, want)
	}
	bad.name = "other"
	if c, err := read(write("crc", bad), limits); err != nil || len(c.Refused) != 0 {
		t.Errorf("a damaged member that is not wanted: %v, %v", c, err)
	}
}

// TestDamaged: nothing of an archive counts if its end cannot be seen, or what
// lies between.
func TestDamaged(t *testing.T) {
	good := file("keys", "some keys\n")
	for _, form := range forms {
		whole := write(form, good, file("nodename", "web1\n"))
		tests := []struct {
			name string
			data []byte
			want string
		}{
			{"no trailer, end of the file", unended(form, good), "unexpected EOF"},
			{"no trailer, zeros", append(unended(form, good), make([]byte, 8192)...), "member 2: not a cpio header"},
			{"cut off in a name", unended(form, good)[:len(unended(form))+30], ""},
			{"another format goes on", append(unended(form, good), write("odc", good)...), ""},
			{"size beyond the end", write(form, entry{name: "keys", data: "k", size: new(int64(1000))}), "unexpected EOF"},
			{"great size beyond the end", write(form, entry{name: "x", data: "k", size: new(int64(1)<<31 - 1)}), "unexpected EOF"},
			{"no name", append(unended(form, good), write(form, entry{name: "x", nameSize: -1})...), ""},
			{"long name", append(unended(form, good), write(form, entry{name: "x", nameSize: 5000})...), "not a cpio header"},
			{"too many members", write(form, slices.Repeat([]entry{{name: "d", mode: 0o040755}}, maxMembers+1)...), "more than 10000 members"},
			{"nothing", nil, "not a cpio header"},
			{"magic only", whole[:6], ""},
		}
		for _, tt := range tests {
			if form == "odc" && tt.name == "another format goes on" {
				continue // it would be the same one
			}
			t.Run(form+"/"+tt.name, func(t *testing.T) {
				c, err := read(tt.data, limits)
				if err == nil || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("got %v, %v; want the error %q", c, err, tt.want)
				}
			})
		}
	}
}

// TestHostileSVR4: what only newc's eight hexadecimal digits can say.
func TestHostileSVR4(t *testing.T) {
	for _, form := range []string{"newc", "crc"} {
		whole := string(write(form, file("keys", "k")))
		for name, change := range map[string]struct {
			at   int
			text string
		}{
			"name of 4 GiB":      {94, "FFFFFFFF"},
			"negative name":      {94, "-0000005"},
			"content of 4 GiB":   {54, "FFFFFFFF"},
			"negative content":   {54, "-0000001"},
			"negative inode":     {6, "-0000001"},
			"negative links":     {38, "-0000001"},
			"no digits":          {94, "zzzzzzzz"},
			"unknown format":     {5, "3"},
			"content not a size": {54, "xxxxxxxx"},
		} {
			t.Run(form+"/"+name, func(t *testing.T) {
				b := whole[:change.at] + change.text + whole[change.at+len(change.text):]
				if c, err := read([]byte(b), limits); err == nil {
					t.Errorf("got %v", c)
				}
			})
		}
	}
}

// TestWarnings: a thousand foreign names are not a thousand lines in the log.
func TestWarnings(t *testing.T) {
	var many []entry
	for i := range 1000 {
		many = append(many, file(fmt.Sprintf("%0300d", i), ""))
	}
	c, err := read(write("odc", many...), limits)
	if err != nil || len(c.Warnings) != maxWarnings+1 || c.Warnings[maxWarnings] != "990 more members are ignored" {
		t.Errorf("%v, %q", err, c.Warnings)
	}
	for _, w := range c.Warnings {
		if len(w) > 100 {
			t.Errorf("a long warning: %q", w)
		}
	}
}

// An endless device repeats a member for ever.
type endless struct{ member []byte }

func (e endless) ReadAt(p []byte, off int64) (int, error) {
	n := copy(p, e.member[off%int64(len(e.member)):])
	for n < len(p) {
		n += copy(p[n:], e.member)
	}
	return n, nil
}

// TestEndless: an archive without end costs bounded time and memory.
func TestEndless(t *testing.T) {
	for _, form := range forms {
		for want, size := range map[string]int{"more than 10000 members": 0, "no end within 64 MiB": 60_000} {
			t.Run(form+"/"+want, func(t *testing.T) {
				e := endless{unended(form, file("keys", strings.Repeat("x", size)))}
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				_, err := readArchive(&sectors{ctx: t.Context(), f: e}, map[string]int64{"keys": 1 << 20})
				runtime.ReadMemStats(&after)
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("got %v", err)
				}
				if grown := after.TotalAlloc - before.TotalAlloc; grown > 64<<20 {
					t.Errorf("%d bytes were allocated", grown)
				}
			})
		}
	}
}

// TestClaim: a size is believed only as far as the limit goes.
func TestClaim(t *testing.T) {
	for _, form := range forms {
		b := write(form, entry{name: "keys", data: "k", size: new(int64(1)<<31 - 1)})
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := read(b, limits)
		runtime.ReadMemStats(&after)
		if !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: %v", form, err)
		}
		if grown := after.TotalAlloc - before.TotalAlloc; grown > 1<<20 {
			t.Errorf("%s: %d bytes were allocated", form, grown)
		}
	}
}

// TestSectors: a raw node is read in whole sectors at multiples of them, and no
// further once the context has ended.
func TestSectors(t *testing.T) {
	data := make([]byte, 3*chunkSize+512)
	for i := range data {
		data[i] = byte(i * 7)
	}
	raw := &rawNode{data: data}
	s := &sectors{ctx: t.Context(), f: raw}
	got, err := io.ReadAll(odd{s})
	if err != nil || !bytes.Equal(got, data) || raw.wrong != "" {
		t.Errorf("%d bytes, %v, %s", len(got), err, raw.wrong)
	}
	late := errors.New("too late")
	ctx, cancel := context.WithCancelCause(t.Context())
	s = &sectors{ctx: ctx, f: raw}
	if _, err := io.CopyN(io.Discard, s, 10); err != nil {
		t.Fatal(err)
	}
	cancel(late)
	if n, err := io.Copy(io.Discard, s); n > chunkSize || !errors.Is(err, late) {
		t.Errorf("after the end of the context: %d bytes, %v", n, err)
	}
}

// odd reads pieces of an odd length.
type odd struct{ r io.Reader }

func (o odd) Read(p []byte) (int, error) { return o.r.Read(p[:min(len(p), 77)]) }

// A rawNode is a raw disk device with sectors of 512 bytes, which refuses what
// blkdev refuses.
type rawNode struct {
	data  []byte
	wrong string
}

func (r *rawNode) ReadAt(p []byte, off int64) (int, error) {
	if off%512 != 0 || len(p)%512 != 0 {
		r.wrong = fmt.Sprintf("read of %d bytes at %d", len(p), off)
	}
	n := copy(p, r.data[min(off, int64(len(r.data))):])
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// FuzzReadArchive: whatever a disk holds, nothing beyond the limits is kept and
// only what was asked for, and an archive that is whole stays the same
// whatever follows it.
func FuzzReadArchive(f *testing.F) {
	for _, form := range forms {
		f.Add(write(form, file("keys", "k\n"), file("./nodename", "web1"), entry{name: "script", data: "x", mode: 0o120777}))
		f.Add(unended(form, file("keys", "k\n")))
		f.Add(write(form, entry{name: "keys", inode: 7, links: 2}, entry{name: "script", data: "k", inode: 7, links: 2}))
		f.Add(write(form, file("nodename", strings.Repeat("x", 100)), file("keys", "1"), file("keys", "2")))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := read(data, limits)
		if err != nil {
			if len(c.Files)+len(c.Refused)+len(c.Warnings) > 0 {
				t.Errorf("with the error %v comes %v", err, c)
			}
			return
		}
		for name, b := range c.Files {
			if limit, wanted := limits[name]; !wanted || int64(len(b)) > limit {
				t.Errorf("kept %q with %d bytes", name, len(b))
			}
			if _, both := c.Refused[name]; both {
				t.Errorf("%q is kept and refused", name)
			}
		}
		if !bytes.Contains(data, []byte(trailer)) {
			t.Error("whole without a trailer")
		}
		more, err := read(append(slices.Clip(data), "070707 and more"...), limits)
		if d := cmp.Diff(c, more); err != nil || d != "" {
			t.Errorf("with something behind it: %v\n%s", err, d)
		}
	})
}

// FuzzFormats: the same members are the same content in every format, and no
// beginning of an archive passes for a whole one.
func FuzzFormats(f *testing.F) {
	f.Add("web1\n", "k\n", "#!/bin/sh\n", 100)
	f.Add("", "TRAILER!!!", "\x00", 1)
	f.Add("070707", "070701", "\xc7\x71", 200)
	f.Fuzz(func(t *testing.T, nodename, keys, script string, cut int) {
		if len(nodename) > 64 || len(keys) > 1<<10 || len(script) > 60_000 {
			t.Skip("over the limits")
		}
		entries := []entry{file("nodename", nodename), file("./keys", keys), file("script", script)}
		want := map[string][]byte{"nodename": []byte(nodename), "keys": []byte(keys), "script": []byte(script)}
		for _, form := range forms {
			whole := write(form, entries...)
			c, err := read(whole, limits)
			if err != nil || !maps.EqualFunc(want, c.Files, bytes.Equal) || len(c.Refused)+len(c.Warnings) > 0 {
				t.Errorf("%s: got %v\n%s\nwant %q", form, err, text(c), want)
			}
			end := len(unended(form, append(slices.Clone(entries), file(trailer, ""))...))
			part := whole[:uint(cut)%uint(end-4)] // what pads the trailer may be missing
			if c, err := read(part, limits); err == nil {
				t.Errorf("%s: %d of %d bytes pass for all: %v", form, len(part), end, slices.Collect(maps.Keys(c.Files)))
			}
		}
	})
}
