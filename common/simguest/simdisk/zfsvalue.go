// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simdisk

import (
	"path"
	"strconv"
	"strings"
	"time"
)

// A column is one property that zfs list or get was asked for.
type column struct {
	prop *zfsProp // nil for a user property
	name string   // as it is printed
}

// columns reads a list of properties (libzfs_util.c, zprop_get_list); bad is the
// first that is none.
func columns(list string) (cols []column, bad string) {
	for name := range strings.SplitSeq(list, ",") {
		p := zfsPropNamed(name)
		switch {
		case p != nil:
			cols = append(cols, column{p, p.name})
		case userProp.MatchString(name):
			cols = append(cols, column{nil, name})
		default:
			return nil, name
		}
	}
	return cols, ""
}

// allColumns is the property list "all".
func allColumns(d *dataset) []column {
	var cols []column
	for i := range zfsProps {
		if p := &zfsProps[i]; p.appliesTo(d.Volume) && p.name != "name" {
			cols = append(cols, column{p, p.name})
		}
	}
	return cols
}

// value gives a property as it is shown, and where it comes from. Without such
// a property both are "-" (libzfs_dataset.c, zfs_prop_get).
func (p *pool) value(d *dataset, col column, literal bool) (value, source string) {
	if col.prop == nil {
		return p.userValue(d, col.name)
	}
	if !col.prop.appliesTo(d.Volume) {
		return "-", "-"
	}
	if value, ok := p.fact(d, col.prop.name, literal); ok {
		return value, "-"
	}
	if col.prop.name == "mountpoint" {
		return p.mountpoint(d)
	}
	value, source = p.setting(d, col.prop)
	if source == "-" || col.prop.mode == setOnce {
		source = "-"
	}
	if col.prop.kind != numeric {
		return value, source
	}
	n, _ := strconv.ParseUint(value, 10, 64)
	if n == 0 && !literal && strings.Contains(col.prop.values, "none") {
		return "none", source
	}
	return number(n, literal), source
}

// userValue finds a user property here or above.
func (p *pool) userValue(d *dataset, name string) (value, source string) {
	for at := d.Name; at != "."; at = path.Dir(at) {
		for i := range p.Datasets {
			v, ok := p.Datasets[i].Props[name]
			switch {
			case !ok || p.Datasets[i].Name != at:
			case at == d.Name:
				return v, "local"
			default:
				return v, "inherited from " + at
			}
		}
	}
	return "-", "-"
}

// fact gives a property that the kernel works out.
func (p *pool) fact(d *dataset, name string, literal bool) (string, bool) {
	bytes := map[string]func() int64{
		"used":                 func() int64 { return p.used(d) },
		"available":            func() int64 { return p.available(d) },
		"referenced":           func() int64 { return d.Refer },
		"usedbysnapshots":      func() int64 { return 0 },
		"usedbydataset":        func() int64 { return d.Refer },
		"usedbyrefreservation": d.excess,
		"usedbychildren":       func() int64 { return p.used(d) - d.Refer - d.excess() },
		"written":              func() int64 { return d.Refer },
		"logicalreferenced":    func() int64 { return d.Refer },
		"logicalused":          func() int64 { return p.used(d) - d.excess() },
	}
	if f, ok := bytes[name]; ok {
		return number(uint64(max(f(), 0)), literal), true
	}
	switch name {
	case "name":
		return d.Name, true
	case "guid":
		return strconv.FormatUint(d.GUID, 10), true
	case "createtxg":
		return strconv.FormatUint(d.GUID%100000, 10), true
	case "type":
		return map[bool]string{false: "filesystem", true: "volume"}[d.Volume], true
	case "mounted":
		return map[bool]string{false: "no", true: "yes"}[d.Name == p.Root], true
	case "creation":
		n, _ := strconv.ParseInt(zfsPropNamed(name).fallback, 10, 64)
		if literal {
			return strconv.FormatInt(n, 10), true
		}
		return time.Unix(n, 0).UTC().Format("Mon Jan _2 15:04 2006"), true
	case "compressratio", "refcompressratio":
		return "1.00" + map[bool]string{false: "x"}[literal], true
	}
	return "", false
}
