// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"encoding/base64"
	"errors"
	"fmt"
	"hash/crc32"
	"strconv"
	"strings"
)

// A frame is one message of SmartOS's metadata protocol, version 2, e.g.
//
//	V2 21 265ae1d8 dc4fae17 SUCCESS W10=
//
// that is the length of what follows the checksum, its CRC-32 (IEEE) in
// hexadecimal, an ID that the answer has in common with the request, a command
// or what became of it, and data in base64, or none (mdata-client, proto.c,
// proto_make_request_v2).
type frame struct {
	id, code string
	data     []byte
}

// line gives the frame as it is sent, with its newline.
func (f frame) line() []byte {
	body := f.id + " " + f.code
	if len(f.data) > 0 {
		body += " " + base64.StdEncoding.EncodeToString(f.data)
	}
	return fmt.Appendf(nil, "V2 %d %08x %s\n", len(body), crc32.ChecksumIEEE([]byte(body)), body)
}

// parseFrame reads a frame without its newline, and refuses whatever may have
// been damaged on its way.
func parseFrame(line []byte) (frame, error) {
	rest, ok := strings.CutPrefix(string(line), "V2 ")
	length, rest, _ := strings.Cut(rest, " ")
	sum, body, behind := strings.Cut(rest, " ")
	if !ok || !behind {
		return frame{}, errors.New("no frame of version 2")
	}
	if n, err := strconv.ParseUint(length, 10, 31); err != nil || int(n) != len(body) {
		return frame{}, fmt.Errorf("its length is %d, not %.20q", len(body), length)
	}
	want, err := strconv.ParseUint(sum, 16, 32)
	if got := crc32.ChecksumIEEE([]byte(body)); err != nil || uint32(want) != got {
		return frame{}, fmt.Errorf("its checksum is %08x, not %.20q", got, sum)
	}
	id, code, _ := strings.Cut(body, " ")
	code, data, _ := strings.Cut(code, " ")
	if id == "" || code == "" {
		return frame{}, errors.New("neither ID nor code")
	}
	f := frame{id: id, code: code}
	if f.data, err = base64.StdEncoding.DecodeString(data); err != nil {
		return frame{}, fmt.Errorf("its data: %w", err)
	}
	return f, nil
}
