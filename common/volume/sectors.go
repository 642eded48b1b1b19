// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package volume

import (
	"context"
	"errors"
	"fmt"
	"io"
)

const (
	// chunkSize is what is read at a time; a multiple of every sector size.
	chunkSize = 64 << 10
	// maxArchive is how far an archive is read: three times what one with all
	// members at their limits takes. What is not wanted has to be read past.
	maxArchive = 64 << 20
)

// sectors reads a device from its beginning in whole, aligned sectors, which
// raw nodes insist on.
type sectors struct {
	ctx    context.Context
	f      io.ReaderAt
	offset int64
	chunk  []byte // of chunkSize, made by the first read
	rest   []byte // what of it has not been given out
}

// Read implements io.Reader. It ends with io.EOF only behind the last byte of
// the device.
func (s *sectors) Read(p []byte) (int, error) {
	if len(s.rest) == 0 {
		if err := s.fill(); err != nil {
			return 0, err
		}
	}
	n := copy(p, s.rest)
	s.rest = s.rest[n:]
	return n, nil
}

func (s *sectors) fill() error {
	if err := context.Cause(s.ctx); err != nil {
		return err
	}
	if s.offset >= maxArchive {
		return fmt.Errorf("no end within %d MiB", maxArchive>>20)
	}
	if s.chunk == nil {
		s.chunk = make([]byte, chunkSize)
	}
	n, err := s.f.ReadAt(s.chunk, s.offset)
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("byte %d: %w", s.offset, reason(err))
	}
	if n == 0 {
		return io.EOF
	}
	s.rest, s.offset = s.chunk[:n], s.offset+int64(n)
	return nil
}
