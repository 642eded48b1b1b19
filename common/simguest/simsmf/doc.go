// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

// Package simsmf is the simulated SMF of a guest: svc.configd's repository,
// svc.startd with its graph engine and its restarter, the import of manifests at
// boot, and svcs, svcadm, svcprop and svccfg; also reboot, halt, poweroff,
// shutdown and init, which tell the system to go down.
//
// It follows illumos-gate below usr/src: cmd/svc/startd (graph.c, restarter.c,
// method.c, expand.c, env.c, log.c), cmd/svc/{svcs,svcadm,svcprop,svccfg},
// cmd/svc/dtd/service_bundle.dtd.1, cmd/svc/milestone, lib/libscf (lowlevel.c,
// error.c), lib/librestart and cmd/halt; each part names its function. What
// these refuse is refused with the same text, stream and status; something real
// that is not played ends with "simulated guest: … is not simulated" and 127.
//
// Boot runs the real methods of the guest's manifests as processes. Each gets a
// session, which stands for its contract. In a chroot (Options.Chroot) they run
// as they are. Otherwise the machine's own shell runs a copy of the method's
// file in /sim/methods, in which /lib/svc/share/ and =/usr/lib/metadata/ have
// the guest's root before them, and a method that starts a program of the suite
// hands it the operands -root DIRECTORY first; PATH begins with the guest's
// directories. Only the first word of an exec string is moved.
//
// The commands work on the stored repository, so they need no system that is
// up; what svc.startd has to act on goes to it through a named pipe in /sim.
// The system's own services are one table (services.go); their methods are
// played in this process (Options.Methods), or succeed at once.
//
// Simplified: restart_on of the system's own services is none; a template is
// kept beside the property groups, not as tm_ and tmpl_ groups; privileges,
// projects and resource pools are stored and not applied; profiles are not
// applied; milestones other than all, snapshots other than running, legacy
// scripts, delegated restarters, notification, inetd and utmpx are absent; going
// down runs no stop methods, as with halt(8); timeouts of the services that
// is_timeout_ovr names hold as in their manifests; a process that leaves its
// session and loses its parent has left its contract; svcadm disable of a
// service stops it and what has to stop with it at once, not one after the other.
//
// Not known, and chosen: the order in which svc.configd gives services, groups
// and properties (by name); svcs -l and the log as svc.startd's own when a
// method's tokens cannot be expanded; which instance of several is the one that
// closes a circle (the last by name); that the count of failures begins again
// after maintenance; what svccfg says of a document that is no XML, of template
// violations, and before describe's list; that a failed import keeps nothing.
// An ambiguous abbreviation has the text of libscf since it tells partial FMRIs
// from patterns ("Partial FMRI 'x' matches multiple instances:").
package simsmf
