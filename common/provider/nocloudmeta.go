// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf16"

	"go.yaml.in/yaml/v3"

	"illumos-metadata/common/metadata"
)

const maxIDSize = 256

// metaData is what NoCloud's meta-data says.
type metaData struct {
	id, hostname string
	mode         string // dsmode
	from         string // seedfrom
	keys         []metadata.Key
	problems     []string // of the keys, at most maxUnknown
	warnings     []string
}

// parseMetaData reads a meta-data document, YAML or JSON, as lenient as
// cloud-init is: an instance ID may be a number, the keys a string, a list or a
// map of either (row D4). It may be empty. Keys of the document that are not
// known are for other agents.
func parseMetaData(doc []byte) (metaData, error) {
	fields, err := yamlFields(doc)
	if err != nil {
		return metaData{}, err
	}
	return readMetaData(fields), nil
}

// readMetaData reads the values of such a document.
func readMetaData(fields map[string]*yaml.Node) metaData {
	var m metaData
	text := func(name string) string {
		n := fields[name]
		if n == nil {
			return ""
		}
		if n.Kind != yaml.ScalarNode {
			m.warnings = append(m.warnings, name+" is ignored: it is no text")
			return ""
		}
		return scalar(n)
	}
	if m.id = text("instance-id"); len(m.id) > maxIDSize {
		m.warnings = append(m.warnings, fmt.Sprintf("instance-id is ignored: it has %d bytes, and %d are the most", len(m.id), maxIDSize))
		m.id = ""
	}
	local, name := text("local-hostname"), text("hostname")
	if m.hostname = local; local == "" {
		m.hostname = name
	}
	switch m.mode = text("dsmode"); m.mode {
	case "", "local", "net", "disabled":
	default:
		m.warnings = append(m.warnings, fmt.Sprintf("dsmode %.60q is ignored: local, net or disabled expected", m.mode))
	}
	m.from = text("seedfrom")
	if text("network-interfaces") != "" {
		m.warnings = append(m.warnings, "network-interfaces is ignored: it is not supported")
	}
	if keys := fields["public-keys"]; keys != nil {
		m.addKeys(keys, "public-keys", 2)
	}
	return m
}

// over gives what two documents say, the values of the first one first.
func (m metaData) over(other metaData) metaData {
	m.id, m.hostname = cmp.Or(m.id, other.id), cmp.Or(m.hostname, other.hostname)
	if len(m.keys) == 0 && len(m.problems) == 0 {
		m.keys = other.keys
		m.problems = other.problems
	}
	m.warnings = append(m.warnings, other.warnings...)
	return m
}

// yamlFields gives the values of a document that is a map, by their names. Of a
// name that comes twice the last one counts, as for the YAML reader of
// cloud-init.
func yamlFields(doc []byte) (map[string]*yaml.Node, error) {
	doc = bytes.ToValidUTF8(doc, []byte("\uFFFD"))
	if json.Valid(doc) {
		doc = yamlOf(doc)
	}
	var node yaml.Node
	if err := yaml.Unmarshal(doc, &node); err != nil {
		return nil, fmt.Errorf("%.200s", err)
	}
	if node.Kind == 0 {
		return nil, nil
	}
	top := node.Content[0]
	switch {
	case top.Kind == yaml.ScalarNode && scalar(top) == "":
		return nil, nil
	case top.Kind != yaml.MappingNode:
		return nil, errors.New("it is not a map of names to values")
	}
	fields := map[string]*yaml.Node{}
	for i := 0; i+1 < len(top.Content); i += 2 {
		fields[top.Content[i].Value] = top.Content[i+1]
	}
	return fields, nil
}

// escape is an escape sequence of JSON, a pair of surrogates in one piece.
var escape = regexp.MustCompile(`\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|.)`)

// yamlOf writes JSON as YAML, which is the same but for two escapes: its reader
// knows neither \/ nor pairs of surrogates (RFC 8259 section 7).
func yamlOf(doc []byte) []byte {
	return escape.ReplaceAllFunc(doc, func(e []byte) []byte {
		if string(e) == `\/` {
			return []byte("/")
		}
		if len(e) < len(`\ud83d\ude00`) {
			return e
		}
		high, _ := strconv.ParseUint(string(e[2:6]), 16, 16)
		low, _ := strconv.ParseUint(string(e[8:]), 16, 16)
		return fmt.Appendf(nil, `\U%08x`, utf16.DecodeRune(rune(high), rune(low)))
	})
}

// scalar gives a value as it is written: a number keeps its zeros.
func scalar(n *yaml.Node) string {
	if n.ShortTag() == "!!null" {
		return ""
	}
	return strings.TrimSpace(n.Value)
}

// addKeys takes all keys below a value: of a text every line, of a list or map
// all that is in it, two levels deep. An alias is not followed: nobody writes
// one, and a few of them can mean millions of keys.
func (m *metaData) addKeys(n *yaml.Node, path string, levels int) {
	switch {
	case n.Kind == yaml.ScalarNode:
		m.keys = append(m.keys, keyLines([]byte(scalar(n)))...)
	case n.Kind == yaml.SequenceNode && levels > 0:
		for i, item := range n.Content {
			m.addKeys(item, fmt.Sprintf("%s[%d]", path, i), levels-1)
		}
	case n.Kind == yaml.MappingNode && levels > 0:
		for i := 0; i+1 < len(n.Content); i += 2 {
			m.addKeys(n.Content[i+1], fmt.Sprintf("%s.%.60s", path, n.Content[i].Value), levels-1)
		}
	case len(m.problems) < maxUnknown:
		m.problems = append(m.problems, path+": not a key")
	}
}
