// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package services_test

import (
	"net/http"
	"slices"
	"sync"
)

// A site is a metadata service on the networks of a guest. It notes what it is
// asked.
type site struct {
	mu     sync.Mutex
	answer http.HandlerFunc // nil: it answers 503
	asked  []string         // "GET /path"
}

// serve makes a site answer at an address and port; the guest's networks have to
// name the host (simnet.Network.Hosts).
func (m *machine) serve(address string, answer http.HandlerFunc) *site {
	m.t.Helper()
	if m.wire == nil {
		w, err := m.guest.Wire()
		if err != nil {
			m.t.Fatal(err)
		}
		m.wire = w
		m.t.Cleanup(func() { w.Close() })
	}
	l, err := m.wire.Listen(address)
	if err != nil {
		m.t.Fatal(err)
	}
	s := &site{answer: answer}
	server := &http.Server{Handler: s}
	go server.Serve(l)
	m.t.Cleanup(func() { server.Close() })
	return s
}

// change gives the site other answers; nil makes it say 503.
func (s *site) change(answer http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer, s.asked = answer, nil
}

// requests are what it was asked since the last change, sorted.
func (s *site) requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(slices.Values(s.asked))
}

func (s *site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.asked = append(s.asked, r.Method+" "+r.URL.RequestURI())
	answer := s.answer
	s.mu.Unlock()
	if answer == nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	answer(w, r)
}
