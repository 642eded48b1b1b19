// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"illumos-metadata/common/metadata"
	"illumos-metadata/common/volume"
)

// dropletFile is the document on DigitalOcean's CD (illumos/metadata-agent,
// src/provider/digitalocean.rs). It says what the metadata service of a droplet
// does (digitalocean/go-metadata, metadata.go).
const dropletFile = "digitalocean_meta_data.json"

// dropletCD is a CD with that file. Its label is shared with other sources, so
// only the file tells it from install media (row D6).
var dropletCD = volumeSource{
	noun: "a CD", mine: volume.Volume.Disc, limits: map[string]int64{dropletFile: 1 << 20},
	check: checkDroplet, later: []*volumeSource{&noCloudVolume, &cpioVolume},
}

// fetchDroplet reads the CD. On another platform no CD is looked into, whatever
// is in it, unless an administrator says so. On this one it comes before the
// volumes that count everywhere, and those before askDroplet.
func fetchDroplet(ctx context.Context, m *machine) (Documents, error) {
	if m.platform.Name != "digitalocean" && !m.pinned {
		return Documents{}, errAbsent
	}
	return dropletCD.fetch(ctx, m)
}

func checkDroplet(c volume.Content) (passed string, err error) {
	if why, ok := c.Refused[dropletFile]; ok {
		return "", fmt.Errorf("%w %s: %s", metadata.ErrInvalid, dropletFile, why)
	}
	doc, ok := c.Files[dropletFile]
	if !ok {
		return "without " + dropletFile, nil
	}
	if _, err := jsonFields(doc); err != nil {
		return "", fmt.Errorf("%w %s: %w", metadata.ErrInvalid, dropletFile, err)
	}
	return "", nil
}

// jsonFields gives the values of a document that is an object, with its numbers
// as they are written. Errors quote no more than a character.
func jsonFields(doc []byte) (map[string]any, error) {
	d := json.NewDecoder(bytes.NewReader(doc))
	d.UseNumber()
	var top any
	if err := d.Decode(&top); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is more behind its end")
	}
	fields, ok := top.(map[string]any)
	if !ok {
		return nil, errors.New("it is not an object")
	}
	return fields, nil
}

// jsonText gives a value as text: a number as it is written, and nothing for
// null or what is not there. A list, an object, true and false are no text.
func jsonText(v any) (text string, ok bool) {
	switch v := v.(type) {
	case nil:
		return "", true
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	}
	return "", false
}

// A droplet is what of a document has been read.
type droplet struct {
	*metadata.Instance
	place string
	said  map[string]int // problems by item, and warnings
}

// parseDroplet gives what the document says. Every field may be missing, and one
// of another type costs its own item and no other (row D15). What the suite does
// not use is not looked at; auth_key is a secret.
func parseDroplet(docs Documents) (*metadata.Instance, error) {
	fields, err := jsonFields(docs.Files[dropletFile])
	if err != nil {
		return nil, fmt.Errorf("%s: %w", dropletFile, err)
	}
	d := &droplet{&metadata.Instance{}, docs.Place, map[string]int{}}
	id, ok := jsonText(fields["droplet_id"])
	if d.ID = strings.TrimSpace(id); !ok || len(d.ID) > maxIDSize {
		d.warn("droplet_id", "ignored: it is no ID")
		d.ID = ""
	}
	name, ok := jsonText(fields["hostname"])
	if d.Hostname = strings.TrimSpace(name); !ok {
		d.problem(metadata.ItemHostname, "hostname", "not a text")
	}
	d.Region, _ = jsonText(fields["region"])
	d.keys(fields["public_keys"])
	script, ok := jsonText(fields["user_data"])
	if d.UserData = []byte(script); !ok {
		d.problem(metadata.ItemUserData, "user_data", "not a text")
	}
	if other, ok := jsonText(fields["vendor_data"]); !ok || strings.TrimSpace(other) != "" {
		d.warn("vendor_data", "ignored: it is not used yet")
	}
	d.network(fields)
	return d.Instance, nil
}

// warn notes what is ignored without harm, as long as that is little.
func (d *droplet) warn(path, what string) {
	if d.said["warning"]++; d.said["warning"] <= maxUnknown {
		d.Warnings = append(d.Warnings, fmt.Sprintf("%s: %s: %s", d.place, path, what))
	}
}

// problem notes a value that is left out, as long as there are few.
func (d *droplet) problem(item, path, why string) {
	if d.said[item]++; d.said[item] <= maxUnknown {
		d.Problems = append(d.Problems, metadata.Problem{
			Item: item, Reason: fmt.Sprintf("digitalocean %s: %s: %s", d.place, path, why),
		})
	}
}

// keys takes a list of keys, or a text with one on each line.
func (d *droplet) keys(v any) {
	for i, item := range many(v) {
		text, ok := jsonText(item)
		if !ok {
			d.problem(metadata.ItemKeys, fmt.Sprintf("public_keys[%d]", i), "not a key")
		}
		d.Keys = append(d.Keys, keyLines([]byte(text))...)
	}
}

// many gives the items of a list; anything else is the only one.
func many(v any) []any {
	if list, ok := v.([]any); ok {
		return list
	}
	return []any{v}
}
