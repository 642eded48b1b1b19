// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// dropletService is the metadata service of a droplet, which has the document
// that a CD would have (digitalocean/go-metadata, client.go). No header is
// needed. An address of 169.254.0.0/16 is enough to ask it: DHCP is not there on
// every droplet (cloud-init, DataSourceDigitalOcean.py).
const dropletService = "http://169.254.169.254/metadata/v1.json"

// dropletFields are those of which a document has at least one.
var dropletFields = []string{
	"droplet_id", "hostname", "user_data", "vendor_data", "public_keys", "auth_key", "region",
	"interfaces", "floating_ip", "reserved_ip", "dns", "tags", "features",
}

// askDroplet asks the service, where there was neither a CD nor a volume that
// counts everywhere. On another platform nothing is sent, unless an
// administrator says so. A droplet always has the document: if it is not there,
// somebody else has answered.
func askDroplet(ctx context.Context, m *machine) (Documents, error) {
	if m.platform.Name != "digitalocean" && !m.pinned {
		return Documents{}, errAbsent
	}
	doc, found, err := newWeb(m, ByLinkLocal).get(ctx, ask{url: dropletService, limit: dropletCD.limits[dropletFile]})
	if err == nil && !found {
		err = fmt.Errorf("%s: it is not there, though every droplet has it", dropletService)
	}
	if err == nil {
		err = m.checkDroplet(doc)
	}
	if err != nil {
		return Documents{}, joined(append([]error{err}, m.unreadable...))
	}
	docs := Documents{Place: dropletService, Files: map[string][]byte{dropletFile: doc}}
	for _, err := range m.unreadable {
		docs.Warnings = append(docs.Warnings, "passed over: "+err.Error())
	}
	return docs, nil
}

// checkDroplet says why an answer is not this droplet's document. The serial
// number of a droplet's SMBIOS is its ID: an answer meant for another one would
// make a new instance of this one.
func (m *machine) checkDroplet(doc []byte) error {
	fields, err := jsonFields(doc)
	has := func(name string) bool { _, ok := fields[name]; return ok }
	if err == nil && !slices.ContainsFunc(dropletFields, has) {
		err = errors.New("it has no field of a droplet's")
	}
	if err != nil {
		return fmt.Errorf("%s: this is no droplet's document: %w", dropletService, err)
	}
	id, _ := jsonText(fields["droplet_id"])
	id = strings.TrimSpace(id)
	if m.platform.Name == "digitalocean" && number(m.smbios.Serial) && number(id) && id != m.smbios.Serial {
		return fmt.Errorf("%s: droplet_id is %.40s, but SMBIOS says that this is droplet %.40s: another droplet's answer", dropletService, id, m.smbios.Serial)
	}
	return nil
}

// number says whether all of a text is digits.
func number(text string) bool {
	return text != "" && strings.Trim(text, "0123456789") == ""
}
