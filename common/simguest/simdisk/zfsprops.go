// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simdisk

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

type propMode byte

const (
	readonly propMode = iota
	setOnce           // at creation only
	settable          // and not inherited
	inherits
)

type propKind byte

const (
	numeric propKind = iota
	index            // one of some words
	text
)

// A zfsProp is a dataset property (common/zfs/zfs_prop.c, zfs_prop_init).
type zfsProp struct {
	name, column string
	kind         propKind
	mode         propMode
	fs, vol      bool   // which types have it
	fallback     string // default
	values       string // as messages show them
}

const (
	onOff    = "on | off"
	sizeNone = "<size> | none"
	checks   = "on | off | fletcher2 | fletcher4 | sha256 | sha512 | skein | edonr"
	caching  = "all | none | metadata"
)

// zfsProps are in the order of zfs get all. Those of snapshots, quotas of
// users, shares of iSCSI and encryption are left out.
var zfsProps = []zfsProp{
	{"type", "TYPE", index, readonly, true, true, "", "filesystem | volume | snapshot | bookmark"},
	{"creation", "CREATION", numeric, readonly, true, true, "1728000000", "<date>"},
	{"used", "USED", numeric, readonly, true, true, "", "<size>"},
	{"available", "AVAIL", numeric, readonly, true, true, "", "<size>"},
	{"referenced", "REFER", numeric, readonly, true, true, "", "<size>"},
	{"compressratio", "RATIO", text, readonly, true, true, "1.00", "<1.00x or higher if compressed>"},
	{"mounted", "MOUNTED", index, readonly, true, false, "", "yes | no"},
	{"quota", "QUOTA", numeric, settable, true, false, "0", sizeNone},
	{"reservation", "RESERV", numeric, settable, true, true, "0", sizeNone},
	{"volsize", "VOLSIZE", numeric, settable, false, true, "0", "<size>"},
	{"volblocksize", "VOLBLOCK", numeric, setOnce, false, true, "8192", "512 to 128k, power of 2"},
	{"recordsize", "RECSIZE", numeric, inherits, true, false, "131072", "512 to 1M, power of 2"},
	{"mountpoint", "MOUNTPOINT", text, inherits, true, false, "/", "<path> | legacy | none"},
	{"sharenfs", "SHARENFS", text, inherits, true, false, "off", "on | off | share(8) options"},
	{"checksum", "CHECKSUM", index, inherits, true, true, "on", checks},
	{"compression", "COMPRESS", index, inherits, true, true, "off", "on | off | lzjb | gzip | gzip-[1-9] | zle | lz4"},
	{"atime", "ATIME", index, inherits, true, false, "on", onOff},
	{"devices", "DEVICES", index, inherits, true, false, "on", onOff},
	{"exec", "EXEC", index, inherits, true, false, "on", onOff},
	{"setuid", "SETUID", index, inherits, true, false, "on", onOff},
	{"readonly", "RDONLY", index, inherits, true, true, "off", onOff},
	{"zoned", "ZONED", index, inherits, true, false, "off", onOff},
	{"snapdir", "SNAPDIR", index, inherits, true, false, "hidden", "hidden | visible"},
	{"aclmode", "ACLMODE", index, inherits, true, false, "discard", "discard | groupmask | passthrough | restricted"},
	{"aclinherit", "ACLINHERIT", index, inherits, true, false, "restricted", "discard | noallow | restricted | passthrough | passthrough-x"},
	{"createtxg", "CREATETXG", numeric, readonly, true, true, "", "<uint64>"},
	{"canmount", "CANMOUNT", index, settable, true, false, "on", "on | off | noauto"},
	{"xattr", "XATTR", index, inherits, true, false, "on", onOff},
	{"copies", "COPIES", index, inherits, true, true, "1", "1 | 2 | 3"},
	{"version", "VERSION", index, settable, true, false, "5", "1 | 2 | 3 | 4 | 5 | current"},
	{"utf8only", "UTF8ONLY", index, setOnce, true, false, "off", onOff},
	{"normalization", "NORMALIZATION", index, setOnce, true, false, "none", "none | formC | formD | formKC | formKD"},
	{"casesensitivity", "CASE", index, setOnce, true, false, "sensitive", "sensitive | insensitive | mixed"},
	{"vscan", "VSCAN", index, inherits, true, false, "off", onOff},
	{"nbmand", "NBMAND", index, inherits, true, false, "off", onOff},
	{"sharesmb", "SHARESMB", text, inherits, true, false, "off", "on | off | sharemgr(8) options"},
	{"refquota", "REFQUOTA", numeric, settable, true, false, "0", sizeNone},
	{"refreservation", "REFRESERV", numeric, settable, true, true, "0", "<size> | none | auto"},
	{"guid", "GUID", text, readonly, true, true, "", "<uint64>"},
	{"primarycache", "PRIMARYCACHE", index, inherits, true, true, "all", caching},
	{"secondarycache", "SECONDARYCACHE", index, inherits, true, true, "all", caching},
	{"usedbysnapshots", "USEDSNAP", numeric, readonly, true, true, "0", "<size>"},
	{"usedbydataset", "USEDDS", numeric, readonly, true, true, "", "<size>"},
	{"usedbychildren", "USEDCHILD", numeric, readonly, true, true, "", "<size>"},
	{"usedbyrefreservation", "USEDREFRESERV", numeric, readonly, true, true, "", "<size>"},
	{"logbias", "LOGBIAS", index, inherits, true, true, "latency", "latency | throughput"},
	{"dedup", "DEDUP", index, inherits, true, true, "off", "on | off | verify | sha256[,verify] | sha512[,verify] | skein[,verify] | edonr,verify"},
	{"sync", "SYNC", index, inherits, true, true, "standard", "standard | always | disabled"},
	{"refcompressratio", "REFRATIO", text, readonly, true, true, "1.00", "<1.00x or higher if compressed>"},
	{"written", "WRITTEN", numeric, readonly, true, true, "", "<size>"},
	{"logicalused", "LUSED", numeric, readonly, true, true, "", "<size>"},
	{"logicalreferenced", "LREFER", numeric, readonly, true, true, "", "<size>"},
	{"redundant_metadata", "REDUND_MD", index, inherits, true, true, "all", "all | most"},
	{"name", "NAME", text, readonly, true, true, "", ""},
}

