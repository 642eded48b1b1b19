// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"net/url"
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

	"golang.org/x/net/dns/dnsmessage"

	"illumos-metadata/common/guest"
	"illumos-metadata/common/metadata"
)

// A seedServer is a web server with files by their address, and what it was
// asked for.
type seedServer struct {
	files map[string]string // by path and query; a number is a status
	mu    sync.Mutex
	asked []string
}

func (s *seedServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.asked = append(s.asked, r.URL.RequestURI())
	s.mu.Unlock()
	switch body, ok := s.files[r.URL.RequestURI()]; {
	case !ok:
		http.NotFound(w, r)
	case body == "403":
		w.WriteHeader(http.StatusForbidden)
	case body == "503":
		w.WriteHeader(http.StatusServiceUnavailable)
	default:
		io.WriteString(w, body)
	}
}

// foundSeed gives what Find makes of a serial number, with such a server at
// 192.0.2.1 and these disks.
func foundSeed(t *testing.T, serial string, disks, files map[string]string) (in *metadata.Instance, asked []string, err error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		smbios := qemu()
		smbios.Serial = serial
		m := newMachine(t, smbios)
		m.Guest = newGuest(t, disks)
		s := &seedServer{files: files}
		newHosts(t, m).serve(t, webServer, s.ServeHTTP)
		in, err = Find(limited(t, time.Minute), m.Guest, smbios, "auto", nil)
		asked = s.asked
	})
	return in, asked, err
}

// TestSeedWeb: the files on a web server say what the same ones on a volume do.
func TestSeedWeb(t *testing.T) {
	dirs, err := filepath.Glob("testdata/nocloud/*/meta-data")
	must(t, err)
	if len(dirs) == 0 {
		t.Fatal("no test data")
	}
	for _, meta := range dirs {
		files := readDir(t, filepath.Dir(meta))
		served, volume := map[string]string{}, map[string][]byte{}
		for name, text := range files {
			served["/seed/"+name], volume[name] = text, []byte(text)
		}
		want, err := provider(t, "nocloud").instance(Documents{Place: "http://192.0.2.1/seed/", Files: volume, Default: metadata.Network{DHCP: true}}, qemu())
		must(t, err)
		want.Platform = "qemu"
		got, asked, err := foundSeed(t, "ds=nocloud-net;s=http://192.0.2.1/seed", nil, served)
		if err != nil {
			t.Fatalf("%s: %v", meta, err)
		}
		if d := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{})); d != "" {
			t.Errorf("%s (-volume +server):\n%s", meta, d)
		}
		if all := []string{"/seed/meta-data", "/seed/network-config", "/seed/user-data", "/seed/vendor-data"}; !slices.Equal(asked, all) {
			t.Errorf("%s: asked for %q, want %q", meta, asked, all)
		}
	}
}

