// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simsmf

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// An element says what service_bundle.dtd.1 (cmd/svc/dtd) allows in an element:
// its children in their order, as an expression over their names, each followed
// by a blank, and its attributes: a required one with an exclamation mark, one
// with a fixed set of values with a colon and these.
type element struct{ children, attrs string }

// schema is the whole of service_bundle(5)'s DTD for manifests but xi:include.
var schema = map[string]element{
	"service_bundle": {`((service_bundle )*|(service )*)`, "type!:manifest|profile|archive name!"},
	"service": {`(create_default_instance )?(single_instance )?` + entityChildren +
		`(instance )*(stability )?(template )?`, "name! version! type!:service|restarter|milestone"},
	"create_default_instance": {``, "enabled!:true|false"},
	"single_instance":         {``, ""},
	"instance":                {entityChildren + `(template )?`, "name! enabled!:true|false"},
	"restarter":               {`service_fmri `, ""},
	"dependency":              {`(service_fmri )*` + propChildren, "name! " + grouping + " type! delete:true|false"},
	"dependent":               {`service_fmri ` + propChildren, "name! " + grouping + " delete:true|false override:true|false"},
	"service_fmri":            {``, "value!"},
	"exec_method":             {`(method_context )?` + propChildren, "type!:method|monitor name! exec! timeout_seconds! delete:true|false"},
	"method_context": {`((method_profile |method_credential ))?(method_environment )?`,
		"working_directory project resource_pool security_flags"},
	"method_profile":          {``, "name!"},
	"method_credential":       {``, "user! group supp_groups privileges limit_privileges"},
	"method_environment":      {`(envvar )+`, ""},
	"envvar":                  {``, "name! value!"},
	"notification_parameters": {`event (type )+`, ""},
	"event":                   {``, "value!"},
	"type":                    {`((parameter )|(paramval ))*`, "name! active:true|false"},
	"parameter":               {`(value_node )*`, "name!"},
	"paramval":                {``, "name! value!"},
	"property_group":          {propChildren, "name! type! delete:true|false"},
	"property":                {`(` + lists() + `)?`, "name! type!:" + strings.Join(valueTypes, "|") + " override:true|false"},
	"propval":                 {``, "name! type!:" + strings.Join(valueTypes, "|") + " value! override:true|false"},
	"value_node":              {``, "value!"},
	"stability":               {``, "value!:Standard|Stable|Evolving|Unstable|External|Obsolete"},
	"template":                {`common_name (description )?(documentation )?(pg_pattern )*`, ""},
	"common_name":             {`(loctext )+`, ""},
	"description":             {`(loctext )+`, ""},
	"units":                   {`(loctext )+`, ""},
	"loctext":                 {``, "lang!"},
	"documentation":           {`((doc_link |manpage ))*`, ""},
	"doc_link":                {``, "name! uri!"},
	"manpage":                 {``, "title! section! manpath"},
	"pg_pattern": {`(common_name )?(description )?(prop_pattern )*`,
		"name type required:true|false target:this|instance|delegate|all"},
	"prop_pattern": {`(common_name )?(description )?(units )?(visibility )?(cardinality )?` +
		`(internal_separators )?(values )?(constraints )?(choices )?`,
		"name! type:" + strings.Join(valueTypes, "|") + " required:true|false"},
	"visibility":          {``, "value!:hidden|readonly|readwrite"},
	"cardinality":         {``, "min max"},
	"internal_separators": {``, ""},
	"values":              {`(value )+`, ""},
	"value":               {`(common_name )?(description )?`, "name!"},
	"constraints":         {`(value )*(range )*`, ""},
	"choices":             {`(value )*(range )*(include_values )*`, ""},
	"range":               {``, "min! max!"},
	"include_values":      {``, "type!:constraints|values"},
}

const (
	entityChildren = `(restarter )?(dependency )*(dependent )*(method_context )?` +
		`(exec_method )*(notification_parameters )*(property_group )*`
	propChildren = `(stability )?((propval |property ))*`
	grouping     = "grouping!:require_all|require_any|exclude_all|optional_all restart_on!:error|restart|refresh|none"
)

// withText are the elements with text in them.
var withText = []string{"loctext", "internal_separators"}

// lists gives the names of all value lists.
func lists() string {
	var names []string
	for _, t := range valueTypes {
		names = append(names, t+"_list ")
	}
	return strings.Join(names, "|")
}

// check gives the first thing in n that the DTD does not allow. svccfg says
// only "Document is not valid."; what libxml2 prints before that has another
// form than these.
func (n *node) check() error {
	name := n.XMLName.Local
	rule, ok := schema[name]
	if t, isList := strings.CutSuffix(name, "_list"); isList && slices.Contains(valueTypes, t) {
		rule, ok = element{`(value_node )+`, ""}, true
	}
	if !ok {
		return fmt.Errorf("no declaration for element %s", name)
	}
	var order strings.Builder
	for i := range n.Children {
		order.WriteString(n.Children[i].XMLName.Local + " ")
		if err := n.Children[i].check(); err != nil {
			return err
		}
	}
	if !regexp.MustCompile(`^(?:` + rule.children + `)$`).MatchString(order.String()) {
		return fmt.Errorf("element %s content does not follow the DTD, got (%s)", name, strings.TrimSpace(order.String()))
	}
	if strings.TrimSpace(n.Text) != "" && !slices.Contains(withText, name) {
		return fmt.Errorf("element %s content does not follow the DTD, got text", name)
	}
	return n.checkAttrs(name, rule.attrs)
}

func (n *node) checkAttrs(name, rule string) error {
	known := map[string]bool{}
	for _, word := range strings.Fields(rule) {
		attr, values, fixed := strings.Cut(word, ":")
		attr, required := strings.CutSuffix(attr, "!")
		known[attr] = true
		value, given := n.lookup(attr)
		if required && !given {
			return fmt.Errorf("element %s does not carry attribute %s", name, attr)
		}
		if given && fixed && !slices.Contains(strings.Split(values, "|"), value) {
			return fmt.Errorf("value %q for attribute %s of %s is not among the enumerated set", value, attr, name)
		}
	}
	for _, a := range n.Attrs {
		if !known[a.Name.Local] {
			return fmt.Errorf("no declaration for attribute %s of element %s", a.Name.Local, name)
		}
	}
	return nil
}
