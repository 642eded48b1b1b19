// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package guest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// TestDial: in a directory the guest's network is what listens at its /dev/tcp.
func TestDial(t *testing.T) {
	g := New(t.TempDir(), slog.New(slog.DiscardHandler))
	if _, err := g.Dial(t.Context(), "tcp", "192.0.2.1:80"); !errors.Is(err, syscall.ENETUNREACH) {
		t.Errorf("without a network: %v", err)
	}
	if err := g.MakeDir("/dev", 0o755); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", filepath.Join(g.Root, "dev/tcp"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	answers := map[string]string{
		"tcp 192.0.2.1:80\n": "0\nhello", "tcp 192.0.2.2:80\n": fmt.Sprintln(int(syscall.ECONNREFUSED)), "tcp 192.0.2.3:80\n": "what?\n",
		"tcp [2001:db8::1]:80\n": "0\nhello", "tcp 192.0.2.4:80\n": "0",
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				line, _ := bufio.NewReader(c).ReadString('\n')
				if answer, ok := answers[line]; ok {
					io.WriteString(c, answer)
					c.Close()
				} // else it is silent
			}()
		}
	}()
	for _, tt := range []struct {
		address string
		want    error // nil: it connects
	}{
		{"192.0.2.1:80", nil},
		{"[2001:db8::1]:80", nil},
		{"192.0.2.2:80", syscall.ECONNREFUSED},
		{"192.0.2.3:80", syscall.EPROTO},
		{"192.0.2.4:80", io.EOF},
		{"192.0.2.9:80", context.DeadlineExceeded},
	} {
		t.Run(tt.address, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			if tt.want == context.DeadlineExceeded {
				ctx, cancel = context.WithTimeout(t.Context(), 50*time.Millisecond)
			}
			defer cancel()
			c, err := g.Dial(ctx, "tcp", tt.address)
			if !errors.Is(err, tt.want) {
				t.Fatalf("error %v, want %v", err, tt.want)
			}
			if err != nil {
				return
			}
			defer c.Close()
			if text, err := io.ReadAll(c); string(text) != "hello" || err != nil {
				t.Errorf("read %q, %v", text, err)
			}
		})
	}
	for _, address := range []string{"metadata.example.com:80", "192.0.2.1", "192.0.2.1:http", ""} {
		if _, err := g.Dial(t.Context(), "tcp", address); err == nil {
			t.Errorf("%q: no error", address)
		}
	}
}
