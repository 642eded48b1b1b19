// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"illumos-metadata/common/cloudinit"
	"illumos-metadata/common/guest"
	"illumos-metadata/common/illumos"
	"illumos-metadata/common/metadata"
	"illumos-metadata/common/provider"
	"illumos-metadata/common/simguest"
)

// samples is the collection of metadata samples, which lies beside the module
// and is read in place.
const samples = "../../../shared/fixtures/"

// wantedOf collects wanted networks by name, each as its source gives it.
type wantedOf struct {
	testing.TB
	all map[string]want
}

// sampleNetworks are those of the collection.
func sampleNetworks(t testing.TB) map[string]want {
	if _, err := os.Stat(samples); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("SKIPPED is a failure with CI=true: ../shared/fixtures is not here")
		}
		t.Skip("SKIPPED: ../shared/fixtures is not here")
	}
	c := wantedOf{t, map[string]want{}}
	c.documents("v1-", samples+"nocloud/network-v1/*.yaml")
	c.documents("v2-", samples+"nocloud/network-v2/*.yaml")
	c.documents("volume-", samples+"nocloud/volumes/*/network-config")
	c.volume("oxide", "auto", illumos.SMBIOS{}, "cidata", "meta-data", c.read(samples+"oxide/meta-data.json"))
	c.droplets(samples + "digitalocean/*.json")
	values := c.values(samples + "smartos/keys.json")
	values["sdc:routes"] = string(c.read(samples + "smartos/sdc-routes.json"))
	for _, file := range c.files(samples + "smartos/sdc-nics/*.json") {
		values["sdc:nics"] = string(c.read(file))
		c.smartOS(base(file), values)
	}
	return c.all
}

// ownNetworks are those of the suite's own test data.
func ownNetworks(t testing.TB) map[string]want {
	c := wantedOf{t, map[string]want{}}
	c.documents("", "../../common/cloudinit/testdata/*.yaml")
	c.documents("volume-", "../../common/provider/testdata/nocloud/*/network-config")
	c.droplets("../../common/provider/testdata/digitalocean/*.json")
	for _, file := range c.files("../../common/provider/testdata/smartos/*.json") {
		c.smartOS(base(file), c.values(file))
	}
	for _, source := range []string{"ec2", "vmware"} {
		c.parsed(source, "../../common/provider/testdata/"+source+"*/*.txt")
	}
	return c.all
}

// parsed adds what sources on the network and others say, as the tests of package
// provider have written it down: the network is the last of it.
func (c wantedOf) parsed(source, pattern string) {
	c.Helper()
	for _, file := range c.files(pattern) {
		_, text, ok := bytes.Cut(c.read(file), []byte("\nnetwork {"))
		in := &metadata.Instance{ID: "i-1"}
		if err := json.Unmarshal(append([]byte{'{'}, text...), &in.Network); !ok || err != nil {
			c.Fatalf("%s: no network: %v", file, err)
		}
		c.add(source+"-"+base(file), in)
	}
}

func base(file string) string { return strings.TrimSuffix(filepath.Base(file), filepath.Ext(file)) }

func (c wantedOf) files(pattern string) []string {
	c.Helper()
	all, err := filepath.Glob(pattern)
	if err != nil || len(all) == 0 {
		c.Fatalf("%s: %v, found %d", pattern, err, len(all))
	}
	return all
}

func (c wantedOf) read(file string) []byte {
	c.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		c.Fatal(err)
	}
	return data
}

// documents adds network-config documents.
func (c wantedOf) documents(prefix, pattern string) {
	c.Helper()
	for _, file := range c.files(pattern) {
		n, _, _, err := cloudinit.ParseNetworkConfig(c.read(file))
		if err != nil {
			continue // none of the documents of the suite that are wrong as a whole asks for anything
		}
		in := &metadata.Instance{ID: "i-1", Network: n}
		if err := in.Validate(); err != nil {
			c.Fatalf("%s: %v", file, err)
		}
		name := base(file)
		if name == "network-config" {
			name = filepath.Base(filepath.Dir(file))
		}
		c.add(prefix+name, in)
	}
}

// add adds what an instance asks for, if it is more than leaving the network
// alone.
func (c wantedOf) add(name string, in *metadata.Instance) {
	if w := wanted(in); !w.Skip && (w.DHCP || w.more()) {
		c.all[name] = w
	}
}

// find adds what a guest with one volume, or with these commands, is asked for.
func (c wantedOf) find(name, source string, smbios illumos.SMBIOS, volume []byte, exec guest.Runner) {
	c.Helper()
	root, err := os.MkdirTemp("", "network") // a socket's path has little room, hence not TempDir
	if err != nil {
		c.Fatal(err)
	}
	defer os.RemoveAll(root)
	g := guest.New(root, slog.New(slog.DiscardHandler))
	g.Exec = exec
	if err := os.MkdirAll(g.Host("/dev/dsk"), 0o755); err != nil {
		c.Fatal(err)
	}
	if volume != nil {
		if err := os.WriteFile(g.Host("/dev/dsk/c1t0d0p0"), volume, 0o600); err != nil {
			c.Fatal(err)
		}
	}
	in, err := provider.Find(c.Context(), g, smbios, source, nil)
	if err != nil {
		c.Fatalf("%s: %v", name, err)
	}
	c.add(name, in)
}

// volume adds what a file on a volume says.
func (c wantedOf) volume(name, source string, smbios illumos.SMBIOS, label, file string, data []byte) {
	c.Helper()
	image, err := simguest.FileSystem("rockridge", label, map[string][]byte{file: data})
	if err != nil {
		c.Fatal(err)
	}
	c.find(name, source, smbios, image, nil)
}

func (c wantedOf) droplets(pattern string) {
	c.Helper()
	for _, file := range c.files(pattern) {
		if strings.HasPrefix(base(file), "expected-") {
			continue // what others make of the same documents
		}
		c.volume("droplet-"+base(file), "digitalocean", illumos.SMBIOS{Manufacturer: "DigitalOcean", UUID: "bcd62103-5a29-4ac8-9f6f-7a3f0c9d9d2e"},
			"config-2", "digitalocean_meta_data.json", c.read(file))
	}
}

// values are those of a SmartOS host by key; null is left out.
func (c wantedOf) values(file string) map[string]string {
	c.Helper()
	var texts map[string]*string
	if err := json.Unmarshal(c.read(file), &texts); err != nil {
		c.Fatalf("%s: %v", file, err)
	}
	values := map[string]string{}
	for key, text := range texts {
		if text != nil {
			values[key] = *text
		}
	}
	return values
}

// smartOS adds what a SmartOS host says, by mdata-get.
func (c wantedOf) smartOS(name string, values map[string]string) {
	c.Helper()
	exec := func(_ context.Context, cmd guest.Command) ([]byte, error) {
		if v, ok := values[cmd.Argv[1]]; ok {
			return []byte(v + "\n"), nil
		}
		none := "No metadata for '" + cmd.Argv[1] + "'"
		return nil, &guest.CommandError{Argv: cmd.Argv, Status: 1, Stderr: bytes.TrimSpace([]byte(none))}
	}
	c.find("smartos-"+name, "smartos", illumos.SMBIOS{Manufacturer: "Joyent", Product: "SmartDC HVM"}, nil, exec)
}
