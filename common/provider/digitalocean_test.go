// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"illumos-metadata/common/cloudinit"
	"illumos-metadata/common/illumos"
	"illumos-metadata/common/metadata"
	"illumos-metadata/common/simguest"
)

// dropletSMBIOS is what a droplet's SMBIOS says.
func dropletSMBIOS() illumos.SMBIOS {
	return illumos.SMBIOS{
		BIOSVendor: "DigitalOcean", Manufacturer: "DigitalOcean", Product: "Droplet", Version: "20171212",
		Serial: "320206672", UUID: "bcd62103-5a29-4ac8-9f6f-7a3f0c9d9d2e",
	}
}

// disc makes a CD with files; the real one has this label, which is that of
// another source.
func disc(t testing.TB, kind string, files map[string]string) string {
	t.Helper()
	content := map[string][]byte{}
	for name, data := range files {
		content[name] = []byte(data)
	}
	b, err := simguest.FileSystem(kind, "config-2", content)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func dropletDisc(t testing.TB, kind, doc string) string {
	t.Helper()
	return disc(t, kind, map[string]string{dropletFile: doc, "README": "x"})
}

// foundDroplet gives what Find makes of one CD on a droplet.
func foundDroplet(t *testing.T, cd string) *metadata.Instance {
	t.Helper()
	in, err := Find(t.Context(), newGuest(t, map[string]string{"c1t0d0p0": cd}), dropletSMBIOS(), "auto", nil)
	must(t, err)
	roundTrip(t, in)
	return in
}

// parsed gives what a document says.
func parsed(t *testing.T, doc string) *metadata.Instance {
	t.Helper()
	in, err := provider(t, "digitalocean").instance(Documents{Place: "P", Files: map[string][]byte{dropletFile: []byte(doc)}}, dropletSMBIOS())
	if err != nil {
		t.Fatalf("%v\n%s", err, doc)
	}
	roundTrip(t, in)
	return in
}

// TestDroplet: documents of our own, each on every kind of CD.
func TestDroplet(t *testing.T) {
	docs, err := filepath.Glob("testdata/digitalocean/*.json")
	must(t, err)
	if len(docs) == 0 {
		t.Fatal("no test data")
	}
	for _, file := range docs {
		doc, err := os.ReadFile(file)
		must(t, err)
		for _, kind := range []string{"rockridge", "joliet", "plain"} {
			t.Run(filepath.Base(file)+"/"+kind, func(t *testing.T) {
				golden(t, strings.TrimSuffix(file, ".json")+".txt", summary(t, foundDroplet(t, dropletDisc(t, kind, string(doc)))))
			})
		}
	}
}

// TestDropletSamples: documents and a CD of real droplets. One of the keys is no
// real one, and neither costs anything else.
func TestDropletSamples(t *testing.T) {
	for _, name := range []string{"droplet-single-key", "talos"} {
		t.Run(name, func(t *testing.T) {
			cd := dropletDisc(t, "rockridge", string(fixture(t, "digitalocean/"+name+".json")))
			golden(t, "testdata/digitalocean-samples/"+name+".txt", summary(t, foundDroplet(t, cd)))
		})
	}
	t.Run("CD", func(t *testing.T) {
		golden(t, "testdata/digitalocean-samples/cd.txt", summary(t, foundDroplet(t, string(unpacked(t, "images/digitalocean-iso.iso.gz")))))
	})
}

// TestDropletOpinion compares with the network that cloud-init makes of the same
// documents.
func TestDropletOpinion(t *testing.T) {
	var opinions map[string]json.RawMessage
	must(t, json.Unmarshal(fixture(t, "digitalocean/expected-cloud-init-v1.json"), &opinions))
	if len(opinions) < 2 {
		t.Errorf("only %d opinions", len(opinions))
	}
	for name, doc := range opinions {
		want, problems, _, err := cloudinit.ParseNetworkConfig(doc)
		if err != nil || len(problems) > 0 {
			t.Fatalf("%s: %v, %v", name, problems, err)
		}
		got := parsed(t, string(fixture(t, "digitalocean/"+name))).Network
		byMAC := func(a, b metadata.Link) int { return strings.Compare(a.Match.MAC, b.Match.MAC) }
		slices.SortFunc(got.Links, byMAC)
		slices.SortFunc(want.Links, byMAC)
		for i := range want.Links {
			want.Links[i].Name, want.Links[i].SetName = fmt.Sprintf("%s0", []string{"public", "private"}[strings.Index("01", want.Links[i].Name[3:])]), ""
		}
		d := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{}))
		if d != "" {
			t.Errorf("%s (-cloud-init +got):\n%s", name, d)
		}
	}
}

