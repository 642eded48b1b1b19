// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"sync"
)

// What a token is asked for with, and what it is shown in.
const (
	imdsTTL   = "X-aws-ec2-metadata-token-ttl-seconds"
	imdsToken = "X-aws-ec2-metadata-token"
)

// The most bytes of an answer. User data is at most 16 KiB on EC2; its
// imitators may allow more.
const (
	imdsLeaf     = 64 << 10
	imdsUserData = 16 << 20
)

// imdsAtOnce is how many requests are under way at the same time: the service
// limits the packets of an instance, not the requests.
const imdsAtOnce = 8

// An imdsSession is a conversation with one host. What it has told is in docs.
type imdsSession struct {
	*web
	base   string // http://169.254.169.254
	amazon bool   // it is Amazon's own, and not an imitation
	log    *slog.Logger

	renewing sync.Mutex
	mu       sync.Mutex // for what follows
	docs     Documents
	token    string // "" for version 1
	renewed  bool
}

// startIMDS begins a conversation: in version 2, where a token is asked for
// first. Version 1, without one, is for the imitators that know no other, and
// where nothing comes of asking for a token but a plain request is answered: the
// answer with the token makes one hop by default, and a router may be between.
func startIMDS(ctx context.Context, w *web, base string, amazon bool, log *slog.Logger) (*imdsSession, error) {
	c := &imdsSession{web: w, base: base, amazon: amazon, log: log}
	c.docs = Documents{Place: base, Files: map[string][]byte{}, Refused: map[string]string{}}
	for {
		token, err := c.askToken(ctx)
		switch {
		case err == nil:
			c.token = token
			return c, nil
		case errors.Is(err, errNoTokens) && !amazon:
			log.Info("asking for metadata without a token (version 1)", "reason", err)
			return c, nil
		case errors.Is(err, ErrSilent) || !errors.Is(err, errLate):
			return nil, err
		}
		if c.plain(ctx) {
			log.Warn("asking for metadata without a token (version 1): a plain request is answered", "reason", err)
			return c, nil
		}
	}
}

// unusable is the error for an answer that cannot be the service's, as a captive
// network or a host that is starting gives it: it may be another one later.
func (c *imdsSession) unusable(path, why string) error {
	return fmt.Errorf("%w: %s: %s", ErrSilent, c.url(path), why)
}

func (c *imdsSession) url(path string) string { return c.base + "/latest/" + path }

const imdsTokens = "api/token"

// errNoTokens says that a host does not know what a token is.
var errNoTokens = errors.New("it gives no tokens")

// tokenForm is base64 of either kind: what Amazon's tokens are, and a page of a
// captive network is not.
var tokenForm = regexp.MustCompile(`^[A-Za-z0-9+/_=-]{1,1000}$`)

// askToken asks for a token until it is told something. A try that had its time
// is errLate.
func (c *imdsSession) askToken(ctx context.Context) (string, error) {
	a := ask{
		method: http.MethodPut, url: c.url(imdsTokens), header: map[string]string{imdsTTL: "21600"}, limit: imdsLeaf,
		enough: func(status int, err error) bool {
			return status == http.StatusNotImplemented || errors.Is(err, errLate)
		},
	}
	r, err := c.do(ctx, a)
	switch {
	case r.status == http.StatusNotFound, r.status == http.StatusMethodNotAllowed, r.status == http.StatusNotImplemented:
		err = fmt.Errorf("%w: %w", unexpected(a, r.status), errNoTokens)
		if c.amazon { // which always does
			err = fmt.Errorf("%w: %w", ErrSilent, err)
		}
		return "", err
	case err != nil:
		return "", err
	case r.status == http.StatusForbidden:
		return "", fmt.Errorf("%w: the metadata service is switched off for this instance, or forbidden", unexpected(a, r.status))
	case r.status != http.StatusOK:
		return "", unexpected(a, r.status)
	}
	token := bytes.TrimSpace(r.body)
	if !tokenForm.Match(token) {
		return "", c.unusable(imdsTokens, "the answer is no token")
	}
	return string(token), nil
}

// plain asks once for the instance ID without a token. It says whether that is
// the answer.
func (c *imdsSession) plain(ctx context.Context) bool {
	r, _, err := c.try(ctx, ask{url: c.url(imdsID), limit: imdsLeaf})
	if err != nil || r.status != http.StatusOK || !c.isID(r.body) {
		return false
	}
	c.docs.Files[imdsID] = r.body
	return true
}

// get asks for one page, and says whether it is there. A token that is refused
// (401) is renewed, once in a session.
func (c *imdsSession) get(ctx context.Context, path string, limit int64) (body []byte, found bool, err error) {
	token := c.current()
	a := ask{url: c.url(path), limit: limit}
	r, err := c.with(ctx, a, token)
	if err == nil && r.status == http.StatusUnauthorized && token != "" {
		if token, err = c.renew(ctx); err == nil {
			r, err = c.with(ctx, a, token)
		}
	}
	switch {
	case err != nil:
		return nil, false, err
	case r.status == http.StatusOK:
		return r.body, true, nil
	case r.status == http.StatusNotFound, r.status == http.StatusMethodNotAllowed:
		return nil, false, nil
	case r.status == http.StatusUnauthorized && token == "":
		return nil, false, fmt.Errorf("%w: it wants a token (version 2), and has given none", unexpected(a, r.status))
	case r.status == http.StatusUnauthorized:
		return nil, false, fmt.Errorf("%w: a new token is refused, too", unexpected(a, r.status))
	}
	return nil, false, unexpected(a, r.status)
}

// with asks with a token, if there is one.
func (c *imdsSession) with(ctx context.Context, a ask, token string) (reply, error) {
	if token != "" {
		a.header = map[string]string{imdsToken: token}
	}
	return c.do(ctx, a)
}

func (c *imdsSession) current() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.token
}

// renew gives the token that comes after the first one. Requests that are refused
// at the same time get the same one.
func (c *imdsSession) renew(ctx context.Context) (string, error) {
	c.renewing.Lock()
	defer c.renewing.Unlock()
	if c.renewed {
		return c.current(), nil
	}
	token, err := c.askToken(ctx)
	if err != nil {
		return "", err
	}
	c.log.Info("the token has expired: going on with a new one", "place", c.base)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.token, c.renewed = token, true
	return token, nil
}
