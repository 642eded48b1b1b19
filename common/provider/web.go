// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
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

// webLimits are how long a web waits.
type webLimits struct {
	connect, answer time.Duration // for one try: to connect, and for all of it
	lookup          time.Duration // for one name server
	pause, most     time.Duration // before the second try; the longest
	after           time.Duration // the most that a server is left alone if it asks for that (Retry-After)
}

var usualLimits = webLimits{
	connect: guest.ConnectLimit, answer: guest.AnswerLimit, lookup: guest.LookupLimit,
	pause: 250 * time.Millisecond, most: 4 * time.Second, after: 10 * time.Second,
}

// maxRedirects is how often one request may be sent on, within the same server.
const maxRedirects = 5

// A web asks the sources that are on the network, by HTTP/1.1. It takes no proxy
// from the environment and follows no redirect to another server.
type web struct {
	transport *http.Transport
	limits    webLimits

	// reach brings up the network after the first try has failed; nil where that
	// is for others to do.
	reach func(context.Context) error
	once  sync.Once
	err   error // of reach

	lookup func(ctx context.Context, host string) ([]netip.Addr, error)
	mu     sync.Mutex
	known  map[string][]netip.Addr // the addresses of hosts
}

// newWeb gives the web of a machine, which comes by an address in this way.
func newWeb(m *machine, way Way) *web {
	w := &web{limits: usualLimits, known: map[string][]netip.Addr{}}
	w.lookup = func(ctx context.Context, host string) ([]netip.Addr, error) {
		return m.lookup(ctx, w.limits.lookup, host)
	}
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		ctx, cancel := within(ctx, w.limits.connect, "no connection")
		defer cancel()
		c, err := m.Dial(ctx, network, address)
		if err != nil && ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return c, err
	}
	w.transport = &http.Transport{
		// A connection serves one request: net/http logs what a server sends
		// after the answer on one that is kept, and that may be secret.
		DialContext: w.dialer(dial), DisableKeepAlives: true, DisableCompression: true,
		MaxConnsPerHost: 8, MaxResponseHeaderBytes: 64 << 10,
	}
	if m.reach != nil {
		w.reach = func(ctx context.Context) error { return m.reach(ctx, way) }
	}
	return w
}

// within limits ctx, and says what is lacking when it ends for that.
func within(ctx context.Context, limit time.Duration, lacking string) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, limit, fmt.Errorf("%s within %v", lacking, limit))
}

// server gives the part of an address that says who is asked.
func server(u *url.URL) string {
	port := cmp.Or(u.Port(), map[string]string{"http": "80", "https": "443"}[u.Scheme])
	return u.Scheme + "://" + net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}

// An ask is one request.
type ask struct {
	method string // "" for GET
	url    string
	header map[string]string
	limit  int64 // bytes of the answer

	// enough, where set, says of a try that failed that it is not to be followed
	// by another one.
	enough func(status int, err error) bool
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
	if err != nil || u.Scheme != "http" && u.Scheme != "https" {
		return "an address that is none"
	}
	shown := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}
	if u.RawQuery != "" {
		shown.RawQuery = "…"
	}
	return shown.String()
}

// A lasting error is one that trying again would not change.
type lasting struct{ error }

func (l lasting) Unwrap() error { return l.error }

// lasts says whether err is such an error. That a certificate is not the
// server's, or by nobody whom the system trusts, is one, too.
func lasts(err error) bool {
	var l lasting
	var c *tls.CertificateVerificationError
	return errors.As(err, &l) || errors.As(err, &c)
}

