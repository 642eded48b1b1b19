// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package etcfile

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const stockHosts = "#\n# Internet host table\n#\n::1\t\tlocalhost\n127.0.0.1\tlocalhost loghost\n"

// TestSetHostAliases shows F7, F8 and F9 absent: blanks, other aliases and
// other lines survive, an equal file stays equal, and a name with a domain is
// taken as it is.
func TestSetHostAliases(t *testing.T) {
	tests := []struct {
		name           string
		file           string
		withdraw, want string // names apart by blanks
		out            string
	}{
		{"stock", stockHosts, "", "web1",
			"#\n# Internet host table\n#\n::1\t\tlocalhost web1\n127.0.0.1\tlocalhost loghost web1\n"},
		{"stock with a domain (F9)", stockHosts, "", "web1.example.com web1",
			"#\n# Internet host table\n#\n::1\t\tlocalhost web1.example.com web1\n127.0.0.1\tlocalhost loghost web1.example.com web1\n"},
		{"there already (F8)", "::1 localhost web1\n127.0.0.1 web1 localhost\n", "", "web1",
			"::1 localhost web1\n127.0.0.1 web1 localhost\n"},
		{"there in other case", "::1 WEB1\n127.0.0.1 Web1\n", "", "web1", "::1 WEB1\n127.0.0.1 Web1\n"},
		{"nothing wanted", stockHosts, "", "", stockHosts},
		{"nothing wanted of nothing", "", "old", "", ""},
		{"blanks, aliases and comments survive (F7, F8)",
			"  10.0.0.1 \tdb  # the  database \n\n\t::1\t localhost  ip6-localhost \t# v6\n127.0.0.1 localhost\tmy-alias  #127\n ", "", "web1",
			"  10.0.0.1 \tdb  # the  database \n\n\t::1\t localhost  ip6-localhost web1 \t# v6\n127.0.0.1 localhost\tmy-alias web1  #127\n "},
		{"no newline at the end", "::1 localhost\n127.0.0.1 localhost", "", "web1", "::1 localhost web1\n127.0.0.1 localhost web1"},
		{"carriage returns", "::1 localhost\r\n127.0.0.1 localhost\r\n", "", "web1", "::1 localhost web1\r\n127.0.0.1 localhost web1\r\n"},
		{"address written in full", "0:0:0:0:0:0:0:1 localhost\n127.0.0.1 localhost\n", "", "web1",
			"0:0:0:0:0:0:0:1 localhost web1\n127.0.0.1 localhost web1\n"},
		{"first of two lines", "::1 localhost\n127.0.0.1 localhost\n127.0.0.1 other\n", "", "web1",
			"::1 localhost web1\n127.0.0.1 localhost web1\n127.0.0.1 other\n"},
		{"on the second of two lines", "::1 localhost\n127.0.0.1 localhost\n127.0.0.1 web1\n", "", "web1",
			"::1 localhost web1\n127.0.0.1 localhost\n127.0.0.1 web1\n"},
		{"line without a name", "::1 localhost\n127.0.0.1\n127.0.0.1 localhost\n", "", "web1",
			"::1 localhost web1\n127.0.0.1\n127.0.0.1 localhost web1\n"},

		{"renamed", "::1 localhost OLD old.example.com\n127.0.0.1 old localhost\n10.0.0.1 old\n", "old old.example.com", "new",
			"::1 localhost new\n127.0.0.1 localhost new\n10.0.0.1 old\n"},
		{"withdrawn from every loopback line", "127.0.0.1 localhost\n127.0.0.1 old # ours\n::1 old\n127.0.0.2 old\n", "old", "",
			"127.0.0.1 localhost\n# ours\n127.0.0.2 old\n"},
		{"last name replaced", "127.0.0.1\told\n::1 localhost\n", "old", "new", "127.0.0.1\tnew\n::1 localhost new\n"},
		{"withdrawn and wanted", stockHosts + "127.0.0.1 web1\n::1 web1\n", "web1", "WEB1", stockHosts + "127.0.0.1 web1\n::1 web1\n"},
		{"never localhost or loghost", stockHosts, "localhost LogHost", "", stockHosts},

		{"has an address of its own", stockHosts + "10.0.0.5 web1.example.com web1\n", "", "web1 web2",
			"#\n# Internet host table\n#\n::1\t\tlocalhost web2\n127.0.0.1\tlocalhost loghost web2\n10.0.0.5 web1.example.com web1\n"},
		{"has got an address of its own", "::1 localhost web1\n127.0.0.1 web1\nfd00::5 Web1\n", "web1", "web1",
			"::1 localhost\nfd00::5 Web1\n"},

		{"no loopback lines", "# mine\n10.0.0.1 db\n", "", "web1", "# mine\n::1\tlocalhost web1\n127.0.0.1\tlocalhost web1\n10.0.0.1 db\n"},
		{"empty", "", "", "web1", "::1\tlocalhost web1\n127.0.0.1\tlocalhost web1\n"},
		{"no v6 line and no newline", "127.0.0.1 localhost", "", "web1", "::1\tlocalhost web1\n127.0.0.1 localhost web1"},
		{"commented out", "127.0.0.1 localhost\n#::1 localhost\n", "", "web1",
			"::1\tlocalhost web1\n127.0.0.1 localhost web1\n#::1 localhost\n"},

		// A backslash at the end continues a line, even a comment.
		{"continued", "::1 localhost\n127.0.0.1 localhost \\\nloghost\n", "localhost", "web1",
			"127.0.0.1\tlocalhost web1\n::1 localhost web1\n127.0.0.1 localhost \\\nloghost\n"},
		{"continued comment", "# local \\\n127.0.0.1 localhost\n::1 localhost\n", "", "web1",
			"# local \\\n127.0.0.1 localhost\n127.0.0.1\tlocalhost web1\n::1 localhost web1\n"},
		{"continued with nothing", "::1 localhost\n127.0.0.1 localhost \\", "", "web1",
			"127.0.0.1\tlocalhost web1\n::1 localhost web1\n127.0.0.1 localhost \\"},

		{"no legal name (F10)", stockHosts, "", "a_b 10.0.0.1 # -x", stockHosts},
		{"twice", stockHosts, "", "web1 WEB1", "#\n# Internet host table\n#\n::1\t\tlocalhost web1\n127.0.0.1\tlocalhost loghost web1\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			withdraw, want := strings.Fields(tt.withdraw), strings.Fields(tt.want)
			got := SetHostAliases([]byte(tt.file), withdraw, want)
			if d := cmp.Diff(tt.out, string(got)); d != "" {
				t.Errorf("of %q (-want +got):\n%s", tt.file, d)
			}
			if again := SetHostAliases(got, withdraw, want); string(again) != string(got) {
				t.Errorf("a second edit makes\n%q of\n%q", again, got)
			}
		})
	}
	for _, name := range []string{"two words", "new\nline", "10.0.0.1 evil", "", "a#b"} {
		if got := SetHostAliases([]byte(stockHosts), nil, []string{name}); string(got) != stockHosts {
			t.Errorf("the name %q makes %q", name, got)
		}
	}
}

