// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

// Package cloudinit reads the formats that came with cloud-init and that many
// sources share: network-config in its versions 1 and 2, in YAML or JSON, and of
// cloud-config the host name and the keys. It is pure: bytes in, values out. Whether the values can be true is for
// metadata.Instance.Validate; what they do to a guest, for services/network.
//
// One wrong item costs that item. What is unknown, or has no counterpart on
// illumos, is a warning that names its path, e.g. ethernets.eth0.wakeonlan.
//
// The formats are those of cloud-init's network-config-format-v1.rst and
// network-config-format-v2.rst. Not said there, and chosen:
//   - A version 1 item with a MAC address is found by that alone; its name is
//     what the document calls it, and no link is renamed.
//   - A link that is to be brought up by hand (control: manual) is brought up
//     all the same, but the boot does not wait for it.
//   - A route of another routing table is left out: illumos has one.
//   - A version 2 route to an address without prefix length is a host route.
package cloudinit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"

	"go.yaml.in/yaml/v3"

	"illumos-metadata/common/metadata"
)

// What a document may hold. An alias counts each time it is used, so that a few
// lines of aliases of aliases cannot become millions of addresses.
const (
	maxSize    = 1 << 20
	maxWeight  = 4 << 20 // of the values: the length of each and nodeWeight
	nodeWeight = 16
	maxDepth   = 50
	maxReports = 50 // problems, and warnings, that are named one by one
)

// ParseNetworkConfig reads a network-config document. It fails only where
// nothing can be read of it; every problem and warning begins with the path of
// its item. An empty document asks for nothing, and "config: disabled" for the
// network to be left alone.
func ParseNetworkConfig(doc []byte) (n metadata.Network, problems, warnings []string, err error) {
	r := &report{}
	root, err := read(doc, r)
	if err != nil || root == nil {
		return metadata.Network{}, nil, r.warnings, err
	}
	return r.networkConfig(root)
}

// ParseNetworkNode is ParseNetworkConfig for a network-config that is a value in
// another document.
func ParseNetworkNode(node *yaml.Node) (n metadata.Network, problems, warnings []string, err error) {
	r, weight := &report{}, maxWeight
	if err := weigh(node, maxDepth, &weight); err != nil {
		return metadata.Network{}, nil, nil, err
	}
	root := follow(node)
	if empty(root) {
		return metadata.Network{}, nil, nil, nil
	}
	return r.networkConfig(root)
}

// networkConfig reads the top node of a document.
func (r *report) networkConfig(root *yaml.Node) (n metadata.Network, problems, warnings []string, err error) {
	if root.Kind != yaml.MappingNode {
		return metadata.Network{}, nil, nil, errors.New("not a map")
	}
	t := newTable(r, "", root)
	if t.values["network"] != nil {
		inner, ok := t.sub("network")
		t.done()
		if !ok {
			return metadata.Network{}, nil, nil, errors.New("network: not a map")
		}
		t = inner
		t.path = "" // the same paths in both shapes
	}
	if err := t.network(&n); err != nil {
		return metadata.Network{}, nil, nil, err
	}
	return n, capped(r.problems, "problems"), capped(r.warnings, "warnings"), nil
}

// read gives the document's top node, nil for an empty one, with aliases that
// are safe to follow.
func read(doc []byte, r *report) (*yaml.Node, error) {
	if len(doc) > maxSize {
		return nil, fmt.Errorf("%d bytes: at most %d are read", len(doc), maxSize)
	}
	var node, second yaml.Node
	d := yaml.NewDecoder(bytes.NewReader(unescape(doc)))
	if err := d.Decode(&node); errors.Is(err, io.EOF) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	if err := d.Decode(&second); !errors.Is(err, io.EOF) {
		r.warn("---", "only the first of several YAML documents is read")
	}
	weight := maxWeight
	if err := weigh(&node, maxDepth, &weight); err != nil {
		return nil, err
	}
	if root := follow(node.Content[0]); !empty(root) {
		return root, nil
	}
	return nil, nil
}

var escape = regexp.MustCompile(`(?s)\\.`)

// unescape writes the one escape of JSON that the YAML module does not know,
// \/, as the slash that it is. Some JSON writers use it for every slash.
func unescape(doc []byte) []byte {
	if !json.Valid(bytes.TrimPrefix(doc, []byte("\ufeff"))) {
		return doc
	}
	return escape.ReplaceAllFunc(doc, func(pair []byte) []byte {
		if pair[1] == '/' {
			return pair[1:]
		}
		return pair
	})
}

// weigh fails where the values below n, aliases followed, are too many, too
// long, or nested too deeply; an alias of its own anchor is endlessly deep.
func weigh(n *yaml.Node, depth int, left *int) error {
	if *left -= nodeWeight + len(n.Value); *left < 0 {
		return errors.New("too many values, with each alias counted where it is used")
	}
	if depth == 0 {
		return fmt.Errorf("nested more than %d deep", maxDepth)
	}
	if n.Kind == yaml.AliasNode {
		return weigh(n.Alias, depth-1, left)
	}
	for _, c := range n.Content {
		if err := weigh(c, depth-1, left); err != nil {
			return err
		}
	}
	return nil
}

// network reads the map that names the version.
func (t *table) network(n *metadata.Network) error {
	if newValue(t.report, "", t.values["config"]).text == "disabled" {
		n.Skip = true
		return nil
	}
	version := t.text("version")
	if version == "" {
		version = t.guess()
	}
	switch version {
	case "1":
		readV1(t, n)
	case "2":
		readV2(t, n)
	case "":
		if len(t.keys) == 0 {
			return nil
		}
		return errors.New("neither version 1 nor version 2")
	default:
		return fmt.Errorf("version %.20q: only 1 and 2 are known", version)
	}
	return nil
}

// guess finds the version of a document that does not name it.
func (t *table) guess() string {
	version := ""
	switch {
	case t.has("config"):
		version = "1"
	case t.has("ethernets"), t.has("bonds"), t.has("bridges"), t.has("vlans"):
		version = "2"
	default:
		return ""
	}
	t.warn("version", "missing, taken for %s", version)
	return version
}
