// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"illumos-metadata/common/metadata"
)

// serveDroplet has the metadata service answer with doc, and counts.
func serveDroplet(t *testing.T, h *hosts, doc string) *atomic.Int32 {
	t.Helper()
	asked := new(atomic.Int32)
	h.serve(t, "169.254.169.254:80", func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if r.URL.String() != "/metadata/v1.json" || r.Method != http.MethodGet {
			http.NotFound(w, r)
			return
		}
		io.WriteString(w, doc)
	})
	return asked
}

// TestDropletService: the service's document says what the same one on a CD does,
// in one request, after the network was brought up once.
func TestDropletService(t *testing.T) {
	files, err := filepath.Glob("testdata/digitalocean/*.json")
	must(t, err)
	if len(files) == 0 {
		t.Fatal("no test data")
	}
	for _, file := range files {
		doc, err := os.ReadFile(file)
		must(t, err)
		s := dropletSMBIOS()
		s.Serial = "" // each of them has another ID
		want, err := provider(t, "digitalocean").instance(Documents{
			Place: dropletService, Files: map[string][]byte{dropletFile: doc},
		}, s)
		must(t, err)
		want.Platform = "digitalocean"
		synctest.Test(t, func(t *testing.T) {
			m := newMachine(t, s)
			h := newHosts(t, m)
			h.down = true
			asked := serveDroplet(t, h, string(doc))
			reached := 0
			got, err := Find(limited(t, time.Minute), m.Guest, s, "auto", func(_ context.Context, way Way) error {
				if reached++; way != ByLinkLocal {
					t.Errorf("way %v", way)
				}
				h.up()
				return nil
			})
			if err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			if d := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{})); d != "" {
				t.Errorf("%s (-CD +service):\n%s", file, d)
			}
			if asked.Load() != 1 || reached != 1 || !slices.Equal(h.asked(), []string{"tcp 169.254.169.254:80"}) {
				t.Errorf("%s: %d requests, brought up %d times, dialled %q", file, asked.Load(), reached, h.asked())
			}
		})
	}
}

// TestDropletServiceAnswers: what is not this droplet's document is an error, and
// neither absence nor a new instance.
func TestDropletServiceAnswers(t *testing.T) {
	const at = "metadata source digitalocean: http://169.254.169.254/metadata/v1.json: "
	tests := []struct {
		name, serial, doc string
		want              string // the instance ID, or the error
	}{
		{"its own", "320206672", `{"droplet_id": 320206672}`, "320206672"},
		{"its own, as a text", "320206672", `{"droplet_id": "320206672"}`, "320206672"},
		{"another's", "320206672", `{"droplet_id": 320206673}`, at + "droplet_id is 320206673, but SMBIOS says that this is droplet 320206672: another droplet's answer"},
		{"without ID", "320206672", `{"hostname": "web1"}`, dropletSMBIOS().UUID},
		{"the ID is no number", "320206672", `{"droplet_id": "a"}`, "a"},
		{"the serial number is none", "Not Specified", `{"droplet_id": 7}`, "7"},
		{"a captive portal", "320206672", "<!DOCTYPE html>\n<html>", at + "this is no droplet's document: invalid character '<' looking for beginning of value"},
		{"nothing", "320206672", "", at + "this is no droplet's document: EOF"},
		{"another service", "320206672", `{"vpc_id": 3}`, at + "this is no droplet's document: it has no field of a droplet's"},
		{"a list", "320206672", `[1]`, at + "this is no droplet's document: it is not an object"},
		{"too long", "320206672", `{"hostname": "` + strings.Repeat("x", 1<<20) + `"}`, at + "the answer is too long: more than 1048576 bytes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := dropletSMBIOS()
				s.Serial = tt.serial
				m := newMachine(t, s)
				asked := serveDroplet(t, newHosts(t, m), tt.doc)
				in, err := Find(limited(t, time.Minute), m.Guest, s, "auto", nil)
				got := ""
				if err != nil {
					got = err.Error()
				} else {
					got = in.ID
				}
				if got != tt.want || errors.Is(err, metadata.ErrNoSource) || asked.Load() != 1 {
					t.Errorf("got %s after %d requests\nwant %s after one", got, asked.Load(), tt.want)
				}
			})
		})
	}
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t, dropletSMBIOS())
		newHosts(t, m).serve(t, "169.254.169.254:80", http.NotFound)
		_, err := Find(limited(t, time.Minute), m.Guest, m.smbios, "auto", nil)
		if err == nil || err.Error() != at+"it is not there, though every droplet has it" || errors.Is(err, metadata.ErrNoSource) {
			t.Errorf("404: got %v", err)
		}
	})
}

// TestDropletServiceOrder: a CD and the volumes that count everywhere come before
// the service, which is not asked then; and a disk that cannot be read is named.
func TestDropletServiceOrder(t *testing.T) {
	for name, disks := range map[string]map[string]string{
		"a CD":       {"c1t0d0p0": dropletDisc(t, "rockridge", `{"droplet_id": "volume"}`)},
		"NoCloud":    {"c1t0d0p0": seedDisk(t, "fat12", map[string]string{"meta-data": "instance-id: volume\n"})},
		"an archive": {"c1t0d0p0": pack("odc", full())},
	} {
		synctest.Test(t, func(t *testing.T) {
			m := newMachine(t, dropletSMBIOS())
			m.Guest = newGuest(t, disks)
			h := newHosts(t, m)
			asked := serveDroplet(t, h, `{"droplet_id": 320206672}`)
			in, err := Find(limited(t, time.Minute), m.Guest, m.smbios, "auto", nil)
			if err != nil || in.ID == "320206672" || asked.Load() != 0 || len(h.dialled) != 0 {
				t.Errorf("%s: got %+v, %v after %d requests", name, in, err, asked.Load())
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t, dropletSMBIOS())
		m.Guest = newGuest(t, map[string]string{"c1t0d0p0": broken})
		serveDroplet(t, newHosts(t, m), `{"droplet_id": 320206672}`)
		in, err := Find(limited(t, time.Minute), m.Guest, m.smbios, "auto", nil)
		if err != nil || strings.Join(in.Warnings, "") != "passed over: disk c1t0d0: read /dev/dsk/c1t0d0p0: byte 0: is a directory" {
			t.Errorf("got %+v, %v", in, err)
		}
	})
}

// TestDropletServiceElsewhere: no other machine sends anything to it, unless an
// administrator has named the source.
func TestDropletServiceElsewhere(t *testing.T) {
	for _, row := range identities {
		if row.platform == "digitalocean" {
			continue
		}
		synctest.Test(t, func(t *testing.T) {
			m := newMachine(t, row.smbios)
			h := newHosts(t, m)
			asked := serveDroplet(t, h, `{"droplet_id": 1}`)
			if _, err := askDroplet(limited(t, time.Minute), m); !errors.Is(err, errAbsent) || asked.Load() != 0 || len(h.dialled) != 0 {
				t.Errorf("%s: %v after %d requests", row.name, err, asked.Load())
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t, qemu())
		serveDroplet(t, newHosts(t, m), `{"droplet_id": 1}`)
		in, err := Find(limited(t, time.Minute), m.Guest, m.smbios, "digitalocean", nil)
		if err != nil || in.ID != "1" || in.Source != "digitalocean" || in.Place != dropletService {
			t.Errorf("pinned: got %+v, %v", in, err)
		}
	})
}
