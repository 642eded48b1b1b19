// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"illumos-metadata/common/cloudinit"
	"illumos-metadata/common/guest"
	"illumos-metadata/common/illumos"
	"illumos-metadata/common/metadata"
)

// smartDC is a guest of SmartOS.
func smartDC() illumos.SMBIOS {
	return illumos.SMBIOS{Manufacturer: "Joyent", Product: "SmartDC HVM", UUID: "55aa1234-0000-4000-8000-000000000001"}
}

// smartOSDocs are documents with these values by key; null means that there is
// none.
func smartOSDocs(t testing.TB, values []byte) Documents {
	t.Helper()
	var texts map[string]*string
	if err := json.Unmarshal(values, &texts); err != nil {
		t.Fatal(err)
	}
	docs := Documents{Place: "/dev/term/b", Files: map[string][]byte{}}
	for key, text := range texts {
		if text != nil {
			docs.Files[key] = []byte(*text)
		}
	}
	return docs
}

// smartOSInstance gives what parsing and checking make of documents.
func smartOSInstance(t *testing.T, docs Documents) *metadata.Instance {
	t.Helper()
	in, err := provider(t, "smartos").instance(docs, smartDC())
	must(t, err)
	roundTrip(t, in)
	return in
}

// TestSmartOS: values of our own. Each says in its name what it is about; among
// them row D10, whose words dhcp and addrconf left the earlier agent's NICs
// without any address.
func TestSmartOS(t *testing.T) {
	files, err := filepath.Glob("testdata/smartos/*.json")
	must(t, err)
	if len(files) == 0 {
		t.Fatal("no test data")
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			b, err := os.ReadFile(file)
			must(t, err)
			golden(t, strings.TrimSuffix(file, ".json")+".txt", summary(t, smartOSInstance(t, smartOSDocs(t, b))))
		})
	}
}

// TestSmartOSSamples: the collected sample, with each sample of a network.
func TestSmartOSSamples(t *testing.T) {
	for _, name := range []string{"nics", "nics-addrconf", "nics-dhcp", "nics-mip-ipv6", "vlan-mtu-jumbo"} {
		t.Run(name, func(t *testing.T) {
			docs := smartOSDocs(t, fixture(t, "smartos/keys.json"))
			docs.Files[keyNICs] = fixture(t, "smartos/sdc-nics/"+name+".json")
			docs.Files[keyRoutes] = fixture(t, "smartos/sdc-routes.json")
			golden(t, "testdata/smartos-samples/"+name+".txt", summary(t, smartOSInstance(t, docs)))
		})
	}
}

// TestSmartOSOpinion holds the network against what cloud-init makes of it.
func TestSmartOSOpinion(t *testing.T) {
	var opinions map[string]json.RawMessage
	must(t, json.Unmarshal(fixture(t, "smartos/expected-cloud-init-v1.json"), &opinions))
	if len(opinions) < 5 {
		t.Errorf("only %d samples", len(opinions))
	}
	for name, opinion := range opinions {
		want, problems, _, err := cloudinit.ParseNetworkConfig(opinion)
		if err != nil || len(problems) > 0 {
			t.Fatalf("%s: %v, %q", name, err, problems)
		}
		for i := range want.Links {
			// On our side the router says whether there is DHCPv6 or only SLAAC.
			want.Links[i].SLAAC = want.Links[i].DHCP6
		}
		docs := Documents{Files: map[string][]byte{
			keyNICs: fixture(t, "smartos/sdc-nics/"+name), keyResolvers: []byte(`["8.8.8.8", "8.8.4.4"]`), keyDomain: []byte("local\n"),
		}}
		got := smartOSInstance(t, docs).Network
		if d := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{})); d != "" {
			t.Errorf("%s (-cloud-init +got):\n%s", name, d)
		}
	}
}

// TestSmartOSRefused: an answer that the host refuses is a problem of its item.
func TestSmartOSRefused(t *testing.T) {
	for key, item := range map[string]string{keyScript: metadata.ItemUserData, keyUserData: metadata.ItemUserData, keyOperator: ""} {
		docs := Documents{Files: map[string][]byte{keyHostname: []byte("web1")}, Refused: map[string]string{key: "why"}}
		in := smartOSInstance(t, docs)
		if n := len(in.Errs(item)); (n == 1) != (item != "") || item == "" && len(in.Warnings) != 1 || in.Hostname != "web1" {
			t.Errorf("%s: %+v", key, in)
		}
	}
}

// mdataGet plays the program of that name: its values, and what it says of others.
func mdataGet(values map[string]string, other *guest.CommandError) guest.Runner {
	return func(_ context.Context, c guest.Command) ([]byte, error) {
		if v, ok := values[c.Argv[1]]; ok {
			return []byte(v + "\n"), nil
		}
		failed := *other
		failed.Argv = c.Argv
		return nil, &failed
	}
}

var (
	notFound = &guest.CommandError{Status: 1, Stderr: []byte("No metadata for 'KEY'\n")}
	missing  = &guest.CommandError{Status: -1, Err: fmt.Errorf("not installed: %w", fs.ErrNotExist)}
)

