// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

// Package methods_test runs the start methods with a program of its own in the
// place of the real one.
package methods_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// method copies a method to a directory with its paths below it, so that it
// runs where no suite is installed, and gives the copy.
func method(t *testing.T, file, root string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.ReplaceAll(string(data), "/lib/svc/share/", root+"/")
	text = strings.ReplaceAll(text, "=/usr/lib/metadata/", "="+root+"/")
	write(t, root+"/method", text)
	// What smf_include.sh of illumos-gate sets, as far as the methods use it.
	write(t, root+"/smf_include.sh", "SMF_EXIT_OK=0\nSMF_EXIT_ERR_FATAL=95\nSMF_EXIT_ERR_CONFIG=96\n")
	return root + "/method"
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
}

// TestMethods: a method gives its program the operands as they are and ends
// with its status (row E1); a missing program is a configuration error.
func TestMethods(t *testing.T) {
	files, err := filepath.Glob("metadata-*")
	if err != nil || len(files) != 6 {
		t.Fatalf("methods %v, %v", files, err)
	}
	for _, file := range files {
		t.Run(file, func(t *testing.T) {
			root := t.TempDir()
			m := method(t, file, root)
			out, status := run(t, m, "size=2g")
			name := strings.TrimPrefix(file, "metadata-")
			if status != 96 || !strings.Contains(out, root+"/"+name+" is missing") || !strings.Contains(out, "svcadm disable metadata/"+name) {
				t.Errorf("without the program: status %d, %q", status, out)
			}
			write(t, root+"/"+name, "#!/bin/sh\nprintf '<%s>' \"$@\"\nexit 42\n")
			if out, status = run(t, m, "users=root,a b", "size=", "x=*"); status != 42 || out != "<users=root,a b><size=><x=*>" {
				t.Errorf("status %d, operands %q", status, out)
			}
		})
	}
}

func run(t *testing.T, file string, args ...string) (string, int) {
	t.Helper()
	var out bytes.Buffer
	cmd := exec.Command("/bin/sh", append([]string{file}, args...)...)
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return out.String(), cmd.ProcessState.ExitCode()
}

// TestShape: short, started by the shell that is on the root file system, and
// no logic that the program could hold.
func TestShape(t *testing.T) {
	files, _ := filepath.Glob("metadata-*")
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
		if len(lines) >= 20 || lines[0] != "#!/sbin/sh" || lines[len(lines)-1] != `exec "$program" "$@"` {
			t.Errorf("%s: %d lines, from %q to %q", file, len(lines), lines[0], lines[len(lines)-1])
		}
		if info, err := os.Stat(file); err != nil || info.Mode().Perm()&0o111 != 0o111 {
			t.Errorf("%s: not executable (%v)", file, err)
		}
	}
}
