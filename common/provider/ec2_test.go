// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"illumos-metadata/common/cloudinit"
	"illumos-metadata/common/illumos"
	"illumos-metadata/common/metadata"
)

// nitro and imitator are what SMBIOS says of an EC2 instance and of one of a
// cloud that imitates it.
func nitro() illumos.SMBIOS {
	return illumos.SMBIOS{BIOSVendor: "Amazon EC2", Manufacturer: "Amazon EC2", Product: "t3.small", UUID: "ec2e1a3b-0000-4000-8000-000000000001"}
}

func imitator() illumos.SMBIOS {
	return illumos.SMBIOS{Manufacturer: "QEMU", Product: "Standard PC (i440FX + PIIX, 1996)", Serial: "srv-b2ykb.gb1.brightbox.com"}
}

const (
	imds4 = "169.254.169.254:80"
	imds6 = "[fd00:ec2::254]:80"
)

// An imdsHost plays the service.
type imdsHost struct {
	pages  map[string]string // by path below /latest/
	tokens bool              // it gives tokens, and answers to nobody without one
	// fault, where set, may answer in its place, and says whether it did. It
	// counts the requests for each page from 1 on.
	fault func(w http.ResponseWriter, r *http.Request, page string, n int) bool

	mu    sync.Mutex
	asked map[string]int // "PUT api/token", "user-data"
	token int            // the last one that was given
}

// newIMDS gives a host with these pages.
func newIMDS(pages map[string]string) *imdsHost {
	return &imdsHost{pages: maps.Clone(pages), tokens: true, asked: map[string]int{}}
}

func (h *imdsHost) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	page := strings.TrimPrefix(r.URL.Path, "/latest/")
	name := page
	if r.Method != http.MethodGet {
		name = r.Method + " " + page
	}
	h.mu.Lock()
	h.asked[name]++
	n, token := h.asked[name], fmt.Sprintf("TOKEN%d==", h.token)
	h.mu.Unlock()
	switch {
	case h.fault != nil && h.fault(w, r, page, n):
	case r.Method == http.MethodPut && page == imdsTokens && h.tokens:
		h.grant(w, r)
	case r.Method != http.MethodGet:
		w.WriteHeader(http.StatusMethodNotAllowed)
	case h.tokens && r.Header.Get(imdsToken) != token:
		w.WriteHeader(http.StatusUnauthorized)
	default:
		text, ok := h.pages[page]
		if !ok {
			http.NotFound(w, r)
		}
		io.WriteString(w, text)
	}
}

