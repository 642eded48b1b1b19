// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package cache

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"illumos-metadata/common/guest"
	"illumos-metadata/common/metadata"
	"illumos-metadata/common/provider"
)

const (
	uuid   = "6f1a2b3c-0000-4000-8000-000000000001"
	key    = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBC+7w4FwBlEwgQcWijd/0lWC0So57pNgJ8NeiFL/Kff"
	script = "#!/bin/sh\necho hunter2\n"
	disk   = "/dev/dsk/c2t0d0p0"
)

// A machine is a guest on a simulated disk, QEMU by default.
type machine struct {
	*guest.Guest
	t       *testing.T
	log     bytes.Buffer
	props   string       // what svcprop prints
	fetches atomic.Int32 // each begins with one svcprop
}

func newMachine(t *testing.T) *machine {
	t.Helper()
	m := &machine{t: t, props: "config/source astring auto\nconfig/fetch_timeout count 60\n"}
	m.Guest = guest.New(t.TempDir(), slog.New(slog.NewTextHandler(&m.log, nil)))
	m.Exec = func(_ context.Context, c guest.Command) ([]byte, error) {
		if got := strings.Join(c.Argv, " "); got != "/usr/bin/svcprop -p config "+settingsFMRI {
			t.Errorf("ran %s", got)
		}
		m.fetches.Add(1)
		if m.props == "" {
			return nil, &guest.CommandError{Argv: c.Argv, Status: 1}
		}
		return []byte(m.props), nil
	}
	for _, dir := range []string{"/var/run/metadata", "/var/metadata", "/dev/dsk"} {
		must(t, os.MkdirAll(m.Host(dir), 0o755))
	}
	m.smbios("QEMU", uuid)
	m.volume("web1")
	return m
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// smbios gives the machine a table (DMTF DSP0134) with a manufacturer and a UUID.
func (m *machine) smbios(manufacturer, uuid string) {
	id, err := hex.DecodeString(strings.ReplaceAll(uuid, "-", ""))
	must(m.t, err)
	id = append(id, make([]byte, 16-len(id))...)
	table := append([]byte{1, 27, 1, 0, 1, 0, 0, 0}, id...)
	table = append(table, 6, 0, 0)
	table = append(table, manufacturer+"\x00\x00\x7f\x04\x02\x00\x00\x00"...)
	entry := append([]byte("_SM3_\x00\x18\x03\x00\x00\x01\x00"), byte(len(table)), 0, 0, 0, 24, 0, 0, 0, 0, 0, 0, 0)
	var sum byte
	for _, b := range entry {
		sum += b
	}
	entry[5] = -sum
	m.put("/dev/smbios", append(entry, table...))
}

// volume gives it a metadata volume with a host name, a key and a script.
func (m *machine) volume(name string) {
	must(m.t, os.RemoveAll(m.Host(disk)))
	var b strings.Builder
	files := map[string]string{"nodename": name, "authorized_keys": key + "\n", "firstboot.sh": script, "TRAILER!!!": ""}
	for _, name := range append(slices.Sorted(maps.Keys(files))[1:], "TRAILER!!!") {
		mode := 0o100644
		fmt.Fprintf(&b, "070707%06o%06o%06o%06o%06o%06o%06o%011o%06o%011o%s\x00%s", 1, 2, mode, 0, 0, 1, 0, 0, len(name)+1, len(files[name]), name, files[name])
	}
	m.put(disk, []byte(b.String()))
}

// detach takes the volume away, and break leaves one that cannot be read: a
// directory does not read, either.
func (m *machine) detach() { must(m.t, os.RemoveAll(m.Host(disk))) }

func (m *machine) damage() {
	m.detach()
	must(m.t, os.Mkdir(m.Host(disk), 0o755))
}

// reboot empties tmpfs.
func (m *machine) reboot() {
	must(m.t, os.RemoveAll(m.Host("/var/run/metadata")))
	must(m.t, os.Mkdir(m.Host("/var/run/metadata"), 0o755))
}

func (m *machine) put(name string, data []byte) {
	m.t.Helper()
	must(m.t, os.WriteFile(m.Host(name), data, 0o600))
}

func (m *machine) get(name string) string {
	m.t.Helper()
	b, err := os.ReadFile(m.Host(name))
	must(m.t, err)
	return string(b)
}

// load loads the metadata and checks how many fetches there were in all.
func (m *machine) load(o Options, fetches int32) (Answer, error) {
	m.t.Helper()
	a, err := Load(m.t.Context(), m.Guest, o)
	if n := m.fetches.Load(); n != fetches {
		m.t.Errorf("%d fetches, want %d", n, fetches)
	}
	return a, err
}

// want checks that a is the answer of the volume: with the script, or stale and
// without it.
func (m *machine) want(a Answer, err error, name string, stale bool) {
	m.t.Helper()
	if err != nil {
		m.t.Fatal(err)
	}
	in := a.Instance
	if in.Source != "cpio" || in.ID != uuid || in.Hostname != name || len(in.Keys) != 1 || in.UserDataDigest == "" || a.Stale != stale {
		m.t.Errorf("got %+v, stale %v; want %s, stale %v", in, a.Stale, name, stale)
	}
	if got := string(in.UserData); got != script && !stale || got != "" && stale {
		m.t.Errorf("user data %q, stale %v", got, stale)
	}
}

// TestConcurrent: six services that start at once make one fetch.
func TestConcurrent(t *testing.T) {
	m := newMachine(t)
	var all sync.WaitGroup
	answers, errs := make([]Answer, 6), make([]error, 6)
	for i := range answers {
		all.Go(func() { answers[i], errs[i] = Load(t.Context(), m.Guest, Options{}) })
	}
	all.Wait()
	for i, a := range answers {
		m.want(a, errs[i], "web1", false)
		if d := cmp.Diff(answers[0], a); d != "" {
			t.Errorf("answer %d is another one:\n%s", i, d)
		}
	}
	if n := m.fetches.Load(); n != 1 {
		t.Errorf("%d fetches", n)
	}
}

// TestBoot: this boot's answer stays, whatever becomes of the volume, until one
// asks afresh or the machine reboots.
func TestBoot(t *testing.T) {
	m := newMachine(t)
	a, err := m.load(Options{}, 1)
	m.want(a, err, "web1", false)
	m.volume("web2")
	a, err = m.load(Options{}, 1)
	m.want(a, err, "web1", false)
	a, err = m.load(Options{Fresh: true}, 2)
	m.want(a, err, "web2", false)
	a, err = m.load(Options{}, 2)
	m.want(a, err, "web2", false)
	m.volume("web3")
	m.reboot()
	a, err = m.load(Options{}, 3)
	m.want(a, err, "web3", false)
}

// TestFiles: what is stored, where, and for whom to read.
func TestFiles(t *testing.T) {
	m := newMachine(t)
	_, err := m.load(Options{}, 1)
	must(t, err)
	for _, name := range []string{bootFile, keepFile, lockFile} {
		info, err := os.Stat(m.Host(name))
		must(t, err)
		if info.Mode() != 0o600 {
			t.Errorf("%s has mode %v", name, info.Mode())
		}
	}
	if boot := m.get(bootFile); !strings.Contains(boot, "user_data\"") {
		t.Errorf("no user data for this boot: %s", boot)
	}
	if keep := m.get(keepFile); strings.Contains(keep, "user_data\"") || !strings.Contains(keep, "user_data_digest\"") {
		t.Errorf("user data that survive, or no digest of them: %s", keep)
	}
	if strings.Contains(m.log.String(), "hunter2") || strings.Contains(m.log.String(), key) {
		t.Errorf("too much is logged: %s", m.log.String())
	}
}

// TestUnchanged: an answer that says what the last one said is not written
// again, and another one is.
func TestUnchanged(t *testing.T) {
	m := newMachine(t)
	_, err := m.load(Options{}, 1)
	must(t, err)
	kept := m.get(keepFile)
	m.reboot()
	_, err = m.load(Options{}, 2)
	must(t, err)
	if got := m.get(keepFile); got != kept {
		t.Errorf("written again: %s", got)
	}
	m.reboot()
	m.volume("web2")
	_, err = m.load(Options{}, 3)
	must(t, err)
	if got := m.get(keepFile); !strings.Contains(got, "web2") {
		t.Errorf("not written: %s", got)
	}
}

// TestDryRun: -n stores nothing and waits for nobody.
func TestDryRun(t *testing.T) {
	m := newMachine(t)
	unlock, err := m.Lock(t.Context(), lockFile)
	must(t, err)
	defer unlock()
	a, err := m.load(Options{DryRun: true}, 1)
	m.want(a, err, "web1", false)
	for _, dir := range []string{"/var/run/metadata", "/var/metadata"} {
		names, err := os.ReadDir(m.Host(dir))
		must(t, err)
		for _, n := range names {
			if n.Name() != "lock" {
				t.Errorf("%s/%s was made", dir, n.Name())
			}
		}
	}
}

// TestOutage: where the source is silent the last answer of the same machine
// goes on, and the boot never looks like a first one.
func TestOutage(t *testing.T) {
	for name, silence := range map[string]func(*machine){
		"no volume":         (*machine).detach,
		"unreadable volume": (*machine).damage,
		"no volume on an unknown platform": func(m *machine) {
			m.detach()
			m.smbios("Acme", uuid)
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t)
			_, err := m.load(Options{}, 1)
			must(t, err)
			kept := m.get(keepFile)

			m.reboot()
			silence(m)
			a, err := m.load(Options{}, 2)
			m.want(a, err, "web1", true)
			a, err = m.load(Options{}, 2) // the next service
			m.want(a, err, "web1", true)
			a, err = m.load(Options{Fresh: true}, 3)
			m.want(a, err, "web1", true)
			if got := m.get(keepFile); got != kept {
				t.Errorf("the last answer became %s", got)
			}
			if !strings.Contains(m.log.String(), "going on with its last answer") {
				t.Errorf("the log says nothing: %s", m.log.String())
			}

			m.reboot()
			m.volume("web2") // the source is back
			m.smbios("QEMU", uuid)
			a, err = m.load(Options{}, 4)
			m.want(a, err, "web2", false)
		})
	}
}

