// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simdisk

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"
)

// Texts of strerror(3C) on illumos.
const (
	textNotOwner = "Not owner" // EPERM
	textNoEntry  = "No such file or directory"
	textInvalid  = "Invalid argument"
)

// errorText is strerror(3C) for an error of the host.
func errorText(err error) string {
	var errno syscall.Errno
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return textNoEntry
	case errors.Is(err, syscall.EPERM):
		return textNotOwner
	case errors.Is(err, syscall.ENXIO):
		return "No such device or address"
	case errors.Is(err, syscall.EIO):
		return "I/O error"
	case errors.Is(err, syscall.ENOSPC):
		return "No space left on device"
	case errors.Is(err, syscall.EINVAL):
		return textInvalid
	case errors.As(err, &errno):
		return errno.Error()
	}
	return err.Error()
}

// A refusal is what a command prints as it ends, in its own words.
type refusal string

func (r refusal) Error() string { return string(r) }

func refusef(format string, args ...any) error { return refusal(fmt.Sprintf(format, args...)) }
