// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package guest

import "time"

// Every wait of the suite. The sum for a service stays below the
// timeout_seconds of its manifest (a test reads the manifests), so that our
// own message comes before svc.startd's SIGKILL.
const (
	// CommandLimit is for one ordinary command.
	CommandLimit = 60 * time.Second
	// FormatLimit is for format(8), which opens every disk of the machine.
	FormatLimit = 120 * time.Second
	// killGrace is how long a killed command's output is waited for.
	killGrace = 2 * time.Second

	// FetchLimit and MaxFetchLimit are config/fetch_timeout's default and
	// greatest value: one fetch of the metadata, all tries together.
	FetchLimit    = 60 * time.Second
	MaxFetchLimit = 120 * time.Second
	// ResetLimit and RequestLimit are how long the host of a serial line may be
	// silent, within the fetch: after a newline, and after a request.
	ResetLimit   = 2 * time.Second
	RequestLimit = 10 * time.Second
	// GuestInfoLimit is for one question to a VMware host, within the fetch.
	GuestInfoLimit = 10 * time.Second
	// ConnectLimit and AnswerLimit are for one try over the network, within the
	// fetch: to connect, and for the whole of a request and its answer.
	ConnectLimit = 5 * time.Second
	AnswerLimit  = 10 * time.Second
	// LookupLimit is for one name server to say where a host is, within the fetch.
	LookupLimit = 2 * time.Second
	// HostLead is how long the first of several addresses of a metadata service is
	// ahead of the next.
	HostLead = 150 * time.Millisecond
	// RetryLimit is for one more fetch by each service that starts after a source
	// on the network was silent.
	RetryLimit = 10 * time.Second
	// LockLimit is how long a service waits for another one's fetch.
	LockLimit = MaxFetchLimit + 10*time.Second

	// DHCPLimit and MaxDHCPLimit are config/dhcp_timeout's default and
	// greatest value: the wait for leases, all interfaces together.
	DHCPLimit    = 30 * time.Second
	MaxDHCPLimit = 120 * time.Second
	// BoundLimit is how long dhcpagent(8) may take from an address to its routes.
	BoundLimit = 2 * time.Second

	// ScriptLimit and MaxScriptLimit are config/timeout's default and
	// greatest value for the user's script.
	ScriptLimit    = time.Hour
	MaxScriptLimit = 2 * time.Hour
	// ScriptGrace is the time between SIGTERM and SIGKILL for a script.
	ScriptGrace = 10 * time.Second
	// ShutdownWait is how long a script that was terminated waits for word that
	// the whole machine goes down.
	ShutdownWait = 2 * time.Second
)

// RunLimit is how long one run of the named service may take in all.
func RunLimit(service string) time.Duration {
	fetch := LockLimit + MaxFetchLimit
	switch service {
	case "network":
		return fetch + MaxDHCPLimit + 120*time.Second
	case "userscript":
		return fetch + MaxScriptLimit + ScriptGrace + 20*time.Second
	case "zpool":
		return FormatLimit + 300*time.Second
	case "swap":
		return 240 * time.Second
	default: // hostname, ssh-keys
		return fetch + 60*time.Second
	}
}
