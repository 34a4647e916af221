#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# tap_keep.sh TEST - runs a test and keeps its output in TAP_KEPT (BUILD/tap): NAME.tap, NAME.err,
# NAME.status, NAME.cpu (`times`: user and system time). A test that runs longer than TAP_LIMIT seconds
# fails. "Bail out!" is stored as a failure, because prove would otherwise start no further test.
kept=${TAP_KEPT:-$BUILD/tap}/$(basename "$1")
limit=${TAP_LIMIT:-3600}
case $1 in */tests/test_*) export BUILD="${1%/tests/*}" ;; esac

# timeout has its own process group, so that all processes of the test end with it. Signals to this
# script are passed on to timeout.
run() {
	timeout -k 10 "$limit" "$1" 2>"$kept.err" &
	trap 'kill $!' INT TERM HUP
	wait $!
	status=$?
	[ $status != 124 ] || echo "not ok - $1 ends within $limit s"
	times >"$kept.cpu"
	echo $status >"$kept.status"
}
run "$1" | sed -u 's/^Bail out!/not ok - &/' | tee "$kept.tap"
cat "$kept.err" >&2
exit "$(cat "$kept.status")"
