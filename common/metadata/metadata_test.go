// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package metadata

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// full is an instance with every field set.
func full() *Instance {
	return &Instance{
		Source: "cpio", Platform: "qemu", Place: "/dev/dsk/c2t0d0p0", ID: "i-1", IDOrigin: "metadata",
		Hostname: "web1.example.com",
		Keys:     []Key{{Line: edKey + " joe"}, {User: "admin", Line: ecKey}},
		Network:  fullNetwork(),
		UserData: []byte("#!/bin/sh\nexit 0\n"),
		Problems: []Problem{{ItemKeys, "x"}}, Warnings: []string{"y"},
	}
}

func TestValidate(t *testing.T) {
	in := full()
	want := full()
	want.UserDataDigest = "306c6ca7407560340797866e077e053627ad409277d1b9da58106fce4cf717cb" // printf … | sha256sum
	if err := in.Validate(); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, in, equal); d != "" {
		t.Errorf("a good instance changed (-want +got):\n%s", d)
	}
	if err := (&Instance{Source: "cpio"}).Validate(); !errors.Is(err, ErrInvalid) {
		t.Errorf("no instance ID: %v, want ErrInvalid", err)
	}
}

// TestValidateProblems: a wrong item costs that item, is named without its
// content, and belongs to one service (F10).
func TestValidateProblems(t *testing.T) {
	in := full()
	in.Problems = nil
	in.Hostname = "web 1"
	in.Keys = []Key{{Line: edKey}, {Line: "ssh-rsa " + edBlob}, {Line: ecKey}}
	if err := in.Validate(); err != nil {
		t.Fatal(err)
	}
	if in.Hostname != "" || len(in.Keys) != 2 || in.Keys[0].Line != edKey || in.Keys[1].Line != ecKey {
		t.Errorf("left: %q, %v", in.Hostname, in.Keys)
	}
	want := []Problem{
		{ItemHostname, `cpio /dev/dsk/c2t0d0p0: host name "web 1": character ' ': only letters, digits and hyphens are legal`},
		{ItemKeys, "cpio /dev/dsk/c2t0d0p0: key 2: not a public key: its type is not the one it says inside"},
	}
	if d := cmp.Diff(want, in.Problems); d != "" {
		t.Errorf("problems (-want +got):\n%s", d)
	}
	errs := in.Errs(ItemKeys)
	if len(errs) != 1 || !errors.Is(errs[0], ErrInvalid) || errs[0].Error() != "invalid ssh-keys: "+want[1].Reason {
		t.Errorf("Errs(ssh-keys) = %v", errs)
	}
	if errs := in.Errs(ItemNetwork); errs != nil {
		t.Errorf("Errs(network) = %v", errs)
	}

	// Once more, as after the cache: nothing is left to say.
	before := slices.Clone(in.Problems)
	if err := in.Validate(); err != nil || !slices.Equal(in.Problems, before) {
		t.Errorf("a second Validate: %v, %v", err, in.Problems)
	}
}

// TestValidateManyProblems: a file full of nonsense is not a log full of it.
func TestValidateManyProblems(t *testing.T) {
	in := &Instance{ID: "i-1", Keys: slices.Repeat([]Key{{Line: "x"}, {Line: edKey}}, 1000)}
	if err := in.Validate(); err != nil {
		t.Fatal(err)
	}
	if n := len(in.Problems); n != maxProblems+1 || in.Problems[n-1].Reason != ": 980 more keys are wrong" || len(in.Keys) != 1000 {
		t.Errorf("%d problems, the last %q, %d keys", n, in.Problems[n-1].Reason, len(in.Keys))
	}
}

// FuzzValidate: what is left is legal, each thing that is left out is one
// problem of its item, and a second Validate changes nothing.
func FuzzValidate(f *testing.F) {
	f.Add("web1.example.com", edKey, "x", []byte("#!/bin/sh\n"))
	f.Add("a b", "#", ecKey+" joe", []byte(nil))
	f.Add("127.1", "", "\n", []byte{0})
	f.Fuzz(func(t *testing.T, name, key, other string, script []byte) {
		in := &Instance{Source: "cpio", ID: "i-1", Hostname: name, Keys: []Key{{Line: key}, {User: "joe", Line: other}}, UserData: script}
		if err := in.Validate(); err != nil {
			t.Fatal(err)
		}
		if in.Hostname != "" && CheckHostname(in.Hostname) != nil {
			t.Errorf("kept the host name %q", in.Hostname)
		}
		for _, k := range in.Keys {
			if _, err := ParsePublicKey(k.Line); err != nil {
				t.Errorf("kept the key %q", k.Line)
			}
		}
		if len(in.Keys)+len(in.Errs(ItemKeys)) != 2 || (in.Hostname != name) != (len(in.Errs(ItemHostname)) == 1) {
			t.Errorf("left %+v of %q, %q, %q", in, name, key, other)
		}
		if (in.UserDataDigest == "") != (len(script) == 0) || string(in.UserData) != string(script) {
			t.Errorf("user data %q with digest %q", in.UserData, in.UserDataDigest)
		}
		before := Digest(in)
		if err := in.Validate(); err != nil || Digest(in) != before {
			t.Errorf("a second Validate: %v, %+v", err, in)
		}
	})
}

// TestJSON: the cache gives back what it was given.
func TestJSON(t *testing.T) {
	for _, in := range []*Instance{full(), {ID: "i-1"}} {
		b, err := json.Marshal(in)
		if err != nil {
			t.Fatal(err)
		}
		var got Instance
		if err := json.Unmarshal(b, &got); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(in, &got, equal); d != "" {
			t.Errorf("%s (-want +got):\n%s", b, d)
		}
	}
}

func TestDigest(t *testing.T) {
	same := Digest(full())
	if len(same) != 64 || strings.Trim(same, "0123456789abcdef") != "" || same != Digest(full()) {
		t.Errorf("digest %q", same)
	}
	for name, change := range map[string]func(*Instance){
		"hostname": func(in *Instance) { in.Hostname = "" },
		"key":      func(in *Instance) { in.Keys[1].User = "" },
		"order":    func(in *Instance) { slices.Reverse(in.Keys) },
		"network":  func(in *Instance) { in.Network.DHCP = false },
		"address":  func(in *Instance) { in.Network.Links[0].Addresses = nil },
		"script":   func(in *Instance) { in.UserData[0] = 'x' },
	} {
		in := full()
		change(in)
		if Digest(in) == same {
			t.Errorf("a change of the %s keeps the digest", name)
		}
	}
}

// TestValidatePlace: what is no word of a cloud is left out with a warning.
func TestValidatePlace(t *testing.T) {
	in := &Instance{Source: "ec2", ID: "i-1", Region: "us-east-1", Zone: "us-east-1a\n", Type: strings.Repeat("t", 101)}
	if err := in.Validate(); err != nil {
		t.Fatal(err)
	}
	want := []string{"ec2: the zone is ignored: it is no word", "ec2: the type is ignored: it is no word"}
	if in.Region != "us-east-1" || in.Zone != "" || in.Type != "" || !slices.Equal(in.Warnings, want) || len(in.Problems) > 0 {
		t.Errorf("got %+v", in)
	}
}
