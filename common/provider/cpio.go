// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	"github.com/BurntSushi/toml"

	"illumos-metadata/common/metadata"
	"illumos-metadata/common/volume"
)

// The members of a cpio volume, the format of the earlier metadata agent
// (illumos/metadata-agent, README.md, "Generic").
const (
	cpioName   = "nodename"        // host name
	cpioKeys   = "authorized_keys" // one key on a line
	cpioConfig = "config.toml"     // [network] skip = true
	cpioScript = "firstboot.sh"    // user data
)

// cpioLimits are the members that are read and their greatest sizes. TOML gets
// less than other documents: reading one that is made for it takes time and
// memory with the square of its size.
var cpioLimits = map[string]int64{
	cpioName: 1 << 20, cpioKeys: 1 << 20, cpioConfig: 64 << 10, cpioScript: 16 << 20,
}

// cpioItems say whose problem a member is.
var cpioItems = map[string]string{
	cpioName: metadata.ItemHostname, cpioKeys: metadata.ItemKeys,
	cpioConfig: metadata.ItemNetwork, cpioScript: metadata.ItemUserData,
}

// cpioVolume is an archive with any of our members.
var cpioVolume = volumeSource{noun: "an archive", mine: volume.Volume.Archive, limits: cpioLimits, check: checkCPIO}

func checkCPIO(c volume.Content) (passed string, err error) {
	if len(c.Files)+len(c.Refused) == 0 {
		return "without any member of ours", nil
	}
	return "", nil
}

// parseCPIO gives what the members of a volume say. What is wrong costs its own
// item and no other.
func parseCPIO(docs Documents) (*metadata.Instance, error) {
	in := &metadata.Instance{Network: metadata.Network{DHCP: true}, UserData: docs.Files[cpioScript]}
	problem := func(member, why string) {
		in.Problems = append(in.Problems, metadata.Problem{
			Item: cpioItems[member], Reason: fmt.Sprintf("cpio %s: %s: %s", docs.Place, member, why),
		})
	}
	for _, member := range []string{cpioName, cpioKeys, cpioConfig, cpioScript} {
		if why, ok := docs.Refused[member]; ok {
			problem(member, why)
		}
	}
	if name, ok := docs.Files[cpioName]; ok {
		in.Hostname = strings.TrimSpace(string(name))
		if in.Hostname == "" {
			in.Warnings = append(in.Warnings, docs.Place+": nodename is empty")
		}
	}
	in.Keys = keyLines(docs.Files[cpioKeys])
	skip, unknown, err := parseConfig(docs.Files[cpioConfig])
	in.Network.Skip = skip
	if err != nil {
		problem(cpioConfig, err.Error())
	}
	if len(unknown) > 0 {
		in.Warnings = append(in.Warnings, docs.Place+": config.toml: ignored, since not known: "+strings.Join(unknown, ", "))
	}
	return in, nil
}

// keyLines gives the lines of an authorized_keys file but for blank ones
// and comments (sshd(8)). A comment that is not UTF-8 is made so here, for the
// cache would do it later and the key would seem to change.
func keyLines(file []byte) []metadata.Key {
	var keys []metadata.Key
	for line := range bytes.Lines(file) {
		text := strings.ToValidUTF8(strings.Trim(string(line), " \t\r\n"), "\uFFFD")
		if text != "" && !strings.HasPrefix(text, "#") {
			keys = append(keys, metadata.Key{Line: text})
		}
	}
	return keys
}

const (
	maxNesting = 50 // braces in config.toml, and dots on one of its lines
	maxUnknown = 10 // unknown keys that are named
)

// parseConfig reads config.toml: skip of the section network, and the names of
// the keys that are none of ours (row E3).
func parseConfig(file []byte) (skip bool, unknown []string, err error) {
	if err := checkNesting(file); err != nil {
		return false, nil, err
	}
	var config map[string]any
	md, err := toml.NewDecoder(bytes.NewReader(file)).Decode(&config)
	if err != nil {
		return false, nil, fmt.Errorf("%.200s", err) // its text quotes the key, however long
	}
	unknown = unknownKeys(md)
	if config["network"] == nil {
		return false, unknown, nil
	}
	network, ok := config["network"].(map[string]any)
	if !ok {
		return false, unknown, errors.New("network has to be a table")
	}
	switch v := network["skip"].(type) {
	case nil:
		return false, unknown, nil
	case bool:
		return v, unknown, nil
	}
	return false, unknown, errors.New("network.skip has to be true or false")
}

// unknownKeys names the keys that are none of ours, without what is below them.
func unknownKeys(md toml.MetaData) []string {
	var unknown []string
	seen := map[string]bool{}
	for _, key := range md.Keys() {
		name := key.String()
		if name == "network" || name == "network.skip" || seen[name] {
			continue
		}
		seen[name] = true
		if len(key) > 1 && seen[key[:len(key)-1].String()] {
			continue
		}
		if len(unknown) == maxUnknown {
			return append(unknown, "…")
		}
		unknown = append(unknown, fmt.Sprintf("%.60s", name))
	}
	return unknown
}

// checkNesting refuses what no person writes, before the decoder spends its
// time on it: every level of a table copies the name of all levels above.
func checkNesting(file []byte) error {
	if bytes.Count(file, []byte("{")) > maxNesting {
		return fmt.Errorf("more than %d inline tables", maxNesting)
	}
	for line := range bytes.Lines(file) {
		comment := bytes.HasPrefix(bytes.TrimLeft(line, " \t"), []byte("#"))
		if !comment && bytes.Count(line, []byte(".")) > maxNesting {
			return fmt.Errorf("more than %d dots on a line", maxNesting)
		}
	}
	return nil
}