// grant gives a token; those before it hold no longer.
func (h *imdsHost) grant(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get(imdsTTL) != "21600" || r.Header.Get("X-Forwarded-For") != "" {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.token++
	fmt.Fprintf(w, "TOKEN%d==", h.token)
}

func (h *imdsHost) times(name string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.asked[name]
}

// imdsPages are those of a file of our own.
func imdsPages(t testing.TB, name string) map[string]string {
	t.Helper()
	b, err := os.ReadFile("testdata/ec2/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var pages map[string]string
	if err := json.Unmarshal(b, &pages); err != nil {
		t.Fatal(err)
	}
	return pages
}

// imdsTree are the pages of a collected sample.
func imdsTree(t *testing.T, name string) map[string]string {
	t.Helper()
	var tree map[string]string
	must(t, json.Unmarshal(fixture(t, "ec2/"+name+".tree.json"), &tree))
	pages := map[string]string{}
	for path, text := range tree {
		pages[strings.TrimPrefix(path, "/latest/")] = text
	}
	return pages
}

// fetchIMDS gives what a machine makes of a host, which answers at Amazon's IPv4
// address. It is to be called in a bubble of synctest.
func fetchIMDS(t *testing.T, s illumos.SMBIOS, host http.Handler) (*metadata.Instance, error) {
	t.Helper()
	m := newMachine(t, s)
	newHosts(t, m).serve(t, imds4, host.ServeHTTP)
	docs, err := amazonIMDS.fetch(limited(t, time.Minute), m)
	if err != nil {
		return nil, err
	}
	in, err := provider(t, "ec2").instance(docs, s)
	if err == nil {
		roundTrip(t, in)
	}
	return in, err
}

// bubble runs a test that does not wait for what it waits for.
func bubble(t *testing.T, name string, test func(t *testing.T)) {
	t.Run(name, func(t *testing.T) { synctest.Test(t, test) })
}

// TestEC2: pages of our own. Each file says in its name what it is about; among
// them rows D13 (several keys) and D14 (no host name).
func TestEC2(t *testing.T) {
	files, err := filepath.Glob("testdata/ec2/*.json")
	must(t, err)
	if len(files) == 0 {
		t.Fatal("no test data")
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		bubble(t, name, func(t *testing.T) {
			s, host := nitro(), newIMDS(imdsPages(t, name))
			if name == "imitation" {
				s, host.tokens = imitator(), false
			}
			in, err := fetchIMDS(t, s, host)
			must(t, err)
			golden(t, "testdata/ec2/"+name+".txt", summary(t, in))
		})
	}
}

// TestEC2Once: one fetch asks for each page once, and for none that is of no
// use.
func TestEC2Once(t *testing.T) {
	for name, want := range map[string]int{"typical": 12, "bare": 17, "cards-and-addresses": 29} {
		bubble(t, name, func(t *testing.T) {
			host := newIMDS(imdsPages(t, name))
			_, err := fetchIMDS(t, nitro(), host)
			must(t, err)
			for page, n := range host.asked {
				if n != 1 || strings.Contains(page, "iam") || strings.Contains(page, "owner-id") {
					t.Errorf("%s was asked for %d times", page, n)
				}
			}
			if len(host.asked) != want {
				t.Errorf("%d requests, want %d: %q", len(host.asked), want, slices.Sorted(maps.Keys(host.asked)))
			}
		})
	}
}

// TestEC2Samples: the collected samples. In default the instance ID and the
// identity document disagree, as nothing real does: see TestEC2Disagree. Keys
// are shortened there, which costs them alone.
func TestEC2Samples(t *testing.T) {
	for _, name := range []string{"default", "two-nic-multi-ip"} {
		pages := imdsTree(t, name)
		pages[imdsIdentity] = strings.ReplaceAll(pages[imdsIdentity], "my-identity-id", pages[imdsID])
		bubble(t, name, func(t *testing.T) {
			in, err := fetchIMDS(t, nitro(), newIMDS(pages))
			must(t, err)
			golden(t, "testdata/ec2-samples/"+name+".txt", summary(t, in))
		})
	}
}

// TestEC2Disagree: of two instance IDs none is believed.
func TestEC2Disagree(t *testing.T) {
	pages := imdsPages(t, "typical")
	pages[imdsIdentity] = `{"instanceId": "i-ffffffff"}`
	bubble(t, "own", func(t *testing.T) {
		in, err := fetchIMDS(t, nitro(), newIMDS(pages))
		if !errors.Is(err, metadata.ErrInvalid) || !strings.Contains(err.Error(), "i-ffffffff") {
			t.Errorf("got %+v, %v", in, err)
		}
	})
	sample := imdsTree(t, "default")
	bubble(t, "sample", func(t *testing.T) {
		in, err := fetchIMDS(t, nitro(), newIMDS(sample))
		if !errors.Is(err, metadata.ErrInvalid) || !strings.Contains(err.Error(), "my-identity-id") {
			t.Errorf("got %+v, %v", in, err)
		}
	})
}

// TestEC2Opinion compares with the network that cloud-init makes of the same
// pages. It differs in this, each on purpose:
//   - A link is called by its MAC address, in the order of the default routes;
//     cloud-init calls it eth0 and so on, and gives metrics.
//   - Further IPv6 addresses have the length of the subnet's prefix; cloud-init
//     reads a page that is not there (subnet-ipv6-cidr-block) and takes 128.
//   - Of an address on two interfaces (the sample has one) the second is left out.
//   - Only the first interface gets its default route.
func TestEC2Opinion(t *testing.T) {
	var opinions map[string]json.RawMessage
	must(t, json.Unmarshal(fixture(t, "ec2/expected-cloud-init-v2.json"), &opinions))
	if len(opinions) < 2 {
		t.Errorf("only %d opinions", len(opinions))
	}
	order := map[string][]int{"default.tree.json": {1, 0}, "two-nic-multi-ip.tree.json": {0, 1}}
	for name, doc := range opinions {
		parsed, problems, _, err := cloudinit.ParseNetworkConfig(doc)
		if err != nil || len(problems) > 0 {
			t.Fatalf("%s: %v, %q", name, err, problems)
		}
		var want metadata.Network
		seen := map[netip.Addr]bool{}
		for i, at := range order[name] {
			l := parsed.Links[at]
			l.Name, l.SetName, l.NoRoutes = l.Match.MAC, "", i > 0
			l.Addresses = slices.DeleteFunc(l.Addresses, func(p netip.Prefix) bool { return seen[p.Addr()] })
			for j, p := range l.Addresses {
				if seen[p.Addr()] = true; p.Addr().Is6() {
					l.Addresses[j] = netip.PrefixFrom(p.Addr(), 64)
				}
			}
			want.Links = append(want.Links, l)
		}
		byFamily := func(a, b netip.Prefix) int { return a.Addr().Compare(b.Addr()) }
		pages := imdsTree(t, strings.TrimSuffix(name, ".tree.json"))
		delete(pages, imdsIdentity)
		bubble(t, name, func(t *testing.T) {
			in, err := fetchIMDS(t, nitro(), newIMDS(pages))
			must(t, err)
			for i := range in.Network.Links {
				slices.SortFunc(in.Network.Links[i].Addresses, byFamily)
				slices.SortFunc(want.Links[i].Addresses, byFamily)
			}
			if d := cmp.Diff(want, in.Network, cmpopts.EquateEmpty(), cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{})); d != "" {
				t.Errorf("(-cloud-init +got):\n%s", d)
			}
		})
	}
}

// TestEC2Transcript: the collected requests are those that we make, and their
// answers mean what the transcript says.
func TestEC2Transcript(t *testing.T) {
	var script struct {
		Steps []struct {
			Request struct {
				Method, Path string
				Headers      map[string]string
			}
			Response struct {
				Status int
				Body   string
			}
		}
	}
	must(t, json.Unmarshal(fixture(t, "ec2/imdsv2-transcript.json"), &script))
	pages := imdsPages(t, "typical")
	bubble(t, "", func(t *testing.T) {
		var mu sync.Mutex
		played := map[int]bool{}
		host := newIMDS(pages)
		host.fault = func(w http.ResponseWriter, r *http.Request, page string, _ int) bool {
			for i, step := range script.Steps {
				same := step.Request.Method == r.Method && step.Request.Path == r.URL.Path
				for _, name := range []string{imdsTTL, imdsToken} {
					same = same && r.Header.Get(name) == step.Request.Headers[name]
				}
				if same {
					mu.Lock()
					played[i] = true
					mu.Unlock()
					w.WriteHeader(step.Response.Status)
					io.WriteString(w, step.Response.Body)
					return true
				}
			}
			if r.Header.Get(imdsToken) != script.Steps[0].Response.Body {
				t.Errorf("%s %s with the token %q", r.Method, r.URL.Path, r.Header.Get(imdsToken))
			}
			io.WriteString(w, pages[page])
			return true
		}
		in, err := fetchIMDS(t, nitro(), host)
		must(t, err)
		if in.ID != "i-0123456789abcdef0" || len(in.UserData) > 0 || !played[0] || !played[1] || !played[4] {
			t.Errorf("got %+v; played %v", in, played)
		}
	})
}

// TestEC2Elsewhere: on any other machine nothing is sent to a link-local
// address, unless an administrator says so.
func TestEC2Elsewhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, row := range identities {
			m := newMachine(t, row.smbios)
			h := newHosts(t, m)
			if onNetwork(m.platform) {
				continue
			}
			if docs, err := amazonIMDS.fetch(t.Context(), m); !errors.Is(err, errAbsent) || len(h.asked()) > 0 {
				t.Errorf("%s: %+v, %v; asked %q", row.name, docs, err, h.asked())
			}
		}
	})
	bubble(t, "pinned", func(t *testing.T) {
		m := newMachine(t, qemu())
		host := newIMDS(imdsPages(t, "imitation"))
		newHosts(t, m).serve(t, imds4, host.ServeHTTP)
		in, err := Find(limited(t, time.Minute), m.Guest, qemu(), "ec2", nil)
		must(t, err)
		if in.ID != "srv-b2ykb" || in.Source != "ec2" || in.Platform != "qemu" || host.times("PUT "+imdsTokens) != 1 {
			t.Errorf("got %+v, asked %v", in, host.asked)
		}
	})
}

