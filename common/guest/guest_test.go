// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package guest

import (
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// newGuest gives a guest below an empty directory.
func newGuest(t *testing.T) *Guest {
	t.Helper()
	return New(t.TempDir(), slog.New(slog.DiscardHandler))
}

// put makes a file of the guest, with the directories above it, and forces its
// mode whatever the umask.
func put(t *testing.T, g *Guest, name, content string, mode fs.FileMode) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(g.Host(name)), 0o755))
	must(t, os.WriteFile(g.Host(name), []byte(content), 0o644))
	must(t, os.Chmod(g.Host(name), mode))
}

// link makes a symbolic link of the guest, with the directories above it.
func link(t *testing.T, g *Guest, target, name string) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(g.Host(name)), 0o755))
	must(t, os.Symlink(target, g.Host(name)))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// content gives a file as the host sees it, without our own resolving.
func content(t *testing.T, g *Guest, name string) string {
	t.Helper()
	b, err := os.ReadFile(g.Host(name))
	must(t, err)
	return string(b)
}

func TestNew(t *testing.T) {
	here, err := os.Getwd()
	must(t, err)
	tests := []struct{ root, want string }{
		{"", ""},
		{"/", ""},
		{"/guest/", "/guest"},
		{"guest", here + "/guest"}, // a command starts elsewhere
	}
	for _, tt := range tests {
		if got := New(tt.root, nil).Root; got != tt.want {
			t.Errorf("New(%q): root %q, want %q", tt.root, got, tt.want)
		}
	}
	if got := New("/guest", nil).Host("etc/../../nodename"); got != "/guest/nodename" {
		t.Errorf("Host gives %q", got)
	}
}

func TestResolve(t *testing.T) {
	g := newGuest(t)
	put(t, g, "/etc/inet/hosts", "", 0o644)
	put(t, g, "/export/home/joe/dots/x", "", 0o644)
	link(t, g, "./inet/hosts", "/etc/hosts")
	link(t, g, "/etc/hosts", "/hosts")         // absolute: from Root, not from the host's root
	link(t, g, "/export/home", "/home")        // a directory
	link(t, g, "../../../../../../etc", "/up") // stops at Root
	link(t, g, "joe/dots/../../joe", "/export/home/jd")
	link(t, g, "/home/joe/dots", "/deep")             // a link in a link
	link(t, g, "deep/../x", "/not-lexical")           // the parent of dots, not of deep
	link(t, g, "/export/home/joe/missing", "/dangle") // to nothing
	link(t, g, "loop2", "/loop1")
	link(t, g, "/loop1", "/loop2")
	link(t, g, "self/x", "/self")
	tests := []struct{ name, want string }{
		{"/", "/"},
		{"/etc/nodename", "/etc/nodename"},
		{"/etc/hosts", "/etc/inet/hosts"},
		{"/hosts", "/etc/inet/hosts"},
		{"/home/joe/.ssh/authorized_keys", "/export/home/joe/.ssh/authorized_keys"},
		{"/up/hosts", "/etc/inet/hosts"},
		{"/home/jd/dots/", "/export/home/joe/dots"},
		{"/not-lexical", "/export/home/joe/x"},
		{"/dangle", "/export/home/joe/missing"},
		{"/../../etc/./hosts", "/etc/inet/hosts"},
	}
	for _, tt := range tests {
		if got, err := g.resolve(tt.name); got != tt.want || err != nil {
			t.Errorf("resolve(%q) = %q, %v; want %q", tt.name, got, err, tt.want)
		}
	}
	for _, name := range []string{"/loop1", "/self", "/self/a/b"} {
		if got, err := g.resolve(name); !errors.Is(err, syscall.ELOOP) {
			t.Errorf("resolve(%q) = %q, %v; want ELOOP", name, got, err)
		}
	}
	if _, err := g.resolve("/etc/inet/hosts/x"); !errors.Is(err, syscall.ENOTDIR) {
		t.Errorf("through a file: %v, want ENOTDIR", err)
	}
}

