// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"illumos-metadata/common/guest"
)

// webServer is where the server of these tests is.
const webServer = "192.0.2.1:80"

// raw answers with these bytes, and ends the connection.
func raw(w http.ResponseWriter, text string) {
	c, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		panic(err)
	}
	io.WriteString(c, text)
	c.Close()
}

func status(w http.ResponseWriter, code int, after string) {
	if after != "" {
		w.Header().Set("Retry-After", after)
	}
	w.WriteHeader(code)
}

// A fault is how a server answers: n counts the requests from 1 on.
type fault struct {
	name  string
	serve func(w http.ResponseWriter, r *http.Request, n int)

	want   string // the body, "absent", or what the error says
	tries  int    // 0: five or more
	atMost time.Duration
	silent bool // the error is ErrSilent
}

const silent = "the metadata service does not answer: no metadata within 1m0s; the last try: "

var faults = []fault{
	{name: "good", want: "ok", tries: 1, serve: func(w http.ResponseWriter, _ *http.Request, _ int) { io.WriteString(w, "ok") }},
	{name: "empty", want: "", tries: 1, serve: func(http.ResponseWriter, *http.Request, int) {}},
	{name: "404", want: "absent", tries: 1, serve: func(w http.ResponseWriter, r *http.Request, _ int) { http.NotFound(w, r) }},
	{name: "403", want: "http://192.0.2.1/a: status 403 Forbidden", tries: 1,
		serve: func(w http.ResponseWriter, _ *http.Request, _ int) { status(w, 403, "") }},
	{name: "500 then good", want: "ok", tries: 2, atMost: time.Second, serve: func(w http.ResponseWriter, _ *http.Request, n int) {
		if n == 1 {
			status(w, 500, "")
		}
		io.WriteString(w, "ok")
	}},
	{name: "500 for ever", want: silent + "http://192.0.2.1/a: status 500 Internal Server Error", silent: true, atMost: time.Minute,
		serve: func(w http.ResponseWriter, _ *http.Request, _ int) { status(w, 500, "") }},
	{name: "429 and a pause", want: "ok", tries: 2, atMost: 3 * time.Second, serve: func(w http.ResponseWriter, _ *http.Request, n int) {
		if n == 1 {
			status(w, 429, "3")
		}
		io.WriteString(w, "ok")
	}},
	{name: "503 and a pause without end", want: "ok", tries: 2, atMost: 10 * time.Second, serve: func(w http.ResponseWriter, _ *http.Request, n int) {
		if n == 1 {
			status(w, 503, "9999999")
		}
		io.WriteString(w, "ok")
	}},
	{name: "503 and a date", want: "ok", tries: 2, atMost: time.Second, serve: func(w http.ResponseWriter, _ *http.Request, n int) {
		if n == 1 {
			status(w, 503, "Wed, 21 Oct 2037 07:28:00 GMT")
		}
		io.WriteString(w, "ok")
	}},
	{name: "slow", want: silent + "http://192.0.2.1/a: no full answer within 10s", silent: true, atMost: time.Minute,
		serve: func(_ http.ResponseWriter, r *http.Request, _ int) { <-r.Context().Done() }},
	{name: "slow once", want: "ok", tries: 2, atMost: 11 * time.Second, serve: func(w http.ResponseWriter, r *http.Request, n int) {
		if n == 1 {
			<-r.Context().Done()
		}
		io.WriteString(w, "ok")
	}},
	{name: "a byte a second", want: silent + "http://192.0.2.1/a: no full answer within 10s", silent: true, atMost: time.Minute,
		serve: func(w http.ResponseWriter, r *http.Request, _ int) {
			for r.Context().Err() == nil {
				io.WriteString(w, "x")
				w.(http.Flusher).Flush()
				select {
				case <-r.Context().Done():
				case <-time.After(time.Second): // of the bubble
				}
			}
		}},
	{name: "endless", want: "http://192.0.2.1/a: the answer is too long: more than 100 bytes", tries: 1,
		serve: func(w http.ResponseWriter, _ *http.Request, _ int) {
			for {
				if _, err := io.WriteString(w, strings.Repeat("x", 4096)); err != nil {
					return
				}
			}
		}},
	{name: "as long as it may be", want: strings.Repeat("x", 100), tries: 1,
		serve: func(w http.ResponseWriter, _ *http.Request, _ int) { io.WriteString(w, strings.Repeat("x", 100)) }},
	{name: "endless header", want: silent + "http://192.0.2.1/a: net/http: server response headers exceeded 65536 bytes; aborted", silent: true, atMost: time.Minute,
		serve: func(w http.ResponseWriter, _ *http.Request, _ int) {
			raw(w, "HTTP/1.1 200 OK\r\nX: "+strings.Repeat("x", 1<<20)+"\r\n\r\nok")
		}},
	{name: "more to come", want: "ok", tries: 1, serve: func(w http.ResponseWriter, _ *http.Request, _ int) {
		raw(w, "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n")
	}},
	{name: "reset", want: silent + "http://192.0.2.1/a: EOF", silent: true, atMost: time.Minute,
		serve: func(w http.ResponseWriter, _ *http.Request, _ int) { raw(w, "") }},
	{name: "reset once", want: "ok", tries: 2, serve: func(w http.ResponseWriter, _ *http.Request, n int) {
		if n == 1 {
			raw(w, "HTTP/1.1 200 O")
			return
		}
		io.WriteString(w, "ok")
	}, atMost: time.Second},
	{name: "shorter than it says", want: silent + "http://192.0.2.1/a: unexpected EOF", silent: true, atMost: time.Minute,
		serve: func(w http.ResponseWriter, _ *http.Request, _ int) {
			raw(w, "HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n#!/bin/sh\n")
		}},
	{name: "longer than it says", want: "ok", tries: 1, serve: func(w http.ResponseWriter, _ *http.Request, _ int) {
		raw(w, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokhunter2")
	}},
	{name: "no HTTP", want: silent + `http://192.0.2.1/a: it does not speak HTTP`, silent: true, atMost: time.Minute,
		serve: func(w http.ResponseWriter, _ *http.Request, _ int) { raw(w, "SSH-2.0-x\r\n") }},
	{name: "redirect", want: "/b", tries: 2, serve: func(w http.ResponseWriter, r *http.Request, n int) {
		if n == 1 {
			http.Redirect(w, r, "http://192.0.2.1:80/b", http.StatusFound)
			return
		}
		io.WriteString(w, r.URL.Path)
	}},
	{name: "redirect without end", want: "http://192.0.2.1/a: it has sent on 5 times", tries: 6,
		serve: func(w http.ResponseWriter, r *http.Request, n int) {
			http.Redirect(w, r, fmt.Sprint("/", n), http.StatusFound)
		}},
	{name: "redirect to another host", want: "http://192.0.2.1/a: it sends on to another server: http://portal.example:80", tries: 1,
		serve: func(w http.ResponseWriter, r *http.Request, _ int) {
			http.Redirect(w, r, "http://hunter2@portal.example/?hunter2", http.StatusFound)
		}},
	{name: "redirect to another port", want: "http://192.0.2.1/a: it sends on to another server: http://192.0.2.1:8080", tries: 1,
		serve: func(w http.ResponseWriter, r *http.Request, _ int) {
			http.Redirect(w, r, "http://192.0.2.1:8080/", http.StatusFound)
		}},
	{name: "redirect to another scheme", want: "http://192.0.2.1/a: it sends on to another server: https://192.0.2.1:443", tries: 1,
		serve: func(w http.ResponseWriter, r *http.Request, _ int) {
			http.Redirect(w, r, "https://192.0.2.1/", http.StatusFound)
		}},
}

// TestWebFaults: whatever a server does, it costs no more than the limits, and
// only a clear word of it is "absent". Nobody but the server is asked, no proxy
// of the environment's and no name server.
func TestWebFaults(t *testing.T) {
	for _, name := range []string{"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"} {
		t.Setenv(name, "http://hunter2@192.0.2.99:3128")
	}
	for _, tt := range faults {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMachine(t, qemu())
				h := newHosts(t, m)
				var tries atomic.Int32
				h.serve(t, webServer, func(w http.ResponseWriter, r *http.Request) { tt.serve(w, r, int(tries.Add(1))) })
				began := time.Now()
				body, found, err := newWeb(m, ByLease).get(limited(t, time.Minute), ask{url: "http://192.0.2.1/a", limit: 100})
				got := string(body)
				if err != nil {
					got = strings.ReplaceAll(err.Error(), "net/http: HTTP/1.x transport connection broken: ", "") // or not
				} else if !found {
					got = "absent"
				}
				if got != tt.want || found != (err == nil && got != "absent") || errors.Is(err, ErrSilent) != tt.silent {
					t.Errorf("got %q, found %v, silent %v\nwant %q, silent %v", got, found, errors.Is(err, ErrSilent), tt.want, tt.silent)
				}
				if n := int(tries.Load()); n != tt.tries && (tt.tries != 0 || n < 5) {
					t.Errorf("%d requests, want %d", n, tt.tries)
				}
				if took := time.Since(began); took > tt.atMost {
					t.Errorf("it took %v, want %v at most", took, tt.atMost)
				}
				if asked := h.asked(); !slices.Equal(asked, []string{"tcp " + webServer}) {
					t.Errorf("asked %q", asked)
				}
			})
		})
	}
}

