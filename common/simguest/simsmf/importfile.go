// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simsmf

import (
	"crypto/md5"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"illumos-metadata/common/simguest/world"
)

// manifestDir is where the early import looks, and site is its last directory.
const manifestDir = "/lib/svc/manifest"

// importAll is what the early import does at boot (fork_emi of svc.startd,
// milestone/manifest-import): every manifest that is new or has changed. A
// manifest that fails does not keep the others out.
func importAll(w *world.World, tell func(path string, err error)) error {
	files, err := manifests(w)
	if err != nil {
		return err
	}
	return change(w, func(r *repository) error {
		for _, file := range files {
			data, err := os.ReadFile(w.Path(file))
			if err == nil && r.imported(file, data) {
				continue
			}
			if err == nil {
				_, err = r.importData(file, data)
			}
			tell(file, err)
		}
		return nil
	})
}

// importData imports the content of a manifest file, or leaves the repository
// as it is.
func (r *repository) importData(file string, data []byte) (touched []string, err error) {
	root, err := parseManifest(data)
	if err != nil {
		return nil, err
	}
	touched, err = r.with(func(r *repository) ([]string, error) { return r.importBundle(root) })
	if err != nil {
		return nil, err
	}
	r.remember(file, data)
	return touched, nil
}

// manifests gives the guest's manifests by path, those in site last.
func manifests(w *world.World) ([]string, error) {
	var files, site []string
	err := filepath.WalkDir(w.Path(manifestDir), func(name string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil || e.IsDir() || !strings.HasSuffix(name, ".xml") {
			return err
		}
		file := strings.TrimPrefix(name, strings.TrimSuffix(w.Path("/"), "/"))
		if strings.HasPrefix(file, manifestDir+"/site/") {
			site = append(site, file)
			return nil
		}
		files = append(files, file)
		return nil
	})
	return append(files, site...), err
}

// hashed says whether the repository keeps a hash of a manifest, so that the
// same one is not imported twice: below the two directories alone.
func hashed(file string) bool {
	return strings.HasPrefix(file, manifestDir+"/") || strings.HasPrefix(file, "/var/svc/manifest/")
}

func (r *repository) imported(file string, data []byte) bool {
	return hashed(file) && r.Hashes[file] == fmt.Sprintf("%x", md5.Sum(data))
}

func (r *repository) remember(file string, data []byte) {
	if hashed(file) {
		r.Hashes[file] = fmt.Sprintf("%x", md5.Sum(data))
	}
}

// with lets f change the repository, or leaves it as it is if f fails.
func (r *repository) with(f func(*repository) ([]string, error)) ([]string, error) {
	old, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	found, err := f(r)
	if err != nil {
		*r = repository{}
		return nil, errors.Join(err, json.Unmarshal(old, r))
	}
	return found, nil
}
