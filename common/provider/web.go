// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"illumos-metadata/common/guest"
)

// A Way is how a guest that has no address yet comes to ask a source on the
// network.
type Way int

const (
	ByLease     Way = iota // an address by DHCP
	ByLinkLocal            // an address of 169.254.0.0/16 (RFC 3927), where no server gives any
)

// ErrSilent says that a source on the network gave no answer that can be used:
// it may do so a little later.
var ErrSilent = errors.New("the metadata service does not answer")

// Pauses between two tries, and how long a server that asks for more
// (Retry-After) is given.
const (
	firstPause = 250 * time.Millisecond
	mostPause  = 4 * time.Second
	mostAfter  = 10 * time.Second
)

// maxRedirects is how often one request may be sent on, within the same server.
const maxRedirects = 5

// A web asks the sources that are on the network, by HTTP/1.1. It takes no proxy
// from the environment and follows no redirect to another server.
type web struct {
	client *http.Client
	pause  time.Duration // before the second try; then more

	// reach brings up the network after the first try has failed; nil where that
	// is for others to do.
	reach func(context.Context) error
	once  sync.Once
	err   error // of reach
}

// newWeb gives the web of a machine, which comes by an address in this way.
func newWeb(m *machine, way Way) *web {
	w := &web{pause: firstPause}
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		ctx, cancel := context.WithTimeoutCause(ctx, guest.ConnectLimit, fmt.Errorf("no connection within %v", guest.ConnectLimit))
		defer cancel()
		c, err := m.Dial(ctx, network, address)
		if err != nil && ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return c, err
	}
	w.client = &http.Client{
		Transport: &http.Transport{
			DialContext: dial, DisableCompression: true, MaxConnsPerHost: 8, MaxIdleConnsPerHost: 8,
			MaxResponseHeaderBytes: 64 << 10,
		},
		CheckRedirect: sameServer,
	}
	if m.reach != nil {
		w.reach = func(ctx context.Context) error { return m.reach(ctx, way) }
	}
	return w
}

// errElsewhere says that a server sends on to another one, as a captive network
// does.
var errElsewhere = errors.New("it sends on to another server")

func sameServer(next *http.Request, before []*http.Request) error {
	first := before[0].URL
	if len(before) > maxRedirects || next.URL.Scheme != first.Scheme || next.URL.Host != first.Host {
		return errElsewhere
	}
	return nil
}

// An ask is one request.
type ask struct {
	method string // "" for GET
	url    string
	header map[string]string
	limit  int64 // bytes of the answer
}

// A reply is an answer that a server has given in full.
type reply struct {
	status int
	body   []byte
}

// get gives the body of a page, or whether it is absent (404).
func (w *web) get(ctx context.Context, a ask) (body []byte, found bool, err error) {
	r, err := w.do(ctx, a)
	switch {
	case err != nil:
		return nil, false, err
	case r.status == http.StatusOK:
		return r.body, true, nil
	case r.status == http.StatusNotFound:
		return nil, false, nil
	}
	return nil, false, unexpected(a, r.status)
}

// unexpected is the error for an answer that is of no use.
func unexpected(a ask, status int) error {
	return fmt.Errorf("%s: status %d %s", place(a.url), status, http.StatusText(status))
}

// place shows an address without what may be secret in it.
func place(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "an address that is none"
	}
	if u.RawQuery != "" {
		u.RawQuery = "…"
	}
	return u.Redacted()
}

// do asks until there is an answer, or ctx ends: again where none comes, or the
// server says that it is overloaded or broken (429, 5xx). After the first failure
// to get any answer it brings up the network.
func (w *web) do(ctx context.Context, a ask) (reply, error) {
	for pause := w.pause; ; pause = min(2*pause, mostPause) {
		r, after, err := w.try(ctx, a)
		if err == nil || errors.Is(err, errElsewhere) || errors.Is(err, errTooLarge) {
			return r, err
		}
		if ctx.Err() == nil && r.status == 0 && w.reach != nil {
			if w.once.Do(func() { w.err = w.reach(ctx) }); w.err != nil {
				return reply{}, fmt.Errorf("%w: %s: %w", ErrSilent, place(a.url), w.err)
			}
		}
		select {
		case <-ctx.Done():
			return reply{}, fmt.Errorf("%w: %w; the last try: %w", ErrSilent, context.Cause(ctx), err)
		case <-time.After(max(pause/2+rand.N(pause), after)):
		}
	}
}

// errTooLarge says that an answer is longer than it may be.
var errTooLarge = errors.New("the answer is too long")

// try asks once. An error comes with the status, if there was one, and with how
// long the server wants to be left alone.
func (w *web) try(ctx context.Context, a ask) (r reply, after time.Duration, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, guest.AnswerLimit, fmt.Errorf("no full answer within %v", guest.AnswerLimit))
	defer cancel()
	wrong := func(err error) error {
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err // its text has the whole address
		}
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return fmt.Errorf("%s: %w", place(a.url), err)
	}
	req, err := http.NewRequestWithContext(ctx, cmp.Or(a.method, http.MethodGet), a.url, nil)
	if err != nil {
		return r, 0, wrong(err)
	}
	for name, value := range a.header {
		req.Header.Set(name, value)
	}
	answer, err := w.client.Do(req)
	if err != nil {
		return r, 0, wrong(err)
	}
	defer answer.Body.Close()
	r.status = answer.StatusCode
	body, err := io.ReadAll(io.LimitReader(answer.Body, a.limit+1))
	switch {
	case err != nil: // cut short, or too slow
		return r, 0, wrong(err)
	case int64(len(body)) > a.limit:
		return r, 0, wrong(fmt.Errorf("%w: more than %d bytes", errTooLarge, a.limit))
	}
	r.body = body
	if r.status == http.StatusTooManyRequests || r.status >= http.StatusInternalServerError {
		return r, retryAfter(answer.Header), unexpected(a, r.status)
	}
	return r, 0, nil
}

// retryAfter is how long a server wants to be left alone (RFC 9110, 10.2.3); a
// date is not looked at, for the guest's clock may be wrong.
func retryAfter(h http.Header) time.Duration {
	n, err := strconv.Atoi(h.Get("Retry-After"))
	if err != nil || n < 0 {
		return 0
	}
	return min(time.Duration(min(n, 3600))*time.Second, mostAfter)
}
