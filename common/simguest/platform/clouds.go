// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package platform

import (
	"encoding/json"
	"io"
	"net/http"
	"net/netip"
	"strings"

	"illumos-metadata/common/simguest"
	"illumos-metadata/common/simguest/simnet"
)

// service is the address of a cloud's metadata service.
var service = netip.MustParseAddr("169.254.169.254")

// digitalOcean is a droplet without a CD: it gets no lease, and asks the
// metadata service from a link-local address.
func digitalOcean() Platform {
	c := one(simguest.SMBIOS{
		BIOSVendor: "DigitalOcean", Manufacturer: "DigitalOcean", Product: "Droplet", Version: "20171212", Serial: "1000001", UUID: id,
	})
	c.Net.Links[0].Gateways = []netip.Addr{netip.MustParseAddr(router)}
	c.Net.Links[0].Hosts = []netip.Addr{service}
	doc, _ := json.Marshal(map[string]any{ // strings and numbers alone
		"droplet_id": 1000001, "hostname": Hostname, "user_data": Script, "region": "ams3",
		"public_keys": []string{Alice, Bob}, "dns": map[string]any{"nameservers": []string{"192.0.2.53"}},
		"interfaces": map[string]any{"public": []any{map[string]any{
			"mac": mac, "type": "public",
			"ipv4": map[string]any{"ip_address": "192.0.2.10", "netmask": "255.255.255.0", "gateway": "192.0.2.1"},
		}}},
	})
	return Platform{
		Name: "digitalocean", About: "the metadata service of a droplet, http://" + service.String(), Source: "digitalocean",
		Config: c,
		Site: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodGet || r.URL.Path != "/metadata/v1.json" {
				w.WriteHeader(http.StatusNotFound)
				return
			}
			w.Write(doc)
		}),
		IP: address, Router: router,
	}
}

// ec2 is a Nitro instance that answers to IMDSv2 alone.
func ec2() Platform {
	const uuid = "ec2e1916-9099-7caf-fd21-012345abcdef"
	c := one(simguest.SMBIOS{
		BIOSVendor: "Amazon EC2", Manufacturer: "Amazon EC2", Product: "t3.small", Serial: uuid, UUID: uuid,
	})
	c.Net.Links[0].Device = "ena0"
	c.Net.Links[0].DHCP = &simnet.DHCP{
		Address: netip.MustParsePrefix(address), Routers: []netip.Addr{netip.MustParseAddr(router)},
		DNS: []netip.Addr{netip.MustParseAddr("192.0.2.53")}, Host: "ip-192-0-2-10",
	}
	c.Net.Links[0].Hosts = []netip.Addr{service}
	return Platform{
		Name: "ec2", About: "the instance metadata service of Amazon EC2 (IMDSv2), http://" + service.String(), Source: "ec2",
		Config: c, Site: imds{},
		IP: address, Router: router,
	}
}

// imds is an instance metadata service, version 2.
type imds struct{}

const (
	imdsToken = "AQAEAHxJ0kAfvq4VXlZbXr2Yq8n0j1vV5w=="
	imdsNIC   = "network/interfaces/macs/" + mac + "/"
)

// imdsTree are its pages below /latest/.
var imdsTree = map[string]string{
	"user-data": Script,
	"dynamic/instance-identity/document": `{"instanceId":"i-0123456789abcdef0","region":"eu-west-1","availabilityZone":"eu-west-1a",` +
		`"instanceType":"t3.small","privateIp":"192.0.2.10"}`,
	"meta-data/instance-id":                           "i-0123456789abcdef0",
	"meta-data/local-hostname":                        Hostname,
	"meta-data/hostname":                              Hostname,
	"meta-data/instance-type":                         "t3.small",
	"meta-data/mac":                                   mac,
	"meta-data/local-ipv4":                            "192.0.2.10",
	"meta-data/placement/region":                      "eu-west-1",
	"meta-data/placement/availability-zone":           "eu-west-1a",
	"meta-data/public-keys/":                          "0=alice\n1=bob",
	"meta-data/public-keys/0/openssh-key":             Alice,
	"meta-data/public-keys/1/openssh-key":             Bob,
	"meta-data/network/interfaces/macs/":              mac + "/",
	"meta-data/" + imdsNIC + "device-number":          "0",
	"meta-data/" + imdsNIC + "local-ipv4s":            "192.0.2.10",
	"meta-data/" + imdsNIC + "subnet-ipv4-cidr-block": "192.0.2.0/24",
}

func (imds) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path, ok := strings.CutPrefix(r.URL.Path, "/latest/")
	switch page, there := imdsTree[path]; {
	case r.Method == http.MethodPut && path == "api/token":
		if r.Header.Get("X-aws-ec2-metadata-token-ttl-seconds") == "" {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		io.WriteString(w, imdsToken)
	case r.Method != http.MethodGet:
		w.WriteHeader(http.StatusMethodNotAllowed)
	case r.Header.Get("X-aws-ec2-metadata-token") != imdsToken:
		w.WriteHeader(http.StatusUnauthorized)
	case !ok || !there:
		w.WriteHeader(http.StatusNotFound)
	default:
		io.WriteString(w, page)
	}
}
