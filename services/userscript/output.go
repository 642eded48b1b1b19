// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"time"
)

const (
	// What is kept of a long output: its beginning and its end.
	keepHead = 512 << 10
	keepTail = 512 << 10
	// liveMost is how long the output may become while the script runs.
	liveMost = 8 << 20

	// pollEvery is how late the service log may be.
	pollEvery = 100 * time.Millisecond
)

// An output is the file that the script writes to by itself. A pipe would end
// with this program, and with it whatever the script leaves running; and the
// file is whole after a power loss. What is written to it is copied to the
// service log as it comes.
type output struct {
	file    *os.File
	log     io.Writer
	copied  int64 // bytes of the file that the log has
	dropped int64 // bytes cut out of its middle
	mark    int64 // length of the line that says so
}

// follow copies until done is closed, or ctx ends, which is the error.
func (o *output) follow(ctx context.Context, done <-chan struct{}) error {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		select {
		case <-done:
			o.copy()
			return nil
		case <-ctx.Done():
			o.copy()
			return context.Cause(ctx)
		case <-tick.C:
			if o.copy() > liveMost {
				o.shorten()
			}
		}
	}
}

// copy brings the log up to date and gives the length of the file. The script's
// end matters more than its output, so that an error here is let go.
func (o *output) copy() int64 {
	n, _ := io.Copy(o.log, io.NewSectionReader(o.file, o.copied, 1<<40))
	o.copied += n
	return o.copied
}

// finish cuts the output to what is kept.
func (o *output) finish() error {
	if o.copy() <= keepHead+o.mark+keepTail {
		return nil
	}
	return o.shorten()
}

// shorten cuts the middle out of the file. The file stays the same one, since
// the script and what it left running go on writing at its end.
func (o *output) shorten() error {
	tail := make([]byte, keepTail)
	if _, err := o.file.ReadAt(tail, o.copied-keepTail); err != nil {
		return fmt.Errorf("shorten %s: %w", outputFile, err)
	}
	o.dropped += o.copied - keepHead - o.mark - keepTail
	if err := o.file.Truncate(keepHead); err != nil {
		return fmt.Errorf("shorten %s: %w", outputFile, err)
	}
	mark := fmt.Sprintf("\n[%d bytes left out]\n", o.dropped)
	o.mark = int64(len(mark))
	o.copied = keepHead + o.mark + keepTail
	_, err := o.file.Write(append([]byte(mark), tail...))
	return err
}
