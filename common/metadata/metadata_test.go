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
		Network:  Network{Skip: true, DHCP: true},
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
	if d := cmp.Diff(want, in); d != "" {
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
		if d := cmp.Diff(in, &got); d != "" {
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
		"script":   func(in *Instance) { in.UserData[0] = 'x' },
	} {
		in := full()
		change(in)
		if Digest(in) == same {
			t.Errorf("a change of the %s keeps the digest", name)
		}
	}
}
