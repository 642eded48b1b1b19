// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"illumos-metadata/common/guest"
)

// A VMware host keeps guestinfo values for its guest, by keys. These three are
// cloud-init's (DataSourceVMware.py). Beside each, KEY.encoding says how its value
// is written.
//
// Left out: the OVF environment (guestinfo.ovfEnv, or a CD labelled ovf-env) and
// guest customization (IMC), which needs a plug-in that open-vm-tools for illumos
// is built without; the environment variables VMX_GUESTINFO…, which are for
// containers; and writing back. Redact would have to overwrite the script before
// it has run, and a machine that goes down between would have lost it.
const (
	vmwareName = "vmware"
	infoMeta   = "metadata"
	infoUser   = "userdata"
	infoVendor = "vendordata"
	encoding   = ".encoding"
)

// vmtoolsd is the program of open-vm-tools that asks the host, once and without
// its daemon running (OmniOS and OpenIndiana have it here: omnios-build, build/
// open-vm-tools; oi-userland, components/sysutils/open-vm-tools).
const vmtoolsd = "/usr/bin/vmtoolsd"

// noValue is what a host says to a key that nobody has set. vmtoolsd prints it on
// standard error and ends with status 1 (open-vm-tools, services/vmtoolsd/
// cmdLine.c, ToolsCoreRunCommand), as with all that goes wrong.
const noValue = "No value found"

// fetchVMware asks the host of a VMware machine. Where the program is missing, or
// nobody has set any of the three keys, there is no such source: VMware is a
// generic platform. Any other failure means that there may be one.
func fetchVMware(ctx context.Context, m *machine) (Documents, error) {
	if m.platform.Name != vmwareName && !m.pinned {
		return Documents{}, errAbsent
	}
	if !m.Exists(vmtoolsd) {
		m.Log.Info("the VMware host is not asked for guestinfo: open-vm-tools is not installed", "program", vmtoolsd)
		return Documents{}, errAbsent
	}
	docs := Documents{Place: "guestinfo", Files: map[string][]byte{}}
	for _, key := range []string{infoMeta, infoUser, infoVendor} {
		value, err := m.guestInfo(ctx, key)
		if err != nil {
			return Documents{}, err
		}
		if isNone(value) {
			continue
		}
		docs.Files[key] = value
		if value, err = m.guestInfo(ctx, key+encoding); err != nil {
			return Documents{}, err
		}
		if !isNone(value) {
			docs.Files[key+encoding] = value
		}
	}
	if len(docs.Files) == 0 {
		return Documents{}, errAbsent
	}
	return docs, nil
}

// guestInfo gives the value of a key; none if there is no such key. GLib prints
// "?" for what is not ASCII unless it takes the terminal for one of UTF-8.
func (m *machine) guestInfo(ctx context.Context, key string) ([]byte, error) {
	out, err := m.Do(ctx, guest.Command{
		Argv: []string{vmtoolsd, "--cmd", "info-get guestinfo." + key}, Env: []string{"CHARSET=UTF-8"}, Limit: guest.GuestInfoLimit,
	})
	var ce *guest.CommandError
	switch {
	case err == nil:
		return bytes.TrimSuffix(out, []byte("\n")), nil
	case !errors.As(err, &ce):
		return nil, err
	case ce.Status == 1 && lastLine(ce.Stderr) == noValue:
		return nil, nil
	}
	failed := *ce
	failed.Stdout = nil // it may hold part of a secret
	return nil, fmt.Errorf("ask the VMware host: %w", &failed)
}

// lastLine gives the last line that is not blank: a library may have complained
// before.
func lastLine(text []byte) string {
	lines := slices.DeleteFunc(strings.Split(string(text), "\n"), func(l string) bool { return strings.TrimSpace(l) == "" })
	if len(lines) == 0 {
		return ""
	}
	return strings.TrimSpace(lines[len(lines)-1])
}

// isNone says whether a value stands for none: blank, or what redaction leaves.
func isNone(value []byte) bool {
	text := bytes.TrimSpace(value)
	return len(text) == 0 || string(text) == "---"
}
