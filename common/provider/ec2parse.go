// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"

	"illumos-metadata/common/metadata"
)

// An ec2Reader makes an instance of the documents of Amazon's service.
type ec2Reader struct {
	*metadata.Instance
	docs Documents
	said map[string]int // problems by item, and warnings
}

// parseEC2 gives what the documents say. What is wrong costs its own item and no
// other; but two instance IDs are none.
func parseEC2(docs Documents) (*metadata.Instance, error) {
	e := &ec2Reader{&metadata.Instance{}, docs, map[string]int{}}
	if err := e.identity(); err != nil {
		return nil, err
	}
	// There may be several names, one for each domain of the network.
	if e.Hostname = firstWord(docs, imdsName); e.Hostname == "" {
		e.Hostname = firstWord(docs, imdsName2)
	}
	e.keys()
	e.network()
	e.UserData = docs.Files[imdsScript]
	if why, ok := docs.Refused[imdsScript]; ok {
		e.problem(metadata.ItemUserData, imdsScript, why)
	}
	return e.Instance, nil
}

// zoneForm is a zone with the name of its region: us-east-1a is in us-east-1.
var zoneForm = regexp.MustCompile(`^(.*[0-9])[a-z]$`)

// identity takes the instance ID and what else the identity document says.
func (e *ec2Reader) identity() error {
	id := strings.TrimSpace(string(e.docs.Files[imdsID]))
	if !otherID.MatchString(id) {
		return fmt.Errorf("%s: no instance ID", imdsID)
	}
	e.ID = id
	doc, ok := e.docs.Files[imdsIdentity]
	if !ok {
		e.Region, e.Zone, e.Type = firstWord(e.docs, imdsRegion), firstWord(e.docs, imdsZone), firstWord(e.docs, imdsType)
		if in := zoneForm.FindStringSubmatch(e.Zone); e.Region == "" && in != nil {
			e.Region = in[1]
		}
		return nil
	}
	fields, err := jsonFields(doc)
	if err != nil {
		e.warn(imdsIdentity, "ignored: "+err.Error())
		return nil
	}
	if other, _ := jsonText(fields["instanceId"]); other != "" && other != id {
		return fmt.Errorf("%s says that this is %s, and %s that it is %.60q", imdsID, id, imdsIdentity, other)
	}
	e.Region, _ = jsonText(fields["region"])
	e.Zone, _ = jsonText(fields["availabilityZone"])
	e.Type, _ = jsonText(fields["instanceType"])
	return nil
}

// keys takes every key that is listed (row D13).
func (e *ec2Reader) keys() {
	indexes := keyIndexes(e.docs)
	for _, index := range indexes {
		page := imdsKeys + index + imdsKey
		key, ok := e.docs.Files[page]
		if !ok {
			why := "it is listed, and not there"
			if refused := e.docs.Refused[page]; refused != "" {
				why = refused
			}
			e.problem(metadata.ItemKeys, page, why)
		}
		e.Keys = append(e.Keys, keyLines(key)...)
	}
	wrong := -len(indexes)
	for line := range bytes.Lines(e.docs.Files[imdsKeys]) {
		if len(bytes.TrimSpace(line)) > 0 {
			wrong++
		}
	}
	if wrong > 0 {
		e.problem(metadata.ItemKeys, imdsKeys, fmt.Sprintf("%d lines are no new key, or too many", wrong))
	}
}

// warn notes what is ignored without harm, as long as that is little.
func (e *ec2Reader) warn(page, what string) {
	if e.said["warning"]++; e.said["warning"] <= maxUnknown {
		e.Warnings = append(e.Warnings, fmt.Sprintf("%s: %s: %s", e.docs.Place, page, what))
	}
}

// problem notes a value that is left out, as long as there are few.
func (e *ec2Reader) problem(item, page, why string) {
	if e.said[item]++; e.said[item] <= maxUnknown {
		e.Problems = append(e.Problems, metadata.Problem{
			Item: item, Reason: fmt.Sprintf("ec2 %s: %s: %s", e.docs.Place, page, why),
		})
	}
}
