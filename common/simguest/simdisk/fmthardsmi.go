// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simdisk

// runSMI is what fmthard does to an SMI label: only -q and -d are simulated.
func (o *fmthardOptions) runSMI(l *smiLabel, m *medium, path string) error {
	switch {
	case o.quick:
		return nil
	case !o.change && !o.loads && !o.named:
		return errUsage
	case !o.change:
		return errOther
	}
	part, p, ok := scanPart(delta, o.delta)
	switch {
	case !ok:
		return refusef("Delta syntax error on %q", o.delta)
	case part < 0 || part >= len(l.parts):
		return refusef("Error in data %q: No such partition %x", o.delta, part)
	}
	l.parts[part] = slice{p.tag, p.flag, int64(p.start), int64(p.size)}
	if err := l.validate(); err != nil {
		return err
	}
	if !l.acceptable() {
		return refusef("%s: invalid entry exists in vtoc", path)
	}
	if err := l.write(m); err != nil {
		return refusef("%s: Cannot write VTOC", path)
	}
	return nil
}

// validate refuses what is not on cylinders (fmthard.c, validate).
func (l *smiLabel) validate() error {
	for i, p := range l.parts {
		if p.size != 0 && (p.start%cylinder != 0 || p.size%cylinder != 0) {
			return refusef("fmthard: Partition %d not aligned on cylinder boundary ", i)
		}
	}
	return nil
}

// acceptable is the driver's check (cmlb.c, cmlb_build_user_vtoc): nothing ends
// behind the disk.
func (l *smiLabel) acceptable() bool {
	for _, p := range l.parts {
		if p.start < 0 || p.size < 0 || p.start+p.size > int64(l.ncyl)*cylinder {
			return false
		}
	}
	return true
}