// TestSeedWebAnswers: what counts, and what a server that lacks something, or
// answers otherwise, costs.
func TestSeedWebAnswers(t *testing.T) {
	const line = "ds=nocloud;s=http://192.0.2.1/"
	const at = "metadata source nocloud: "
	uuid := qemu().UUID
	volume := map[string]string{"c2t0d0p0": seedDisk(t, "fat12", map[string]string{"meta-data": "instance-id: volume\n"})}
	all := map[string]string{"/meta-data": "instance-id: i-1\nlocal-hostname: web1\n", "/user-data": "#!/bin/sh\n"}
	tests := []struct {
		name, serial string
		disks, files map[string]string
		want         string // ID and host name, or the error
		also         string // a part of a problem or a warning
	}{
		{"all", line, nil, all, "i-1 web1", ""},
		{"the line comes first", line + ";i=i-2;h=web2", nil, all, "i-2 web2", ""},
		{"so it does before a volume", line, volume, all, "i-1 web1", "/dev/dsk/c2t0d0p0 holds NoCloud metadata: ignored, since http://192.0.2.1/ gives the metadata"},
		{"a broken disk", line, map[string]string{"c2t0d0p0": broken}, all, "i-1 web1", "passed over: disk c2t0d0: "},
		{"empty meta-data", line, nil, map[string]string{"/meta-data": ""}, uuid + " ", ""},
		{"no script", line, nil, map[string]string{"/meta-data": "instance-id: i-1\n"}, "i-1 ", ""},
		{"nothing", line, volume, nil, at + "http://192.0.2.1/meta-data: it is not there", ""},
		{"a script alone", line, nil, map[string]string{"/user-data": "#!/bin/sh\n"}, at + "http://192.0.2.1/meta-data: it is not there", ""},
		{"a captive portal", line, nil, map[string]string{"/meta-data": "<!DOCTYPE html>\n<html></html>\n"},
			at + "http://192.0.2.1/meta-data: it is not a map of names to values", ""},
		{"no meta-data is given out", line, nil, map[string]string{"/meta-data": "403"}, at + "http://192.0.2.1/meta-data: status 403 Forbidden", ""},
		{"no network-config is given out", line, nil, map[string]string{"/meta-data": "", "/network-config": "403"},
			at + "http://192.0.2.1/network-config: status 403 Forbidden", ""},
		{"no script is given out", line, nil, map[string]string{"/meta-data": "instance-id: i-1\n", "/user-data": "403"}, "i-1 ",
			"nocloud http://192.0.2.1/: user-data: http://192.0.2.1/user-data: status 403 Forbidden"},
		{"a script later, perhaps", line, nil, map[string]string{"/meta-data": "instance-id: i-1\n", "/user-data": "503"},
			at + "the metadata service does not answer: no metadata within 1m0s; the last try: http://192.0.2.1/user-data: status 503 Service Unavailable", ""},
		{"a wrong network-config", line, nil, map[string]string{"/meta-data": "instance-id: i-1\n", "/network-config": "[1"}, "i-1 ",
			"nocloud http://192.0.2.1/: network-config: "},
		{"too much of a script", line, nil, map[string]string{"/meta-data": "instance-id: i-1\n", "/user-data": strings.Repeat("x", 16<<20+1)}, "i-1 ",
			"user-data: http://192.0.2.1/user-data: the answer is too long: more than 16777216 bytes"},
		{"disabled by the server", line, volume, map[string]string{"/meta-data": "dsmode: disabled\n"}, uuid + " ", ""},
		{"sent on by the server", line, nil, map[string]string{"/meta-data": "instance-id: i-1\nseedfrom: http://192.0.2.1/b/\n"}, "i-1 ", "seedfrom is ignored: nobody is sent on twice"},
		{"a query", "ds=nocloud-net;s=http://joe:hunter2@192.0.2.1/get?token=hunter2&file=%s", nil,
			map[string]string{"/get?token=hunter2&file=meta-data": "instance-id: i-1\nnetwork-interfaces: x\n"}, "i-1 ", "http://192.0.2.1/get?…: meta-data: "},
		{"this machine's", "ds=nocloud;s=http://192.0.2.1/__dmi.system-product-name__/", nil,
			map[string]string{"/Standard%20PC%20%28Q35%20%2B%20ICH9%2C%202009%29/meta-data": "instance-id: i-1"}, "i-1 ", ""},
		{"a variable that is none", "ds=nocloud;s=http://192.0.2.1/__dmi.hunter__/", volume, all,
			at + "the address in the SMBIOS serial number: invalid: __dmi.hunter__ is not known: bios-vendor, chassis-asset-tag, chassis-serial-number, " +
				"system-manufacturer, system-product-name, system-serial-number, system-uuid, system-version expected", ""},
		{"no such value", "ds=nocloud;s=http://192.0.2.1/__dmi.chassis-asset-tag__/", nil, all,
			at + "the address in the SMBIOS serial number: invalid: this machine's SMBIOS has no chassis-asset-tag", ""},
		{"no address", "ds=nocloud;s=http://hunter2:hunter2/", nil, all, at + "the address in the SMBIOS serial number: invalid: this is no address of files on a web server", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in, _, err := foundSeed(t, tt.serial, tt.disks, tt.files)
			got, said := "", ""
			if err != nil {
				got = err.Error()
			} else {
				got, said = in.ID+" "+in.Hostname, strings.Join(in.Warnings, "\n")
				for _, p := range in.Problems {
					said += p.Reason
				}
			}
			if got != tt.want || !strings.Contains(said, tt.also) || strings.Contains(got+said, "hunter2") || errors.Is(err, metadata.ErrNoSource) {
				t.Errorf("got %s; it says %s\nwant %s, with %q", got, said, tt.want, tt.also)
			}
			if tt.also == "" && said != "" {
				t.Errorf("it says %s", said)
			}
		})
	}
}

