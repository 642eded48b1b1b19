// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"bytes"
	"fmt"
	"strings"

	"illumos-metadata/common/metadata"
)

// parseSmartOS gives what the values of a host say. What is wrong costs its own
// item and no other.
func parseSmartOS(docs Documents) (*metadata.Instance, error) {
	in := &metadata.Instance{ID: smartOSText(docs, keyUUID), Keys: keyLines(docs.Files[keyKeys])}
	warn := func(key, why string) {
		in.Warnings = append(in.Warnings, fmt.Sprintf("%s: %s: %s", docs.Place, key, why))
	}
	problem := func(item, key, why string) {
		in.Problems = append(in.Problems, metadata.Problem{
			Item: item, Reason: fmt.Sprintf("smartos %s: %s: %s", docs.Place, key, why),
		})
	}
	if len(in.ID) > maxIDSize {
		warn(keyUUID, fmt.Sprintf("ignored: it has %d bytes, and %d are the most", len(in.ID), maxIDSize))
		in.ID = ""
	}
	// cloud-init and the earlier agent disagree on the order; this is both of
	// theirs. An alias may be any text, so what is no host name is passed over.
	for _, key := range []string{keyHostname, keySDCName, keyAlias, keyUUID} {
		name := smartOSText(docs, key)
		if name == "" {
			continue
		}
		err := metadata.CheckHostname(name)
		if err == nil {
			in.Hostname = name
			break
		}
		warn(key, "ignored: "+err.Error())
	}
	n := nicList{problem: func(key, why string) { problem(metadata.ItemNetwork, key, why) }, warn: warn}
	in.Network = n.network(docs)

	if why, ok := docs.Refused[keyScript]; ok {
		problem(metadata.ItemUserData, keyScript, why)
		return in, nil
	}
	smartOSScript(docs, in, warn)
	if why, ok := docs.Refused[keyUserData]; ok && in.UserData == nil {
		problem(metadata.ItemUserData, keyUserData, why)
	}
	return in, nil
}

// smartOSScript chooses what the userscript service runs: user-script, at each
// boot as SmartOS itself does (row S11), or else the user data of cloud-init,
// once. mdata-get adds a newline to a value that lacks it, so that is done to
// all.
func smartOSScript(docs Documents, in *metadata.Instance, warn func(key, why string)) {
	script, user := smartOSLines(docs, keyScript), smartOSLines(docs, keyUserData)
	switch {
	case script != nil:
		// It may lack the first line; then it is bash's (vmadm(8), user-script).
		if !bytes.HasPrefix(script, []byte("#!")) && !bytes.HasPrefix(script, gzipMagic) {
			script = append([]byte("#!/usr/bin/bash\n"), script...)
		}
		in.UserData, in.EachBoot = script, true
		if user != nil {
			warn(keyUserData, "ignored, since there is a "+keyScript)
		}
	case user != nil:
		in.UserData = user
	}
	if smartOSLines(docs, keyOperator) != nil || docs.Refused[keyOperator] != "" {
		warn(keyOperator, "ignored: it is not run yet")
	}
}

// smartOSText gives a value of one line, "" if it is not there. It is made UTF-8
// here, for the cache would do it later and the value would seem to change.
func smartOSText(docs Documents, key string) string {
	return strings.ToValidUTF8(strings.TrimSpace(string(docs.Files[key])), "\uFFFD")
}

// smartOSLines gives a value of whole lines, nil if it is not there or blank.
func smartOSLines(docs Documents, key string) []byte {
	b := docs.Files[key]
	if len(bytes.TrimSpace(b)) == 0 {
		return nil
	}
	if b[len(b)-1] != '\n' {
		b = append(bytes.Clone(b), '\n')
	}
	return b
}
