// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simsmf

import (
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// valueTypes are the types of properties (libscf(3LIB), scf_string_to_type).
var valueTypes = []string{
	"count", "integer", "opaque", "host", "hostname", "net_address", "net_address_v4", "net_address_v6",
	"time", "astring", "ustring", "boolean", "fmri", "uri",
}

var (
	timePattern = regexp.MustCompile(`^-?[0-9]+(\.[0-9]{1,9})?$`)
	hexPattern  = regexp.MustCompile(`^([0-9A-Fa-f]{2})*$`)
	hostPattern = regexp.MustCompile(`^[0-9A-Za-z]([-0-9A-Za-z.]*[0-9A-Za-z])?$`)
	uriPattern  = regexp.MustCompile(`^[A-Za-z][-+.0-9A-Za-z]*:.`)
	fmriPattern = regexp.MustCompile(`^(svc:/[^/ ]|file:/|lrc:/)[^ ]*$`)
)

// typed says whether a value can be of a type; it follows
// scf_value_set_from_string(3SCF).
func typed(kind, value string) bool {
	switch kind {
	case "count":
		_, err := strconv.ParseUint(value, 0, 64)
		return err == nil
	case "integer":
		_, err := strconv.ParseInt(value, 0, 64)
		return err == nil
	case "boolean":
		return slices.Contains([]string{"true", "t", "1", "false", "f", "0"}, strings.ToLower(value))
	case "opaque":
		return hexPattern.MatchString(value)
	case "time":
		return timePattern.MatchString(value)
	case "hostname":
		return hostPattern.MatchString(value)
	case "host":
		return hostPattern.MatchString(value) || address(value)
	case "net_address":
		return address(value)
	case "net_address_v4":
		return address(value) && !strings.Contains(value, ":")
	case "net_address_v6":
		return address(value) && strings.Contains(value, ":")
	case "fmri":
		return fmriPattern.MatchString(value)
	case "uri":
		return uriPattern.MatchString(value)
	}
	return len(value) <= maxValue
}

// maxValue is the longest value (common/svc/repcache_protocol.h).
const maxValue = 4095

func address(value string) bool {
	if _, err := netip.ParseAddr(value); err == nil {
		return true
	}
	_, err := netip.ParsePrefix(value)
	return err == nil
}

// canonical gives a value as svc.configd stores it.
func canonical(kind, value string) string {
	switch kind {
	case "boolean":
		return strconv.FormatBool(strings.Contains("true 1", strings.ToLower(value)))
	case "count":
		n, _ := strconv.ParseUint(value, 0, 64) // typed has parsed it
		return strconv.FormatUint(n, 10)
	case "integer":
		n, _ := strconv.ParseInt(value, 0, 64) // typed has parsed it
		return strconv.FormatInt(n, 10)
	}
	return value
}

// quoteForShell escapes the shell's metacharacters, as quote_for_shell of
// svcprop and svc.startd do.
func quoteForShell(value string) string {
	var b strings.Builder
	for i := range len(value) {
		if strings.IndexByte(";&()|^<>\n \t\\\"'`", value[i]) >= 0 {
			b.WriteByte('\\')
		}
		b.WriteByte(value[i])
	}
	return b.String()
}