// TestSeedFrom: a volume can send to a web server; its own meta-data comes first,
// and of the other files those of the server.
func TestSeedFrom(t *testing.T) {
	served := map[string]string{
		"/meta-data": "instance-id: i-1\nlocal-hostname: web1\npublic-keys: " + edKey + "\n", "/user-data": "#!/bin/sh\n# server\n",
	}
	volume := func(meta string) map[string]string {
		return map[string]string{"c2t0d0p0": seedDisk(t, "joliet", map[string]string{
			"meta-data": meta, "user-data": "#!/bin/sh\n# volume\n", "network-config": "version: 2\nethernets: {a: {dhcp6: true}}\n",
		})}
	}
	in, asked, err := foundSeed(t, "", volume("seedfrom: http://192.0.2.1/\nlocal-hostname: web2\n"), served)
	must(t, err)
	if in.ID != "i-1" || in.Hostname != "web2" || len(in.Keys) != 1 || string(in.UserData) != served["/user-data"] || len(in.Network.Links) != 1 ||
		in.Place != "/dev/dsk/c2t0d0p0 and http://192.0.2.1/" || len(asked) != 4 || len(in.Warnings)+len(in.Problems) != 0 {
		t.Errorf("got %+v, asked for %q", in, asked)
	}
	if in, asked, err = foundSeed(t, "ds=nocloud;s=/seed", volume("seedfrom: http://192.0.2.1/\n"), served); err != nil || len(asked) != 0 || in.Hostname != "" {
		t.Errorf("beside a line with another address: got %+v, %v, asked for %q", in, err, asked)
	}
	for _, from := range []string{"ftp://192.0.2.1/", "http://192.0.2.1/__dmi.x__/"} {
		in, asked, err = foundSeed(t, "", volume("instance-id: i-3\nseedfrom: "+from+"\n"), served)
		if err != nil || in.ID != "i-3" || len(asked) != 0 || !strings.Contains(strings.Join(in.Warnings, ""), "/dev/dsk/c2t0d0p0: meta-data: seedfrom is ignored: ") {
			t.Errorf("%s: got %+v, %v, asked for %q", from, in, err, asked)
		}
	}
	if in, _, err = foundSeed(t, "", volume("instance-id: i-3\nseedfrom: http://192.0.2.1/\n"), nil); err == nil || err.Error() != "metadata source nocloud: http://192.0.2.1/meta-data: it is not there" {
		t.Errorf("a server without it: got %+v, %v", in, err)
	}
}

// TestSeedSilent: a server that does not answer is no absence, even beside a
// volume; and the network is brought up for it, on any machine.
func TestSeedSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := qemu()
		s.Manufacturer, s.Product, s.Serial = "Acme", "Roadrunner", "ds=nocloud-net;s=http://192.0.2.1/"
		m := newMachine(t, s)
		m.Guest = newGuest(t, map[string]string{"c2t0d0p0": seedDisk(t, "fat12", map[string]string{"meta-data": "instance-id: volume\n"})})
		newHosts(t, m).down = true
		var ways []Way
		in, err := Find(limited(t, time.Minute), m.Guest, s, "auto", func(_ context.Context, way Way) error {
			ways = append(ways, way)
			return nil
		})
		if !errors.Is(err, ErrSilent) || errors.Is(err, metadata.ErrNoSource) || !slices.Equal(ways, []Way{ByLease}) {
			t.Errorf("got %+v, %v, ways %v", in, err, ways)
		}
	})
}

