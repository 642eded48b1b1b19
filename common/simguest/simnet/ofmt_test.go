// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simnet

import (
	"slices"
	"strings"
	"testing"
)

// splitFields reads a line of parsable output as a consumer has to: at colons
// that no backslash marks.
func splitFields(line string) []string {
	fields := []string{""}
	for i := 0; i < len(line); i++ {
		last := &fields[len(fields)-1]
		switch {
		case line[i] == '\\' && i+1 < len(line):
			i++
			*last += line[i : i+1]
		case line[i] == ':':
			fields = append(fields, "")
		default:
			*last += line[i : i+1]
		}
	}
	return fields
}

// What is printed in parsable form can be read back, whatever the values; a
// single field is printed as it is.
func FuzzParsable(f *testing.F) {
	for _, seed := range [][3]string{{"vioif0", "2:8:20:1:2:3", ""}, {`a\`, `\:b`, ":"}, {"", "", ""}} {
		f.Add(seed[0], seed[1], seed[2])
	}
	columns := []column{{"A", 3}, {"B", 5}, {"C", 1}}
	f.Fuzz(func(t *testing.T, a, b, c string) {
		want := []string{a, b, c}
		if strings.Contains(a+b+c, "\n") {
			t.Skip()
		}
		row := map[string]string{"A": a, "B": b, "C": c}
		for _, fields := range []string{"a,b,c", "b"} {
			var out strings.Builder
			table, problem, _ := openTable(&out, fields, columns, true, false, 0)
			if table == nil {
				t.Fatal(problem)
			}
			table.print(values(row))
			line, ok := strings.CutSuffix(out.String(), "\n")
			if fields == "b" {
				if line != b {
					t.Errorf("one field %q: got %q", b, line)
				}
				continue
			}
			if got := splitFields(line); !ok || !slices.Equal(got, want) {
				t.Errorf("%q: got %q from %q", want, got, line)
			}
		}
	})
}

// The store reads back as it was written.
func FuzzStore(f *testing.F) {
	f.Add("_ifname", "vioif0", "_aobjname", "vioif0/v4")
	f.Fuzz(func(t *testing.T, name1, value1, name2, value2 string) {
		all := name1 + value1 + name2 + value2
		if name1 == "" || name2 == "" || name1 == name2 || strings.ContainsAny(all, "=;\n\r") || strings.TrimSpace(all) != all ||
			strings.HasPrefix(name1, "#") {
			t.Skip()
		}
		want := dbLine{{name1, value1}, {name2, value2}}
		if strings.TrimSpace(want.String()) != want.String() {
			t.Skip()
		}
		got := parseDB(want.String() + "\n")
		if len(got) != 1 || !slices.Equal(got[0], want) {
			t.Errorf("%q: got %q", want, got)
		}
	})
}
