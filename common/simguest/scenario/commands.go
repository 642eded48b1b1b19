// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package scenario

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"strconv"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"illumos-metadata/common/simguest"
	"illumos-metadata/common/simguest/simdisk"
	"illumos-metadata/common/simguest/world"
)

// commands are those that a script has beside testscript's own.
//
//	start [-N] [operand ...]    run the service as svc.startd would; its exit status has to be N (0), or -killed
//	play command [arg ...]      run a command of the guest by its base name or path, as root's shell would
//	calls [file]                the commands that ran since the last calls, as the file has them; none without one
//	fault file                  order the faults in a JSON file (world.Fault)
//	reboot                      power off and on, and boot up to where the service starts
//	volume [directory|file]     put a CPIO volume with these files in place, or a NoCloud one if meta-data is among them,
//	                            a file as it is, or take it out; before reboot
//	volume -unreadable          put a medium in place that cannot be read; before reboot
//	user name                   add a user with a home directory, who is the one that runs the test
//	smbios file                 another SMBIOS table, from JSON
//	resize disk bytes           another size of a disk; before reboot
//	digest disk                 print a digest of the disk's label
//	pool name                   print size and health of a pool
//	guid name                   print the GUID of a pool
//	guest file                  another guest, of which the file is guest.json, after its first boot
//	requests [file]             what went out to DHCP servers, as the file has it; nothing without one
//	peer device [file]          what answers at the other end of a cable (simnet.Network), or nothing
//	plug file                   put a network device in (simnet.Link); before reboot
//	unplug device               take it out; before reboot
//	cable device in|out         put a cable in or out
//	guestinfo [file]            what the host of a VMware guest has set, from JSON; nothing without one
//	method name                 one of the system's own methods: identity-node
var commands = map[string]func(*testscript.TestScript, bool, []string){
	"start":    start,
	"play":     play,
	"calls":    calls,
	"fault":    fault,
	"reboot":   reboot,
	"volume":   volume,
	"smbios":   smbios,
	"resize":   resize,
	"digest":   digest,
	"pool":     pool,
	"guid":     guid,
	"guest":    another,
	"user":     user,
	"requests": requests,
	"peer":     peer,
	"plug":     plug,
	"unplug":   unplug,
	"cable":    cable,
	"method":   method,

	"guestinfo": guestinfo,
}

// of gives the script that ts runs; a command that cannot fail refuses "!".
func of(ts *testscript.TestScript, neg bool) *script {
	if neg {
		ts.Fatalf("this command cannot be negated")
	}
	return ts.Value(key{}).(*script)
}

func start(ts *testscript.TestScript, neg bool, args []string) {
	s := of(ts, neg)
	want := 0
	if len(args) > 0 && strings.HasPrefix(args[0], "-") {
		n, err := strconv.Atoi(args[0][1:])
		if args[0] == "-killed" {
			n, err = killed, nil
		}
		if err == nil {
			want, args = n, args[1:]
		}
	}
	ts.Setenv("SMF_FMRI", "svc:/system/metadata/"+s.service+":default")
	ts.Setenv("SMF_ZONENAME", s.zone())
	defer ts.Setenv("SMF_FMRI", "")
	got := status(ts, ts.Exec(s.service, append([]string{"-root", s.root}, args...)...))
	if got != want {
		ts.Fatalf("%s ended with status %d, want %d", s.service, got, want)
	}
}

// killed is the status of a program that a signal has ended, as os.ProcessState
// gives it.
const killed = -1

// status gives the exit status in what Exec gave.
func status(ts *testscript.TestScript, err error) int {
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		ts.Check(err)
	}
	if exit != nil {
		return exit.ExitCode()
	}
	return 0
}

func play(ts *testscript.TestScript, neg bool, args []string) {
	s := ts.Value(key{}).(*script)
	if len(args) == 0 {
		ts.Fatalf("usage: play command [arg ...]")
	}
	path := args[0]
	for p := range simguest.Commands() {
		if strings.HasSuffix(p, "/"+args[0]) {
			path = p
		}
	}
	err := ts.Exec(s.root+path, args[1:]...)
	if failed := status(ts, err) != 0; failed != neg {
		ts.Fatalf("%s: %v", args[0], err)
	}
}

