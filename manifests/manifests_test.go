// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

// Package manifests_test checks the manifests against the rest of the suite:
// the methods and programs they start, the settings those understand, the time
// they may take, the authorization they name, and the order of the boot.
package manifests_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"illumos-metadata/common/guest"
)

var services = []string{"zpool", "swap", "network", "hostname", "ssh-keys", "userscript"}

const (
	authorization = "solaris.smf.manage.metadata"
	// margin is what svc.startd's limit leaves to ours: our own reason has to be
	// in the log before the SIGKILL comes, however busy the machine is.
	margin = 30 * time.Second
)

// fetchSettings are read by whoever fetches, not passed to a program.
var fetchSettings = []string{"source", "fetch_timeout"}

// load parses one manifest.
func load(t *testing.T, name string) node {
	t.Helper()
	data, err := os.ReadFile(name + ".xml")
	if err != nil {
		t.Fatal(err)
	}
	n, err := parse(data)
	if err != nil {
		t.Fatalf("%s.xml: %v", name, err)
	}
	return n
}

// method gives the exec_method of one name.
func (n node) method(name string) node {
	for _, m := range n.one("service").all("exec_method") {
		if m.attr("name") == name {
			return m
		}
	}
	return node{}
}

// group gives the properties of a property group by name: "type value".
func (n node) group(name string) map[string]string {
	props := map[string]string{}
	for _, pg := range n.one("service").all("property_group") {
		if pg.attr("name") != name {
			continue
		}
		for _, p := range pg.all("propval") {
			props[p.attr("name")] = p.attr("type") + " " + p.attr("value")
		}
	}
	return props
}

// order is a service's place in the boot.
type order struct{ Requires, After, Before []string }

