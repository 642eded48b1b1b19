// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"encoding/json"
	"strings"
	"testing"

	"illumos-metadata/common/illumos"
)

// identities are machines and the platforms that they are.
var identities = []struct {
	name     string
	smbios   illumos.SMBIOS
	platform string
}{
	{"nothing", illumos.SMBIOS{}, "unknown"},
	{"bare metal", illumos.SMBIOS{Manufacturer: "Supermicro", Product: "X11SDV", UUID: "00000000-0000-0000-0000-0cc47a000001"}, "unknown"},
	{"QEMU Q35", qemu(), "qemu"},
	{"QEMU i440FX without UUID", illumos.SMBIOS{Manufacturer: "QEMU", Product: "Standard PC (i440FX + PIIX, 1996)"}, "qemu"},
	{"QEMU with another manufacturer", illumos.SMBIOS{Manufacturer: "Acme", Product: "Standard PC (Q35 + ICH9, 2009)"}, "qemu"},
	{"Proxmox with OVMF", illumos.SMBIOS{BIOSVendor: "Proxmox distribution of EDK II", Manufacturer: "QEMU", Product: "Standard PC (Q35 + ICH9, 2009)"}, "qemu"},
	{"QEMU with a UUID like EC2's", illumos.SMBIOS{Manufacturer: "QEMU", Product: "Standard PC (Q35 + ICH9, 2009)", UUID: "ec2a1b2c-0000-4000-8000-000000000001"}, "qemu"},
	{"OmniOS bhyve", illumos.SMBIOS{Manufacturer: "OmniOS", Product: "OmniOS HVM", Version: "1.0", SKU: "001", Family: "Virtual Machine"}, "omnios"},
	{"OpenIndiana bhyve", illumos.SMBIOS{Manufacturer: "OpenIndiana", Product: "OpenIndiana HVM"}, "openindiana"},
	{"illumos bhyve", illumos.SMBIOS{BIOSVendor: "BHYVE", Manufacturer: "illumos", Product: "BHYVE", Serial: "None"}, "bhyve"},
	{"FreeBSD bhyve", illumos.SMBIOS{Manufacturer: "FreeBSD", Product: "BHYVE"}, "bhyve"},
	{"VMware BIOS", illumos.SMBIOS{Manufacturer: "VMware, Inc.", Product: "VMware Virtual Platform", Serial: "VMware-56 4d aa bb"}, "vmware"},
	{"VMware 7 EFI", illumos.SMBIOS{Manufacturer: "VMware, Inc.", Product: "VMware7,1"}, "vmware"},
	{"VMware 20 EFI", illumos.SMBIOS{Manufacturer: "VMware, Inc.", Product: "VMware20,1"}, "vmware"},
	{"VMware, other case", illumos.SMBIOS{Product: "vmware21,1"}, "vmware"},
	{"VirtualBox", illumos.SMBIOS{Manufacturer: "innotek GmbH", Product: "VirtualBox", Version: "1.2"}, "virtualbox"},
	{"plain Xen", illumos.SMBIOS{Manufacturer: "Xen", Product: "HVM domU", Version: "4.14.2"}, "xen"},
	{"SmartOS", illumos.SMBIOS{Manufacturer: "Joyent", Product: "SmartDC HVM"}, "smartos"},
	{"Oxide", illumos.SMBIOS{BIOSVendor: "Oxide", Manufacturer: "Oxide", Product: "OxVM"}, "oxide"},
	{"EC2 Nitro", illumos.SMBIOS{BIOSVendor: "Amazon EC2", Manufacturer: "Amazon EC2", Product: "t3.large"}, "ec2"},
	{"EC2 Xen", illumos.SMBIOS{Manufacturer: "Xen", Product: "HVM domU", Version: "4.11.amazon"}, "ec2"},
	{"EC2 Xen by its UUID", illumos.SMBIOS{Manufacturer: "Xen", Product: "HVM domU", UUID: "ec2f58fa-1111-2222-3333-444455556666"}, "ec2"},
	{"EC2 Xen by its swapped UUID", illumos.SMBIOS{Manufacturer: "Xen", Product: "HVM domU", UUID: "45e12aec-dcd1-b213-94ed-01234567890a"}, "ec2"},
	{"Hyper-V", illumos.SMBIOS{Manufacturer: "Microsoft Corporation", Product: "Virtual Machine"}, "unknown"},
	{"Azure", illumos.SMBIOS{Manufacturer: "Microsoft Corporation", Product: "Virtual Machine", ChassisAssetTag: "7783-7084-3265-9085-8269-3286-77"}, "azure"},
	{"GCE", illumos.SMBIOS{Manufacturer: "Google", Product: "Google Compute Engine"}, "gce"},
	{"Open Telekom Cloud on Xen", illumos.SMBIOS{Manufacturer: "Xen", Product: "HVM domU", ChassisAssetTag: "OpenTelekomCloud"}, "openstack"},
	{"SAP on VMware", illumos.SMBIOS{Manufacturer: "VMware, Inc.", Product: "VMware7,1", ChassisAssetTag: "SAP CCloud VM"}, "openstack"},
	{"OpenStack on QEMU", illumos.SMBIOS{Manufacturer: "OpenStack Foundation", Product: "OpenStack Nova"}, "openstack"},
	{"Oracle on QEMU", illumos.SMBIOS{Manufacturer: "QEMU", Product: "Standard PC (i440FX + PIIX, 1996)", ChassisAssetTag: "OracleCloud.com"}, "oracle"},
	{"Hetzner", illumos.SMBIOS{BIOSVendor: "Hetzner", Manufacturer: "Hetzner", Product: "vServer"}, "hetzner"},
	{"Vultr", illumos.SMBIOS{Manufacturer: "Vultr", Product: "VC2", Version: "pc-q35-6.2"}, "vultr"},
	{"DigitalOcean", illumos.SMBIOS{Manufacturer: "DigitalOcean", Product: "Droplet"}, "digitalocean"},
	{"Akamai", illumos.SMBIOS{Manufacturer: "Akamai"}, "akamai"},
	{"Scaleway", illumos.SMBIOS{Manufacturer: "Scaleway"}, "scaleway"},
	{"UpCloud", illumos.SMBIOS{Manufacturer: "UpCloud"}, "upcloud"},
	{"Exoscale", illumos.SMBIOS{Product: "Exoscale Compute Platform"}, "exoscale"},
	{"CloudStack", illumos.SMBIOS{Product: "CloudStack KVM Hypervisor"}, "cloudstack"},
	{"CloudSigma", illumos.SMBIOS{Product: "CloudSigma"}, "cloudsigma"},
	{"ZStack", illumos.SMBIOS{ChassisAssetTag: "123456.zstack.io"}, "zstack"},
	{"Nutanix", illumos.SMBIOS{Manufacturer: "Nutanix", Product: "AHV"}, "nutanix"},
	{"KubeVirt", illumos.SMBIOS{Manufacturer: "KubeVirt", Product: "None"}, "kubevirt"},
}

