// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simdisk

import (
	"slices"
	"strings"
)

// formatMenu and partitionMenu are the commands' names (init_menus.c).
var (
	formatMenu = []string{"disk", "type", "partition", "current", "format", "fdisk", "repair", "label", "analyze",
		"defect", "backup", "verify", "save", "inquiry", "volname", "!<cmd>", "quit"}
	partitionMenu = []string{"0", "1", "2", "3", "4", "5", "6", "expand", "select", "modify", "name", "print",
		"label", "!<cmd>", "quit"}
)

// menus runs the main menu and the one below it until the file says quit
// (menu.c, run_menu). A command that fails, or is none, ends the program, since
// it runs from a file.
func (se *session) menus(m *medium) int {
	title := "FORMAT"
	se.title(title)
	for {
		word := se.word()
		if word == "" {
			return formatAbort(se.c)
		}
		se.c.Printf("%s> %s\n", strings.ToLower(title), word)
		name, wrong := choose(se.menu(title), word)
		if wrong != "" {
			se.c.Errorf("`%s' is %s.\n", word, wrong)
			return formatAbort(se.c)
		}
		switch {
		case name == "quit" && title == "FORMAT":
			return 0
		case name == "quit":
			title = "FORMAT"
			se.title(title)
		case name == "partition":
			title = "PARTITION"
			se.title(title)
		case name == "expand":
			se.expand()
		case name != "label":
			return notSimulated(se.c, "command "+name)
		case !se.writeLabel(m):
			return formatAbort(se.c)
		}
	}
}

func (se *session) title(title string) {
	se.c.Printf("\n\n%s MENU:\n", title)
	for _, name := range se.menu(title) {
		se.c.Printf("        %s\n", name)
	}
}

// menu gives the commands that are there for the kind of label.
func (se *session) menu(title string) []string {
	hidden := "save"
	names := formatMenu
	if title == "PARTITION" {
		names, hidden = partitionMenu, ""
	}
	if se.label == nil {
		hidden = "expand"
	}
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool { return name == hidden })
}

// choose finds the command that a word abbreviates (io.c, input, FIO_MSTR).
func choose(names []string, word string) (name, wrong string) {
	for _, n := range names {
		switch {
		case !strings.HasPrefix(n, word):
		case name != "":
			return "", "ambiguous"
		default:
			name = n
		}
	}
	if name == "" {
		return "", "not expected"
	}
	return name, ""
}

// expand is p_expand.
func (se *session) expand() {
	if !se.label.expand() {
		se.c.Errorf("Warning: No expanded capacity is found.\n")
		return
	}
	se.c.Printf("The expanded capacity is added to the unallocated space.\n")
}

// writeLabel is c_label and write_label. The question is answered with yes when
// the program runs from a file. With a slice in use it compares the new map with
// that of DKIOCGAPART, which an EFI disk does not have: so that never succeeds.
func (se *session) writeLabel(m *medium) bool {
	if se.inUse() != "" {
		if se.label != nil {
			se.c.Errorf("Unable to get current partition map.\n")
		}
		se.c.Errorf("Cannot label disk when partitions are in use as described.\n")
		return false
	}
	se.c.Printf("\n")
	if se.label == nil {
		return true // the same label again
	}
	if err := se.label.write(m); err != nil {
		se.c.Errorf("Warning: error writing EFI.\nLabel failed.\n")
		return false
	}
	return true
}
