// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package metadata

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// A PublicKey is one line of an authorized_keys file (sshd(8), "AUTHORIZED_KEYS
// FILE FORMAT"), split into its fields.
type PublicKey struct {
	Options string // as written, without blanks around
	Type    string // e.g. ssh-ed25519
	Blob    string // base64
	Comment string
}

// ParsePublicKey reads one line: [options] type base64 [comment]. The key type
// has to be the one inside the key itself (RFC 4253 section 6.6). Errors never
// quote the key.
func ParsePublicKey(line string) (PublicKey, error) {
	line = strings.Trim(line, " \t\r\n")
	if strings.ContainsAny(line, "\n\r\x00") {
		return PublicKey{}, errors.New("more than one line")
	}
	if strings.HasPrefix(line, "#") {
		return PublicKey{}, errors.New("a comment, not a public key") // or "#" would pass for options
	}
	k, err := parseBare(line)
	if err == nil || isKeyType(line) {
		return k, err
	}
	options, rest := cutOptions(line)
	if k, err = parseBare(rest); err == nil {
		k.Options = options
	}
	return k, err
}

// isKeyType says whether text begins with a key type, as no option does.
func isKeyType(text string) bool {
	return strings.HasPrefix(text, "ssh-") || strings.HasPrefix(text, "ecdsa-") || strings.HasPrefix(text, "sk-")
}

// cutOptions splits after the first blank outside double quotes; a backslash
// keeps a quote inside a quoted value.
func cutOptions(line string) (options, rest string) {
	quoted := false
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '\\' && i+1 < len(line) && line[i+1] == '"':
			i++
		case c == '"':
			quoted = !quoted
		case !quoted && (c == ' ' || c == '\t'):
			return line[:i], strings.TrimLeft(line[i:], " \t")
		}
	}
	return line, ""
}

func parseBare(text string) (PublicKey, error) {
	kind, rest := cutBlank(text)
	blob, comment := cutBlank(rest)
	if kind == "" || blob == "" {
		return PublicKey{}, errors.New("not a public key: type and base64 data expected")
	}
	raw, err := base64.StdEncoding.DecodeString(blob)
	if err != nil {
		return PublicKey{}, errors.New("not a public key: the data is not base64")
	}
	if len(raw) < 4 {
		return PublicKey{}, errors.New("not a public key: the data is too short")
	}
	n := binary.BigEndian.Uint32(raw)
	if uint64(n)+4 >= uint64(len(raw)) {
		return PublicKey{}, errors.New("not a public key: the data is cut off")
	}
	if string(raw[4:4+n]) != kind {
		return PublicKey{}, errors.New("not a public key: its type is not the one it says inside")
	}
	return PublicKey{Type: kind, Blob: blob, Comment: comment}, nil
}

func cutBlank(s string) (first, rest string) {
	i := strings.IndexAny(s, " \t")
	if i < 0 {
		return s, ""
	}
	return s[:i], strings.TrimLeft(s[i:], " \t")
}

// Identity is what makes two lines the same key, whatever their options and
// comments.
func (k PublicKey) Identity() string { return k.Type + " " + k.Blob }

// Name is how the log speaks of the key: type, fingerprint as ssh-keygen -l
// shows it, and comment.
func (k PublicKey) Name() string {
	raw, _ := base64.StdEncoding.DecodeString(k.Blob)
	sum := sha256.Sum256(raw)
	name := fmt.Sprintf("%s SHA256:%s", k.Type, base64.RawStdEncoding.EncodeToString(sum[:]))
	if k.Comment != "" {
		name += " " + k.Comment
	}
	return name
}