func TestIdentify(t *testing.T) {
	generic := map[string]bool{
		"qemu": true, "omnios": true, "openindiana": true, "bhyve": true, "vmware": true,
		"virtualbox": true, "xen": true, "kubevirt": true,
	}
	for _, row := range identities {
		got := Identify(row.smbios)
		if got.Name != row.platform || got.Generic != generic[row.platform] {
			t.Errorf("%s: got %s, generic %v, want %s; %+v", row.name, got.Name, got.Generic, row.platform, row.smbios)
		}
	}
}

// sampleSMBIOS are the strings in the collected samples.
type sampleSMBIOS struct {
	Manufacturer string `json:"system_manufacturer"`
	Product      string `json:"system_product"`
	Version      string `json:"system_version"`
	Serial       string `json:"system_serial"`
	UUID         string `json:"system_uuid"`
	AssetTag     string `json:"chassis_asset_tag"`
}

func (s sampleSMBIOS) identify() string {
	return Identify(illumos.SMBIOS{
		Manufacturer: s.Manufacturer, Product: s.Product, Version: s.Version, Serial: s.Serial,
		UUID: strings.ToLower(s.UUID), ChassisAssetTag: s.AssetTag,
	}).Name
}

// TestIdentifyCloudInit holds the table against cloud-init's own cases, as far
// as SMBIOS decides them.
func TestIdentifyCloudInit(t *testing.T) {
	var cases []struct {
		Case   string        `json:"case"`
		Source string        `json:"cloud_init_source"`
		SMBIOS *sampleSMBIOS `json:"smbios"`
		Found  bool          `json:"found"`
	}
	must(t, json.Unmarshal(fixture(t, "detection/cases.json"), &cases))
	// Those that cloud-init counts as EC2 have a name of their own here.
	own := map[string]string{
		"AliYun": "alibaba", "Ec2-brightbox": "brightbox", "Ec2-Tilaa": "tilaa", "Ec2-E24Cloud": "e24cloud", "Ec2-Outscale": "outscale",
	}
	seen := 0
	for _, c := range cases {
		if c.SMBIOS == nil {
			continue
		}
		seen++
		want := strings.ToLower(c.Source)
		if own[c.Case] != "" {
			want = own[c.Case]
		}
		if !c.Found {
			want = "unknown"
		}
		if got := c.SMBIOS.identify(); got != want {
			t.Errorf("%s: got %s, want %s; %+v", c.Case, got, want, *c.SMBIOS)
		}
	}
	if seen < 15 {
		t.Errorf("only %d cases", seen)
	}
}

// TestIdentifyHosts: the hosts that an illumos guest meets.
func TestIdentifyHosts(t *testing.T) {
	var hosts []struct {
		Host   string       `json:"host"`
		SMBIOS sampleSMBIOS `json:"smbios"`
	}
	must(t, json.Unmarshal(fixture(t, "detection/illumos-hosts.json"), &hosts))
	if len(hosts) < 15 {
		t.Errorf("only %d hosts", len(hosts))
	}
	for _, h := range hosts {
		want, _, _ := strings.Cut(strings.ToLower(h.Host), " ")
		if h.Host == "plain Xen" {
			want = "xen"
		}
		if got := h.SMBIOS.identify(); got != want {
			t.Errorf("%s: got %s, want %s; %+v", h.Host, got, want, h.SMBIOS)
		}
	}
}