// TestEC2AndVolume: a metadata volume counts before the service.
func TestEC2AndVolume(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMachine(t, nitro())
		m.Guest = newGuest(t, map[string]string{"c2t0d0p0": pack("odc", full())})
		h := newHosts(t, m)
		in, err := Find(limited(t, time.Minute), m.Guest, nitro(), "auto", nil)
		if err != nil || in.Source != "cpio" || len(h.asked()) > 0 {
			t.Errorf("got %+v, %v; asked %q", in, err, h.asked())
		}
	})
}

// TestEC2Hosts: the IPv4 address is asked first, and the IPv6 one where it keeps
// silent; who answers first is asked for everything. The network is brought up
// once for both.
func TestEC2Hosts(t *testing.T) {
	tests := []struct {
		name     string
		smbios   func() illumos.SMBIOS // nil: nitro
		serve    []string
		down     bool
		place    string
		untilHas time.Duration
	}{
		{name: "IPv4", serve: []string{imds4, imds6}, place: "http://169.254.169.254"},
		{name: "imitator, IPv6 alone", smbios: imitator, serve: []string{imds6}},
		{name: "IPv6 alone", serve: []string{imds6}, place: "http://[fd00:ec2::254]", untilHas: 150 * time.Millisecond},
		{name: "no address yet", serve: []string{imds4}, down: true, place: "http://169.254.169.254", untilHas: 0},
	}
	for _, tt := range tests {
		bubble(t, tt.name, func(t *testing.T) {
			s := nitro()
			if tt.smbios != nil {
				s = tt.smbios()
			}
			m := newMachine(t, s)
			h := newHosts(t, m)
			h.down = tt.down
			for _, address := range tt.serve {
				h.serve(t, address, newIMDS(imdsPages(t, "typical")).ServeHTTP)
			}
			reached := 0
			m.reach = func(context.Context, Way) error {
				reached++
				h.up()
				return nil
			}
			began := time.Now()
			docs, err := amazonIMDS.fetch(limited(t, time.Minute), m)
			if tt.place == "" {
				if !errors.Is(err, ErrSilent) || strings.Contains(strings.Join(h.asked(), " "), "fd00") {
					t.Errorf("got %v, asked %q", err, h.asked())
				}
				time.Sleep(time.Minute)
				return
			}
			must(t, err)
			if took := time.Since(began); docs.Place != tt.place || took != tt.untilHas || reached > 1 || (reached == 1) != tt.down {
				t.Errorf("got %s after %v, want %s after %v; the network was brought up %d times", docs.Place, took, tt.place, tt.untilHas, reached)
			}
			time.Sleep(time.Minute) // net/http lets a dial go on that is of no use any more
		})
	}
}

