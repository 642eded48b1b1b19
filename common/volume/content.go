// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package volume

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/cavaliergopher/cpio"
)

const (
	maxMembers  = 10_000
	maxWarnings = 10
)

// Content is what an archive holds of what was asked for.
type Content struct {
	Files map[string][]byte
	// Refused are members that were asked for and are there, but cannot be
	// used, and why. They are not in Files.
	Refused map[string]string
	// Warnings name what was passed over.
	Warnings []string
}

// A selection is a Content that grows, member by member.
type selection struct {
	Content
	limits map[string]int64
	// linked are empty members whose content may come with a later link to the
	// same file, by inode. Only one device is assumed: the reader of newc does
	// not tell.
	linked  map[uint64][]string
	ignored int
}

// readArchive reads an archive in any format up to its trailer. What follows is
// not part of it: a disk has an end of its own.
func readArchive(r io.Reader, limits map[string]int64) (Content, error) {
	head := make([]byte, headSize)
	n, err := io.ReadFull(r, head)
	if err != nil && !errors.Is(unexpected(err), io.ErrUnexpectedEOF) {
		return Content{}, err
	}
	f := detect(head[:n])
	if f == nil {
		return Content{}, errHeader
	}
	a := f.open(io.MultiReader(strings.NewReader(string(head[:n])), r))
	s := selection{
		Content: Content{Files: map[string][]byte{}, Refused: map[string]string{}},
		limits:  limits, linked: map[uint64][]string{},
	}
	for number := 1; ; number++ {
		m, err := a.next()
		if errors.Is(err, io.EOF) {
			return s.finish(), nil
		}
		if err == nil && number > maxMembers {
			err = fmt.Errorf("more than %d members", maxMembers)
		}
		if err == nil {
			err = s.add(a, m)
		}
		if err != nil {
			return Content{}, fmt.Errorf("%s archive, member %d: %w", f.name, number, err)
		}
	}
}

// add takes what is wanted of a member.
func (s *selection) add(a archive, m member) error {
	name := bare(m.name)
	_, wanted := s.limits[name]
	wanted = wanted && !s.doubled(name)
	regular := m.mode&cpio.ModeType == cpio.TypeReg
	var names []string
	switch {
	case wanted && !regular:
		s.Refused[name] = "it is " + kind(m.mode) + ", not a regular file"
	case wanted:
		names = []string{name}
	case m.mode&cpio.ModeType != cpio.TypeDir:
		s.ignore(m.name)
	}
	if regular && m.shared && m.links > 1 {
		names = append(s.linked[m.inode], names...)
		delete(s.linked, m.inode)
		if m.size == 0 && len(names) > 0 {
			s.linked[m.inode] = names
			return nil
		}
	}
	return s.keep(a, m, names)
}

// bare gives a member's name without the "./" of find . | cpio -o. Nothing else
// is cleaned: a name that leads anywhere is not one of ours.
func bare(name string) string {
	for strings.HasPrefix(name, "./") {
		name = strings.TrimLeft(name[2:], "/")
	}
	return name
}

// doubled says whether the archive has had a member of that name already. The
// first one counts, as for cpio -i, which does not replace a file by one of the
// same age.
func (s *selection) doubled(name string) bool {
	_, have := s.Files[name]
	_, refused := s.Refused[name]
	for _, names := range s.linked {
		have = have || slices.Contains(names, name)
	}
	return have || refused
}

// keep reads the content of the present member for all names that it has.
func (s *selection) keep(a archive, m member, names []string) error {
	var most int64
	for _, name := range names {
		most = max(most, s.limits[name])
	}
	if len(names) == 0 || m.size > most {
		s.give(names, m, nil)
		return nil
	}
	data := make([]byte, m.size)
	if _, err := io.ReadFull(a, data); err != nil {
		return unexpected(err)
	}
	s.give(names, m, data)
	return nil
}

// give puts a member's content, as far as it may be used, under its names.
func (s *selection) give(names []string, m member, data []byte) {
	for _, name := range names {
		switch limit := s.limits[name]; {
		case m.size > limit:
			s.Refused[name] = fmt.Sprintf("it has %d bytes, and %d are the most", m.size, limit)
		case m.summed && checksum(data) != m.sum:
			s.Refused[name] = "it is damaged: its checksum is another one"
		default:
			s.Files[name] = data
		}
	}
}

// finish ends a complete archive.
func (s *selection) finish() Content {
	for _, inode := range slices.Sorted(maps.Keys(s.linked)) {
		for _, name := range s.linked[inode] {
			s.Files[name] = []byte{} // no link had any content
		}
	}
	if more := s.ignored - maxWarnings; more > 0 {
		s.Warnings = append(s.Warnings, fmt.Sprintf("%d more members are ignored", more))
	}
	return s.Content
}

// ignore notes a member that is passed over.
func (s *selection) ignore(name string) {
	if s.ignored++; s.ignored > maxWarnings {
		return
	}
	if len(name) > 60 {
		name = name[:60] + "…"
	}
	why := ""
	if _, wanted := s.limits[bare(name)]; wanted {
		why = ": there was one before"
	}
	s.Warnings = append(s.Warnings, fmt.Sprintf("member %q is ignored%s", name, why))
}

// kinds are the types of file in st_mode (stat.h(3HEAD)).
var kinds = map[uint32]string{
	cpio.TypeSocket: "a socket", cpio.TypeSymlink: "a symbolic link", cpio.TypeBlock: "a device",
	cpio.TypeDir: "a directory", cpio.TypeChar: "a device", cpio.TypeFifo: "a FIFO",
}

func kind(mode uint32) string {
	if k, ok := kinds[mode&cpio.ModeType]; ok {
		return k
	}
	return "of an unknown type"
}

func checksum(data []byte) uint32 {
	sum := cpio.NewHash()
	sum.Write(data)
	return sum.Sum32()
}
