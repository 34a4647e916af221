#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# record.sh BUILD - records the states of Go's maps during each trace in tests/go/recorded. Uses Go
# 1.19, or Go 1.23 for newer operations. Skips traces whose log exists and agrees with the map in C.
set -e
cd "$(dirname "$0")/../.."
build=$1
export GOTOOLCHAIN=local GOFLAGS=-buildvcs=false GOPROXY=off \
	GOPATH="$PWD/build/go-path" GOCACHE="$PWD/build/go-cache"
for minor in 19 23; do
	go=$(impls/go/find_go.sh $minor) ||
		{ echo "record.sh: needs Go 1.$minor" >&2; exit 2; }
	(cd tests/go && "${go% *}" build -o "../../build/replay-$minor" ./replay)
done
mkdir -p tests/go/recorded
for test in "$build"/tests/test_equal_syncmap "$build"/tests/test_equal_gomap \
	"$build"/tests/test_equal_floats; do
	for name in $("$test" --list); do
		# Logs that agree with C are kept, because a new recording would have other hashes.
		"$test" "$name" >/dev/null && continue
		case $name in *-full-*) minor=23 ;; *) minor=19 ;; esac
		"$test" --trace "$name" |
			"build/replay-$minor" -every 1000 |
			gzip -9n >"tests/go/recorded/$name.log.gz"
	done
done
du -sh tests/go/recorded
