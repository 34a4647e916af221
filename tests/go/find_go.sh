#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# find_go.sh [MINOR|newest] - prints the path of a Go whose maps the suite
# ports: 1.19 to 1.23 (1.24 has other ones), exactly 1.MINOR, or the newest one
# from 1.19 on; fails without one.
minor_of() { # GO
	GOTOOLCHAIN=local "$1" version 2>/dev/null |
		sed -n 's/^go version go1\.\([0-9]*\).*/\1/p'
}
most=23 found= best=18
[ "$1" = newest ] && most=999
for go in go /usr/lib/go-1.*/bin/go; do
	minor=$(minor_of "$go")
	[ -n "$minor" ] && [ "$minor" -gt "$best" ] && [ "$minor" -le $most ] ||
		continue
	case $1 in
	newest) found=$go best=$minor ;;
	*) [ "$minor" = "${1:-$minor}" ] && command -v "$go" && exit ;;
	esac
done
[ -n "$found" ] && command -v "$found"
