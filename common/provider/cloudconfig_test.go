// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"illumos-metadata/common/metadata"
)

// TestUseConfig: what a cloud-config adds to the metadata beside it.
func TestUseConfig(t *testing.T) {
	tests := []struct {
		name, data, hostname string
		wantHostname         string
		wantKeys             int // beside that of the metadata
		wantData             bool
		wantProblems         string // items, and what the last one says
	}{
		{name: "script", data: "#!/bin/sh\n", hostname: "a", wantHostname: "a", wantData: true},
		{name: "name and keys", data: "#cloud-config\nhostname: b\nssh_authorized_keys: [k1, k2]\n", hostname: "a", wantHostname: "b", wantKeys: 2},
		{name: "the same name", data: "#cloud-config\nhostname: a\n", hostname: "a.example.com", wantHostname: "a.example.com"},
		{name: "preserved", data: "#cloud-config\npreserve_hostname: true\nhostname: b\n", hostname: "a"},
		{name: "more", data: "#cloud-config\nruncmd: [x]\npassword: hunter2\n", hostname: "a", wantHostname: "a",
			wantProblems: "user-data: vol /dev/x: cloud-config: not done: runcmd, password"},
		{name: "broken", data: "#cloud-config\n- hunter2\n", hostname: "a", wantHostname: "a",
			wantProblems: "user-data ssh-keys: vol /dev/x: cloud-config: not a map"},
		{name: "broken, no other name", data: "#cloud-config\n- hunter2\n",
			wantProblems: "user-data ssh-keys hostname: vol /dev/x: cloud-config: not a map"},
		{name: "a key that is none", data: "#cloud-config\nssh_authorized_keys: [[k]]\n", hostname: "a", wantHostname: "a",
			wantProblems: "ssh-keys: vol /dev/x: cloud-config: ssh_authorized_keys[0]: not a key"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in := &metadata.Instance{Source: "vol", Place: "/dev/x", Hostname: tt.hostname, Keys: []metadata.Key{{Line: "k0"}}, UserData: []byte(tt.data)}
			useConfig(in)
			var items []string
			last := ""
			for _, p := range in.Problems {
				items, last = append(items, p.Item), p.Reason
			}
			problems := ""
			if items != nil {
				problems = strings.Join(items, " ") + ": " + last
			}
			if in.Hostname != tt.wantHostname || len(in.Keys) != 1+tt.wantKeys || (in.UserData != nil) != tt.wantData {
				t.Errorf("%+v", in)
			}
			if diff := cmp.Diff(tt.wantProblems, problems); diff != "" || strings.Contains(problems, "hunter2") {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}
