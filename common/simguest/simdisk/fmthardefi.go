// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simdisk

import (
	"errors"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"

	"illumos-metadata/common/simguest/world"
)

// delta and rowForm are the scanf formats of -d and of a line for -s; what
// follows is not looked at.
var (
	delta   = regexp.MustCompile(`^\s*([-+]?\d+):\s*([-+]?\d+):\s*(?:0[xX])?([0-9a-fA-F]+):\s*([-+]?\d+):\s*([-+]?\d+)`)
	rowForm = regexp.MustCompile(`^\s*([-+]?\d+)\s+([-+]?\d+)\s+(?:0[xX])?([0-9a-fA-F]+)\s+([-+]?\d+)\s+([-+]?\d+)`)
)

// scanPart reads partition, tag, flag, start and size.
func scanPart(form *regexp.Regexp, text string) (part int, p partition, ok bool) {
	f := form.FindStringSubmatch(text)
	if f == nil {
		return 0, p, false
	}
	part, _ = strconv.Atoi(f[1])
	tag, _ := strconv.Atoi(f[2])
	flag, _ := strconv.ParseUint(f[3], 16, 32)
	start, _ := strconv.ParseInt(f[4], 10, 64)
	size, _ := strconv.ParseInt(f[5], 10, 64)
	return part, partition{tag: uint16(tag), flag: uint16(flag), start: uint64(start), size: uint64(size)}, true
}

// insert is insert64: it replaces one entry, which keeps its GUID and name.
func (l *efiLabel) insert(data string) error {
	part, p, ok := scanPart(delta, data)
	switch {
	case !ok:
		return refusef("Delta syntax error on %q", data)
	case part < 0 || part >= len(l.parts):
		return refusef("Error in data %q: No such partition %x", data, part)
	}
	have := &l.parts[part]
	have.tag, have.flag, have.start, have.size = p.tag, p.flag, p.start, p.size
	return nil
}

// load is load64: a whole new table, without the names and GUIDs of the old.
func (o *fmthardOptions) load(c *world.Call, m *medium) (*efiLabel, error) {
	in := c.Stdin
	if o.file != "-" {
		f, err := os.Open(c.World.Path(o.file))
		if err != nil {
			return nil, refusef("Cannot open file %s", o.file)
		}
		defer f.Close()
		in = f
	}
	text, err := io.ReadAll(in)
	if err != nil {
		return nil, err
	}
	parts, most := map[int]partition{}, 0
	for line := range strings.Lines(string(text)) {
		if line == "\n" || line[0] == '*' {
			continue
		}
		part, p, ok := scanPart(rowForm, line)
		if !ok || part < 0 || part >= efiMost {
			return nil, refusef("Syntax error: %q", strings.TrimSuffix(line, "\n"))
		}
		parts[part], most = p, max(most, part)
	}
	l := newEFI(m.capacity, m.sector, most+1)
	for i := range l.parts {
		l.parts[i].flag = 1 // V_UNMNT
		if p, ok := parts[i]; ok {
			l.parts[i] = p
		}
	}
	return l, nil
}

// put is validate64 and vwrite64.
func (l *efiLabel) put(c *world.Call, m *medium, path string) error {
	full, reserved := l.last+1, 0
	for i, p := range l.parts {
		if p.size == 0 {
			continue
		}
		if p.tag == tagReserved {
			reserved++
		}
		if p.start > full || p.start+p.size > full {
			return refusef("fmthard: Partition %d specified as %d sectors starting at %d\n"+
				"\tdoes not fit. The full disk contains %d sectors.", i, int64(p.size), int64(p.start), full)
		}
		for j, q := range l.parts {
			if i != j && p.tag != tagBackup && q.size != 0 && q.start <= p.start && p.start <= q.start+q.size-1 {
				c.Errorf(overlaps, i, j)
			}
		}
	}
	if reserved != 1 {
		return refusef("expected one reserved partition, but found %d", reserved)
	}
	switch err := l.write(m); {
	case errors.Is(err, errVTInvalid):
		return refusef("%s: invalid entry exists in vtoc", path)
	case err != nil:
		return refusef("%s: Cannot write EFI", path)
	}
	return nil
}

const overlaps = "fmthard: Partition %d overlaps partition %d. Overlap is allowed\n\tonly on partition on the full disk partition).\n"

// display is display64: -i.
func (l *efiLabel) display(c *world.Call, path string) {
	c.Printf("* %s default partition map\n*\n* Dimensions:\n*     %d bytes/sector\n", path, l.sector)
	for _, what := range []string{"sectors/track", "tracks/cylinder", "cylinders", "accessible cylinders"} {
		c.Printf("*     N/A %s\n", what)
	}
	c.Printf("*\n* Flags:\n*   1:  unmountable\n*  10:  read-only\n*\n")
	c.Printf("\n* Partition    Tag     Flag\t    First Sector    Sector Count\n")
	for i, p := range l.parts {
		if p.size > 0 {
			c.Printf("    %d\t\t%d\t0%x\t\t%8d\t%8d\n", i, p.tag, p.flag, p.start, p.size)
		}
	}
}
