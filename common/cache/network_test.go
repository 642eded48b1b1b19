// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package cache

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"illumos-metadata/common/guest"
	"illumos-metadata/common/provider"
)

// A droplet is a machine whose metadata is on the network, which is down until
// somebody brings it up.
type droplet struct {
	*machine
	up    bool // the network leads to the service
	asked int  // requests that reached it
}

// newDroplet is one; status is what its metadata service answers.
func newDroplet(t *testing.T, status *int) *droplet {
	d := &droplet{machine: newMachine(t)}
	d.detach()
	d.smbios("DigitalOcean", uuid)
	d.Connect = func(_ context.Context, _, address string) (net.Conn, error) {
		if address != "169.254.169.254:80" {
			t.Errorf("connects to %s", address)
		}
		if !d.up {
			return nil, syscall.ENETUNREACH
		}
		d.asked++
		near, far := net.Pipe()
		go answer(far, *status)
		return near, nil
	}
	return d
}

// answer answers one request.
func answer(c net.Conn, status int) {
	defer c.Close()
	if _, err := http.ReadRequest(bufio.NewReader(c)); err != nil {
		return
	}
	doc := `{"droplet_id": 7, "hostname": "web1"}`
	if status != http.StatusOK {
		doc = "no"
	}
	io.WriteString(c, fmt.Sprintf("HTTP/1.1 %d x\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", status, len(doc), doc))
}

// reach gives a Reach that notes its calls, and what it does.
func (d *droplet) reach(calls *[]string, err error) func(context.Context, provider.Way, bool) error {
	return func(_ context.Context, way provider.Way, known bool) error {
		*calls = append(*calls, fmt.Sprint(way == provider.ByLinkLocal, known))
		d.up = err == nil
		return err
	}
}

// TestReach: the network is brought up once, and only where the source does not
// answer over what is there; on a machine that had its metadata before that is
// said.
func TestReach(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		status := http.StatusOK
		d := newDroplet(t, &status)
		var calls []string
		for i, want := range []string{"[true false]", "[true true]"} {
			calls, d.up = nil, false
			d.reboot()
			a, err := d.load(Options{Reach: d.reach(&calls, nil)}, int32(i+1))
			if err != nil || a.Instance.ID != "7" || a.Stale || fmt.Sprint(calls) != want {
				t.Errorf("boot %d: %+v, %v; brought up %v, want %s\n%s", i+1, a, err, calls, want, &d.log)
			}
		}
		calls = nil
		d.reboot()
		if _, err := d.load(Options{Reach: d.reach(&calls, nil)}, 3); err != nil || calls != nil {
			t.Errorf("with the network up: %v, brought up %v", err, calls)
		}
		if d.asked != 3 {
			t.Errorf("the service was asked %d times in three boots", d.asked)
		}
	})
}

// TestSilent: a service on the network that is silent at first costs one whole
// wait, and then a short one for each service that starts later, since it may be
// there by then; never is an outage taken for a first boot.
func TestSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		status := http.StatusOK
		d := newDroplet(t, &status)
		var calls []string
		took := func(name string, o Options, fetches int32, want time.Duration) (Answer, error) {
			t.Helper()
			began := time.Now()
			a, err := d.load(o, fetches)
			if got := time.Since(began); got > want {
				t.Errorf("%s took %v, more than %v", name, got, want)
			}
			return a, err
		}
		o := Options{Reach: d.reach(&calls, errors.New("no lease"))}
		if _, err := took("no network", o, 1, time.Second); !errors.Is(err, provider.ErrSilent) || !strings.Contains(err.Error(), "no lease") {
			t.Errorf("no network: %v", err)
		}
		if _, err := took("a later service", Options{}, 2, guest.RetryLimit); !errors.Is(err, provider.ErrSilent) {
			t.Errorf("a later service: %v", err)
		}
		d.up, status = true, http.StatusServiceUnavailable
		if _, err := took("no service", Options{}, 3, guest.RetryLimit); err == nil || !strings.Contains(err.Error(), "status 503") {
			t.Errorf("no service: %v", err)
		}
		if _, err := took("no service, asked for", Options{Fresh: true}, 4, guest.FetchLimit); err == nil {
			t.Error("no service, asked for: no error")
		}
		status = http.StatusOK
		if a, err := took("there at last", Options{}, 5, time.Second); err != nil || a.Instance.ID != "7" {
			t.Errorf("there at last: %+v, %v", a, err)
		}
		status = http.StatusServiceUnavailable
		d.reboot()
		a, err := took("next boot", Options{}, 6, guest.FetchLimit)
		if err != nil || !a.Stale || a.Instance.ID != "7" {
			t.Errorf("next boot: %+v, %v", a, err)
		}
		if a, err := took("a later service", Options{}, 6, time.Second); err != nil || !a.Stale {
			t.Errorf("next boot, a later service: %+v, %v", a, err)
		}
	})
}
