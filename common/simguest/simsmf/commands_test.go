// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simsmf

import (
	"strings"
	"testing"
)

// TestImportRefuses: svccfg import refuses the whole of a manifest in which
// something is wrong, and keeps nothing of it.
func TestImportRefuses(t *testing.T) {
	good := manifest("site/x", ":true", "60", dependency("require_all", "system/filesystem/minimal")+
		"<dependent name='site_x' grouping='optional_all' restart_on='none'><service_fmri value='svc:/milestone/network'/></dependent>",
		"<property_group name='config' type='application'><propval name='n' type='count' value='1'/></property_group>")
	const invalid = "svccfg: Document is not valid.\n"
	failed := func(text string) string { return "svccfg: " + text + "\nsvccfg: Import of /tmp/x.xml failed.\n" }
	tests := []struct{ name, old, new, want string }{
		{"good", "", "", ""},
		{"no XML", "</service>", "", "svccfg: couldn't parse document.\n"},
		{"no DTD", "<!DOCTYPE service_bundle SYSTEM", "<!-- SYSTEM", ""},
		{"another DTD", "service_bundle.dtd.1", "service_bundle.dtd.2", invalid},
		{"element out of order", "<single_instance/>", "<stability value='Stable'/><single_instance/>", invalid},
		{"unknown element", "<single_instance/>", "<singleton/>", invalid},
		{"unknown attribute", "restart_on='none' type='service'>", "restart_on='none' type='service' colour='red'>", invalid},
		{"missing attribute", " timeout_seconds='1'", "", invalid},
		{"unknown grouping", "grouping='require_all'", "grouping='require_most'", invalid},
		{"unknown type", "type='count'", "type='number'", invalid},
		{"stray text", "<single_instance/>", "<single_instance/>text", invalid},
		{"value of another type", "value='1'", "value='one'", failed(`Invalid "count" value "one".`)},
		{"timeout that is no number", "timeout_seconds='60'", "timeout_seconds='1m'", failed(`Invalid "count" value "1m".`)},
		{"property twice", "<propval name='n' type='count' value='1'/>", "<propval name='n' type='count' value='1'/><propval name='n' type='count' value='2'/>",
			failed(`Multiple definitions for property "n".`)},
		{"group twice", "<property_group name='config'", "<property_group name='start'", failed(`Multiple definitions for property group "start".`)},
		{"FMRI that is none", "svc:/system/filesystem/minimal", "minimal", failed(`Invalid "fmri" value "minimal".`)},
		{"dependent whose name is taken", "name='site_x'", "name='loopback'", failed(`Could not create "loopback" dependency in svc:/milestone/network (already exists).`)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBox(t, Config{}, nil)
			before := b.read("/sim/smf.json")
			text := strings.Replace(good, tt.old, tt.new, 1)
			if tt.name == "no DTD" {
				text, tt.want = strings.Replace(good, strings.Split(good, "\n")[1], "", 1), invalid
			}
			if tt.name != "good" && text == good {
				t.Fatalf("%q is not in the manifest", tt.old)
			}
			b.write("/tmp/x.xml", text)
			out, stderr, status := b.call("/usr/sbin/svccfg", "import", "/tmp/x.xml")
			if out != "" || stderr != tt.want || (status == 0) != (tt.want == "") {
				t.Errorf("%q, %q, status %d, want %q", out, stderr, status, tt.want)
			}
			if same := b.read("/sim/smf.json") == before; same != (tt.want != "") {
				t.Errorf("repository changed: %t", !same)
			}
		})
	}
}

// TestImportLive: what is imported while the system is up starts at once, and
// its dependents wait for nothing that is over.
func TestImportLive(t *testing.T) {
	b := newBox(t, Config{}, map[string]string{"/lib/svc/method/x": "#!/sbin/sh\n"})
	b.boot(Options{})
	b.settle()
	b.write("/var/svc/manifest/x.xml", manifest("site/x", "/lib/svc/method/x", "0",
		"<dependent name='site_x' grouping='optional_all' restart_on='none'><service_fmri value='svc:/milestone/network'/></dependent>"+
			"<dependent name='site_x' grouping='optional_all' restart_on='none'><service_fmri value='svc:/site/later'/></dependent>", ""))
	b.ok("/usr/sbin/svccfg", "import", "/var/svc/manifest/x.xml")
	b.settle()
	b.want(map[string]string{"site/x": "online", "milestone/network": "online"})
	if got := b.ok("/usr/bin/svcs", "-D", "-H", "-o", "fmri", "site/x"); got != "svc:/milestone/network:default\n" {
		t.Errorf("svcs -D: %q", got)
	}
	if _, stderr, status := b.call("/usr/sbin/svccfg", "-v", "import", "/var/svc/manifest/x.xml"); status != 0 || stderr != "svccfg: No changes were necessary\n" {
		t.Errorf("second import: %q, status %d", stderr, status)
	}
	// An empty service was made for the dependent that names one that is not there.
	if got := b.ok("/usr/sbin/svccfg", "-s", "svc:/site/later", "listprop", "site_x/entities"); got != "site_x/entities  fmri     svc:/site/x\n" {
		t.Errorf("svccfg listprop: %q", got)
	}
}

