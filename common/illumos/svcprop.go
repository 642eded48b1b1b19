// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package illumos

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"illumos-metadata/common/guest"
)

// Properties gives the properties of a property group of an SMF instance by
// their names. The values of a property that has several are put together with
// blanks, as svcprop(1) shows them.
func Properties(ctx context.Context, g *guest.Guest, fmri, group string) (map[string]string, error) {
	out, err := g.Run(ctx, "/usr/bin/svcprop", "-p", group, fmri)
	if err != nil {
		return nil, err
	}
	return parseProperties(out, group)
}

// parseProperties reads lines of name, type and values, e.g.
// "config/source astring auto".
func parseProperties(out []byte, group string) (map[string]string, error) {
	props := map[string]string{}
	for i, words := range shellLines(string(out)) {
		wrong := func(what string) error {
			return fmt.Errorf("svcprop: line %d, %.100q: %s", i+1, strings.Join(words, " "), what)
		}
		if len(words) < 2 {
			return nil, wrong("no property with its type")
		}
		name, ok := strings.CutPrefix(words[0], group+"/")
		if !ok || name == "" {
			return nil, wrong("no property of " + group)
		}
		if _, twice := props[name]; twice {
			return nil, wrong("the property was there before")
		}
		props[name] = strings.Join(words[2:], " ")
	}
	if n := len(out); n > 0 && out[n-1] != '\n' {
		return nil, errors.New("svcprop: the last line is cut off")
	}
	return props, nil
}

// shellLines splits text into lines of words as a shell reads them: svcprop(1)
// puts a backslash before every blank, newline, quote and the like in a value,
// and shows an empty one as two quotes (svcprop.c, quote_for_shell).
func shellLines(text string) [][]string {
	var all [][]string
	var words []string
	var word strings.Builder
	within := false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == ' ' || c == '\n':
			if within {
				words = append(words, word.String())
			}
			word.Reset()
			within = false
			if c == '\n' {
				all, words = append(all, words), nil
			}
			continue
		case c == '\\' && i+1 < len(text):
			i++
			word.WriteByte(text[i])
		case c != '"':
			word.WriteByte(c)
		}
		within = true
	}
	return all
}
