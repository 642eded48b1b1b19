// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simsmf

import (
	"encoding/xml"
	"fmt"
	"strings"
)

func attribute(name, value string) xml.Attr {
	return xml.Attr{Name: xml.Name{Local: name}, Value: value}
}

// wanted gives the property groups that a service or instance element stands
// for, but for the dependents, which are groups of their targets.
func (n *node) wanted() (groups, error) {
	g := groups{}
	for _, d := range n.all("dependency") {
		var entities []string
		for _, f := range d.all("service_fmri") {
			entities = append(entities, f.attr("value"))
		}
		if err := g.put(d.attr("name"), d.dependency(d.attr("type"), entities...)); err != nil {
			return nil, err
		}
		for _, e := range entities {
			if !typed("fmri", e) {
				return nil, sayf("Invalid \"fmri\" value \"%s\".", e)
			}
		}
	}
	if c := n.one("method_context"); c.XMLName.Local != "" {
		pg := &group{Type: "framework"}
		c.context(pg)
		if err := g.put("method_context", pg); err != nil {
			return nil, err
		}
	}
	if f := n.one("restarter").one("service_fmri").attr("value"); f != "" {
		g.add("general", "framework").set("restarter", "fmri", f)
	}
	for _, m := range n.all("exec_method") {
		if err := g.method(m); err != nil {
			return nil, err
		}
	}
	for _, p := range n.all("property_group") {
		if err := g.put(p.attr("name"), &group{Type: p.attr("type")}); err != nil {
			return nil, err
		}
		if err := p.properties(g[p.attr("name")]); err != nil {
			return nil, err
		}
	}
	return g, nil
}

// put adds a group; a second one of the same name is refused, but for general,
// which has many sources.
func (g groups) put(name string, pg *group) error {
	if g[name] != nil {
		if name == "general" && pg.Type == "framework" {
			return nil
		}
		return sayf("Multiple definitions for property group \"%s\".", name)
	}
	g[name] = pg
	return nil
}

// dependency gives the group of a dependency or dependent.
func (n *node) dependency(kind string, entities ...string) *group {
	pg := &group{Type: "dependency"}
	pg.set("grouping", "astring", n.attr("grouping"))
	pg.set("restart_on", "astring", n.attr("restart_on"))
	pg.set("type", "astring", kind)
	pg.set("entities", "fmri", entities...)
	return pg
}

// method puts an exec_method into g. The timeout is a count; -1 stands for none
// and is stored as 0 (lxml_get_exec_method).
func (g groups) method(n *node) error {
	timeout := n.attr("timeout_seconds")
	if timeout == "-1" {
		timeout = "0"
	}
	if !typed("count", timeout) {
		return sayf("Invalid \"count\" value \"%s\".", timeout)
	}
	pg := &group{Type: n.attr("type")}
	pg.set("exec", "astring", n.attr("exec"))
	pg.set("timeout_seconds", "count", timeout)
	pg.set("type", "astring", n.attr("type"))
	if c := n.one("method_context"); c.XMLName.Local != "" {
		c.context(pg)
	}
	if err := g.put(n.attr("name"), pg); err != nil {
		return err
	}
	return n.properties(pg)
}

// context puts a method_context into its group (lxml_get_method_context).
func (n *node) context(pg *group) {
	for _, name := range []string{"working_directory", "project", "resource_pool", "security_flags"} {
		if v, ok := n.lookup(name); ok {
			pg.set(name, "astring", v)
		}
	}
	if p := n.one("method_profile"); p.XMLName.Local != "" {
		pg.set("use_profile", "boolean", "true")
		pg.set("profile", "astring", p.attr("name"))
	}
	if c := n.one("method_credential"); c.XMLName.Local != "" {
		pg.set("use_profile", "boolean", "false")
		for _, name := range []string{"user", "group", "supp_groups", "privileges", "limit_privileges"} {
			if v, ok := c.lookup(name); ok {
				pg.set(name, "astring", v)
			}
		}
	}
	var env []string
	for _, v := range n.one("method_environment").all("envvar") {
		env = append(env, v.attr("name")+"="+v.attr("value"))
	}
	if env != nil {
		pg.set("environment", "astring", env...)
	}
}

// properties puts propval and property elements, and stability, into pg.
func (n *node) properties(pg *group) error {
	if v := n.one("stability").attr("value"); v != "" {
		pg.set("stability", "astring", v)
	}
	for i := range n.Children {
		c := &n.Children[i]
		kind, name := c.attr("type"), c.attr("name")
		var values []string
		switch c.XMLName.Local {
		case "propval":
			values = []string{c.attr("value")}
		case "property":
			for j := range c.Children {
				if list := c.Children[j].XMLName.Local; strings.TrimSuffix(list, "_list") != kind {
					return fmt.Errorf("property \"%s\" of type %s has a %s", name, kind, list)
				}
				for _, v := range c.Children[j].all("value_node") {
					values = append(values, v.attr("value"))
				}
			}
		default:
			continue
		}
		for k, v := range values {
			if !typed(kind, v) {
				return sayf("Invalid \"%s\" value \"%s\".", kind, v)
			}
			values[k] = canonical(kind, v)
		}
		if pg.Props[name] != nil {
			return sayf("Multiple definitions for property \"%s\".", name)
		}
		pg.set(name, kind, values...)
	}
	return nil
}
