// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package etcfile

import (
	"strings"

	"illumos-metadata/common/metadata"
)

// EditAuthorizedKeys gives an authorized_keys file (sshd(8), "AUTHORIZED_KEYS
// FILE FORMAT") with the keys in want, each a line of that format. Mine are the
// identities (metadata.PublicKey.Identity) of the keys that an earlier run
// added; made are those of the keys that stand there for our sake now, in
// want's order.
//
// A key of mine that is not wanted any more goes, and one with other options or
// another comment becomes the wanted line in its place. A key that stands there
// by hand stays as it is, wanted or not, and so does a line that is no key. A
// line in want that is no key is left out.
func EditAuthorizedKeys(file []byte, mine, want []string) (out []byte, made []string) {
	ours := map[string]bool{}
	for _, id := range mine {
		ours[id] = id != "" // what a line without a key has
	}
	wanted := map[string]string{} // lines by identity
	var order []string
	for _, line := range want {
		if id := keyIdentity(line); id != "" && wanted[id] == "" {
			wanted[id] = strings.Trim(line, blanks)
			order = append(order, id)
		}
	}

	have := map[string]bool{}
	var all []string
	for _, line := range lines(file) {
		id := keyIdentity(line)
		if ours[id] {
			if wanted[id] == "" || have[id] {
				continue
			}
			if strings.Trim(line, blanks) != wanted[id] {
				line = wanted[id] + "\n"
			}
		}
		have[id] = true
		all = append(all, line)
	}
	for _, id := range order {
		if !have[id] {
			terminate(all)
			all = append(all, wanted[id]+"\n")
		}
		if !have[id] || ours[id] {
			made = append(made, id)
		}
	}
	return join(all), made
}

// keyIdentity gives the identity of the key in a line, or "" if there is none.
func keyIdentity(line string) string {
	k, err := metadata.ParsePublicKey(line)
	if err != nil {
		return ""
	}
	return k.Identity()
}
