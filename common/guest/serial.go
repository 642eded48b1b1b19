// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package guest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	pollStep = 100 * time.Millisecond // how soon a wait sees that its context has ended
	maxLine  = 24 << 20               // bytes before a newline: 16 MiB in base64
	maxDrain = 64 << 10               // bytes thrown away at the start
)

// ErrSilent says that nothing came over a serial line for as long as it may.
var ErrSilent = errors.New("no answer")

var errHungUp = errors.New("the line is hung up")

// A Serial is a serial line that this process has to itself.
type Serial struct {
	name string
	fd   int
	rest []byte // read, and not yet given
}

// OpenSerial opens a serial line for this process alone, in raw mode, and throws
// away what was on its way. It waits for others that use the line until ctx
// ends. They have to hold the same lock, as mdata-get(8) does: a write lock of
// fcntl(2) on the whole device (mdata-client, plat/unix_common.c,
// unix_open_serial).
func (g *Guest) OpenSerial(ctx context.Context, name string) (*Serial, error) {
	real, err := g.resolve(name)
	if err != nil {
		return nil, err
	}
	s := &Serial{name: name}
	for pause := time.Millisecond; ; pause = min(2*pause, 200*time.Millisecond) {
		busy, err := s.open(g.Root + real)
		if err == nil {
			break
		}
		if !busy {
			return nil, fmt.Errorf("open %s: %w", name, err)
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("open %s: in use by another program: %w", name, context.Cause(ctx))
		case <-time.After(pause/2 + rand.N(pause)):
		}
	}
	if err := errors.Join(s.raw(), s.drain(ctx)); err != nil {
		s.Close()
		return nil, fmt.Errorf("open %s: %w", name, err)
	}
	return s, nil
}

// open opens and locks the line. O_NONBLOCK keeps open(2) from waiting for a
// carrier and close(2) from waiting for output (termio(4I), asy(4D)).
func (s *Serial) open(path string) (busy bool, err error) {
	const flags = unix.O_RDWR | unix.O_EXCL | unix.O_NOCTTY | unix.O_NONBLOCK | unix.O_CLOEXEC
	if s.fd, err = unix.Open(path, flags, 0); err != nil {
		return errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EBUSY) || errors.Is(err, unix.EINTR), err
	}
	whole := unix.Flock_t{Type: unix.F_WRLCK}
	if err := unix.FcntlFlock(uintptr(s.fd), unix.F_SETLK, &whole); err != nil {
		s.Close()
		return errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EACCES) || errors.Is(err, unix.EINTR), err
	}
	return false, nil
}

// raw sets the modes of unix_raw_mode in mdata-client, but by TCSETS, which does
// not wait for output as its TCSETSF does.
func (s *Serial) raw() error {
	t, err := unix.IoctlGetTermios(s.fd, unix.TCGETS)
	if err != nil {
		return fmt.Errorf("get its modes: %w", err)
	}
	t.Iflag &^= unix.BRKINT | unix.ICRNL | unix.INPCK | unix.ISTRIP | unix.IXON
	t.Oflag &^= unix.OPOST
	t.Cflag |= unix.CS8
	t.Cflag &^= unix.HUPCL
	t.Lflag &^= unix.ECHO | unix.ICANON | unix.IEXTEN | unix.ISIG
	t.Cc[unix.VMIN], t.Cc[unix.VTIME] = 0, 1
	if err := unix.IoctlSetTermios(s.fd, unix.TCSETS, t); err != nil {
		return fmt.Errorf("set its modes: %w", err)
	}
	return nil
}

// drain reads until nothing comes any more. A line that never rests is left to
// the reader.
func (s *Serial) drain(ctx context.Context) error {
	for n := 0; n < maxDrain; {
		b, err := s.read(ctx, pollStep)
		if errors.Is(err, ErrSilent) {
			return nil
		}
		if err != nil {
			return err
		}
		n += len(b)
	}
	return nil
}

// Close gives the line to others.
func (s *Serial) Close() { unix.Close(s.fd) }

// ReadLine gives the next line without its newline. It ends with ErrSilent when
// nothing has come for so long, and when ctx ends.
func (s *Serial) ReadLine(ctx context.Context, silence time.Duration) ([]byte, error) {
	for at := 0; ; {
		if i := bytes.IndexByte(s.rest[at:], '\n'); i >= 0 {
			line := s.rest[:at+i]
			s.rest = s.rest[at+i+1:]
			return bytes.TrimSuffix(line, []byte("\r")), nil
		}
		if at = len(s.rest); at > maxLine {
			s.rest = nil
			return nil, fmt.Errorf("read %s: a line of more than %d bytes: %w", s.name, maxLine, syscall.EFBIG)
		}
		b, err := s.read(ctx, silence)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", s.name, err)
		}
		s.rest = append(s.rest, b...)
	}
}

// Write writes all of b, and waits for no part of it longer than silence.
func (s *Serial) Write(ctx context.Context, silence time.Duration, b []byte) error {
	for len(b) > 0 {
		err := s.wait(ctx, unix.POLLOUT, silence)
		n := 0
		if err == nil {
			n, err = unix.Write(s.fd, b)
		}
		if err != nil && !passing(err) {
			return fmt.Errorf("write %s: %w", s.name, err)
		}
		b = b[max(n, 0):]
	}
	return nil
}

func passing(err error) bool { return errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR) }

// read gives what has come.
func (s *Serial) read(ctx context.Context, silence time.Duration) ([]byte, error) {
	b := make([]byte, 4096)
	for end := time.Now().Add(silence); ; {
		if err := s.wait(ctx, unix.POLLIN, time.Until(end)); err != nil {
			return nil, err
		}
		switch n, err := unix.Read(s.fd, b); {
		case n > 0:
			return b[:n], nil
		case err != nil && !passing(err):
			return nil, err
		case err == nil && s.gone():
			return nil, errHungUp
		case err == nil: // VTIME has run out
			time.Sleep(pollStep / 10)
		}
	}
}

// gone says whether the other end has hung up.
func (s *Serial) gone() bool {
	state := []unix.PollFd{{Fd: int32(s.fd)}}
	n, err := unix.Poll(state, 0)
	return err == nil && n > 0
}

// wait waits until the line is ready for reading or writing.
func (s *Serial) wait(ctx context.Context, events int16, limit time.Duration) error {
	for end := time.Now().Add(limit); ; {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		left := time.Until(end)
		if left <= 0 {
			return ErrSilent
		}
		ready := []unix.PollFd{{Fd: int32(s.fd), Events: events}}
		n, err := unix.Poll(ready, int(max(min(left, pollStep).Milliseconds(), 1)))
		switch {
		case err != nil && !passing(err):
			return err
		case n > 0 && ready[0].Revents&events != 0:
			return nil
		case n > 0:
			return errHungUp
		}
	}
}