// hostTable reads hosts(5) on its own, byte for byte as illumos does it
// (files_common.c, _nss_files_read_line; gethostent.c): lines of an address
// and names.
func hostTable(file []byte) [][]string {
	var table [][]string
	text := strings.ReplaceAll(string(file), "\\\n", "")
	if strings.HasSuffix(text, "\\") || strings.HasSuffix(string(file), "\\\n") {
		text = text[:strings.LastIndex(text, "\n")+1]
	}
	for line := range strings.SplitSeq(text, "\n") {
		line, _, _ = strings.Cut(line, "#")
		fields := strings.FieldsFunc(line, func(r rune) bool { return r == ' ' || r >= '\t' && r <= '\r' })
		if len(fields) > 1 {
			table = append(table, fields)
		}
	}
	return table
}

// addresses gives the addresses of a name.
func addresses(table [][]string, name string) []string {
	var out []string
	for _, fields := range table {
		if slices.ContainsFunc(fields[1:], func(n string) bool { return strings.EqualFold(n, name) }) {
			out = append(out, fields[0])
		}
	}
	return out
}

func isLoopback(addr string) bool {
	a, err := netip.ParseAddr(addr)
	return err == nil && (a.String() == "127.0.0.1" || a.String() == "::1")
}

// FuzzSetHostAliases: lines for other addresses survive byte for byte and in
// their order; the wanted name has an address afterwards; every other name
// keeps the addresses it had; the withdrawn one has none of ours; a second edit
// changes nothing, and neither does one that asks for nothing.
func FuzzSetHostAliases(f *testing.F) {
	f.Add([]byte(stockHosts), "old", "web1")
	f.Add([]byte("127.0.0.1 old#x\n::1\told\v\r\n"), "old", "web1")
	f.Add([]byte("127.0.0.1 localhost \\\nloghost\n10.0.0.1 web1"), "localhost", "web1")
	f.Fuzz(func(t *testing.T, file []byte, withdraw, want string) {
		out := SetHostAliases(file, []string{withdraw}, []string{want})
		if again := SetHostAliases(out, []string{withdraw}, []string{want}); string(again) != string(out) {
			t.Errorf("a second edit makes\n%q of\n%q", again, out)
		}
		if same := SetHostAliases(file, nil, nil); string(same) != string(file) {
			t.Errorf("asked for nothing, it makes\n%q of\n%q", same, file)
		}

		rest := lines(out)
		for _, line := range lines(file) {
			if !strings.Contains(line, "1") { // of no address of ours
				i := slices.Index(rest, line)
				if i < 0 {
					t.Fatalf("line %q is gone or has moved in\n%q", line, out)
				}
				rest = rest[i+1:]
			}
		}

		before, after := hostTable(file), hostTable(out)
		for _, fields := range before {
			for _, name := range fields[1:] {
				if strings.EqualFold(name, withdraw) || strings.EqualFold(name, want) {
					continue
				}
				had, has := addresses(before, name), addresses(after, name)
				if !slices.Equal(had, has) && !strings.EqualFold(name, "localhost") {
					t.Errorf("%q had %q and has %q in\n%q", name, had, has, out)
				}
			}
		}
		if legal := len(SetHostAliases(nil, nil, []string{want})) > 0; legal && len(addresses(after, want)) == 0 {
			t.Errorf("%q has no address in\n%q", want, out)
		}
		plain := !strings.Contains(string(file), "\\")
		if plain && !strings.EqualFold(withdraw, want) && !holds([]string{"localhost", "loghost"}, withdraw) &&
			slices.ContainsFunc(addresses(after, withdraw), isLoopback) {
			t.Errorf("%q was withdrawn and is in\n%q", withdraw, out)
		}
	})
}
