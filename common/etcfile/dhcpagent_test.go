// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package etcfile

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// stockDHCPAgent has the settings of dhcpagent/dhcpagent.dfl.
const stockDHCPAgent = `# VERIFIED_LEASE_ONLY=yes
PARAM_REQUEST_LIST=1,3,6,12,15,28,43
.v6.PARAM_REQUEST_LIST=7,12,23,24,27,29
PARAM_IGNORE_LIST=
.v6.PARAM_IGNORE_LIST=
`

func TestDHCPHostname(t *testing.T) {
	const key = "PARAM_IGNORE_LIST"
	tests := []struct {
		name  string
		file  string
		mine  string // parameters apart by blanks
		out   string
		made  string
		taken string // out after AcceptDHCPHostname; "": the file as it was
	}{
		{"stock", stockDHCPAgent, "",
			strings.Replace(stockDHCPAgent, "\nPARAM_IGNORE_LIST=\n", "\nPARAM_IGNORE_LIST=12\n", 1), key, ""},
		{"beside others", key + "=6,15\n", "", key + "=12,6,15\n", key, ""},
		{"there by hand", key + "=6,12\n", "", key + "=6,12\n", "", ""},
		{"there by name", key + "=6, hostname\n", "", key + "=6, hostname\n", "", ""},
		{"there by an earlier run", key + "=12,6\n", key, key + "=12,6\n", key, key + "=6\n"},
		{"taken out since", key + "=6\n", key, key + "=12,6\n", key, ""},
		{"other numbers", key + "=120,112,012\n", "", key + "=12,120,112,012\n", key, ""},
		{"two blanks before the name hide it", key + "=  Hostname\n", "", key + "=12,  Hostname\n", key, ""},
		{"carriage return", key + "=\r\n", "", key + "=12,\r\n", key, ""},
		{"remark behind it", key + "=6 # no DNS\n", "", key + "=12,6 # no DNS\n", key, ""},
		{"case and leading spaces", "  param_Ignore_List=6\n", "", "  param_Ignore_List=12,6\n", key, ""},
		{"last of two counts", key + "=12\n" + key + "=6\n", "", key + "=12\n" + key + "=12,6\n", key, ""},

		{"interfaces too", key + "=\nvioif0.param_ignore_list=6\nnet.0." + key + "=12\nVIOIF1." + key + "=\n", "",
			key + "=12\nvioif0.param_ignore_list=12,6\nnet.0." + key + "=12\nVIOIF1." + key + "=12\n",
			key + " vioif0." + key + " VIOIF1." + key, ""},
		{"not for IPv6", key + "=12\n.v6." + key + "=\nvioif0.V6." + key + "=\n." + key + "=\n", "",
			key + "=12\n.v6." + key + "=\nvioif0.V6." + key + "=\n." + key + "=\n", "", ""},

		{"none", "VERBOSE=1\n", "", "VERBOSE=1\n" + key + "=12\n", key, "VERBOSE=1\n" + key + "=\n"},
		{"empty", "", "", key + "=12\n", key, key + "=\n"},
		{"commented out", " #" + key + "=6\n", "", " #" + key + "=6\n" + key + "=12\n", key, " #" + key + "=6\n" + key + "=\n"},
		{"blank before the equals sign", key + " =6\n", "", key + " =6\n" + key + "=12\n", key, key + " =6\n" + key + "=\n"},
		{"tab before the name", "\t" + key + "=6\n", "", "\t" + key + "=6\n" + key + "=12\n", key, "\t" + key + "=6\n" + key + "=\n"},
		{"last line without newline is not read", "VERBOSE=1\n" + key + "=6", "",
			"VERBOSE=1\n" + key + "=12\n" + key + "=6", key, "VERBOSE=1\n" + key + "=\n" + key + "=6"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			out, made := IgnoreDHCPHostname([]byte(tt.file), strings.Fields(tt.mine))
			if d := cmp.Diff(tt.out, string(out)); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
			if got := strings.Join(made, " "); got != tt.made {
				t.Errorf("made %q, want %q", got, tt.made)
			}
			want := tt.taken
			if want == "" {
				want = tt.file
			}
			if d := cmp.Diff(want, string(AcceptDHCPHostname(out, made))); d != "" {
				t.Errorf("taken back (-want +got):\n%s", d)
			}
		})
	}
}

// agentDefaults is what df_build_cache in dhcpagent/defaults.c makes of a file
// of lines below 1,024 bytes.
func agentDefaults(file []byte) map[string]string {
	defaults := map[string]string{}
	for line := range strings.SplitAfterSeq(string(file), "\n") {
		line, _, _ = strings.Cut(line, "\x00")
		i := 0
		for i < len(line) && line[i] == ' ' {
			i++
		}
		eq := strings.IndexByte(line, '=')
		if !strings.HasSuffix(line, "\n") || eq < 0 || line[i] == '#' {
			continue
		}
		name, value := []byte(line[:eq]), line[eq+1:len(line)-1]
		for j := strings.IndexByte(line[:eq], '.') + 1; j < eq; j++ {
			if name[j] >= 'a' && name[j] <= 'z' {
				name[j] -= 32
			}
		}
		defaults[string(name[i:])] = value
	}
	return defaults
}