// zfsShort are the abbreviations (the columns in lower case work too).
var zfsShort = map[string]string{
	"compress": "compression", "recsize": "recordsize", "volblock": "volblocksize", "lused": "logicalused",
	"lrefer": "logicalreferenced", "refer": "referenced", "avail": "available", "reserv": "reservation",
	"refreserv": "refreservation", "rdonly": "readonly", "ratio": "compressratio",
}

// zfsPropNamed finds a property by name or abbreviation; nil if there is none.
func zfsPropNamed(name string) *zfsProp {
	if long, ok := zfsShort[name]; ok {
		name = long
	}
	i := slices.IndexFunc(zfsProps, func(p zfsProp) bool {
		return p.name == name || strings.ToLower(p.column) == name
	})
	if i < 0 {
		return nil
	}
	return &zfsProps[i]
}

// userProp is the form of a user property's name (zfs_prop_user).
var userProp = regexp.MustCompile(`^[-a-z0-9_.]*:[-a-z0-9_.:]*$`)

func (p *zfsProp) appliesTo(volume bool) bool { return volume && p.vol || !volume && p.fs }

// gzipLevel and the like match what values abbreviates.
var gzipLevel = regexp.MustCompile(`^gzip-[1-9]$`)

// parse checks a value and gives it as it is stored: bytes for a number
// (libzfs_util.c, zprop_parse_value). The errors are libzfs's texts.
func (p *zfsProp) parse(value string) (string, error) {
	switch p.kind {
	case numeric:
		if value == "none" || value == "auto" && p.name == "refreservation" {
			return map[string]string{"none": "0", "auto": "auto"}[value], nil
		}
		n, err := parseNumber(value)
		if err == nil && n == 0 && (p.name == "quota" || p.name == "refquota") {
			err = fmt.Errorf("use 'none' to disable quota/refquota")
		}
		return strconv.FormatUint(n, 10), err
	case index:
		words := strings.Split(p.values, " | ")
		if p.name == "dedup" {
			words = []string{"on", "off", "verify", "sha256", "sha256,verify", "sha512", "sha512,verify", "skein", "skein,verify", "edonr,verify"}
		}
		if !slices.Contains(words, value) && !(p.name == "compression" && gzipLevel.MatchString(value)) {
			return "", fmt.Errorf("'%s' must be one of '%s'", p.name, p.values)
		}
	}
	return value, nil
}
