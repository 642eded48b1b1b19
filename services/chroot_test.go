// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package services_test

import (
	"debug/elf"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"illumos-metadata/common/simguest"
)

// TestChroot boots guests in a chroot, where every path is the one of a real
// guest and nothing says that this is a test: first with Linux programs, then
// with the illumos programs that ship, which a runtime linker of illumos's name
// lets the kernel start.
func TestChroot(t *testing.T) {
	if os.Geteuid() != 0 {
		skip(t, "chroot(2) needs root")
	}
	player := filepath.Join(t.TempDir(), "player")
	build := exec.Command("go", "build", "-trimpath", "-o", player, "../common/simguest/demo")
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=", "GOARCH=")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build the player: %v\n%s", err, out)
	}
	t.Run("linux", func(t *testing.T) {
		m := jail(t, player, "linux")
		m.wantTwoBoots()
	})
	t.Run("illumos", func(t *testing.T) {
		linker := os.Getenv("ILLUMOSRUN")
		if linker == "" {
			skip(t, "ILLUMOSRUN names no runtime linker for illumos programs")
		}
		m := jail(t, player, "illumos")
		copyFile(t, linker, m.guest.World.Path("/lib/amd64/ld.so.1"))
		for _, name := range names {
			f, err := elf.Open(m.guest.World.Path("/usr/lib/metadata/" + name))
			if err != nil {
				t.Fatal(err)
			}
			if libs, err := f.ImportedLibraries(); err != nil || !strings.Contains(strings.Join(libs, " "), "libsocket.so") {
				t.Errorf("%s is no illumos program: %v, %v", name, libs, err)
			}
			f.Close()
		}
		m.wantTwoBoots()
	})
}

// skip skips a test for want of something, but never in CI.
func skip(t testing.TB, why string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf("in CI nothing is skipped: %s", why)
	}
	t.Skip("SKIPPED: " + why)
}

// jail builds a guest that has all that it needs inside its own root.
func jail(t *testing.T, player, goos string) *machine {
	t.Helper()
	tree, err := install(goos)
	if err != nil {
		t.Fatal(err)
	}
	g, err := simguest.Build(filepath.Join(t.TempDir(), "guest"), player, simguest.Default())
	if err != nil {
		t.Fatal(err)
	}
	if err := g.Install(tree); err != nil {
		t.Fatal(err)
	}
	m := &machine{t: t, guest: g, chroot: true}
	t.Cleanup(m.halt)
	m.insert(volume())
	m.shell()
	for name, minor := range map[string]int{"null": 3, "urandom": 9} {
		// A device of the machine that runs the test, where it may be made.
		if err := syscall.Mknod(g.World.Path("/dev/"+name), syscall.S_IFCHR|0o666, 1<<8|minor); err != nil {
			m.write("/dev/"+name, "")
		}
	}
	return m
}

// shell puts this machine's shell into the guest, with the libraries that it
// needs.
func (m *machine) shell() {
	m.t.Helper()
	out, err := exec.Command("ldd", "/bin/sh").CombinedOutput()
	if err != nil && !strings.Contains(string(out), "not a dynamic executable") {
		m.t.Fatalf("ldd /bin/sh: %v\n%s", err, out)
	}
	for _, lib := range regexp.MustCompile(`/\S+`).FindAllString(string(out), -1) {
		if strings.HasSuffix(lib, ":") {
			continue
		}
		copyFile(m.t, lib, m.guest.World.Path(lib))
	}
	for _, path := range []string{"/bin/sh", "/sbin/sh", "/usr/bin/sh"} {
		copyFile(m.t, "/bin/sh", m.guest.World.Path(path))
	}
}

func copyFile(t testing.TB, from, to string) {
	t.Helper()
	data, err := os.ReadFile(from)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(to), 0o755)
	}
	if err == nil {
		err = os.WriteFile(to, data, 0o755)
	}
	if err != nil {
		t.Fatal(fmt.Errorf("copy %s: %w", from, err))
	}
}

// wantTwoBoots boots twice: the first boot configures everything, the second
// changes nothing.
func (m *machine) wantTwoBoots() {
	m.t.Helper()
	m.boot()
	m.wantStates(nil)
	m.wantConfigured()
	m.wantBusy()
	after := m.snapshot()
	m.boot()
	m.wantStates(nil)
	m.wantConfigured()
	m.wantQuiet()
	m.wantUnchanged(after)
}
