// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package etcfile

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"illumos-metadata/common/metadata"
)

func nameservers(search string, servers ...string) metadata.DNS {
	dns := metadata.DNS{Search: strings.Fields(search)}
	for _, s := range servers {
		dns.Servers = append(dns.Servers, netip.MustParseAddr(s))
	}
	return dns
}

// TestSetResolver: one search line in effect (row N11), the lines of others
// kept, and nothing taken out that is not ours (row N10).
func TestSetResolver(t *testing.T) {
	tests := []struct {
		name string
		file string
		mine []string
		dns  metadata.DNS
		want string
		made []string
	}{
		{name: "nothing wanted, nothing there"},
		{name: "nothing wanted", file: "nameserver 10.0.0.1\nsearch a b\n", want: "nameserver 10.0.0.1\nsearch a b\n"},
		{name: "new file", dns: nameservers("a b", "10.0.0.1", "2001:db8::1"),
			want: "nameserver 10.0.0.1\nnameserver 2001:db8::1\nsearch a b\n", made: []string{"nameserver 10.0.0.1", "nameserver 2001:db8::1", "search a b"}},
		{name: "there by hand", file: "search  a\tb\nnameserver\t10.0.0.1 # x\n", dns: nameservers("a b", "10.0.0.1"), want: "search  a\tb\nnameserver\t10.0.0.1 # x\n"},
		{name: "there from an earlier run", file: "nameserver 10.0.0.1\noptions ndots:2\n", mine: []string{"nameserver 10.0.0.1"}, dns: nameservers("", "10.0.0.1"),
			want: "nameserver 10.0.0.1\noptions ndots:2\n", made: []string{"nameserver 10.0.0.1"}},
		{name: "before the servers of others", file: "options rotate\nnameserver 10.0.0.9\n; x\n", dns: nameservers("", "10.0.0.1"),
			want: "options rotate\nnameserver 10.0.0.1\nnameserver 10.0.0.9\n; x\n", made: []string{"nameserver 10.0.0.1"}},
		{name: "behind the search lines of others", file: "search x\ndomain y\n# z", dns: nameservers("a"),
			want: "search x\ndomain y\n# z\nsearch a\n", made: []string{"search a"}},
		{name: "another server", file: "nameserver 10.0.0.1\nnameserver 10.0.0.9\nsearch a\n", mine: []string{"nameserver 10.0.0.1", "search a"}, dns: nameservers("", "10.0.0.2"),
			want: "nameserver 10.0.0.2\nnameserver 10.0.0.9\n", made: []string{"nameserver 10.0.0.2"}},
		{name: "a server less", file: "nameserver 10.0.0.1\nnameserver 10.0.0.2\n", mine: []string{"nameserver 10.0.0.1", "nameserver 10.0.0.2"}, dns: nameservers("", "10.0.0.1"),
			want: "nameserver 10.0.0.1\n", made: []string{"nameserver 10.0.0.1"}},
		{name: "withdrawn", file: "nameserver 10.0.0.1\nnameserver 10.0.0.9\nsearch a\n", mine: []string{"nameserver 10.0.0.1", "search a"},
			want: "nameserver 10.0.0.9\n"},
		{name: "not in the first column", file: " nameserver 10.0.0.1\n", dns: nameservers("", "10.0.0.1"),
			want: " nameserver 10.0.0.1\nnameserver 10.0.0.1\n", made: []string{"nameserver 10.0.0.1"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, made := SetResolver([]byte(tt.file), tt.mine, tt.dns)
			if string(got) != tt.want || !slices.Equal(made, tt.made) {
				t.Errorf("SetResolver(%q, %q, %+v)\ngot  %q, made %q\nwant %q, made %q", tt.file, tt.mine, tt.dns, got, made, tt.want, tt.made)
			}
		})
	}
}

// FuzzSetResolver: what is wanted is in effect, a second edit changes nothing,
// and the lines of others keep their order, also when ours go.
func FuzzSetResolver(f *testing.F) {
	f.Add([]byte("nameserver 10.0.0.9\nsearch x\ndomain y"), true, true)
	f.Add([]byte("# x\noptions rotate\n\nnameserver 10.0.0.1\nnameserver 10.0.0.2\nsearch a b\n"), true, true)
	f.Fuzz(func(t *testing.T, file []byte, servers, search bool) {
		var dns metadata.DNS
		if servers {
			dns.Servers = nameservers("", "10.0.0.1", "10.0.0.2").Servers
		}
		if search {
			dns.Search = []string{"a", "b"}
		}
		out, made := SetResolver(file, nil, dns)
		if !inEffect(out, dns) {
			t.Errorf("not in effect in %q", out)
		}
		again, madeAgain := SetResolver(out, made, dns)
		if string(again) != string(out) || !slices.Equal(made, madeAgain) {
			t.Errorf("a second edit makes\n%q, %q of\n%q, %q", again, madeAgain, out, made)
		}
		if rest := others(out, made); len(made) > 0 && !slices.Equal(others(file, made), rest) {
			t.Errorf("the lines of others were\n%q and are\n%q", others(file, made), rest)
		}
		gone, left := SetResolver(out, made, metadata.DNS{})
		if len(made) > 0 && !slices.Equal(others(file, made), lines(gone)) || len(left) > 0 {
			t.Errorf("withdrawn, it has %q of ours and is\n%q, not\n%q", left, gone, others(file, made))
		}
	})
}

// others are the lines of a file that are not among mine, each with its newline.
func others(file []byte, mine []string) []string {
	all := slices.DeleteFunc(lines(file), func(l string) bool { return slices.Contains(mine, strings.TrimSuffix(l, "\n")) })
	terminate(all)
	return all
}
