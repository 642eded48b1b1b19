// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"illumos-metadata/common/guest"
	"illumos-metadata/common/illumos"
	"illumos-metadata/common/metadata"
)

// provider gives one of the sources.
func provider(t *testing.T, name string) Provider {
	t.Helper()
	for _, p := range providers {
		if p.Name == name {
			return p
		}
	}
	t.Fatalf("no source %s", name)
	return Provider{}
}

// roundTrip checks that the cache gives back what it gets.
func roundTrip(t *testing.T, in *metadata.Instance) {
	t.Helper()
	b, err := json.Marshal(in)
	must(t, err)
	var back metadata.Instance
	must(t, json.Unmarshal(b, &back))
	if d := cmp.Diff(in, &back, cmpopts.EquateEmpty(), cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{})); d != "" {
		t.Errorf("the cache changes it:\n%s", d)
	}
	if metadata.Digest(in) != metadata.Digest(&back) {
		t.Error("the cache changes the digest")
	}
}

// TestFindEverywhere: a volume counts on every platform (row D2).
func TestFindEverywhere(t *testing.T) {
	g := newGuest(t, map[string]string{"c2t0d0p0": pack("newc", full())})
	for _, row := range identities {
		s := row.smbios
		s.UUID = qemu().UUID
		in, err := Find(t.Context(), g, s, "auto", nil)
		if err != nil || in.Source != "cpio" || in.Hostname != "web1.example.com" {
			t.Errorf("%s: %+v, %v", row.name, in, err)
		}
	}
}

// TestFindNone: what a machine without any volume gets.
func TestFindNone(t *testing.T) {
	g := newGuest(t, map[string]string{"c1t0d0p0": noMedium})
	for _, row := range identities {
		s := row.smbios
		platform := Identify(s)
		in, err := findDown(t, g, s)
		if onNetwork(platform) {
			// Its service does not answer, and that is no absence.
			if !errors.Is(err, ErrSilent) || errors.Is(err, metadata.ErrNoSource) {
				t.Errorf("%s: %+v, %v; want an error of the service", row.name, in, err)
			}
			continue
		}
		if platform.Name == "smartos" {
			// Its host is there, and does not answer (row D9).
			if err == nil || errors.Is(err, metadata.ErrNoSource) || !strings.Contains(err.Error(), "metadata source smartos: ") {
				t.Errorf("%s: %+v, %v; want an error of the host", row.name, in, err)
			}
			continue
		}
		if !platform.Generic {
			if !errors.Is(err, metadata.ErrNoSource) || !strings.Contains(err.Error(), platform.Name) {
				t.Errorf("%s: %+v, %v; want ErrNoSource with the platform", row.name, in, err)
			}
			continue
		}
		must(t, err)
		want := &metadata.Instance{Source: None, Platform: platform.Name, ID: s.UUID, IDOrigin: "smbios-uuid", Network: metadata.Network{DHCP: true}}
		if s.UUID == "" {
			want.ID, want.IDOrigin = platform.Name, "platform"
		}
		if d := cmp.Diff(want, in); d != "" {
			t.Errorf("%s (-want +got):\n%s", row.name, d)
		}
	}
}

// onNetwork says whether the source of a platform is on the network.
func onNetwork(p Platform) bool {
	return p.Name == "digitalocean" || p.Name == "ec2" || slices.Contains(ec2Like, p.Name)
}

// findDown looks for the metadata of a guest that has no network.
func findDown(t *testing.T, g *guest.Guest, s illumos.SMBIOS) (in *metadata.Instance, err error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { in, err = Find(limited(t, time.Minute), g, s, "auto", nil) })
	return in, err
}

func TestFindErrors(t *testing.T) {
	empty := map[string]string{"c1t0d0p0": noMedium}
	cut := map[string]string{"c2t0d0p0": pack("odc", full())[:300]}
	tests := []struct {
		name   string
		disks  map[string]string
		pinned string
		want   string
	}{
		{"unreadable on a generic platform", cut, "auto", "metadata source cpio: read archive /dev/dsk/c2t0d0p0: odc archive, member 1: unexpected EOF"},
		{"unreadable and pinned", cut, "cpio", "metadata source cpio: read archive /dev/dsk/c2t0d0p0: odc archive, member 1: unexpected EOF"},
		{"pinned, but absent", empty, "cpio", "metadata source cpio, which config/source names, is not there"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in, err := Find(t.Context(), newGuest(t, tt.disks), qemu(), tt.pinned, nil)
			if err == nil || err.Error() != tt.want || errors.Is(err, metadata.ErrNoSource) {
				t.Errorf("got %+v, %v\nwant %s", in, err, tt.want)
			}
		})
	}
	late := errors.New("no metadata within 1s")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(late)
	if in, err := Find(ctx, newGuest(t, empty), qemu(), "auto", nil); err != nil && !errors.Is(err, late) {
		t.Errorf("after the end of the context: %+v, %v", in, err)
	}
}

func TestFindPinned(t *testing.T) {
	g := newGuest(t, map[string]string{"c2t0d0p0": pack("newc", full())})
	in, err := Find(t.Context(), g, illumos.SMBIOS{}, "cpio", nil)
	if err != nil || in.Source != "cpio" {
		t.Errorf("got %+v, %v", in, err)
	}
}

// TestFindOrder: the first source that is there counts, one that is absent is
// passed over, and one that cannot be read ends the search.
func TestFindOrder(t *testing.T) {
	if got, want := Names(), "auto, none, digitalocean, nocloud, cpio, ec2, smartos, vmware"; got != want {
		t.Errorf("Names() = %s, want %s", got, want)
	}
	for source, want := range map[string]bool{"auto": true, "none": true, "digitalocean": true, "nocloud": true, "cpio": true, "ec2": true, "smartos": true, "vmware": true, "": false, "gce": false, "auto, none": false} {
		if Known(source) != want {
			t.Errorf("Known(%q) = %v", source, !want)
		}
	}
}

// TestFindSecrets: neither a log line nor an error shows user data or a key (row
// S1), and nothing on the guest changes (rows S2, S3).
func TestFindSecrets(t *testing.T) {
	files := full()
	files["authorized_keys"] = "hunter2\n" + edKey + "\n"
	files["firstboot.sh"] = "#!/bin/sh\necho hunter2\n"
	files["/etc/shadow"] = "hunter2"
	g := newGuest(t, map[string]string{"c2t0d0p0": pack("newc", files)})
	var log bytes.Buffer
	g.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	in, err := Find(t.Context(), g, qemu(), "auto", nil)
	must(t, err)
	said := log.String()
	for _, p := range in.Problems {
		said += p.Reason
	}
	said += strings.Join(in.Warnings, "")
	if strings.Contains(said, "hunter2") || strings.Contains(said, edKey) {
		t.Errorf("too much is said: %s", said)
	}
	wantOnlyDisk(t, g, "c2t0d0p0")
}

// wantOnlyDisk checks that a fetch has left nothing in the guest beside its disk.
func wantOnlyDisk(t *testing.T, g *guest.Guest, disk string) {
	t.Helper()
	var all []string
	must(t, filepath.WalkDir(g.Root, func(path string, _ os.DirEntry, err error) error {
		all = append(all, strings.TrimPrefix(path, g.Root))
		return err
	}))
	if got := strings.Join(all, " "); got != " /dev /dev/dsk /dev/dsk/"+disk {
		t.Errorf("the guest holds%s", got)
	}
}
