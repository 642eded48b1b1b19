// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package cloudinit

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"illumos-metadata/common/metadata"
)

// A difference is where our result is not cloud-init's, and why that is right.
// Lines with - are cloud-init's alone, lines with + ours.
type difference struct{ lines, why string }

// everywhereDifferent holds for every document.
var everywhereDifferent = []difference{
	{`^- \S+ bridge .*`, "bridges are not supported: a problem names each, and its members stay links of their own"},
}

var differences = map[string][]difference{
	"network-v1/ci-large-v1.yaml": {
		{`^\+ ib0 mtu 9000$`, "the MTU of the only subnet is the link's, which has none of its own"},
	},
	"network-v2/ci-photon.yaml": {
		{`^- eth0 route 0.0.0.0/0 via 192.168.14.1 metric 50$`, "it is for table 10, and illumos has one table: a warning names it"},
		{`^- vlan101 route 0.0.0.0/0 via 10.100.101.1$`, "table 101"},
		{`^- vlan102 route 0.0.0.0/0 via 10.100.102.1$`, "table 102"},
		{`^- bond0 mtu 333$`, "less than IPv4 needs: a problem"},
		{`^- vlan100 mtu 901$`, "less than IPv6 needs: a problem"},
		{`^- bond.200 mtu 111$`, "less than IPv6 needs: a problem"},
	},
	"network-v2/ci-v2-mixed-routes.yaml": {
		{`^- eth0 mtu 500$`, "less than IPv6 needs: a problem"},
		{`^- eth0 route fe80::/64 via fe80::dc00:ff:fe20:187$`, "cloud-init gives an address without length 64 bits;"},
		{`^\+ eth0 route fe80::dc00:ff:fe20:188/128 via fe80::dc00:ff:fe20:187$`, "in netplan's format it is a host"},
	},
}

// An opinion is cloud-init's own form of a network configuration, of which only
// what we read is here.
type opinion struct {
	Error      string                    `json:"error"`
	Interfaces map[string]map[string]any `json:"interfaces"`
	Routes     []map[string]any          `json:"routes"`
	DNS        map[string]any            `json:"dns"`
}

// TestSecondOpinion compares our results with cloud-init's; each difference is
// explained.
func TestSecondOpinion(t *testing.T) {
	files := sampleFiles(t)
	b, err := os.ReadFile(filepath.Join(samples, "expected-cloud-init-state.json"))
	if err != nil {
		t.Fatal(err)
	}
	var opinions map[string]opinion
	if err := json.Unmarshal(b, &opinions); err != nil {
		t.Fatal(err)
	}
	compared := 0
	for _, file := range files {
		name := sampleName(file)
		o, ok := opinions[name]
		if !ok || o.Error != "" {
			continue // cloud-init refuses name servers that are search domains alone
		}
		compared++
		t.Run(name, func(t *testing.T) {
			doc, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			explain(t, ours(parse(t, doc).Network), o.lines(), append(slices.Clone(differences[name]), everywhereDifferent...))
		})
	}
	if compared < 40 {
		t.Errorf("only %d documents are compared", compared)
	}
}

// explain fails for a difference without explanation, and for an explanation
// without difference.
func explain(t *testing.T, ours, theirs map[string]bool, expected []difference) {
	t.Helper()
	var lines []string
	for line := range theirs {
		if !ours[line] {
			lines = append(lines, "- "+line)
		}
	}
	for line := range ours {
		if !theirs[line] {
			lines = append(lines, "+ "+line)
		}
	}
	used := map[string]bool{}
	for _, line := range slices.Sorted(slices.Values(lines)) {
		i := slices.IndexFunc(expected, func(d difference) bool { return regexp.MustCompile(d.lines).MatchString(line) })
		if i < 0 {
			t.Errorf("not explained: %s", line)
			continue
		}
		used[expected[i].lines] = true
	}
	for _, d := range expected {
		if !used[d.lines] && !slices.Contains(everywhereDifferent, d) {
			t.Errorf("no such difference: %s (%s)", d.lines, d.why)
		}
	}
}

