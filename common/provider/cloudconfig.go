// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"fmt"
	"strings"

	"illumos-metadata/common/cloudinit"
	"illumos-metadata/common/metadata"
)

// useConfig takes host name and keys from user data that is a cloud-config; what
// else it asks for is a problem of the user data. The name comes before that of
// the metadata, as for cloud-init, unless it is the same without its domain; the
// keys are added to those.
func useConfig(in *metadata.Instance) {
	if !cloudinit.IsConfig(in.UserData) {
		return
	}
	problem := func(item, why string) {
		in.Problems = append(in.Problems, metadata.Problem{
			Item: item, Reason: fmt.Sprintf("%s %s: cloud-config: %s", in.Source, in.Place, why),
		})
	}
	c, err := cloudinit.ParseConfig(in.UserData)
	in.UserData = nil
	if err != nil {
		// What it asked for before may have been good: keys stay, and so does the
		// name if nothing else gives one.
		problem(metadata.ItemUserData, err.Error())
		problem(metadata.ItemKeys, err.Error())
		if in.Hostname == "" {
			problem(metadata.ItemHostname, err.Error())
		}
		return
	}
	switch {
	case c.Preserve:
		in.Hostname = ""
		in.Warnings = append(in.Warnings, in.Place+": cloud-config: preserve_hostname: the name stays as it is")
	case c.Hostname != "" && !strings.HasPrefix(in.Hostname, c.Hostname+"."):
		in.Hostname = c.Hostname
	}
	in.Keys = append(in.Keys, c.Keys...)
	for _, p := range c.Problems {
		problem(p.Item, p.Reason)
	}
	if len(c.Left) > 0 {
		problem(metadata.ItemUserData, "not done: "+strings.Join(c.Left, ", "))
	}
}
