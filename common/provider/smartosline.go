// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package provider

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"

	"illumos-metadata/common/guest"
)

// maxForeign is how many lines are passed over before the wanted one.
const maxForeign = 100

// errVersion1 says that the host speaks the older version of the protocol, which
// has no checksums. It is left to mdata-get(8).
var errVersion1 = errors.New("the host does not speak version 2 of the protocol")

// A refusal is a host's answer that it cannot give a value: no absence.
type refusal struct{ key, code, text string }

func (r refusal) Error() string {
	return fmt.Sprintf("the host answers %.20q for %s: %.200q", r.code, r.key, r.text)
}

// greet brings the host to where it waits for a request, whatever came before,
// and agrees on version 2: an empty line is an invalid command, and so is the
// offer for a host that knows version 1 alone (mdata-client, proto.c,
// proto_reset).
func (s smartOS) greet(ctx context.Context, line *guest.Serial) error {
	const invalid = "invalid command"
	if err := s.say(ctx, line, "\n", invalid); err != nil {
		return err
	}
	return s.say(ctx, line, "NEGOTIATE V2\n", "V2_OK", invalid)
}

// say sends a line and waits for the wanted answer. One of the others is that of
// an older host; what else comes is the rest of an earlier conversation.
func (s smartOS) say(ctx context.Context, line *guest.Serial, text, want string, older ...string) error {
	if err := line.Write(ctx, s.reset, []byte(text)); err != nil {
		return err
	}
	for range maxForeign {
		b, err := line.ReadLine(ctx, s.reset)
		if err != nil {
			return fmt.Errorf("greet the host: %w", err)
		}
		switch got := string(b); {
		case got == want:
			return nil
		case len(older) > 0 && got == older[0]:
			return errVersion1
		}
	}
	return fmt.Errorf("greet the host: none of %d lines is an answer", maxForeign)
}

// ask asks for the value of one key; found is false where the host says that it
// has none. Damaged frames and those that answer another request are passed
// over.
func (s smartOS) ask(ctx context.Context, line *guest.Serial, key string) (value []byte, found bool, err error) {
	request := frame{id: fmt.Sprintf("%08x", rand.Uint32()), code: "GET", data: []byte(key)}
	if err := line.Write(ctx, s.request, request.line()); err != nil {
		return nil, false, err
	}
	for range maxForeign {
		b, err := line.ReadLine(ctx, s.request)
		if err != nil {
			return nil, false, fmt.Errorf("get %s: %w", key, err)
		}
		answer, err := parseFrame(b)
		if err != nil || answer.id != request.id {
			continue
		}
		switch answer.code {
		case "SUCCESS":
			return answer.data, true, nil
		case "NOTFOUND":
			return nil, false, nil
		}
		return nil, false, refusal{key, answer.code, string(answer.data)}
	}
	return nil, false, fmt.Errorf("get %s: none of %d lines is the answer", key, maxForeign)
}
