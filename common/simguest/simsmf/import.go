// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simsmf

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Import adds the services of a manifest, and gives the instances whose running
// snapshot it took anew; it follows lscf_bundle_import (svccfg_libscf.c).
// Nothing is kept of a manifest that fails.
func (r *repository) importBundle(root *node) (touched []string, err error) {
	if kind := root.attr("type"); kind != "manifest" {
		return nil, fmt.Errorf("simulated guest: a bundle of type %q is not simulated", kind)
	}
	for _, b := range root.all("service_bundle") {
		more, err := r.importBundle(b)
		if err != nil {
			return nil, err
		}
		touched = append(touched, more...)
	}
	for _, n := range root.all("service") {
		more, err := r.importService(n)
		if err != nil {
			return nil, err
		}
		touched = append(touched, more...)
	}
	return unique(touched), nil
}

func (r *repository) importService(n *node) ([]string, error) {
	name := n.attr("name")
	s := r.service(name)
	want, err := n.wanted()
	if err != nil {
		return nil, err
	}
	if len(n.all("single_instance")) > 0 {
		want.add("general", "framework").set("single_instance", "boolean", "true")
	}
	if v := n.one("stability").attr("value"); v != "" {
		want.add("general", "framework").set("entity_stability", "astring", v)
	}
	touched, err := r.dependents(n, s.Groups, "svc:/"+name)
	if err != nil {
		return nil, err
	}
	s.LastImport = merge(s.Groups, s.LastImport, want)
	if t := n.one("template"); t.XMLName.Local != "" {
		s.Template = t.template()
	}
	instances := n.all("instance")
	if d := n.one("create_default_instance"); d.XMLName.Local != "" {
		d.Attrs = append(slices.Clone(d.Attrs), attribute("name", "default"))
		instances = append(instances, d)
	}
	for _, i := range instances {
		more, err := r.importInstance(s, name, i)
		if err != nil {
			return nil, err
		}
		touched = append(touched, more...)
	}
	for _, fmri := range append(touched, r.instances(name)...) {
		r.refresh(fmri)
	}
	return append(touched, r.instances(name)...), nil
}

// service gives the service of that name, made if need be.
func (r *repository) service(name string) *service {
	if r.Services[name] == nil {
		r.Services[name] = &service{}
	}
	s := r.Services[name]
	if s.Groups == nil {
		s.Groups = groups{}
	}
	if s.Instances == nil {
		s.Instances = map[string]*instance{}
	}
	return s
}

func (r *repository) importInstance(s *service, service string, n *node) ([]string, error) {
	name := n.attr("name")
	if s.Instances[name] == nil {
		s.Instances[name] = &instance{Groups: groups{}}
	}
	i := s.Instances[name]
	if i.Groups == nil {
		i.Groups = groups{}
	}
	want, err := n.wanted()
	if err != nil {
		return nil, err
	}
	want.add("general", "framework").set("enabled", "boolean", n.attr("enabled"))
	touched, err := r.dependents(n, i.Groups, "svc:/"+service+":"+name)
	if err != nil {
		return nil, err
	}
	i.LastImport = merge(i.Groups, i.LastImport, want)
	return touched, nil
}

// merge brings current to what is wanted, but for what an administrator has
// changed since the last import, and gives the new last-import snapshot. In
// place of conflicts that are told, it is silent.
func merge(current, last, want groups) groups {
	for name, w := range want {
		c, l := current[name], last[name]
		switch {
		case c == nil && l == nil:
			current[name] = w.clone()
		case c != nil:
			mergeProps(c, l, w)
		}
	}
	for name, l := range last {
		if want[name] == nil && current[name].same(l) {
			delete(current, name)
		}
	}
	return want.clone()
}

func mergeProps(current, last, want *group) {
	if current.Props == nil {
		current.Props = map[string]*property{}
	}
	var old map[string]*property
	if last != nil {
		old = last.Props
	}
	for name, w := range want.Props {
		c, l := current.Props[name], old[name]
		if c == nil && l == nil || c != nil && l != nil && c.same(l) {
			current.Props[name] = &property{w.Type, slices.Clone(w.Values)}
		}
	}
	for name, l := range old {
		if c := current.Props[name]; want.Props[name] == nil && c != nil && c.same(l) {
			delete(current.Props, name)
		}
	}
}

func (p *property) same(q *property) bool {
	return p.Type == q.Type && slices.Equal(p.Values, q.Values)
}

func (g *group) same(h *group) bool {
	return g != nil && g.Type == h.Type && maps.EqualFunc(g.Props, h.Props, (*property).same)
}

// dependents puts the dependents of an entity into their targets, as
// lscf_dependent_import does, and gives the instances that got one.
func (r *repository) dependents(n *node, own groups, source string) (touched []string, err error) {
	known := own["dependents"]
	mine := &group{Type: "framework", Props: map[string]*property{}}
	for _, d := range n.all("dependent") {
		name, target := d.attr("name"), d.one("service_fmri").attr("value")
		if !fmriPattern.MatchString(target) || !strings.HasPrefix(target, "svc:/") {
			return nil, fmt.Errorf("dependent %q of %s: FMRI %q is invalid", name, source, target)
		}
		in := r.entity(target)
		if in[name] != nil && known.get(name) != target {
			return nil, sayf("Could not create \"%s\" dependency in %s (already exists).", name, target)
		}
		want := d.dependency("service", source)
		want.set("external", "boolean", "true")
		in[name] = want
		mine.set(name, "fmri", target)
		touched = append(touched, r.refreshed(target)...)
	}
	if known != nil {
		for name := range known.Props {
			if mine.Props[name] == nil {
				delete(r.entity(known.get(name)), name)
				touched = append(touched, r.refreshed(known.get(name))...)
			}
		}
	}
	if delete(own, "dependents"); len(mine.Props) > 0 {
		own["dependents"] = mine
	}
	return touched, nil
}

// entity gives the groups of a service or instance; what is not there is made,
// as an empty service.
func (r *repository) entity(target string) groups {
	f := parseFMRI(target)
	s := r.service(f.service)
	if f.instance == "" {
		return s.Groups
	}
	if s.Instances[f.instance] == nil {
		s.Instances[f.instance] = &instance{}
	}
	i := s.Instances[f.instance]
	if i.Groups == nil {
		i.Groups = groups{}
	}
	return i.Groups
}

// refreshed gives the instances that a change of a service or instance concerns.
func (r *repository) refreshed(target string) []string {
	f := parseFMRI(target)
	if f.instance != "" {
		return []string{target}
	}
	return r.instances(f.service)
}
