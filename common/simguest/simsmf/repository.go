// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simsmf

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"illumos-metadata/common/simguest/world"
)

// The documents behind SMF: what svc.configd keeps on disk, and what it keeps
// in memory only.
const (
	repositoryName = "smf"
	statesName     = "smf-state"
)

// A repository is what svc.configd(8) keeps.
type repository struct {
	Zone     string              `json:"zone"`
	Services map[string]*service `json:"services"` // by name, without svc:/
	Hashes   map[string]string   `json:"hashes"`   // of imported manifests, by path
}

// groups are property groups by name.
type groups map[string]*group

// A service has the groups that its instances inherit.
type service struct {
	Groups     groups               `json:"groups,omitempty"`
	LastImport groups               `json:"last_import,omitempty"`
	Template   *template            `json:"template,omitempty"`
	Instances  map[string]*instance `json:"instances,omitempty"`
}

// An instance has groups of its own, and the running snapshot, from which
// svc.startd and svcprop(1) read.
type instance struct {
	Groups     groups    `json:"groups,omitempty"`
	LastImport groups    `json:"last_import,omitempty"`
	Running    *snapshot `json:"running,omitempty"`
}

// A snapshot is a copy of the groups at both levels.
type snapshot struct {
	Service  groups `json:"service,omitempty"`
	Instance groups `json:"instance,omitempty"`
}

// A group is a property group.
type group struct {
	Type     string               `json:"type"`
	Volatile bool                 `json:"volatile,omitempty"` // SCF_PG_FLAG_NONPERSISTENT
	Props    map[string]*property `json:"props,omitempty"`
}

// A property has values of one type. On disk it is one string, the type and the
// values with blanks between, since there are many.
type property struct {
	Type   string
	Values []string
}

var (
	escape = strings.NewReplacer(`\`, `\\`, " ", `\s`, "\n", `\n`)
	unEsc  = strings.NewReplacer(`\\`, `\`, `\s`, " ", `\n`, "\n", `\e`, "")
)

// MarshalText writes the one string.
func (p *property) MarshalText() ([]byte, error) {
	text := p.Type
	for _, v := range p.Values {
		if v == "" {
			text += ` \e`
		} else {
			text += " " + escape.Replace(v)
		}
	}
	return []byte(text), nil
}

// UnmarshalText reads it.
func (p *property) UnmarshalText(text []byte) error {
	words := strings.Split(string(text), " ")
	p.Type, p.Values = words[0], []string{}
	for _, v := range words[1:] {
		p.Values = append(p.Values, unEsc.Replace(v))
	}
	return nil
}

// load reads the repository.
func load(w *world.World) (*repository, error) {
	r := &repository{Services: map[string]*service{}, Hashes: map[string]string{}}
	if err := w.Read(repositoryName, r); err != nil {
		return nil, fmt.Errorf("read the repository: %w", err)
	}
	return r, nil
}

// change lets f change the repository, and stores it unless f fails.
func change(w *world.World, f func(*repository) error) error {
	return w.Locked(func() error {
		r, err := load(w)
		if err != nil {
			return err
		}
		if err := f(r); err != nil {
			return err
		}
		return w.Write(repositoryName, r)
	})
}

// clone gives a deep copy.
func (g groups) clone() groups {
	out := groups{}
	for name, pg := range g {
		out[name] = pg.clone()
	}
	return out
}

func (g *group) clone() *group {
	c := &group{Type: g.Type, Volatile: g.Volatile, Props: map[string]*property{}}
	for name, p := range g.Props {
		c.Props[name] = &property{p.Type, slices.Clone(p.Values)}
	}
	return c
}

// add gives the group of that name, made if need be.
func (g groups) add(name, kind string) *group {
	if g[name] == nil {
		g[name] = &group{Type: kind, Props: map[string]*property{}}
	}
	return g[name]
}

// set gives a property its values.
func (g *group) set(name, kind string, values ...string) {
	if g.Props == nil {
		g.Props = map[string]*property{}
	}
	g.Props[name] = &property{kind, values}
}

// get gives the first value of a property, or "".
func (g *group) get(name string) string {
	if g == nil || g.Props[name] == nil || len(g.Props[name].Values) == 0 {
		return ""
	}
	return g.Props[name].Values[0]
}

// compose merges the two levels as scf_instance_get_pg_composed(3SCF) shows
// them: the instance's properties hide the service's.
func compose(service, instance groups) groups {
	out := service.clone()
	for name, pg := range instance {
		if out[name] == nil {
			out[name] = pg.clone()
			continue
		}
		maps.Copy(out[name].Props, pg.clone().Props)
	}
	return out
}

// find gives the service and the instance of an FMRI; either may be nil.
func (r *repository) find(fmri string) (*service, *instance) {
	f := parseFMRI(fmri)
	s := r.Services[f.service]
	if s == nil {
		return nil, nil
	}
	return s, s.Instances[f.instance]
}

// current gives the composed current groups of an instance.
func (r *repository) current(fmri string) groups {
	s, i := r.find(fmri)
	if i == nil {
		return nil
	}
	return compose(s.Groups, i.Groups)
}

// running gives the composed groups of the running snapshot, or the current
// ones if there is none.
func (r *repository) running(fmri string) groups {
	_, i := r.find(fmri)
	if i == nil {
		return nil
	}
	if i.Running == nil {
		return r.current(fmri)
	}
	return compose(i.Running.Service, i.Running.Instance)
}

// refresh takes the running snapshot anew.
func (r *repository) refresh(fmri string) {
	s, i := r.find(fmri)
	if i == nil {
		return
	}
	own := i.Groups.clone()
	maps.DeleteFunc(own, func(_ string, g *group) bool { return g.Volatile })
	i.Running = &snapshot{s.Groups.clone(), own}
}

// instances gives the FMRIs of all instances, or of one service's, in order.
func (r *repository) instances(service string) []string {
	var out []string
	for name, s := range r.Services {
		if service != "" && name != service {
			continue
		}
		for inst := range s.Instances {
			out = append(out, "svc:/"+name+":"+inst)
		}
	}
	slices.Sort(out)
	return out
}

// enabled gives the state that an administrator wants: temporary is
// general_ovr/enabled where that is set, and configured says whether the
// instance has general/enabled at all.
func (r *repository) enabled(fmri string) (permanent, temporary, configured bool) {
	pgs := r.current(fmri)
	value := pgs["general"].get("enabled")
	permanent = value == "true"
	temporary = permanent
	if ovr := pgs["general_ovr"].get("enabled"); ovr != "" {
		temporary, configured = ovr == "true", true
	}
	return permanent, temporary, configured || value != ""
}
