// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simsmf

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"illumos-metadata/common/simguest/world"
)

// A Distribution is one of the systems that differ in a service's dependencies.
type Distribution string

// The distributions.
const (
	OmniOS      Distribution = "omnios" // "" is the same
	OpenIndiana Distribution = "openindiana"
)

// Config says what the repository of a new guest holds.
type Config struct {
	Distribution Distribution `json:"distribution,omitempty"`
	Zone         string       `json:"zone,omitempty"` // "" means global
	// Enable and Disable are instances of the system's own services that are
	// not as they come: "network/dns/client", "network/physical:nwam".
	Enable  []string `json:"enable,omitempty"`
	Disable []string `json:"disable,omitempty"`
	// Absent are services of the system that this image does not have.
	Absent []string `json:"absent,omitempty"`
}

// Build makes the repository of a new guest, with the system's own services,
// and the files and directories that they need.
func Build(w *world.World, c Config) error {
	r := &repository{Zone: c.Zone, Services: map[string]*service{}, Hashes: map[string]string{}}
	if r.Zone == "" {
		r.Zone = "global"
	}
	for _, row := range rows(c) {
		r.addRow(row)
	}
	for _, fmri := range own {
		f := parseFMRI(fmri)
		s := r.service(f.service)
		s.Instances[f.instance] = &instance{Groups: groups{}}
		s.Instances[f.instance].Groups.add("general", "framework").set("enabled", "boolean", "true")
	}
	restarter := r.Services["system/svc/restarter"]
	restarter.Groups.add("msg", "application").set("base", "astring", "http://illumos.org/msg/")
	restarter.Template = &template{CommonName: "master restarter"}
	for value, list := range map[string][]string{"true": c.Enable, "false": c.Disable} {
		for _, name := range list {
			_, i := r.find(full(name))
			if i == nil {
				return fmt.Errorf("build services: there is no %s", name)
			}
			i.Groups.add("general", "framework").set("enabled", "boolean", value)
		}
	}
	for _, fmri := range r.instances("") {
		r.refresh(fmri)
	}
	if err := layDown(w); err != nil {
		return fmt.Errorf("build services: %w", err)
	}
	return w.Locked(func() error { return w.Write(repositoryName, r) })
}

// full gives the FMRI of an instance in the table.
func full(name string) string {
	if !strings.Contains(name, ":") {
		name += ":default"
	}
	return "svc:/" + name
}

// rows are the system's services on one distribution.
func rows(c Config) []row {
	all := slices.Clone(system)
	if c.Distribution == OpenIndiana {
		for i := range all {
			if all[i].instance == "network/ssh" {
				all[i].deps = sshDeps + "|R system/filesystem/local"
			}
		}
		all = slices.DeleteFunc(all, func(r row) bool { return r.instance == "system/initial-boot" })
	}
	return slices.DeleteFunc(all, func(r row) bool { return slices.Contains(c.Absent, r.instance) })
}

// groupings are the letters of the table.
var groupings = map[string]string{"R": "require_all", "O": "optional_all", "A": "require_any", "X": "exclude_all", "P": "require_all"}

// addRow adds one of the system's instances. What it depends on and its methods
// belong to the service, unless that has two instances.
func (r *repository) addRow(row row) {
	f := parseFMRI(full(row.instance))
	s := r.service(f.service)
	s.Groups.add("general", "framework").set("entity_stability", "astring", "Unstable")
	if s.Template == nil {
		s.Template = &template{CommonName: row.name}
	}
	i := &instance{Groups: groups{}}
	s.Instances[f.instance] = i
	i.Groups.add("general", "framework").set("enabled", "boolean", fmt.Sprint(row.kind != "off"))
	g := i.Groups
	if !slices.Contains(twice, f.service) {
		g = s.Groups
	}
	for group := range strings.SplitSeq(row.deps, "|") {
		if words := strings.Fields(group); len(words) > 0 {
			g.addDependency(words[0], words[1:])
		}
	}
	stop := ":kill"
	if row.kind != "contract" {
		stop = ":true"
		g.add("startd", "framework").set("duration", "astring", "transient")
	}
	g.addMethod("start", row.method, row.timeout)
	g.addMethod("stop", stop, "60")
}

// twice are the services with two instances.
var twice = []string{"network/physical", "system/identity"}

func (g groups) addMethod(name, exec, timeout string) {
	pg := g.add(name, "method")
	pg.set("exec", "astring", exec)
	pg.set("timeout_seconds", "count", timeout)
	pg.set("type", "astring", "method")
}

func (g groups) addDependency(letter string, entities []string) {
	name := strings.ReplaceAll(path.Base(entities[0]), ":", "-")
	for g[name] != nil {
		name += "_"
	}
	kind, prefix := "service", "svc:/"
	if letter == "P" {
		kind, prefix = "path", "file://localhost"
	}
	var fmris []string
	for _, e := range entities {
		fmris = append(fmris, prefix+e)
	}
	pg := g.add(name, "dependency")
	pg.set("entities", "fmri", fmris...)
	pg.set("grouping", "astring", groupings[letter])
	pg.set("restart_on", "astring", "none")
	pg.set("type", "astring", kind)
}

// layDown makes the directories of the logs, and the files on which services
// of the system depend, where the image has none.
func layDown(w *world.World) error {
	for _, dir := range []string{logDir, earlyLogDir} {
		if err := os.MkdirAll(w.Path(dir), 0o755); err != nil {
			return err
		}
	}
	for _, name := range []string{"/etc/nscd.conf", "/etc/nsswitch.conf", "/etc/ssh/sshd_config"} {
		if err := os.MkdirAll(filepath.Dir(w.Path(name)), 0o755); err != nil {
			return err
		}
		f, err := os.OpenFile(w.Path(name), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return err
		}
		if err := f.Close(); err != nil {
			return err
		}
	}
	return nil
}