// TestDropletElsewhere: on any other machine nobody looks into a CD, and install
// media in an unknown machine are no source (row D6).
func TestDropletElsewhere(t *testing.T) {
	cd := dropletDisc(t, "rockridge", `{"droplet_id": 1}`)
	damaged := cd[:40_000]
	for _, content := range []string{cd, damaged} {
		g := newGuest(t, map[string]string{"c1t0d0p0": content})
		for _, row := range identities {
			platform := Identify(row.smbios)
			if platform.Name == "digitalocean" || platform.Name == "smartos" || onNetwork(platform) {
				continue
			}
			in, err := Find(t.Context(), g, row.smbios, "auto", nil)
			if platform.Generic && (err != nil || in.Source != None) || !platform.Generic && !errors.Is(err, metadata.ErrNoSource) {
				t.Errorf("%s: %+v, %v", row.name, in, err)
			}
		}
	}
	g := newGuest(t, map[string]string{"c1t0d0p0": cd})
	if in, err := Find(t.Context(), g, qemu(), "digitalocean", nil); err != nil || in.ID != "1" || in.Platform != "qemu" {
		t.Errorf("pinned by an administrator: %+v, %v", in, err)
	}
}

// TestDropletVolumes: which of several disks of a droplet counts.
func TestDropletVolumes(t *testing.T) {
	a, b := dropletDisc(t, "rockridge", `{"droplet_id": "a"}`), dropletDisc(t, "joliet", `{"droplet_id": "b"}`)
	install := disc(t, "rockridge", map[string]string{"boot": "x"})
	seed := seedDisk(t, "fat12", map[string]string{"meta-data": "instance-id: i-1\n"})
	seedCD := seedDisk(t, "joliet", map[string]string{"meta-data": "instance-id: i-2\n"})
	archive := pack("odc", full())
	bad := dropletDisc(t, "plain", `{"droplet_id": 1} more`)
	list := dropletDisc(t, "plain", `["droplet_id"]`)
	long := dropletDisc(t, "plain", `{"droplet_id": "`+strings.Repeat("x", 1<<20)+`"}`)
	// Then the service is asked.
	const none = "metadata source digitalocean: the metadata service does not answer: no metadata within 1m0s; " +
		"the last try: http://169.254.169.254/metadata/v1.json: connect to 169.254.169.254:80: network is unreachable"
	uuid := dropletSMBIOS().UUID
	tests := []struct {
		name     string
		disks    map[string]string
		id       string // "" where an error is wanted
		warnings string // or the error
	}{
		{"nothing", nil, "", none},
		{"empty drive", map[string]string{"c1t0d0p0": noMedium}, "", none},
		{"another CD", map[string]string{"c1t0d0p0": install}, "", none},
		{"two", map[string]string{"c1t0d0p0": a, "c2t0d0p0": b}, "a", "/dev/dsk/c2t0d0p0 holds a CD, too: ignored, since /dev/dsk/c1t0d0p0 comes before it"},
		{"another CD before it", map[string]string{"c1t0d0p0": install, "c2t0d0p0": b}, "b", "/dev/dsk/c1t0d0p0 holds a CD without digitalocean_meta_data.json: ignored"},
		{"NoCloud beside it", map[string]string{"c1t0d0p0": seed, "c2t0d0p0": a, "c3t0d0p0": seedCD}, "a",
			"/dev/dsk/c1t0d0p0 holds NoCloud metadata: ignored, since /dev/dsk/c2t0d0p0 gives the metadata\n" +
				"/dev/dsk/c3t0d0p0 holds NoCloud metadata: ignored, since /dev/dsk/c2t0d0p0 gives the metadata"},
		{"an archive beside it", map[string]string{"c1t0d0p0": archive, "c2t0d0p0": a}, "a", "/dev/dsk/c1t0d0p0 holds an archive: ignored, since /dev/dsk/c2t0d0p0 gives the metadata"},
		{"a broken disk beside it", map[string]string{"c1t0d0p0": broken, "c2t0d0p0": a}, "a", "passed over: disk c1t0d0: read /dev/dsk/c1t0d0p0: byte 0: is a directory"},
		{"a damaged one beside it", map[string]string{"c1t0d0p0": bad, "c2t0d0p0": a}, "a",
			"passed over: /dev/dsk/c1t0d0p0: invalid digitalocean_meta_data.json: there is more behind its end"},
		{"NoCloud alone", map[string]string{"c1t0d0p0": seed}, "i-1", ""},
		{"NoCloud on a CD", map[string]string{"c1t0d0p0": seedCD}, "i-2", ""},
		{"NoCloud and another CD", map[string]string{"c1t0d0p0": install, "c2t0d0p0": seed}, "i-1", ""},
		{"an archive alone", map[string]string{"c1t0d0p0": archive}, uuid, ""},

		{"more than an object", map[string]string{"c1t0d0p0": bad}, "",
			"metadata source digitalocean: /dev/dsk/c1t0d0p0: invalid digitalocean_meta_data.json: there is more behind its end"},
		{"no object, beside NoCloud", map[string]string{"c1t0d0p0": list, "c2t0d0p0": seed}, "",
			"metadata source digitalocean: /dev/dsk/c1t0d0p0: invalid digitalocean_meta_data.json: it is not an object"},
		{"too long", map[string]string{"c1t0d0p0": long}, "",
			"metadata source digitalocean: /dev/dsk/c1t0d0p0: invalid digitalocean_meta_data.json: it has 1048594 bytes, and 1048576 are the most"},
		{"cut off", map[string]string{"c1t0d0p0": a[:40_000]}, "", "metadata source digitalocean: read volume /dev/dsk/c1t0d0p0: unexpected EOF"},
		{"broken", map[string]string{"c1t0d0p0": broken}, "", none + "; disk c1t0d0: read /dev/dsk/c1t0d0p0: byte 0: is a directory"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			in, err := findDown(t, newGuest(t, tt.disks), dropletSMBIOS())
			if tt.id == "" {
				if err == nil || err.Error() != tt.warnings || errors.Is(err, metadata.ErrNoSource) {
					t.Errorf("got %+v, %v\nwant the error %s", in, err, tt.warnings)
				}
				return
			}
			if err != nil || in.ID != tt.id || strings.Join(in.Warnings, "\n") != tt.warnings {
				t.Errorf("got %+v, %v\nwant %s, warnings\n%s", in, err, tt.id, tt.warnings)
			}
		})
	}
}

