// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simsmf

import (
	"bytes"
	"debug/elf"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"illumos-metadata/common/simguest/world"
)

// oneMethod gives a guest with svc:/site/x, whose method is the script.
func oneMethod(t *testing.T, script string) *box {
	return newBox(t, small(), map[string]string{
		at("x"):             manifest("site/x", "/lib/svc/method/x %m", "0", afterFS(), ""),
		"/lib/svc/method/x": "#!/sbin/sh\n" + script,
	})
}

func (b *box) log() string { return b.read(logDir + "/site-x:default.log") }

// TestExitStatus: what svc.startd makes of each way in which a start method ends.
func TestExitStatus(t *testing.T) {
	tests := []struct {
		name, script string
		state, why   string
		runs         int
		reason       string // svcs -x
		console      string
	}{
		{"0", "exit 0", "online", "dependencies_satisfied", 1, "", ""},
		{"SMF_EXIT_NODAEMON", "exit 94", "online", "dependencies_satisfied", 1, "", ""},
		{"SMF_EXIT_ERR_FATAL", "exit 95", "maintenance", "method_failed", 1, "Start method exited with $SMF_EXIT_ERR_FATAL.", "failed fatally"},
		{"SMF_EXIT_ERR_CONFIG", "exit 96", "maintenance", "method_failed", 1, "Start method exited with $SMF_EXIT_ERR_CONFIG.", "misconfigured"},
		{"SMF_EXIT_ERR_NOSMF", "exit 99", "maintenance", "method_failed", 1, "Start method exited with status 99.", "failed"},
		{"SMF_EXIT_ERR_PERM", "exit 100", "maintenance", "method_failed", 1, "Start method exited with status 100.", "failed"},
		{"other", "exit 1", "maintenance", "fault_threshold_reached", 3, "Start method failed repeatedly, last exited with status 1.", "failed"},
		{"signal", "kill -TERM $$", "maintenance", "fault_threshold_reached", 3, "Start method failed repeatedly, last died on Terminated (15).", "failed"},
		{"third time lucky", "echo >>$0.n; test $(wc -l <$0.n) -ge 3", "online", "dependencies_satisfied", 3, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := oneMethod(t, tt.script+"\n")
			b.boot(Options{})
			b.settle()
			b.want(map[string]string{"site/x": tt.state})
			if got := strings.TrimSpace(b.ok("/usr/bin/svcprop", "-p", "restarter/auxiliary_state", "site/x:default")); got != tt.why {
				t.Errorf("auxiliary state %q, want %q", got, tt.why)
			}
			if got := strings.Count(b.log(), "Executing start method"); got != tt.runs {
				t.Errorf("%d runs, want %d\n%s", got, tt.runs, b.log())
			}
			if out := b.ok("/usr/bin/svcs", "-x", "site/x"); !strings.Contains(out, tt.reason) {
				t.Errorf("svcs -x lacks %q:\n%s", tt.reason, out)
			}
			if want := "site/x:default " + tt.console + ": transitioned to maintenance"; tt.console != "" &&
				!strings.Contains(b.startd(), want) {
				t.Errorf("console lacks %q: %s", want, b.startd())
			}
		})
	}
}

// startd gives svc.startd's own log.
func (b *box) startd() string {
	out := ""
	for _, dir := range []string{logDir, earlyLogDir} {
		data, _ := os.ReadFile(b.w.Path(dir + "/svc.startd.log")) // one of them
		out += string(data)
	}
	return out
}

// TestTimeout: everything that the method started is killed, in whatever process
// group or session; with timeout_retry false once, else three times.
func TestTimeout(t *testing.T) {
	t.Parallel()
	each := 2
	if _, err := exec.LookPath("setsid"); err != nil {
		each = 1 // only the process in the same session
	}
	script := "setsid sh -c 'echo $$ >>" + "$DIR/pids; sleep 60' &\nsh -c 'echo $$ >>$DIR/pids; sleep 60' &\nsleep 60\n"
	for _, retry := range []bool{false, true} {
		t.Run(fmt.Sprint(retry), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			text := manifest("site/x", "/lib/svc/method/x %m", "1", afterFS(), "")
			runs := 3
			if !retry {
				runs = 1
				text = strings.Replace(text, "value='transient'/>", "value='transient'/><propval name='timeout_retry' type='boolean' value='false'/>", 1)
			}
			b := newBox(t, small(), map[string]string{at("x"): text, "/lib/svc/method/x": "#!/sbin/sh\nDIR=" + dir + "\nexport DIR\n" + script})
			b.boot(Options{})
			b.settle()
			b.want(map[string]string{"site/x": "maintenance"})
			ended := b.told(MethodEnded, func(e Event) string { return fmt.Sprint(e.Signal, e.TimedOut) })
			want := slices.Repeat([]string{"svc:/site/x:default 9 true"}, runs)
			ended = slices.DeleteFunc(ended, func(s string) bool { return !strings.Contains(s, "site/x") })
			if !slices.Equal(ended, want) {
				t.Errorf("ends %q, want %q", ended, want)
			}
			if !strings.Contains(b.log(), "Method or service exit timed out.  Killing contract ") {
				t.Errorf("log: %s", b.log())
			}
			data, err := os.ReadFile(filepath.Join(dir, "pids"))
			if n := strings.Count(string(data), "\n"); err != nil || n == 0 || n > each*runs { // a slow machine may not get to all
				t.Fatalf("processes %q, %v", data, err)
			}
			for _, word := range strings.Fields(string(data)) {
				pid, _ := strconv.Atoi(word)
				if isAlive(pid) {
					t.Errorf("process %d is still there", pid)
				}
			}
		})
	}
}