// TestBadManifestAtBoot: one that fails leaves a line in a log, and the others in.
func TestBadManifestAtBoot(t *testing.T) {
	files := suite(t)
	files["/lib/svc/manifest/system/metadata/a.xml"] = "<service_bundle/>"
	b := newBox(t, Config{}, files)
	b.boot(Options{})
	b.settle()
	b.want(map[string]string{ours + "swap": "online"})
	if got := b.read("/etc/svc/volatile/system-early-manifest-import:default.log"); !strings.Contains(got,
		"svccfg: Document is not valid.\nsvccfg: Import of /lib/svc/manifest/system/metadata/a.xml failed.\n") {
		t.Errorf("log: %s", got)
	}
}

// TestSvcprop: sources, forms, quoting and errors.
func TestSvcprop(t *testing.T) {
	b := newBox(t, Config{}, suite(t))
	b.boot(Options{})
	b.settle()
	set := func(args ...string) {
		b.ok(append([]string{"/usr/sbin/svccfg", "-s", "metadata/ssh-keys"}, args...)...)
	}
	set("setprop", "config/users", "=", "astring:", `("root" "a b" "" "it's")`)
	set("refresh")
	b.settle()
	nope := "svcprop: Couldn't find property `config/nope' for instance `svc:/system/metadata/ssh-keys:default'.\n"
	tests := []struct {
		args   string
		stdout string
		stderr string
		status int
	}{
		{"-p config/users metadata/ssh-keys", `root a\ b "" it\'s` + "\n", "", 0},
		{"-t -p config/users metadata/ssh-keys", `config/users astring root a\ b "" it\'s` + "\n", "", 0},
		{"-f -p config/users metadata/ssh-keys", `svc:/system/metadata/ssh-keys:default/:properties/config/users astring root a\ b "" it\'s` + "\n", "", 0},
		{"-p config/users svc:/system/metadata/ssh-keys", `root a\ b "" it\'s` + "\n", "", 0},
		{"-C -p config/users metadata/ssh-keys", "", "svcprop: Couldn't find property group `config' for instance `svc:/system/metadata/ssh-keys:default'.\n", 1},
		{"-p config/nope metadata/ssh-keys", "", nope, 1},
		{"-q -p config/nope metadata/ssh-keys", "", "", 1},
		{"-q -v -p config/nope metadata/ssh-keys", "", nope, 1},
		{"-q -p config/users metadata/ssh-keys", "", "", 0},
		{"-p config/nope -p config/users svc:/system/metadata/ssh-keys", `root a\ b "" it\'s` + "\n", strings.Replace(strings.Replace(nope, "instance", "service", 1), ":default", "", 1), 1},
		{"-p nope metadata/ssh-keys", "", "svcprop: Couldn't find property group `nope' for instance `svc:/system/metadata/ssh-keys:default'.\n", 1},
		{"-p a/b/c metadata/ssh-keys", "", "svcprop: -p argument `a/b/c' has too many components.\n" + svcpropUsage, 2},
		{"-p 1 metadata/ssh-keys", "", "svcprop: Invalid component name `1'.\n", 2},
		{"-p config nope", "", "svcprop: Pattern 'nope' doesn't match any entities\n", 1},
		{"-c -C metadata/ssh-keys", "", svcpropUsage, 2},
		{"-p restarter/state metadata/ssh-keys", "online\n", "", 0},
		{"-p restarter/state svc:/system/metadata/ssh-keys", "", "svcprop: Couldn't find property group `restarter' for service `svc:/system/metadata/ssh-keys'.\n", 1},
		{"-p stop/exec */metadata/s*:default", "svc:/system/metadata/ssh-keys:default/:properties/stop/exec astring :true\n" +
			"svc:/system/metadata/swap:default/:properties/stop/exec astring :true\n", "", 0},
		{"svc:/system/metadata/swap/:properties/config/size", "auto\n", "", 0},
		{"-w -p config metadata/swap", "", "simulated guest: svcprop -w is not simulated\n", 127},
		{"", "", svcpropUsage, 2},
	}
	for _, tt := range tests {
		out, stderr, status := b.call(append([]string{"/usr/bin/svcprop"}, strings.Fields(tt.args)...)...)
		if out != tt.stdout || stderr != tt.stderr || status != tt.status {
			t.Errorf("svcprop %s:\ngot  %q, %q, %d\nwant %q, %q, %d", tt.args, out, stderr, status, tt.stdout, tt.stderr, tt.status)
		}
	}
}

