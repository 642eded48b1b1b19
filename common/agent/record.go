// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package agent

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"reflect"
	"strings"

	"illumos-metadata/common/guest"
	"illumos-metadata/common/illumos"
)

// A Record says what a service has applied. Each service embeds it in a record
// of its own that also lists what the service made.
type Record struct {
	Instance string `json:"instance"` // instance ID it was applied for
	Slice    string `json:"slice"`    // metadata.Digest of what was applied completely
}

// Settled says whether want is applied already, so that this boot has nothing
// to do; a second run within one boot always reapplies.
func (a *Agent) Settled(have, want Record) bool {
	if a.Again || have != want {
		return false
	}
	a.Log.Info("unchanged since it was applied to this instance", "instance", want.Instance)
	return true
}

func (a *Agent) recordFile() string { return applied + "/" + a.Service + ".json" }

// ReadRecord reads the service's record into rec, a pointer to its zero value.
// A missing or damaged record leaves it at that; the damage is logged.
func (a *Agent) ReadRecord(rec any) error {
	b, err := a.Guest.ReadFile(a.recordFile(), recMax)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read record: %w", err)
	}
	if err := json.Unmarshal(b, rec); err != nil {
		reflect.ValueOf(rec).Elem().SetZero() // of some damage json reads the rest
		a.Log.Warn("ignoring a damaged record", "file", a.recordFile(), "reason", err)
	}
	return nil
}

// WriteRecord stores rec; under -n it does nothing.
func (a *Agent) WriteRecord(rec any) error {
	if a.DryRun {
		return nil
	}
	b, err := json.MarshalIndent(rec, "", "  ")
	if err != nil {
		return fmt.Errorf("write record: %w", err)
	}
	_, err = a.Guest.WriteFile(guest.File{Path: a.recordFile(), Data: append(b, '\n'), Mode: 0o600})
	return err
}

// stamps are where the earlier monolithic agent (illumos/metadata-agent) notes
// the ID of the instance that it has configured; its main.rs, STAMP.
var stamps = []string{"/var/metadata/stamp", "/var/adm/metadata.stamp"}

// Adopted says whether the earlier agent has configured the instance id. It
// noted SMBIOS UUIDs as smbios(8) prints them; either byte order will do.
func (a *Agent) Adopted(id string) bool {
	for _, file := range stamps {
		b, err := a.Guest.ReadFile(file, 4096)
		if err != nil {
			continue
		}
		stamp := strings.TrimSpace(string(b))
		if stamp != "" && (strings.EqualFold(stamp, id) || strings.EqualFold(stamp, illumos.SwapUUID(id))) {
			a.Log.Info("the earlier metadata agent has configured this instance: adopting it", "stamp", file)
			return true
		}
	}
	return false
}
