// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package cloudinit

import (
	"bytes"
	"cmp"
	"errors"
	"strings"

	"go.yaml.in/yaml/v3"

	"illumos-metadata/common/metadata"
)

// A Config is what the suite applies of a cloud-config document: who the guest
// is and who may log in. OmniOS's zone brand and Proxmox give keys in no other
// place.
type Config struct {
	Hostname string // with its domain where the document has it; "" if it names none
	Preserve bool   // preserve_hostname: the guest's name is not touched
	// Keys without a user are those of cloud-init's default user.
	Keys []metadata.Key

	Left     []string           // what the document asks for and the suite does not do, by its paths
	Problems []metadata.Problem // what cannot be read; each reason begins with its path
}

// harmless are the keys of a cloud-config that ask for nothing that is not so
// already, or for a detail of what is not done anyway.
var harmless = []string{
	"chpasswd.expire", "disable_root", "disable_root_opts", "manage_etc_hosts", "package_reboot_if_required",
	"prefer_fqdn_over_hostname", "ssh_deletekeys",
}

// maxUser bounds the name of a user that is shown.
const maxUser = 32

// IsConfig says whether user data is a cloud-config, by its first line
// (cloud-init, cloudinit/handlers/__init__.py, type_from_starts_with).
func IsConfig(doc []byte) bool {
	line, _, _ := bytes.Cut(bytes.TrimLeft(doc, " \t\r\n"), []byte("\n"))
	text := strings.ToLower(string(line))
	return strings.HasPrefix(text, "#cloud-config") && !strings.HasPrefix(text, "#cloud-config-archive") &&
		!strings.HasPrefix(text, "#cloud-config-jsonp")
}

// ParseConfig reads a cloud-config document, YAML. It fails where nothing can be
// read of it. No error, problem or path holds a value of the document.
func ParseConfig(doc []byte) (Config, error) {
	r := &report{}
	root, err := read(doc, r)
	if err != nil {
		return Config{}, unquoted(err)
	}
	if root == nil {
		return Config{}, nil
	}
	if root.Kind != yaml.MappingNode {
		return Config{}, errors.New("not a map")
	}
	var c Config
	t := newTable(r, "", root)
	t.hostname(&c)
	c.report(r, metadata.ItemHostname)
	for _, name := range keyLists {
		c.add("", t.value(name))
	}
	for _, u := range t.value("users").list() {
		c.user(u)
	}
	c.report(r, metadata.ItemKeys)
	if password, ok := t.sub("chpasswd"); ok {
		c.leave(password)
	}
	c.leave(t)
	c.report(r, metadata.ItemUserData)
	c.Left = capped(c.Left, "keys")
	return c, nil
}

// keyLists are the two spellings of a list of keys.
var keyLists = []string{"ssh_authorized_keys", "ssh-authorized-keys"}

// report moves what is wrong so far to the problems of one item.
func (c *Config) report(r *report, item string) {
	for _, why := range capped(r.problems, "problems") {
		c.Problems = append(c.Problems, metadata.Problem{Item: item, Reason: why})
	}
	r.problems = nil
}

// unquoted gives an error of the YAML reader without what it may quote.
func unquoted(err error) error {
	text, _, _ := strings.Cut(err.Error(), "unknown anchor '")
	text, _, _ = strings.Cut(text, "`")
	return errors.New("not YAML that can be read: " + strings.TrimSpace(text))
}

// hostname takes the name, by the rules of cloud-init (cloudinit/util.py,
// get_hostname_fqdn).
func (t *table) hostname(c *Config) {
	name, fqdn := t.text("hostname"), t.text("fqdn")
	c.Hostname = cmp.Or(fqdn, name)
	switch strings.ToLower(t.text("preserve_hostname")) { // flag would quote it
	case "", "false", "no", "off", "0":
	case "true", "yes", "on", "1":
		c.Preserve = true
	default:
		t.problem(t.at("preserve_hostname"), "neither true nor false")
	}
}

// add takes keys: a list of them, or a text with one on each line.
func (c *Config) add(user string, keys value) {
	for _, k := range keys.list() {
		if k.node.Kind != yaml.ScalarNode {
			k.problem(k.path, "not a key")
			continue
		}
		for line := range strings.Lines(k.text) {
			if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
				c.Keys = append(c.Keys, metadata.Key{User: user, Line: line})
			}
		}
	}
}

// user takes the keys of a user, who is not made if the guest does not have him.
func (c *Config) user(v value) {
	if v.node.Kind == yaml.ScalarNode {
		if v.text != "" && v.text != "default" {
			c.Left = append(c.Left, v.path)
		}
		return
	}
	t, ok := v.table()
	if !ok {
		return
	}
	name, ok := t.need("name")
	switch {
	case !ok:
		return
	case len(name) > maxUser:
		t.problem(t.at("name"), "longer than %d characters", maxUser)
		return
	}
	for _, key := range keyLists {
		c.add(name, t.value(key))
	}
	c.leave(t)
}

// leave notes what nobody asked for.
func (c *Config) leave(t *table) {
	for _, key := range t.rest() {
		if path := t.at(key); !isHarmless(path) {
			c.Left = append(c.Left, path)
		}
	}
}

func isHarmless(path string) bool {
	for _, h := range harmless {
		if strings.ReplaceAll(path, "-", "_") == h {
			return true
		}
	}
	return false
}
