// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"bufio"
	"cmp"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// maxHeader bounds the header of an answer.
const maxHeader = 64 << 10

// exchange sends one request over a connection of its own, and reads the answer.
// An error comes with the answer as far as it is there. The client of net/http
// would do the same, at the cost of a megabyte in each program; it logs what a
// server sends behind an answer, and quotes what it cannot read, either of which
// may be secret.
func (w *web) exchange(ctx context.Context, u *url.URL, h head, limit int64) (answer *http.Response, body []byte, err error) {
	select {
	case w.busy <- struct{}{}:
		defer func() { <-w.busy }()
	case <-ctx.Done():
		return nil, nil, context.Cause(ctx)
	}
	c, err := w.connect(ctx, u)
	if err != nil {
		return nil, nil, err
	}
	defer c.Close()
	defer context.AfterFunc(ctx, func() { c.Close() })()
	if _, err := io.WriteString(c, h.text(u)); err != nil {
		return nil, nil, err
	}
	in := &io.LimitedReader{R: c, N: maxHeader}
	r := bufio.NewReader(in)
	for answer == nil || answer.StatusCode/100 == 1 { // 1xx: more to come (RFC 9110, 15.2)
		if answer, err = http.ReadResponse(r, &http.Request{Method: h.method}); err != nil {
			if in.N <= 0 {
				err = fmt.Errorf("its header has more than %d bytes", maxHeader)
			}
			return nil, nil, err
		}
	}
	in.N = math.MaxInt64
	body, err = io.ReadAll(io.LimitReader(answer.Body, limit+1))
	if err == nil && int64(len(body)) > limit {
		err = lasting{fmt.Errorf("%w: more than %d bytes", errTooLong, limit)}
	}
	return answer, body, err
}

// A head is what a request says beside where it goes: its method, and lines of
// its header.
type head struct{ method, lines string }

// requestHead makes the head of a request. Values may be another server's words,
// which are not to end a line. What an address has of a name and a password goes
// where it belongs (RFC 7617).
func requestHead(a ask, u *url.URL) (head, error) {
	h := head{method: cmp.Or(a.method, http.MethodGet)}
	lines := maps.Clone(a.header)
	if u.User != nil {
		if lines == nil {
			lines = map[string]string{}
		}
		password, _ := u.User.Password()
		lines["Authorization"] = "Basic " + base64.StdEncoding.EncodeToString([]byte(u.User.Username()+":"+password))
	}
	for _, name := range slices.Sorted(maps.Keys(lines)) {
		if strings.ContainsFunc(lines[name], func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return head{}, lasting{fmt.Errorf("the value for %s is none", name)}
		}
		h.lines += name + ": " + lines[name] + "\r\n"
	}
	return h, nil
}

// text gives the request for an address as it is sent (RFC 9112). It has no body,
// which has to be said where one would be expected.
func (h head) text(u *url.URL) string {
	host := u.Host
	if zone, end := strings.Index(host, "%"), strings.Index(host, "]"); 0 < zone && zone < end {
		host = host[:zone] + host[end:] // the zone of an IPv6 address is this machine's affair
	}
	return h.method + " " + strings.ReplaceAll(u.RequestURI(), " ", "%20") + " HTTP/1.1\r\nHost: " + host + "\r\n" + h.lines +
		"User-Agent: illumos-metadata\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
}

// connect connects to the server of an address: where its name was looked up, to
// one of its addresses after another.
func (w *web) connect(ctx context.Context, u *url.URL) (c net.Conn, err error) {
	host, port, err := net.SplitHostPort(strings.TrimPrefix(server(u), u.Scheme+"://"))
	if err != nil {
		return nil, errors.New("this is no address of a server")
	}
	w.mu.Lock()
	hosts := []string{host}
	if addrs := w.known[host]; len(addrs) > 0 {
		hosts = nil
		for _, addr := range addrs {
			hosts = append(hosts, addr.String())
		}
	}
	w.mu.Unlock()
	for _, host := range hosts {
		if c, err = w.dial(ctx, net.JoinHostPort(host, port)); err == nil {
			break
		}
	}
	if err != nil || u.Scheme != "https" {
		return c, err
	}
	config := w.tls.Clone()
	config.ServerName = strings.TrimSuffix(host, ".")
	secure := tls.Client(c, config)
	if err := secure.HandshakeContext(ctx); err != nil {
		c.Close()
		return nil, err
	}
	return secure, nil
}
