#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# find_go.sh [MINOR] - prints the path of a Go whose maps the suite ports: 1.19
# to 1.23 (1.24 has other ones), or exactly 1.MINOR; fails without one.
for go in go /usr/lib/go-1.*/bin/go; do
	version=$(GOTOOLCHAIN=local "$go" version 2>/dev/null) || continue
	minor=$(echo "$version" | sed -n 's/^go version go1\.\([0-9]*\).*/\1/p')
	[ -n "$minor" ] && [ "$minor" -ge 19 ] && [ "$minor" -le 23 ] &&
		[ "$minor" = "${1:-$minor}" ] && command -v "$go" && exit
done
exit 1