// TestEC2Answers: single answers of a collected sample: an identity document, the
// index of the pages, and what comes with the status of a refused request, which
// no error quotes.
func TestEC2Answers(t *testing.T) {
	pages := imdsPages(t, "typical")
	pages[imdsIdentity] = string(fixture(t, "ec2/identity-document.json"))
	pages[imdsID] = "i-1234567890abcdef0"
	index := string(fixture(t, "ec2/aemm-index.txt"))
	for _, page := range []string{imdsID, imdsName, imdsName2, imdsKeys, imdsRegion, imdsType, imdsMACs} {
		first, _, _ := strings.Cut(strings.TrimPrefix(page, "meta-data/"), "/")
		if !strings.Contains(index, "\n"+first) {
			t.Errorf("%s is not in the index:\n%s", page, index)
		}
	}
	refusals := map[int]string{400: string(fixture(t, "ec2/errors/400_response.html")), 401: string(fixture(t, "ec2/errors/401_response.html"))}
	bubble(t, "identity", func(t *testing.T) {
		in, err := fetchIMDS(t, nitro(), newIMDS(pages))
		if err != nil || in.ID != "i-1234567890abcdef0" || in.Region != "us-east-1" || in.Zone != "us-east-1f" || in.Type != "m4.xlarge" {
			t.Errorf("got %+v, %v", in, err)
		}
	})
	bubble(t, "400", func(t *testing.T) {
		host := newIMDS(pages)
		host.fault = answer(400, refusals[400], 0, imdsTokens)
		if in, err := fetchIMDS(t, nitro(), host); err == nil || !strings.Contains(err.Error(), "status 400") || strings.Contains(err.Error(), "<") {
			t.Errorf("got %+v, %v", in, err)
		}
	})
	bubble(t, "401", func(t *testing.T) {
		host := newIMDS(pages)
		host.fault = answer(401, refusals[401], 1, imdsID)
		if in, err := fetchIMDS(t, nitro(), host); err != nil || in.ID != "i-1234567890abcdef0" || host.times("PUT "+imdsTokens) != 2 {
			t.Errorf("got %+v, %v", in, err)
		}
	})
}
