// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package illumos

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"illumos-metadata/common/guest"
)

// stub gives a guest whose one command must be want. It prints stdout and
// stderr and ends with status.
func stub(t *testing.T, want string, status int, stdout, stderr string) *guest.Guest {
	t.Helper()
	g := guest.New(t.TempDir(), slog.New(slog.DiscardHandler))
	g.Exec = func(_ context.Context, c guest.Command) ([]byte, error) {
		if got := strings.Join(c.Argv, " "); got != want {
			t.Errorf("ran  %s\nwant %s", got, want)
		}
		if status != 0 {
			return nil, &guest.CommandError{Argv: c.Argv, Status: status, Stdout: []byte(stdout), Stderr: []byte(stderr)}
		}
		return []byte(stdout), nil
	}
	return g
}

// A badOutput is what a parser has to refuse, with an error that names the
// command, the line and what is wrong.
type badOutput struct{ name, out, want string }

func refuses[T any](t *testing.T, parse func([]byte) (T, error), tests []badOutput) {
	t.Helper()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := parse([]byte(tt.out))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("parse(%q) = %+v, %v; want an error with %q", tt.out, got, err, tt.want)
			}
		})
	}
}

// stable is the property of the fuzz targets: a parser refuses what it is given
// with a short error that begins with the command, or else what it understood
// says the same when it is printed and read once more.
func stable[T any](t *testing.T, command string, out []byte, parse func([]byte) (T, error), print func(T) string) {
	t.Helper()
	got, err := parse(out)
	if err != nil {
		if text := err.Error(); !strings.HasPrefix(text, command) || len(text) > 1500 {
			t.Fatalf("error of %d bytes: %.200s", len(text), text)
		}
		return
	}
	again, err := parse([]byte(print(got)))
	if err != nil {
		t.Fatalf("%+v from %q, printed as %q: %v", got, out, print(got), err)
	}
	if diff := cmp.Diff(got, again); diff != "" {
		t.Fatalf("%q, printed as %q (-first +second):\n%s", out, print(got), diff)
	}
}

// escape prints fields as libofmt does: the reverse of columns.
func escape(fields ...string) string {
	for i, f := range fields {
		fields[i] = strings.NewReplacer(`\`, `\\`, `:`, `\:`).Replace(f)
	}
	return strings.Join(fields, ":") + "\n"
}

func TestColumns(t *testing.T) {
	tests := []struct {
		name, line string
		want       []string
	}{
		{"plain", "net0:up", []string{"net0", "up"}},
		{"row N3: an empty field at the end", "vioif3/dhcp:dhcp:disabled:", []string{"vioif3/dhcp", "dhcp", "disabled", ""}},
		{"row N3: empty fields in a row", ":::", []string{"", "", "", ""}},
		{"row N2: no field at all", "", []string{""}},
		{"address", `9\:8\:7\:6\:5\:4`, []string{"9:8:7:6:5:4"}},
		{"backslash", `a\\:b`, []string{`a\`, "b"}},
		{"needless escape", `\a\b`, []string{"ab"}},
		{"bytes that are no text", "\xff\x00:\xfe", []string{"\xff\x00", "\xfe"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := columns(tt.line, len(tt.want))
			if err != nil || !slices.Equal(got, tt.want) {
				t.Errorf("columns(%q) = %q, %v; want %q", tt.line, got, err, tt.want)
			}
		})
	}
	for _, tt := range []struct {
		line string
		want int
	}{{"a:b", 3}, {"a:b:c", 2}, {"", 2}, {`a:b\`, 2}} {
		if got, err := columns(tt.line, tt.want); err == nil {
			t.Errorf("columns(%q, %d) = %q, want an error", tt.line, tt.want, got)
		}
	}
}

// FuzzColumns: whatever values there are, they come back as they were printed.
func FuzzColumns(f *testing.F) {
	f.Add("net0", "up", "")
	f.Add("", "", "")
	f.Add(`\`, `:\:`, "fe80::1%net0/10")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		want := []string{a, b, c}
		line := strings.TrimSuffix(escape(slices.Clone(want)...), "\n")
		if got, err := columns(line, 3); err != nil || !slices.Equal(got, want) {
			t.Errorf("columns(%q) = %q, %v; want %q", line, got, err, want)
		}
	})
}

// TestCommandFails: a command's own failure comes back as such, whatever was
// asked; none of the parsers sees what it printed.
func TestCommandFails(t *testing.T) {
	g := guest.New(t.TempDir(), slog.New(slog.DiscardHandler))
	g.Exec = func(_ context.Context, c guest.Command) ([]byte, error) {
		return nil, &guest.CommandError{Argv: c.Argv, Status: 3, Stdout: []byte("rubbish"), Stderr: []byte("not now")}
	}
	ctx := t.Context()
	errs := map[string]error{}
	_, errs["dladm"] = PhysLinks(ctx, g)
	_, errs["ipadm"] = Addresses(ctx, g)
	_, errs["zpool list"] = ReadPool(ctx, g, "rpool")
	_, errs["zpool get"] = PoolGUID(ctx, g, "rpool")
	_, errs["prtvtoc"] = ReadLabel(ctx, g, "c1t0d0")
	_, errs["zfs"] = Datasets(ctx, g, "rpool")
	_, errs["swap"] = SwapDevices(ctx, g)
	_, errs["prtconf"] = Memory(ctx, g)
	_, errs["fstyp"] = Fstyp(ctx, g, "/dev/dsk/c1t0d0s0")
	_, errs["svcprop"] = Properties(ctx, g, "svc:/x:default", "config")
	for command, err := range errs {
		if guest.ExitStatus(err) != 3 || !strings.Contains(err.Error(), command) || !strings.Contains(err.Error(), "not now") {
			t.Errorf("%s: %v, want the command, its message and status 3", command, err)
		}
	}
}
