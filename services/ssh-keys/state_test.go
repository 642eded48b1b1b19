// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"illumos-metadata/common/agent"
	"illumos-metadata/common/guest"
)

// A bench is a guest in a directory, whose users are all ourselves, so that an
// ordinary user can run the tests.
type bench struct {
	*agent.Agent
	t   *testing.T
	log bytes.Buffer
}

func newBench(t *testing.T) *bench {
	b := &bench{t: t}
	log := slog.New(slog.NewTextHandler(&b.log, nil))
	b.Agent = &agent.Agent{Service: "ssh-keys", Guest: guest.New(t.TempDir(), log), Log: log}
	b.Guest.Exec = func(_ context.Context, c guest.Command) ([]byte, error) {
		t.Errorf("started %q", c.Argv)
		return nil, errors.New("no command expected")
	}
	b.write("/var/metadata/applied/x", "")
	b.users("root:/root", "joe:/home/joe")
	for _, dir := range []string{"/root", "/home/joe"} {
		b.must(os.MkdirAll(b.Guest.Host(dir), 0o755))
	}
	return b
}

func (b *bench) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

// users writes /etc/passwd, from names and homes.
func (b *bench) users(list ...string) {
	b.t.Helper()
	var passwd strings.Builder
	for _, user := range list {
		name, home, _ := strings.Cut(user, ":")
		fmt.Fprintf(&passwd, "%s:x:%d:%d::%s:/bin/sh\n", name, os.Geteuid(), os.Getegid(), home)
	}
	b.write("/etc/passwd", passwd.String())
}

func (b *bench) write(name, text string) {
	b.t.Helper()
	b.must(os.MkdirAll(filepath.Dir(b.Guest.Host(name)), 0o755))
	b.must(os.WriteFile(b.Guest.Host(name), []byte(expand(text)), 0o644))
}

// read gives a file of the guest with short keys, or "" if there is none.
func (b *bench) read(name string) string {
	b.t.Helper()
	data, err := os.ReadFile(b.Guest.Host(name))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		b.t.Fatal(err)
	}
	return short(string(data))
}

func (b *bench) link(target, name string) {
	b.t.Helper()
	b.must(os.Symlink(target, b.Guest.Host(name)))
}

// run is one run of the service.
func (b *bench) run(instance string, w want) error {
	return configure(b.t.Context(), b.Agent, instance, w)
}

func (b *bench) mustRun(instance string, w want) {
	b.t.Helper()
	if err := b.run(instance, w); err != nil {
		b.t.Fatalf("%v\n%s", err, &b.log)
	}
}

func (b *bench) has(name, want string) {
	b.t.Helper()
	if got := b.read(name); got != want {
		b.t.Errorf("%s: %q, want %q", name, got, want)
	}
}

const (
	rootKeys = "/root/.ssh/authorized_keys"
	joeKeys  = "/home/joe/.ssh/authorized_keys"
	recFile  = "/var/metadata/applied/ssh-keys.json"
)

// TestBoots: the situations in which this service changes something, and in
// which it does not. It never starts a process.
func TestBoots(t *testing.T) {
	b := newBench(t)
	one := wantKeys("@a one,@b two")
	b.mustRun("i-1", one)
	b.has(rootKeys, "@a one\n@b two\n")
	b.has(joeKeys, "@a one\n@b two\n")

	b.write(rootKeys, "@c hand\n@b two\n") // removed by hand, and another one added
	b.mustRun("i-1", one)
	b.has(rootKeys, "@c hand\n@b two\n")

	b.Again = true
	b.mustRun("i-1", one)
	b.has(rootKeys, "@c hand\n@b two\n@a one\n")
	b.Again = false
	b.mustRun("i-1", wantKeys("@a one"))
	b.has(rootKeys, "@c hand\n@a one\n")
	b.mustRun("i-2", wantKeys("@d"))
	b.has(rootKeys, "@c hand\n@d\n")
	b.has(joeKeys, "@d\n")
	if log := b.log.String(); strings.Contains(log, "AAAA") || strings.Count(log, `msg="new key"`) != 7 ||
		strings.Count(log, `msg="key withdrawn"`) != 4 {
		t.Errorf("log:\n%s", log)
	}
}

