// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package cutoff

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// cut runs a play in a new directory up to a step, and checks that no process
// is left of it.
func cut(t *testing.T, play string, killAt int) (Result, string) {
	t.Helper()
	dir := t.TempDir()
	in, out := pipe(t)
	r, err := Run(t.Context(), Command{Argv: []string{"/proc/self/exe", "play", play}, Dir: dir, Output: out}, killAt)
	out.Close()
	if errors.Is(err, ErrRefused) && os.Getenv("CI") != "true" {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	allGone(t, in)
	return r, dir
}

// pipe gives a pipe whose reading end does not wait.
func pipe(t *testing.T) (in int, out *os.File) {
	t.Helper()
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(p[0]) })
	if err := unix.SetNonblock(p[0], true); err != nil {
		t.Fatal(err)
	}
	return p[0], os.NewFile(uintptr(p[1]), "pipe")
}

// allGone checks that nobody has the writing end of the pipe any more.
func allGone(t *testing.T, in int) {
	t.Helper()
	buf := make([]byte, 4096)
	for {
		n, err := unix.Read(in, buf)
		if err != nil {
			t.Fatalf("a process is left: read: %v", err)
		}
		if n == 0 {
			return
		}
	}
}

// tree gives what is in a directory: names with content, mode or target.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		info, err := d.Info()
		name := path[len(dir)+1:]
		switch {
		case err != nil:
		case d.Type() == fs.ModeSymlink:
			all[name], err = os.Readlink(path)
		case d.IsDir():
			all[name] = "directory"
		default:
			var data []byte
			data, err = os.ReadFile(path)
			all[name] = fmt.Sprintf("%04o %s", info.Mode().Perm(), data)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// writerSteps are the steps of writer, and what each does to the tree.
var writerSteps = []struct {
	step string
	set  map[string]string // "" takes a name away
}{
	{"mkdirat d", map[string]string{"d": "directory"}},
	{"openat DIR/d/new", map[string]string{"d/new": "0600 "}},
	{"write DIR/d/new", map[string]string{"d/new": "0600 text"}},
	{"fchmod DIR/d/new", map[string]string{"d/new": "0640 text"}},
	{"fsync DIR/d/new", nil},
	{"renameat DIR/d/new DIR/d/a", map[string]string{"d/new": "", "d/a": "0640 text"}},
	{"symlinkat d/link", map[string]string{"d/link": "a"}},
	{"linkat d/a d/b", map[string]string{"d/b": "0640 text"}},
	{"exec /proc/self/exe", map[string]string{"touched": "0600 "}},
	{"end of /proc/self/exe", nil},
	{"truncate d/b", map[string]string{"d/a": "0640 t", "d/b": "0640 t"}},
	{"unlinkat d/a", map[string]string{"d/a": ""}},
	{"exec /no/such/command", nil}, // as far as it comes
	{"end of /no/such/command", nil},
}

// TestEachStep: killing at a step leaves the effects of those before it, and of
// no other.
func TestEachStep(t *testing.T) {
	want := map[string]string{}
	for i, s := range writerSteps {
		r, dir := cut(t, "writer", i+1)
		if len(r.Steps) != i+1 || !r.Killed || r.Status != -1 {
			t.Fatalf("killed at %d (%s): %+v", i+1, s.step, r)
		}
		if d := cmp.Diff(want, tree(t, dir)); d != "" {
			t.Errorf("killed at %d (%s): tree (-want +got):\n%s", i+1, s.step, d)
		}
		maps.Copy(want, s.set)
		maps.DeleteFunc(want, func(_, v string) bool { return v == "" })
	}
}

// TestWholeRun: without a step to kill at, or with one past the end, the program
// ends as it does without us, and always has the same steps.
func TestWholeRun(t *testing.T) {
	for _, killAt := range []int{0, 0, len(writerSteps) + 1, 1000} {
		r, dir := cut(t, "writer", killAt)
		var want []string
		for _, s := range writerSteps {
			want = append(want, strings.ReplaceAll(s.step, "DIR", dir))
		}
		if d := cmp.Diff(want, r.Steps); d != "" || r.Killed || r.Status != 7 {
			t.Errorf("kill at %d: killed %v, status %d, steps (-want +got):\n%s", killAt, r.Killed, r.Status, d)
		}
	}
}

// TestThreads: of steps in several threads at once, exactly those before the
// chosen one are done.
func TestThreads(t *testing.T) {
	for n := 1; n <= 21; n += 4 {
		r, dir := cut(t, "threads", n)
		if got := len(tree(t, dir)); got != n-1 || r.Killed != (n <= 20) {
			t.Errorf("killed at %d: %d directories made, %+v", n, got, r)
		}
	}
}

// TestLeftBehind: what a command has left running dies with the program, also in
// a session of its own, and also at the end of a whole run.
func TestLeftBehind(t *testing.T) {
	for n := range 5 {
		if r, _ := cut(t, "leaver", n); r.Killed != (n > 0 && n <= 3) {
			t.Errorf("killed at %d: %+v", n, r)
		}
	}
}

// TestCancel: a context that ends ends the program too.
func TestCancel(t *testing.T) {
	in, out, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	ctx, cancel := context.WithCancelCause(t.Context())
	over := errors.New("over")
	go func() {
		bufio.NewReader(in).ReadString('\n') // it hangs
		cancel(over)
	}()
	_, err = Run(ctx, Command{Argv: []string{"/proc/self/exe", "play", "hang"}, Output: out}, 0)
	out.Close()
	if errors.Is(err, ErrRefused) && os.Getenv("CI") != "true" {
		t.Skip(err)
	}
	if !errors.Is(err, over) {
		t.Errorf("error %v, want %v", err, over)
	}
}

// TestOtherChildren: a run takes the exit status of no process that is not its
// own, on whatever thread that was started.
func TestOtherChildren(t *testing.T) {
	var others []*exec.Cmd
	for range 20 {
		cmd := self("touch")
		cmd.Dir = t.TempDir()
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		others = append(others, cmd)
	}
	cut(t, "writer", 3)
	for _, cmd := range others {
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	}
}

func TestErrors(t *testing.T) {
	_, err := Run(t.Context(), Command{Argv: []string{"/no/such/program"}}, 0)
	if !errors.Is(err, fs.ErrNotExist) || errors.Is(err, ErrRefused) {
		t.Errorf("missing program: %v", err)
	}
	for _, errno := range []unix.Errno{unix.EPERM, unix.ENOSYS, unix.EIO} {
		if err := refusal(errno); !errors.Is(err, ErrRefused) || !errors.Is(err, errno) {
			t.Errorf("%v gives %v", errno, err)
		}
	}
	if slices.ContainsFunc([]unix.Errno{unix.ENOENT, unix.EACCES}, func(e unix.Errno) bool { return errors.Is(refusal(e), ErrRefused) }) {
		t.Error("a program that cannot be run is no refusal")
	}
}

// BenchmarkRun shows what tracing costs: compare with BenchmarkPlain.
func BenchmarkRun(b *testing.B) {
	for b.Loop() {
		if _, err := Run(b.Context(), Command{Argv: []string{"/proc/self/exe", "play", "touch"}, Dir: b.TempDir()}, 0); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPlain(b *testing.B) {
	for b.Loop() {
		cmd := self("touch")
		cmd.Dir = b.TempDir()
		must(cmd.Run())
	}
}