// do asks until there is an answer, or ctx ends: again where none comes, or the
// server says that it is overloaded or broken (429, 5xx). After the first failure
// to get any answer it brings up the network.
func (w *web) do(ctx context.Context, a ask) (reply, error) {
	var last error // of a try that had its time
	reached := w.reach == nil
	for pause := w.limits.pause; ; pause = min(2*pause, w.limits.most) {
		r, after, err := w.try(ctx, a)
		if err == nil || lasts(err) || a.enough != nil && a.enough(r.status, err) {
			return r, err
		}
		if last == nil || ctx.Err() == nil {
			last = err
		}
		if r.status == 0 && !reached && ctx.Err() == nil {
			reached = true
			if w.once.Do(func() { w.err = w.reach(ctx) }); w.err != nil {
				return reply{}, fmt.Errorf("%w: %s: %w", ErrSilent, place(a.url), w.err)
			}
			continue
		}
		select {
		case <-ctx.Done():
			return reply{}, fmt.Errorf("%w: %w; the last try: %w", ErrSilent, context.Cause(ctx), last)
		case <-time.After(max(pause/2+rand.N(pause), after)):
		}
	}
}

// errLate says that there was no full answer in time, and errTooLong that it has
// more bytes than it may.
var (
	errLate    = errors.New("no full answer")
	errTooLong = errors.New("the answer is too long")
)

// try asks once. An error comes with the status, if there was one, and with how
// long the server wants to be left alone.
func (w *web) try(ctx context.Context, a ask) (r reply, after time.Duration, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, w.limits.answer, fmt.Errorf("%w within %v", errLate, w.limits.answer))
	defer cancel()
	wrong := func(err error) error {
		switch {
		case ctx.Err() != nil:
			err = context.Cause(ctx)
		case strings.Contains(err.Error(), "malformed"): // with a line of the answer, which may be secret
			err = errors.New("it does not speak HTTP")
		}
		return fmt.Errorf("%s: %w", place(a.url), err)
	}
	answer, err := w.follow(ctx, a)
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
		return r, 0, wrong(lasting{fmt.Errorf("%w: more than %d bytes", errTooLong, a.limit)})
	}
	r.body = body
	if r.status == http.StatusTooManyRequests || r.status >= http.StatusInternalServerError {
		return r, min(retryAfter(answer.Header), w.limits.after), unexpected(a, r.status)
	}
	return r, 0, nil
}

// errElsewhere says that a server sends on to another one, as a captive network
// does.
var errElsewhere = errors.New("it sends on to another server")

// follow sends the request, and again where the server sends on to another of
// its pages. net/http's own client would quote a Location that it cannot read.
func (w *web) follow(ctx context.Context, a ask) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, cmp.Or(a.method, http.MethodGet), a.url, nil)
	if err != nil || req.URL.Scheme != "http" && req.URL.Scheme != "https" {
		return nil, lasting{errors.New("http or https expected")} // the reason would quote it
	}
	for name, value := range a.header {
		req.Header.Set(name, value)
	}
	if u := req.URL.User; u != nil {
		password, _ := u.Password()
		req.SetBasicAuth(u.Username(), password)
	}
	if err := w.find(ctx, req.URL.Hostname()); err != nil {
		return nil, err
	}
	for range maxRedirects + 1 {
		answer, err := w.transport.RoundTrip(req)
		if err != nil || !slices.Contains(redirects, answer.StatusCode) {
			return answer, err
		}
		answer.Body.Close()
		next, err := answer.Location()
		switch {
		case err != nil:
			return nil, lasting{errors.New("it sends on to what is no address")}
		case server(next) != server(req.URL):
			return nil, lasting{fmt.Errorf("%w: %s", errElsewhere, server(next))}
		}
		req = req.Clone(ctx)
		req.URL, req.Host = next, ""
	}
	return nil, lasting{fmt.Errorf("it has sent on %d times", maxRedirects)}
}

// redirects are the statuses that send on (RFC 9110, 15.4).
var redirects = []int{
	http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
	http.StatusTemporaryRedirect, http.StatusPermanentRedirect,
}

// retryAfter is how long a server wants to be left alone (RFC 9110, 10.2.3); a
// date is not looked at, for the guest's clock may be wrong.
func retryAfter(h http.Header) time.Duration {
	n, err := strconv.Atoi(h.Get("Retry-After"))
	if err != nil || n < 0 {
		return 0
	}
	return time.Duration(min(n, 3600)) * time.Second
}