// FuzzSeedLine: of whatever is in a serial number, no address is asked but that
// of a host that stands in it, no address keeps a variable, and errors quote no
// more than a name.
func FuzzSeedLine(f *testing.F) {
	for _, line := range []string{
		"ds=nocloud;i=abc-1;h=web", "ds=nocloud-net;s=http://192.0.2.1/seed;i=x", " x ds=nocloud;;instance-id=a=b;dsmode=local;h y",
		"ds=nocloud;s=http://joe:pw@[fe80::1%25net0]:80/a?b=%s", "ds=nocloud;s=HTTPS://seed.example./__dmi.system-uuid__/",
		"ds=nocloud;s=http://a__dmi.x__", "ds=nocloud;s=http://", "ds=nocloud;s=http://%s/", "ds=nocloud;s=http://a/#", "ds=nocloud;s=http://__dmi.system-version__/",
	} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, serial string) {
		l := parseSeedLine(serial)
		for _, value := range []string{l.id, l.hostname, l.from, l.mode} {
			if !strings.Contains(serial, value) || strings.ContainsAny(value, "; \t\n") {
				t.Errorf("%q: %+v", serial, l)
			}
		}
		base, err := parseSeedBase(l.from, qemu())
		if err != nil {
			if base != "" || len(err.Error()) > 300 || !errors.Is(err, errNoWeb) && !errors.Is(err, metadata.ErrInvalid) {
				t.Errorf("%q: %q, %v", serial, base, err)
			}
			return
		}
		for name := range seedLimits {
			u, err := url.Parse(base.file(name))
			if err == nil && strings.Contains(u.Host, name) && !strings.Contains(l.from, name) {
				t.Errorf("%q: the server is %s", serial, u.Host)
			}
			if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "" || !strings.Contains(u.RequestURI(), name) {
				t.Errorf("%q: %s: %v, %v", serial, base.file(name), u, err)
			}
		}
	})
}

// answers plays a name server: it knows these hosts, by IPv4 and by IPv6 unless
// an address is left out, and puts a CNAME before them.
func answers(c net.Conn, hosts map[string][2]string) {
	defer c.Close()
	for {
		var length [2]byte
		if _, err := io.ReadFull(c, length[:]); err != nil {
			return
		}
		q := make([]byte, binary.BigEndian.Uint16(length[:]))
		if _, err := io.ReadFull(c, q); err != nil {
			return
		}
		name, at := "", 12
		for q[at] != 0 {
			name += string(q[at+1:at+1+int(q[at])]) + "."
			at += 1 + int(q[at])
		}
		kind := q[at+2]
		reply := slices.Clone(q)
		reply[2] |= 0x80
		known, ok := hosts[name]
		if !ok {
			reply[3] |= 3
		}
		text := known[0]
		if kind == byte(dnsmessage.TypeAAAA) {
			text = known[1]
		}
		if text != "" {
			addr := netip.MustParseAddr(text).AsSlice()
			reply[7] = 2
			reply = append(reply, 0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 9, 0, 4, 1, 'x', 0xc0, 12) // CNAME
			reply = append(reply, 1, 'x', 0xc0, 12, 0, kind, 0, 1, 0, 0, 0, 9, 0, byte(len(addr)))
			reply = append(reply, addr...)
		}
		c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(reply))), reply...))
	}
}