// dropletPaths are all fields that are used, and what each of them is for.
var dropletPaths = []struct{ path, item string }{
	{"droplet_id", "id"}, {"hostname", metadata.ItemHostname}, {"user_data", metadata.ItemUserData},
	{"public_keys", metadata.ItemKeys}, {"public_keys.0", metadata.ItemKeys}, {"vendor_data", "vendor"},
	{"dns", "dns"}, {"dns.nameservers", "dns"}, {"dns.nameservers.0", "dns"},
	{"interfaces", "links"}, {"interfaces.public", "public"}, {"interfaces.public.0", "public"},
	{"interfaces.public.0.mac", "public"}, {"interfaces.public.0.type", "public"},
	{"interfaces.public.0.ipv4", "public"}, {"interfaces.public.0.ipv4.ip_address", "public"},
	{"interfaces.public.0.ipv4.netmask", "public"}, {"interfaces.public.0.ipv4.gateway", "public"},
	{"interfaces.public.0.ipv6", "public"}, {"interfaces.public.0.ipv6.ip_address", "public"},
	{"interfaces.public.0.ipv6.cidr", "public"}, {"interfaces.public.0.ipv6.gateway", "public"},
	{"interfaces.public.0.anchor_ipv4", "public"}, {"interfaces.public.0.anchor_ipv4.ip_address", "public"},
	{"interfaces.private", "private"}, {"interfaces.private.0.ipv4", "private"}, {"interfaces.private.0.mac", "private"},
	{"auth_key", ""}, {"region", ""}, {"floating_ip", ""}, {"reserved_ip", ""}, {"tags", ""}, {"features", ""},
	{"features.dhcp_enabled", ""}, {"modify_index", ""},
}