// TestOtherMachine: a clone does not take its original's answer, and neither do
// two machines without UUID for each other (rows D16, S3).
func TestOtherMachine(t *testing.T) {
	for _, id := range []string{"6f1a2b3c-0000-4000-8000-000000000002", ""} {
		m := newMachine(t)
		if id == "" {
			m.smbios("QEMU", "")
		}
		_, err := m.load(Options{}, 1)
		must(t, err)
		m.reboot()
		m.detach()
		m.smbios("QEMU", id)
		a, err := m.load(Options{}, 2)
		if err != nil || a.Stale || a.Instance.Source != provider.None || a.Instance.Hostname != "" {
			t.Errorf("UUID %q: %+v, %v", id, a, err)
		}
		m.damage()
		if a, err := m.load(Options{Fresh: true}, 3); err == nil {
			t.Errorf("UUID %q, unreadable: %+v", id, a)
		}
	}
}

// TestNone: without any source a generic platform has an answer for this boot,
// which is not kept, and an unknown one says so (row E2).
func TestNone(t *testing.T) {
	m := newMachine(t)
	m.detach()
	for range 2 {
		a, err := m.load(Options{}, 1)
		if err != nil || a.Instance.Source != provider.None || !a.Instance.Network.DHCP || a.Stale {
			t.Errorf("got %+v, %v", a, err)
		}
	}
	if m.Exists(keepFile) {
		t.Error("it was kept")
	}
	m.smbios("Acme", uuid)
	m.reboot()
	for _, later := range []string{"", " (found earlier in this boot)"} {
		a, err := m.load(Options{}, 2)
		if !errors.Is(err, metadata.ErrNoSource) || !strings.Contains(err.Error(), `manufacturer "Acme"`) || !strings.HasSuffix(err.Error(), later) {
			t.Errorf("got %+v, %v", a, err)
		}
	}
}

