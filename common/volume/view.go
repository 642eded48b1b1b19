// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package volume

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/diskfs/go-diskfs/backend"
)

const (
	// maxServed is how much a file system's reader may read of a volume, the
	// same bytes as often as it likes: four times what one with all files at
	// their limits takes.
	maxServed = 64 << 20
	// readCost is what a read counts for beside its length, so that no more
	// than some hundred thousand are served.
	readCost = 512
)

var (
	errServed   = fmt.Errorf("more than %d MiB have to be read", maxServed>>20)
	errReadOnly = errors.New("a metadata volume is only read")
)

// A view is a volume as the readers of file systems see it: any part of it may
// be read, but no more than maxServed in all. The device itself is read in
// aligned chunks and each of them once, so that what was checked of a volume is
// what is used of it.
type view struct {
	ctx    context.Context
	f      io.ReaderAt
	chunks map[int64][]byte
	left   int64
	failed error // the first read that failed: the readers do not always tell
}

func newView(ctx context.Context, f io.ReaderAt) *view {
	return &view{ctx: ctx, f: f, chunks: map[int64][]byte{}, left: maxServed}
}

// ReadAt implements io.ReaderAt.
func (v *view) ReadAt(p []byte, off int64) (int, error) {
	n, err := v.read(p, off)
	if v.failed == nil {
		v.failed = err
	}
	return n, err
}

func (v *view) read(p []byte, off int64) (int, error) {
	if v.left -= int64(len(p)) + readCost; v.left < 0 {
		return 0, errServed
	}
	if off < 0 {
		return 0, fmt.Errorf("byte %d is no part of the volume", off)
	}
	n := 0
	for n < len(p) {
		at := off + int64(n)
		chunk, err := v.chunk(at / chunkSize)
		if err != nil {
			return n, err
		}
		rest := chunk[min(at%chunkSize, int64(len(chunk))):]
		if len(rest) == 0 {
			return n, io.EOF
		}
		n += copy(p[n:], rest)
	}
	return n, nil
}

// chunk gives one chunk, shorter than the others where the device ends.
func (v *view) chunk(number int64) ([]byte, error) {
	if chunk, ok := v.chunks[number]; ok {
		return chunk, nil
	}
	if err := context.Cause(v.ctx); err != nil {
		return nil, err
	}
	chunk := make([]byte, chunkSize)
	n, err := v.f.ReadAt(chunk, number*chunkSize)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("byte %d: %w", number*chunkSize, reason(err))
	}
	v.chunks[number] = chunk[:n]
	return chunk[:n], nil
}

// bytes gives n bytes from off on.
func (v *view) bytes(off, n int64) ([]byte, error) {
	b := make([]byte, n)
	_, err := v.ReadAt(b, off)
	return b, unexpected(err)
}

// The rest of backend.Storage: nothing else than ReadAt is needed for reading.

// Read implements io.Reader.
func (v *view) Read([]byte) (int, error) { return 0, errors.ErrUnsupported }

// Seek implements io.Seeker.
func (v *view) Seek(int64, int) (int64, error) { return 0, errors.ErrUnsupported }

// Stat implements fs.File.
func (v *view) Stat() (fs.FileInfo, error) { return nil, errors.ErrUnsupported }

// Sys implements backend.Storage.
func (v *view) Sys() (*os.File, error) { return nil, errors.ErrUnsupported }

// Writable implements backend.Storage.
func (v *view) Writable() (backend.WritableFile, error) { return nil, errReadOnly }

// Path implements backend.Storage.
func (v *view) Path() string { return "" }

// Close implements io.Closer.
func (v *view) Close() error { return nil }
