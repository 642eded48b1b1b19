// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// TestLongOutput: all of it is in the log, and its beginning and end are kept.
func TestLongOutput(t *testing.T) {
	b := newBench(t, `i=0; while [ $i -lt 40000 ]; do echo "line $i of a script that says very much, line by line, line by line"; i=$((i+1)); done`)
	b.mustRun()
	said := b.said.String()
	if strings.Count(said, "\n") != 40000 {
		t.Fatalf("%d lines in the log", strings.Count(said, "\n"))
	}
	mark := fmt.Sprintf("\n[%d bytes left out]\n", len(said)-keepHead-keepTail)
	if got := b.read(outputFile); got != said[:keepHead]+mark+said[len(said)-keepTail:] {
		t.Errorf("%d bytes kept of %d, mark %q", len(got), len(said), regexp.MustCompile(`\n\[.*\]\n`).FindString(got))
	}
}

// TestShorten: while a script runs, its output stays below liveMost, and the
// mark counts all that was cut out.
func TestShorten(t *testing.T) {
	file, err := os.OpenFile(filepath.Join(t.TempDir(), "output"), os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var log bytes.Buffer
	o := &output{file: file, log: &log}
	var all []byte
	for i := range 5 {
		chunk := bytes.Repeat([]byte{byte('a' + i)}, 3<<20)
		all = append(all, chunk...)
		if _, err := file.Write(chunk); err != nil {
			t.Fatal(err)
		}
		o.copy()
		if err := o.shorten(); err != nil {
			t.Fatal(err)
		}
	}
	if err := o.finish(); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(log.Bytes(), all) {
		t.Errorf("%d bytes in the log of %d", log.Len(), len(all))
	}
	got, err := os.ReadFile(file.Name())
	if err != nil {
		t.Fatal(err)
	}
	want := fmt.Sprintf("%s\n[%d bytes left out]\n%s", all[:keepHead], len(all)-keepHead-keepTail, all[len(all)-keepTail:])
	if string(got) != want {
		t.Errorf("kept %d bytes, want %d: %q", len(got), len(want), regexp.MustCompile(`\n\[.*\]\n`).FindAllString(string(got), -1))
	}
}

// TestLeftRunning: what the script leaves running goes on, and can still write.
func TestLeftRunning(t *testing.T) {
	b := newBench(t, `
(while [ ! -e "$HOME/go" ]; do /bin/sleep 0.01; done; echo late && echo "$?" >"$HOME/wrote") &
echo done`)
	b.mustRun()
	if got := b.said.String(); got != "done\n" {
		t.Errorf("log %q", got)
	}
	write(t, b, "/root/go", "")
	for end := time.Now().Add(10 * time.Second); b.read("/root/wrote") == "" && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
	if got := b.read(outputFile); got != "done\nlate\n" || b.read("/root/wrote") != "0\n" {
		t.Errorf("output %q", got)
	}
}

// TestOutputAsItComes: the log has it before the script ends.
func TestOutputAsItComes(t *testing.T) {
	b := newBench(t, `echo first; while [ ! -e "$HOME/go" ]; do /bin/sleep 0.01; done; echo last`)
	seen := make(chan string, 1)
	log := writerFunc(func(p []byte) (int, error) {
		select {
		case seen <- string(p):
			write(t, b, "/root/go", "")
		default:
		}
		return len(p), nil
	})
	if err := once(t.Context(), b.Agent, record{}, b.w, log); err != nil {
		t.Fatal(err)
	}
	if got := <-seen; got != "first\n" {
		t.Errorf("seen first: %q", got)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }
