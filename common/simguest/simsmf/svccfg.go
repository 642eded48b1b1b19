// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simsmf

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"illumos-metadata/common/simguest/world"
)

const svccfgUsage = "Usage:\tsvccfg [-v] [-s FMRI] [-f file]\n\tsvccfg [-v] [-s FMRI] <command> [args]\n"

// A config is one run of svccfg.
type config struct {
	*world.Call
	repo    *repository
	at      *fmri // what is selected
	verbose bool
	where   string // prefix of messages
	poke    []string
	stored  bool // the repository has changed
}

// errSaid is for an error that has been told: svccfg ends with status 1.
var errSaid = errors.New("said")

// errAbsent is for something that is not simulated.
type errAbsent string

func (e errAbsent) Error() string { return string(e) }

// svccfg is svccfg(8), after svccfg_main.c, svccfg.y and svccfg_libscf.c, as it
// is used without a terminal: the first error ends it with status 1.
func svccfg(c *world.Call) int {
	g := &config{Call: c, where: "svccfg"}
	opts, args := getopt(c, c.Args, "vf:s:")
	var script, selected string
	for _, o := range opts {
		switch o.name {
		case 'v':
			g.verbose = true
		case 'f':
			script = o.value
		case 's':
			selected = o.value
		default:
			c.Errorf("%s", svccfgUsage)
			return exitUsage
		}
	}
	err := c.World.Locked(func() (err error) {
		if g.repo, err = load(c.World); err != nil {
			return err
		}
		err = g.all(selected, script, args)
		if g.stored && (err == nil || errors.Is(err, errSaid)) {
			err = errors.Join(err, c.World.Write(repositoryName, g.repo))
		}
		return err
	})
	for _, request := range g.poke {
		verb, operand, _ := strings.Cut(request, " ")
		if err := ask(c.World, verb, operand); err != nil && !errors.Is(err, errNoSystem) {
			return fail(c, err)
		}
	}
	var missing errAbsent
	switch {
	case errors.As(err, &missing):
		return absent(c, string(missing))
	case errors.Is(err, errSaid):
		return exitFatalError
	case err != nil:
		return fail(c, err)
	}
	return 0
}

// all runs what the command line asks for.
func (g *config) all(selected, script string, args []string) error {
	if selected != "" {
		if err := g.choose(selected); err != nil {
			return err
		}
	}
	if script == "" && len(args) > 0 {
		return g.command(strings.Join(args, " ") + " ")
	}
	input, name := g.Stdin, "<stdin>"
	if script != "" && script != "-" {
		f, err := os.Open(g.World.Path(script))
		if err != nil {
			return g.die("Could not open %s: No such file or directory.", script)
		}
		defer f.Close()
		input, name = f, script
	}
	return g.lines(input, name)
}

func (g *config) lines(input io.Reader, name string) error {
	s := bufio.NewScanner(input)
	for n := 1; s.Scan(); n++ {
		g.where = fmt.Sprintf("svccfg (%s, line %d)", name, n)
		if err := g.command(s.Text()); err != nil {
			return err
		}
	}
	return s.Err()
}

// die is semerr.
func (g *config) die(format string, args ...any) error {
	g.Errorf("%s: %s\n", g.where, fmt.Sprintf(format, args...))
	return errSaid
}

func (g *config) syntax() error { return g.die("Syntax error.") }

// known are commands of svccfg that are not simulated.
var known = []string{"export", "archive", "apply", "extract", "cleanup", "repository", "inventory", "set", "help", "restore", "add", "delete",
	"delhash", "editprop", "setenv", "unsetenv", "listsnap", "selectsnap", "revert", "delnotify", "listnotify", "setnotify"}

// command runs one command.
func (g *config) command(line string) error {
	words, ok := scan(line)
	if !ok {
		return g.syntax()
	}
	if len(words) == 0 {
		return nil
	}
	verb := words[0].text
	if slices.Contains(known, verb) {
		return errAbsent(verb)
	}
	if verb == "setprop" {
		return g.setprop(words[1:])
	}
	var args []string
	for _, w := range words[1:] {
		if w.special {
			return g.syntax()
		}
		args = append(args, unquote(w.text))
	}
	commands := map[string]struct {
		least, most int
		run         func([]string) error
	}{
		"select":       {1, 1, func(a []string) error { return g.choose(a[0]) }},
		"unselect":     {0, 0, g.unselect},
		"end":          {0, 0, nil},
		"exit":         {0, 0, nil},
		"quit":         {0, 0, nil},
		"list":         {0, 1, g.list},
		"listpg":       {0, 1, func(a []string) error { return g.listprop(a, true, false) }},
		"listprop":     {0, 1, func(a []string) error { return g.listprop(a, false, false) }},
		"describe":     {0, 2, g.describe},
		"addpg":        {2, 3, g.addpg},
		"delpg":        {1, 1, g.delprop},
		"delprop":      {1, 1, g.delprop},
		"addpropvalue": {2, 3, g.addValue},
		"delpropvalue": {2, 2, g.delValue},
		"refresh":      {0, 0, g.refresh},
		"import":       {1, 1 << 10, g.imports},
		"validate":     {0, 1, g.validate},
	}
	c, ok := commands[verb]
	if !ok || len(args) < c.least || len(args) > c.most {
		return g.syntax()
	}
	if c.run == nil {
		return nil
	}
	return c.run(args)
}

