// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package metadata

import (
	"net"
	"net/netip"
	"strings"
	"testing"
)

// TestCheckHostname shows F10 absent: nothing but a legal name gets further.
func TestCheckHostname(t *testing.T) {
	long := strings.Repeat("a", 63)
	tests := []struct{ name, want string }{ // part of the error; "": legal
		{"web1", ""},
		{"WEB-1", ""},
		{"3com", ""},
		{"101", ""},
		{"a", ""},
		{"xn--bcher-kva.example", ""},
		{"ip-10-0-0-1.ec2.internal", ""},
		{long + ".com", ""},
		{strings.Repeat(long+".", 3) + strings.Repeat("a", 61), ""}, // 253

		{"", "empty label"},
		{".", "empty label"},
		{"a..b", "empty label"},
		{"web1.", "empty label"},
		{long + "a", "label of 64 characters"},
		{strings.Repeat(long+".", 3) + strings.Repeat("a", 62), "host name of 254 characters"},
		{strings.Repeat("a", 300), "host name of 300 characters"},
		{"-web", "hyphen"},
		{"web-.example", "hyphen"},
		{"web 1", `character ' '`},
		{"web1\n", `character '\n'`},
		{"web1\nrm", `character '\n'`},
		{"web_1", `character '_'`},
		{"$(id)", `character '$'`},
		{"bücher", "character"},
		{"web\x00", "character"},
		{"10.0.0.1", "IP address"},
		{"fd00::1", "IP address"},
		{"127.1", "top-level domain is a number"},
		{"web.example.1", "top-level domain is a number"},
	}
	for _, tt := range tests {
		err := CheckHostname(tt.name)
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("CheckHostname(%q) = %v, want %q", tt.name, err, tt.want)
		}
	}
}

// FuzzCheckHostname: a legal name is one word that no shell and no hosts(5)
// reads otherwise, short enough for the kernel (SYS_NMLN 257 in
// sys/utsname.h), and no address; and so is its first label.
func FuzzCheckHostname(f *testing.F) {
	for _, s := range []string{"web1.example.com", "10.0.0.1", "a b", "127.1", "-"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if CheckHostname(name) != nil {
			return
		}
		if strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.") != "" ||
			name == "" || name[0] == '-' || name[0] == '.' || len(name) > 255 || net.ParseIP(name) != nil {
			t.Errorf("%q passes for legal", name)
		}
		if strings.Contains(name, ".") {
			if _, err := netip.ParsePrefix(name[strings.LastIndexByte(name, '.')+1:] + ".0.0.0/8"); err == nil {
				t.Errorf("%q ends in a number", name)
			}
		}
		in := Instance{Hostname: name}
		if err := CheckHostname(in.Nodename()); err != nil {
			t.Errorf("the node name of %q: %v", name, err)
		}
	})
}

// TestNames: the node name is the first label; a name with a domain is kept
// apart from it (F9).
func TestNames(t *testing.T) {
	tests := []struct{ hostname, node, fqdn string }{
		{"web1", "web1", ""},
		{"ip-10-0-0-1.ec2.internal", "ip-10-0-0-1", "ip-10-0-0-1.ec2.internal"},
		{"", "", ""},
	}
	for _, tt := range tests {
		in := Instance{Hostname: tt.hostname}
		if node, fqdn := in.Nodename(), in.FQDN(); node != tt.node || fqdn != tt.fqdn {
			t.Errorf("%q: node name %q, FQDN %q; want %q, %q", tt.hostname, node, fqdn, tt.node, tt.fqdn)
		}
	}
}
