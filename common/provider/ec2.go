// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"slices"
	"time"

	"illumos-metadata/common/guest"
)

// ec2Like are the clouds that imitate Amazon's metadata service (cloud-init,
// tools/ds-identify). They may know its first version alone.
var ec2Like = []string{"brightbox", "zstack", "e24cloud", "tilaa", "outscale"}

// imds is Amazon's instance metadata service (Amazon EC2 User Guide, "Use
// instance metadata to manage your EC2 instance").
type imds struct {
	// hosts answer in the same way. Those after the first are Amazon's alone; an
	// IPv6 one has to be switched on for an instance.
	hosts   []string
	stagger time.Duration // how long each one is ahead of the next
}

var amazonIMDS = imds{hosts: []string{"169.254.169.254", "[fd00:ec2::254]"}, stagger: guest.HostLead}

// fetch asks the service. It is not there on a machine that is neither Amazon's
// nor like those, unless an administrator says so: then nothing is sent.
func (s imds) fetch(ctx context.Context, m *machine) (Documents, error) {
	amazon := m.platform.Name == "ec2"
	if !amazon && !slices.Contains(ec2Like, m.platform.Name) && !m.pinned {
		return Documents{}, errAbsent
	}
	hosts := s.hosts
	if !amazon {
		hosts = hosts[:1]
	}
	w := newWeb(m, ByLease)
	c, err := s.first(ctx, hosts, func(ctx context.Context, host string) (*imdsSession, error) {
		return startIMDS(ctx, w, "http://"+host, amazon, m.Log)
	})
	if err != nil {
		return Documents{}, err
	}
	return c.collect(ctx)
}

// first starts with all hosts, one a little after the other, and goes on with
// the one that is first to answer. Whatever that answers decides: a host that
// refuses is not gone around.
func (s imds) first(ctx context.Context, hosts []string, start func(context.Context, string) (*imdsSession, error)) (*imdsSession, error) {
	race, stop := context.WithCancel(ctx)
	defer stop()
	type result struct {
		session *imdsSession
		err     error
	}
	results := make(chan result, len(hosts))
	for i, host := range hosts {
		go func() {
			select {
			case <-race.Done():
			case <-time.After(time.Duration(i) * s.stagger):
			}
			c, err := start(race, host)
			results <- result{c, err}
		}()
	}
	var errs []error
	for range hosts {
		r := <-results
		if r.err == nil || ctx.Err() == nil {
			return r.session, r.err
		}
		errs = append(errs, r.err)
	}
	return nil, joined(errs)
}
