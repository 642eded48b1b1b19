// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simguest

import (
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"illumos-metadata/common/simguest/simdisk"
	"illumos-metadata/common/simguest/simnet"
	"illumos-metadata/common/simguest/simsmf"
	"illumos-metadata/common/simguest/world"
)

// A Config describes a guest before its first boot.
type Config struct {
	Disk   simdisk.Config    `json:"disk,omitzero"`
	Net    simnet.Config     `json:"net,omitzero"`
	SMF    simsmf.Config     `json:"smf,omitzero"`
	SMBIOS SMBIOS            `json:"smbios,omitzero"`
	Files  map[string]string `json:"files,omitempty"` // more files, with mode 0644, by path

	OpenVMTools bool              `json:"open_vm_tools,omitempty"` // the package is installed
	GuestInfo   map[string]string `json:"guestinfo,omitempty"`     // see SetGuestInfo
}

// Default is a QEMU machine with the usual disk and one network device.
func Default() Config {
	return Config{
		Disk:   simdisk.Image(),
		Net:    simnet.OneLink(),
		SMBIOS: QEMU("8c1f2b4e-5a63-4d7e-9f10-2b3c4d5e6f70"),
	}
}

// VolumeDisk is the disk that SetVolume puts the metadata volume on.
const VolumeDisk = "c2t0d0"

// A Guest is one simulated guest in a directory.
type Guest struct {
	World *world.World
}

// Build makes a guest in the empty directory root, powered off. Program is what
// plays its commands: its main function calls Main first. For a guest that is to
// run in a chroot it has to be linked statically.
func Build(root, program string, c Config) (*Guest, error) {
	g := &Guest{World: &world.World{Root: root}}
	if err := os.MkdirAll(filepath.Join(root, "sim"), 0o755); err != nil {
		return nil, err
	}
	if err := g.files(c); err != nil {
		return nil, fmt.Errorf("build guest: %w", err)
	}
	if err := simdisk.Build(g.World, c.Disk); err != nil {
		return nil, err
	}
	if err := simnet.Build(g.World, c.Net); err != nil {
		return nil, err
	}
	if err := simsmf.Build(g.World, c.SMF); err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(c.Files)) {
		if err := file(root, name, 0o644, []byte(c.Files[name])); err != nil {
			return nil, err
		}
	}
	if err := g.SetSMBIOS(c.SMBIOS); err != nil {
		return nil, err
	}
	if c.GuestInfo != nil {
		if err := g.SetGuestInfo(c.GuestInfo); err != nil {
			return nil, err
		}
	}
	return g, install(root, program, c)
}

// files lays down what a fresh system has besides disks, network and SMF. The
// user root is the one who runs the simulation, who may be an ordinary user.
func (g *Guest) files(c Config) error {
	root := g.World.Root
	for name, mode := range map[string]fs.FileMode{
		"/root": 0o700, "/etc/default": 0o755, "/usr/lib": 0o755, "/var/svc/log": 0o755, "/dev": 0o755,
		"/var/run": 0o755, "/tmp": 0o777 | fs.ModeSticky, "/etc/svc/volatile": 0o755,
	} {
		if err := os.MkdirAll(filepath.Join(root, name), 0o755); err != nil {
			return err
		}
		if err := os.Chmod(filepath.Join(root, name), mode); err != nil {
			return err
		}
	}
	passwd := fmt.Sprintf("root:x:%d:%d:Super-User:/root:/usr/bin/bash\n", os.Getuid(), os.Getgid()) +
		"daemon:x:1:1::/:/usr/bin/sh\nbin:x:2:2::/:/usr/bin/sh\nnobody:x:60001:60001:NFS Anonymous Access User:/:/usr/bin/sh\n"
	if err := file(root, "/etc/passwd", 0o644, []byte(passwd)); err != nil {
		return err
	}
	return file(root, "/lib/svc/share/smf_include.sh", 0o444, []byte(smfInclude))
}

// smfInclude has the exit statuses of smf_include.sh (cmd/svc/shell), which is
// all that a method of ours may use of it.
const smfInclude = `SMF_EXIT_OK=0
SMF_EXIT_NODAEMON=94
SMF_EXIT_ERR_FATAL=95
SMF_EXIT_ERR_CONFIG=96
SMF_EXIT_MON_DEGRADE=97
SMF_EXIT_MON_OFFLINE=98
SMF_EXIT_ERR_NOSMF=99
SMF_EXIT_ERR_PERM=100
`

// SetSMBIOS gives the machine another table, or none.
func (g *Guest) SetSMBIOS(s SMBIOS) error {
	// An ordinary user cannot write to the node that is there.
	if err := remove(g.World.Path("/dev/smbios")); err != nil || s.Manufacturer == "" {
		return err
	}
	table, err := s.Table()
	if err != nil {
		return err
	}
	return file(g.World.Root, "/dev/smbios", 0o444, table)
}

// SetVolume puts a medium with this content into the guest's second disk, or
// takes the disk out if content is nil. The guest must be off.
func (g *Guest) SetVolume(content []byte) error {
	if _, err := os.Lstat(g.World.Path("/dev/dsk/" + VolumeDisk + "p0")); err == nil {
		if err := simdisk.Detach(g.World, VolumeDisk); err != nil {
			return err
		}
	}
	if content == nil {
		return nil
	}
	return simdisk.Attach(g.World, simdisk.Disk{Name: VolumeDisk, Size: max(int64(len(content)), 1<<20), Content: content})
}

// PowerOn does what a reset of the machine does: what was in memory is gone.
func (g *Guest) PowerOn() error {
	for _, dir := range []string{"/var/run", "/tmp", "/etc/svc/volatile"} {
		if err := empty(g.World.Path(dir)); err != nil {
			return err
		}
	}
	if err := simdisk.PowerOn(g.World); err != nil {
		return err
	}
	return simnet.PowerOn(g.World)
}

// Methods are the system's own SMF methods by path.
func Methods() map[string]world.Command {
	all := maps.Clone(simdisk.Methods())
	maps.Copy(all, simnet.Methods())
	return all
}

// Call runs a simulated command in this process, as root's shell on the guest
// would, and gives its exit status.
func (g *Guest) Call(out io.Writer, path string, args ...string) int {
	command, ok := Commands()[path]
	if !ok {
		command, ok = Methods()[path]
	}
	if !ok {
		fmt.Fprintf(out, "simulated guest: no command %s\n", path)
		return 127
	}
	call := &world.Call{World: g.World, Name: filepath.Base(path), Args: args, Env: []string{"PATH=/usr/sbin:/usr/bin"}, Stdout: out, Stderr: out}
	return command(call)
}

// empty removes what is in a directory.
func empty(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// remove removes a file that may not be there.
func remove(name string) error {
	err := os.Remove(name)
	if os.IsNotExist(err) {
		return nil
	}
	return err
}
