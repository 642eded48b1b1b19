// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package manifests_test

import (
	"encoding/xml"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A node is one element of a manifest.
type node struct {
	XMLName  xml.Name
	Attrs    []xml.Attr `xml:",any,attr"`
	Children []node     `xml:",any"`
	Text     string     `xml:",chardata"`
}

// attr gives an attribute's value, "" if it is absent.
func (n node) attr(name string) string {
	for _, a := range n.Attrs {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// all gives the children of one name.
func (n node) all(name string) []node {
	var found []node
	for _, c := range n.Children {
		if c.XMLName.Local == name {
			found = append(found, c)
		}
	}
	return found
}

// one gives the only child of that name, or an empty node.
func (n node) one(name string) node {
	if found := n.all(name); len(found) == 1 {
		return found[0]
	}
	return node{}
}

// An element says what service_bundle.dtd.1 allows in an element: its children
// in their order, as an expression over their names, each followed by a blank,
// and its attributes, required ones with an exclamation mark.
type element struct{ children, attrs string }

// schema is the part of service_bundle(5)'s DTD that our manifests may use:
// svccfg import refuses a whole file in which one element is out of order.
var schema = map[string]element{
	"service_bundle": {`service `, "type! name!"},
	"service": {`(create_default_instance )?(single_instance )?(dependency )*(dependent )*(method_context )?` +
		`(exec_method )*(property_group )*(instance )*(stability )?(template )?`, "name! version! type!"},
	"create_default_instance": {``, "enabled!"},
	"single_instance":         {``, ""},
	"dependency":              {`(service_fmri )*(stability )?`, "name! grouping! restart_on! type!"},
	"dependent":               {`service_fmri (stability )?`, "name! grouping! restart_on!"},
	"service_fmri":            {``, "value!"},
	"method_context":          {`(method_credential )?`, "working_directory"},
	"method_credential":       {``, "user! group privileges"},
	"exec_method":             {`(method_context )?(stability )?`, "type! name! exec! timeout_seconds!"},
	"property_group":          {`(stability )?((propval|property) )*`, "name! type!"},
	"propval":                 {``, "name! type! value!"},
	"stability":               {``, "value!"},
	"template":                {`common_name (description )?(documentation )?(pg_pattern )*`, ""},
	"common_name":             {`(loctext )+`, ""},
	"description":             {`(loctext )+`, ""},
	"units":                   {`(loctext )+`, ""},
	"loctext":                 {``, "lang!"},
	"documentation":           {`((doc_link|manpage) )*`, ""},
	"manpage":                 {``, "title! section! manpath"},
	"pg_pattern":              {`(common_name )?(description )?(prop_pattern )*`, "name type required target"},
	"prop_pattern": {`(common_name )?(description )?(units )?(visibility )?(cardinality )?` +
		`(internal_separators )?(values )?(constraints )?(choices )?`, "name! type required"},
	"visibility":  {``, "value!"},
	"cardinality": {``, "min max"},
	"constraints": {`(value )*(range )*`, ""},
	"value":       {``, "name!"},
	"range":       {``, "min! max!"},
}

// check gives everything in n that the schema does not allow.
func (n node) check() []string {
	name := n.XMLName.Local
	rule, ok := schema[name]
	if !ok {
		return []string{"element " + name + " is unknown"}
	}
	var wrong []string
	var order strings.Builder
	for _, c := range n.Children {
		order.WriteString(c.XMLName.Local + " ")
		wrong = append(wrong, c.check()...)
	}
	if !regexp.MustCompile(`^(?:` + rule.children + `)$`).MatchString(order.String()) {
		wrong = append(wrong, fmt.Sprintf("%s %s: children %q do not fit %q", name, n.attr("name"), order.String(), rule.children))
	}
	if len(n.Children) > 0 && strings.TrimSpace(n.Text) != "" {
		wrong = append(wrong, fmt.Sprintf("%s: text %q", name, n.Text))
	}
	allowed := strings.Fields(rule.attrs)
	for _, a := range n.Attrs {
		if !slices.Contains(allowed, a.Name.Local) && !slices.Contains(allowed, a.Name.Local+"!") {
			wrong = append(wrong, fmt.Sprintf("%s: attribute %s is unknown", name, a.Name.Local))
		}
	}
	for _, a := range allowed {
		if must, ok := strings.CutSuffix(a, "!"); ok && n.attr(must) == "" && must != "value" {
			wrong = append(wrong, fmt.Sprintf("%s: attribute %s is missing", name, must))
		}
	}
	return wrong
}

// parse reads one manifest.
func parse(data []byte) (node, error) {
	var n node
	return n, xml.Unmarshal(data, &n)
}

func TestManifestsFitTheDTD(t *testing.T) {
	for _, name := range services {
		for _, wrong := range load(t, name).check() {
			t.Errorf("%s.xml: %s", name, wrong)
		}
	}
}

// TestSchemaRefuses shows that the check above can fail.
func TestSchemaRefuses(t *testing.T) {
	data, err := os.ReadFile("network.xml")
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, old, new string }{
		{"order", "<single_instance/>", "<stability value='Stable'/><single_instance/>"},
		{"unknown element", "<single_instance/>", "<singleton/>"},
		{"unknown attribute", "restart_on='none' type='service'>", "restart_on='none' type='service' colour='red'>"},
		{"missing attribute", " timeout_seconds='60'", ""},
		{"text", "<single_instance/>", "<single_instance/>stray"},
		{"two targets", "<service_fmri value='svc:/network/initial'/>",
			"<service_fmri value='svc:/network/initial'/><service_fmri value='svc:/network/service'/>"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			broken := strings.Replace(string(data), tt.old, tt.new, 1)
			n, err := parse([]byte(broken))
			if broken == string(data) || err != nil {
				t.Fatalf("replacing %q: %v", tt.old, err)
			}
			if n.check() == nil {
				t.Error("accepted")
			}
		})
	}
}

// TestXMLLint validates against the DTD itself, where it and xmllint are there.
func TestXMLLint(t *testing.T) {
	dtd := "/usr/share/lib/xml/dtd/service_bundle.dtd.1"
	if _, err := os.Stat(dtd); err != nil {
		dtd = "../../shared/dtd/service_bundle.dtd.1"
	}
	if _, err := os.Stat(dtd); err != nil {
		skip(t, "service_bundle.dtd.1 is not here")
	}
	xmllint, err := exec.LookPath("xmllint")
	if err != nil {
		skip(t, "xmllint is not installed")
	}
	files, err := filepath.Glob("*.xml")
	if err != nil || len(files) != len(services) {
		t.Fatalf("manifests %v, %v", files, err)
	}
	args := append([]string{"--noout", "--nonet", "--path", filepath.Dir(dtd), "--dtdvalid", dtd}, files...)
	if out, err := exec.Command(xmllint, args...).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// skip leaves a test out, but never in CI.
func skip(t *testing.T, why string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatal(why)
	}
	t.Skip(why)
}
