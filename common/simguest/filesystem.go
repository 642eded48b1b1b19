// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simguest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	backend "github.com/diskfs/go-diskfs/backend/file"
	"github.com/diskfs/go-diskfs/filesystem"
	"github.com/diskfs/go-diskfs/filesystem/fat12"
	"github.com/diskfs/go-diskfs/filesystem/fat16"
	"github.com/diskfs/go-diskfs/filesystem/fat32"
	"github.com/diskfs/go-diskfs/filesystem/iso9660"
)

// FileSystem makes the image of a metadata volume with a file system: "fat12",
// "fat16", "fat32", or ISO 9660 as "rockridge", "joliet" or "plain", that is
// with this extension or without any.
func FileSystem(kind, label string, files map[string][]byte) ([]byte, error) {
	dir, err := os.MkdirTemp("", "simguest-volume-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	image, root := filepath.Join(dir, "image"), filepath.Join(dir, "root")
	if err := os.Mkdir(root, 0o755); err != nil {
		return nil, err
	}
	if err := makeFileSystem(root, image, kind, label, files); err != nil {
		return nil, fmt.Errorf("make a %s volume: %w", kind, err)
	}
	return os.ReadFile(image)
}

// fatSizes are the sizes of the images; a FAT file system's kind follows from
// the number of its clusters.
var fatSizes = map[string]int64{"fat12": 1440 << 10, "fat16": 16 << 20, "fat32": 34 << 20}

// makeFileSystem makes an image; root is an empty directory in which the files of
// a CD are collected.
func makeFileSystem(root, image, kind, label string, files map[string][]byte) error {
	store, err := backend.CreateFromPath(image, max(fatSizes[kind], 1))
	if err != nil {
		return err
	}
	defer store.Close()
	size := fatSizes[kind]
	var fsys filesystem.FileSystem
	switch kind {
	case "fat12":
		fsys, err = fat12.Create(store, size, 0, 512, label, true)
	case "fat16":
		fsys, err = fat16.Create(store, size, 0, 512, label, true)
	case "fat32":
		fsys, err = fat32.Create(store, size, 0, 512, label, true)
	case "rockridge", "joliet", "plain":
		fsys, err = iso9660.Create(store, 0, 0, 2048, root)
	default:
		return errors.New("no such kind")
	}
	if err != nil {
		return err
	}
	for name, data := range files {
		if err := put(fsys, name, data); err != nil {
			return err
		}
	}
	if disc, ok := fsys.(*iso9660.FileSystem); ok {
		return disc.Finalize(iso9660.FinalizeOptions{
			RockRidge: kind == "rockridge", Joliet: kind == "joliet", VolumeIdentifier: label,
		})
	}
	return nil
}

// put writes one file of a file system.
func put(fsys filesystem.FileSystem, name string, data []byte) error {
	f, err := fsys.OpenFile(name, os.O_CREATE|os.O_RDWR)
	if err != nil {
		return err
	}
	if len(data) > 0 {
		if _, err := f.Write(data); err != nil {
			return err
		}
	}
	return f.Close()
}
