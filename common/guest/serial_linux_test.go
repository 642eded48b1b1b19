// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package guest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// serialPair gives a pseudo-terminal: the host's end, and the name of the
// guest's.
func serialPair(t *testing.T) (host *os.File, name string) {
	t.Helper()
	host, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { host.Close() })
	number, err := unix.IoctlGetInt(int(host.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetPointerInt(int(host.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	return host, fmt.Sprintf("/dev/pts/%d", number)
}

func openedSerial(t *testing.T) (*os.File, *Serial) {
	t.Helper()
	host, name := serialPair(t)
	s, err := New("", slog.New(slog.DiscardHandler)).OpenSerial(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return host, s
}

// TestSerial: bytes pass as they are, in lines, both ways.
func TestSerial(t *testing.T) {
	host, s := openedSerial(t)
	if _, err := host.WriteString("one\r\n\ntwo \x03\x04\x11\x13\xff\nrest"); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"one", "", "two \x03\x04\x11\x13\xff"} {
		got, err := s.ReadLine(t.Context(), time.Minute)
		if err != nil || string(got) != want {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
	}
	if got, err := s.ReadLine(t.Context(), time.Millisecond); !errors.Is(err, ErrSilent) {
		t.Errorf("a line without its end: %q, %v", got, err)
	}
	if _, err := host.WriteString(" of it\n"); err != nil {
		t.Fatal(err)
	}
	if got, err := s.ReadLine(t.Context(), time.Minute); err != nil || string(got) != "rest of it" {
		t.Errorf("got %q, %v", got, err)
	}
	text := "\x03\n\r" + strings.Repeat("x", 2000) + "\n"
	if err := s.Write(t.Context(), time.Minute, []byte(text)); err != nil {
		t.Error(err)
	}
	got := make([]byte, 0, len(text))
	for b := make([]byte, 512); len(got) < len(text); {
		n, err := host.Read(b)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, b[:n]...)
	}
	if string(got) != text {
		t.Errorf("the host gets %q, want %q", got, text)
	}
}

// TestSerialEnds: a wait ends with its context, and when the line goes away.
func TestSerialEnds(t *testing.T) {
	host, s := openedSerial(t)
	why := errors.New("told to stop")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(why)
	if _, err := s.ReadLine(ctx, time.Minute); !errors.Is(err, why) {
		t.Errorf("after the end of the context: %v", err)
	}
	if err := s.Write(ctx, time.Minute, []byte("x")); !errors.Is(err, why) {
		t.Errorf("after the end of the context: %v", err)
	}
	// A host that reads nothing fills the line up.
	if err := s.Write(t.Context(), time.Millisecond, make([]byte, 1<<20)); !errors.Is(err, ErrSilent) {
		t.Errorf("to a host that does not read: %v", err)
	}
	host.Close()
	if _, err := s.ReadLine(t.Context(), time.Minute); err == nil || errors.Is(err, ErrSilent) {
		t.Errorf("after the line has gone: %v", err)
	}
}

// TestSerialLock: a line that another program has locked, as mdata-get does, is
// waited for until the context ends.
func TestSerialLock(t *testing.T) {
	host, name := serialPair(t)
	defer host.Close()
	other, err := os.OpenFile(name, os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	// A lock that belongs to the open file stands for another process's.
	whole := unix.Flock_t{Type: unix.F_WRLCK}
	if err := unix.FcntlFlock(other.Fd(), unix.F_OFD_SETLK, &whole); err != nil {
		t.Fatal(err)
	}
	g := New("", slog.New(slog.DiscardHandler))
	late := errors.New("too late")
	ctx, cancel := context.WithTimeoutCause(t.Context(), 5*time.Millisecond, late)
	defer cancel()
	if _, err := g.OpenSerial(ctx, name); !errors.Is(err, late) || !strings.Contains(err.Error(), "in use by another program") {
		t.Errorf("locked: %v", err)
	}
	go other.Close()
	s, err := g.OpenSerial(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	held := unix.Flock_t{Type: unix.F_WRLCK}
	if other, err = os.OpenFile(name, os.O_RDWR|unix.O_NOCTTY, 0); err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if err := unix.FcntlFlock(other.Fd(), unix.F_OFD_SETLK, &held); !errors.Is(err, unix.EAGAIN) {
		t.Errorf("the line is not locked for others: %v", err)
	}
}

// TestSerialMissing: what is no line is an error at once.
func TestSerialMissing(t *testing.T) {
	g := New(t.TempDir(), slog.New(slog.DiscardHandler))
	if _, err := g.OpenSerial(t.Context(), "/dev/term/b"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing: %v", err)
	}
	if err := os.WriteFile(g.Host("/file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := g.OpenSerial(t.Context(), "/file"); !errors.Is(err, unix.ENOTTY) {
		t.Errorf("a file: %v", err)
	}
}