// TestSvccfg: setting properties, and what is refused.
func TestSvccfg(t *testing.T) {
	b := newBox(t, Config{}, suite(t))
	b.boot(Options{})
	b.settle()
	b.halt()
	tests := []struct {
		args   string
		stdout string
		stderr string
		status int
	}{
		{"-s metadata/swap setprop config/size = 2g", "", "", 0},
		{"-s metadata/swap setprop config/memory_percent = count: 50", "", "", 0},
		{"-s metadata/swap listprop config/*", "config/max_pool_percent     count    20\nconfig/memory_percent       count    50\n" +
			"config/size                 astring  2g\nconfig/value_authorization  astring  solaris.smf.manage.metadata\n", "", 0},
		{"-s metadata/swap setprop config/memory_percent = x", "", `svccfg: Invalid "count" value "x".` + "\n", 1},
		{"-s metadata/swap setprop config/new = x", "", "svccfg: Type required for new properties.\n", 1},
		{"-s metadata/swap setprop config/new = text: x", "", "svccfg: Unknown type \"text:\".\n", 1},
		{"-s metadata/swap setprop other/new = astring: x", "", "svccfg: No such property group \"other\".\n", 1},
		{"-s metadata/swap:default setprop config/size = 2g", "", "svccfg: No such property group \"config\".\n", 1},
		{"-s metadata/swap setprop size = 2g", "", "svccfg: Property names must contain a `/'.\n", 1},
		{"-s metadata/swap setprop config/size = (a b)", "", "svccfg: Multiple string values or string values with spaces must be quoted with '\"'.\n", 1},
		{"-s metadata/swap setprop config/size", "", "svccfg: Syntax error.\n", 1},
		{"-s metadata/swap frobnicate", "", "svccfg: Syntax error.\n", 1},
		{"-s metadata/swap delprop config/none", "", "svccfg: No such property config/none.\n", 1},
		{"-s metadata/swap addpropvalue config/size \"a b\"", "", "", 0},
		{"-s metadata/swap listprop config/size", "config/size  astring  \"2g\" \"a b\"\n", "", 0},
		{"-s metadata/swap delpropvalue config/size a*", "", "", 0},
		{"-s metadata/swap addpg more application", "", "", 0},
		{"-s metadata/swap addpg more application", "", "svccfg: Property group already exists.\n", 1},
		{"-s metadata/swap delpg more", "", "", 0},
		{"-s metadata/swap validate", "", "svccfg: An instance is not selected.\n", 1},
		{"validate metadata/swap", "", "", 0},
		{"-s metadata/zpool setprop config/expand = maybe", "", `svccfg: Invalid "boolean" value "maybe".` + "\n", 1},
		{"-s metadata/zpool:default list", ":properties\n", "", 0},
		{"list system/metadata/s*", "system/metadata/ssh-keys\nsystem/metadata/swap\n", "", 0},
		{"setprop a/b = c", "", "svccfg: An entity is not selected.\n", 1},
		{"-s nope list", "", "svccfg: Pattern 'nope' doesn't match any instances or services\n", 1},
		{"import /nope", "", "svccfg: Unable to stat file /nope.  No such file or directory\n", 1},
		{"export x", "", "simulated guest: svccfg export is not simulated\n", 127},
		{"-x", "", "svccfg: illegal option -- x\n" + svccfgUsage, 2},
		{"validate /lib/svc/manifest/system/metadata/swap.xml", "", "", 0},
	}
	for _, tt := range tests {
		out, stderr, status := b.call(append([]string{"/usr/sbin/svccfg"}, strings.Fields(tt.args)...)...)
		if out != tt.stdout || stderr != tt.stderr || status != tt.status {
			t.Errorf("svccfg %s:\ngot  %q, %q, %d\nwant %q, %q, %d", tt.args, out, stderr, status, tt.stdout, tt.stderr, tt.status)
		}
	}
	b.write("/tmp/script", "select metadata/network\nsetprop config/fetch_timeout = 500\n# comment\nsetprop config/none = 1\n")
	if _, stderr, status := b.call("/usr/sbin/svccfg", "-f", "/tmp/script"); status != 1 || stderr != "svccfg (/tmp/script, line 4): Type required for new properties.\n" {
		t.Errorf("script: %q, status %d", stderr, status)
	}
	if _, stderr, status := b.call("/usr/sbin/svccfg", "validate", "metadata/network"); status != 1 || !strings.Contains(stderr, "config/fetch_timeout") {
		t.Errorf("validate: %q, status %d", stderr, status)
	}
}

