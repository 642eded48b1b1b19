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

// setprop is lscf_setprop: setprop pg/name = [type:] value, or ( values ).
func (g *config) setprop(words []word) error {
	if len(words) < 3 || words[0].special || !words[1].special || words[1].text != "=" {
		return g.syntax()
	}
	rest := words[2:]
	kind := ""
	list := rest[len(rest)-1].text == ")" && rest[len(rest)-1].special
	if last := len(rest) - 1; !list && last > 1 || !list && rest[last].special {
		return g.syntax()
	}
	if !rest[0].special && len(rest) > 1 {
		kind, rest = unquote(rest[0].text), rest[1:]
	}
	var values []string
	if list {
		if rest[0].text != "(" || !rest[0].special {
			return g.syntax()
		}
		rest = rest[1 : len(rest)-1]
	}
	for _, w := range rest {
		if w.special {
			return g.syntax()
		}
		values = append(values, w.text)
	}
	return g.set(unquote(words[0].text), kind, values, list)
}

// place takes the name of a property apart, and finds its group.
func (g *config) place(name string) (pg *group, prop string, err error) {
	pgs, err := g.selected()
	if err != nil {
		return nil, "", err
	}
	group, prop, ok := strings.Cut(name, "/")
	if !ok {
		return nil, "", g.die("Property names must contain a `/'.")
	}
	if !validName(group) {
		return nil, "", g.die("Invalid property group name \"%s\".", group)
	}
	if pgs[group] == nil {
		return nil, "", g.die("No such property group \"%s\".", group)
	}
	if !validName(prop) {
		return nil, "", g.die("Invalid property name \"%s\".", prop)
	}
	return pgs[group], prop, nil
}

// kind checks a type with its colon.
func (g *config) kind(text string) (string, error) {
	kind, colon := strings.CutSuffix(text, ":")
	if !colon || !slices.Contains(valueTypes, kind) {
		return "", g.die("Unknown type \"%s\".", text)
	}
	return kind, nil
}

func (g *config) set(name, kindText string, values []string, list bool) error {
	if g.at == nil {
		return g.die("An entity is not selected.")
	}
	if !strings.Contains(name, "/") {
		return g.die("Property names must contain a `/'.")
	}
	kind := ""
	if kindText != "" {
		var err error
		if kind, err = g.kind(kindText); err != nil {
			return err
		}
	}
	pg, prop, err := g.place(name)
	if err != nil {
		return err
	}
	if kind == "" {
		if kind = g.infer(pg, name, prop); kind == "" {
			return g.die("Type required for new properties.")
		}
	}
	stored := []string{}
	for _, v := range values {
		v, err := g.value(v, kind, list && (kind == "astring" || kind == "ustring"))
		if err != nil {
			return err
		}
		stored = append(stored, v)
	}
	pg.set(prop, kind, stored...)
	g.changed(name)
	return nil
}

// infer gives the type of a property that has one already: here, in the
// service, or in the template.
func (g *config) infer(pg *group, name, prop string) string {
	if p := pg.Props[prop]; p != nil {
		return p.Type
	}
	s := g.repo.Services[g.at.service]
	group, _, _ := strings.Cut(name, "/")
	if above := s.Groups[group]; g.at.instance != "" && above != nil && above.Props[prop] != nil {
		return above.Props[prop].Type
	}
	if p := s.Template.prop(group, prop); p != nil {
		return p.Type
	}
	return ""
}

// value is string_to_value.
func (g *config) value(text, kind string, quoted bool) (string, error) {
	if quoted && (len(text) < 2 || text[0] != '"') {
		return "", g.die("Multiple string values or string values with spaces must be quoted with '\"'.")
	}
	v := unquote(text)
	if !typed(kind, v) {
		return "", g.die("Invalid \"%s\" value \"%s\".", kind, v)
	}
	return canonical(kind, v), nil
}

// changed notes that a property is not as it was. svc.startd looks at
// general/enabled by itself.
func (g *config) changed(name string) {
	g.stored = true
	if name == "general/enabled" && g.at.instance != "" {
		g.poke = append(g.poke, "enabled "+g.at.String())
	}
}

func (g *config) addpg(args []string) error {
	pgs, err := g.selected()
	if err != nil {
		return err
	}
	volatile := false
	if len(args) == 3 {
		for _, c := range args[2] {
			if c != 'P' && c != 'p' {
				return g.die("Invalid property group flag %c.", c)
			}
			volatile = c == 'P'
		}
	}
	switch {
	case !validName(args[0]) || !validName(args[1]):
		return g.die("Name, type, or flags are invalid.")
	case pgs[args[0]] != nil:
		return g.die("Property group already exists.")
	}
	pgs[args[0]] = &group{Type: args[1], Volatile: volatile, Props: map[string]*property{}}
	g.stored = true
	return nil
}

// delprop deletes a property or a whole group.
func (g *config) delprop(args []string) error {
	pgs, err := g.selected()
	if err != nil {
		return err
	}
	name, prop, one := strings.Cut(args[0], "/")
	switch pg := pgs[name]; {
	case pg == nil:
		return g.die("No such property group \"%s\".", name)
	case !one:
		delete(pgs, name)
	case pg.Props[prop] == nil:
		return g.die("No such property %s/%s.", name, prop)
	default:
		delete(pg.Props, prop)
	}
	g.changed(args[0])
	return nil
}

// addValue is addpropvalue pg/name [type:] value.
func (g *config) addValue(args []string) error {
	kind := ""
	if len(args) == 3 {
		var err error
		if kind, err = g.kind(args[1]); err != nil {
			return err
		}
	}
	pg, prop, err := g.place(args[0])
	if err != nil {
		return err
	}
	p := pg.Props[prop]
	switch {
	case p == nil && kind == "":
		return g.die("Type required for new properties.")
	case p == nil:
		p = &property{Type: kind}
	case kind != "" && kind != p.Type:
		return g.die("Property \"%s\" is not of type \"%s:\".", prop, kind)
	}
	v, err := g.value(args[len(args)-1], p.Type, false)
	if err != nil {
		return err
	}
	pg.set(prop, p.Type, append(p.Values, v)...)
	g.changed(args[0])
	return nil
}

// delValue is delpropvalue pg/name glob.
func (g *config) delValue(args []string) error {
	pg, prop, err := g.place(args[0])
	if err != nil {
		return err
	}
	p := pg.Props[prop]
	if p == nil {
		return g.die("No such property %s.", args[0])
	}
	p.Values = slices.DeleteFunc(p.Values, func(v string) bool { return fnmatch(args[1], v) })
	g.changed(args[0])
	return nil
}

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
