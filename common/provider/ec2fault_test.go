// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"illumos-metadata/common/illumos"
	"illumos-metadata/common/metadata"
)

const portal = "<html><body><a href='http://portal.example/'>Log in</a></body></html>"

// An imdsFault is what is wrong with a host, and what comes of it.
type imdsFault struct {
	name   string
	smbios func() illumos.SMBIOS // nil: nitro
	fault  func(w http.ResponseWriter, r *http.Request, page string, n int) bool

	want   string // the error says this; "" where all is read
	silent bool   // the error is ErrSilent
	most   time.Duration
	tokens int  // how often a token is asked for; 0: any number
	alone  bool // nothing but tokens is asked for
	once   bool // the instance ID is asked for once
}

// answer is a fault of every page that is named, or of all. It lasts for the
// first requests of each, or for ever.
func answer(status int, body string, times int, pages ...string) func(http.ResponseWriter, *http.Request, string, int) bool {
	return func(w http.ResponseWriter, _ *http.Request, page string, n int) bool {
		for _, p := range pages {
			if p == page && (times == 0 || n <= times) {
				w.WriteHeader(status)
				io.WriteString(w, body)
				return true
			}
		}
		return false
	}
}

// hang is a fault of these pages, which are never answered.
func hang(method string, times int, pages ...string) func(http.ResponseWriter, *http.Request, string, int) bool {
	return func(_ http.ResponseWriter, r *http.Request, page string, n int) bool {
		for _, p := range pages {
			if p == page && r.Method == method && (times == 0 || n <= times) {
				<-r.Context().Done()
				return true
			}
		}
		return false
	}
}

