// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"strings"
	"testing"

	"illumos-metadata/common/metadata"
)

const plainScript = "#!/bin/sh\necho hunter2\n"

// gz compresses.
func gz(t testing.TB, data string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(data)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// b64 gives base64 in lines, as base64(1) and mail do.
func b64(data, newline string) string {
	text := base64.StdEncoding.EncodeToString([]byte(data))
	var b strings.Builder
	for len(text) > 76 {
		b.WriteString(text[:76] + newline)
		text = text[76:]
	}
	return b.String() + text + newline
}

// plain gives user data as it is to be, "" where it cannot be unpacked.
func plain(data string) string {
	got, _ := unpackData([]byte(data))
	return string(got)
}

// TestUnpackData: what is packed for its way is unpacked, and nothing else.
func TestUnpackData(t *testing.T) {
	long := "#!/bin/sh\n" + strings.Repeat("echo hello\n", 1000)
	twice, cut := gz(t, gz(t, plainScript)), gz(t, plainScript)[:20]
	damaged := []byte(gz(t, plainScript))
	damaged[len(damaged)-6] ^= 1 // of the checksum
	tests := []struct{ name, data, want, problem string }{
		{"nothing", "", "", ""},
		{"a script", plainScript, plainScript, ""},
		{"its line ends and its BOM are for others", "\ufeff#! /bin/sh\r\n", "\ufeff#! /bin/sh\r\n", ""},
		{"gzip", gz(t, plainScript), plainScript, ""},
		{"gzip of nothing", gz(t, ""), "", ""},
		{"gzip and a newline", gz(t, plainScript) + "\n", plainScript, ""},
		{"gzip and a block of zeros", gz(t, plainScript) + strings.Repeat("\x00", 512), plainScript, ""},
		{"two members of gzip", gz(t, "#!/bin/sh\n") + gz(t, "exit 0\n"), "#!/bin/sh\nexit 0\n", ""},
		{"gzip twice", twice, plainScript, ""},
		{"base64", b64(plainScript, ""), plainScript, ""},
		{"base64 in lines", b64(long, "\n"), long, ""},
		{"base64 in lines of DOS", "\r\n" + b64(long, "\r\n"), long, ""},
		{"base64 of cloud-config", b64("#cloud-config\n{}\n", "\n"), "#cloud-config\n{}\n", ""},
		{"base64 of a message", b64("Mime-Version: 1.0\n", "\n"), "Mime-Version: 1.0\n", ""},
		{"gzip in base64", b64(gz(t, long), "\n"), long, ""},
		{"base64 in gzip", gz(t, b64(plainScript, "\n")), plainScript, ""},
		{"a word", "abcd", "abcd", ""},
		{"base64 of other text", b64("hello, world\n", "\n"), b64("hello, world\n", "\n"), ""},
		{"base64 of base64", b64(b64(plainScript, ""), ""), b64(b64(plainScript, ""), ""), ""},
		{"base64 with other text", b64(plainScript, "\n") + "-- \njoe\n", b64(plainScript, "\n") + "-- \njoe\n", ""},
		{"base64 without its end", "IyEvYmluL3NoC", "IyEvYmluL3NoC", ""},
		{"base64 with a wrong end", "IyEvYmluL3NoCh==", "IyEvYmluL3NoCh==", ""},

		{"gzip, cut off", cut, "", "compressed by gzip, but it is cut off"},
		{"gzip, the magic alone", "\x1f\x8b", "", "compressed by gzip, but it is cut off"},
		{"gzip, damaged", string(damaged), "", "compressed by gzip, but it is damaged"},
		{"gzip, another method", "\x1f\x8b\x07hunter2 hunter2", "", "compressed by gzip, but it is damaged"},
		{"gzip and a script", gz(t, "x") + plainScript, "", "compressed by gzip, but something else comes behind it"},
		{"gzip and a broken member", gz(t, plainScript) + cut, "", "compressed by gzip, but it is cut off"},
		{"gzip in base64, cut off", b64(cut, ""), "", "compressed by gzip, but it is cut off"},
		{"gzip four times", gz(t, gz(t, twice)), plainScript, ""},
		{"gzip five times", gz(t, gz(t, gz(t, twice))), "", "packed more than 4 times"},
		{"as much as there may be", gz(t, strings.Repeat("x", maxUserData)), strings.Repeat("x", maxUserData), ""},
		{"too much", gz(t, strings.Repeat("x", maxUserData+1)), "", "compressed by gzip, but it holds more than 16777216 bytes"},
		{"too much in two members", gz(t, strings.Repeat("x", maxUserData)) + gz(t, "x"), "", "compressed by gzip, but it holds more than 16777216 bytes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := unpackData([]byte(tt.data))
			said := ""
			if err != nil {
				said = err.Error()
			}
			if string(got) != tt.want || said != tt.problem {
				t.Errorf("got %.80q, %s\nwant %.80q, %s", got, said, tt.want, tt.problem)
			}
		})
	}
}