// choose is lscf_select: a service rather than its instances.
func (g *config) choose(pattern string) error {
	var said error
	found := g.repo.walk(walk{services: true}, []string{pattern}, func(text string) {
		said = g.die("%s", strings.TrimSuffix(text, "\n"))
	})
	if said != nil || len(found) == 0 {
		return said
	}
	if len(found) > 1 {
		return g.die("Pattern '%s' matches multiple instances:\n\t%s", pattern, strings.Join(found, "\n\t"))
	}
	f := parseFMRI(found[0])
	g.at = &f
	return nil
}

func (g *config) unselect([]string) error {
	if g.at == nil {
		return g.die("Cannot unselect at scope level.")
	}
	if g.at.instance != "" {
		g.at = &fmri{service: g.at.service}
	} else {
		g.at = nil
	}
	return nil
}

// selected gives the groups of what is selected.
func (g *config) selected() (groups, error) {
	if g.at == nil {
		return nil, g.die("An entity is not selected.")
	}
	return g.repo.entity(g.at.String()), nil
}

// list names the services, or the instances of the one that is selected.
func (g *config) list(args []string) error {
	var names []string
	switch {
	case g.at == nil:
		names = sorted(g.repo.Services)
	case g.at.instance == "":
		names = append(sorted(g.repo.Services[g.at.service].Instances), ":properties")
	default:
		names = []string{":properties"}
	}
	for _, name := range names {
		if len(args) == 0 || fnmatch(args[0], name) {
			g.Printf("%s\n", name)
		}
	}
	return nil
}

// refresh takes the running snapshot, and has svc.startd read it.
func (g *config) refresh([]string) error {
	if g.at == nil {
		return g.die("An entity is not selected.")
	}
	g.stored = true
	for _, inst := range g.repo.refreshed(g.at.String()) {
		g.repo.refresh(inst)
		g.poke = append(g.poke, "refresh "+inst)
	}
	return nil
}

// imports is engine_import.
func (g *config) imports(args []string) error {
	for _, name := range args {
		if strings.HasPrefix(name, "-") {
			return errAbsent("import " + name)
		}
		info, err := os.Stat(g.World.Path(name))
		if err != nil {
			return g.die("Unable to stat file %s.  No such file or directory", name)
		}
		if info.IsDir() {
			return errAbsent("import of a directory")
		}
	}
	for _, name := range args {
		if err := g.importOne(name); err != nil {
			return err
		}
	}
	return nil
}

func (g *config) importOne(name string) error {
	data, err := os.ReadFile(g.World.Path(name))
	if err != nil {
		return err
	}
	if g.repo.imported(name, data) {
		if g.verbose {
			g.Errorf("%s: No changes were necessary\n", g.where)
		}
		return nil
	}
	before := g.repo.instances("")
	fresh, err := g.repo.importData(name, data)
	if errors.Is(err, errInvalid) || errors.Is(err, errNoXML) {
		return g.die("%s", firstLine(err))
	}
	if err != nil {
		g.Errorf("%s: %s\n", g.where, firstLine(err))
		return g.die("Import of %s failed.", name)
	}
	g.stored = true
	g.poke = append(g.poke, "rescan ")
	for _, inst := range fresh {
		if slices.Contains(before, inst) {
			g.poke = append(g.poke, "refresh "+inst)
		}
	}
	if g.verbose {
		g.Errorf("%s: Successful import.\n", g.where)
	}
	return nil
}

// validate checks a manifest, or the properties of an instance against its
// template.
func (g *config) validate(args []string) error {
	if len(args) == 0 {
		if g.at == nil || g.at.instance == "" {
			return g.die("An instance is not selected.")
		}
		return g.check(g.at.String())
	}
	data, err := os.ReadFile(g.World.Path(args[0]))
	if err == nil {
		if _, err := parseManifest(data); err != nil {
			return g.die("%s", firstLine(err))
		}
		return nil
	}
	found := g.repo.walk(walk{}, args, func(text string) { err = g.die("%s", strings.TrimSuffix(text, "\n")) })
	if len(found) == 0 {
		return err
	}
	return g.check(found[0])
}