// TestSmartOSProgram: without the serial line mdata-get is asked. Its "no such
// key" is absence, and nothing else is (row D9).
func TestSmartOSProgram(t *testing.T) {
	values := map[string]string{keyUUID: "i-1", keyHostname: "web1"}
	tests := []struct {
		name   string
		values map[string]string
		other  *guest.CommandError
		want   string // error
	}{
		{"all well", values, notFound, ""},
		{"not installed", nil, missing, "open /dev/term/b: no such file or directory; /usr/sbin/mdata-get sdc:uuid: not installed"},
		{"other status", values, &guest.CommandError{Status: 2, Stderr: []byte("ERROR: could not execute GET\n")}, "mdata-get sdc:hostname: exit status 2"},
		{"refused", values, &guest.CommandError{Status: 2, Stderr: []byte("Error getting metadata for key 'k': oops\n")}, `answers "FAILURE" for sdc:hostname`},
		{"status 1 without its message", values, &guest.CommandError{Status: 1}, "mdata-get sdc:hostname: exit status 1"},
		{"killed", values, &guest.CommandError{Status: -1, Err: errors.New("no answer within 1m0s")}, "mdata-get sdc:hostname: no answer within"},
		{"nothing at all", nil, notFound, errNothing.Error()},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g := newGuest(t, nil)
			g.Exec = mdataGet(tt.values, tt.other)
			in, err := Find(t.Context(), g, smartDC(), "auto", nil)
			if tt.want != "" {
				if err == nil || !strings.Contains(err.Error(), tt.want) || errors.Is(err, metadata.ErrNoSource) || errors.Is(err, metadata.ErrInvalid) {
					t.Errorf("got %+v, %v\nwant the error %s", in, err, tt.want)
				}
				return
			}
			if err != nil || in.ID != "i-1" || in.Hostname != "web1" || in.Place != "/usr/sbin/mdata-get" || in.Source != "smartos" || in.Platform != "smartos" {
				t.Errorf("got %+v, %v", in, err)
			}
		})
	}
}

// TestSmartOSAndVolume: beside a host a NoCloud volume counts with a
// network-config, or where an administrator says so; on another machine the
// host is not looked for.
func TestSmartOSAndVolume(t *testing.T) {
	bare := map[string]string{"meta-data": "instance-id: seed\n", "network-config": "\n"}
	whole := map[string]string{"meta-data": "instance-id: seed\n", "network-config": "version: 2\nethernets: {}\n"}
	tests := []struct {
		name   string
		files  map[string]string
		smbios illumos.SMBIOS
		pinned string
		id     string
	}{
		{"bare", bare, smartDC(), "auto", "host"},
		{"with network", whole, smartDC(), "auto", "seed"},
		{"bare and pinned", bare, smartDC(), "nocloud", "seed"},
		{"with network, host pinned", whole, smartDC(), "smartos", "host"},
		{"another machine", bare, qemu(), "auto", "seed"},
		{"another machine, host pinned", bare, qemu(), "smartos", "host"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g := newGuest(t, map[string]string{"c2t0d0p0": seedDisk(t, "rockridge", tt.files)})
			g.Exec = mdataGet(map[string]string{keyUUID: "host"}, notFound)
			in, err := Find(t.Context(), g, tt.smbios, tt.pinned, nil)
			if err != nil || in.ID != tt.id {
				t.Errorf("got %+v, %v; want %s", in, err, tt.id)
			}
		})
	}
}

// FuzzParseSmartOS: whatever the values are, the instance is valid, and what the
// cache will give back is the same.
func FuzzParseSmartOS(f *testing.F) {
	f.Add("i-1", "web1", edKey, `[{"mac":"2:8:20:1:2:3","ips":["192.0.2.10/24","dhcp","addrconf"],"gateways":["192.0.2.1"],"primary":true,"mtu":"1500"}]`,
		`[{"linklocal":false,"dst":"10.0.0.0/8","gateway":"192.0.2.2"}]`, `["192.0.2.53"]`, "true\n")
	f.Add("\xa6", "\xff", "x", `[{"mac":"2:8:20:1:2:3","ip":"192.0.2.10","netmask":"255.255.255.0","gateway":"192.0.2.1"}, 7]`, `{"a": 1}`, `[1]`, "#!/bin/sh")
	f.Fuzz(func(t *testing.T, id, name, keys, nics, routes, resolvers, script string) {
		docs := Documents{Place: "P", Files: map[string][]byte{
			keyUUID: []byte(id), keySDCName: []byte(name), keyKeys: []byte(keys), keyNICs: []byte(nics),
			keyRoutes: []byte(routes), keyResolvers: []byte(resolvers), keyScript: []byte(script), keyDomain: []byte(name),
		}}
		in, err := provider(t, "smartos").instance(docs, smartDC())
		if err != nil {
			t.Fatalf("got %+v, %v", in, err)
		}
		if in.ID == "" || in.Hostname != "" && metadata.CheckHostname(in.Hostname) != nil {
			t.Errorf("ID %q, host name %q", in.ID, in.Hostname)
		}
		if in.EachBoot != (strings.TrimSpace(script) != "") || in.EachBoot && !strings.HasPrefix(script, "\x1f\x8b") && !strings.HasPrefix(string(in.UserData), "#!") {
			t.Errorf("script %q", in.UserData)
		}
		roundTrip(t, in)
	})
}
