// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package cloudinit

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"
)

// A report collects what is wrong with a document and what of it is ignored.
type report struct{ problems, warnings []string }

func (r *report) problem(path, format string, args ...any) {
	r.problems = append(r.problems, path+": "+fmt.Sprintf(format, args...))
}

func (r *report) warn(path, format string, args ...any) {
	r.warnings = append(r.warnings, path+": "+fmt.Sprintf(format, args...))
}

// capped keeps a document full of nonsense from becoming a log full of it.
func capped(lines []string, what string) []string {
	if more := len(lines) - maxReports; more > 0 {
		return append(lines[:maxReports:maxReports], fmt.Sprintf("…: %d more %s", more, what))
	}
	return lines
}

// A table is one map of the document. Whoever reads it asks for its values by
// key, and calls done in the end, which reports the keys that nobody asked for.
type table struct {
	*report
	path   string
	keys   []string // in the document's order
	values map[string]*yaml.Node
	asked  map[string]bool
}

func newTable(r *report, path string, n *yaml.Node) *table {
	t := &table{report: r, path: path, values: map[string]*yaml.Node{}, asked: map[string]bool{}}
	if n != nil {
		t.fill(n)
	}
	return t
}

// fill enters the keys of a map, and then those that its merge keys (<<) bring
// and that are not there yet. Of a key that is there twice the last one counts,
// as everywhere but in a strict reader.
func (t *table) fill(n *yaml.Node) {
	var merged []*yaml.Node
	own := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, node := follow(n.Content[i]), n.Content[i+1]
		switch {
		case key.Kind != yaml.ScalarNode:
			t.warn(t.path+"[…]", "ignored: its key is no string")
			continue
		case key.ShortTag() == "!!merge":
			merged = append(merged, node)
			continue
		case own[key.Value]:
			t.warn(t.at(key.Value), "there twice, the last one counts")
		case t.values[key.Value] != nil:
			continue // from a merge: what is there already counts
		default:
			t.keys = append(t.keys, key.Value)
		}
		own[key.Value] = true
		t.values[key.Value] = node
	}
	for _, m := range merged {
		for _, v := range newValue(t.report, t.path+".<<", m).list() {
			if v.node.Kind == yaml.MappingNode {
				t.fill(v.node)
			} else {
				t.warn(v.path, "ignored: not a map")
			}
		}
	}
}

// at gives the path of a key.
func (t *table) at(key string) string {
	if key == "" || len(key) > 60 || strings.ContainsFunc(key, func(c rune) bool { return c <= ' ' || c == '"' || !unicode.IsPrint(c) }) {
		key = fmt.Sprintf("%.60q", key)
	}
	if t.path == "" {
		return key
	}
	return t.path + "." + key
}

// has says whether there is a value.
func (t *table) has(key string) bool { return !empty(follow(t.values[key])) }

// value takes the value of a key.
func (t *table) value(key string) value {
	t.asked[key] = true
	if !t.has(key) {
		return value{report: t.report, path: t.at(key)}
	}
	return newValue(t.report, t.at(key), t.values[key])
}

// sub takes a map; an empty one where there is none.
func (t *table) sub(key string) (*table, bool) { return t.value(key).table() }

// tables takes a list of maps; what is none is reported.
func (t *table) tables(key string) []*table {
	var tables []*table
	for _, v := range t.value(key).list() {
		if sub, ok := v.table(); ok {
			tables = append(tables, sub)
		}
	}
	return tables
}

// text takes a string or a number; "" where there is none.
func (t *table) text(key string) string {
	v := t.value(key)
	if v.node != nil && v.node.Kind != yaml.ScalarNode {
		t.problem(v.path, "a string is expected")
	}
	return v.text
}

// need is text for what has to be there.
func (t *table) need(key string) (string, bool) {
	if !t.has(key) {
		t.problem(t.at(key), "missing")
		return "", false
	}
	text := t.text(key)
	return text, text != ""
}

// number takes a whole number that is not negative.
func (t *table) number(key string) (int, bool) {
	text := t.text(key)
	if text == "" {
		return 0, false
	}
	n, err := strconv.ParseUint(text, 10, 32)
	if err != nil {
		t.problem(t.at(key), "%.60q is no whole number", text)
	}
	return int(n), err == nil
}

// flag takes a truth value, in YAML's older words as well.
func (t *table) flag(key string) (set, ok bool) {
	switch text := t.text(key); strings.ToLower(text) {
	case "":
		return false, false
	case "true", "yes", "on", "1":
		return true, true
	case "false", "no", "off", "0":
		return false, true
	default:
		t.problem(t.at(key), "%.60q is neither true nor false", text)
		return false, false
	}
}

// rest gives the keys that nobody asked for.
func (t *table) rest() []string {
	var rest []string
	for _, key := range t.keys {
		if !t.asked[key] && t.has(key) {
			rest = append(rest, key)
		}
	}
	return rest
}

// done reports what nobody asked for.
func (t *table) done() {
	for _, key := range t.rest() {
		t.warn(t.at(key), "ignored")
	}
}
