// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package etcfile

import (
	"fmt"
	"strings"
	"testing"
)

func TestLookupUser(t *testing.T) {
	const file = "root:x:0:0:Super-User:/root:/usr/bin/bash\n" +
		"daemon:x:1:1::/:\n" +
		"# comment\n\n" +
		"joe:x:many:10::/home/joe:\n" + // no entry, the next one is
		"joe:x:101:10:Joe\\\n Doe:/home/joe:\n" + // continued
		"joe:x:102:10::/home/joe2:\n" +
		"neg:x:-1:10::/:\nbig:x:2147483648:10::/:\nbiggid:x:1:2147483648::/:\n" +
		"few:x:1:1::/\nmany:x:1:1::/:/bin/sh:more\n" +
		"+nis:x:1:1::/:\n:x:1:1::/:\n" +
		"last:x:2147483647:60002::/export/home/last:/usr/bin/zsh"
	tests := []struct {
		name string
		want User
	}{
		{"root", User{"root", 0, 0, "/root", "/usr/bin/bash"}},
		{"daemon", User{"daemon", 1, 1, "/", ""}},
		{"joe", User{"joe", 101, 10, "/home/joe", ""}},
		{"last", User{"last", 2147483647, 60002, "/export/home/last", "/usr/bin/zsh"}},
	}
	for _, tt := range tests {
		if got, ok := LookupUser([]byte(file), tt.name); got != tt.want || !ok {
			t.Errorf("%s: got %+v, %v; want %+v", tt.name, got, ok, tt.want)
		}
	}
	for _, name := range []string{"", "jo", "ROOT", "# comment", "neg", "big", "biggid", "few", "many", "+nis", "nobody", "root:x"} {
		if got, ok := LookupUser([]byte(file), name); ok {
			t.Errorf("%q: got %+v", name, got)
		}
	}
}

// FuzzLookupUser: an entry below any other text is found as it was written,
// unless an earlier one has the name.
func FuzzLookupUser(f *testing.F) {
	f.Add([]byte("root:x:0:0::/root:\n"), "joe", uint32(101), uint32(10), "/home/joe", "")
	f.Add([]byte("joe:x:1:1::\\"), "-joe", uint32(1<<31), uint32(10), "/", "/bin/sh")
	f.Fuzz(func(t *testing.T, file []byte, name string, uid, gid uint32, home, shell string) {
		if name == "" || strings.ContainsAny(name+home+shell, ":\n\\") || strings.Contains(string(file), name) {
			t.Skip("no such entry")
		}
		u := User{name, int(uid), int(gid), home, shell}
		all := fmt.Sprintf("%s\n\n%s:x:%d:%d::%s:%s\n", file, name, uid, gid, home, shell)
		legal := uid < 1<<31 && gid < 1<<31 && name[0] != '+' && name[0] != '-'
		if got, ok := LookupUser([]byte(all), name); ok != legal || ok && got != u {
			t.Errorf("got %+v, %v; want %+v, %v", got, ok, u, legal)
		}
	})
}
