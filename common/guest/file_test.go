// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package guest

import (
	"errors"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// us owns what this test makes.
func us() Owner { return Owner{os.Geteuid(), os.Getegid()} }

// state gives a file's identity, mode and owner.
func state(t *testing.T, g *Guest, name string) fs.FileInfo {
	t.Helper()
	info, err := os.Lstat(g.Host(name))
	must(t, err)
	return info
}

// wantFile checks content and mode, and that no temporary file is left.
func wantFile(t *testing.T, g *Guest, name, want string, mode fs.FileMode) {
	t.Helper()
	if got := content(t, g, name); got != want {
		t.Errorf("%s holds %q, want %q", name, got, want)
	}
	if got := state(t, g, name).Mode(); got != mode {
		t.Errorf("%s has mode %v, want %v", name, got, mode)
	}
	if left, _ := filepath.Glob(filepath.Dir(g.Host(name)) + "/.*" + tempSuffix); left != nil {
		t.Errorf("left behind: %s", left)
	}
}

func TestWriteFile(t *testing.T) {
	tests := []struct {
		name     string
		have     string
		haveMode fs.FileMode // 0: no file
		file     File
		changed  bool
		want     string
		wantMode fs.FileMode
	}{
		{"new", "", 0, File{Data: []byte("web1\n")}, true, "web1\n", 0o644},
		{"new with a mode", "", 0, File{Data: []byte("x"), Mode: 0o600}, true, "x", 0o600},
		{"other content keeps the mode", "old\n", 0o444, File{Data: []byte("new\n")}, true, "new\n", 0o444},
		{"shorter content", "a longer one\n", 0o644, File{Data: []byte("new\n")}, true, "new\n", 0o644},
		{"empty", "old\n", 0o644, File{}, true, "", 0o644},
		{"other mode", "same\n", 0o644, File{Data: []byte("same\n"), Mode: 0o600}, true, "same\n", 0o600},
		{"equal", "same\n", 0o640, File{Data: []byte("same\n")}, false, "same\n", 0o640},
		{"equal with mode and owner", "same\n", 0o600, File{Data: []byte("same\n"), Mode: 0o600, Owner: new(us())},
			false, "same\n", 0o600},
	}
	for _, umask := range []int{0, 0o77} {
		defer syscall.Umask(syscall.Umask(umask))
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				g := newGuest(t)
				if tt.haveMode != 0 {
					put(t, g, "/f", tt.have, tt.haveMode)
				}
				before, _ := os.Stat(g.Host("/f"))
				tt.file.Path = "/f"
				changed, err := g.WriteFile(tt.file)
				if changed != tt.changed || err != nil {
					t.Errorf("changed %v, %v; want %v", changed, err, tt.changed)
				}
				if !changed && !os.SameFile(before, state(t, g, "/f")) {
					t.Error("an equal file was written anew")
				}
				wantFile(t, g, "/f", tt.want, tt.wantMode)
			})
		}
	}
}

// TestWriteFileLinks shows that the file a link points to is replaced and the
// link stays: illumos ships /etc/hosts as a link to ./inet/hosts.
func TestWriteFileLinks(t *testing.T) {
	tests := []struct{ name, target, real string }{
		{"relative", "./inet/hosts", "/etc/inet/hosts"},
		{"absolute means below Root", "/etc/inet/hosts", "/etc/inet/hosts"},
		{"up beyond Root stops there", "../../../../etc/inet/hosts", "/etc/inet/hosts"},
		{"to a link", "hosts2", "/etc/inet/hosts"},
		{"to nothing yet", "inet/new", "/etc/inet/new"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g := newGuest(t)
			put(t, g, "/etc/inet/hosts", "old\n", 0o444)
			link(t, g, tt.target, "/etc/hosts")
			link(t, g, "inet/hosts", "/etc/hosts2")
			if _, err := g.WriteFile(File{Path: "/etc/hosts", Data: []byte("new\n"), Mode: 0o444}); err != nil {
				t.Fatal(err)
			}
			if got, err := os.Readlink(g.Host("/etc/hosts")); got != tt.target {
				t.Errorf("the link is now %q, %v", got, err)
			}
			wantFile(t, g, tt.real, "new\n", 0o444)
		})
	}
}

