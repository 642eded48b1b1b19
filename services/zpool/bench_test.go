// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"illumos-metadata/common/agent"
	"illumos-metadata/common/guest"
	"illumos-metadata/common/illumos"
)

const (
	machineA = "1f7e3d5c-aabb-ccdd-0123-456789abcdef"
	machineB = "2a7e3d5c-aabb-ccdd-0123-456789abcdef"
)

// A bench is a guest with pool tank on disk c2t0d0, whose few commands are
// played here. As on the real one the label, the pool and the kernel's view of
// the disk are three things.
type bench struct {
	*agent.Agent
	t     *testing.T
	log   bytes.Buffer
	calls []string
	cut   int    // the run ends for good at this command; 0: it does not
	done  bool   // …after the command has had its effect
	lazy  string // this program exits with 0 and does nothing

	label  illumos.Label
	vdevs  string // names, one a line; the disk if empty
	size   uint64 // of the pool
	known  uint64 // size of the disk when it was opened last, at boot
	guid   uint64
	broken bool // zpool reguid fails
}

// newBench gives a guest with an image of 2 GiB on a disk of 20 GiB.
func newBench(t *testing.T) *bench {
	b := &bench{t: t, label: label(512, 2*gib, 20*gib, 256), guid: 100}
	b.size, b.known = b.data().Count*512, 20*gib
	log := slog.New(slog.NewTextHandler(&b.log, nil))
	b.Agent = &agent.Agent{Service: "zpool", Log: log, Guest: guest.New(t.TempDir(), log)}
	b.Guest.Exec = b.exec
	b.write("/etc/mnttab", []byte("tank/ROOT/be\t/\tzfs\tdev=1\t0\n"))
	for _, dir := range []string{"/var/metadata/applied", "/var/run/metadata"} {
		if err := os.MkdirAll(b.Guest.Host(dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	b.machine(machineA)
	return b
}

func (b *bench) write(name string, data []byte) {
	b.t.Helper()
	if err := os.MkdirAll(filepath.Dir(b.Guest.Host(name)), 0o755); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(b.Guest.Host(name), data, 0o644); err != nil {
		b.t.Fatal(err)
	}
}

// machine gives the guest an SMBIOS table with a UUID, or none at all.
func (b *bench) machine(uuid string) {
	b.t.Helper()
	id, err := hex.DecodeString(strings.ReplaceAll(uuid, "-", ""))
	if err != nil {
		b.t.Fatal(err)
	}
	if uuid == "" {
		if err := os.RemoveAll(b.Guest.Host("/dev/smbios")); err != nil {
			b.t.Fatal(err)
		}
		return
	}
	table := append([]byte{1, 24, 0, 0, 0, 0, 0, 0}, id...)
	table = append(table, 0, 0)
	entry := make([]byte, 24)
	copy(entry, "_SM3_")
	entry[6] = 24
	binary.LittleEndian.PutUint32(entry[12:], uint32(len(table)))
	binary.LittleEndian.PutUint64(entry[16:], 24)
	sum := byte(0)
	for _, c := range entry {
		sum += c
	}
	entry[5] = -sum
	b.write("/dev/smbios", append(entry, table...))
}

// record gives the record, the zero value if there is none.
func (b *bench) record() (rec record) {
	b.t.Helper()
	data, err := os.ReadFile(b.Guest.Host("/var/metadata/applied/zpool.json"))
	if err == nil {
		err = json.Unmarshal(data, &rec)
	}
	if err != nil && !os.IsNotExist(err) {
		b.t.Fatal(err)
	}
	return rec
}

// errCut ends a run as SIGKILL would.
var errCut = errors.New("cut off")

// boot is a run of the service; restarted says that it is not the first one
// since the machine started.
func (b *bench) boot(restarted bool) (err error) {
	b.t.Helper()
	b.calls, b.Again = nil, restarted
	b.log.Reset()
	if !restarted {
		b.known = b.label.Sectors * b.label.SectorSize
	}
	defer func() {
		if r := recover(); r == errCut {
			err = errCut
		} else if r != nil {
			panic(r)
		}
	}()
	return run(b.t.Context(), b.Agent)
}

func (b *bench) exec(_ context.Context, c guest.Command) ([]byte, error) {
	b.calls = append(b.calls, strings.Join(c.Argv, " "))
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
	if b.lazy != "" && strings.HasPrefix(strings.Join(c.Argv, " "), b.lazy) {
		return "", ""
	}
	switch strings.Join(c.Argv[:2], " ") {
	case "/sbin/zpool list":
		return b.list(), ""
	case "/usr/sbin/prtvtoc /dev/rdsk/c2t0d0p0":
		return b.prtvtoc(), ""
	case "/usr/sbin/format -d":
		return "", b.format(c)
	case "/usr/sbin/fmthard -d":
		return "", b.fmthard(c.Argv[2])
	case "/sbin/zpool online":
		b.size = b.data().Count * b.label.SectorSize
		return "", ""
	case "/sbin/zpool get":
		return fmt.Sprintln(b.guid), ""
	case "/sbin/zpool reguid":
		if b.broken {
			return "", "cannot reguid 'tank': one or more devices is currently unavailable"
		}
		b.guid++
		return "", ""
	}
	b.t.Errorf("unexpected command %q", c.Argv)
	return "", "no such command"
}

func (b *bench) data() *illumos.Partition { return &b.label.Partitions[len(b.label.Partitions)-2] }

// list is zpool list for a pool without the property bootsize: what it could
// gain is all that the kernel saw of the disk, in metaslabs of 16 MiB.
func (b *bench) list() string {
	expand := "-"
	if n := (b.known - b.size) &^ (16<<20 - 1); n > 0 && b.known > b.size {
		expand = fmt.Sprint(n)
	}
	out := fmt.Sprintf("tank\t%d\t1\t1\t-\t%s\t0\t0\t1.00\tONLINE\t-\n", b.size, expand)
	for name := range strings.FieldsSeq(b.vdevs + "\n") {
		out += "\t" + name + "\t-\t-\t-\t-\t-\t-\t-\t-\tONLINE\n"
	}
	if b.vdevs == "" {
		out += "\tc2t0d0\t-\t-\t-\t-\t-\t-\t-\t-\tONLINE\n"
	}
	return out
}

func (b *bench) prtvtoc() string {
	l := b.label
	out := fmt.Sprintf("*  %d bytes/sector\n*  %d sectors\n*  %d accessible sectors\n", l.SectorSize, l.Sectors, l.Accessible)
	if !l.EFI {
		out += "* 16065 sectors/cylinder\n"
	}
	for _, p := range l.Partitions {
		out += fmt.Sprintf(" %d %d %02x %d %d %d\n", p.Number, p.Tag, p.Flag, p.First, p.Count, p.Last)
	}
	return out
}

// format moves the reserved partition to the end of the disk.
func (b *bench) format(c guest.Command) (wrong string) {
	file, err := os.ReadFile(b.Guest.Host(c.Argv[len(c.Argv)-1]))
	if err != nil || string(file) != "partition\nexpand\nlabel\nquit\nquit\n" {
		return fmt.Sprintf("commands %q, %v", file, err)
	}
	if len(c.Env) != 2 {
		return "Cannot label disk when partitions are in use as described."
	}
	p := &b.label.Partitions[len(b.label.Partitions)-1]
	more := b.label.Sectors - 34 - p.Last
	p.First, p.Last, b.label.Accessible = p.First+more, p.Last+more, b.label.Accessible+more
	return ""
}

// fmthard changes one partition, within the label as it is.
func (b *bench) fmthard(delta string) (wrong string) {
	var p illumos.Partition
	if _, err := fmt.Sscanf(delta, "%d:%d:%x:%d:%d", &p.Number, &p.Tag, &p.Flag, &p.First, &p.Count); err != nil {
		return fmt.Sprintf("Delta syntax error on %q", delta)
	}
	p.Last = p.First + p.Count - 1
	if have := b.data(); p.Number != have.Number || p.Last >= b.label.Partitions[len(b.label.Partitions)-1].First {
		return "invalid entry exists in vtoc"
	}
	*b.data() = p
	return ""
}