// replace puts a value into a document, or takes a field out; a list item
// becomes null.
func replace(doc any, path string, value any, remove bool) {
	first, rest, more := strings.Cut(path, ".")
	list, isList := doc.([]any)
	if isList && !more {
		list[0] = value
		return
	}
	if isList {
		replace(list[0], rest, value, remove)
		return
	}
	fields := doc.(map[string]any)
	switch {
	case more:
		replace(fields[first], rest, value, remove)
	case remove:
		delete(fields, first)
	default:
		fields[first] = value
	}
}

// parts are an instance's items, by the names that dropletPaths gives them.
func parts(in *metadata.Instance) map[string]string {
	p := map[string]string{
		"id": in.ID, metadata.ItemHostname: in.Hostname, metadata.ItemUserData: string(in.UserData),
		metadata.ItemKeys: fmt.Sprint(in.Keys), "dns": fmt.Sprint(in.Network.DNS),
	}
	for _, l := range in.Network.Links {
		p[strings.TrimRight(l.Name, "0")] = fmt.Sprint(l)
	}
	return p
}

// TestDropletFields: each field missing, null, or of every other type costs its
// own item at most, and the guest can be reached all the same (row D15).
func TestDropletFields(t *testing.T) {
	original, err := os.ReadFile("testdata/digitalocean/full.json")
	must(t, err)
	want := parts(parsed(t, string(original)))
	values := []any{nil, true, 7, 1e300, "x", "", []any{}, []any{[]any{}}, map[string]any{}, map[string]any{"a": nil}}
	for _, field := range dropletPaths {
		for i := -1; i < len(values); i++ {
			var doc any
			must(t, json.Unmarshal(original, &doc))
			replace(doc, field.path, values[max(i, 0)], i < 0)
			b, err := json.Marshal(doc)
			must(t, err)
			in := parsed(t, string(b))
			for part, value := range parts(in) {
				own := part == field.item || field.item == "links" && (part == "public" || part == "private")
				if !own && value != want[part] {
					t.Errorf("%s is %v: %s is %s, want %s", field.path, values[max(i, 0)], part, value, want[part])
				}
			}
			if !reachable(in.Network) {
				t.Errorf("%s is %v: the guest cannot be reached: %+v", field.path, values[max(i, 0)], in.Network)
			}
			for _, p := range in.Problems {
				if field.item == "" || strings.Contains(p.Reason, "0123456789abcdef") {
					t.Errorf("%s is %v: %s", field.path, values[max(i, 0)], p.Reason)
				}
			}
		}
	}
}

// reachable says whether a network has any address.
func reachable(n metadata.Network) bool {
	return n.DHCP || slices.ContainsFunc(n.Links, func(l metadata.Link) bool { return len(l.Addresses) > 0 })
}