// optionList is what parse_param_list in dhcpagent/states.c makes of a list,
// knowing the name of option 12 alone.
func optionList(value string) []int {
	var options []int
	for item := range strings.SplitSeq(value, ",") {
		if item != "" && strings.Contains(" \t\n\v\f\r", item[:1]) {
			item = item[1:]
		}
		switch {
		case item == "":
		case item[0]|32 >= 'a' && item[0]|32 <= 'z':
			if strings.ToLower(item) == "hostname" {
				options = append(options, 12)
			}
		default:
			options = append(options, strtoul(item))
		}
	}
	return options
}

// cNumber is what strtoul(3C) takes for a number with base 0.
var cNumber = regexp.MustCompile(`^[ \t\n\v\f\r]*([+-]?(?:0[xX][0-9a-fA-F]{1,9}|0[0-7]{0,9}|[1-9][0-9]{0,9}))`)

// strtoul gives the number at the beginning of s, cut to 16 bits, or 0.
func strtoul(s string) int {
	if m := cNumber.FindStringSubmatch(s); m != nil {
		n, _ := strconv.ParseInt(m[1], 0, 64)
		return int(n) & 0xffff
	}
	return 0
}

// isV4List says whether the agent looks the name up as an ignore list for IPv4.
func isV4List(name string) bool {
	link, ok := strings.CutSuffix(name, ".PARAM_IGNORE_LIST")
	return name == "PARAM_IGNORE_LIST" || ok && link != "" && link[0] != '.' && !strings.HasSuffix(link, ".V6")
}

// FuzzDHCPHostname: by a second reading of the agent's source, every list for
// IPv4 has option 12 afterwards and the others that it had, and nothing else
// that the agent reads is different. Lines of other parameters survive byte for
// byte. A second edit changes nothing, and what was made can be taken back but
// for an empty list that was added.
func FuzzDHCPHostname(f *testing.F) {
	f.Add([]byte(stockDHCPAgent))
	f.Add([]byte(" vioif0.param_ignore_list=0xc, Hostname,6 # x\nPARAM_IGNORE_LIST=15"))
	f.Add([]byte("PARAM_IGNORE_LIST=\r\nPARAM_IGNORE_LIST=014, 12\n=\n"))
	f.Fuzz(func(t *testing.T, file []byte) {
		for _, line := range lines(file) {
			if len(line) > 1000 || strings.ContainsFunc(line, func(r rune) bool { return r > '~' }) {
				t.Skip("the agent reads 1,023 bytes at a time")
			}
		}
		out, made := IgnoreDHCPHostname(file, nil)
		before, after := agentDefaults(file), agentDefaults(out)
		if _, ok := after["PARAM_IGNORE_LIST"]; !ok {
			t.Errorf("no list in %q", out)
		}
		for name, value := range after {
			if !isV4List(name) {
				if old, ok := before[name]; !ok || old != value {
					t.Errorf("%q was %q and is %q", name, old, value)
				}
				continue
			}
			others := func(n int) bool { return n == 12 }
			if had, has := optionList(before[name]), optionList(value); !slices.Contains(has, 12) ||
				!slices.Equal(slices.DeleteFunc(had, others), slices.DeleteFunc(slices.Clone(has), others)) {
				t.Errorf("%q had %v and has %v in %q", name, had, has, out)
			}
		}
		for name := range maps.Keys(before) {
			if _, ok := after[name]; !ok {
				t.Errorf("%q is gone", name)
			}
		}
		rest := lines(out)
		for _, line := range lines(file) {
			if !strings.Contains(strings.ToUpper(line), "IGNORE") {
				i := slices.Index(rest, line)
				if i < 0 {
					t.Fatalf("line %q is gone or has moved in %q", line, out)
				}
				rest = rest[i+1:]
			}
		}
		again, madeAgain := IgnoreDHCPHostname(out, made)
		if string(again) != string(out) || !slices.Equal(madeAgain, made) {
			t.Errorf("a second edit makes\n%q, %q of\n%q, %q", again, madeAgain, out, made)
		}
		taken := string(AcceptDHCPHostname(out, made))
		if _, had := before["PARAM_IGNORE_LIST"]; !had {
			i := strings.LastIndex(taken, "PARAM_IGNORE_LIST=\n")
			taken = taken[:i] + taken[i+len("PARAM_IGNORE_LIST=\n"):]
		}
		if taken != string(file) {
			t.Errorf("taken back, it is\n%q and was\n%q", taken, file)
		}
	})
}

// TestDHCPNameServers: option 6 and 12 do not get in each other's way.
func TestDHCPNameServers(t *testing.T) {
	const file = "PARAM_IGNORE_LIST=\nvioif0.PARAM_IGNORE_LIST=DNSserv\nvioif1.PARAM_IGNORE_LIST=16\n"
	out, made := IgnoreDHCPNameServers([]byte(file), nil)
	want := "PARAM_IGNORE_LIST=6\nvioif0.PARAM_IGNORE_LIST=DNSserv\nvioif1.PARAM_IGNORE_LIST=6,16\n"
	if string(out) != want || !slices.Equal(made, []string{"PARAM_IGNORE_LIST", "vioif1.PARAM_IGNORE_LIST"}) {
		t.Errorf("got  %q, made %q\nwant %q", out, made, want)
	}
	both, names := IgnoreDHCPHostname(out, nil)
	if again, same := IgnoreDHCPNameServers(both, made); string(again) != string(both) || !slices.Equal(same, made) {
		t.Errorf("a second edit makes %q, %q of %q, %q", again, same, both, made)
	}
	back := AcceptDHCPHostname(AcceptDHCPNameServers(both, made), names)
	if string(back) != file {
		t.Errorf("taken back, it is %q and was %q", back, file)
	}
}
