// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simsmf

// A row is one of the system's own instances. Deps are its dependency groups,
// separated by bars: R require_all, O optional_all, A require_any, X exclude_all
// and P require_all of paths, followed by the entities. What another service's
// manifest adds as its dependent is among them. All have restart_on none; what
// the real ones have beside that is not simulated.
type row struct {
	instance string // without svc:/, and without :default
	deps     string
	method   string // exec of the start method; ":true" is run nowhere
	timeout  string // seconds
	kind     string // "" transient, "contract" or "off" (transient and disabled)
	name     string // common name
}

// system is the boot chain of illumos-gate from the root file system to
// multi-user-server, with what hangs on it in a guest (manifests below
// cmd/svc/milestone, cmd/cmd-inet, cmd/dlmgmtd, cmd/fs.d and others). Services
// to which these have but optional dependencies, and which are left out here
// (autofs, rpcbind, system-log, keymap, ...), change nothing.
var system = []row{
	{"system/filesystem/root", "", "/lib/svc/method/fs-root", "300", "", "root file system mount"},
	{"system/boot-archive", "R system/filesystem/root", "/lib/svc/method/boot-archive", "60", "", "check boot archive content"},
	{"system/filesystem/usr", "R system/boot-archive", "/lib/svc/method/fs-usr", "0", "", "read/write root file systems mounts"},
	{"network/datalink-management", "", "/lib/svc/method/svc-dlmgmtd", "60", "contract", "data-link management daemon"},
	{"network/ip-interface-management", "", "/lib/svc/method/net-ipmgmt start", "60", "contract", "IP interface management"},
	{"system/device/local", "R system/filesystem/usr|R network/datalink-management",
		"/lib/svc/method/devices-local", "6000", "", "Standard Solaris device configuration."},
	{"milestone/devices", "R system/device/local", ":true", "60", "", "device configuration milestone"},
	{"network/loopback", "R network/ip-interface-management", "/lib/svc/method/net-loopback", "60", "", "loopback network interface"},
	{"network/physical", "R network/loopback|R network/datalink-management|R network/ip-interface-management|X network/physical:nwam",
		"/lib/svc/method/net-physical", "600", "", "physical network interfaces"},
	{"network/physical:nwam", "R network/loopback|R network/datalink-management|R network/ip-interface-management|R network/netcfg",
		"/lib/svc/method/net-nwam start", "120", "off", "physical network interface autoconfiguration"},
	{"network/netcfg", "R network/datalink-management|R system/filesystem/usr",
		"/lib/svc/method/net-netcfg", "60", "off", "Network Management"},
	{"network/ipsec/ipsecalgs", "R system/filesystem/minimal", "/usr/sbin/ipsecalgs -s", "60", "", "IPsec algorithm initialization"},
	{"network/ipsec/policy", "R system/filesystem/minimal|R network/loopback|O network/ipsec/ipsecalgs",
		"/usr/sbin/ipsecconf -q -a /etc/inet/ipsecinit.conf", "60", "", "IPsec policy initialization"},
	{"network/ipsec/manual-key", "R system/filesystem/minimal|R network/ipsec/ipsecalgs",
		"/usr/sbin/ipseckey -f /etc/inet/secret/ipseckeys", "60", "off", "manually defined IPsec keys"},
	{"network/tcpkey", "R system/filesystem/minimal", "/usr/sbin/tcpkey -f /etc/inet/secret/tcpkeys", "60", "off", "TCP MD5 keys"},
	{"milestone/network", "R network/loopback|R network/physical|O network/ipfilter|O network/ipsec/ipsecalgs|" +
		"O network/ipsec/policy|O network/ipsec/manual-key|O network/tcpkey", ":true", "60", "", "Network milestone"},
	{"system/identity:node", "A network/loopback|O network/physical", "/lib/svc/method/identity-node", "60", "", "system identity (nodename)"},
	{"system/identity:domain", "A network/loopback|O network/physical|R system/filesystem/minimal",
		"/lib/svc/method/identity-domain", "60", "off", "system identity (domainname)"},
	{"network/ipfilter", "R system/filesystem/minimal|R network/physical|R system/identity:node|R system/identity:domain",
		"/lib/svc/method/ipfilter start", "60", "off", "IP Filter"},
	{"system/filesystem/minimal", "R system/filesystem/usr|R system/device/local", "/lib/svc/method/fs-minimal", "0", "", "minimal file system mounts"},
	{"system/rbac", "R system/filesystem/minimal", "/lib/svc/method/svc-rbac start", "300", "", "initial RBAC configuration"},
	{"system/manifest-import", "R system/filesystem/minimal|O system/rbac", "/lib/svc/method/manifest-import", "1800", "", "service manifest import"},
	{"system/cryptosvc", "R system/filesystem/root", "/lib/svc/method/svc-kcf start", "60", "", "cryptographic services"},
	{"system/sysevent", "R system/filesystem/minimal", "/lib/svc/method/svc-syseventd start", "60", "contract", "system event notification"},
	{"system/name-service-cache", "R system/filesystem/minimal|P /etc/nscd.conf /etc/nsswitch.conf|O system/rbac",
		"/lib/svc/method/svc-nscd start", "60", "contract", "name service cache"},
	{"milestone/single-user", "R system/identity:node|R system/filesystem/minimal|R milestone/devices|R system/manifest-import|" +
		"A network/loopback|O milestone/network|R system/sysevent|O system/cryptosvc", "/sbin/rcS start", "1800", "", "single-user milestone"},
	{"milestone/sysconfig", "R milestone/single-user|O system/initial-boot", ":true", "60", "", "Basic system configuration milestone"},
	{"system/initial-boot", "R system/filesystem/root|R system/filesystem/minimal", "/lib/svc/method/initial-boot", "300", "", "initial boot configuration"},
	{"system/filesystem/local", "R milestone/single-user", "/lib/svc/method/fs-local", "0", "", "local file system mounts"},
	{"network/routing-setup", "O milestone/network|R system/filesystem/usr|R milestone/devices|O system/manifest-import",
		"/lib/svc/method/net-routing-setup", "600", "", "Initial routing-related configuration."},
	{"network/initial", "O milestone/network|R system/filesystem/usr", "/lib/svc/method/net-init", "600", "", "initial network services"},
	{"network/routing/ndp", "R network/routing-setup", "/lib/svc/method/svc-ndp", "60", "contract", "in.ndpd IPv6 neighbour discovery daemon"},
	{"network/routing/route", "R network/routing-setup", "/lib/svc/method/svc-route", "60", "off", "in.routed network routing daemon"},
	{"network/service", "O network/initial|R system/filesystem/root system/filesystem/usr system/filesystem/minimal",
		"/lib/svc/method/net-svc start", "600", "", "layered network services"},
	{"network/dns/client", "R system/filesystem/minimal|R network/service|P /etc/resolv.conf|A network/loopback|O milestone/network",
		":true", "60", "off", "DNS resolver"},
	{"milestone/name-services", "O network/dns/client network/ldap/client network/nis/client", ":true", "60", "", "name services milestone"},
	{"system/utmp", "R milestone/sysconfig", "/lib/svc/method/svc-utmpd", "60", "contract", "utmpx monitoring"},
	{"network/ssh", sshDeps + "|R system/filesystem/minimal", "/lib/svc/method/sshd start", "60", "contract", "SSH server"},
	{"milestone/multi-user", "R milestone/single-user milestone/sysconfig milestone/name-services|R system/filesystem/local",
		"/sbin/rc2 start", "1800", "", "multi-user milestone"},
	{"milestone/multi-user-server", "R milestone/multi-user|O network/ssh", "/sbin/rc3 start", "1800", "", "multi-user plus exports milestone"},
	{"system/filesystem/reparse", "A milestone/network|R milestone/name-services|R system/filesystem/minimal",
		"/lib/svc/method/svc-reparsed", "60", "off", "Reparse Service Daemon"},
}

const sshDeps = "R network/loopback|R network/physical|R system/cryptosvc|R system/utmp|" +
	"O system/filesystem/autofs|O network/ipfilter|P /etc/ssh/sshd_config"

// own are services of SMF itself: online as soon as svc.startd is.
var own = []string{"svc:/system/early-manifest-import:default", "svc:/system/svc/restarter:default"}

// instanceFS is what has to be online before svc.startd logs in /var.
const instanceFS = "svc:/system/filesystem/minimal:default"
