// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package cloudinit

import (
	"fmt"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"
)

// A value is one value of the document. Its text is as written, whatever YAML
// takes it for: a MAC address may look like a number to the base of 60, and a
// host name like one of many digits.
type value struct {
	*report
	path string
	node *yaml.Node // nil: there is none
	text string     // of a scalar
}

func newValue(r *report, path string, n *yaml.Node) value {
	v := value{report: r, path: path, node: follow(n)}
	if v.node != nil && v.node.Kind == yaml.ScalarNode {
		v.text = strings.TrimSpace(v.node.Value)
	}
	return v
}

// follow gives the node that an alias stands for.
func follow(n *yaml.Node) *yaml.Node {
	for n != nil && n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n
}

// empty says whether a value is null or an empty string, which counts as none.
func empty(n *yaml.Node) bool {
	return n == nil || n.Kind == yaml.ScalarNode && (n.ShortTag() == "!!null" || strings.TrimSpace(n.Value) == "")
}

// list gives the values of a list; any other value is a list of one.
func (v value) list() []value {
	if v.node == nil {
		return nil
	}
	if v.node.Kind != yaml.SequenceNode {
		return []value{v}
	}
	var list []value
	for i, n := range v.node.Content {
		list = append(list, newValue(v.report, fmt.Sprintf("%s[%d]", v.path, i), n))
	}
	return list
}

// words gives the words of a string, or of a list of strings, each with the
// path of its string.
func (v value) words() []value {
	var words []value
	for _, s := range v.list() {
		if s.node.Kind != yaml.ScalarNode {
			s.problem(s.path, "a string is expected")
			continue
		}
		if empty(s.node) {
			continue
		}
		for _, word := range strings.FieldsFunc(s.text, func(c rune) bool { return c == ',' || unicode.IsSpace(c) }) {
			words = append(words, value{report: v.report, path: s.path, node: s.node, text: word})
		}
	}
	return words
}

// table gives the map that a value is; an empty one for null.
func (v value) table() (*table, bool) {
	if empty(v.node) {
		return newTable(v.report, v.path, nil), true
	}
	if v.node.Kind != yaml.MappingNode {
		v.problem(v.path, "a map is expected")
		return newTable(v.report, v.path, nil), false
	}
	return newTable(v.report, v.path, v.node), true
}