// ours gives a network as one line for each thing that it says.
func ours(n metadata.Network) map[string]bool {
	lines := map[string]bool{}
	say := func(format string, args ...any) { lines[fmt.Sprintf(format, args...)] = true }
	dns := func(who string, d metadata.DNS) {
		for _, a := range d.Servers {
			say("%s server %v", who, a)
		}
		for _, name := range d.Search {
			say("%s search %s", who, name)
		}
	}
	routes := func(who string, routes []metadata.Route) {
		for _, r := range routes {
			say("%s route %v via %v%s", who, r.To, r.Via, metric(r.Metric))
		}
	}
	for _, l := range n.Links {
		say("%s", l.Name)
		if l.Match.MAC != "" {
			say("%s mac %s", l.Name, l.Match.MAC)
		}
		if l.VLAN != nil {
			say("%s vlan %d over %s", l.Name, l.VLAN.ID, l.VLAN.Link)
		}
		if l.Bond != nil {
			say("%s bond %s %s %s", l.Name, l.Bond.Mode, l.Bond.LACP, l.Bond.Policy)
			for _, m := range l.Bond.Members {
				say("%s member %s", l.Name, m)
			}
		}
		if l.MTU != 0 {
			say("%s mtu %d", l.Name, l.MTU)
		}
		for _, p := range l.Addresses {
			say("%s address %v", l.Name, p)
		}
		for what, on := range map[string]bool{"dhcp4": l.DHCP4, "dhcp6": l.DHCP6, "slaac": l.SLAAC && !l.DHCP6} {
			if on {
				say("%s %s", l.Name, what)
			}
		}
		routes(l.Name, l.Routes)
		dns(l.Name, l.DNS)
	}
	routes("network", n.Routes)
	dns("network", n.DNS)
	return lines
}

func metric(m any) string {
	if s := fmt.Sprint(m); s != "0" && s != "<nil>" {
		return " metric " + s
	}
	return ""
}

// lines gives cloud-init's form as the same lines.
func (o opinion) lines() map[string]bool {
	lines := map[string]bool{}
	say := func(format string, args ...any) { lines[fmt.Sprintf(format, args...)] = true }
	for _, name := range slices.Sorted(maps.Keys(o.Interfaces)) {
		link := o.Interfaces[name]
		if link["type"] == "bridge" {
			say("%s bridge of %v", name, link["bridge_ports"])
			continue
		}
		say("%s", name)
		switch link["type"] {
		case "physical", "infiniband":
			if mac := link["mac_address"]; mac != nil {
				say("%s mac %v", name, mac)
			}
			if bond := link["bond-master"]; bond != nil {
				say("%s member %s", bond, name)
			}
		case "vlan":
			say("%s vlan %v over %v", name, link["vlan_id"], link["vlan-raw-device"])
		case "bond":
			say("%s bond %v %v %v", name, bond(link, "mode"), bond(link, "lacp-rate"), bond(link, "xmit-hash-policy"))
		}
		if mtu := link["mtu"]; mtu != nil {
			say("%s mtu %v", name, mtu)
		}
		for _, s := range list(link["subnets"]) {
			subnet(say, name, s.(map[string]any))
		}
		if d, ok := link["dns"].(map[string]any); ok {
			names(say, name, d["nameservers"], d["search"])
		}
	}
	for _, r := range o.Routes {
		route(say, "network", r)
	}
	names(say, "network", o.DNS["nameservers"], o.DNS["search"])
	return lines
}

func bond(link map[string]any, name string) string {
	for key, v := range link {
		if strings.ReplaceAll(key, "_", "-") == "bond-"+name {
			return fmt.Sprint(v)
		}
	}
	return ""
}

func list(v any) []any {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		return v
	}
	var words []any
	for _, word := range strings.Fields(fmt.Sprint(v)) {
		words = append(words, word)
	}
	return words
}

func subnet(say func(string, ...any), name string, s map[string]any) {
	switch s["type"] {
	case "dhcp", "dhcp4":
		say("%s dhcp4", name)
	case "dhcp6", "ipv6_dhcpv6-stateful":
		say("%s dhcp6", name)
	case "ipv6_slaac", "ipv6_dhcpv6-stateless":
		say("%s slaac", name)
	case "static", "static6":
		say("%s address %v", name, netip.MustParsePrefix(fmt.Sprint(s["address"], "/", s["prefix"])))
	}
	if via := s["gateway"]; via != nil {
		r := defaultBy(netip.MustParseAddr(fmt.Sprint(via)), 0)
		say("%s route %v via %v", name, r.To, r.Via)
	}
	for _, r := range list(s["routes"]) {
		route(say, name, r.(map[string]any))
	}
	names(say, name, s["dns_nameservers"], s["dns_search"])
}

func route(say func(string, ...any), name string, r map[string]any) {
	to := netip.MustParsePrefix(fmt.Sprint(r["network"], "/", r["prefix"])).Masked()
	say("%s route %v via %v%s", name, to, netip.MustParseAddr(fmt.Sprint(r["gateway"])), metric(r["metric"]))
}

func names(say func(string, ...any), name string, servers, search any) {
	for _, a := range list(servers) {
		say("%s server %v", name, netip.MustParseAddr(fmt.Sprint(a)))
	}
	for _, d := range list(search) {
		say("%s search %v", name, d)
	}
}
