// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simsmf

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// launch starts a method as exec_method of svc.startd does: /sbin/sh -c with
// the exec string, standard input from /dev/null, both outputs in the log.
//
// Without a chroot the shell is the machine's own /bin/sh, and the method's
// file is read through a copy in /sim/methods that has the guest's root before
// the paths it uses; programs of the suite get the operands -root DIRECTORY.
func (e *engine) launch(a *attempt) (*process, error) {
	out, err := e.openLog(e.logFile(a.u))
	if err != nil {
		return nil, err
	}
	defer out.Close()
	user, err := e.user(a.context("user"))
	if err != nil {
		return nil, e.refuse(a, "Missing passwd entry for user.\n", err)
	}
	dir := a.context("working_directory")
	if dir == "" || dir == ":default" || dir == ":home" {
		dir = user.home
	}
	if info, err := os.Stat(e.w.Path(dir)); err != nil || !info.IsDir() {
		return nil, e.refuse(a, "chdir: No such file or directory\n", fs.ErrNotExist)
	}
	line := a.exec
	cmd := exec.Command("/sbin/sh", "-c", "exec "+line)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if e.o.Chroot {
		cmd.SysProcAttr.Chroot = e.w.Root
		cmd.Dir = dir
		if user.uid != os.Getuid() || user.gid != os.Getgid() {
			cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(user.uid), Gid: uint32(user.gid)}
		}
	} else {
		if line, err = e.prefixed(a.exec); err != nil {
			return nil, err
		}
		cmd = exec.Command("/bin/sh", "-c", "exec "+line)
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		cmd.Dir = e.w.Path(dir)
	}
	cmd.Env = e.environment(a)
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return &process{cmd, cmd.Process.Pid}, nil
}

// refuse writes what svc.startd's child says when it cannot set the context of
// a method, and gives an error; the method then counts as exited with
// SMF_EXIT_ERR_CONFIG.
func (e *engine) refuse(a *attempt, text string, err error) error {
	e.log(a.u, "svc.startd could not set context for method: ")
	return &contextError{text, err}
}

// A contextError is a method context that could not be set.
type contextError struct {
	text string
	err  error
}

func (c *contextError) Error() string { return strings.TrimSuffix(c.text, "\n") }
func (c *contextError) Unwrap() error { return c.err }

// context gives a property of the method's context: of the method, or else of
// the instance (restarter_get_method_context).
func (a *attempt) context(name string) string {
	for _, pg := range []string{a.name, "method_context"} {
		if v := a.pgs[pg].get(name); v != "" {
			return v
		}
	}
	return ""
}

// environment gives what set_smf_env (env.c) sets.
func (e *engine) environment(a *attempt) []string {
	path := "/usr/sbin:/usr/bin"
	if !e.o.Chroot {
		r := strings.TrimSuffix(e.w.Path("/"), "/")
		path = r + "/usr/sbin:" + r + "/usr/bin:" + r + "/sbin:" + path + ":/sbin:/bin"
	}
	env := append([]string{"PATH=" + path}, e.defaults()...)
	for _, pg := range []string{"method_context", a.name} {
		if p := a.pgs[pg]; p != nil && p.Props["environment"] != nil {
			env = append(env, p.Props["environment"].Values...)
		}
	}
	return append(env, "SMF_FMRI="+a.u.fmri, "SMF_METHOD="+a.name,
		"SMF_RESTARTER=svc:/system/svc/restarter:default", "SMF_ZONENAME="+e.repo.Zone)
}

// defaults reads /etc/default/init: TZ, LANG and the like.
func (e *engine) defaults() []string {
	f, err := os.Open(e.w.Path("/etc/default/init"))
	if err != nil {
		return nil
	}
	defer f.Close()
	var env []string
	for s := bufio.NewScanner(f); s.Scan(); {
		line := strings.TrimSpace(s.Text())
		if name, value, ok := strings.Cut(line, "="); ok && !strings.HasPrefix(line, "#") && name != "CMASK" {
			env = append(env, name+"="+strings.Trim(value, `"`))
		}
	}
	return env
}

// An account is one line of passwd(5).
type account struct {
	uid, gid int
	home     string
}

// user looks a user up in the guest's passwd(5). A guest without the file has
// root alone.
func (e *engine) user(name string) (account, error) {
	if name == "" || name == ":default" {
		name = "root"
	}
	data, err := os.ReadFile(e.w.Path("/etc/passwd"))
	if errors.Is(err, fs.ErrNotExist) && name == "root" {
		return account{os.Getuid(), os.Getgid(), "/"}, nil
	}
	for line := range strings.Lines(string(data)) {
		f := strings.Split(strings.TrimSpace(line), ":")
		if len(f) < 7 || f[0] != name {
			continue
		}
		uid, err1 := strconv.Atoi(f[2])
		gid, err2 := strconv.Atoi(f[3])
		if err1 == nil && err2 == nil {
			return account{uid, gid, f[5]}, nil
		}
	}
	return account{}, fmt.Errorf("user %s: %w", name, fs.ErrNotExist)
}

// prefixed gives an exec string whose first word is below the guest's root. A
// shell script is read through a copy.
func (e *engine) prefixed(exec string) (string, error) {
	word, rest, _ := strings.Cut(exec, " ")
	if !strings.HasPrefix(word, "/") {
		return exec, nil
	}
	root := strings.TrimSuffix(e.w.Path("/"), "/")
	data, err := os.ReadFile(root + word)
	if err != nil || !strings.HasPrefix(string(data), "#!") {
		return quoteForShell(root+word) + " " + rest, nil
	}
	text := strings.ReplaceAll(string(data), "/lib/svc/share/", root+"/lib/svc/share/")
	moved := strings.ReplaceAll(text, "=/usr/lib/metadata/", "="+root+"/usr/lib/metadata/")
	operands := ""
	if moved != text {
		operands = "-root " + quoteForShell(root) + " "
	}
	at := root + "/sim/methods/" + filepath.Base(word)
	if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
		return "", err
	}
	if err := os.WriteFile(at, []byte(moved), 0o755); err != nil {
		return "", err
	}
	return "/bin/sh " + quoteForShell(at) + " " + operands + rest, nil
}
