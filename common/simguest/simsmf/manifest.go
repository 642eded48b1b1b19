// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simsmf

import (
	"encoding/xml"
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// A node is one element of a manifest.
type node struct {
	XMLName  xml.Name
	Attrs    []xml.Attr `xml:",any,attr"`
	Children []node     `xml:",any"`
	Text     string     `xml:",chardata"`
}

// lookup gives an attribute's value, and whether it is there.
func (n *node) lookup(name string) (string, bool) {
	for _, a := range n.Attrs {
		if a.Name.Local == name {
			return a.Value, true
		}
	}
	return "", false
}

// attr gives an attribute's value, "" if it is absent.
func (n *node) attr(name string) string {
	v, _ := n.lookup(name)
	return v
}

// all gives the children of one name.
func (n *node) all(name string) []*node {
	var found []*node
	for i := range n.Children {
		if n.Children[i].XMLName.Local == name {
			found = append(found, &n.Children[i])
		}
	}
	return found
}

// one gives the first child of that name, or an empty node.
func (n *node) one(name string) *node {
	if found := n.all(name); len(found) > 0 {
		return found[0]
	}
	return &node{}
}

// doctype is the declaration of a manifest's DTD.
var doctype = regexp.MustCompile(`<!DOCTYPE\s+service_bundle\s+SYSTEM\s+["'](/usr/share/lib/xml/dtd/service_bundle\.dtd\.1)["']`)

// A saying is an error in svccfg's own words.
type saying string

func (s saying) Error() string { return string(s) }

func sayf(format string, args ...any) error { return saying(fmt.Sprintf(format, args...)) }

// What svccfg says of a document that the DTD refuses, or that is no XML; the
// reason is joined to it.
const (
	errInvalid = saying("Document is not valid.")
	errNoXML   = saying("couldn't parse document.")
)

// parseManifest reads a manifest as lxml_get_bundle_file (svccfg_xml.c) does:
// it always validates. Not known, and chosen: the texts for a document that is
// no XML, or has no declaration.
func parseManifest(data []byte) (*node, error) {
	var root node
	if err := xml.Unmarshal(data, &root); err != nil {
		return nil, errors.Join(errNoXML, err)
	}
	if !doctype.Match(data) {
		return nil, errors.Join(errInvalid, errors.New("no DTD found"))
	}
	if root.XMLName.Local != "service_bundle" {
		return nil, errors.Join(errInvalid, errors.New("root and DTD name do not match"))
	}
	if err := root.check(); err != nil {
		return nil, errors.Join(errInvalid, err)
	}
	return &root, nil
}

// firstLine gives what svccfg itself says of an error of parseManifest.
func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}

// A template is what svccfg describe and svcs show of a service's template.
type template struct {
	CommonName  string      `json:"common_name"`
	Description string      `json:"description,omitempty"`
	Manpages    []manpage   `json:"manpages,omitempty"`
	Links       []string    `json:"links,omitempty"`
	Groups      []pgPattern `json:"groups,omitempty"`
}

type manpage struct{ Title, Section, Path string }

// A pgPattern describes a property group.
type pgPattern struct {
	Name        string        `json:"name"`
	Type        string        `json:"type"`
	Target      string        `json:"target"`
	Required    bool          `json:"required"`
	Description string        `json:"description,omitempty"`
	Props       []propPattern `json:"props,omitempty"`
}

// A propPattern describes a property. Not simulated: values with names of
// their own, choices and separators.
type propPattern struct {
	Name        string     `json:"name"`
	Type        string     `json:"type"`
	Required    bool       `json:"required"`
	Description string     `json:"description,omitempty"`
	Units       string     `json:"units,omitempty"`
	Visibility  string     `json:"visibility,omitempty"`
	Min         string     `json:"min,omitempty"`
	Max         string     `json:"max,omitempty"`
	Values      []string   `json:"values,omitempty"`
	Ranges      [][]string `json:"ranges,omitempty"`
}

// text gives the text of a common_name, description or units in one line. Not
// known, and chosen: what the real one keeps of the white space.
func (n *node) text() string { return strings.Join(strings.Fields(n.one("loctext").Text), " ") }

func (n *node) template() *template {
	t := &template{CommonName: n.one("common_name").text(), Description: n.one("description").text()}
	for _, m := range n.one("documentation").all("manpage") {
		t.Manpages = append(t.Manpages, manpage{m.attr("title"), m.attr("section"), m.attr("manpath")})
	}
	for _, l := range n.one("documentation").all("doc_link") {
		t.Links = append(t.Links, l.attr("uri"))
	}
	for _, g := range n.all("pg_pattern") {
		p := pgPattern{Name: g.attr("name"), Type: g.attr("type"), Target: g.attr("target"),
			Required: g.attr("required") == "true", Description: g.one("description").text()}
		for _, pp := range g.all("prop_pattern") {
			p.Props = append(p.Props, pp.propPattern())
		}
		t.Groups = append(t.Groups, p)
	}
	return t
}

func (n *node) propPattern() propPattern {
	c := n.one("constraints")
	p := propPattern{Name: n.attr("name"), Type: n.attr("type"), Required: n.attr("required") == "true",
		Description: n.one("description").text(), Units: n.one("units").text(), Visibility: n.one("visibility").attr("value"),
		Min: n.one("cardinality").attr("min"), Max: n.one("cardinality").attr("max")}
	for _, v := range c.all("value") {
		p.Values = append(p.Values, v.attr("name"))
	}
	for _, r := range c.all("range") {
		p.Ranges = append(p.Ranges, []string{r.attr("min"), r.attr("max")})
	}
	return p
}
