// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package cutoff

import (
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// TestMain plays one of the programs below, if this process was started as one.
func TestMain(m *testing.M) {
	if len(os.Args) == 3 && os.Args[1] == "play" {
		plays[os.Args[2]]()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

var plays = map[string]func(){
	"writer":  writer,
	"touch":   func() { must(os.WriteFile("touched", nil, 0o600)) },
	"threads": threads,
	"leaver":  leaver,
	"leave":   leave,
	"hang":    hang,
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// writer changes files in many ways, runs a command, and does much that is no
// step.
func writer() {
	fmt.Println("not a step")
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	must(err)
	fmt.Fprintln(null, "not a step")
	event, err := unix.Eventfd(0, 0)
	must(err)
	_, err = unix.Write(event, make([]byte, 8))
	must(err)
	must(os.Mkdir("d", 0o700))
	atomically("d/a", "text")
	must(os.Symlink("a", "d/link"))
	must(os.Link("d/a", "d/b"))
	must(runSelf("touch"))
	must(os.Truncate("d/b", 1))
	must(os.Remove("d/a"))
	if _, err := os.ReadFile("d/a"); err == nil {
		os.Exit(1)
	}
	exec.Command("/no/such/command").Run()
	os.Exit(7)
}

// atomically replaces a file through os.Root, as the services do.
func atomically(name, text string) {
	dir, err := os.OpenRoot("d")
	must(err)
	defer dir.Close()
	f, err := dir.OpenFile("new", os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	must(err)
	_, err = f.WriteString(text)
	must(err)
	must(f.Chmod(0o640))
	must(f.Sync())
	must(f.Close())
	must(dir.Rename("new", strings.TrimPrefix(name, "d/")))
}

func runSelf(play string) error { return self(play).Run() }

// self is a command that plays, with our standard output, so that the test can
// tell whether it lives.
func self(play string) *exec.Cmd {
	cmd := exec.Command("/proc/self/exe", "play", play)
	cmd.Stdout = os.Stdout
	return cmd
}

// threads makes directories from several threads at once.
func threads() {
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			runtime.LockOSThread()
			for k := range 5 {
				must(os.Mkdir(fmt.Sprint(i, ".", k), 0o700))
			}
		})
	}
	all.Wait()
}

// leaver runs a command that leaves a process behind in a session of its own,
// and goes on.
func leaver() {
	must(runSelf("leave"))
	must(os.Mkdir("after", 0o700))
}

func leave() {
	cmd := self("hang")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	must(cmd.Start())
}

// hang says so and never ends, whatever signal it gets.
func hang() {
	signal.Ignore(syscall.SIGTERM, syscall.SIGHUP)
	fmt.Println("hanging")
	select {}
}
