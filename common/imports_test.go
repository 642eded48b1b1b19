// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

// Package common_test holds what is true of the suite as a whole: which package
// may import which, and how large the programs may be.
package common_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "illumos-metadata/"

// A rule is what one package may import beside the standard library: packages
// of the suite by their folder, and other modules by their path.
type rule struct{ suite, modules string }

// rules has a line for every package of the product but the services. Arrows
// point one way, from the services down to the leaves.
var rules = map[string]rule{
	"common/metadata":  {},
	"common/etcfile":   {"common/metadata", ""},
	"common/guest":     {"", "golang.org/x/sys/unix"},
	"common/illumos":   {"common/etcfile common/guest", ""},
	"common/volume":    {"common/guest", "github.com/cavaliergopher/cpio github.com/diskfs/go-diskfs golang.org/x/sys/unix"},
	"common/cloudinit": {"common/metadata", "go.yaml.in/yaml/v3"},
	"common/provider": {"common/cloudinit common/illumos common/volume common/metadata common/guest",
		"github.com/BurntSushi/toml go.yaml.in/yaml/v3 golang.org/x/net/dns/dnsmessage golang.org/x/sys/unix"},
	"common/cache": {"common/provider common/illumos common/metadata common/guest", ""},
	// agent never imports cache: zpool and swap would link net/http with it.
	"common/agent": {"common/illumos common/metadata common/guest", "github.com/hashicorp/go-multierror"},
}

// service is the rule for every service.
var service = rule{
	"common/agent common/cache common/provider common/illumos common/etcfile common/metadata common/guest",
	"golang.org/x/sys/unix",
}

// reserved are the standard packages that only some packages may import.
var reserved = map[string][]string{
	"net/http": {"common/provider"},                     // 3.7 MB in every program that links it
	"os/exec":  {"common/guest", "services/userscript"}, // the boundary to the guest; the user's script
	"plugin":   nil,
	"unsafe":   nil,
	"C":        nil,
}

// A pkg is what go list says about a package.
type pkg struct {
	ImportPath             string
	GoFiles, Imports, Deps []string

	folder string // ImportPath without the module
}

// list gives the packages of the suite as they are built for goos.
func list(t *testing.T, goos string) []pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,GoFiles,Imports,Deps", "./...")
	cmd.Dir = ".."
	cmd.Env = append(os.Environ(), "GOOS="+goos, "GOARCH=amd64", "CGO_ENABLED=0")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	var pkgs []pkg
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return pkgs
		} else if err != nil {
			t.Fatalf("go list: %v", err)
		}
		p.folder = strings.TrimPrefix(p.ImportPath, module)
		pkgs = append(pkgs, p)
	}
}

// wrong gives every arrow from p that is not allowed.
func wrong(p pkg) []string {
	if p.folder == "common/simguest" || strings.HasPrefix(p.folder, "common/simguest/") {
		return simulation(p)
	}
	r, ok := rules[p.folder]
	if strings.HasPrefix(p.folder, "services/") {
		r, ok = service, true
	}
	if !ok {
		return []string{p.folder + " is no package of the suite"}
	}
	var bad []string
	for _, path := range p.Imports {
		if !allowed(p.folder, r, path) {
			bad = append(bad, p.folder+" imports "+path)
		}
	}
	if p.folder == "services/zpool" || p.folder == "services/swap" {
		for _, dep := range p.Deps {
			if dep == "net/http" || dep == module+"common/provider" || dep == module+"common/cache" {
				bad = append(bad, p.folder+" links "+dep)
			}
		}
	}
	return bad
}

// allowed says whether a package may import path.
func allowed(folder string, r rule, path string) bool {
	if own, ok := strings.CutPrefix(path, module); ok {
		return slices.Contains(strings.Fields(r.suite), own)
	}
	if first, _, _ := strings.Cut(path, "/"); strings.Contains(first, ".") {
		return slices.ContainsFunc(strings.Fields(r.modules), func(m string) bool {
			return path == m || strings.HasPrefix(path, m+"/")
		})
	}
	only, restricted := reserved[path]
	return !restricted || slices.Contains(only, folder)
}

// simulation gives the wrong arrows of a package of the simulated guest: it
// knows nothing of the product, so that it cannot share its mistakes.
func simulation(p pkg) []string {
	var bad []string
	for _, path := range p.Imports {
		if strings.HasPrefix(path, module) && !strings.HasPrefix(path, module+"common/simguest") {
			bad = append(bad, p.folder+" imports "+path)
		}
	}
	return bad
}

func TestImports(t *testing.T) {
	for _, goos := range []string{"illumos", "linux"} {
		pkgs := list(t, goos)
		if len(pkgs) < 10 {
			t.Fatalf("%s: only %d packages found", goos, len(pkgs))
		}
		for _, p := range pkgs {
			if len(p.GoFiles) == 0 {
				continue // tests alone
			}
			for _, arrow := range wrong(p) {
				t.Errorf("%s: %s", goos, arrow)
			}
		}
	}
}

// TestWrongArrows shows that the check above can fail.
func TestWrongArrows(t *testing.T) {
	tests := []struct {
		folder, imports, deps string
		want                  string
	}{
		{"common/guest", "os/exec", "", "[]"},
		{"common/guest", module + "common/metadata", "", "[common/guest imports illumos-metadata/common/metadata]"},
		{"common/metadata", "net/netip", "", "[]"},
		{"common/metadata", "os/exec", "", "[common/metadata imports os/exec]"},
		{"common/illumos", "golang.org/x/sys/unix", "", "[common/illumos imports golang.org/x/sys/unix]"},
		{"common/agent", module + "common/cache", "", "[common/agent imports illumos-metadata/common/cache]"},
		{"common/provider", "net/http", "", "[]"},
		{"common/cache", "net/http", "", "[common/cache imports net/http]"},
		{"common/volume", "github.com/diskfs/go-diskfs/filesystem/fat32", "", "[]"},
		{"common/volume", "github.com/diskfs/go-diskfsx", "", "[common/volume imports github.com/diskfs/go-diskfsx]"},
		{"common/util", "", "", "[common/util is no package of the suite]"},
		{"services/swap", module + "common/agent", "net/http", "[services/swap links net/http]"},
		{"services/zpool", module + "common/agent", module + "common/cache", "[services/zpool links illumos-metadata/common/cache]"},
		{"services/hostname", module + "common/cache", "net/http", "[]"},
		{"services/hostname", module + "common/simguest", "", "[services/hostname imports illumos-metadata/common/simguest]"},
		{"services/hostname", module + "services/swap", "", "[services/hostname imports illumos-metadata/services/swap]"},
		{"services/hostname", module + "common/volume", "", "[services/hostname imports illumos-metadata/common/volume]"},
		{"common/simguest/simdisk", module + "common/simguest/world", "", "[]"},
		{"common/simguest/simdisk", module + "common/illumos", "", "[common/simguest/simdisk imports illumos-metadata/common/illumos]"},
	}
	for _, tt := range tests {
		p := pkg{folder: tt.folder, Imports: strings.Fields(tt.imports), Deps: strings.Fields(tt.deps)}
		if got := fmt.Sprint(wrong(p)); got != tt.want {
			t.Errorf("%s importing %q, linking %q: %s, want %s", tt.folder, tt.imports, tt.deps, got, tt.want)
		}
	}
}
