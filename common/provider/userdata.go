// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"illumos-metadata/common/metadata"
)

const (
	maxUserData = 16 << 20 // bytes, unpacked
	maxPacked   = 4        // how often it may be packed: gzip in base64 is twice
)

var gzipMagic = []byte{0x1f, 0x8b} // RFC 1952, 2.3.1

// unpack replaces user data that was packed for its way here by what is in it,
// for every source alike: people paste what a tool for another cloud gave them.
// What cannot be unpacked is left out, and said (row S7).
func unpack(in *metadata.Instance) {
	data, err := unpackData(in.UserData)
	if err != nil {
		in.Problems = append(in.Problems, metadata.Problem{
			Item: metadata.ItemUserData, Reason: fmt.Sprintf("%s %s: user data: %v", in.Source, in.Place, err),
		})
	}
	in.UserData = data
}

// unpackData undoes gzip and base64 until neither is left. The latter is undone
// only where all of the data is base64, and where what is in it has a beginning
// that somebody would act on: a word of text is base64, too.
func unpackData(data []byte) ([]byte, error) {
	for range maxPacked {
		if bytes.HasPrefix(data, gzipMagic) {
			var err error
			if data, err = gunzip(data, maxUserData); err != nil {
				return nil, fmt.Errorf("compressed by gzip, but %w", err)
			}
			continue
		}
		plain, ok := decoded(data)
		if !ok {
			return data, nil
		}
		data = plain
	}
	if _, more := decoded(data); more || bytes.HasPrefix(data, gzipMagic) {
		return nil, fmt.Errorf("packed more than %d times", maxPacked)
	}
	return data, nil
}

// gunzip gives what all members of a gzip file hold, one after another (RFC
// 1952, 2.2), limit bytes at most. Blanks and zeros may come behind them: a tool
// that fills a block, or one that ends a line.
func gunzip(data []byte, limit int) ([]byte, error) {
	rest := bytes.NewReader(data)
	var out bytes.Buffer
	var z gzip.Reader
	for {
		err := z.Reset(rest)
		if err == nil {
			z.Multistream(false)
			_, err = io.Copy(&out, io.LimitReader(&z, int64(limit+1-out.Len())))
		}
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return nil, errors.New("it is cut off")
		case err != nil:
			return nil, errors.New("it is damaged")
		case out.Len() > limit:
			return nil, fmt.Errorf("it holds more than %d bytes", limit)
		}
		behind := data[len(data)-rest.Len():]
		if len(bytes.Trim(behind, "\x00 \t\r\n")) == 0 {
			return out.Bytes(), nil
		}
		if !bytes.HasPrefix(behind, gzipMagic) {
			return nil, errors.New("something else comes behind it")
		}
	}
}

// headers are how user data begins that is for us, or for an agent like
// cloud-init (doc/rtd/explanation/format), in any case.
var headers = []string{
	"#!", "#cloud-config", "#include", "#cloud-boothook", "#part-handler", "## template: jinja",
	"content-type:", "mime-version:",
}

// decoded undoes base64 (RFC 4648, 4; line breaks are allowed).
func decoded(data []byte) (plain []byte, ok bool) {
	data = bytes.TrimSpace(data)
	// One look at the beginning spares a long script the rest.
	first := bytes.NewReader(data[:min(len(data), 1<<10)])
	begin := make([]byte, 32)
	n, _ := io.ReadFull(base64.NewDecoder(base64.StdEncoding, first), begin)
	if !known(begin[:n]) {
		return nil, false
	}
	plain, err := base64.StdEncoding.Strict().AppendDecode(nil, data)
	return plain, err == nil
}

func known(data []byte) bool {
	text := string(bytes.TrimLeft(data, " \t\r\n"))
	return bytes.HasPrefix(data, gzipMagic) || slices.ContainsFunc(headers, func(h string) bool {
		return len(text) >= len(h) && strings.EqualFold(text[:len(h)], h)
	})
}