// TestWriteFileRefused: what cannot or must not be written is an error that
// names the file, and changes nothing.
func TestWriteFileRefused(t *testing.T) {
	g := newGuest(t)
	put(t, g, "/etc/shadow", "root\n", 0o400)
	put(t, g, "/home/joe/notes", "mine\n", 0o600)
	must(t, os.MkdirAll(g.Host("/home/joe/dir"), 0o755))
	link(t, g, "/etc/shadow", "/home/joe/absolute")
	link(t, g, "../../etc/shadow", "/home/joe/relative")
	link(t, g, "/etc", "/home/joe/etc")
	link(t, g, "/home/joe", "/home/joe-too")
	link(t, g, "../joe-too/absolute", "/home/joe/twice")
	link(t, g, "loop", "/home/joe/loop")
	const within = "/home/joe"
	tests := []struct {
		name string
		file File
		want error // nil: a link that leads out
	}{
		{"absolute link out", File{Path: "/home/joe/absolute", Within: within}, nil},
		{"relative link out", File{Path: "/home/joe/relative", Within: within}, nil},
		{"directory out", File{Path: "/home/joe/etc/shadow", Within: within}, nil},
		{"directory to make is out", File{Path: "/home/joe/etc/ssh/keys", Within: within, Dir: 0o700}, nil},
		{"out by two links", File{Path: "/home/joe/twice", Within: within}, nil},
		{"name beside the directory", File{Path: "/home/joe2/x", Within: within}, nil},
		{"the directory itself", File{Path: "/home/joe", Within: within}, nil},
		{"loop", File{Path: "/home/joe/loop"}, syscall.ELOOP},
		{"no directory", File{Path: "/home/joe/.ssh/keys"}, fs.ErrNotExist},
		{"no directory to make one in", File{Path: "/no/.ssh/keys", Dir: 0o700}, fs.ErrNotExist},
		{"directory is a file", File{Path: "/home/joe/notes/keys", Dir: 0o700}, syscall.ENOTDIR},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			changed, err := g.WriteFile(tt.file)
			if changed || err == nil {
				t.Fatalf("changed %v, %v", changed, err)
			}
			if tt.want == nil && !strings.Contains(err.Error(), "leads out of "+within) || !errors.Is(err, tt.want) && tt.want != nil {
				t.Errorf("got %v, want %v", err, tt.want)
			}
			if !strings.HasPrefix(err.Error(), "write "+tt.file.Path+": ") || strings.Contains(err.Error(), g.Root) {
				t.Errorf("the error does not name the guest's file: %v", err)
			}
			wantFile(t, g, "/etc/shadow", "root\n", 0o400)
			wantFile(t, g, "/home/joe/notes", "mine\n", 0o600)
		})
	}
	if _, err := g.WriteFile(File{Path: "/home/joe/dir"}); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("a directory in the way: %v", err)
	}
}

// TestWriteFileWithin shows what is followed inside a user's home.
func TestWriteFileWithin(t *testing.T) {
	for _, target := range []string{"../dots/keys", "/home/joe/dots/keys", "/export/home/joe/dots/keys", "one"} {
		g := newGuest(t)
		put(t, g, "/export/home/joe/dots/keys", "old\n", 0o600)
		link(t, g, "/export/home", "/home")
		link(t, g, target, "/export/home/joe/.ssh/keys")
		link(t, g, "two", "/export/home/joe/.ssh/one")
		link(t, g, "../dots/keys", "/export/home/joe/.ssh/two")
		changed, err := g.WriteFile(File{Path: "/home/joe/.ssh/keys", Within: "/home/joe", Data: []byte("new\n"), Dir: 0o700})
		if !changed || err != nil {
			t.Fatalf("through %s: changed %v, %v", target, changed, err)
		}
		wantFile(t, g, "/export/home/joe/dots/keys", "new\n", 0o600)
		if got := state(t, g, "/export/home/joe/.ssh/keys").Mode().Type(); got != fs.ModeSymlink {
			t.Errorf("the link to %s was replaced", target)
		}
	}
}