// TestWebNobody: where nobody answers, or there is no network, the fetch ends at
// its limit; and when it is told to stop, at once.
func TestWebNobody(t *testing.T) {
	const nobody = "the metadata service does not answer: no metadata within 1m0s; the last try: http://192.0.2.1/: "
	for _, down := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			m := newMachine(t, qemu())
			newHosts(t, m).down = down
			began := time.Now()
			_, _, err := newWeb(m, ByLease).get(limited(t, time.Minute), ask{url: "http://192.0.2.1/", limit: 100})
			want := nobody + "no connection within 5s"
			if down {
				want = nobody + "network is unreachable"
			}
			if took := time.Since(began); err == nil || err.Error() != want || !errors.Is(err, ErrSilent) || took != time.Minute {
				t.Errorf("got %v after %v, want %s", err, took, want)
			}
			time.Sleep(guest.ConnectLimit) // net/http lets a dial go on that is of no use any more
		})
		synctest.Test(t, func(t *testing.T) {
			m := newMachine(t, qemu())
			newHosts(t, m).down = down
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(3*time.Second, func() { cancel(errors.New("told to stop")) })
			began := time.Now()
			_, _, err := newWeb(m, ByLease).get(ctx, ask{url: "http://192.0.2.1/", limit: 100})
			if took := time.Since(began); err == nil || !strings.Contains(err.Error(), "told to stop") || took != 3*time.Second {
				t.Errorf("got %v after %v", err, took)
			}
			time.Sleep(guest.ConnectLimit)
		})
	}
}

