// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simsmf

import (
	"fmt"
	"slices"
	"strings"
	"syscall"
)

func (x *explanation) reason(code, format string, args ...any) {
	x.Printf("Reason: "+format+"\n", args...)
	x.Printf("   See: http://illumos.org/msg/%s\n", code)
}

// reasons is print_reasons.
func (x *explanation) reasons(fmri string, st *state) {
	permanent, temporary, _ := x.view.repo.enabled(fmri)
	switch {
	case st.State == stateOnline:
	case st.State == stateUninit:
		x.reason(dcUninit, "Restarter svc:/system/svc/restarter:default has not initialized service state.")
	case st.State == stateDisabled && permanent != temporary:
		x.reason(dcTempDisabled, "Temporarily disabled by an administrator.")
	case st.State == stateDisabled:
		x.reason(dcDisabled, "Disabled by an administrator.")
	case st.State == stateMaint:
		x.maintenance(st)
	case st.State == stateDegraded:
		x.reason(dcDegraded, "Degraded by an administrator.")
	case st.Next == stateOnline:
		x.reason(dcStarting, "Start method is running.")
	case st.Next != stateNone:
		x.reason(dcTransition, "Transitioning to state %s.", st.Next)
	default:
		x.waiting(fmri)
	}
}

func (x *explanation) maintenance(st *state) {
	switch st.Aux {
	case "administrative_request":
		x.reason(dcAdminMaint, "Maintenance requested by an administrator.")
	case "dependency_cycle":
		x.reason(dcCycle, "Completes a dependency cycle.")
	case "fault_threshold_reached", "method_failed":
		x.methodFailure(st)
	case "restarting_too_quickly":
		x.reason(dcTooQuickly, "Restarting too quickly.")
	case "none", "":
		x.reason(dcNone, "Restarter svc:/system/svc/restarter:default gave no explanation.")
	default:
		x.reason(dcUnknown, "Unknown.")
	}
}

// methodFailure is print_method_failure. The names of signals are strsignal(3C)'s.
func (x *explanation) methodFailure(st *state) {
	repeatedly := st.Aux == "fault_threshold_reached"
	if st.Wait == nil || *st.Wait == 0 {
		if repeatedly {
			x.reason(dcMethodFail, "Method failed repeatedly.")
		} else {
			x.reason(dcMethodFail, "Method failed.")
		}
		return
	}
	ws := syscall.WaitStatus(*st.Wait)
	how := fmt.Sprintf("exited with status %d", ws.ExitStatus())
	switch {
	case ws.Signaled():
		name := map[syscall.Signal]string{syscall.SIGKILL: "Killed", syscall.SIGTERM: "Terminated", syscall.SIGHUP: "Hangup",
			syscall.SIGINT: "Interrupt", syscall.SIGSEGV: "Segmentation Fault", syscall.SIGABRT: "Abort"}[ws.Signal()]
		how = strings.TrimSpace(fmt.Sprintf("died on %s (%d)", name, int(ws.Signal())))
	case ws.ExitStatus() == exitConfig:
		how = "exited with $SMF_EXIT_ERR_CONFIG"
	case ws.ExitStatus() == exitFatal:
		how = "exited with $SMF_EXIT_ERR_FATAL"
	}
	if repeatedly {
		x.reason(dcStartFail, "Start method failed repeatedly, last %s.", how)
		return
	}
	x.reason(dcStartFail, "Start method %s.", how)
}

// waiting is print_dependency_reasons.
func (x *explanation) waiting(fmri string) {
	f := x.found[fmri]
	if f == nil || len(f.absent) == 0 && f.causes[fmri] != "" {
		x.reason(dcUnknown, "Unknown.")
		return
	}
	for _, e := range f.absent {
		x.reason(dcDepAbsent, "Dependency %s is absent.", e)
	}
	for _, cause := range sorted(f.causes) {
		if cause == fmri {
			continue
		}
		if v := x.graph.vertices[cause]; v.running() {
			x.reason(dcDepRunning, "Service %s is running.", cause)
		} else if text := x.summary(v); len("Reason: Service "+cause+" "+text) <= 80 {
			x.reason(dcDepOther, "Service %s %s", cause, text)
		} else {
			x.reason(dcDepOther, "Service %s\n        %s", cause, text)
		}
		if x.verbose {
			x.path(fmri, cause)
		}
	}
}

// path prints the way from an instance to a cause.
func (x *explanation) path(fmri, cause string) {
	x.Printf("  Path: %s\n", fmri)
	steps := []string{fmri}
	for at := x.found[fmri].causes[cause]; ; at = x.found[at].causes[cause] {
		x.Printf("%6s  %*s%s\n", "", 2*len(steps), "", at)
		if at == cause || slices.Contains(steps, at) {
			return
		}
		steps = append(steps, at)
	}
}

// summary is determine_summary.
func (x *explanation) summary(v *vertex) string {
	permanent, temporary, _ := x.view.repo.enabled(v.fmri)
	st := x.view.state(v.fmri)
	switch {
	case v.state == stateUninit:
		return "is uninitialized."
	case v.state == stateDisabled && permanent != temporary:
		return "is temporarily disabled."
	case v.state == stateDisabled:
		return "is disabled."
	case v.state == stateOffline && len(x.found[v.fmri].absent) > 0:
		return "has missing dependencies."
	case v.state == stateOffline && st.Next == stateOnline:
		return "is starting."
	case v.state == stateOffline:
		return "is offline."
	}
	if text, ok := map[string]string{
		"administrative_request":  "was taken down for maintenace by an administrator.",
		"dependency_cycle":        "completed a dependency cycle.",
		"fault_threshold_reached": "is not running because a method failed repeatedly.",
		"method_failed":           "is not running because a method failed.",
		"none":                    "is not running for an unknown reason.",
		"restarting_too_quickly":  "was restarting too quickly.",
	}[st.Aux]; ok {
		return text
	}
	return "requires maintenance."
}

// documents is print_docs.
func (x *explanation) documents(fmri string) {
	s, _ := x.view.repo.find(fmri)
	if s == nil || s.Template == nil {
		return
	}
	for _, m := range s.Template.Manpages {
		if !x.verbose {
			x.Printf("   See: %s(%s)\n", m.Title, m.Section)
			continue
		}
		path := m.Path
		if path == "" || path == ":default" {
			path = "/usr/share/man"
		}
		x.Printf("   See: man -M %s -s %s %s\n", path, m.Section, m.Title)
	}
	for _, link := range s.Template.Links {
		x.Printf("   See: %s\n", link)
	}
}
