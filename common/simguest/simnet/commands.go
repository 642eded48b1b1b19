// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simnet

import "illumos-metadata/common/simguest/world"

// Commands are the network commands by their paths on the guest: all that the
// system has for each (pkg/manifests/SUNWcs.p5m, system-network.p5m and
// system-zones.p5m).
func Commands() map[string]world.Command {
	return map[string]world.Command{
		"/sbin/dladm":       runDladm,
		"/usr/sbin/dladm":   runDladm,
		"/sbin/ipadm":       runIpadm,
		"/usr/sbin/ipadm":   runIpadm,
		"/sbin/route":       runRoute,
		"/usr/sbin/route":   runRoute,
		"/usr/bin/netstat":  runNetstat,
		"/sbin/dhcpinfo":    runDhcpinfo,
		"/sbin/netstrategy": runNetstrategy,
		"/usr/bin/hostname": runHostname,
		"/sbin/uname":       runUname,
		"/usr/bin/uname":    runUname,
		"/sbin/zonename":    runZonename,
		"/usr/bin/zonename": runZonename,
	}
}

// Methods are the start methods of the system's own network services, by their
// paths: what they do to the guest, with the exit status for svc.startd.
func Methods() map[string]world.Command {
	return map[string]world.Command{
		"/lib/svc/method/svc-dlmgmtd":       startDlmgmtd,
		"/lib/svc/method/net-ipmgmt":        startIpmgmtd,
		"/lib/svc/method/net-loopback":      startLoopback,
		"/lib/svc/method/net-physical":      startPhysical,
		"/lib/svc/method/identity-node":     startIdentity,
		"/lib/svc/method/net-routing-setup": startRouting,
		"/lib/svc/method/svc-ndp":           startNDP,
		"/lib/svc/method/svc-route":         startRouted,
		"/lib/svc/method/net-init":          startInitial,
		"/lib/svc/method/net-svc":           startService,
	}
}