// TestDropletSecrets: neither the log nor a problem shows the script, a key or
// auth_key (row S1), and nothing is mounted or written (row S12).
func TestDropletSecrets(t *testing.T) {
	doc := `{"auth_key": "hunter2", "user_data": ["hunter2"], "vendor_data": "hunter2", "public_keys": ["hunter2", {"hunter2": "` + edKey +
		`"}, "` + edKey + `"], "floating_ip": "hunter2"}`
	g := newGuest(t, map[string]string{"c1t0d0p0": dropletDisc(t, "rockridge", doc)})
	var log bytes.Buffer
	g.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	in, err := Find(t.Context(), g, dropletSMBIOS(), "auto", nil)
	must(t, err)
	said := log.String() + strings.Join(in.Warnings, "")
	for _, p := range in.Problems {
		said += p.Reason
	}
	if strings.Contains(said, "hunter2") || strings.Contains(said, edKey) || len(in.Problems) != 3 {
		t.Errorf("%d problems; it says %s", len(in.Problems), said)
	}
	if _, err := jsonFields([]byte(`{"auth_key": "hunter2`)); err == nil || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("got %v", err)
	}
	wantOnlyDisk(t, g, "c1t0d0p0")
}

// TestDropletBounds: a document full of mistakes is not a log full of them.
func TestDropletBounds(t *testing.T) {
	nic := `{"mac": "02:08:20:0a:0b:0c"}, {"mac": 7}, 7,`
	in := parsed(t, `{"public_keys": [`+strings.Repeat("true,", 1000)+`""], "interfaces": {"public": [`+strings.Repeat(nic, 1000)+`null]}}`)
	if len(in.Problems) != 2*maxUnknown || len(in.Warnings) != maxUnknown || !in.Network.DHCP {
		t.Errorf("%d problems, %d warnings, network %+v", len(in.Problems), len(in.Warnings), in.Network)
	}
}

// TestDropletID: what is no ID leaves that of the machine.
func TestDropletID(t *testing.T) {
	uuid := dropletSMBIOS().UUID
	for value, want := range map[string]string{
		`320206672`: "320206672", `"320206672"`: "320206672", `" a "`: "a", `12345678901234567890123`: "12345678901234567890123",
		`"` + strings.Repeat("x", maxIDSize) + `"`: strings.Repeat("x", maxIDSize), `"` + strings.Repeat("x", maxIDSize+1) + `"`: uuid,
		`null`: uuid, `""`: uuid, `[1]`: uuid, `true`: uuid,
	} {
		in := parsed(t, `{"droplet_id": `+value+`}`)
		if in.ID != want || (in.IDOrigin == "metadata") != (want != uuid) {
			t.Errorf("%s: ID %s by %s, want %s", value, in.ID, in.IDOrigin, want)
		}
	}
}

// FuzzParseDroplet: whatever the document says, the instance is valid or there
// is none, the guest can be reached, nothing appears that was not there, and
// what the cache will give back is the same.
func FuzzParseDroplet(f *testing.F) {
	docs, err := filepath.Glob("testdata/digitalocean/*.json")
	if err != nil || len(docs) == 0 {
		f.Fatal("no test data", err)
	}
	for _, file := range docs {
		doc, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(doc)
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		in, err := provider(t, "digitalocean").instance(Documents{Place: "P", Files: map[string][]byte{dropletFile: doc}}, dropletSMBIOS())
		if err != nil {
			if !errors.Is(err, metadata.ErrInvalid) || in != nil {
				t.Errorf("got %+v, %v", in, err)
			}
			if _, bad := jsonFields(doc); bad == nil {
				t.Errorf("an object is refused: %v", err)
			}
			return
		}
		if in.ID == "" || len(in.ID) > maxIDSize || !reachable(in.Network) {
			t.Errorf("got %+v", in)
		}
		for _, k := range in.Keys {
			if _, err := metadata.ParsePublicKey(k.Line); err != nil || !utf8.ValidString(k.Line) {
				t.Errorf("key %q: %v", k.Line, err)
			}
		}
		for _, l := range in.Network.Links {
			if l.Match.MAC == "" || l.Match.Name != "" || len(l.Routes) > 2 || l.DHCP4 || l.SLAAC {
				t.Errorf("link %+v", l)
			}
		}
		roundTrip(t, in)
	})
}
