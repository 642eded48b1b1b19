// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"illumos-metadata/common/agent"
	"illumos-metadata/common/guest"
)

const (
	gib    = 1 << 30
	device = "/dev/zvol/dsk/tank/swap"
	listed = device + "\t-\t-\tswap\t-\tno\t-\n"
)

// A bench is a guest with pool tank, whose few commands are played here.
type bench struct {
	*agent.Agent
	t     *testing.T
	log   bytes.Buffer
	calls []string
	cut   int  // the run ends for good at this command; 0: it does not
	done  bool // …after the command has had its effect

	used, available, memory int64
	quota                   bool   // zfs create finds less room than zfs list says
	kind, guid, fstype      string // of tank/swap; kind is empty if there is none
	size                    int64
	guids                   int
	active                  []string
	keeps                   bool // swap -d fails
}

func newBench(t *testing.T) *bench {
	b := &bench{t: t, used: 2 * gib, available: 98 * gib, memory: 4 * gib}
	log := slog.New(slog.NewTextHandler(&b.log, nil))
	b.Agent = &agent.Agent{Service: "swap", Log: log, Guest: guest.New(t.TempDir(), log)}
	b.Guest.Exec = b.exec
	b.write("/etc/mnttab", "tank/ROOT/be\t/\tzfs\tdev=1\t0\n")
	b.write(vfstab, "/proc\t-\t/proc\tproc\t-\tno\t-\n")
	if err := os.MkdirAll(b.Guest.Host("/var/metadata/applied"), 0o755); err != nil {
		t.Fatal(err)
	}
	return b
}

func (b *bench) write(name, text string) {
	b.t.Helper()
	if err := os.MkdirAll(filepath.Dir(b.Guest.Host(name)), 0o755); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(b.Guest.Host(name), []byte(text), 0o644); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) read(name string) string {
	data, _ := os.ReadFile(b.Guest.Host(name)) // missing is empty
	return string(data)
}

// record gives the record, the zero value if there is none.
func (b *bench) record() (rec record) {
	b.t.Helper()
	if data := b.read("/var/metadata/applied/swap.json"); data != "" {
		if err := json.Unmarshal([]byte(data), &rec); err != nil {
			b.t.Fatal(err)
		}
	}
	return rec
}

// errCut ends a run as SIGKILL would.
var errCut = errors.New("cut off")

// boot is a run of the service; restarted says that it is not the first one
// since the machine started.
func (b *bench) boot(p policy, restarted bool) (err error) {
	b.t.Helper()
	b.calls, b.Again = nil, restarted
	b.log.Reset()
	if b.kind == "volume" {
		b.write(device, "") // the node
	} else if err := os.RemoveAll(b.Guest.Host(device)); err != nil {
		b.t.Fatal(err)
	}
	defer func() {
		if r := recover(); r == errCut {
			err = errCut
		} else if r != nil {
			panic(r)
		}
	}()
	return configure(b.t.Context(), b.Agent, p)
}

func (b *bench) exec(_ context.Context, c guest.Command) ([]byte, error) {
	b.calls = append(b.calls, strings.Join(c.Argv[1:], " "))
	here := len(b.calls) == b.cut
	if here && !b.done {
		panic(errCut)
	}
	out, wrong := b.play(c)
	if here {
		panic(errCut)
	}
	if wrong == "" {
		return []byte(out), nil
	}
	return nil, &guest.CommandError{Argv: c.Argv, Status: 1, Stderr: []byte(wrong + "\n")}
}

// play does what the command does; wrong is what it complains of.
func (b *bench) play(c guest.Command) (out, wrong string) {
	last := c.Argv[len(c.Argv)-1]
	switch verb := strings.Join(c.Argv[:2], " "); verb {
	case "/usr/sbin/prtconf -m":
		return fmt.Sprintln(b.memory / mib), ""
	case "/usr/sbin/fstyp " + c.Argv[1]:
		if b.fstype == "" {
			return "", "unknown_fstyp (no matches)"
		}
		return b.fstype + "\n", ""
	case "/sbin/zfs list":
		return b.list(), ""
	case "/sbin/zfs create", "/sbin/zfs set", "/sbin/zfs destroy":
		return "", b.zfs(c.Argv[1:])
	case "/usr/sbin/swap -l":
		if len(b.active) == 0 {
			return "", "No swap devices configured"
		}
		out = "swapfile dev\n"
		for _, dev := range b.active {
			out += dev + " 95,1 8 2097144 2097144\n"
		}
		return out, ""
	case "/usr/sbin/swap -d":
		if b.keeps {
			return "", last + ": Not enough space"
		}
		b.active = slices.DeleteFunc(b.active, func(dev string) bool { return dev == last })
		return "", ""
	case "/usr/sbin/swap -2":
		switch {
		case !slices.Equal(c.Env, []string{"NOINUSE_CHECK=1"}) || b.kind != "volume" || last != device:
			return "", last + ": No such file or directory"
		case slices.Contains(b.active, last):
			return "", last + ": Overlapping swap files are not allowed"
		}
		b.active = append(b.active, last)
		return "", ""
	default:
		b.t.Errorf("unexpected command %q", c.Argv)
		return "", "no such command"
	}
}

func (b *bench) list() string {
	row := func(fields ...any) string {
		return strings.TrimSuffix(strings.ReplaceAll(fmt.Sprintln(fields...), " ", "\t"), "\t")
	}
	out := row("tank", "filesystem", 1, "-", b.used, b.available) + row("tank/ROOT", "filesystem", 2, "-", b.used/2, b.available)
	switch b.kind {
	case "volume":
		out += row("tank/swap", "volume", b.guid, b.size, reservation(b.size), b.available+reservation(b.size))
	case "filesystem":
		out += row("tank/swap", "filesystem", b.guid, "-", 30000, b.available)
	}
	return out
}

// zfs makes, resizes or destroys the volume; wrong is what it complains of.
func (b *bench) zfs(args []string) (wrong string) {
	size, verb := int64(0), args[0]
	switch {
	case verb == "create" && b.kind != "":
		return "cannot create 'tank/swap': dataset already exists"
	case verb == "create":
		size, _ = strconv.ParseInt(args[2], 10, 64) // 0 is seen by the test
	case slices.Contains(b.active, device):
		return "cannot " + verb + " 'tank/swap': dataset is busy"
	case verb == "set":
		size, _ = strconv.ParseInt(strings.TrimPrefix(args[1], "volsize="), 10, 64)
	}
	grows := int64(0)
	if verb != "destroy" {
		grows += reservation(size)
	}
	if b.kind != "" {
		grows -= reservation(b.size)
	}
	if grows > b.available || b.quota {
		return "cannot " + verb + " 'tank/swap': out of space"
	}
	b.used, b.available, b.size = b.used+grows, b.available-grows, size
	switch verb {
	case "create":
		b.guids++
		b.kind, b.guid = "volume", fmt.Sprint(7000+b.guids)
	case "destroy":
		b.kind, b.guid = "", ""
	}
	return ""
}

// reboot loses what is swapped on, and adds what vfstab lists, as fs-usr does.
func (b *bench) reboot() {
	b.active = nil
	if strings.Contains(b.read(vfstab), listed) && b.kind == "volume" {
		b.active = []string{device}
	}
}
