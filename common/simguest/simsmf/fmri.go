// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simsmf

import (
	"path"
	"slices"
	"strings"
)

// An fmri is a service FMRI in parts.
type fmri struct{ service, instance, group, property string }

// parseFMRI takes svc:/a/b:default/:properties/pg/prop apart; svc:/ may be
// missing. A string that is no such FMRI has no service.
func parseFMRI(s string) fmri {
	var f fmri
	rest := strings.TrimPrefix(s, "svc:/")
	if rest == s && strings.Contains(rest, ":/") && !strings.Contains(rest, "/:properties/") {
		return f // another scheme
	}
	rest = strings.TrimPrefix(rest, "/localhost/")
	rest, props, _ := strings.Cut(rest, "/:properties/")
	f.group, f.property, _ = strings.Cut(props, "/")
	f.service, f.instance, _ = strings.Cut(strings.TrimPrefix(rest, "/"), ":")
	return f
}

func (f fmri) String() string {
	s := "svc:/" + f.service
	if f.instance != "" {
		s += ":" + f.instance
	}
	return s
}

// A walk says what scf_walk_fmri (lib/libscf/common/lowlevel.c) may match.
type walk struct {
	multiple   bool // SCF_WALK_MULTIPLE
	services   bool // SCF_WALK_SERVICE
	explicit   bool // SCF_WALK_EXPLICIT: instances hide their matching service
	properties bool // SCF_WALK_PROPERTY
}

// missing is what the walk says of a pattern without a match.
func (k walk) missing(pattern string) string {
	what := "instances"
	switch {
	case strings.HasPrefix(pattern, "lrc:/"):
		return "Operation not supported for legacy service '" + pattern + "'\n"
	case k.properties:
		what = "entities"
	case k.services:
		what = "instances or services"
	}
	return "Pattern '" + pattern + "' doesn't match any " + what + "\n"
}

// find gives the FMRIs of services, instances, groups and properties that the
// operands name, each once; warn is told of those that name none, or too many.
// Without operands it gives all instances. Matches of one pattern are sorted;
// not known, and chosen.
func (r *repository) walk(k walk, operands []string, warn func(string)) []string {
	if len(operands) == 0 {
		return r.instances("")
	}
	var out []string
	for _, op := range operands {
		found, partial := r.match(k, op)
		switch {
		case len(found) == 0:
			warn(k.missing(pattern(op)))
		case !k.multiple && partial && len(found) > 1:
			warn("Partial FMRI '" + op + "' matches multiple instances:\n\t" + strings.Join(found, "\n\t") + "\n")
		default:
			out = append(out, found...)
		}
	}
	return unique(out)
}

func unique(list []string) []string {
	var out []string
	for _, s := range list {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// match gives what one operand names, and whether it is a partial FMRI.
func (r *repository) match(k walk, op string) (found []string, partial bool) {
	if found := r.exact(k, op); found != nil {
		return found, false
	}
	glob := strings.ContainsAny(op, globbing)
	hit := func(s string) bool {
		if glob {
			return fnmatch(pattern(op), s)
		}
		return partialMatch(op, s)
	}
	for _, name := range sorted(r.Services) {
		s := "svc:/" + name
		instances := slices.DeleteFunc(r.instances(name), func(i string) bool { return !hit(i) })
		switch service := k.services && hit(s); {
		case service && (!k.explicit || len(instances) == 0):
			found = append(found, s)
		default:
			found = append(found, instances...)
		}
	}
	return found, !glob
}

const globbing = "*?["

// pattern gives an operand as it is matched: what is a pattern for fnmatch(3C)
// gets svc:/ in front.
func pattern(op string) string {
	if strings.ContainsAny(op, globbing) && op[0] != '*' && (len(op) < 4 || op[3] != ':') {
		return "svc:/" + op
	}
	return op
}

// exact gives what an operand names that is a whole FMRI.
func (r *repository) exact(k walk, op string) []string {
	f := parseFMRI(op)
	s := r.Services[f.service]
	if s == nil || f.instance != "" && s.Instances[f.instance] == nil {
		return nil
	}
	if f.group != "" {
		if !k.properties {
			return nil
		}
		full := f.String() + "/:properties/" + f.group
		if f.property != "" {
			full += "/" + f.property
		}
		return []string{full}
	}
	if f.instance != "" || k.services {
		return []string{f.String()}
	}
	return r.instances(f.service)
}

// partialMatch follows scf_cmp_pattern: only the first place counts, which has
// to begin and to end at the end of an element.
func partialMatch(pattern, s string) bool {
	at := strings.Index(s, pattern)
	if at < 0 || pattern == "" {
		return false
	}
	if at > 0 && s[at-1] != '/' && s[at-1] != ':' && s[at] != ':' {
		return false
	}
	end := at + len(pattern)
	if end != len(s) && s[end] != ':' && s[end-1] != ':' {
		return false
	}
	return end > 4
}

// fnmatch is fnmatch(3C) without flags: a star crosses slashes.
func fnmatch(pattern, s string) bool {
	hide := func(t string) string { return strings.ReplaceAll(t, "/", "\x01") }
	ok, err := path.Match(hide(pattern), hide(s))
	return ok && err == nil
}
