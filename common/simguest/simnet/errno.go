// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simnet

// An errno is an illumos error number (uts/common/sys/errno.h).
type errno int

const (
	eOK           errno = 0
	ePERM         errno = 1
	eNOENT        errno = 2
	eSRCH         errno = 3
	eNXIO         errno = 6
	eBUSY         errno = 16
	eEXIST        errno = 17
	eINVAL        errno = 22
	eNOTSUP       errno = 48
	eNAMETOOLONG  errno = 78
	eADDRINUSE    errno = 125
	eADDRNOTAVAIL errno = 126
	eNETUNREACH   errno = 128
)

// strerror are the texts of strerror(3C) for them
// (lib/libc/port/gen/errlist).
var strerror = map[errno]string{
	ePERM:         "Not owner",
	eNOENT:        "No such file or directory",
	eSRCH:         "No such process",
	eNXIO:         "No such device or address",
	eBUSY:         "Device busy",
	eEXIST:        "File exists",
	eINVAL:        "Invalid argument",
	eNOTSUP:       "Operation not supported",
	eNAMETOOLONG:  "File name too long",
	eADDRINUSE:    "Address already in use",
	eADDRNOTAVAIL: "Cannot assign requested address",
	eNETUNREACH:   "Network is unreachable",
}

// An ipStatus is what libipadm answers: "" for success, else the text of
// ipadm_status2str() (lib/libipadm/common/libipadm.c).
type ipStatus string

const (
	ipOK           ipStatus = ""
	ipFailure      ipStatus = "Operation failed"
	ipAuth         ipStatus = "Insufficient user authorizations"
	ipPerm         ipStatus = "Permission denied"
	ipBadAddr      ipStatus = "Invalid address"
	ipBadProto     ipStatus = "Incorrect protocol family for operation"
	ipDAD          ipStatus = "Duplicate address detected"
	ipExists       ipStatus = "Already exists"
	ipIfExists     ipStatus = "Interface already exists"
	ipObjExists    ipStatus = "Address object already exists"
	ipAddrconf     ipStatus = "Addrconf already in progress"
	ipNoIf         ipStatus = "Interface does not exist"
	ipInvalid      ipStatus = "Invalid argument provided"
	ipDLPI         ipStatus = "Could not open DLPI link"
	ipNoProp       ipStatus = "Unknown property"
	ipNotFound     ipStatus = "Object not found"
	ipIfInUse      ipStatus = "Interface already in use"
	ipInUse        ipStatus = "Address already in use"
	ipManyNames    ipStatus = "Hostname maps to multiple IP addresses"
	ipNotAvail     ipStatus = "Can't assign requested address"
	ipNotAll       ipStatus = "All addresses could not be enabled"
	ipDHCPStart    ipStatus = "Could not start dhcpagent"
	ipDHCP         ipStatus = "Could not communicate with dhcpagent"
	ipDHCPTimeout  ipStatus = "Communication with dhcpagent timed out"
	ipTemporary    ipStatus = "Persistent operation on temporary object"
	ipNotSupported ipStatus = "Operation not supported"
	ipDisabled     ipStatus = "Operation not supported on disabled object"
)

// status is ipadm_errno2status().
func (e errno) status() ipStatus {
	switch e {
	case eOK:
		return ipOK
	case eNXIO:
		return ipNoIf
	case eINVAL:
		return ipInvalid
	case eBUSY:
		return ipIfInUse
	case eEXIST:
		return ipExists
	case eADDRNOTAVAIL:
		return ipNotAvail
	case eADDRINUSE:
		return ipInUse
	case eNOENT:
		return ipNotFound
	case ePERM:
		return ipPerm
	case eNOTSUP:
		return ipNotSupported
	}
	return ipFailure
}

// A dlStatus is what libdladm answers: "" for success, else the text of
// dladm_status2str() (lib/libdladm/common/libdladm.c).
type dlStatus string

const (
	dlOK       dlStatus = ""
	dlBadArg   dlStatus = "invalid argument"
	dlNotSup   dlStatus = "operation not supported"
	dlNotFound dlStatus = "object not found"
	dlBadVal   dlStatus = "invalid value"
	dlExist    dlStatus = "object already exists"
	dlReadOnly dlStatus = "read-only property"
	dlDenied   dlStatus = "permission denied"
	dlTempOnly dlStatus = "change cannot be persistent"
	dlBusy     dlStatus = "link busy"
	dlNoNotify dlStatus = "link notification is not supported"
	dlMACInUse dlStatus = "MAC address is already in use"
	dlMACBad   dlStatus = "invalid MAC address"
	dlLinkBad  dlStatus = "invalid link"
	dlMargin   dlStatus = "MTU check failed, use lower MTU or -f option"
	dlOnTemp   dlStatus = "can't create persistent object on top of temporary object"
	dlBadKey   dlStatus = "invalid key"
)
