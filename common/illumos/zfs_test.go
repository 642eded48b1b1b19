// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package illumos

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func datasetLine(fields ...string) string { return strings.Join(fields, "\t") + "\n" }

func TestDatasets(t *testing.T) {
	const argv = "/sbin/zfs list -Hp -d 1 -t filesystem,volume -o name,type,guid,volsize,used,available tank"
	out := datasetLine("tank", "filesystem", "11", "-", "700000000", "9000000000") +
		datasetLine("tank/ROOT", "filesystem", "12", "-", "650000000", "9000000000") +
		datasetLine("tank/swap", "volume", "18446744073709551615", "1073741824", "1143078912", "10000000000")
	g := stub(t, argv, 0, out, "")
	got, err := Datasets(t.Context(), g, "tank")
	want := []Dataset{
		{"tank", "filesystem", "11", 0, 700000000, 9000000000},
		{"tank/ROOT", "filesystem", "12", 0, 650000000, 9000000000},
		{"tank/swap", "volume", "18446744073709551615", 1073741824, 1143078912, 10000000000},
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	for _, out := range []string{"", datasetLine("rpool", "filesystem", "1", "-", "1", "1")} {
		if _, err := Datasets(t.Context(), stub(t, argv, 0, out, ""), "tank"); err == nil || !strings.Contains(err.Error(), "zfs list") {
			t.Errorf("%q: %v, want an error", out, err)
		}
	}
}

func TestDatasetsBad(t *testing.T) {
	refuses(t, parseDatasets, []badOutput{
		{"a field too few", "tank\tfilesystem\t11\t-\t5\n", `zfs list: line 1, "tank\tfilesystem\t11\t-\t5": 5 fields, not 6`},
		{"no name", datasetLine("", "volume", "1", "1", "1", "1"), "without name"},
		{"no GUID", datasetLine("tank", "filesystem", "-", "-", "1", "1"), "guid"},
		{"a volume without size", datasetLine("tank/swap", "volume", "1", "-", "1", "1"), "field 4"},
		{"words", datasetLine("tank", "filesystem", "1", "-", "1.5G", "1"), "field 5: no number"},
		{"negative", datasetLine("tank", "filesystem", "1", "-", "1", "-1"), "field 6: no number"},
		{"no number that fits", datasetLine("tank", "filesystem", "1", "-", "1", "9223372036854775808"), "out of range"},
		{"an empty line", "\n", "line 1"},
	})
	if got, err := parseDatasets([]byte(datasetLine("tank", "filesystem", "1", "-", "1", "9223372036854775807"))); err != nil || got[0].Available != math.MaxInt64 {
		t.Errorf("the largest number: %v, %v", got, err)
	}
}

func FuzzDatasets(f *testing.F) {
	f.Add([]byte("tank\tfilesystem\t11\t-\t5\t6\ntank/swap\tvolume\t12\t4096\t5\t6\n"))
	f.Fuzz(func(t *testing.T, out []byte) {
		stable(t, "zfs list", out, parseDatasets, func(all []Dataset) (text string) {
			for _, d := range all {
				if min(d.Size, d.Used, d.Available) < 0 {
					t.Fatalf("%+v from %q", d, out)
				}
				text += datasetLine(d.Name, d.Type, d.GUID, fmt.Sprint(d.Size), fmt.Sprint(d.Used), fmt.Sprint(d.Available))
			}
			return text
		})
	})
}