// TestSeedByName: a host's name is looked up at the servers of resolv.conf(5) and
// of leases, once for all files, and all of its addresses are tried.
func TestSeedByName(t *testing.T) {
	const line = "ds=nocloud-net;s=http://seed.example/"
	const at = "metadata source nocloud: the metadata service does not answer: no metadata within 1m0s; the last try: http://seed.example/meta-data: look up seed.example: "
	tests := []struct {
		name, resolv, lease string // the lease's name servers
		hosts               map[string][2]string
		want                string // the ID, or the error
		dialled             []string
	}{
		{name: "resolv.conf", resolv: "search example\n nameserver 192.0.2.53 # ours\nnameserver x\n", hosts: map[string][2]string{"seed.example.": {"192.0.2.1", ""}},
			want: "i-1", dialled: []string{"tcp 192.0.2.53:53", "tcp 192.0.2.1:80"}},
		{name: "a lease", lease: "192.0.2.53\n", hosts: map[string][2]string{"seed.example.": {"192.0.2.1", ""}},
			want: "i-1", dialled: []string{"tcp 192.0.2.53:53", "tcp 192.0.2.1:80"}},
		{name: "the first server is silent", resolv: "nameserver 192.0.2.99\n", lease: "192.0.2.99\n192.0.2.53\n", hosts: map[string][2]string{"seed.example.": {"192.0.2.1", ""}},
			want: "i-1", dialled: []string{"tcp 192.0.2.99:53", "tcp 192.0.2.53:53", "tcp 192.0.2.1:80"}},
		{name: "IPv6 alone", lease: "192.0.2.53\n", hosts: map[string][2]string{"seed.example.": {"", "2001:db8::1"}},
			want: "i-1", dialled: []string{"tcp 192.0.2.53:53", "tcp [2001:db8::1]:80"}},
		{name: "the first address is silent", lease: "192.0.2.53\n", hosts: map[string][2]string{"seed.example.": {"192.0.2.7", "2001:db8::1"}},
			want: "i-1", dialled: []string{"tcp 192.0.2.53:53", "tcp 192.0.2.7:80", "tcp [2001:db8::1]:80"}},
		{name: "no server", want: at + "neither /etc/resolv.conf nor a lease names a name server"},
		{name: "no such host", lease: "192.0.2.53\n", want: at + "name server 192.0.2.53: there is no such host", dialled: []string{"tcp 192.0.2.53:53"}},
		{name: "no address", lease: "192.0.2.53\n", hosts: map[string][2]string{"seed.example.": {}},
			want: at + "name server 192.0.2.53: it knows no address of this host", dialled: []string{"tcp 192.0.2.53:53"}},
		{name: "silence", lease: "192.0.2.99\n", want: at + "name server 192.0.2.99: no answer within 2s", dialled: []string{"tcp 192.0.2.99:53"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := qemu()
				s.Serial = line
				m := newMachine(t, s)
				h := newHosts(t, m)
				seed := &seedServer{files: map[string]string{"/meta-data": "instance-id: i-1\n", "/network-config": "version: 2\n"}}
				h.serve(t, webServer, seed.ServeHTTP)
				h.serve(t, "[2001:db8::1]:80", seed.ServeHTTP)
				h.handle(t, "192.0.2.53:53", func(c net.Conn) { answers(c, tt.hosts) })
				must(t, os.MkdirAll(m.Host("/etc"), 0o755))
				must(t, os.WriteFile(m.Host("/etc/resolv.conf"), []byte(tt.resolv), 0o644))
				m.Exec = func(_ context.Context, c guest.Command) ([]byte, error) {
					switch argv := strings.Join(c.Argv, " "); argv {
					case "/sbin/ipadm show-addr -p -o addrobj,type,state,addr":
						return []byte("lo0/v4:static:ok:127.0.0.1/8\nvioif0/dhcp:dhcp:ok:192.0.2.9/24\nvioif1/dhcp:dhcp:ok:?\n"), nil
					case "/sbin/dhcpinfo -i vioif0 DNSserv":
						return []byte(tt.lease), nil
					default:
						t.Errorf("ran %s", argv)
						return nil, os.ErrNotExist
					}
				}
				in, err := Find(limited(t, time.Minute), m.Guest, s, "auto", nil)
				got := ""
				if err != nil {
					got = err.Error()
				} else {
					got = in.ID
				}
				var once []string
				for _, d := range h.asked() {
					if !slices.Contains(once, d) {
						once = append(once, d)
					}
				}
				if got != tt.want || !slices.Equal(once, tt.dialled) {
					t.Errorf("got %s, dialled %q\nwant %s, %q", got, once, tt.want, tt.dialled)
				}
				if lookups := strings.Count(strings.Join(h.dialled, "\n"), "192.0.2.53:53"); err == nil && lookups != 1 {
					t.Errorf("looked up %d times", lookups)
				}
				time.Sleep(guest.ConnectLimit) // net/http lets a dial go on that is of no use any more
			})
		})
	}
}