// TestOrder holds the manifests to the placement that was checked for cycles.
// The simulated SMF's tests (common/simguest/simsmf) show that it fits the
// graph of the system's own services.
func TestOrder(t *testing.T) {
	const minimal, devices = "svc:/system/filesystem/minimal", "svc:/milestone/devices"
	metadata := func(names ...string) []string {
		for i, n := range names {
			names[i] = "svc:/system/metadata/" + n
		}
		return names
	}
	want := map[string]order{
		"zpool": {[]string{minimal, devices}, nil, []string{"svc:/system/filesystem/local"}},
		"swap":  {[]string{minimal}, metadata("zpool"), []string{"svc:/system/filesystem/local"}},
		"network": {[]string{minimal, devices, "svc:/network/loopback", "svc:/network/physical"}, nil,
			[]string{"svc:/milestone/network", "svc:/system/identity:node", "svc:/network/routing-setup", "svc:/network/initial"}},
		"hostname":   {[]string{minimal, devices, "svc:/system/identity:node"}, metadata("network"), []string{"svc:/milestone/single-user"}},
		"ssh-keys":   {[]string{"svc:/system/filesystem/local"}, metadata("network", "hostname"), []string{"svc:/network/ssh"}},
		"userscript": {[]string{"svc:/milestone/multi-user"}, metadata("zpool", "swap", "network", "hostname", "ssh-keys"), nil},
	}
	for _, name := range services {
		var got order
		n := load(t, name).one("service")
		for _, d := range n.all("dependency") {
			for _, f := range d.all("service_fmri") {
				switch d.attr("grouping") {
				case "require_all":
					got.Requires = append(got.Requires, f.attr("value"))
				case "optional_all":
					got.After = append(got.After, f.attr("value"))
				default:
					t.Errorf("%s: dependency %s: grouping %s", name, d.attr("name"), d.attr("grouping"))
				}
			}
		}
		for _, d := range n.all("dependent") {
			got.Before = append(got.Before, d.one("service_fmri").attr("value"))
		}
		if diff := cmp.Diff(want[name], got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// TestNothingBlocksTheBoot: a service of ours that fails, hangs or is disabled
// holds nothing up for longer than its one time limit (rows E1, N4).
func TestNothingBlocksTheBoot(t *testing.T) {
	seen := map[string]string{} // dependents live in their target's name space
	for _, name := range services {
		n := load(t, name)
		s := n.one("service")
		for _, d := range append(s.all("dependency"), s.all("dependent")...) {
			if d.attr("restart_on") != "none" {
				t.Errorf("%s: %s: restart_on %s", name, d.attr("name"), d.attr("restart_on"))
			}
		}
		for _, d := range s.all("dependent") {
			dn := d.attr("name")
			if d.attr("grouping") != "optional_all" {
				t.Errorf("%s: dependent %s: grouping %s", name, dn, d.attr("grouping"))
			}
			if !strings.HasPrefix(dn, "metadata_"+name+"_") || seen[dn] != "" || len(dn) > 119 {
				t.Errorf("%s: dependent %s: the name is not unique (%s)", name, dn, seen[dn])
			}
			seen[dn] = name
		}
		start, err := strconv.Atoi(n.method("start").attr("timeout_seconds"))
		if got, least := time.Duration(start)*time.Second, guest.RunLimit(name)+margin; err != nil || got < least {
			t.Errorf("%s: timeout_seconds %v, a run may take %v: at least %v expected", name, got, guest.RunLimit(name), least)
		}
		if stop := n.method("stop"); stop.attr("exec") != ":true" || stop.attr("timeout_seconds") == "0" {
			t.Errorf("%s: stop method %q, limit %s", name, stop.attr("exec"), stop.attr("timeout_seconds"))
		}
		want := map[string]string{"duration": "astring transient", "timeout_retry": "boolean false"}
		if diff := cmp.Diff(want, n.group("startd")); diff != "" {
			t.Errorf("%s: startd (-want +got):\n%s", name, diff)
		}
	}
}

// TestServiceAttributes: names, one instance, enabled, and who may manage it.
func TestServiceAttributes(t *testing.T) {
	for _, name := range services {
		n := load(t, name)
		s := n.one("service")
		if got := s.attr("name"); got != "system/metadata/"+name || s.attr("type") != "service" {
			t.Errorf("%s: service name %q, type %s", name, got, s.attr("type"))
		}
		if s.one("create_default_instance").attr("enabled") != "true" || len(s.all("single_instance")) != 1 {
			t.Errorf("%s: not one enabled default instance", name)
		}
		if got := s.one("stability").attr("value"); got != "Evolving" {
			t.Errorf("%s: stability %q", name, got)
		}
		want := map[string]string{"action_authorization": "astring " + authorization, "value_authorization": "astring " + authorization}
		if diff := cmp.Diff(want, n.group("general")); diff != "" {
			t.Errorf("%s: general (-want +got):\n%s", name, diff)
		}
		config := n.group("config")
		if auth := config["value_authorization"]; len(config) > 0 && auth != "astring "+authorization {
			t.Errorf("%s: config/value_authorization %q", name, auth)
		}
	}
}

// TestPrivileges: what a service may do; none at all means everything.
func TestPrivileges(t *testing.T) {
	want := map[string]string{
		"swap":     "basic,file_chown,sys_config,sys_mount",
		"hostname": "basic,file_chown,file_dac_read,sys_admin",
		"ssh-keys": "basic,file_chown,file_dac_read,file_dac_search,file_dac_write,file_owner",
	}
	for _, name := range services {
		c := load(t, name).one("service").one("method_context")
		if got := c.one("method_credential").attr("privileges"); got != want[name] {
			t.Errorf("%s: privileges %q, want %q", name, got, want[name])
		}
		// A method_context makes svc.startd change to the user's home directory,
		// which may be on a file system that is not mounted yet.
		if c.XMLName.Local != "" && c.attr("working_directory") != "/" {
			t.Errorf("%s: working directory %q", name, c.attr("working_directory"))
		}
	}
}

// operand is one operand of an exec string: name=%{config/name}, or with a
// comma for a property of several values.
var operand = regexp.MustCompile(`^([a-z_]+)=%\{config/([a-z_]+)(,?)\}$`)

// operands gives the settings that the start method passes.
func operands(t *testing.T, name string) []string {
	words := strings.Fields(load(t, name).method("start").attr("exec"))
	if words[0] != "/lib/svc/method/metadata-"+name {
		t.Errorf("%s: start method %s", name, words[0])
	}
	if _, err := os.Stat("../methods/metadata-" + name); err != nil {
		t.Errorf("%s: %v", name, err)
	}
	var names []string
	for _, w := range words[1:] {
		m := operand.FindStringSubmatch(w)
		if m == nil || m[1] != m[2] {
			t.Errorf("%s: operand %q", name, w)
			continue
		}
		names = append(names, m[1])
	}
	return names
}

// TestSettings: every property reaches its program, every operand is a property
// (svc.startd puts a service with an unknown one into maintenance), and the
// program understands just those.
func TestSettings(t *testing.T) {
	for _, name := range services {
		t.Run(name, func(t *testing.T) {
			passed := operands(t, name)
			props := load(t, name).group("config")
			delete(props, "value_authorization")
			for _, p := range passed {
				if props[p] == "" {
					t.Errorf("operand %s is no property", p)
				}
				delete(props, p)
			}
			if name == "network" {
				for _, p := range fetchSettings {
					delete(props, p)
				}
			}
			if len(props) > 0 {
				t.Errorf("properties that nobody reads: %v", props)
			}
			slices.Sort(passed)
			if diff := cmp.Diff(understood(t, name), passed, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("operands (-program +manifest):\n%s", diff)
			}
		})
	}
}

// understood gives the settings that a program names in its call of agent.Main.
func understood(t *testing.T, name string) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../services/"+name+"/main.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	ast.Inspect(file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		if sel, ok := call.Fun.(*ast.SelectorExpr); !ok || sel.Sel.Name != "Main" {
			return true
		}
		for _, arg := range call.Args {
			if lit, ok := arg.(*ast.BasicLit); ok {
				text, _ := strconv.Unquote(lit.Value) // a literal that the parser took
				names = append(names, text)
			}
		}
		return false
	})
	if len(names) == 0 || names[0] != name {
		t.Fatalf("the call of agent.Main has the literals %q, not first the service's name", names)
	}
	names = names[1:]
	slices.Sort(names)
	return names
}

// TestAuthorization: the authorization and a profile that grants it are in the
// fragments for /etc/security (auth_attr(5), prof_attr(5)).
func TestAuthorization(t *testing.T) {
	for file, want := range map[string]struct {
		fields int
		match  string
	}{
		"rbac/auth_attr": {6, `^` + regexp.QuoteMeta(authorization) + `:::[^:]+::$`},
		"rbac/prof_attr": {5, `^Instance Metadata Management:::[^:]+:auths=` + regexp.QuoteMeta(authorization) + `$`},
	} {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		line, ok := strings.CutSuffix(string(data), "\n")
		if !ok || strings.Count(line, ":")+1 != want.fields || !regexp.MustCompile(want.match).MatchString(line) {
			t.Errorf("%s: %q does not match %s", file, line, want.match)
		}
	}
}
