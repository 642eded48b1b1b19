// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"bytes"
	"context"
	"errors"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"

	"illumos-metadata/common/metadata"
)

// The pages that are read, below /latest/. Nothing else is asked for: the rest
// is of no use here, and some of it is secret.
const (
	imdsID       = "meta-data/instance-id"
	imdsName     = "meta-data/local-hostname"
	imdsName2    = "meta-data/hostname"
	imdsKeys     = "meta-data/public-keys/"                // INDEX=NAME, or INDEX/
	imdsKey      = "/openssh-key"                          // below a key's index
	imdsMACs     = "meta-data/network/interfaces/macs/"    // MAC/
	imdsIdentity = "dynamic/instance-identity/document"    // JSON
	imdsRegion   = "meta-data/placement/region"            // these three
	imdsZone     = "meta-data/placement/availability-zone" // where there is
	imdsType     = "meta-data/instance-type"               // no such document
	imdsScript   = "user-data"
)

// The pages of an interface, below its MAC address.
const (
	nicDevice   = "device-number"
	nicCard     = "network-card"
	nicCardOld  = "network-card-index"
	nicIPv4     = "local-ipv4s"
	nicIPv6     = "ipv6s"
	nicSubnet4  = "subnet-ipv4-cidr-block"
	nicSubnets6 = "subnet-ipv6-cidr-blocks"
)

// nicPages are what is asked of an interface that does not list its pages.
var nicPages = []string{nicDevice, nicCard, nicCardOld, nicIPv4, nicIPv6}

// maxListed is how many keys, and how many interfaces, are asked for. The
// largest instance has 64 interfaces.
const maxListed = 256

// collect reads all documents, in rounds: a page is asked for when the ones
// before say that it is there and of use, each once.
func (c *imdsSession) collect(ctx context.Context) (Documents, error) {
	if err := c.all(ctx, imdsID, imdsIdentity, imdsName, imdsKeys, imdsMACs, imdsScript); err != nil {
		return Documents{}, err
	}
	if id, ok := c.docs.Files[imdsID]; !ok || !c.isID(id) {
		return Documents{}, c.unusable(imdsID, "no instance ID")
	}
	nics := nicDirs(c.docs)
	if c.amazon && len(nics) == 0 {
		return Documents{}, c.unusable(imdsMACs, "no network interface")
	}
	if err := c.all(ctx, c.second(nics)...); err != nil {
		return Documents{}, err
	}
	if err := c.all(ctx, c.third(nics)...); err != nil {
		return Documents{}, err
	}
	return c.docs, c.all(ctx, c.fourth(nics)...)
}

// second are the keys and the interfaces that were listed, and what stands in
// for what was not there.
func (c *imdsSession) second(nics []string) []string {
	pages := slices.Clone(nics)
	for _, index := range keyIndexes(c.docs) {
		pages = append(pages, imdsKeys+index+imdsKey)
	}
	if firstWord(c.docs, imdsName) == "" {
		pages = append(pages, imdsName2)
	}
	if _, ok := c.docs.Files[imdsIdentity]; !ok {
		pages = append(pages, imdsRegion, imdsZone, imdsType)
	}
	return pages
}

// third are the pages of the interfaces.
func (c *imdsSession) third(nics []string) (pages []string) {
	for _, dir := range nics {
		has, listed := c.docs.Files[dir]
		for _, page := range nicPages {
			if !listed || slices.Contains(words(has), page) {
				pages = append(pages, dir+page)
			}
		}
	}
	return pages
}

// fourth are the subnets of what has more than one address: the first is left
// to DHCP.
func (c *imdsSession) fourth(nics []string) (pages []string) {
	for _, dir := range nics {
		for page, subnet := range map[string]string{nicIPv4: nicSubnet4, nicIPv6: nicSubnets6} {
			if len(words(c.docs.Files[dir+page])) > 1 {
				pages = append(pages, dir+subnet)
			}
		}
	}
	return pages
}

// all asks for pages, some at a time. The first error ends it.
func (c *imdsSession) all(ctx context.Context, pages ...string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var once sync.Once
	var first error
	var group sync.WaitGroup
	slots := make(chan struct{}, imdsAtOnce)
	pages = slices.DeleteFunc(pages, func(page string) bool { return c.docs.Files[page] != nil })
	for _, page := range pages {
		slots <- struct{}{}
		group.Go(func() {
			defer func() { <-slots }()
			if err := c.page(ctx, page); err != nil {
				once.Do(func() { first = err })
				cancel()
			}
		})
	}
	group.Wait()
	return first
}

// page asks for one page. A key or user data that is too long costs itself
// alone.
func (c *imdsSession) page(ctx context.Context, page string) error {
	limit := int64(imdsLeaf)
	if page == imdsScript {
		limit = imdsUserData
	}
	body, found, err := c.get(ctx, page, limit)
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case errors.Is(err, errTooLong) && (page == imdsScript || path.Base(page) == path.Base(imdsKey)):
		c.docs.Refused[page] = errTooLong.Error()
	case err != nil:
		return err
	case found:
		c.docs.Files[page] = body
	}
	return nil
}

// amazonID and otherID are what an instance ID looks like; imitators have other
// ones. A page of a captive network is neither.
var (
	amazonID = regexp.MustCompile(`^i-[0-9a-f]{8,64}$`)
	otherID  = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._:-]{0,255}$`)
)

func (c *imdsSession) isID(body []byte) bool {
	id := bytes.TrimSpace(body)
	return otherID.Match(id) && (!c.amazon || amazonID.Match(id))
}

// words gives the words of a page, which are the lines of a list.
func words(page []byte) []string { return strings.Fields(strings.ToValidUTF8(string(page), "\uFFFD")) }

// firstWord gives the first one, "" if there is none.
func firstWord(docs Documents, page string) string {
	for _, w := range words(docs.Files[page]) {
		return w
	}
	return ""
}

// nicDirs gives the directories of the interfaces that are listed.
func nicDirs(docs Documents) (dirs []string) {
	for _, w := range words(docs.Files[imdsMACs]) {
		name := strings.TrimSuffix(w, "/")
		dir := imdsMACs + name + "/"
		if _, err := metadata.ParseMAC(name); err == nil && len(dirs) < maxListed && !slices.Contains(dirs, dir) {
			dirs = append(dirs, dir)
		}
	}
	return dirs
}

var indexForm = regexp.MustCompile(`^[0-9]{1,9}$`)

// keyIndexes gives the indexes of the keys that are listed, as INDEX=NAME, where
// a name can have blanks, or as a directory.
func keyIndexes(docs Documents) (indexes []string) {
	for line := range bytes.Lines(docs.Files[imdsKeys]) {
		index, _, _ := strings.Cut(strings.TrimSpace(string(line)), "=")
		index = strings.TrimSuffix(index, "/")
		if indexForm.MatchString(index) && len(indexes) < maxListed && !slices.Contains(indexes, index) {
			indexes = append(indexes, index)
		}
	}
	return indexes
}
