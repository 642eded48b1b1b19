// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simsmf

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// listprop lists groups, and properties if not only groups are asked for, with
// what the template says of them if that is.
func (g *config) listprop(args []string, only, described bool) error {
	if _, err := g.selected(); err != nil {
		return err
	}
	pgs, err := g.shown()
	if err != nil {
		return err
	}
	match := func(name string) bool { return len(args) == 0 || fnmatch(args[0], name) }
	var rows [][2]string
	width := 0
	add := func(name, text string) {
		rows = append(rows, [2]string{name, text})
		width = max(width, len(name))
	}
	t := g.repo.Services[g.at.service].Template
	for _, name := range sorted(pgs) {
		pg := pgs[name]
		whole := match(name)
		if whole {
			text := pg.Type
			if pg.Volatile {
				text += "\tNONPERSISTENT"
			}
			if p := t.group(name); described && p != nil && p.Description != "" {
				text += "\n    " + p.Description
			}
			add(name, text)
		}
		for _, prop := range sorted(pg.Props) {
			if full := name + "/" + prop; !only && (whole || match(full)) {
				text := listed(pg.Props[prop])
				if p := t.prop(name, prop); described && p != nil && p.Description != "" {
					text += "\n    " + p.Description
				}
				add(full, text)
			}
		}
	}
	for _, r := range rows {
		g.Printf("%-*s  %s\n", width, r[0], r[1])
	}
	return nil
}

// shown gives the groups to list: what is stored, and svc.startd's.
func (g *config) shown() (groups, error) {
	if g.at.instance == "" {
		return g.repo.Services[g.at.service].Groups, nil
	}
	states, err := loadStates(g.World)
	if err != nil {
		return nil, err
	}
	v := &view{g.World, g.repo, states}
	return v.current(g.at.String(), false), nil
}

// listed is list_prop_info.
func listed(p *property) string {
	text := fmt.Sprintf("%-7s ", p.Type)
	several := len(p.Values) > 1 && (p.Type == "astring" || p.Type == "ustring")
	for _, v := range p.Values {
		if several || strings.ContainsAny(v, " \t\n\"()") {
			text += ` "` + strings.NewReplacer(`"`, `\"`, `\`, `\\`).Replace(v) + `"`
		} else {
			text += " " + v
		}
	}
	return text
}

// describe is listprop with descriptions. Not simulated: -v and -t. Not known,
// and chosen: nothing of the service itself comes before the groups.
func (g *config) describe(args []string) error {
	if len(args) > 0 && strings.HasPrefix(args[0], "-") {
		return errAbsent("describe " + args[0])
	}
	if len(args) > 1 {
		return g.syntax()
	}
	return g.listprop(args, false, true)
}

// group finds the pattern of a group.
func (t *template) group(name string) *pgPattern {
	if t == nil {
		return nil
	}
	for i := range t.Groups {
		if t.Groups[i].Name == name || t.Groups[i].Name == "" {
			return &t.Groups[i]
		}
	}
	return nil
}

// prop finds the pattern of a property.
func (t *template) prop(group, name string) *propPattern {
	pg := t.group(group)
	if pg == nil {
		return nil
	}
	for i := range pg.Props {
		if pg.Props[i].Name == name {
			return &pg.Props[i]
		}
	}
	return nil
}

// check compares an instance with its template. Not known, and chosen: the
// texts, of which the real ones have several lines each.
func (g *config) check(inst string) error {
	s, _ := g.repo.find(inst)
	if s.Template == nil {
		return nil
	}
	pgs := g.repo.current(inst)
	var wrong []string
	for _, pg := range s.Template.Groups {
		if pgs[pg.Name] == nil {
			if pg.Required {
				wrong = append(wrong, "Required property group \""+pg.Name+"\" missing.")
			}
			continue
		}
		for _, p := range pg.Props {
			if why := p.violation(pgs[pg.Name].Props[p.Name]); why != "" {
				wrong = append(wrong, pg.Name+"/"+p.Name+": "+why)
			}
		}
	}
	if wrong == nil {
		return nil
	}
	for _, w := range wrong[:len(wrong)-1] {
		g.Errorf("%s: %s\n", g.where, w)
	}
	return g.die("%s", wrong[len(wrong)-1])
}

// violation says what of a property does not fit, or nothing.
func (p propPattern) violation(prop *property) string {
	switch {
	case prop == nil && p.Required:
		return "Required property missing."
	case prop == nil:
		return ""
	case p.Type != "" && prop.Type != p.Type:
		return "Property has type " + prop.Type + ", not " + p.Type + "."
	case uint64(len(prop.Values)) < limit(p.Min, 0) || uint64(len(prop.Values)) > limit(p.Max, math.MaxUint64):
		return fmt.Sprintf("Property has %d values.", len(prop.Values))
	}
	for _, v := range prop.Values {
		if len(p.Values)+len(p.Ranges) > 0 && !slices.Contains(p.Values, v) && !p.inRange(v) {
			return "Value \"" + v + "\" violates the constraints."
		}
	}
	return ""
}

func limit(text string, unset uint64) uint64 {
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return unset
	}
	return n
}

func (p propPattern) inRange(v string) bool {
	n, err := strconv.ParseInt(v, 10, 64)
	return err == nil && slices.ContainsFunc(p.Ranges, func(r []string) bool {
		least, err1 := strconv.ParseInt(r[0], 10, 64)
		most, err2 := strconv.ParseInt(r[1], 10, 64)
		return err1 == nil && err2 == nil && n >= least && n <= most
	})
}
