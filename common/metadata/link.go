// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package metadata

import (
	"fmt"
	"strings"
)

// ParseMAC reads a hardware address of 6 bytes, of 8, or of InfiniBand's 20,
// in either case, with or without leading zeros, with colons or hyphens, and
// gives it as Match holds it: e.g. 0:C:29:3a:1:f is 00:0c:29:3a:01:0f.
func ParseMAC(text string) (string, error) {
	parts := strings.Split(strings.ToLower(strings.ReplaceAll(text, "-", ":")), ":")
	if n := len(parts); n != 6 && n != 8 && n != 20 {
		return "", fmt.Errorf("%.80q is no MAC address", text)
	}
	for i, p := range parts {
		if len(p) == 1 {
			p = "0" + p
		}
		if len(p) != 2 || strings.Trim(p, "0123456789abcdef") != "" {
			return "", fmt.Errorf("%.80q is no MAC address", text)
		}
		parts[i] = p
	}
	mac := strings.Join(parts, ":")
	if strings.Trim(mac, "0:") == "" {
		return "", fmt.Errorf("MAC address %s is no link's", mac)
	}
	return mac, nil
}

// CheckLinkName says why dladm(8) would not take name for a datalink:
// libdladm.c dladm_valid_linkname.
func CheckLinkName(name string) error {
	const digits = "0123456789"
	switch {
	case name == "" || len(name) > 31:
		return fmt.Errorf("link name %.60q: 1 to 31 characters are legal", name)
	case strings.Trim(strings.ToLower(name), "abcdefghijklmnopqrstuvwxyz"+digits+"_.") != "":
		return fmt.Errorf("link name %q: only letters, digits, _ and . are legal", name)
	case strings.ContainsRune(digits, rune(name[0])):
		return fmt.Errorf("link name %q begins with a digit", name)
	}
	switch number := name[len(strings.TrimRight(name, digits)):]; {
	case number == "":
		return fmt.Errorf("link name %q does not end in a number", name)
	case len(number) > 1 && number[0] == '0':
		return fmt.Errorf("link name %q: its number has a leading zero", name)
	}
	return nil
}
