// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package illumos

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAddresses(t *testing.T) {
	const out = `lo0/v4:static:ok:127.0.0.1/8
vioif0/dhcp:dhcp:ok:192.0.2.77/24
vioif1/dhcp:dhcp:down:?
vioif2/dhcp:dhcp:disabled:
vioif3/?:static:ok:198.51.100.3/25
net0/x:::
lo0/v6:static:ok:\:\:1/128
vioif0/v6:addrconf:ok:fe80\:\:aa\:bbff\:fecc\:1%vioif0/10
vioif0/v6:addrconf:ok:2001\:db8\:5\:\:9/64
vioif4/v4:static:disabled:gateway->router
`
	g := stub(t, "/sbin/ipadm show-addr -p -o addrobj,type,state,addr", 0, out, "")
	got, err := Addresses(t.Context(), g)
	want := []Address{
		{"lo0/v4", "static", "ok", "127.0.0.1/8"},
		{"vioif0/dhcp", "dhcp", "ok", "192.0.2.77/24"},
		{"vioif1/dhcp", "dhcp", "down", "?"},
		{"vioif2/dhcp", "dhcp", "disabled", ""}, // row N3
		{"vioif3/?", "static", "ok", "198.51.100.3/25"},
		{"net0/x", "", "", ""},
		{"lo0/v6", "static", "ok", "::1/128"},
		{"vioif0/v6", "addrconf", "ok", "fe80::aa:bbff:fecc:1%vioif0/10"},
		{"vioif0/v6", "addrconf", "ok", "2001:db8:5::9/64"},
		{"vioif4/v4", "static", "disabled", "gateway->router"},
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if got, err := parseAddresses(nil); len(got) != 0 || err != nil {
		t.Errorf("no addresses: %v, %v", got, err)
	}
}

func TestAddressesBad(t *testing.T) {
	refuses(t, parseAddresses, []badOutput{
		{"an IPv6 address without its escapes", "lo0/v6:static:ok:::1/128\n", `ipadm show-addr: line 1, "lo0/v6:static:ok:::1/128": 6 fields, not 4`},
		{"a field too few", "lo0/v4:static:ok\n", "3 fields"},
		{"no object", "lo0:static:ok:127.0.0.1/8\n", "no address object"},
		{"no interface", "/v4:static:ok:127.0.0.1/8\n", "no address object"},
		{"no name", "lo0/v4:static:ok:127.0.0.1/8\nlo0/:static:ok:127.0.0.1/8\n", "line 2"},
	})
}

func FuzzAddresses(f *testing.F) {
	f.Add([]byte("lo0/v4:static:ok:127.0.0.1/8\nlo0/v6:static:ok:\\:\\:1/128\n"))
	f.Add([]byte("vioif0/dhcp:dhcp:disabled:"))
	f.Fuzz(func(t *testing.T, out []byte) {
		stable(t, "ipadm", out, parseAddresses, func(rows []Address) (text string) {
			for _, r := range rows {
				text += escape(r.Object, r.Type, r.State, r.Addr)
			}
			return text
		})
	})
}