// TestWebReach: the network is brought up once for all requests, and only if no
// answer came; what goes wrong with that ends it.
func TestWebReach(t *testing.T) {
	tests := []struct {
		name    string
		down    bool
		serve   func(w http.ResponseWriter, n int)
		fails   bool
		reached int
		want    string
	}{
		{name: "there is an answer", serve: func(w http.ResponseWriter, _ int) { io.WriteString(w, "ok") }, want: "ok"},
		{name: "there is a bad one", serve: func(w http.ResponseWriter, n int) { status(w, map[bool]int{true: 503, false: 404}[n <= 2], "") }, want: "absent"},
		{name: "it is cut short", serve: func(w http.ResponseWriter, n int) {
			raw(w, map[bool]string{true: "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx", false: "HTTP/1.1 404 N\r\n\r\n"}[n <= 2])
		}, want: "absent"},
		{name: "no network", down: true, serve: func(w http.ResponseWriter, _ int) { io.WriteString(w, "ok") }, reached: 1, want: "ok"},
		{name: "it fails", down: true, fails: true, serve: func(http.ResponseWriter, int) {}, reached: 1,
			want: "the metadata service does not answer: http://192.0.2.1/: no lease"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMachine(t, qemu())
				h := newHosts(t, m)
				h.down = tt.down
				var tries atomic.Int32
				h.serve(t, webServer, func(w http.ResponseWriter, _ *http.Request) { tt.serve(w, int(tries.Add(1))) })
				reached := 0
				m.reach = func(_ context.Context, way Way) error {
					if reached++; way != ByLinkLocal {
						t.Errorf("way %v", way)
					}
					if tt.fails {
						return errors.New("no lease")
					}
					h.up()
					return nil
				}
				w := newWeb(m, ByLinkLocal)
				got := make(chan string)
				for range 2 {
					go func() {
						body, found, err := w.get(limited(t, time.Minute), ask{url: "http://192.0.2.1/", limit: 100})
						switch {
						case err != nil && errors.Is(err, ErrSilent):
							got <- err.Error()
						case err == nil && !found:
							got <- "absent"
						default:
							got <- fmt.Sprint(string(body), err)[:len(body)]
						}
					}()
				}
				for range 2 {
					if got := <-got; got != tt.want {
						t.Errorf("got %q, want %q", got, tt.want)
					}
				}
				if reached != tt.reached {
					t.Errorf("brought up %d times, want %d", reached, tt.reached)
				}
			})
		})
	}
}

