// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package etcfile

import (
	"slices"
	"strings"
)

// SetDefaultRouter gives /etc/defaultrouter with the line router, and without
// those in mine, which earlier runs added; "" is no router. It says whether the
// line stands there for our sake.
//
// The boot takes the first word of each line, and overlooks a last line without
// its newline (cmd/svc/milestone/net-physical). Ours comes first, so that such
// a line of others stays what it is. A file without any line would make the
// boot flush all routes (net-routing-setup); what has become empty comes back
// as nil.
func SetDefaultRouter(file []byte, mine []string, router string) (out []byte, made bool) {
	all := lines(file)
	here := router != "" && slices.ContainsFunc(all, func(line string) bool { return routerOf(line) == router })
	if here && slices.Contains(mine, router) {
		made = true
	}
	all = slices.DeleteFunc(all, func(line string) bool {
		r := routerOf(line)
		return r != "" && r != router && slices.Contains(mine, r)
	})
	if router != "" && !here {
		all, made = slices.Insert(all, 0, router+"\n"), true
	}
	if len(all) == 0 {
		return nil, made
	}
	return join(all), made
}

// routerOf gives the router that a line names, or "".
func routerOf(line string) string {
	words := strings.Fields(line)
	if len(words) == 0 || strings.HasPrefix(words[0], "#") || !strings.HasSuffix(line, "\n") {
		return ""
	}
	return words[0]
}
