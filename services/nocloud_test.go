// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package services_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"illumos-metadata/common/simguest"
)

// seed are the files of a NoCloud volume that asks for the same as volume does.
func seed() map[string]string {
	return map[string]string{
		"meta-data": "instance-id: i-1\nlocal-hostname: web1.example.com\npublic-keys:\n- " + alice + "\n- " + bob + "\n",
		"user-data": volume()["firstboot.sh"],
	}
}

// seedVolume makes an image of a NoCloud volume.
func seedVolume(t testing.TB, kind string, files map[string]string) []byte {
	t.Helper()
	content := map[string][]byte{}
	for name, text := range files {
		content[name] = []byte(text)
	}
	b, err := simguest.FileSystem(kind, "cidata", content)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// insertSeed puts a NoCloud volume in place.
func (m *machine) insertSeed(kind string, files map[string]string) {
	m.t.Helper()
	m.halt()
	if err := m.guest.SetVolume(seedVolume(m.t, kind, files)); err != nil {
		m.t.Fatal(err)
	}
}

// bootedSeed boots a guest from a NoCloud volume for the first time.
func bootedSeed(t *testing.T, kind string, files map[string]string) *machine {
	t.Helper()
	m := newMachine(t, simguest.Default(), nil)
	m.insertSeed(kind, files)
	m.boot()
	m.wantStates(nil)
	return m
}

// TestNoCloud: the first boot from a NoCloud volume does everything, the second
// nothing (rows D2, D3).
func TestNoCloud(t *testing.T) {
	for kind := range some(each([]string{"fat12", "fat16", "fat32", "rockridge", "joliet", "plain"}), 2) {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			m := bootedSeed(t, kind, seed())
			m.wantConfigured()
			m.wantBusy()
			if log := m.log("network"); !strings.Contains(log, "source=nocloud") || !strings.Contains(log, "instance=i-1") {
				t.Errorf("the log does not name the source:\n%s", log)
			}
			after := m.snapshot()

			m.boot()
			m.wantStates(nil)
			m.wantConfigured()
			m.wantQuiet()
			m.wantUnchanged(after)
			if n := strings.Count(m.log("userscript"), "hello from web1"); n != 1 {
				t.Errorf("the script ran %d times", n)
			}
		})
	}
}

// TestNoCloudRebuilt: a volume that the host makes anew, with the same instance
// ID and other content, is noticed at the next boot; the script does not run
// again.
func TestNoCloudRebuilt(t *testing.T) {
	m := bootedSeed(t, "rockridge", seed())
	files := seed()
	files["meta-data"] = "instance-id: i-1\nhostname: web2\npublic-keys: {joe: '" + bob + "', jd: ['" + carol + "']}\n"
	files["user-data"] += "# changed\n"
	m.insertSeed("joliet", files)
	m.boot()
	m.wantStates(nil)
	if got := m.read("/etc/nodename"); got != "web2\n" {
		t.Errorf("/etc/nodename %q", got)
	}
	if got := m.read("/root/.ssh/authorized_keys"); got != bob+"\n"+carol+"\n" {
		t.Errorf("authorized_keys %q", got)
	}
	if log := m.log("userscript"); strings.Count(log, "hello from") != 1 || !strings.Contains(log, "the script has changed at the source") {
		t.Errorf("log of userscript:\n%s", log)
	}
	after := m.snapshot()
	m.boot()
	m.wantStates(nil)
	m.wantQuiet()
	m.wantUnchanged(after)
}

// networkV1 and networkV2 ask for the same static network, but for the address.
const (
	networkV1 = `version: 1
config:
- type: physical
  name: eth0
  mac_address: "02:08:20:01:02:03"
  subnets:
  - {type: static, address: 192.0.2.10/24, gateway: 192.0.2.1}
- {type: nameserver, address: [192.0.2.53], search: [example.com]}
`
	networkV2 = `network:
  version: 2
  ethernets:
    net0:
      match: {macaddress: "02:08:20:01:02:03"}
      addresses: [192.0.2.20/24]
      gateway4: 192.0.2.1
      nameservers: {addresses: [192.0.2.53], search: [example.com]}
      frobnicate: true
`
)

