#!/bin/bash -p
# SPDX-License-Identifier: Apache-2.0
# find_go.sh newest|classic|other|MINOR - prints the path and version of a Go compiler. newest: the
# newest one from 1.19 on. classic: the newest one with the classic map and sync.Map (1.19 to 1.23).
# other: the one in $GO. MINOR: version 1.MINOR. Fails if there is no such compiler. Searches
# unpacked compilers (.ci/unpack), Debian's folders and PATH.
cd "$(dirname "$0")/../.." || exit 1
version_of() { # GO: prints its version, without the word go
	root=$(readlink -f "$1")
	root=${root%/bin/go}
	if [ -f "$root/VERSION" ]; then
		read -r version <"$root/VERSION" || [ -n "$version" ] || return
	else
		version=$(GOTOOLCHAIN=local "$1" env GOVERSION 2>/dev/null)
	fi
	case $version in go1.[1-9]*) echo "${version#go}" ;; esac
}
least=19 most=999
set -- "$1" "$PWD"/build/peers/golang-*/usr/lib/go-1.*/bin/go /usr/lib/go-1.*/bin/go \
	"$(command -v go)"
case $1 in
newest) ;;
classic) most=23 ;;
other) set -- other "$(command -v "$GO")" ;;
*) least=$1 most=$1 ;;
esac
shift
for go; do
	[ -x "$go" ] || continue
	version=$(version_of "$go")
	minor=${version#1.}
	minor=${minor%%[!0-9]*}
	[ -n "$minor" ] && [ "$minor" -ge "$least" ] && [ "$minor" -le "$most" ] && echo "$version $go"
done | sort -rVs -k1,1 | { read -r version go && echo "$go $version"; }
