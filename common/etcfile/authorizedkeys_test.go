// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package etcfile

import (
	"encoding/base64"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// testKey gives an ed25519 key of n's own: type and data.
func testKey(n byte) string {
	raw := "\x00\x00\x00\x0bssh-ed25519\x00\x00\x00\x20" + strings.Repeat(string(rune('A'+n)), 32)
	return "ssh-ed25519 " + base64.StdEncoding.EncodeToString([]byte(raw))
}

// TestEditAuthorizedKeys shows S8 and S9 absent: a key that is gone from the
// metadata goes, and the same key is never added twice. In the table, @a to @d
// stand for keys.
func TestEditAuthorizedKeys(t *testing.T) {
	tests := []struct {
		name             string
		file, mine, want string // mine apart by blanks, want by |
		out, made        string
	}{
		{"new file", "", "", "@a joe|@b", "@a joe\n@b\n", "@a @b"},
		{"nothing wanted", "# none\n\n@a joe", "", "", "# none\n\n@a joe", ""},
		{"by hand and wanted", "@a joe\n", "", "@a jim", "@a joe\n", ""},
		{"by hand with options", `from="10.0.0.1,::1",no-pty @a joe` + "\n", "", "@a|@b", `from="10.0.0.1,::1",no-pty @a joe` + "\n@b\n", "@b"},
		{"ours and wanted", "@a joe\n", "@a", "@a joe", "@a joe\n", "@a"},
		{"ours and gone (S8)", "@c by hand\n@a joe\n# end\n", "@a @b", "", "@c by hand\n# end\n", ""},
		{"ours in any number and gone (S8)", "@a\n@a joe\nno-pty @a\n", "@a", "", "", ""},
		{"ours, taken out by hand", "@b\n", "@a", "@a", "@b\n@a\n", "@a"},
		{"other comment, in its place", "@a joe\n@b by hand\n", "@a", "@a jim|@b", "@a jim\n@b by hand\n", "@a"},
		{"other options, in its place", "@a joe\n@b\n", "@a", `command="/bin/date \" -u" @a joe|@c`,
			"command=\"/bin/date \\\" -u\" @a joe\n@b\n@c\n", "@a @c"},
		{"options dropped", "no-pty @a\n", "@a", "@a", "@a\n", "@a"},
		{"wanted twice (S9)", "", "", "@a joe|@a jim| @a joe\r\n", "@a joe\n", "@a"},
		{"newlines and blanks (S9)", "@a joe\n", "", "@a joe\n|\t@b jim \r\n", "@a joe\n@b jim\n", "@b"},
		{"carriage returns in the file", "@a joe\r\n@b\r\n", "@a", "@a joe|@b", "@a joe\r\n@b\r\n", "@a"},
		{"twice of an earlier run (S9)", "@a joe\n\n@a joe\n\n", "@a", "@a joe", "@a joe\n\n\n", "@a"},
		{"no newline at the end", "@a by hand", "", "@b", "@a by hand\n@b\n", "@b"},
		{"last line ours", "# x\n@a joe", "@a", "@a jim", "# x\n@a jim\n", "@a"},
		{"commented out is not there", "#@a joe\n # @b\n", "", "@a|@b", "#@a joe\n # @b\n@a\n@b\n", "@a @b"},
		{"what is no key survives", "ssh-rsa\nssh-ed25519 AAAA x\n\xff\n1024 35 12 old\n \t\n", "", "@a",
			"ssh-rsa\nssh-ed25519 AAAA x\n\xff\n1024 35 12 old\n \t\n@a\n", "@a"},
		{"no key is wanted", "@b\n", "", "# x||ssh-ed25519 AAAA|@a", "@b\n@a\n", "@a"},
		{"empty identity in the record", "# x\n\n", " ", "", "# x\n\n", ""},
	}
	keys := strings.NewReplacer("@a", testKey(0), "@b", testKey(1), "@c", testKey(2), "@d", testKey(3))
	names := strings.NewReplacer(testKey(0), "@a", testKey(1), "@b", testKey(2), "@c", testKey(3), "@d")
	split := func(s, sep string) []string {
		if s == "" {
			return nil
		}
		parts := strings.Split(s, sep)
		for i := range parts {
			parts[i] = keys.Replace(parts[i])
		}
		return parts
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			want := split(tt.want, "|")
			out, made := EditAuthorizedKeys([]byte(keys.Replace(tt.file)), split(tt.mine, " "), want)
			if d := cmp.Diff(tt.out, names.Replace(string(out))); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			if got := names.Replace(strings.Join(made, " ")); got != tt.made {
				t.Errorf("made %q, want %q", got, tt.made)
			}
			again, madeAgain := EditAuthorizedKeys(out, made, want)
			if string(again) != string(out) || !slices.Equal(madeAgain, made) {
				t.Errorf("a second edit makes\n%s of\n%s", names.Replace(string(again)), names.Replace(string(out)))
			}
		})
	}
}

// FuzzEditAuthorizedKeys: lines that are not ours survive byte for byte and in
// their order; every wanted key stands there once it is made, and none of ours
// that is not wanted; a second edit changes nothing; and what was made can be
// withdrawn without a trace but for a newline that was missing.
func FuzzEditAuthorizedKeys(f *testing.F) {
	f.Add([]byte("# mine\n"+testKey(0)+" joe\n\nno-pty "+testKey(1)), byte(0b0101), byte(0b0110), " jim")
	f.Add([]byte(testKey(2)+"\r\n#"+testKey(3)+"\n"+testKey(2)+"\n"), byte(0b1111), byte(0b1000), "")
	f.Fuzz(func(t *testing.T, file []byte, mineBits, wantBits byte, comment string) {
		var mine, want, wantIDs []string
		for n := range byte(4) {
			if mineBits&(1<<n) != 0 {
				mine = append(mine, testKey(n))
			}
			if line := testKey(n) + comment; wantBits&(1<<n) != 0 && keyIdentity(line) == testKey(n) {
				want = append(want, line)
				wantIDs = append(wantIDs, testKey(n))
			}
		}
		out, made := EditAuthorizedKeys(file, mine, want)
		var stand []string
		rest := lines(out)
		for _, line := range rest {
			stand = append(stand, keyIdentity(line))
		}
		for _, line := range lines(file) {
			if slices.Contains(mine, keyIdentity(line)) {
				continue
			}
			i := slices.IndexFunc(rest, func(l string) bool { return l == line || l == line+"\n" })
			if i < 0 {
				t.Fatalf("line %q is gone or has moved in\n%q", line, out)
			}
			rest = rest[i+1:]
		}
		for _, id := range wantIDs {
			if !slices.Contains(stand, id) {
				t.Errorf("%s is wanted and not in\n%q", id, out)
			}
		}
		for _, id := range mine {
			if slices.Contains(stand, id) != slices.Contains(wantIDs, id) {
				t.Errorf("%s was ours; wanted %q, but it is\n%q", id, wantIDs, out)
			}
		}
		again, madeAgain := EditAuthorizedKeys(out, made, want)
		if string(again) != string(out) || !slices.Equal(madeAgain, made) {
			t.Errorf("a second edit makes\n%q of\n%q", again, out)
		}
		withdrawn, _ := EditAuthorizedKeys(out, made, nil)
		byHand, _ := EditAuthorizedKeys(file, mine, nil)
		if got := string(withdrawn); got != string(byHand) && got != string(byHand)+"\n" {
			t.Errorf("withdrawn, it is\n%q, want\n%q", got, byHand)
		}
	})
}
