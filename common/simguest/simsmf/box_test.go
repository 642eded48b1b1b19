// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simsmf

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"illumos-metadata/common/simguest/world"
)

// TestMain plays a command of SMF if the test binary was started through a link
// in a guest, and a shell if it is one.
func TestMain(m *testing.M) {
	if os.Args[0] == "/sbin/sh" { // in a chroot, where there is nothing else
		dir, err := os.Getwd()
		_, outside := os.Stat("/proc")
		fmt.Printf("%q %s %v %v\n", os.Args[1:], dir, err, outside == nil)
		fmt.Println(strings.Join(os.Environ(), " "))
		os.Exit(0)
	}
	for path, command := range Commands() {
		root, ok := strings.CutSuffix(os.Args[0], path)
		if !ok {
			continue
		}
		c := &world.Call{World: &world.World{Root: root}, Name: filepath.Base(path), Args: os.Args[1:],
			Env: os.Environ(), Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr}
		os.Exit(command(c))
	}
	os.Exit(m.Run())
}

// A box is a guest in a test.
type box struct {
	*testing.T
	w *world.World
	s *System

	mu     sync.Mutex
	more   sync.Cond
	events []Event
}

// newBox builds a guest with files: manifests and methods by their path.
func newBox(t *testing.T, c Config, files map[string]string) *box {
	t.Helper()
	b := &box{T: t, w: &world.World{Root: t.TempDir()}}
	b.more.L = &b.mu
	b.write("/etc/passwd", "root:x:0:0:Super-User:/root:/usr/bin/bash\n")
	b.write("/root/.profile", "")
	b.write("/etc/resolv.conf", "")
	if err := Build(b.w, c); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		b.write(name, text)
	}
	return b
}

// small is a system that ends with filesystem/minimal.
func small() Config {
	var c Config
	for _, r := range system {
		if !slices.Contains([]string{"system/filesystem/root", "system/boot-archive", "system/filesystem/usr",
			"network/datalink-management", "system/device/local", "system/filesystem/minimal"}, r.instance) {
			c.Absent = append(c.Absent, r.instance)
		}
	}
	return c
}

// afterFS lets a service start when logs are in /var already.
func afterFS() string { return dependency("require_all", "system/filesystem/minimal") }

func (b *box) write(name, text string) {
	b.Helper()
	at := b.w.Path(name)
	if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(at, []byte(text), 0o755); err != nil {
		b.Fatal(err)
	}
}

func (b *box) read(name string) string {
	b.Helper()
	data, err := os.ReadFile(b.w.Path(name))
	if err != nil {
		b.Fatal(err)
	}
	return string(data)
}

// boot boots the guest; the test halts it.
func (b *box) boot(o Options) {
	b.Helper()
	o.Events = func(e Event) {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.events = append(b.events, e)
		b.more.Broadcast()
	}
	if o.Grace == 0 {
		o.Grace = 100 * time.Millisecond
	}
	s, err := Boot(context.Background(), b.w, o)
	if err != nil {
		b.Fatal(err)
	}
	b.s = s
	b.Cleanup(func() { b.halt() })
}

func (b *box) settle() {
	b.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := b.s.Settle(ctx); err != nil {
		b.Fatalf("settle: %v\n%s", err, b.ok("/usr/bin/svcs", "-a"))
	}
}

func (b *box) halt() {
	b.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := b.s.Halt(ctx); err != nil {
		b.Errorf("halt: %v", err)
	}
}

// call runs a command in this process.
func (b *box) call(line ...string) (stdout, stderr string, status int) {
	b.Helper()
	var out, err strings.Builder
	c := &world.Call{World: b.w, Name: filepath.Base(line[0]), Args: line[1:], Stdin: strings.NewReader(""), Stdout: &out, Stderr: &err}
	status = Commands()[line[0]](c)
	return out.String(), err.String(), status
}

// ok runs a command that has to succeed, and gives its output.
func (b *box) ok(line ...string) string {
	b.Helper()
	out, stderr, status := b.call(line...)
	if status != 0 || stderr != "" {
		b.Fatalf("%q: status %d, %s", line, status, stderr)
	}
	return out
}

// state gives what svcs shows of an instance.
func (b *box) state(fmri string) string {
	b.Helper()
	return strings.TrimSpace(b.ok("/usr/bin/svcs", "-H", "-o", "state", fmri))
}

// want compares states, with a star for a transition as svcs has it.
func (b *box) want(states map[string]string) {
	b.Helper()
	v, err := look(b.w)
	if err != nil {
		b.Fatal(err)
	}
	for pattern, want := range states {
		for _, fmri := range v.repo.walk(walk{}, []string{pattern}, func(text string) { b.Error(text) }) {
			got := v.state(fmri).State
			if v.state(fmri).Next != stateNone {
				got += "*"
			}
			if got != want {
				b.Errorf("%s is %s, want %s\n%s", fmri, got, want, b.ok("/usr/bin/svcs", "-xv"))
			}
		}
	}
}

// until waits for an event.
func (b *box) until(is func(Event) bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for !slices.ContainsFunc(b.events, is) {
		b.more.Wait()
	}
}

// told gives the events of one kind as lines: instance, then the rest.
func (b *box) told(kind Kind, show func(Event) string) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []string
	for _, e := range b.events {
		if e.Kind == kind {
			out = append(out, strings.TrimSpace(e.FMRI+" "+show(e)))
		}
	}
	return out
}

const head = `<?xml version="1.0"?>
<!DOCTYPE service_bundle SYSTEM "/usr/share/lib/xml/dtd/service_bundle.dtd.1">
<service_bundle type='manifest' name='test'>
`

// manifest writes the manifest of a transient service with some elements more:
// before are those up to the dependents, after those from the property groups on.
func manifest(name, exec, timeout, before, after string) string {
	return head + fmt.Sprintf(`<service name='%s' type='service' version='1'>
<create_default_instance enabled='true'/><single_instance/>
%s
<method_context working_directory='/'/>
<exec_method type='method' name='start' exec='%s' timeout_seconds='%s'/>
<exec_method type='method' name='stop' exec=':true' timeout_seconds='1'/>
<property_group name='startd' type='framework'><propval name='duration' type='astring' value='transient'/></property_group>
%s
</service>
</service_bundle>
`, name, before, exec, timeout, after)
}

func dependency(grouping string, entities ...string) string {
	text := "<dependency name='" + strings.ReplaceAll(strings.Trim(entities[0], "/:"), "/", "-") + "' grouping='" + grouping + "' restart_on='none' type='service'>"
	for _, e := range entities {
		text += "<service_fmri value='svc:/" + e + "'/>"
	}
	return text + "</dependency>\n"
}

// at is where a test's manifest goes.
func at(name string) string { return "/lib/svc/manifest/" + name + ".xml" }
