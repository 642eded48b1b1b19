// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"strings"

	"illumos-metadata/common/illumos"
)

// A Platform is a hypervisor or cloud, as its SMBIOS strings name it.
type Platform struct {
	Name string
	// Generic platforms have no metadata source of their own: without a volume
	// the guest gets DHCP on its preferred interface.
	Generic bool
	marks   []mark // all of them have to fit
}

// A mark is one test on one SMBIOS string.
type mark struct {
	field func(illumos.SMBIOS) string
	test  func(value, want string) bool
	want  string
}

var (
	manufacturer = func(s illumos.SMBIOS) string { return s.Manufacturer }
	product      = func(s illumos.SMBIOS) string { return s.Product }
	version      = func(s illumos.SMBIOS) string { return s.Version }
	serial       = func(s illumos.SMBIOS) string { return s.Serial }
	bios         = func(s illumos.SMBIOS) string { return s.BIOSVendor }
	asset        = func(s illumos.SMBIOS) string { return s.ChassisAssetTag }
	chassis      = func(s illumos.SMBIOS) string { return s.ChassisSerial }
	uuid         = func(s illumos.SMBIOS) string { return s.UUID }
	swappedUUID  = func(s illumos.SMBIOS) string { return illumos.SwapUUID(s.UUID) }
)

func is(value, want string) bool { return value == want }

func holds(value, want string) bool {
	return strings.Contains(strings.ToLower(value), strings.ToLower(want))
}

// platforms is the one table of platforms; the first row that fits wins. Clouds
// that overwrite only some strings of QEMU or VMware come before those, and
// those that imitate EC2 before EC2. The strings are those of cloud-init's
// tools/ds-identify, of the hypervisors' own sources and of the earlier agent.
var platforms = []Platform{
	{Name: oxideName, marks: []mark{{manufacturer, is, "Oxide"}}},
	{Name: "smartos", marks: []mark{{manufacturer, is, "Joyent"}, {product, strings.HasPrefix, "SmartDC"}}},
	{Name: "omnios", Generic: true, marks: []mark{{manufacturer, is, "OmniOS"}}},
	{Name: "openindiana", Generic: true, marks: []mark{{manufacturer, is, "OpenIndiana"}}},
	{Name: "azure", marks: []mark{{asset, is, "7783-7084-3265-9085-8269-3286-77"}}},
	{Name: "oracle", marks: []mark{{asset, is, "OracleCloud.com"}}},
	{Name: "openstack", marks: []mark{{product, is, "OpenStack Nova"}}},
	{Name: "openstack", marks: []mark{{product, is, "OpenStack Compute"}}},
	{Name: "openstack", marks: []mark{{asset, is, "OpenStack Nova"}}},
	{Name: "openstack", marks: []mark{{asset, is, "OpenStack Compute"}}},
	{Name: "openstack", marks: []mark{{asset, is, "OpenTelekomCloud"}}},
	{Name: "openstack", marks: []mark{{asset, is, "SAP CCloud VM"}}},
	{Name: "openstack", marks: []mark{{asset, is, "HUAWEICLOUD"}}},
	{Name: "openstack", marks: []mark{{asset, is, "Samsung Cloud Platform"}}},
	{Name: "alibaba", marks: []mark{{product, is, "Alibaba Cloud ECS"}}},
	{Name: "brightbox", marks: []mark{{serial, strings.HasSuffix, ".brightbox.com"}}},
	{Name: "zstack", marks: []mark{{asset, strings.HasSuffix, ".zstack.io"}}},
	{Name: "e24cloud", marks: []mark{{manufacturer, is, "e24cloud"}}},
	{Name: "tilaa", marks: []mark{{manufacturer, is, "Tilaa"}}},
	{Name: "outscale", marks: []mark{{manufacturer, is, "3DS Outscale"}, {product, is, "3DS Outscale VM"}}},
	{Name: "digitalocean", marks: []mark{{manufacturer, is, "DigitalOcean"}}},
	{Name: "ec2", marks: []mark{{manufacturer, is, "Amazon EC2"}}},
	{Name: "ec2", marks: []mark{{product, is, "HVM domU"}, {uuid, strings.HasPrefix, "ec2"}}},
	{Name: "ec2", marks: []mark{{product, is, "HVM domU"}, {swappedUUID, strings.HasPrefix, "ec2"}}},
	{Name: "ec2", marks: []mark{{product, is, "HVM domU"}, {version, holds, "amazon"}}},
	{Name: "ec2", marks: []mark{{product, is, "HVM domU"}, {bios, holds, "amazon"}}},
	{Name: "gce", marks: []mark{{product, is, "Google Compute Engine"}}},
	{Name: "gce", marks: []mark{{product, is, "Google"}}},
	{Name: "gce", marks: []mark{{serial, strings.HasPrefix, "GoogleCloud-"}}},
	{Name: "hetzner", marks: []mark{{manufacturer, is, "Hetzner"}}},
	{Name: "vultr", marks: []mark{{manufacturer, is, "Vultr"}}},
	{Name: "akamai", marks: []mark{{manufacturer, is, "Akamai"}}},
	{Name: "akamai", marks: []mark{{manufacturer, is, "Linode"}}},
	{Name: "scaleway", marks: []mark{{manufacturer, is, "Scaleway"}}},
	{Name: "upcloud", marks: []mark{{manufacturer, is, "UpCloud"}}},
	{Name: "exoscale", marks: []mark{{product, strings.HasPrefix, "Exoscale"}}},
	{Name: "cloudstack", marks: []mark{{product, strings.HasPrefix, "CloudStack"}}},
	{Name: "cloudsigma", marks: []mark{{product, holds, "CloudSigma"}}},
	{Name: "nutanix", marks: []mark{{manufacturer, is, "Nutanix"}}},
	{Name: vmwareName, Generic: true, marks: []mark{{manufacturer, holds, "VMware"}}},
	{Name: vmwareName, Generic: true, marks: []mark{{product, holds, "VMware"}}},
	{Name: "virtualbox", Generic: true, marks: []mark{{product, is, "VirtualBox"}}},
	{Name: "xen", Generic: true, marks: []mark{{product, is, "HVM domU"}}},
	{Name: "bhyve", Generic: true, marks: []mark{{product, is, "BHYVE"}}},
	{Name: "kubevirt", Generic: true, marks: []mark{{manufacturer, is, "KubeVirt"}}},
	{Name: "qemu", Generic: true, marks: []mark{{manufacturer, is, "QEMU"}}},
	{Name: "qemu", Generic: true, marks: []mark{{product, strings.HasPrefix, "Standard PC"}}},
	// A UUID may begin like that by chance, so it only decides what nothing else does.
	{Name: "ec2", marks: []mark{{uuid, strings.HasPrefix, "ec2"}}},
	{Name: "ec2", marks: []mark{{swappedUUID, strings.HasPrefix, "ec2"}}},
}

// unknownName is the platform of a machine that no row fits.
const unknownName = "unknown"

// Identify gives the platform that the SMBIOS strings name, or "unknown".
func Identify(s illumos.SMBIOS) Platform {
	for _, p := range platforms {
		fits := true
		for _, m := range p.marks {
			fits = fits && m.test(m.field(s), m.want)
		}
		if fits {
			return p
		}
	}
	return Platform{Name: unknownName}
}
