// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package cloudinit

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"illumos-metadata/common/metadata"
)

var update = flag.Bool("update", false, "write the expected results of the golden tests")

// samples is the collection of metadata samples, which lies beside the module
// and is read in place.
const samples = "../../../shared/fixtures/nocloud"

// A result is what a document becomes: after Validate, since nothing uses it
// before.
type result struct {
	Network  metadata.Network `json:"network"`
	Problems []string         `json:"problems,omitempty"`
	Warnings []string         `json:"warnings,omitempty"`
	Error    string           `json:"error,omitempty"`
}

// parse gives what a source that uses this package makes of a document.
func parse(t *testing.T, doc []byte) result {
	t.Helper()
	n, problems, warnings, err := ParseNetworkConfig(doc)
	if err != nil {
		return result{Error: err.Error()}
	}
	in := metadata.Instance{Source: "test", ID: "i-1", Network: n, Warnings: warnings}
	if err := in.Validate(); err != nil {
		t.Fatal(err)
	}
	for _, p := range in.Problems {
		problems = append(problems, strings.TrimPrefix(p.Reason, "test: "))
	}
	return result{Network: in.Network, Problems: problems, Warnings: in.Warnings}
}

// golden compares a result with the expected one in testdata.
func golden(t *testing.T, name string, got result) {
	t.Helper()
	file := filepath.Join("testdata", name+".json")
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetIndent("", "\t")
	e.SetEscapeHTML(false)
	if err := e.Encode(got); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), b.String()); d != "" {
		t.Errorf("%s (-want +got):\n%s", file, d)
	}
}

// TestDocuments reads our own documents, which show every feature and every
// mistake. Rows D1, D5, N1, N11, N13, N14 and N15 are in them.
func TestDocuments(t *testing.T) {
	files, err := filepath.Glob("testdata/*.yaml")
	if err != nil || len(files) < 10 {
		t.Fatalf("%d documents in testdata: %v", len(files), err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		t.Run(name, func(t *testing.T) {
			doc, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, name, parse(t, doc))
		})
	}
}

// sampleFiles gives the network-config documents of the collection.
func sampleFiles(t *testing.T) []string {
	t.Helper()
	var files []string
	for _, pattern := range []string{"network-v[12]/*.yaml", "volumes/*/network-config"} {
		found, err := filepath.Glob(filepath.Join(samples, pattern))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	if len(files) == 0 {
		if os.Getenv("CI") == "true" {
			t.Fatal("SKIPPED is a failure with CI=true: ../shared/fixtures/nocloud is not here")
		}
		t.Skip("SKIPPED: ../shared/fixtures/nocloud is not here")
	}
	return files
}

// sampleName gives a file of the collection by its path there, e.g.
// network-v1/ci-bond-v1.yaml.
func sampleName(file string) string {
	name, _ := filepath.Rel(samples, file)
	return filepath.ToSlash(name)
}

// TestSamples reads real documents of the producers that a guest meets.
func TestSamples(t *testing.T) {
	for _, file := range sampleFiles(t) {
		name := sampleName(file)
		t.Run(name, func(t *testing.T) {
			doc, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			short := strings.ReplaceAll(strings.TrimSuffix(strings.TrimSuffix(name, ".yaml"), "/network-config"), "/", "-")
			golden(t, "sample-"+short, parse(t, doc))
		})
	}
}
