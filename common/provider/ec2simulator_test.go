// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// simulator is Amazon's own one of the metadata service.
const simulator = "github.com/aws/amazon-ec2-metadata-mock/cmd/ec2-metadata-mock@v1.13.0"

// buildSimulator gives the simulator, a program. Building it takes as long as
// many other tests, so it is for CI, and for who sets SIMULATOR=true.
func buildSimulator(t *testing.T) string {
	t.Helper()
	if os.Getenv("CI") != "true" && os.Getenv("SIMULATOR") != "true" {
		t.Skip("SKIPPED: Amazon's simulator is built with CI=true or SIMULATOR=true")
	}
	dir := t.TempDir()
	cmd := exec.Command("go", "install", "-trimpath", simulator)
	cmd.Env = append(os.Environ(), "GOBIN="+dir, "GOOS=", "GOARCH=", "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Logf("go install: %v\n%s", err, out)
		lacking(t, "the module "+simulator)
	}
	return filepath.Join(dir, "ec2-metadata-mock")
}

// startSimulator starts it on a free port and gives its address.
func startSimulator(t *testing.T, program string, args ...string) *url.URL {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	_, port, _ := net.SplitHostPort(l.Addr().String())
	must(t, l.Close())
	cmd := exec.Command(program, append(args, "-n", "127.0.0.1", "-p", port)...)
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir())
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	must(t, cmd.Start())
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		if t.Failed() {
			t.Logf("the simulator says:\n%s", log.String())
		}
	})
	return &url.URL{Scheme: "http", Host: "127.0.0.1:" + port}
}

// oneByOne leads requests to a server, one after the other: the simulator mixes
// up the answers to requests that come at the same time (pkg/mock/static,
// Handler keeps them in one variable). It notes what was asked for, and answers
// 503 while the server is not up.
type oneByOne struct {
	proxy httputil.ReverseProxy
	mu    sync.Mutex
	asked map[string]int
}

func newOneByOne(to *url.URL) *oneByOne {
	o := &oneByOne{asked: map[string]int{}}
	o.proxy.Rewrite = func(r *httputil.ProxyRequest) { r.SetURL(to) }
	o.proxy.ErrorHandler = func(w http.ResponseWriter, r *http.Request, _ error) {
		o.asked[r.Method+" "+r.URL.Path]--
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	return o
}

func (o *oneByOne) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.asked[r.Method+" "+r.URL.Path]++
	o.proxy.ServeHTTP(w, r)
}

// TestEC2Simulator: what Amazon's own simulator serves is read as it should be,
// whether it requires tokens or not.
func TestEC2Simulator(t *testing.T) {
	program := buildSimulator(t)
	for name, args := range map[string][]string{"version 1 and 2": nil, "version 2 alone": {"--imdsv2"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			host := newOneByOne(startSimulator(t, program, args...))
			m := newMachine(t, nitro())
			newHosts(t, m).serve(t, imds4, host.ServeHTTP)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			in, err := Find(ctx, m.Guest, nitro(), "auto", nil)
			must(t, err)
			golden(t, "testdata/ec2-samples/simulator.txt", summary(t, in))
			for page, n := range host.asked {
				if n != 1 {
					t.Errorf("%s was asked for %d times", page, n)
				}
			}
			if host.asked["PUT /latest/api/token"] != 1 {
				t.Errorf("asked for %v", host.asked)
			}
		})
	}
}

// TestEC2SimulatorPages: the simulator's pages as the collection has them give
// the same, without the simulator.
func TestEC2SimulatorPages(t *testing.T) {
	var config map[string]struct {
		Paths  map[string]string
		Values map[string]any
	}
	must(t, json.Unmarshal(fixture(t, "ec2/aemm-defaults.json"), &config))
	pages := map[string]string{}
	for _, part := range config {
		for name, path := range part.Paths {
			text, ok := part.Values[name].(string)
			if !ok {
				b, err := json.Marshal(part.Values[name])
				must(t, err)
				text = string(b)
			}
			pages[strings.TrimPrefix(path, "/latest/")] = text
		}
	}
	list := func(dir string) {
		for page := range pages {
			if name, below := strings.CutPrefix(page, dir); below && name != "" {
				first, _, more := strings.Cut(name, "/")
				if line := first + map[bool]string{true: "/"}[more] + "\n"; !strings.Contains(pages[dir], line) {
					pages[dir] += line
				}
			}
		}
	}
	list(imdsKeys)
	list(imdsMACs)
	list(imdsMACs + "0e:49:61:0f:c3:11/")
	pages[imdsScript] = "1234,john,reboot,true\n" // which the file has in base64
	bubble(t, "", func(t *testing.T) {
		in, err := fetchIMDS(t, nitro(), newIMDS(pages))
		must(t, err)
		in.Platform = "ec2"
		golden(t, "testdata/ec2-samples/simulator.txt", summary(t, in))
	})
}
