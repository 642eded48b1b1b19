// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

// Package platform holds a machine of each hypervisor and cloud that the suite
// is made for, as a simulated guest finds it: its SMBIOS strings, its network,
// and its metadata where that platform keeps it. All of them ask for the same:
// the name web1.example.com, two keys, and a script.
package platform

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"illumos-metadata/common/simguest"
)

// What each machine's metadata asks for.
const (
	Hostname = "web1.example.com"
	Script   = "#!/bin/sh\necho \"hello from $(hostname)\"\n"
	Alice    = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAICvYBsl/DgCvGh/DMo+nY6kmlyPI24+sT5OvcdsYbW6Q alice@example.com"
	Bob      = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIIG2N9j80sbaY1nmljEToRcN55XktyW4TR4LTP2exYzp bob@example.com"
)

// id is the UUID of each machine, in its SMBIOS.
const id = "5b3f0cd8-6b1f-4b0d-9d5e-0d1d8a4fb6d2"

// A Platform is a machine on one hypervisor or cloud.
type Platform struct {
	Name   string
	About  string // where the metadata is
	Source string // how the suite calls that source

	Config simguest.Config
	Volume func() ([]byte, error) // the medium in its second disk; nil: none
	Host   map[string]string      // what a SmartOS host says, by key; nil: there is none
	Site   http.Handler           // the metadata service at Service; nil: none

	IP     string // the address that it gets in the end, 192.0.2.10/24
	Router string // the gateway of its default route
}

// Service is where the metadata services of clouds are.
const Service = "169.254.169.254:80"

// All gives the machines by name.
func All() []Platform {
	return []Platform{noCloud(), omniOS(), oxide(), smartOS(), digitalOcean(), ec2(), vmware()}
}

// Names are the names of all machines.
func Names() string {
	var names []string
	for _, p := range All() {
		names = append(names, p.Name)
	}
	return strings.Join(names, ", ")
}

// Named gives one machine.
func Named(name string) (Platform, error) {
	all := All()
	i := slices.IndexFunc(all, func(p Platform) bool { return p.Name == name })
	if i < 0 {
		return Platform{}, fmt.Errorf("no platform %q: one of %s expected", name, Names())
	}
	return all[i], nil
}

// Build makes the machine in the directory root, with the suite of tree
// installed, switched off. Its metadata service, if it has one, answers until
// done is called. See simguest.Build for program.
func (p Platform) Build(root, program, tree string) (g *simguest.Guest, done func(), err error) {
	if g, err = simguest.Build(root, program, p.Config); err != nil {
		return nil, nil, err
	}
	if err := g.Install(tree); err != nil {
		return nil, nil, err
	}
	if p.Volume != nil {
		content, err := p.Volume()
		if err == nil {
			err = g.SetVolume(content)
		}
		if err != nil {
			return nil, nil, err
		}
	}
	if p.Host != nil {
		if err := g.SetMetadata(p.Host); err != nil {
			return nil, nil, err
		}
	}
	if p.Site == nil {
		return g, func() {}, nil
	}
	done, err = serve(g, p.Site)
	return g, done, err
}

// serve makes a metadata service answer.
func serve(g *simguest.Guest, site http.Handler) (done func(), err error) {
	wire, err := g.Wire()
	if err != nil {
		return nil, err
	}
	l, err := wire.Listen(Service)
	if err != nil {
		return nil, errors.Join(err, wire.Close())
	}
	server := &http.Server{Handler: site}
	go server.Serve(l) // until it is closed
	return func() {
		server.Close()
		wire.Close()
	}, nil
}
