// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simnet

import (
	"slices"
	"strings"
)

// A symbol is one line of /etc/dhcp/inittab that dhcpinfo may ask for.
type symbol struct {
	name   string
	code   int
	field  bool // of the packet's header, by offset
	vendor bool // an option within option 43
}

// standardOptions are the names of the options 1 to 89 in the order of their
// codes, "" for those that the file does not list (cmd/cmd-inet/etc/dhcp/inittab).
const standardOptions = "Subnet UTCoffst Router Timeserv IEN116ns DNSserv Logserv Cookie Lprserv Impress Resource " +
	"Hostname Bootsize Dumpfile DNSdmain Swapserv Rootpath ExtendP IpFwdF NLrouteF PFilter MaxIpSiz IpTTL PathTO " +
	"PathTbl MTU SameMtuF Broadcst MaskDscF MaskSupF RDiscvyF RSolictS StaticRt TrailerF ArpTimeO EthEncap TcpTTL " +
	"TcpKaInt TcpKaGbF NISdmain NISservs NTPservs Vendor NetBNms NetBDsts NetBNdT NetBScop XFontSrv XDispMgr ReqIP " +
	"LeaseTim OptOvrld DHCPType ServerID ReqList Message DHCP_MTU T1Time T2Time ClassID ClientID NW_dmain NWIPOpts " +
	"NIS+dom NIS+serv TFTPsrvN OptBootF MblIPAgt SMTPserv POP3serv NNTPserv WWWservs Fingersv IRCservs STservs " +
	"STDAservs UserClas SLP_DA SLP_SS - ClientFQDN AgentOpt - - - - - - FQDN"

// vendorOptions are those of illumos in option 43, from 1 on.
const vendorOptions = "SrootOpt SrootIP4 SrootNM SrootPTH SswapIP4 SswapPTH SbootFIL Stz SbootRS SinstIP4 SinstNM " +
	"SinstPTH SsysidCF SjumpsCF Sterm SbootURI SHTTPproxy"

// symbols are the lines of inittab, in its order.
func symbols() []symbol {
	var all []symbol
	for i, name := range strings.Fields(standardOptions) {
		if name != "-" {
			all = append(all, symbol{name: name, code: i + 1})
		}
	}
	all = append(all,
		symbol{name: "Opcode", code: 0, field: true}, symbol{name: "Htype", code: 1, field: true},
		symbol{name: "HLen", code: 2, field: true}, symbol{name: "Hops", code: 3, field: true},
		symbol{name: "Xid", code: 4, field: true}, symbol{name: "Secs", code: 8, field: true},
		symbol{name: "Flags", code: 10, field: true}, symbol{name: "Ciaddr", code: 12, field: true},
		symbol{name: "Yiaddr", code: fieldYiaddr, field: true}, symbol{name: "BootSrvA", code: 20, field: true},
		symbol{name: "Giaddr", code: 24, field: true}, symbol{name: "Chaddr", code: 28, field: true},
		symbol{name: "BootSrvN", code: 44, field: true}, symbol{name: "BootFile", code: 108, field: true},
		symbol{name: "Magic", code: 236, field: true}, symbol{name: "Options", code: 240, field: true},
	)
	for i, name := range strings.Fields(vendorOptions) {
		all = append(all, symbol{name: name, code: i + 1, vendor: true})
	}
	return all
}

// fieldYiaddr is the offset of the address that the server gives.
const fieldYiaddr = 16

// optionNamed is inittab_getbyname() (lib/libdhcputil/common/dhcp_inittab.c).
func optionNamed(name string) (symbol, bool) {
	return symbolWhere(func(o symbol) bool { return strings.EqualFold(o.name, name) })
}

// optionCoded is inittab_getbycode() for options outside the packet's header.
func optionCoded(code int, vendor bool) (symbol, bool) {
	return symbolWhere(func(o symbol) bool { return o.code == code && o.vendor == vendor && !o.field })
}

func symbolWhere(f func(symbol) bool) (symbol, bool) {
	all := symbols()
	if i := slices.IndexFunc(all, f); i >= 0 {
		return all[i], true
	}
	return symbol{}, false
}