// TestWebSecrets: what may be secret in an address is in no error.
func TestWebSecrets(t *testing.T) {
	const address = "http://joe:hunter2@192.0.2.1/a?token=hunter2#hunter2"
	for _, serve := range []func(w http.ResponseWriter){
		func(w http.ResponseWriter) { status(w, 403, "") },
		func(w http.ResponseWriter) { status(w, 500, "") },
		func(w http.ResponseWriter) { raw(w, "") },
		func(w http.ResponseWriter) {
			raw(w, "HTTP/1.1 302 Found\r\nLocation: http://x:hunter2@:://hunter2\r\n\r\n")
		},
		func(w http.ResponseWriter) {
			raw(w, "HTTP/1.1 302 Found\r\nLocation: http://x.example/hunter2\r\n\r\n")
		},
		func(w http.ResponseWriter) { raw(w, "HTTP/1.1 200 OK\r\n\r\n"+strings.Repeat("hunter2", 100)) },
	} {
		synctest.Test(t, func(t *testing.T) {
			m := newMachine(t, qemu())
			newHosts(t, m).serve(t, webServer, func(w http.ResponseWriter, r *http.Request) {
				if name, password, _ := r.BasicAuth(); name != "joe" || password != "hunter2" || r.URL.RawQuery != "token=hunter2" || r.Header.Get("X-A") != "b" {
					t.Errorf("request %v", r)
				}
				serve(w)
			})
			_, _, err := newWeb(m, ByLease).get(limited(t, time.Minute), ask{url: address, header: map[string]string{"X-A": "b"}, limit: 100})
			if err == nil || strings.Contains(err.Error(), "hunter2") || !strings.Contains(err.Error(), "http://192.0.2.1/a?…") {
				t.Errorf("got %v", err)
			}
		})
	}
	for _, address := range []string{"http://hunter2:hunter2/", "hunter2:%zz", "http://a/\x7fhunter2", "hunter2://a/"} {
		m := newMachine(t, qemu())
		m.Connect = func(context.Context, string, string) (net.Conn, error) { t.Error("dialled"); return nil, io.EOF }
		_, _, err := newWeb(m, ByLease).get(t.Context(), ask{url: address})
		if err == nil || err.Error() != "an address that is none: http or https expected" {
			t.Errorf("%q: got %v", address, err)
		}
	}
}

// TestWebLimits: the limits are those of the suite.
func TestWebLimits(t *testing.T) {
	if w := newWeb(newMachine(t, qemu()), ByLease); w.limits.connect != guest.ConnectLimit || w.limits.answer != guest.AnswerLimit {
		t.Errorf("got %+v", w.limits)
	}
}

// TestWebTLS: an https server has to show a certificate that the system trusts;
// one that it does not ends the fetch at once.
func TestWebTLS(t *testing.T) {
	unknown := httptest.NewTLSServer(nil) // with the certificate of package httptest, for example.com
	unknown.Close()
	roots := x509.NewCertPool()
	roots.AddCert(unknown.Certificate())
	for _, tt := range []struct {
		roots      *x509.CertPool
		host, want string
	}{
		{nil, "192.0.2.1", "https://192.0.2.1/: tls: failed to verify certificate: "},
		{roots, "192.0.2.1", "https://192.0.2.1/: tls: failed to verify certificate: "},
		{roots, "example.com", "ok"},
	} {
		synctest.Test(t, func(t *testing.T) {
			m := newMachine(t, qemu())
			h := newHosts(t, m)
			tries := 0
			h.handle(t, "192.0.2.1:443", func(c net.Conn) {
				tries++
				s := tls.Server(c, unknown.TLS)
				defer c.Close()
				if _, err := http.ReadRequest(bufio.NewReader(s)); err == nil {
					io.WriteString(s, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
				}
			})
			w := newWeb(m, ByLease)
			w.transport.TLSClientConfig = &tls.Config{RootCAs: tt.roots, Time: func() time.Time { return unknown.Certificate().NotBefore.AddDate(1, 0, 0) }}
			w.known["example.com"] = []netip.Addr{netip.MustParseAddr("192.0.2.1")}
			body, _, err := w.get(limited(t, time.Minute), ask{url: "https://" + tt.host + "/", limit: 100})
			got := string(body)
			if err != nil {
				got = err.Error()
			}
			if !strings.HasPrefix(got, tt.want) || errors.Is(err, ErrSilent) || tries != 1 {
				t.Errorf("%s: got %s after %d tries, want %s", tt.host, got, tries, tt.want)
			}
		})
	}
}
