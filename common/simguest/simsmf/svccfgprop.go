// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simsmf

import (
	"slices"
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