// TestWriteFileOwner: root gives a file away; anyone else is refused, and the
// file stays as it is.
func TestWriteFileOwner(t *testing.T) {
	g := newGuest(t)
	put(t, g, "/keys", "old\n", 0o644)
	joe := Owner{4711, 4712}
	changed, err := g.WriteFile(File{Path: "/keys", Data: []byte("new\n"), Mode: 0o600, Owner: &joe})
	if os.Geteuid() != 0 {
		if !errors.Is(err, fs.ErrPermission) {
			t.Errorf("got %v, want a permission error", err)
		}
		wantFile(t, g, "/keys", "old\n", 0o644)
		return
	}
	if !changed || err != nil || OwnerOf(state(t, g, "/keys")) != joe {
		t.Errorf("changed %v, %v, owner %v", changed, err, OwnerOf(state(t, g, "/keys")))
	}
	wantFile(t, g, "/keys", "new\n", 0o600)

	// Without an owner of its own, a replacement keeps the present one's.
	if _, err := g.WriteFile(File{Path: "/keys", Data: []byte("newer\n")}); err != nil {
		t.Fatal(err)
	}
	if got := OwnerOf(state(t, g, "/keys")); got != joe {
		t.Errorf("a replacement gives the file to %v", got)
	}
	// The owner alone is reason enough.
	if changed, err := g.WriteFile(File{Path: "/keys", Data: []byte("newer\n"), Owner: new(us())}); !changed || err != nil {
		t.Errorf("changed %v, %v", changed, err)
	}
	// A directory is given away with its file, and so is a present one.
	for range 2 {
		f := File{Path: "/home/.ssh/keys", Owner: &joe, Dir: 0o700}
		must(t, os.MkdirAll(g.Host("/home"), 0o755))
		if _, err := g.WriteFile(f); err != nil {
			t.Fatal(err)
		}
		if got := OwnerOf(state(t, g, "/home/.ssh")); got != joe {
			t.Errorf("the directory belongs to %v", got)
		}
		must(t, os.Chown(g.Host("/home/.ssh"), 0, 0))
	}
}

func TestWriteFileDir(t *testing.T) {
	for _, umask := range []int{0, 0o77} {
		defer syscall.Umask(syscall.Umask(umask))
		for _, have := range []fs.FileMode{0, 0o700, 0o755, 0o777} {
			g := newGuest(t)
			must(t, os.Mkdir(g.Host("/root"), 0o700))
			if have != 0 {
				must(t, os.Mkdir(g.Host("/root/.ssh"), 0o700))
				must(t, os.Chmod(g.Host("/root/.ssh"), have))
			}
			f := File{Path: "/root/.ssh/authorized_keys", Data: []byte("key\n"), Mode: 0o600, Dir: 0o755, Within: "/root", Owner: new(us())}
			if changed, err := g.WriteFile(f); !changed || err != nil {
				t.Fatalf("directory of mode %v: changed %v, %v", have, changed, err)
			}
			if got := state(t, g, "/root/.ssh").Mode().Perm(); got != 0o755 {
				t.Errorf("directory of mode %v has mode %v now", have, got)
			}
			wantFile(t, g, f.Path, "key\n", 0o600)
		}
	}
}

// TestWriteFileLeftover: what a killed run left is used up, whatever it is.
func TestWriteFileLeftover(t *testing.T) {
	g := newGuest(t)
	put(t, g, "/etc/shadow", "root\n", 0o400)
	put(t, g, "/etc/vfstab", "old\n", 0o644)
	const temp = "/etc/.vfstab" + tempSuffix
	for _, leave := range []func(){
		func() { put(t, g, temp, "half a li", 0o200) },
		func() { link(t, g, "shadow", temp) },
	} {
		leave()
		if _, err := g.WriteFile(File{Path: "/etc/vfstab", Data: []byte("new\n")}); err != nil {
			t.Error(err)
		}
		wantFile(t, g, "/etc/vfstab", "new\n", 0o644)
		wantFile(t, g, "/etc/shadow", "root\n", 0o400)
		put(t, g, "/etc/vfstab", "old\n", 0o644)
	}
}

// TestWriteFileNoRoom shows F5 and F6 absent: a write that fails half way is
// reported, and leaves the file as it was. The limit on the size of files
// stands for a full disk: it holds for root too.
func TestWriteFileNoRoom(t *testing.T) {
	g := newGuest(t)
	put(t, g, "/etc/vfstab", "precious\n", 0o644)

	signal.Ignore(syscall.SIGXFSZ)
	defer signal.Reset(syscall.SIGXFSZ)
	var limit syscall.Rlimit
	must(t, syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit))
	small := limit
	small.Cur = 64 << 10
	must(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &small))
	changed, err := g.WriteFile(File{Path: "/etc/vfstab", Data: make([]byte, 1<<20)})
	must(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit))

	if !errors.Is(err, syscall.EFBIG) {
		t.Errorf("changed %v, %v; want EFBIG", changed, err)
	}
	wantFile(t, g, "/etc/vfstab", "precious\n", 0o644)
}

