#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# tap_keep.sh TEST - runs a test and keeps what it printed in BUILD/tap/, so
# that a failure can be shown again at the end of a long run. A test that hangs
# has failed after TAP_LIMIT seconds, and the run goes on: far more than the
# longest takes on a busy machine. One that bails out has failed, too: prove would
# take it for right and begin no other.
mkdir -p "$BUILD/tap"
kept=$BUILD/tap/$(basename "$1")
limit=${TAP_LIMIT:-3600}

# timeout has a process group of its own, so that all of the test's processes
# end with it; what ends this script is passed on.
run() {
	timeout -k 10 "$limit" "$1" 2>"$kept.err" &
	trap 'kill $!' INT TERM HUP
	wait $!
	status=$?
	[ $status != 124 ] || echo "not ok - $1 ends within $limit s"
	echo $status >"$kept.status"
}
run "$1" | sed -u 's/^Bail out!/not ok - &/' | tee "$kept.tap"
cat "$kept.err" >&2
exit "$(cat "$kept.status")"
