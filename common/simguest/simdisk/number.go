// Copyright 2026 The illumos metadata suite authors
// SPDX-License-Identifier: Apache-2.0

package simdisk

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
)

var numberPrefix = regexp.MustCompile(`^[0-9]*(\.[0-9]*)?`)

// parseNumber reads a size as libzfs does: 512m, 1.5G, 2GB, 4096; not 1GiB
// (libzfs_util.c, zfs_nicestrtonum, str2shift). The errors are libzfs's texts.
func parseNumber(text string) (uint64, error) {
	if text == "" || (text[0] < '0' || text[0] > '9') && text[0] != '.' {
		return 0, fmt.Errorf("bad numeric value '%s'", text)
	}
	digits := numberPrefix.FindString(text)
	shift, err := suffixShift(text[len(digits):])
	tooLarge := errors.New("numeric value is too large")
	if strings.Contains(digits, ".") {
		if err != nil {
			return 0, err
		}
		f, _ := strconv.ParseFloat("0"+digits+"0", 64)
		f = math.Ldexp(f, shift)
		if f >= math.MaxUint64 {
			return 0, tooLarge
		}
		return uint64(f), nil
	}
	n, perr := strconv.ParseUint(digits, 10, 64)
	switch {
	case perr != nil:
		return 0, tooLarge
	case err != nil:
		return 0, err
	case shift >= 64 || n<<shift>>shift != n:
		return 0, tooLarge
	}
	return n << shift, nil
}

func suffixShift(suffix string) (int, error) {
	if suffix == "" {
		return 0, nil
	}
	upper := strings.ToUpper(suffix)
	i := strings.IndexByte("BKMGTPEZ", upper[0])
	if i < 0 || len(upper) > 2 || len(upper) == 2 && (upper[1] != 'B' || upper[0] == 'B') {
		return 0, fmt.Errorf("invalid numeric suffix '%s'", suffix)
	}
	return 10 * i, nil
}

// nicenum shows bytes in at most five columns: 512, 3.50G, 40G (libcmdutils,
// nicenum_scale; libzfs's zfs_nicenum is the same).
func nicenum(n uint64) string {
	index, divisor := 0, uint64(1)
	for index < 6 && n >= divisor<<10 {
		divisor <<= 10
		index++
	}
	if index == 0 {
		return strconv.FormatUint(n, 10)
	}
	unit := " KMGTPE"[index : index+1]
	if n%divisor == 0 {
		return strconv.FormatUint(n/divisor, 10) + unit
	}
	for digits := 2; digits > 0; digits-- {
		if s := fmt.Sprintf("%.*f%s", digits, float64(n)/float64(divisor), unit); len(s) <= 5 {
			return s
		}
	}
	return fmt.Sprintf("%.0f%s", float64(n)/float64(divisor), unit)
}

// number shows n as it is (literal), or as nicenum does.
func number(n uint64, literal bool) string {
	if literal {
		return strconv.FormatUint(n, 10)
	}
	return nicenum(n)
}