// TestFailure: a failed fetch is remembered for a while, so that six services do
// not wait for it six times.
func TestFailure(t *testing.T) {
	m := newMachine(t)
	m.damage()
	const first = "metadata volume: disk c2t0d0: read /dev/dsk/c2t0d0p0: byte 0: is a directory"
	fail := func(o Options, fetches int32, want string) {
		t.Helper()
		if a, err := m.load(o, fetches); err == nil || err.Error() != want || errors.Is(err, metadata.ErrNoSource) {
			t.Errorf("got %+v, %v\nwant %s", a, err, want)
		}
	}
	fail(Options{}, 1, first)
	fail(Options{}, 1, first+" (found earlier in this boot)")
	fail(Options{Fresh: true}, 2, first)

	// As it looks later, and after the clock was set back.
	for i, age := range []time.Duration{failureLife + time.Second, -time.Hour} {
		m.age(age)
		fail(Options{}, int32(i)+3, first)
	}
	m.age(failureLife - time.Minute)
	fail(Options{}, 4, first+" (found earlier in this boot)")

	m.volume("web1")
	m.age(failureLife + time.Second)
	a, err := m.load(Options{}, 5)
	m.want(a, err, "web1", false)
	m.age(24 * time.Hour) // an answer does not age
	a, err = m.load(Options{}, 5)
	m.want(a, err, "web1", false)
}

