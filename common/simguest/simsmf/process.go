// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simsmf

import (
	"bytes"
	"os"
	"os/exec"
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
	proc, err := os.Open("/proc")
	if err != nil {
		return nil
	}
	defer proc.Close()
	names, err := proc.Readdirnames(-1)
	if err != nil {
		return nil
	}
	var out []task
	for _, name := range names {
		pid, err := strconv.Atoi(name)
		if err != nil {
			continue
		}
		data, err := os.ReadFile("/proc/" + name + "/stat")
		if err != nil {
			continue
		}
		fields := strings.Fields(string(data[bytes.LastIndexByte(data, ')')+1:]))
		if len(fields) < 4 || fields[0] == "Z" || fields[0] == "X" {
			continue
		}
		parent, err1 := strconv.Atoi(fields[1])
		session, err2 := strconv.Atoi(fields[3])
		if err1 == nil && err2 == nil {
			out = append(out, task{pid, parent, session})
		}
	}
	return out
}

// members gives the processes in the contract, and whether there is a process
// table at all.
func (p *process) members() (pids []int, known bool) {
	all := tasks()
	sessions := []int{p.pid}
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
	return pids, all != nil
}

func (p *process) alive() bool {
	pids, _ := p.members()
	return len(pids) > 0
}

// kill sends a signal to all that is in the contract; SIGKILL again and again,
// until nothing is left that could have made more of itself meanwhile.
func (p *process) kill(signal syscall.Signal) {
	for end, n := time.Now().Add(10*time.Second), 0; time.Now().Before(end); n++ {
		pids, known := p.members()
		if !known {
			pids = []int{-p.pid}
			end = time.Now()
		}
		for _, pid := range pids {
			_ = syscall.Kill(pid, signal) // gone already is as well
		}
		if len(pids) == 0 || signal != syscall.SIGKILL {
			return
		}
		pause(n)
	}
}
