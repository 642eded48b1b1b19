// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package illumos

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestProperties(t *testing.T) {
	const out = `config/fetch_timeout count 60
config/source astring auto
config/nothing astring ""
config/none astring 
config/users astring root joe
config/odd astring it\'s\ \"a\;b\"\\\|\(c\)
config/two_lines ustring a\
b
config/value_authorization astring solaris.smf.manage.metadata
`
	g := stub(t, "/usr/bin/svcprop -p config svc:/system/metadata/network:default", 0, out, "")
	got, err := Properties(t.Context(), g, "svc:/system/metadata/network:default", "config")
	want := map[string]string{
		"fetch_timeout": "60", "source": "auto", "nothing": "", "none": "", "users": "root joe",
		"odd": `it's "a;b"\|(c)`, "two_lines": "a\nb", "value_authorization": "solaris.smf.manage.metadata",
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

func TestPropertiesBad(t *testing.T) {
	parse := func(out []byte) (map[string]string, error) { return parseProperties(out, "config") }
	refuses(t, parse, []badOutput{
		{"no type", "config/a count 1\nconfig/source\n", `svcprop: line 2, "config/source": no property with its type`},
		{"an empty line", "\n", "line 1"},
		{"another group", "general/enabled boolean true\n", "no property of config"},
		{"a longer name of the group", "configs/a count 1\n", "no property of config"},
		{"no name", "config/ astring x\n", "no property of config"},
		{"twice", "config/a count 1\nconfig/a count 2\n", "line 2"},
		{"cut off", "config/a count 1\nconfig/b count 2", "cut off"},
	})
	if got, err := parse(nil); len(got) != 0 || err != nil {
		t.Errorf("an empty group: %v, %v", got, err)
	}
}

// svcpropEscape prints a value as svcprop.c (quote_for_shell) does.
func svcpropEscape(value string) string {
	if value == "" {
		return `""`
	}
	var b strings.Builder
	for i := range len(value) {
		if strings.IndexByte(";&()|^<>\n \t\\\"'`", value[i]) >= 0 {
			b.WriteByte('\\')
		}
		b.WriteByte(value[i])
	}
	return b.String()
}

func FuzzProperties(f *testing.F) {
	f.Add([]byte("config/source astring auto\nconfig/users astring root joe\n"))
	f.Add([]byte("config/odd astring it\\'s\\ \\\\\nconfig/e astring \"\"\n"))
	f.Fuzz(func(t *testing.T, out []byte) {
		parse := func(out []byte) (map[string]string, error) { return parseProperties(out, "config") }
		stable(t, "svcprop", out, parse, func(props map[string]string) (text string) {
			for _, name := range slices.Sorted(maps.Keys(props)) {
				text += "config/" + svcpropEscape(name) + " astring " + svcpropEscape(props[name]) + "\n"
			}
			return text
		})
	})
}