// TestModes: what is ours has the modes that sshd(8) asks for, whatever the
// umask and whatever was there.
func TestModes(t *testing.T) {
	masks := []int{0, 0o022, 0o077}
	if os.Geteuid() == 0 {
		masks = append(masks, 0o777) // others cannot open what they make
	}
	for _, umask := range masks {
		for _, have := range []fs.FileMode{0, 0o600, 0o666} {
			b := newBench(t)
			if have != 0 {
				b.write(rootKeys, "@c hand\n")
				b.must(os.Chmod(b.Guest.Host(rootKeys), have))
				b.must(os.Chmod(b.Guest.Host("/root/.ssh"), have|0o111))
			}
			old := syscall.Umask(umask)
			err := b.run("i-1", wantKeys("@a"))
			syscall.Umask(old)
			b.must(err)
			for name, want := range map[string]fs.FileMode{"/root/.ssh": 0o700, rootKeys: 0o600, recFile: 0o600} {
				info, err := os.Lstat(b.Guest.Host(name))
				b.must(err)
				if info.Mode().Perm() != want || guest.OwnerOf(info).UID != os.Geteuid() {
					t.Errorf("umask %#o, before %v: %s has mode %v and owner %d", umask, have, name, info.Mode(), guest.OwnerOf(info).UID)
				}
			}
		}
	}
}

// TestOwner: the file is the user's.
func TestOwner(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	b := newBench(t)
	b.write("/etc/passwd", "joe:x:4711:4712::/home/joe:/bin/sh\n")
	w := wantKeys("@a")
	w.Users = []string{"joe"}
	b.mustRun("i-1", w)
	for _, name := range []string{"/home/joe/.ssh", joeKeys} {
		info, err := os.Lstat(b.Guest.Host(name))
		b.must(err)
		if got, want := guest.OwnerOf(info), (guest.Owner{UID: 4711, GID: 4712}); got != want {
			t.Errorf("%s: owner %v, want %v", name, got, want)
		}
	}
	if !strings.Contains(b.log.String(), "level=INFO") || strings.Contains(b.log.String(), "StrictModes") {
		t.Errorf("log %s", &b.log) // the home is root's, which sshd accepts
	}
}

// TestLinks: links that stay in the home are followed, and stay.
func TestLinks(t *testing.T) {
	b := newBench(t)
	b.must(os.Rename(b.Guest.Host("/home"), b.Guest.Host("/export")))
	b.link("/export", "/home")
	b.must(os.Mkdir(b.Guest.Host("/export/joe/dots"), 0o755))
	b.link("dots", "/export/joe/.ssh")
	b.mustRun("i-1", wantKeys("@a"))
	b.has("/export/joe/dots/authorized_keys", "@a\n")
	for _, name := range []string{"/home", "/export/joe/.ssh"} {
		if info, err := os.Lstat(b.Guest.Host(name)); err != nil || info.Mode().Type() != fs.ModeSymlink {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
	b.mustRun("i-2", wantKeys(""))
	b.has("/export/joe/dots/authorized_keys", "")
}

// TestRefused: what a user has made of the own file costs no other user
// anything, touches nothing outside the home, and keeps nobody waiting. It is
// put right by the next run.
func TestRefused(t *testing.T) {
	const secret = "root:NP:::::::\n"
	tests := []struct {
		name  string
		make  func(*bench)
		says  string
		clear string // what to remove then
	}{
		{".ssh leads out of the home", func(b *bench) { b.link("/etc", "/home/joe/.ssh") }, "leads out of /home/joe", "/home/joe/.ssh"},
		{".ssh leads out by ..", func(b *bench) { b.link("../../etc", "/home/joe/.ssh") }, "leads out of /home/joe", "/home/joe/.ssh"},
		{"the file leads out", func(b *bench) { b.write("/home/joe/.ssh/x", ""); b.link("/etc/shadow", joeKeys) }, "leads out of /home/joe", joeKeys},
		{"links in a circle", func(b *bench) { b.link(".ssh", "/home/joe/.ssh") }, "symbolic links", "/home/joe/.ssh"},
		{"a FIFO", func(b *bench) { b.write("/home/joe/.ssh/x", ""); b.must(unix.Mkfifo(b.Guest.Host(joeKeys), 0o600)) }, "not a regular file", joeKeys},
		{"a directory", func(b *bench) { b.write(joeKeys+"/x", "") }, "not a regular file", joeKeys},
		{".ssh is a file", func(b *bench) { b.write("/home/joe/.ssh", "") }, "not a directory", "/home/joe/.ssh"},
		{"too large", func(b *bench) { b.write(joeKeys, strings.Repeat("#", mostFile+1)) }, "file too large", joeKeys},
		{"no home", func(b *bench) { b.must(os.RemoveAll(b.Guest.Host("/home"))) }, "/home/joe does not exist", ""},
		{"no home in passwd", func(b *bench) { b.users("root:/root", "joe:") }, "/etc/passwd names none", ""},
		{"no such user", func(b *bench) { b.users("root:/root") }, "no such user", ""},
		{"the home of another user", func(b *bench) { b.users("root:/root", "joe:/root") }, "is the file of joe already", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBench(t)
			b.write("/etc/shadow", secret)
			tt.make(b)
			err := b.run("i-1", wantKeys("@a"))
			if err == nil || !strings.Contains(err.Error(), "keys for ") || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("got %v, want %q", err, tt.says)
			}
			b.has(rootKeys, "@a\n")
			b.has("/etc/shadow", secret)
			if b.Guest.Exists("/etc/authorized_keys") {
				t.Error("written outside of the home")
			}
			if tt.clear != "" {
				b.must(os.RemoveAll(b.Guest.Host(tt.clear)))
			}
			b.users("root:/root", "joe:/home/joe")
			b.must(os.MkdirAll(b.Guest.Host("/home/joe"), 0o755))
			b.mustRun("i-1", wantKeys("@a"))
			b.has(joeKeys, "@a\n")
		})
	}
}

