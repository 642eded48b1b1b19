// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package cloudinit

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"illumos-metadata/common/metadata"
)

const secret = "hunter2"

func TestParseConfig(t *testing.T) {
	key := func(user string, lines ...string) (keys []metadata.Key) {
		for _, l := range lines {
			keys = append(keys, metadata.Key{User: user, Line: l})
		}
		return keys
	}
	problem := func(item, reason string) []metadata.Problem { return []metadata.Problem{{Item: item, Reason: reason}} }
	tests := []struct {
		name, doc string
		want      Config
	}{
		{"empty", "#cloud-config\n", Config{}},
		{"SmartOS's", "#cloud-config\n{}\n", Config{}},
		{"names", "#cloud-config\nhostname: web1\nfqdn: web1.example.com\n", Config{Hostname: "web1.example.com"}},
		{"short name", "#cloud-config\nhostname: web1\n", Config{Hostname: "web1"}},
		{"a name of digits", "#cloud-config\nhostname: 0012\n", Config{Hostname: "0012"}},
		{"no name", "#cloud-config\nhostname: [a]\n", Config{Problems: problem("hostname", "hostname: a string is expected")}},
		{"preserved", "#cloud-config\npreserve_hostname: yes\n", Config{Preserve: true}},
		{"preserved or not", "#cloud-config\npreserve_hostname: " + secret + "\n",
			Config{Problems: problem("hostname", "preserve_hostname: neither true nor false")}},
		{"keys", "#cloud-config\nssh_authorized_keys:\n- ssh-ed25519 AAAA\n  folded\n- |\n  # note\n  ssh-rsa BBBB\n\n  ssh-rsa CCCC\n",
			Config{Keys: key("", "ssh-ed25519 AAAA folded", "ssh-rsa BBBB", "ssh-rsa CCCC")}},
		{"one key", "#cloud-config\nssh-authorized-keys: ssh-rsa AAAA\n", Config{Keys: key("", "ssh-rsa AAAA")}},
		{"not a key", "#cloud-config\nssh_authorized_keys: [{a: b}, ssh-rsa AAAA]\n",
			Config{Keys: key("", "ssh-rsa AAAA"), Problems: problem("ssh-keys", "ssh_authorized_keys[0]: not a key")}},
		{"users", "#cloud-config\nusers:\n- default\n- name: root\n  ssh_authorized_keys: [ssh-rsa AAAA]\n- alice\n- {name: bob, groups: staff, passwd: " + secret + "}\n",
			Config{Keys: key("root", "ssh-rsa AAAA"), Left: []string{"users[2]", "users[3].groups", "users[3].passwd"}}},
		{"a user without a name", "#cloud-config\nusers: [{ssh_authorized_keys: [ssh-rsa AAAA]}]\n",
			Config{Problems: problem("ssh-keys", "users[0].name: missing")}},
		{"no user", "#cloud-config\nusers: [[a]]\n", Config{Problems: problem("ssh-keys", "users[0]: a map is expected")}},
		{"OmniOS's", "#cloud-config\nchpasswd:\n  expire: false\ndisable_root: false\nhostname: test\npassword: " + secret + "\nssh-pwauth: true\n" +
			"ssh_authorized_keys:\n- ssh-rsa AAAA\nusers:\n- default\n- name: root\n  ssh_authorized_keys:\n  - ssh-rsa AAAA\n",
			Config{Hostname: "test", Keys: append(key("", "ssh-rsa AAAA"), key("root", "ssh-rsa AAAA")...), Left: []string{"password", "ssh-pwauth"}}},
		{"passwords", "#cloud-config\nchpasswd: {list: 'root:" + secret + "', expire: true}\n", Config{Left: []string{"chpasswd.list"}}},
		{"passwords of another form", "#cloud-config\nchpasswd: " + secret + "\n",
			Config{Problems: problem("user-data", "chpasswd: a map is expected")}},
		{"more", "#cloud-config\nruncmd: [ls]\nwrite_files: []\npackages: null\n", Config{Left: []string{"runcmd", "write_files"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if !IsConfig([]byte(tt.doc)) {
				t.Error("not taken for a cloud-config")
			}
			got, err := ParseConfig([]byte(tt.doc))
			if diff := cmp.Diff(tt.want, got); diff != "" || err != nil {
				t.Errorf("%s: %v (-want +got):\n%s", tt.doc, err, diff)
			}
		})
	}
}

func TestIsConfig(t *testing.T) {
	for doc, want := range map[string]bool{
		"#cloud-config": true, "\n #Cloud-Config\r\n": true, "#cloud-config # mine\n": true,
		"": false, "# cloud-config\n": false, "#cloud-config-archive\n": false, "#cloud-config-jsonp\n": false,
		"#!/bin/sh\n#cloud-config\n": false, "\ufeff#cloud-config\n": false, "## template: jinja\n#cloud-config\n": false,
	} {
		if got := IsConfig([]byte(doc)); got != want {
			t.Errorf("%q: %v, want %v", doc, got, want)
		}
	}
}

// TestConfigErrors: a document that cannot be read gives an error that holds
// nothing of it.
func TestConfigErrors(t *testing.T) {
	for _, doc := range []string{
		"- " + secret, secret, "a: *" + secret, "a: [" + secret, secret + ": {", "&a [*a]", "a: \"" + secret, "\t" + secret + ": x",
		"a: !!binary " + secret + "\nb: \x00", strings.Repeat("x", maxSize+1),
	} {
		c, err := ParseConfig([]byte(doc))
		if err == nil || strings.Contains(err.Error(), secret) || !cmp.Equal(c, Config{}) {
			t.Errorf("%.40q: %+v, %v", doc, c, err)
		}
	}
}

// FuzzParseConfig: every key and the name are in the document, one to a line,
// and no path or problem holds a line of a key.
func FuzzParseConfig(f *testing.F) {
	f.Add([]byte("#cloud-config\nhostname: a\nssh_authorized_keys: [ssh-rsa AAAA]\nusers: [default, {name: b, ssh_authorized_keys: c}]\n"))
	f.Add([]byte("#cloud-config\nusers: {a: b}\nchpasswd: {list: [a]}\n"))
	f.Fuzz(func(t *testing.T, doc []byte) {
		c, err := ParseConfig(doc)
		if err != nil {
			return
		}
		for _, k := range c.Keys {
			if k.Line == "" || strings.ContainsAny(k.Line, "\n") || len(k.User) > maxUser {
				t.Errorf("key %+v", k)
			}
		}
		if len(c.Left) > maxReports+1 || len(c.Problems) > 3*(maxReports+1) {
			t.Errorf("%d left, %d problems", len(c.Left), len(c.Problems))
		}
		again, err := ParseConfig(doc)
		if err != nil || !cmp.Equal(c, again) {
			t.Errorf("a second time: %v", err)
		}
	})
}