var imdsFaults = []imdsFault{
	// Each answer to a request for a token (rows D11, D12).
	{name: "token", tokens: 1, once: true},
	{name: "token 400", fault: answer(400, "", 0, imdsTokens), want: "/latest/api/token: status 400 Bad Request", tokens: 1, alone: true},
	{name: "token 403", fault: answer(403, "", 0, imdsTokens), want: "status 403 Forbidden: the metadata service is switched off for this instance", tokens: 1, alone: true},
	{name: "token 404", fault: answer(404, "", 0, imdsTokens), want: "status 404 Not Found: it gives no tokens", silent: true, tokens: 1, alone: true},
	{name: "token 405", fault: answer(405, "", 0, imdsTokens), want: "status 405 Method Not Allowed: it gives no tokens", silent: true, tokens: 1, alone: true},
	{name: "token 429, then good", fault: answer(429, "", 1, imdsTokens), tokens: 2, most: time.Second},
	{name: "token 503, then good", fault: answer(503, "", 3, imdsTokens), tokens: 4, most: 4 * time.Second},
	{name: "token 503 and a pause", fault: func(w http.ResponseWriter, _ *http.Request, page string, n int) bool {
		if page == imdsTokens && n == 1 {
			status(w, 503, "5")
		}
		return page == imdsTokens && n == 1
	}, tokens: 2, most: 6 * time.Second},
	{name: "token 503 for ever", fault: answer(503, "", 0, imdsTokens), want: "no metadata within 1m0s", silent: true, alone: true, most: time.Minute},
	{name: "token is a page of a portal", fault: answer(200, portal, 0, imdsTokens), want: "/latest/api/token: the answer is no token", silent: true, tokens: 1, alone: true},
	{name: "token is nothing", fault: answer(200, "\n", 0, imdsTokens), want: "the answer is no token", silent: true, tokens: 1, alone: true},
	{name: "token without end", fault: answer(200, strings.Repeat("x", imdsLeaf+1), 0, imdsTokens), want: "the answer is too long", tokens: 1, alone: true},
	{name: "token elsewhere", fault: func(w http.ResponseWriter, r *http.Request, _ string, _ int) bool {
		http.Redirect(w, r, "http://portal.example/", http.StatusFound)
		return true
	}, want: "it sends on to another server: http://portal.example:80", tokens: 1, alone: true},
	{name: "token reset, then good", fault: func(w http.ResponseWriter, _ *http.Request, page string, n int) bool {
		if page == imdsTokens && n == 1 {
			raw(w, "")
		}
		return page == imdsTokens && n == 1
	}, tokens: 2, most: time.Second},
	// Where nothing comes of asking for a token, a plain request is no way around
	// a host that wants one.
	{name: "token slow, then good", fault: hang("PUT", 1, imdsTokens), tokens: 2, most: 11 * time.Second},
	{name: "silence", fault: func(_ http.ResponseWriter, r *http.Request, _ string, _ int) bool { <-r.Context().Done(); return true },
		want: "no metadata within 1m0s", silent: true, most: time.Minute},

	// Each answer to a request for a page.
	{name: "401, then a new token", fault: answer(401, "", 1, imdsID, imdsMACs, imdsKeys), tokens: 2},
	{name: "401 for ever", fault: answer(401, "", 0, imdsID), want: "/latest/meta-data/instance-id: status 401 Unauthorized: a new token is refused, too", tokens: 2},
	{name: "403", fault: answer(403, "", 0, imdsMACs), want: "macs/: status 403 Forbidden"},
	{name: "400", fault: answer(400, "", 0, imdsKeys), want: "public-keys/: status 400 Bad Request"},
	{name: "500, then good", fault: answer(500, "", 1, imdsID, imdsMACs, imdsScript), most: time.Second},
	{name: "503 for ever", fault: answer(503, "", 0, imdsScript), want: "status 503 Service Unavailable", silent: true, most: time.Minute},
	{name: "slow, then good", fault: hang("GET", 1, imdsIdentity), most: 11 * time.Second},
	{name: "cut short for ever", fault: func(w http.ResponseWriter, _ *http.Request, page string, _ int) bool {
		if page == imdsScript {
			raw(w, "HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n#!/bin/sh\n")
		}
		return page == imdsScript
	}, want: "user-data: unexpected EOF", silent: true, most: time.Minute},
	{name: "longer than it says", fault: func(w http.ResponseWriter, r *http.Request, page string, _ int) bool {
		if page == imdsID {
			raw(w, "HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\ni-0123456789abcdef0")
		}
		return page == imdsID
	}, want: "says that this is i-0123456789"},
	{name: "a byte a second", fault: func(w http.ResponseWriter, r *http.Request, page string, _ int) bool {
		for page == imdsIdentity && r.Context().Err() == nil {
			io.WriteString(w, " ")
			w.(http.Flusher).Flush()
			select {
			case <-r.Context().Done():
			case <-time.After(time.Second):
			}
		}
		return page == imdsIdentity
	}, want: "document: no full answer within 10s", silent: true, most: time.Minute},
	{name: "elsewhere", fault: func(w http.ResponseWriter, r *http.Request, page string, _ int) bool {
		if page == imdsKeys {
			http.Redirect(w, r, "http://198.51.100.1/", http.StatusFound)
		}
		return page == imdsKeys
	}, want: "it sends on to another server: http://198.51.100.1:80"},
	{name: "list without end", fault: answer(200, strings.Repeat("0=a\n", imdsLeaf), 0, imdsKeys), want: "public-keys/: the answer is too long: more than 65536 bytes"},

	// What an instance always has and this one has not: no new instance.
	{name: "no instance ID", fault: answer(404, "", 0, imdsID), want: "/latest/meta-data/instance-id: no instance ID", silent: true},
	{name: "empty instance ID", fault: answer(200, "", 0, imdsID), want: "no instance ID", silent: true},
	{name: "instance ID of another kind", fault: answer(200, "my-instance", 0, imdsID), want: "no instance ID", silent: true},
	{name: "instance ID is a page of a portal", fault: answer(200, portal, 0, imdsID), want: "no instance ID", silent: true},
	{name: "no interfaces", fault: answer(404, "", 0, imdsMACs), want: "macs/: no network interface", silent: true},
	{name: "interfaces are a page of a portal", fault: answer(200, portal, 0, imdsMACs), want: "macs/: no network interface", silent: true},

	// Imitators may know no tokens, and have no list of interfaces.
	{name: "imitator: token 404", smbios: imitator, fault: withoutTokens(404), tokens: 1},
	{name: "imitator: token 405", smbios: imitator, fault: withoutTokens(405), tokens: 1},
	{name: "imitator: token 501", smbios: imitator, fault: withoutTokens(501), tokens: 1},
	{name: "imitator: token 403", smbios: imitator, fault: withoutTokens(403), want: "status 403 Forbidden", tokens: 1, alone: true},
	{name: "imitator with tokens", smbios: imitator, tokens: 1},
	{name: "imitator: wants what it does not give", smbios: imitator, fault: answer(404, "", 0, imdsTokens), want: "it wants a token (version 2), and has given none", tokens: 1},
	{name: "imitator: no instance ID", smbios: imitator, fault: answer(404, "", 0, imdsID), want: "no instance ID", silent: true},

	// Amazon's own without tokens: only where nothing comes of asking.
	{name: "token never comes, plain request answered", fault: noToken, tokens: 1, once: true, most: 10 * time.Second},
	{name: "token never comes, portal answers", fault: func(w http.ResponseWriter, r *http.Request, page string, _ int) bool {
		if page == imdsTokens {
			<-r.Context().Done()
			return true
		}
		io.WriteString(w, portal)
		return true
	}, want: "no metadata within 1m0s", silent: true, most: time.Minute},
}