func TestRead(t *testing.T) {
	g := newGuest(t)
	put(t, g, "/etc/inet/hosts", "::1 localhost\n", 0o644)
	link(t, g, "/etc/inet/hosts", "/etc/hosts")
	link(t, g, "nothing", "/etc/dangle")

	if b, err := g.ReadFile("/etc/hosts", 14); string(b) != "::1 localhost\n" || err != nil {
		t.Errorf("ReadFile: %q, %v", b, err)
	}
	if b, err := g.ReadFile("/etc/hosts", 13); b != nil || !errors.Is(err, syscall.EFBIG) {
		t.Errorf("a file over the limit: %q, %v; want EFBIG", b, err)
	}
	_, err := g.ReadFile("/etc/missing", 10)
	if !errors.Is(err, fs.ErrNotExist) || strings.Contains(err.Error(), g.Root) {
		t.Errorf("a missing file: %v, want ErrNotExist with the guest's own path", err)
	}
	for name, want := range map[string]bool{"/etc/hosts": true, "/etc": true, "/etc/dangle": false, "/x": false, "/etc/hosts/x": false} {
		if got := g.Exists(name); got != want {
			t.Errorf("Exists(%q) = %v", name, got)
		}
	}
	names, err := g.ReadDir("/etc")
	if want := []string{"dangle", "hosts", "inet"}; !slices.Equal(names, want) || err != nil {
		t.Errorf("ReadDir: %q, %v; want %q", names, err, want)
	}
	if _, err := g.ReadDir("/x"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("ReadDir of nothing: %v", err)
	}
}

// TestReadWithin shows that a user cannot make us read what is not theirs, nor
// keep us waiting.
func TestReadWithin(t *testing.T) {
	g := newGuest(t)
	const home, keys = "/home/joe", "/home/joe/.ssh/authorized_keys"
	if _, err := g.ReadWithin(home, keys, us(), 10); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no home: %v", err)
	}
	must(t, os.MkdirAll(g.Host(home), 0o755))
	if _, err := g.ReadWithin(home, keys, us(), 10); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no .ssh: %v", err)
	}
	put(t, g, keys, "key\n", 0o600)
	if b, err := g.ReadWithin(home, keys, us(), 10); string(b) != "key\n" || err != nil {
		t.Errorf("ReadWithin: %q, %v", b, err)
	}
	put(t, g, "/etc/shadow", "root:NP:::::::\n", 0o400)
	put(t, g, "/home/joe/dots/keys", "dots\n", 0o600)
	for target, want := range map[string]string{
		"/etc/shadow":         "leads out of /home/joe",
		"../../../etc/shadow": "leads out of /home/joe",
		"../dots/keys":        "",
		"/home/joe/dots/keys": "",
		"../dots":             "not a regular file",
	} {
		must(t, os.Remove(g.Host(keys)))
		link(t, g, target, keys)
		b, err := g.ReadWithin(home, keys, us(), 10)
		if want == "" {
			if string(b) != "dots\n" || err != nil {
				t.Errorf("a link to %s: %q, %v", target, b, err)
			}
		} else if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("a link to %s: %q, %v; want %q", target, b, err, want)
		}
	}
	must(t, os.Remove(g.Host(keys)))
	must(t, unix.Mkfifo(g.Host(keys), 0o600))
	if _, err := g.ReadWithin(home, keys, us(), 10); err == nil {
		t.Error("a FIFO was read")
	}
}

// TestReadable: a user's file is read for the user, and not what only we could
// read: it may be a hard link to somebody else's file.
func TestReadable(t *testing.T) {
	g := newGuest(t)
	me := us()
	stranger, kin := Owner{me.UID + 1, me.GID + 1}, Owner{me.UID + 1, me.GID}
	tests := []struct {
		name string
		mode fs.FileMode
		user Owner
		want bool
	}{
		{"own", 0o600, me, true},
		{"own, whatever its mode", 0o000, me, true},
		{"somebody else's", 0o600, stranger, false},
		{"somebody else's, for their group", 0o640, stranger, false},
		{"somebody else's, for all", 0o644, stranger, true},
		{"of the group", 0o640, kin, true},
		{"not for the group", 0o604, kin, false},
		{"root's own", 0o600, Owner{0, 0}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			put(t, g, "/f", "", 0o600)
			must(t, os.Chmod(g.Host("/f"), tt.mode))
			if got := readable(state(t, g, "/f"), tt.user); got != tt.want {
				t.Errorf("mode %v, user %v: %v, want %v", tt.mode, tt.user, got, tt.want)
			}
			must(t, os.Remove(g.Host("/f")))
		})
	}

	const home, keys = "/home/joe", "/home/joe/.ssh/authorized_keys"
	put(t, g, "/etc/shadow", "root:NP:::::::\n", 0o400)
	must(t, os.MkdirAll(g.Host(home+"/.ssh"), 0o755))
	must(t, os.Link(g.Host("/etc/shadow"), g.Host(keys)))
	b, err := g.ReadWithin(home, keys, stranger, 100)
	if b != nil || err == nil || !strings.Contains(err.Error(), "cannot read it") || strings.Contains(err.Error(), "NP") {
		t.Errorf("a hard link to another's file: %q, %v", b, err)
	}
}