// TestNoPasswd: without /etc/passwd nothing is known, and the record stays.
func TestNoPasswd(t *testing.T) {
	b := newBench(t)
	b.mustRun("i-1", wantKeys("@a"))
	before := b.read(recFile)
	b.must(os.Remove(b.Guest.Host("/etc/passwd")))
	if err := b.run("i-1", wantKeys("@b")); err == nil {
		t.Error("no error")
	}
	b.has(recFile, before)
}

// TestStillListed: what could not be withdrawn is withdrawn later (row S8).
func TestStillListed(t *testing.T) {
	b := newBench(t)
	b.mustRun("i-1", wantKeys("@a"))
	b.must(os.Rename(b.Guest.Host("/home"), b.Guest.Host("/gone")))
	b.mustRun("i-1", wantKeys(""))
	b.has(rootKeys, "")
	b.must(os.Rename(b.Guest.Host("/gone"), b.Guest.Host("/home")))
	b.mustRun("i-1", wantKeys(""))
	b.has(joeKeys, "")

	b.mustRun("i-1", wantKeys("@a"))
	b.must(os.Rename(b.Guest.Host("/home/joe/.ssh"), b.Guest.Host("/home/joe/dots")))
	b.link("/etc", "/home/joe/.ssh")
	if err := b.run("i-1", wantKeys("")); err == nil || !strings.Contains(err.Error(), "keys for joe") {
		t.Errorf("a withdrawal that fails: %v", err)
	}
	b.must(os.Remove(b.Guest.Host("/home/joe/.ssh")))
	b.must(os.Rename(b.Guest.Host("/home/joe/dots"), b.Guest.Host("/home/joe/.ssh")))
	b.mustRun("i-1", wantKeys(""))
	b.has(joeKeys, "")
}

// TestUserGone: keys of a user who is gone need no withdrawal.
func TestUserGone(t *testing.T) {
	b := newBench(t)
	b.mustRun("i-1", wantKeys("@a"))
	b.users("root:/root")
	b.mustRun("i-1", wantKeys(""))
	if got := b.read(recFile); strings.Contains(got, "joe") {
		t.Errorf("record %s", got)
	}
}

// TestAdopted: what the earlier agent added for root goes with the instance;
// what else is there does not.
func TestAdopted(t *testing.T) {
	b := newBench(t)
	b.write("/var/metadata/stamp", "i-1\n")
	b.write(rootKeys, "@c hand\n@a\n")
	w := wantKeys("@a one,@b two")
	w.Users = []string{"root"}
	b.mustRun("i-1", w)
	b.has(rootKeys, "@c hand\n@a\n") // @b was removed by hand
	b.mustRun("i-1", w)
	b.has(rootKeys, "@c hand\n@a\n")
	b.mustRun("i-2", wantKeys("@d"))
	b.has(rootKeys, "@c hand\n@d\n")

	// A user who gets no keys is named at each boot.
	b = newBench(t)
	b.write("/var/metadata/stamp", "i-1\n")
	b.users("root:/root")
	for range 2 {
		if err := b.run("i-1", wantKeys("@a")); err == nil || !strings.Contains(err.Error(), "keys for joe") {
			t.Errorf("got %v", err)
		}
	}
}

// TestStrictModes: the log says why sshd(8) will refuse the keys.
func TestStrictModes(t *testing.T) {
	b := newBench(t)
	b.must(os.Chmod(b.Guest.Host("/home/joe"), 0o775))
	b.mustRun("i-1", wantKeys("@a"))
	if log := b.log.String(); strings.Count(log, "StrictModes") != 1 || !strings.Contains(log, `remedy="chmod go-w /home/joe"`) {
		t.Errorf("log %s", log)
	}
}

// TestDryRun changes nothing and shows no key.
func TestDryRun(t *testing.T) {
	b := newBench(t)
	b.DryRun = true
	b.mustRun("i-1", wantKeys("@a"))
	if b.Guest.Exists("/root/.ssh") || b.Guest.Exists(recFile) || strings.Contains(b.log.String(), "AAAA") {
		t.Errorf("something was made; log %s", &b.log)
	}
}
