// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package manifests_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"illumos-metadata/common/guest"
	"illumos-metadata/common/provider"
)

// patterns gives the property patterns of the config group by name.
func (n node) patterns() map[string]node {
	found := map[string]node{}
	for _, pg := range n.one("service").one("template").all("pg_pattern") {
		for _, p := range pg.all("prop_pattern") {
			found[pg.attr("name")+"/"+p.attr("name")] = p
		}
	}
	return found
}

// TestTemplates: svccfg describe explains every service and every property, and
// the defaults keep the constraints.
func TestTemplates(t *testing.T) {
	for _, name := range services {
		n := load(t, name)
		template := n.one("service").one("template")
		for _, part := range []string{"common_name", "description"} {
			if text(template.one(part)) == "" {
				t.Errorf("%s: no %s", name, part)
			}
		}
		page := template.one("documentation").one("manpage")
		if page.attr("title") != "metadata-"+name || page.attr("section") != "8" {
			t.Errorf("%s: manual page %s(%s)", name, page.attr("title"), page.attr("section"))
		}
		patterns := n.patterns()
		for prop, value := range n.group("config") {
			p, ok := patterns["config/"+prop]
			delete(patterns, "config/"+prop)
			if prop == "value_authorization" {
				continue
			}
			if !ok || text(p.one("description")) == "" {
				t.Errorf("%s: config/%s has no description", name, prop)
			}
			if why := violates(p, value); why != "" {
				t.Errorf("%s: config/%s: %s", name, prop, why)
			}
		}
		for prop := range patterns {
			t.Errorf("%s: a pattern for %s, which is not there", name, prop)
		}
	}
}

func text(n node) string { return strings.TrimSpace(n.one("loctext").Text) }

// violates says why a default, "type value", does not keep the pattern p.
func violates(p node, value string) string {
	kind, value, _ := strings.Cut(value, " ")
	if kind != p.attr("type") {
		return fmt.Sprintf("type %s, not %s", kind, p.attr("type"))
	}
	c := p.one("constraints")
	if r := c.one("range"); r.XMLName.Local != "" {
		n, err := strconv.Atoi(value)
		least, most := limits(r)
		if err != nil || n < least || n > most {
			return fmt.Sprintf("%s is not between %d and %d", value, least, most)
		}
	}
	if values := names(c); len(values) > 0 && !slices.Contains(values, value) {
		return fmt.Sprintf("%s is not one of %v", value, values)
	}
	return ""
}

func limits(r node) (least, most int) {
	least, _ = strconv.Atoi(r.attr("min")) // 0 fails the comparisons
	most, _ = strconv.Atoi(r.attr("max"))
	return least, most
}

func names(constraints node) []string {
	var values []string
	for _, v := range constraints.all("value") {
		values = append(values, v.attr("name"))
	}
	return values
}

// TestTimes compares defaults and limits with the programs' own.
func TestTimes(t *testing.T) {
	tests := []struct {
		service, prop string
		def, most     time.Duration
	}{
		{"network", "fetch_timeout", guest.FetchLimit, guest.MaxFetchLimit},
		{"network", "dhcp_timeout", guest.DHCPLimit, guest.MaxDHCPLimit},
		{"userscript", "timeout", guest.ScriptLimit, guest.MaxScriptLimit},
	}
	for _, tt := range tests {
		n := load(t, tt.service)
		if got, want := n.group("config")[tt.prop], fmt.Sprintf("count %.0f", tt.def.Seconds()); got != want {
			t.Errorf("%s: config/%s %q, want %q", tt.service, tt.prop, got, want)
		}
		least, most := limits(n.patterns()["config/"+tt.prop].one("constraints").one("range"))
		if least != 1 || time.Duration(most)*time.Second != tt.most {
			t.Errorf("%s: config/%s from %d to %d, want 1 to %.0f", tt.service, tt.prop, least, most, tt.most.Seconds())
		}
	}
}

// TestSources: the values of config/source are those that the fetch knows.
func TestSources(t *testing.T) {
	c := load(t, "network").patterns()["config/source"].one("constraints")
	if got := strings.Join(names(c), ", "); got != provider.Names() {
		t.Errorf("config/source is one of %s, but the programs know %s", got, provider.Names())
	}
}