// withoutTokens is a host that answers so to whoever asks for a token, and plainly
// to others.
func withoutTokens(status int) func(http.ResponseWriter, *http.Request, string, int) bool {
	return func(w http.ResponseWriter, _ *http.Request, page string, _ int) bool {
		if page == imdsTokens {
			w.WriteHeader(status)
			return true
		}
		return plainly(w, page)
	}
}

// noToken is a host whose tokens get lost, and that answers plainly to others.
func noToken(w http.ResponseWriter, r *http.Request, page string, _ int) bool {
	if page == imdsTokens {
		<-r.Context().Done()
		return true
	}
	return plainly(w, page)
}

// plainly answers as an imitator of few words does.
func plainly(w http.ResponseWriter, page string) bool {
	pages := map[string]string{imdsID: "i-0123456789abcdef0", imdsMACs: "0a:11:22:33:44:55/", imdsScript: "#!/bin/sh\necho hello\n"}
	if pages[page] == "" {
		w.WriteHeader(http.StatusNotFound)
	}
	io.WriteString(w, pages[page])
	return true
}

// TestEC2Faults: whatever a host does, it costs no more than the limits, what is
// not there is no error, and what cannot be read is never taken for absence or
// for another instance (rows D11, D12).
func TestEC2Faults(t *testing.T) {
	for _, tt := range imdsFaults {
		bubble(t, tt.name, func(t *testing.T) {
			s := nitro()
			if tt.smbios != nil {
				s = tt.smbios()
			}
			host := newIMDS(imdsPages(t, "typical"))
			host.fault = tt.fault
			began := time.Now()
			in, err := fetchIMDS(t, s, host)
			took := time.Since(began)
			if tt.want == "" {
				if err != nil || in.ID != "i-0123456789abcdef0" || string(in.UserData) != "#!/bin/sh\necho hello\n" {
					t.Errorf("got %+v, %v", in, err)
				}
			} else if err == nil || !strings.Contains(err.Error(), tt.want) || errors.Is(err, ErrSilent) != tt.silent || errors.Is(err, metadata.ErrNoSource) {
				t.Errorf("got %+v, %v\nwant %s, silent %v", in, err, tt.want, tt.silent)
			}
			if took > tt.most {
				t.Errorf("it took %v, want %v at most", took, tt.most)
			}
			if n := host.times("PUT " + imdsTokens); n != tt.tokens && tt.tokens > 0 {
				t.Errorf("%d requests for a token, want %d", n, tt.tokens)
			}
			if n := host.times(imdsID); tt.once && n != 1 {
				t.Errorf("the instance ID was asked for %d times", n)
			}
			if alone := len(host.asked) == 1; tt.alone && !alone {
				t.Errorf("asked for %v after no token was given", host.asked)
			}
			time.Sleep(time.Minute) // net/http lets a dial go on that is of no use any more
		})
	}
}