// TestSeedSecrets: neither the log nor a warning shows what may be secret in an
// address.
func TestSeedSecrets(t *testing.T) {
	for _, files := range []map[string]string{nil, {"/a?hunter2&meta-data": "instance-id: i-1\n"}, {"/a?hunter2&meta-data": "403"}} {
		synctest.Test(t, func(t *testing.T) {
			s := qemu()
			s.Serial = "ds=nocloud;s=http://hunter2:hunter2@192.0.2.1/a?hunter2&%s"
			m := newMachine(t, s)
			var log bytes.Buffer
			m.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
			newHosts(t, m).serve(t, webServer, (&seedServer{files: files}).ServeHTTP)
			in, err := Find(limited(t, time.Minute), m.Guest, s, "auto", nil)
			said := log.String()
			if err != nil {
				said += err.Error()
			} else {
				said += in.Place + strings.Join(in.Warnings, "")
			}
			if strings.Contains(said, "hunter2") || !strings.Contains(said, "http://192.0.2.1/a?…") {
				t.Errorf("it says %s", said)
			}
		})
	}
}

// FuzzDNSAnswer: an answer gives as many addresses of the kind as fit into it, or
// an error; and the question that was asked is none.
func FuzzDNSAnswer(f *testing.F) {
	for _, host := range []string{"seed.example", "a"} {
		near, far := net.Pipe()
		go answers(far, map[string][2]string{host + ".": {"192.0.2.1", "2001:db8::1"}})
		if addrs, err := exchange(near, host, dnsmessage.TypeA); err != nil || len(addrs) != 1 || addrs[0] != netip.MustParseAddr("192.0.2.1") {
			f.Fatalf("got %v, %v", addrs, err)
		}
		if addrs, err := exchange(near, host, dnsmessage.TypeAAAA); err != nil || len(addrs) != 1 || addrs[0] != netip.MustParseAddr("2001:db8::1") {
			f.Fatalf("got %v, %v", addrs, err)
		}
		near.Close()
	}
	f.Add([]byte("\x00\x01\x81\x80\x00\x01\x00\x02\x00\x00\x00\x00\x01a\x00\x00\x01\x00\x01\xc0\x0c\x00\x05\x00\x01\x00\x00\x00\x09\x00\x02\xc0\x0c\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x09\x00\x04\xc0\x00\x02\x01"))
	f.Fuzz(func(t *testing.T, m []byte) {
		addrs, err := dnsAnswer(m, dnsmessage.TypeA)
		if err != nil && addrs != nil || len(addrs)*15 > len(m) {
			t.Errorf("%q: %v, %v", m, addrs, err)
		}
		for _, a := range addrs {
			if b := a.As4(); !a.Is4() || !bytes.Contains(m, b[:]) {
				t.Errorf("%q: %v", m, a)
			}
		}
		question, err := dnsQuestion(string(m), dnsmessage.TypeA)
		if err != nil {
			return
		}
		if _, err := dnsAnswer(question, dnsmessage.TypeA); !errors.Is(err, errNoAnswer) {
			t.Errorf("question %q taken for an answer: %v", question, err)
		}
	})
}
