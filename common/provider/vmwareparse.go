// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	"illumos-metadata/common/cloudinit"
	"illumos-metadata/common/metadata"
)

// maxInfo is the greatest size of metadata and of the network in it, decoded.
const maxInfo = 1 << 20

// infoLimits are the greatest sizes of the values, decoded.
var infoLimits = map[string]int{infoMeta: maxInfo, infoUser: maxUserData}

// infoKeys are the names that metadata can have its keys under; the first counts
// (DataSourceVMware.py, get_public_ssh_keys).
var infoKeys = []string{"public-keys-data", "public_keys_data", "public-keys", "public_keys"}

// parseVMware gives what the values of a VMware host say. What is wrong costs its
// own value and no other; only without metadata that can be read, where there is
// some, there is none: the instance ID is in it, and without that each such boot
// would look like another instance's first one.
func parseVMware(docs Documents) (*metadata.Instance, error) {
	meta, err := infoValue(docs, infoMeta)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", infoMeta, err)
	}
	fields, err := yamlFields(meta)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", infoMeta, err)
	}
	m := readMetaData(infoFields(fields))
	in := &metadata.Instance{ID: m.id, Hostname: m.hostname, Keys: m.keys}
	warn := func(key, what string) {
		in.Warnings = append(in.Warnings, fmt.Sprintf("%s: %s: %s", docs.Place, key, what))
	}
	problem := func(item, key, why string) {
		in.Problems = append(in.Problems, metadata.Problem{
			Item: item, Reason: fmt.Sprintf("%s %s: %s: %s", vmwareName, docs.Place, key, why),
		})
	}
	for _, w := range m.warnings {
		warn(infoMeta, w)
	}
	for _, why := range m.problems {
		problem(metadata.ItemKeys, infoMeta, why)
	}
	if in.UserData, err = infoValue(docs, infoUser); err != nil {
		problem(metadata.ItemUserData, infoUser, err.Error())
	}
	if docs.Files[infoVendor] != nil {
		warn(infoVendor, "ignored: it is not used yet")
	}
	for _, name := range []string{"redact", "cleanup-guestinfo"} {
		if n := fields[name]; n != nil && n.ShortTag() != "!!null" {
			warn(infoMeta, name+" is ignored: every program of the guest can read what the host has set")
		}
	}
	network, problems, warnings := infoNetwork(fields)
	in.Network = network
	for _, why := range problems {
		problem(metadata.ItemNetwork, infoMeta+": network", why)
	}
	for _, w := range warnings {
		warn(infoMeta, "network: "+w)
	}
	return in, nil
}

// infoFields are the fields of metadata that NoCloud's has too, under its names.
func infoFields(fields map[string]*yaml.Node) map[string]*yaml.Node {
	shared := map[string]*yaml.Node{}
	for _, name := range []string{"instance-id", "local-hostname", "hostname"} {
		if n := fields[name]; n != nil {
			shared[name] = n
		}
	}
	for _, name := range infoKeys {
		if n := fields[name]; n != nil {
			shared["public-keys"] = n
			break
		}
	}
	return shared
}

// infoNetwork gives the network that the metadata asks for: a network-config, or
// a text that is one, encoded or not. Without any that can be read the guest gets
// DHCP on its preferred interface.
func infoNetwork(fields map[string]*yaml.Node) (n metadata.Network, problems, warnings []string) {
	dhcp := metadata.Network{DHCP: true}
	node := fields["network"]
	var err error
	switch {
	case node == nil || node.Kind == yaml.ScalarNode && scalar(node) == "":
		return dhcp, nil, nil
	case node.Kind == yaml.ScalarNode:
		how := ""
		if e := fields["network"+encoding]; e != nil {
			how = scalar(e)
		}
		var doc []byte
		if doc, err = decodeInfo([]byte(node.Value), how, maxInfo); err == nil {
			n, problems, warnings, err = cloudinit.ParseNetworkConfig(doc)
		}
	default:
		n, problems, warnings, err = cloudinit.ParseNetworkNode(unwrapped(node))
	}
	if err != nil {
		return dhcp, []string{err.Error()}, warnings
	}
	return n, problems, warnings
}

// unwrapped takes a network-config out of a map with the one key config, which is
// how cloud-init keeps it itself. In version 1 config is a list.
func unwrapped(node *yaml.Node) *yaml.Node {
	if node.Kind == yaml.MappingNode && len(node.Content) == 2 && node.Content[0].Value == "config" && node.Content[1].Kind == yaml.MappingNode {
		return node.Content[1]
	}
	return node
}

// infoValue gives a value as it was before it was encoded.
func infoValue(docs Documents, key string) ([]byte, error) {
	return decodeInfo(docs.Files[key], string(docs.Files[key+encoding]), infoLimits[key])
}

// decodeInfo undoes an encoding (DataSourceVMware.py, decode). One that is not
// known would be taken for none there; here it is an error, since a script that
// is none would run.
func decodeInfo(value []byte, how string, limit int) ([]byte, error) {
	var err error
	switch how = strings.ToLower(strings.TrimSpace(how)); how {
	case "":
	case "base64", "b64":
		value, err = unbase64(value)
	case "gzip+base64", "gz+b64":
		if value, err = unbase64(value); err == nil {
			if value, err = gunzip(value, limit); err != nil {
				err = fmt.Errorf("compressed by gzip, but %w", err)
			}
		}
	default:
		err = fmt.Errorf("encoding %.40q: base64, b64, gzip+base64 or gz+b64 expected", how)
	}
	if err == nil && len(value) > limit {
		err = fmt.Errorf("more than %d bytes", limit)
	}
	if err != nil {
		return nil, err
	}
	return value, nil
}

// unbase64 takes what people make of base64: in lines or not, padded or not. The
// error tells nothing of the value.
func unbase64(value []byte) ([]byte, error) {
	text := strings.TrimRight(strings.Join(strings.Fields(string(value)), ""), "=")
	out, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil {
		return nil, errors.New("it is not base64")
	}
	return out, nil
}