// age makes this boot's entry as old as that.
func (m *machine) age(d time.Duration) {
	m.t.Helper()
	c := cache{g: m.Guest}
	c.smbios.UUID = uuid
	e, ok := c.read(bootFile)
	if !ok {
		m.t.Fatal("nothing is stored")
	}
	e.Time = time.Now().Add(-d)
	must(m.t, c.write(bootFile, e))
}

func TestSettings(t *testing.T) {
	tests := []struct {
		name, props string
		want        string // "" is the volume's answer
		kind        error
	}{
		{"outside SMF", "", "", nil},
		{"no such properties", "config/skip astring auto\n", "", nil},
		{"pinned", "config/source astring cpio\n", "", nil},
		{"longest time", "config/fetch_timeout count 120\n", "", nil},
		{"none", "config/source astring none\n", "config/source of svc:/system/metadata/network:default is none", metadata.ErrNoSource},
		{"unknown source", "config/source astring ec3\n", `property config/source "ec3" of svc:/system/metadata/network:default: one of auto, none, digitalocean, nocloud, cpio, smartos expected`, metadata.ErrInvalid},
		{"no time", "config/fetch_timeout count 0\n", `property config/fetch_timeout "0" of svc:/system/metadata/network:default: a number from 1 to 120 expected`, metadata.ErrInvalid},
		{"too long", "config/fetch_timeout count 121\n", "from 1 to 120 expected", metadata.ErrInvalid},
		{"no number", "config/fetch_timeout astring soon\n", "from 1 to 120 expected", metadata.ErrInvalid},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := newMachine(t)
			m.props = tt.props
			a, err := m.load(Options{}, 1)
			if tt.want == "" {
				m.want(a, err, "web1", false)
			} else if err == nil || !errors.Is(err, tt.kind) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %+v, %v; want %s", a, err, tt.want)
			}
		})
	}
}

// TestLockLimit: the wait for another service's fetch has its limit.
func TestLockLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t)
		unlock, err := m.Lock(t.Context(), lockFile)
		must(t, err)
		defer unlock()
		began := time.Now()
		a, err := m.load(Options{}, 0)
		if err == nil || !strings.Contains(err.Error(), "another service's fetch is not done within 2m10s") {
			t.Errorf("got %+v, %v", a, err)
		}
		if took := time.Since(began); took != guest.LockLimit {
			t.Errorf("took %v, want %v", took, guest.LockLimit)
		}
	})
}

// TestStopped: a service that is told to stop says nothing of the source to the
// ones that follow.
func TestStopped(t *testing.T) {
	m := newMachine(t)
	m.detach()
	stopped := errors.New("terminated")
	ctx, cancel := context.WithCancelCause(t.Context())
	svcprop := m.Exec
	m.Exec = func(ctx context.Context, c guest.Command) ([]byte, error) {
		defer cancel(stopped)
		return svcprop(ctx, c)
	}
	if a, err := Load(ctx, m.Guest, Options{}); !errors.Is(err, stopped) {
		t.Errorf("got %+v, %v", a, err)
	}
	if m.Exists(bootFile) {
		t.Errorf("stored %s", m.get(bootFile))
	}
}

// TestCutOff: a fetch that ended between the two files is done again.
func TestCutOff(t *testing.T) {
	m := newMachine(t)
	blocked := filepath.Join(m.Host(bootFile), "x")
	must(t, os.MkdirAll(blocked, 0o755)) // no file can take its place
	_, err := m.load(Options{}, 1)
	must(t, err)
	if !m.Exists(keepFile) {
		t.Error("this boot's answer is stored before the one for an outage: cut off between them, a boot stores only one")
	}
}

// TestDiskFull: an answer that cannot be stored is an answer.
func TestDiskFull(t *testing.T) {
	for _, name := range []string{bootFile, keepFile} {
		m := newMachine(t)
		must(t, os.MkdirAll(filepath.Join(m.Host(name), "x"), 0o755)) // no file can take its place
		a, err := m.load(Options{}, 1)
		m.want(a, err, "web1", false)
		if !strings.Contains(m.log.String(), "is not stored") {
			t.Errorf("%s: the log says nothing: %s", name, m.log.String())
		}
	}
}
