// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simsmf

import (
	"crypto/md5"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"illumos-metadata/common/simguest/world"
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

// manifestDir is where the early import looks, and site is its last directory.
const manifestDir = "/lib/svc/manifest"

// importAll is what the early import does at boot (fork_emi of svc.startd,
// milestone/manifest-import): every manifest that is new or has changed. A
// manifest that fails does not keep the others out.
func importAll(w *world.World, tell func(path string, err error)) error {
	files, err := manifests(w)
	if err != nil {
		return err
	}
	return change(w, func(r *repository) error {
		for _, file := range files {
			data, err := os.ReadFile(w.Path(file))
			if err == nil && r.imported(file, data) {
				continue
			}
			if err == nil {
				_, err = r.importData(file, data)
			}
			tell(file, err)
		}
		return nil
	})
}

// importData imports the content of a manifest file, or leaves the repository
// as it is.
func (r *repository) importData(file string, data []byte) (touched []string, err error) {
	root, err := parseManifest(data)
	if err != nil {
		return nil, err
	}
	touched, err = r.with(func(r *repository) ([]string, error) { return r.importBundle(root) })
	if err != nil {
		return nil, err
	}
	r.remember(file, data)
	return touched, nil
}

// manifests gives the guest's manifests by path, those in site last.
func manifests(w *world.World) ([]string, error) {
	var files, site []string
	err := filepath.WalkDir(w.Path(manifestDir), func(name string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || e.IsDir() || !strings.HasSuffix(name, ".xml") {
			return err
		}
		file := strings.TrimPrefix(name, strings.TrimSuffix(w.Path("/"), "/"))
		if strings.HasPrefix(file, manifestDir+"/site/") {
			site = append(site, file)
			return nil
		}
		files = append(files, file)
		return nil
	})
	return append(files, site...), err
}

// hashed says whether the repository keeps a hash of a manifest, so that the
// same one is not imported twice: below the two directories alone.
func hashed(file string) bool {
	return strings.HasPrefix(file, manifestDir+"/") || strings.HasPrefix(file, "/var/svc/manifest/")
}

func (r *repository) imported(file string, data []byte) bool {
	return hashed(file) && r.Hashes[file] == fmt.Sprintf("%x", md5.Sum(data))
}

func (r *repository) remember(file string, data []byte) {
	if hashed(file) {
		r.Hashes[file] = fmt.Sprintf("%x", md5.Sum(data))
	}
}

// with lets f change the repository, or leaves it as it is if f fails.
func (r *repository) with(f func(*repository) ([]string, error)) ([]string, error) {
	old, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	found, err := f(r)
	if err != nil {
		*r = repository{}
		return nil, errors.Join(err, json.Unmarshal(old, r))
	}
	return found, nil
}