// TestNoCloudStatic: a network-config leads to addresses, routes and DNS and not
// to DHCP, whatever it holds that is not known (row D5), and a new one in a
// volume with the same instance ID is noticed.
func TestNoCloudStatic(t *testing.T) {
	files := seed()
	files["network-config"] = networkV1
	m := bootedSeed(t, "rockridge", files)
	m.wantStatic("192.0.2.10/24")
	after := m.snapshot()
	m.boot()
	m.wantStates(nil)
	m.wantStatic("192.0.2.10/24")
	m.wantQuiet()
	m.wantUnchanged(after)

	files["network-config"] = networkV2
	m.insertSeed("fat16", files)
	m.boot()
	m.wantStates(nil)
	m.wantStatic("192.0.2.20/24")
	if log := m.log("network"); !strings.Contains(log, "ethernets.net0.frobnicate") {
		t.Errorf("the log does not name what is ignored:\n%s", log)
	}
}

// wantStatic checks the address, the route and the name servers of those.
func (m *machine) wantStatic(address string) {
	m.t.Helper()
	var got []string
	for line := range strings.Lines(m.play("ipadm", "show-addr", "-p", "-o", "type,state,addr")) {
		if !strings.Contains(line, "127.0.0.1") && !strings.Contains(line, "\\:\\:1/") {
			got = append(got, strings.TrimSpace(line))
		}
	}
	if want := []string{"static:ok:" + address}; !slices.Equal(got, want) {
		m.t.Errorf("addresses %q, want %q", got, want)
	}
	if got := m.play("netstat", "-rnv"); !strings.Contains(got, "192.0.2.1 ") {
		m.t.Errorf("netstat -rnv: %s", got)
	}
	if got := m.read("/etc/resolv.conf"); !strings.Contains(got, "nameserver 192.0.2.53\n") {
		m.t.Errorf("/etc/resolv.conf %q", got)
	}
}

// TestNoCloudOtherInstance: a volume of another instance in the same machine is
// a new instance.
func TestNoCloudOtherInstance(t *testing.T) {
	m := bootedSeed(t, "fat12", seed())
	files := seed()
	files["meta-data"] = "instance-id: 2\nlocal-hostname: db7\npublic-keys: " + bob + "\n"
	m.insertSeed("fat12", files)
	m.boot()
	m.wantStates(nil)
	if got := m.read("/etc/nodename"); got != "db7\n" {
		t.Errorf("/etc/nodename %q", got)
	}
	if got := m.read("/root/.ssh/authorized_keys"); got != bob+"\n" {
		t.Errorf("authorized_keys %q", got)
	}
	if n := strings.Count(m.log("userscript"), "hello from"); n != 2 {
		t.Errorf("the script ran %d times in all, want once for each instance", n)
	}
}

// TestNoCloudOutage: a NoCloud volume that is gone, cannot be read, or is damaged
// after the first boot changes nothing and is no failure.
func TestNoCloudOutage(t *testing.T) {
	damaged := seed()
	damaged["meta-data"] = "instance-id: i-1: i-2\n"
	for name, away := range some(map[string]func(*machine){
		"gone":       func(m *machine) { m.insert(nil) },
		"unreadable": (*machine).damage,
		"cut off": func(m *machine) {
			if err := m.guest.SetVolume(seedVolume(m.t, "rockridge", seed())[:44<<10]); err != nil {
				m.t.Fatal(err)
			}
		},
		"no meta-data in it": func(m *machine) { m.insertSeed("fat12", damaged) },
	}, 2) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := bootedSeed(t, "rockridge", seed())
			after := m.snapshot()
			m.halt()
			away(m)
			m.boot()
			m.wantStates(nil)
			m.wantConfigured()
			m.wantQuiet()
			m.wantUnchanged(after)
			if log := m.log("network"); !strings.Contains(log, "the metadata source is silent") {
				t.Errorf("the log does not say that the source is silent:\n%s", log)
			}
		})
	}
}

// TestNoCloudUserData: of a cloud-config the name and the keys are used, what it
// asks for beside that is named, and the rest of the boot goes on as ever (row
// S6).
func TestNoCloudUserData(t *testing.T) {
	files := seed()
	files["meta-data"] = "instance-id: i-1\n"
	files["user-data"] = "#cloud-config\nfqdn: web1.example.com\nssh_authorized_keys:\n- " + alice + "\n- " + bob + "\nruncmd: [reboot]\n"
	m := newMachine(t, simguest.Default(), nil)
	m.insertSeed("plain", files)
	m.boot()
	m.wantStates(map[string]string{"userscript": "maintenance"})
	m.wantConfigured()
	if log := m.log("userscript"); !strings.Contains(log, "cloud-config: not done: runcmd") {
		t.Errorf("log of userscript:\n%s", log)
	}
}

