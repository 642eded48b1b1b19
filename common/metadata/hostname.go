// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package metadata

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
)

// CheckHostname says why name is no legal host name: RFC 1123 section 2.1
// (letters, digits and hyphens, labels of 1 to 63, 253 in all), and nothing
// that a resolver would take for an IP address, such as 127.1.
func CheckHostname(name string) error {
	if len(name) > 253 {
		return fmt.Errorf("host name of %d characters: at most 253 are legal", len(name))
	}
	if _, err := netip.ParseAddr(name); err == nil {
		return fmt.Errorf("host name %q is an IP address", name)
	}
	for label := range strings.SplitSeq(name, ".") {
		if err := checkLabel(label); err != nil {
			return fmt.Errorf("host name %q: %w", name, err)
		}
	}
	if i := strings.LastIndexByte(name, '.'); i >= 0 && strings.Trim(name[i:], ".0123456789") == "" {
		return fmt.Errorf("host name %q: the top-level domain is a number", name)
	}
	return nil
}

func checkLabel(label string) error {
	if label == "" {
		return errors.New("empty label")
	}
	if len(label) > 63 {
		return fmt.Errorf("label of %d characters: at most 63 are legal", len(label))
	}
	if label[0] == '-' || label[len(label)-1] == '-' {
		return fmt.Errorf("label %q begins or ends with a hyphen", label)
	}
	for _, c := range []byte(label) {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-') {
			return fmt.Errorf("character %q: only letters, digits and hyphens are legal", c)
		}
	}
	return nil
}

// Nodename is the short name, which nodename(5) and hostname(1) get: the first
// label.
func (in *Instance) Nodename() string {
	name, _, _ := strings.Cut(in.Hostname, ".")
	return name
}

// FQDN is the full name, or "" if the metadata gives no domain.
func (in *Instance) FQDN() string {
	if strings.Contains(in.Hostname, ".") {
		return in.Hostname
	}
	return ""
}