// TestSvcs: the forms of svcs, and what it refuses.
func TestSvcs(t *testing.T) {
	b := newBox(t, Config{}, suite(t))
	b.boot(Options{})
	b.settle()
	b.ok("/usr/sbin/svcadm", "disable", "metadata/swap")
	b.settle()
	tests := []struct {
		args   string
		stdout string
		stderr string
		status int
	}{
		{"-o state,fmri metadata/zpool", "STATE          FMRI\nonline         svc:/system/metadata/zpool:default\n", "", 0},
		// With -o there is no order but that of the operands.
		{"-H -o state,fmri metadata/zpool metadata/swap", "online         svc:/system/metadata/zpool:default\ndisabled       svc:/system/metadata/swap:default\n", "", 0},
		{"-H -s state -o fmri metadata/zpool metadata/swap", "svc:/system/metadata/swap:default\nsvc:/system/metadata/zpool:default\n", "", 0},
		{"-H -S state -o fmri metadata/zpool metadata/swap", "svc:/system/metadata/zpool:default\nsvc:/system/metadata/swap:default\n", "", 0},
		{"-H -o sta,nsta,s,n,sn,nstate,inst,svc metadata/zpool", "ON   -    1  - 1- -             default              system/metadata/zpool\n", "", 0},
		{"-H -o desc metadata/swap", "swap volume of a virtual machine\n", "", 0},
		{"-a -H -o fmri metadata/swap", "svc:/system/metadata/swap:default\n", "svcs: -a ignored when used with arguments.\n", 0},
		{"-L metadata/swap", "/var/svc/log/system-metadata-swap:default.log\n", "", 0},
		{"-x", "", "", 0},
		{"-o nope", "", "svcs: Unknown column \"nope\".\n", 1},
		{"-s nope", "", "svcs: Unrecognized sort column \"nope\".\n", 1},
		{"-l", "", svcsUsage, 2},
		{"-l -d x", "", svcsUsage, 2},
		{"-x -o fmri", "", svcsUsage, 2},
		{"-y", "", "svcs: illegal option -- y\n" + svcsUsage, 2},
		{"-Z", "", "simulated guest: svcs -Z is not simulated\n", 127},
		{"-H -o fmri nope metadata/zpool", "svc:/system/metadata/zpool:default\n", "svcs: Pattern 'nope' doesn't match any instances\n", 1},
	}
	for _, tt := range tests {
		out, stderr, status := b.call(append([]string{"/usr/bin/svcs"}, strings.Fields(tt.args)...)...)
		if out != tt.stdout || stderr != tt.stderr || status != tt.status {
			t.Errorf("svcs %s:\ngot  %q, %q, %d\nwant %q, %q, %d", tt.args, out, stderr, status, tt.stdout, tt.stderr, tt.status)
		}
	}
	all := b.ok("/usr/bin/svcs", "-H", "-o", "fmri")
	if strings.Contains(all, "metadata/swap") || !strings.Contains(all, "metadata/zpool") {
		t.Errorf("svcs without operands: %s", all)
	}
	list, err := List(b.w)
	if err != nil || len(list) < 40 || list[0].FMRI != "svc:/milestone/devices:default" || list[0].State != "online" {
		t.Errorf("List: %v, %v", list, err)
	}
}
