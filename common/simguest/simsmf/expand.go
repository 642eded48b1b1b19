// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simsmf

import (
	"errors"
	"strings"
)

// expand replaces the method tokens of an exec string, as expand_method_tokens
// of svc.startd (expand.c) does; pgs are the composed groups of the running
// snapshot and current those of now, which stand in where the snapshot has no
// such property.
func expand(exec, instance, method string, pgs, current groups) (string, error) {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(exec, "%")
		b.WriteString(before)
		if !found || rest == "" {
			return b.String(), nil
		}
		value, used, err := token(rest, instance, method, pgs, current)
		if err != nil {
			return "", err
		}
		b.WriteString(value)
		exec = rest[used:]
	}
}

// token gives what the token at the beginning of s stands for, and its length.
func token(s, instance, method string, pgs, current groups) (value string, used int, err error) {
	f := parseFMRI(instance)
	switch s[0] {
	case '%':
		return "%", 1, nil
	case 's':
		return f.service, 1, nil
	case 'i':
		return f.instance, 1, nil
	case 'f':
		return instance, 1, nil
	case 'm':
		return method, 1, nil
	case 'r':
		return "svc.startd", 1, nil
	case '{':
		spec, _, closed := strings.Cut(s[1:], "}")
		if !closed {
			return "", 0, errors.New("parse error")
		}
		value, err := values(spec, pgs, current)
		return value, len(spec) + 2, err
	}
	return "", 0, errors.New("unknown method token")
}

// values gives the quoted values of a property: "pg/prop", or "prop" in the
// group application, perhaps with the separator behind it. An empty value is
// empty, not quoted.
func values(spec string, pgs, current groups) (string, error) {
	separator := " "
	if strings.HasSuffix(spec, ",") || strings.HasSuffix(spec, ":") {
		separator = spec[len(spec)-1:]
		spec = spec[:len(spec)-1]
	}
	if strings.Contains(spec, ":properties") {
		return "", errors.New("simulated guest: a property of another instance is not simulated")
	}
	pg, prop, both := strings.Cut(spec, "/")
	if !both {
		pg, prop = "application", spec
	}
	for _, from := range []groups{pgs, current} {
		if from[pg] == nil || from[pg].Props[prop] == nil {
			continue
		}
		var quoted []string
		for _, v := range from[pg].Props[prop].Values {
			quoted = append(quoted, quoteForShell(v))
		}
		return strings.Join(quoted, separator), nil
	}
	return "", errors.New("property \"" + spec + "\" not found")
}