func calls(ts *testscript.TestScript, neg bool, args []string) {
	s := of(ts, neg)
	records, err := s.guest.World.Calls()
	ts.Check(err)
	ts.Check(s.guest.World.ForgetCalls())
	var got strings.Builder
	for _, r := range records {
		got.WriteString(strings.Join(r.Argv, " ") + "\n")
	}
	want := ""
	if len(args) > 0 {
		want = ts.ReadFile(args[0])
	}
	if got.String() != want {
		ts.Fatalf("commands that ran:\n%swant:\n%s", got.String(), want)
	}
}

func fault(ts *testscript.TestScript, neg bool, args []string) {
	s := of(ts, neg)
	var faults []world.Fault
	decode(ts, args, &faults)
	ts.Check(s.guest.World.Order(faults...))
}

func reboot(ts *testscript.TestScript, neg bool, args []string) {
	s := of(ts, neg)
	ts.Check(s.reboot())
}

func volume(ts *testscript.TestScript, neg bool, args []string) {
	s := of(ts, neg)
	if len(args) == 0 {
		ts.Check(s.guest.SetVolume(nil))
		return
	}
	if args[0] == "-unreadable" {
		ts.Check(s.guest.SetVolume(nil))
		ts.Check(simdisk.Attach(s.guest.World, simdisk.Disk{Name: simguest.VolumeDisk, Size: 1 << 20, Unreadable: true}))
		return
	}
	name := ts.MkAbs(args[0])
	content, err := simguest.Volume(name)
	ts.Check(err)
	ts.Check(s.guest.SetVolume(content))
}

func smbios(ts *testscript.TestScript, neg bool, args []string) {
	s := of(ts, neg)
	var table simguest.SMBIOS
	decode(ts, args, &table)
	ts.Check(s.guest.SetSMBIOS(table))
}

func guestinfo(ts *testscript.TestScript, neg bool, args []string) {
	s := of(ts, neg)
	var values map[string]string
	if len(args) > 0 {
		decode(ts, args, &values)
	}
	ts.Check(s.guest.SetGuestInfo(values))
}

func resize(ts *testscript.TestScript, neg bool, args []string) {
	s := of(ts, neg)
	if len(args) != 2 {
		ts.Fatalf("usage: resize disk bytes")
	}
	size, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	ts.Check(simdisk.Resize(s.guest.World, args[0], size))
}

// decode reads the one file of a command as JSON.
func decode(ts *testscript.TestScript, args []string, v any) {
	if len(args) != 1 {
		ts.Fatalf("one file is expected")
	}
	ts.Check(strict([]byte(ts.ReadFile(args[0])), v))
}

// strict decodes JSON that may have no other fields than v.
func strict(data []byte, v any) error {
	d := json.NewDecoder(strings.NewReader(string(data)))
	d.DisallowUnknownFields()
	return d.Decode(v)
}

// A script is one scenario's guest.
type script struct {
	service string
	root    string
	player  string // see simguest.Build
	guest   *simguest.Guest
	config  simguest.Config
}

// build makes the guest and boots it for the first time.
func (s *script) build(workDir string) error {
	s.config = simguest.Default()
	data, err := os.ReadFile(workDir + "/guest.json")
	if err == nil {
		err = configure(data, &s.config)
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if s.guest, err = simguest.Build(s.root, s.player, s.config); err != nil {
		return err
	}
	if content, err := simguest.Volume(workDir + "/volume"); err == nil {
		if err := s.guest.SetVolume(content); err != nil {
			return err
		}
	}
	if err := s.settings(); err != nil {
		return err
	}
	return s.reboot()
}

func (s *script) reboot() error {
	if err := s.guest.Early(s.service); err != nil {
		return err
	}
	return s.guest.World.ForgetCalls()
}

func (s *script) zone() string {
	if s.config.Disk.Zone {
		return "web"
	}
	return "global"
}
