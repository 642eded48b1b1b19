// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simsmf

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A process is a method that runs, and stands for its contract: everything in
// its session, and what these have started in sessions of their own as long as
// one can see from whom it comes. A process that left the session and lost its
// parent has left the contract as well, which on illumos it would not.
type process struct {
	cmd *exec.Cmd
	pid int
}

// wait waits for the method itself, and gives its status as wait(2) does.
func (p *process) wait() int {
	_ = p.cmd.Wait() // the status says it all
	if p.cmd.ProcessState == nil {
		return 0
	}
	return int(p.cmd.ProcessState.Sys().(syscall.WaitStatus))
}

// A task is one line of the process table.
type task struct{ pid, parent, session int }

// tasks reads the process table below /proc, as Linux has it; elsewhere there
// is none, and a method is one process group.
func tasks() []task {
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil
	}
	var out []task
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			continue
		}
		text := string(data)
		fields := strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
		if len(fields) < 4 || fields[0] == "Z" || fields[0] == "X" {
			continue
		}
		pid, err1 := strconv.Atoi(filepath.Base(filepath.Dir(name)))
		parent, err2 := strconv.Atoi(fields[1])
		session, err3 := strconv.Atoi(fields[3])
		if err1 == nil && err2 == nil && err3 == nil {
			out = append(out, task{pid, parent, session})
		}
	}
	return out
}

// members gives the processes in the contract.
func (p *process) members() []int {
	all := tasks()
	sessions, pids := []int{p.pid}, []int{}
	for grown := true; grown; {
		grown = false
		for _, t := range all {
			if slices.Contains(pids, t.pid) {
				continue
			}
			if slices.Contains(sessions, t.session) || slices.Contains(pids, t.parent) {
				pids, grown = append(pids, t.pid), true
				if !slices.Contains(sessions, t.session) {
					sessions = append(sessions, t.session)
				}
			}
		}
	}
	return pids
}

func (p *process) alive() bool { return len(p.members()) > 0 }

// kill sends a signal to all that is in the contract; SIGKILL again and again,
// until nothing is left that could have made more of itself meanwhile.
func (p *process) kill(signal syscall.Signal) {
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(poll) {
		pids := p.members()
		if len(pids) == 0 && len(tasks()) == 0 {
			pids = []int{-p.pid} // no process table: the process group
			end = time.Now()
		}
		for _, pid := range pids {
			_ = syscall.Kill(pid, signal) // gone already is as well
		}
		if len(pids) == 0 || signal != syscall.SIGKILL {
			return
		}
	}
}