// TestEC2Soft: what is too long, or listed and not there, costs itself alone.
func TestEC2Soft(t *testing.T) {
	key := imdsKeys + "1" + imdsKey
	tests := []struct {
		name  string
		fault func(http.ResponseWriter, *http.Request, string, int) bool
		item  string
		want  string
	}{
		{"user data too long", answer(200, strings.Repeat("x", imdsUserData+1), 0, imdsScript), metadata.ItemUserData, "user-data: the answer is too long"},
		{"key too long", answer(200, strings.Repeat("x", imdsLeaf+1), 0, key), metadata.ItemKeys, "openssh-key: the answer is too long"},
		{"key gone", answer(404, "", 0, key), metadata.ItemKeys, "openssh-key: it is listed, and not there"},
	}
	for _, tt := range tests {
		bubble(t, tt.name, func(t *testing.T) {
			host := newIMDS(imdsPages(t, "typical"))
			host.fault = tt.fault
			in, err := fetchIMDS(t, nitro(), host)
			must(t, err)
			if errs := in.Errs(tt.item); len(errs) != 1 || len(in.Problems) != 1 || !strings.Contains(errs[0].Error(), tt.want) || len(in.Network.Links) != 1 {
				t.Errorf("got %+v", in)
			}
		})
	}
}

// TestEC2Version1Told: the log says that no token is used, and why.
func TestEC2Version1Told(t *testing.T) {
	for _, s := range []illumos.SMBIOS{nitro(), imitator()} {
		bubble(t, s.Manufacturer, func(t *testing.T) {
			m := newMachine(t, s)
			var log bytes.Buffer
			m.Log = slog.New(slog.NewTextHandler(&log, nil))
			host := newIMDS(nil)
			host.fault = withoutTokens(405)
			want := "status 405 Method Not Allowed: it gives no tokens"
			if m.platform.Name == "ec2" {
				host.fault = noToken
				want = "level=WARN msg=\"asking for metadata without a token (version 1): a plain request is answered\" reason=\"http://169.254.169.254/latest/api/token: no full answer within 10s\""
			}
			newHosts(t, m).serve(t, imds4, host.ServeHTTP)
			_, err := amazonIMDS.fetch(limited(t, time.Minute), m)
			if err != nil || !strings.Contains(log.String(), "(version 1)") || !strings.Contains(log.String(), want) {
				t.Errorf("got %v; the log says %s", err, log.String())
			}
			time.Sleep(time.Minute)
		})
	}
}

// TestEC2Secrets: neither a log line nor an error shows a token, user data or a
// key (row S1).
func TestEC2Secrets(t *testing.T) {
	pages := imdsPages(t, "typical")
	pages[imdsScript] = "#!/bin/sh\necho hunter2\n"
	pages[imdsKeys+"1"+imdsKey] = "hunter2"
	for _, code := range []int{0, 401, 403, 503} {
		bubble(t, fmt.Sprint(code), func(t *testing.T) {
			m := newMachine(t, nitro())
			var log bytes.Buffer
			m.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
			host := newIMDS(pages)
			if code != 0 {
				host.fault = answer(code, "hunter2", 0, imdsScript)
			}
			newHosts(t, m).serve(t, imds4, host.ServeHTTP)
			in, err := Find(limited(t, time.Minute), m.Guest, nitro(), "auto", nil)
			said := fmt.Sprint(log.String(), err)
			if in != nil {
				said += fmt.Sprint(in.Problems, in.Warnings)
			}
			if (err == nil) != (code == 0) || strings.Contains(said, "hunter2") || strings.Contains(said, "TOKEN") || strings.Contains(said, edKey) {
				t.Errorf("got %+v; it says %s", in, said)
			}
			time.Sleep(time.Minute)
		})
	}
}
