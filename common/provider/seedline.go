// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"illumos-metadata/common/illumos"
	"illumos-metadata/common/metadata"
)

// A seedLine is what the SMBIOS serial number of a machine can say to NoCloud,
// e.g. ds=nocloud;i=i-1;h=web1 (cloud-init, DataSourceNoCloud.py,
// parse_cmdline_data). OmniOS gives one to its bhyve zones. Other keys are for
// templates, which nobody here has.
type seedLine struct {
	id, hostname string // before those in meta-data
	from         string // where to fetch the files
	mode         string // dsmode; of use is "disabled" alone
}

// parseSeedLine reads the line; the zero value if there is none.
func parseSeedLine(serial string) seedLine {
	var l seedLine
	for token := range strings.FieldsSeq(serial) {
		kind, pairs, _ := strings.Cut(token, ";")
		if kind != "ds=nocloud" && kind != "ds=nocloud-net" {
			continue
		}
		for pair := range strings.SplitSeq(pairs, ";") {
			switch key, value, _ := strings.Cut(pair, "="); key {
			case "i", "instance-id":
				l.id = value
			case "h", "local-hostname":
				l.hostname = value
			case "s", "seedfrom":
				l.from = value
			case "dsmode":
				l.mode = value
			}
		}
		return l
	}
	return l
}

// errNoWeb says that a seed is not on a web server: a folder of the machine, or
// FTP.
var errNoWeb = errors.New("only http:// and https:// are supported")

// A seedBase is where the files of a seed are: an address with %s for the name of
// each.
type seedBase string

// file gives the address of a file.
func (b seedBase) file(name string) string { return strings.ReplaceAll(string(b), "%s", name) }

// parseSeedBase reads an address. A name is put behind it, and a slash before
// that where there is neither one nor a query (cloud-init, util.py, read_seeded).
// Errors do not quote it.
func parseSeedBase(from string, s illumos.SMBIOS) (seedBase, error) {
	scheme, _, _ := strings.Cut(from, "://")
	if !strings.EqualFold(scheme, "http") && !strings.EqualFold(scheme, "https") {
		return "", errNoWeb
	}
	from, err := fillSeed(from, s)
	if err != nil {
		return "", err
	}
	if !strings.Contains(from, "%s") {
		if !strings.HasSuffix(from, "/") && !strings.Contains(from, "?") {
			from += "/"
		}
		from += "%s"
	}
	b := seedBase(from)
	u, err := url.Parse(b.file(seedMeta))
	other, also := url.Parse(b.file(seedUser))
	if err != nil || also != nil || !isHost(u.Hostname()) || server(u) != server(other) || !strings.Contains(u.RequestURI(), seedMeta) {
		return "", fmt.Errorf("%w: this is no address of files on a web server", metadata.ErrInvalid)
	}
	return b, nil
}

// isHost says whether a text is an IP address or may be the name of a host.
func isHost(name string) bool {
	if _, err := netip.ParseAddr(name); err == nil {
		return true
	}
	return metadata.CheckHostname(strings.TrimSuffix(name, ".")) == nil
}

// seedVariable is a value of SMBIOS in an address, e.g. __dmi.system-uuid__
// (cloud-init, dmi.py, sub_dmi_vars).
var seedVariable = regexp.MustCompile(`__dmi\.([^_]*)__`)

// seedVariables are the values that the suite reads, by the names of dmidecode(8).
// The UUID is the one that Linux and the hypervisors show.
var seedVariables = map[string]func(illumos.SMBIOS) string{
	"bios-vendor": bios, "chassis-asset-tag": asset, "chassis-serial-number": chassis,
	"system-manufacturer": manufacturer, "system-product-name": product, "system-serial-number": serial,
	"system-uuid": swappedUUID, "system-version": version,
}

// fillSeed puts the values in. cloud-init leaves a name that it does not know,
// and takes a value that is not there for an empty one; either would ask for what
// is another machine's, or nobody's.
func fillSeed(from string, s illumos.SMBIOS) (string, error) {
	var wrong error
	filled := seedVariable.ReplaceAllStringFunc(from, func(variable string) string {
		name := seedVariable.FindStringSubmatch(variable)[1]
		field, ok := seedVariables[name]
		if !ok {
			wrong = fmt.Errorf("%w: __dmi.%.40s__ is not known: %s expected", metadata.ErrInvalid, name,
				strings.Join(slices.Sorted(maps.Keys(seedVariables)), ", "))
			return ""
		}
		value := field(s)
		if value == "" {
			wrong = fmt.Errorf("%w: this machine's SMBIOS has no %s", metadata.ErrInvalid, name)
		}
		return strings.ReplaceAll(url.QueryEscape(value), "+", "%20")
	})
	return filled, wrong
}