// TestNoCloudTools boots from volumes that the usual tools make: in CI from one of
// each kind, elsewhere from two.
func TestNoCloudTools(t *testing.T) {
	commands := []string{
		"genisoimage -quiet -R -V CIDATA -o $i $f",
		"mkfs.vfat -C -F 12 -n CIDATA $i 1440; mcopy -oi $i -- $f ::",
		"mkfs.vfat -C -F 16 -n cidata $i 16384; mcopy -oi $i -- $f ::",
		"mkfs.vfat -C -F 32 -n CIDATA $i 65536; mcopy -oi $i -- $f ::",
		"genisoimage -quiet -J -V cidata -o $i $f",
		"genisoimage -quiet -J -R -V cidata -o $i $f",
		"genisoimage -quiet -V cidata -o $i $f",
		"xorriso -as mkisofs -quiet -r -V cidata -o $i $f",
		"xorriso -as mkisofs -quiet -J --norock -V CIDATA -o $i $f",
		"xorriso -as mkisofs -quiet -J -r -V CIDATA -o $i $f",
		"xorriso -as mkisofs -quiet --norock -V cidata -o $i $f",
	}
	if os.Getenv("CI") != "true" {
		commands = commands[:2]
	}
	for _, c := range commands {
		name, _, _ := strings.Cut(c, " $i")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t, simguest.Default(), nil)
			if err := m.guest.SetVolume(made(t, c, seed())); err != nil {
				t.Fatal(err)
			}
			m.boot()
			m.wantStates(nil)
			m.wantConfigured()
		})
	}
}

// made gives the volume that commands make of files: $i stands for the volume and
// $f for the files.
func made(t *testing.T, commands string, files map[string]string) []byte {
	t.Helper()
	dir := t.TempDir()
	image, names := filepath.Join(dir, "volume"), []string(nil)
	for name, data := range files {
		must(t, os.WriteFile(filepath.Join(dir, name), []byte(data), 0o644))
		names = append(names, filepath.Join(dir, name))
	}
	expand := strings.NewReplacer("$i", image, "$f", strings.Join(names, " "))
	for command := range strings.SplitSeq(commands, ";") {
		args := strings.Fields(expand.Replace(command))
		cmd := exec.Command(tool(t, args[0]), args[1:]...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", cmd, err, out)
		}
	}
	b, err := os.ReadFile(image)
	must(t, err)
	return b
}

// tool gives the path of a program; an ordinary user's PATH has no sbin.
func tool(t *testing.T, name string) string {
	t.Helper()
	for _, dir := range []string{"", "/usr/sbin/", "/sbin/"} {
		if path, err := exec.LookPath(dir + name); err == nil {
			return path
		}
	}
	lacking(t, "the program "+name)
	return ""
}

// lacking ends a test that needs what is not part of the suite: skipped where a
// person runs it, failed in CI, which has to have everything.
func lacking(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("CI") == "true" {
		t.Fatalf("SKIPPED is a failure with CI=true: %s is not here", what)
	}
	t.Skipf("SKIPPED: %s is not here", what)
}

// TestNoCloudImages boots from images as hypervisors make them, which lie beside
// the module and are read in place. Their keys are no real ones, and their
// networks are not this guest's.
func TestNoCloudImages(t *testing.T) {
	for name, host := range some(map[string]string{
		"CIDATA-fat16-smartos.img": "db01", "CIDATA-iso-omnios.iso": "test", "cidata-fat12-oxide.img": "helios-test",
		"cidata-iso-proxmox.iso": "dummy", // in the user data alone
	}, 2) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newMachine(t, simguest.Default(), nil)
			if err := m.guest.SetVolume(sampleImage(t, name)); err != nil {
				t.Fatal(err)
			}
			m.boot()
			if got := m.read("/etc/nodename"); got != host+"\n" {
				t.Errorf("/etc/nodename %q, want %s; log of hostname:\n%s", got, host, m.log("hostname"))
			}
			for _, service := range []string{"hostname", "swap", "zpool"} {
				if state := m.states()[service]; state != "online" {
					t.Errorf("%s is %s", service, state)
				}
			}
		})
	}
}

// sampleImage gives the content of one of those images.
func sampleImage(t *testing.T, name string) []byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(sampleFile(t, "images/"+name+".gz")))
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
