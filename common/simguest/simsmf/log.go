// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simsmf

import (
	"fmt"
	"os"
	"path"
	"time"
)

// logFile gives the path on the guest of an instance's log, and notes it as
// libscf_note_method_log does.
func (e *engine) logFile(u *unit) string {
	name := path.Join(e.logDir, logName(u.fmri))
	if e.logDir == logDir {
		u.doc.Log = name
	} else {
		u.doc.AltLog = name
	}
	return name
}

// openLog opens a log for appending. It is readable by everybody.
func (e *engine) openLog(name string) (*os.File, error) {
	if err := os.MkdirAll(e.w.Path(path.Dir(name)), 0o755); err != nil {
		return nil, err
	}
	return os.OpenFile(e.w.Path(name), os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o644)
}

// log writes a line of svc.startd to an instance's log (log_instance).
func (e *engine) log(u *unit, format string, args ...any) {
	text := fmt.Sprintf("[ %s %s ]\n", time.Now().Format("Jan _2 15:04:05"), fmt.Sprintf(format, args...))
	e.append(path.Base(e.logFile(u)), text)
}

// append writes to a file in the directory for logs; what cannot be written is
// lost, as it would be there.
func (e *engine) append(name, text string) {
	f, err := e.openLog(path.Join(e.logDir, name))
	if err != nil {
		return
	}
	defer f.Close()
	_, _ = f.WriteString(text)
}

// transition tells the console that an instance went to maintenance
// (log_transition).
func (e *engine) transition(u *unit, text string) {
	e.console("%s %s (see 'svcs -xv' for details)", u.fmri[len("svc:/"):], text)
}
