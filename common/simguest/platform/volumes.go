// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package platform

import (
	"encoding/json"
	"net/netip"

	"illumos-metadata/common/simguest"
	"illumos-metadata/common/simguest/simnet"
)

// The network that most of the machines are on.
const (
	mac     = "02:08:20:01:02:03" // of the device
	address = "192.0.2.10/24"
	router  = "192.0.2.1"
)

// one is a guest with one network device, on a network where nobody hands out
// addresses.
func one(s simguest.SMBIOS) simguest.Config {
	c := simguest.Default()
	c.SMBIOS = s
	c.Net.Links = []simnet.Link{{Device: "vioif0", MAC: mac}}
	return c
}

// seed makes a NoCloud volume.
func seed(kind, label string, files map[string]string) func() ([]byte, error) {
	return func() ([]byte, error) {
		content := map[string][]byte{}
		for name, text := range files {
			content[name] = []byte(text)
		}
		return simguest.FileSystem(kind, label, content)
	}
}

// noCloud is a KVM machine with a disk as an operator makes one.
func noCloud() Platform {
	return Platform{
		Name: "nocloud", About: "a FAT32 disk labelled cidata, beside QEMU/KVM", Source: "nocloud",
		Config: one(simguest.QEMU(id)),
		Volume: seed("fat32", "CIDATA", map[string]string{
			"meta-data": "instance-id: i-1\nlocal-hostname: " + Hostname + "\npublic-keys:\n- " + Alice + "\n- " + Bob + "\n",
			"user-data": Script,
			"network-config": "version: 1\nconfig:\n- type: physical\n  name: eth0\n  mac_address: '" + mac + "'\n  subnets:\n" +
				"  - {type: static, address: 192.0.2.10/24, gateway: 192.0.2.1, dns_nameservers: [192.0.2.53]}\n",
		}),
		IP: address, Router: router,
	}
}

// omniOS is a bhyve zone of OmniOS, as its brand sets it up.
func omniOS() Platform {
	s := simguest.SMBIOS{
		BIOSVendor: "OmniOS", Manufacturer: "OmniOS", Product: "OmniOS HVM", Version: "1.0", SKU: "001", Family: "Virtual Machine",
		Serial: "ds=nocloud;i=" + id, UUID: id,
	}
	return Platform{
		Name: "omnios", About: "a CD labelled CIDATA and the SMBIOS serial number, in a bhyve zone of OmniOS", Source: "nocloud",
		Config: one(s),
		Volume: seed("rockridge", "CIDATA", map[string]string{
			"meta-data": "instance-id: " + id + "\nlocal-hostname: " + Hostname + "\npublic-keys:\n- " + Alice + "\n- " + Bob + "\n",
			"user-data": Script,
			"network-config": "version: 2\nethernets:\n  net0:\n    match: {macaddress: '" + mac + "'}\n    set-name: net0\n" +
				"    addresses: [192.0.2.10/24]\n    gateway4: 192.0.2.1\n    nameservers: {addresses: [192.0.2.53], search: example.com}\n",
		}),
		IP: address, Router: router,
	}
}

// oxide is an instance on an Oxide rack: its lease has a mask of 32 bits, and a
// router outside of it.
func oxide() Platform {
	c := one(simguest.SMBIOS{BIOSVendor: "Oxide", Manufacturer: "Oxide", Product: "OxVM", Serial: id, UUID: id})
	c.Net.Links[0].MAC = "a8:40:25:f4:aa:01"
	c.Net.Links[0].DHCP = &simnet.DHCP{
		Address: netip.MustParsePrefix("172.30.0.5/32"), Routers: []netip.Addr{netip.MustParseAddr("172.30.0.1")},
		DNS: []netip.Addr{netip.MustParseAddr("192.0.2.53")},
	}
	meta, _ := json.Marshal(map[string]any{ // strings alone
		"instance-id": id, "local-hostname": Hostname, "public-keys": []string{Alice + "\n", Bob + "\n"},
	})
	return Platform{
		Name: "oxide", About: "a FAT12 disk labelled cidata, on an Oxide rack; its router is outside of its subnet", Source: "nocloud",
		Config: c, Volume: seed("fat12", "cidata", map[string]string{"meta-data": string(meta), "user-data": Script}),
		IP: "172.30.0.5/32", Router: "172.30.0.1",
	}
}

// vmware is a machine of VMware Fusion with a CPIO volume.
func vmware() Platform {
	c := simguest.Default()
	c.SMBIOS = simguest.SMBIOS{BIOSVendor: "VMware, Inc.", Manufacturer: "VMware, Inc.", Product: "VMware20,1", UUID: id}
	c.Net.Links[0].Device = "e1000g0"
	return Platform{
		Name: "vmware", About: "a CPIO archive on a disk, beside VMware", Source: "cpio",
		Config: c,
		Volume: func() ([]byte, error) {
			return simguest.CPIO(map[string][]byte{
				"nodename": []byte(Hostname + "\n"), "authorized_keys": []byte(Alice + "\n" + Bob + "\n"), "firstboot.sh": []byte(Script),
			}), nil
		},
		IP: "10.0.2.15/24", Router: "10.0.2.2",
	}
}

// smartOS is a bhyve machine of a SmartOS or Triton host.
func smartOS() Platform {
	return Platform{
		Name: "smartos", About: "the metadata line of a SmartOS or Triton host", Source: "smartos",
		Config: one(simguest.SmartOS(id)),
		Host: map[string]string{
			"sdc:uuid": id, "hostname": Hostname, "root_authorized_keys": Alice + "\n" + Bob + "\n", "user-script": Script,
			"sdc:nics":      `[{"interface":"net0","mac":"2:8:20:1:2:3","ips":["192.0.2.10/24"],"gateways":["192.0.2.1"],"primary":true}]`,
			"sdc:resolvers": `["192.0.2.53"]`,
		},
		IP: address, Router: router,
	}
}