// TestUnpackSamples: samples of packed user data, and of what only looks so.
func TestUnpackSamples(t *testing.T) {
	const config = "#cloud-config\nhostname: gz-host\nwrite_files:\n- path: /etc/motd\n  content: hello\n"
	for name, want := range map[string]string{
		"cloud-config.b64": config, "cloud-config.yaml.gz": config,
		"script.sh.gz":   "#!/bin/sh\nset -e\necho provisioned > /var/tmp/provisioned\n",
		"truncated.gz":   "compressed by gzip, but it is cut off",
		"crlf-script.sh": "", "crlf-cloud-config.yaml": "", "empty.txt": "", "jinja.yaml": "",
		"mime-merge-gzip-perboot.txt": "", "not-a-header.yaml": "", "part-handler.txt": "",
	} {
		data := fixture(t, "user-data/enc/"+name)
		if want == "" {
			want = string(data)
		}
		got, err := unpackData(data)
		if err != nil {
			got = []byte(err.Error())
		}
		if string(got) != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	// Base64 of what nobody here would act on.
	foreign := fixture(t, "hetzner/userdata-base64.txt")
	if got, err := unpackData(foreign); err != nil || !bytes.Equal(got, foreign) {
		t.Errorf("hetzner: got %.80q, %v", got, err)
	}
}

// TestUnpackEverywhere: every source has it unpacked, and what cannot be costs
// no other item, and is not shown (row S7).
func TestUnpackEverywhere(t *testing.T) {
	packed := b64(gz(t, plainScript), "\n")
	script := func(data string) map[string]map[string][]byte {
		return map[string]map[string][]byte{
			"nocloud": {seedMeta: []byte("local-hostname: web1\n"), seedUser: []byte(data)},
			"cpio":    {"nodename": []byte("web1"), "firstboot.sh": []byte(data)},
			"smartos": {keyHostname: []byte("web1"), keyUserData: []byte(data)},
		}
	}
	for name, files := range script(packed) {
		in, err := provider(t, name).instance(Documents{Place: "P", Files: files}, qemu())
		if err != nil || string(in.UserData) != plainScript || len(in.Problems) != 0 {
			t.Errorf("%s: got %q, %v, %v", name, in.UserData, in.Problems, err)
		}
	}
	for name, files := range script(gz(t, plainScript)[:25]) {
		in, err := provider(t, name).instance(Documents{Place: "P", Files: files}, qemu())
		must(t, err)
		want := metadata.Problem{Item: metadata.ItemUserData, Reason: name + " P: user data: compressed by gzip, but it is cut off"}
		if in.Hostname != "web1" || in.UserData != nil || in.UserDataDigest != "" || len(in.Problems) != 1 || in.Problems[0] != want {
			t.Errorf("%s: got %+v, want the problem %v", name, in, want)
		}
	}
	in := parsed(t, `{"user_data": "`+strings.TrimSpace(b64(gz(t, plainScript), ""))+`"}`)
	if string(in.UserData) != plainScript {
		t.Errorf("digitalocean: got %q", in.UserData)
	}
	// A user-script is run as it is, but nobody can run gzip data.
	in, err := provider(t, "smartos").instance(Documents{Place: "P", Files: map[string][]byte{keyScript: []byte(gz(t, plainScript))}}, qemu())
	if err != nil || string(in.UserData) != plainScript || !in.EachBoot {
		t.Errorf("user-script: got %q, %v", in.UserData, err)
	}
}

// FuzzUnpack: what is unpacked has nothing left to unpack, and what was packed
// comes out again; errors quote nothing.
func FuzzUnpack(f *testing.F) {
	f.Add([]byte(plainScript))
	f.Add([]byte(gz(f, plainScript)))
	f.Add([]byte(b64(gz(f, plainScript), "\n")))
	f.Add([]byte("IyEvYmluL3NoCg=="))
	f.Add([]byte("\x1f\x8b\x08\x00hunter2"))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := unpackData(data)
		if err != nil {
			if got != nil || len(err.Error()) > 80 {
				t.Errorf("%q: %q, %v", data, got, err)
			}
			return
		}
		if again, err := unpackData(got); err != nil || !bytes.Equal(again, got) {
			t.Errorf("%q: %q, and then %q, %v", data, got, again, err)
		}
		packed, err := unpackData([]byte(gz(t, string(got))))
		if err != nil || !bytes.Equal(packed, got) {
			t.Errorf("gzip of %q: %q, %v", got, packed, err)
		}
		text, err := unpackData([]byte(b64("#!"+string(got), "\r\n")))
		if err != nil || string(text) != "#!"+string(got) {
			t.Errorf("base64 of #!%q: %q, %v", got, text, err)
		}
	})
}