func TestRemove(t *testing.T) {
	g := newGuest(t)
	put(t, g, "/etc/a", "a\n", 0o644)
	put(t, g, "/etc/b", "b\n", 0o644)
	link(t, g, "/etc", "/e")
	link(t, g, "b", "/etc/link")
	for _, name := range []string{"/e/a", "/e/a", "/etc/link", "/missing/x", "/etc/missing"} {
		if err := g.Remove(name); err != nil {
			t.Error(err)
		}
	}
	if names, err := g.ReadDir("/etc"); len(names) != 1 || names[0] != "b" {
		t.Errorf("left: %q, %v; want b alone", names, err)
	}
	put(t, g, "/full/x", "", 0o644)
	if err := g.Remove("/full"); err == nil || !strings.HasPrefix(err.Error(), "remove /full: ") {
		t.Errorf("a directory with something in it: %v", err)
	}
}

func TestMakeDir(t *testing.T) {
	for _, umask := range []int{0, 0o22} {
		defer syscall.Umask(syscall.Umask(umask))
		g := newGuest(t)
		link(t, g, "/real", "/var")
		for range 2 {
			must(t, g.MakeDir("/var/a/metadata", 0o700))
			for name, want := range map[string]fs.FileMode{"/real/a": 0o755, "/real/a/metadata": 0o700} {
				if got := state(t, g, name).Mode().Perm(); got != want {
					t.Errorf("umask %#o: %s has mode %v, want %v", umask, name, got, want)
				}
			}
			must(t, os.Chmod(g.Host("/real/a/metadata"), 0o755))
		}
		put(t, g, "/real/file", "", 0o644)
		for _, name := range []string{"/var/file", "/var/file/x"} {
			if err := g.MakeDir(name, 0o700); err == nil || strings.Contains(err.Error(), g.Root) {
				t.Errorf("MakeDir(%q): %v", name, err)
			}
		}
	}
}

// TestUpToDate: it says what WriteFile would do, and does nothing itself.
func TestUpToDate(t *testing.T) {
	g := newGuest(t)
	put(t, g, "/root/.ssh/keys", "key\n", 0o600)
	must(t, os.Chmod(g.Host("/root/.ssh"), 0o700))
	link(t, g, ".ssh/keys", "/root/link")
	keys := File{Path: "/root/.ssh/keys", Data: []byte("key\n"), Mode: 0o600, Dir: 0o700, Within: "/root", Owner: new(us())}
	other := func(f func(*File)) File { c := keys; f(&c); return c }
	tests := []struct {
		name string
		file File
		want bool
	}{
		{"all as wanted", keys, true},
		{"nothing but content wanted", File{Path: "/root/.ssh/keys", Data: []byte("key\n")}, true},
		{"through a link", File{Path: "/root/link", Data: []byte("key\n")}, true},
		{"other content", other(func(f *File) { f.Data = []byte("kez\n") }), false},
		{"other length", other(func(f *File) { f.Data = nil }), false},
		{"other mode", other(func(f *File) { f.Mode = 0o644 }), false},
		{"other owner", other(func(f *File) { f.Owner = &Owner{4711, 4711} }), false},
		{"other mode of the directory", other(func(f *File) { f.Dir = 0o755 }), false},
		{"no file", other(func(f *File) { f.Path = "/root/.ssh/new" }), false},
		{"no directory", other(func(f *File) { f.Path = "/root/ssh/keys" }), false},
		{"out of the home", other(func(f *File) { f.Within = "/home" }), false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := g.UpToDate(tt.file); got != tt.want {
				t.Errorf("UpToDate(%+v) = %v", tt.file, got)
			}
			if g.Exists("/root/ssh") || g.Exists("/root/.ssh/new") {
				t.Error("something was made")
			}
			if tt.file.Owner != nil && *tt.file.Owner != us() {
				return // an ordinary user cannot try that
			}
			changed, err := g.WriteFile(tt.file)
			if changed == tt.want && err == nil {
				t.Errorf("WriteFile: changed %v", changed)
			}
			must(t, os.RemoveAll(g.Host("/root/ssh")))
			must(t, os.RemoveAll(g.Host("/root/.ssh/new")))
			put(t, g, "/root/.ssh/keys", "key\n", 0o600)
			must(t, os.Chmod(g.Host("/root/.ssh"), 0o700))
		})
	}
}
