// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package etcfile

import (
	"slices"
	"strings"
	"testing"
)

// TestLookupDNS: both databases, whatever else they say (row N12).
func TestLookupDNS(t *testing.T) {
	tests := []struct {
		name, file string
		mine       []string
		want       string
		made       []string
	}{
		{name: "no file"},
		{name: "stock", file: "passwd:     files\nhosts:      files\nipnodes:    files\n",
			want: "passwd:     files\nhosts:      files dns\nipnodes:    files dns\n", made: []string{"hosts", "ipnodes"}},
		{name: "there", file: "hosts: files dns mdns\nipnodes: dns\n", want: "hosts: files dns mdns\nipnodes: dns\n"},
		{name: "ours", file: "hosts: files dns\nipnodes: files dns\n", mine: []string{"hosts"}, want: "hosts: files dns\nipnodes: files dns\n", made: []string{"hosts"}},
		{name: "with a criterion", file: "hosts: files [NOTFOUND=return] nis\n", want: "hosts: files dns [NOTFOUND=return] nis\n", made: []string{"hosts"}},
		{name: "with a comment", file: "hosts: files # not dns\n", want: "hosts: files dns # not dns\n", made: []string{"hosts"}},
		{name: "not in a word", file: "hosts: mdns\n", want: "hosts: mdns dns\n", made: []string{"hosts"}},
		{name: "without a newline", file: "hosts: files", want: "hosts: files dns", made: []string{"hosts"}},
		{name: "a comment", file: "#hosts: files\n", want: "#hosts: files\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, made := LookupDNS([]byte(tt.file), tt.mine)
			if string(got) != tt.want || !slices.Equal(made, tt.made) {
				t.Errorf("LookupDNS(%q, %q)\ngot  %q, %q\nwant %q, %q", tt.file, tt.mine, got, made, tt.want, tt.made)
			}
		})
	}
}

// FuzzLookupDNS: a second edit changes nothing, other lines stay byte for byte,
// and what was made can be taken back but for blanks at the end of a line.
func FuzzLookupDNS(f *testing.F) {
	f.Add([]byte("passwd: files\nhosts:\tfiles [NOTFOUND=return] # x\nipnodes:files dns"))
	f.Add([]byte("hosts:\nhosts: dns\n:\n#\n hosts: a\n"))
	f.Fuzz(func(t *testing.T, file []byte) {
		out, made := LookupDNS(file, nil)
		again, madeAgain := LookupDNS(out, made)
		if string(again) != string(out) || !slices.Equal(made, madeAgain) {
			t.Errorf("a second edit makes\n%q, %q of\n%q, %q", again, madeAgain, out, made)
		}
		before, after := lines(file), lines(out)
		if len(before) != len(after) {
			t.Fatalf("%d lines of %d", len(after), len(before))
		}
		for i, line := range before {
			db, sources, _ := switchEntry(line)
			switch {
			case !slices.Contains(lookups, db):
				if after[i] != line {
					t.Errorf("line %q is %q", line, after[i])
				}
			case !slices.Contains(strings.Fields(sources), "dns"):
				_, now, _ := switchEntry(after[i])
				if !slices.Contains(strings.Fields(now), "dns") {
					t.Errorf("no DNS in %q from %q", after[i], line)
				}
			}
		}
	})
}

// TestNoLookupDNS: what was made goes, and only that.
func TestNoLookupDNS(t *testing.T) {
	const file = "passwd: files dns\nhosts:      files dns [NOTFOUND=return] nis # x\nipnodes: files dns\n"
	got := NoLookupDNS([]byte(file), []string{"hosts"})
	if want := "passwd: files dns\nhosts:      files [NOTFOUND=return] nis # x\nipnodes: files dns\n"; string(got) != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	for _, stock := range []string{"hosts:      files\nipnodes:    files\n", "hosts: files [NOTFOUND=return]\n", "hosts: files # x\n"} {
		out, made := LookupDNS([]byte(stock), nil)
		if got := NoLookupDNS(out, made); string(got) != stock {
			t.Errorf("%q came back as %q", stock, got)
		}
	}
}