// isAlive says whether a process runs; a zombie does not.
func isAlive(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	return slices.ContainsFunc(tasks(), func(t task) bool { return t.pid == pid })
}

// TestEnvironment: what a method gets from svc.startd.
func TestEnvironment(t *testing.T) {
	b := newBox(t, small(), map[string]string{
		"/etc/default/init": "# comment\nTZ=UTC\nCMASK=022\n",
		"/lib/svc/method/x": "#!/sbin/sh\nenv | grep -v '^PWD\\|^_=\\|^SHLVL\\|^OLDPWD'\npwd\necho \"[$1][$2][$3][$4]\"\nread line || echo no input\necho error >&2\n",
		at("x"): strings.Replace(manifest("site/x", `/lib/svc/method/x %m %f "%{config/list,}" %{config/text}%%`, "0", afterFS(),
			"<property_group name='config' type='application'><propval name='text' type='astring' value='a b;c'/>"+
				"<property name='list' type='astring'><astring_list><value_node value='x'/><value_node value='y'/></astring_list></property></property_group>"),
			"<method_context working_directory='/'/>",
			"<method_context working_directory='/root'><method_environment><envvar name='A' value='b c'/></method_environment></method_context>", 1),
	})
	b.boot(Options{})
	b.settle()
	r := b.w.Root
	want := []string{
		"A=b c", "PATH=" + r + "/usr/sbin:" + r + "/usr/bin:" + r + "/sbin:/usr/sbin:/usr/bin:/sbin:/bin",
		"SMF_FMRI=svc:/site/x:default", "SMF_METHOD=start", "SMF_RESTARTER=svc:/system/svc/restarter:default",
		"SMF_ZONENAME=global", "TZ=UTC", r + "/root", "[start][svc:/site/x:default][x,y][a b;c%]", "error", "no input",
	}
	var got []string
	for line := range strings.Lines(b.log()) {
		if line = strings.TrimSpace(line); !strings.HasPrefix(line, "[ ") {
			got = append(got, line)
		}
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// TestRefusedMethods: what cannot be run leads to maintenance at once.
func TestRefusedMethods(t *testing.T) {
	tests := []struct{ name, exec, dir, log string }{
		{"no such property", "/lib/svc/method/x %{config/none}", "/", `Could not expand method tokens in "/lib/svc/method/x %{config/none}": property "config/none" not found.`},
		{"no such token", "/lib/svc/method/x %q", "/", "unknown method token"},
		{"open brace", "/lib/svc/method/x %{a", "/", "parse error"},
		{"kill of a transient service", ":kill", "/", `Invalid use of ":kill" as stop method for transient service.`},
		{"no such directory", "/lib/svc/method/x", "/nowhere", "chdir: No such file or directory"},
		{"no home", "/lib/svc/method/x", ":home", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			text := manifest("site/x", strings.ReplaceAll(tt.exec, `"`, "&quot;"), "0", afterFS(), "")
			text = strings.Replace(text, "working_directory='/'", "working_directory='"+tt.dir+"'", 1)
			b := newBox(t, small(), map[string]string{at("x"): text, "/lib/svc/method/x": "#!/sbin/sh\n"})
			b.boot(Options{})
			b.settle()
			want := "maintenance"
			if tt.log == "" {
				want = "online"
			}
			b.want(map[string]string{"site/x": want})
			if !strings.Contains(b.log(), tt.log) {
				t.Errorf("log lacks %q:\n%s", tt.log, b.log())
			}
		})
	}
}

// TestPlayedMethods: the system's own methods run in this process.
func TestPlayedMethods(t *testing.T) {
	b := newBox(t, Config{}, nil)
	var calls []string
	b.boot(Options{Methods: map[string]world.Command{
		"/lib/svc/method/net-physical": func(c *world.Call) int {
			calls = append(calls, c.Name+" "+c.Getenv("SMF_FMRI")+" "+c.Getenv("SMF_METHOD"))
			c.Printf("configured\n")
			return 0
		},
		"/lib/svc/method/identity-node": func(*world.Call) int { return 96 },
	}})
	b.settle()
	if want := []string{"net-physical svc:/network/physical:default start"}; !slices.Equal(calls, want) {
		t.Errorf("calls %q, want %q", calls, want)
	}
	b.want(map[string]string{"network/physical:default": "online", "identity:node": "maintenance", "single-user": "offline", "milestone/network": "online"})
	if got := b.read("/etc/svc/volatile/network-physical:default.log"); !strings.Contains(got, "configured\n") {
		t.Errorf("log: %s", got)
	}
	out := b.ok("/usr/bin/svcs", "-xv")
	if !strings.Contains(out, "svc:/system/identity:node (system identity (nodename))\n State: maintenance since ") ||
		!strings.Contains(out, " dependent services are not running:\n        svc:/milestone/multi-user-server:default\n") {
		t.Errorf("svcs -xv: %s", out)
	}
	if out := b.ok("/usr/bin/svcs", "-x", "single-user"); !strings.Contains(out, "Reason: Service svc:/system/identity:node\n        is not running because a method failed.\n"+
		"   See: http://illumos.org/msg/SMF-8000-GE\n") {
		t.Errorf("svcs -x: %s", out)
	}
}

// TestDurations: a contract service goes down with its last process and is
// started again, until that happens too quickly; one of duration child is its
// own process; :kill ends all of it.
func TestDurations(t *testing.T) {
	service := func(duration, stop string) string {
		text := strings.Replace(manifest("site/x", "/lib/svc/method/x %m", "0", afterFS(), ""), "value='transient'", "value='"+duration+"'", 1)
		return strings.Replace(text, "exec=':true'", "exec='"+stop+"'", 1)
	}
	tests := []struct{ name, duration, script, state string }{
		{"daemon", "contract", "sleep 60 & exit 0", "online"},
		{"no process is left", "contract", "exit 0", "maintenance"},
		{"child", "child", "exec sleep 60", "online"},
		{"child ends", "child", "exit 0", "maintenance"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := newBox(t, small(), map[string]string{at("x"): service(tt.duration, ":kill"), "/lib/svc/method/x": "#!/sbin/sh\n" + tt.script + "\n"})
			b.boot(Options{})
			if tt.state == "maintenance" {
				b.until(func(e Event) bool { return e.State == "maintenance" }) // by itself, after five starts
				b.settle()
				if out := b.ok("/usr/bin/svcs", "-x", "site/x"); !strings.Contains(out, "Reason: Restarting too quickly.\n") {
					t.Errorf("svcs -x: %s", out)
				}
				return
			}
			b.settle()
			b.want(map[string]string{"site/x": tt.state})
			out := b.ok("/usr/bin/svcs", "-p", "-H", "-o", "state,ctid,fmri", "site/x")
			if strings.Count(out, "\n") < 2 { // a process below the instance
				t.Errorf("svcs -p: %q", out)
			}
			b.ok("/usr/sbin/svcadm", "disable", "-s", "site/x")
			b.want(map[string]string{"site/x": "disabled"})
			if out := b.ok("/usr/bin/svcs", "-p", "-H", "site/x"); strings.Count(out, "\n") != 1 {
				t.Errorf("after disable: %s", out)
			}
		})
	}
}

// TestChroot: with a root directory of its own, a method sees the guest's paths
// and nothing else.
func TestChroot(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("chroot takes root")
	}
	b := newBox(t, small(), map[string]string{at("x"): manifest("site/x", "/lib/svc/method/x %m | cat", "0", afterFS(), "")})
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	if f, err := elf.NewFile(bytes.NewReader(data)); err != nil || slices.ContainsFunc(f.Progs, func(p *elf.Prog) bool { return p.Type == elf.PT_INTERP }) {
		t.Skip("the test binary is not linked statically")
	}
	b.write("/sbin/sh", string(data))
	b.boot(Options{Chroot: true})
	b.settle()
	b.want(map[string]string{"site/x": "online"})
	want := `["-c" "exec /lib/svc/method/x start | cat"] / <nil> false` + "\n" +
		"PATH=/usr/sbin:/usr/bin SMF_FMRI=svc:/site/x:default SMF_METHOD=start SMF_RESTARTER=svc:/system/svc/restarter:default SMF_ZONENAME=global"
	if !strings.Contains(b.log(), want) {
		t.Errorf("log lacks %q:\n%s", want, b.log())
	}
}
