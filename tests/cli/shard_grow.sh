#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs every check on growing shards and segments with small limits, so that splits happen often.
# slow: over ten seconds of CPU time.
cd "$(dirname "$0")/../.." || exit 1
. tests/tools/tap.sh
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT

builds() {
	tests/tools/with_impl.sh "$dir/plain" 'plain check' tests/fixtures/shard_*grow*tiny.c \
		>"$dir/log" 2>&1 || { tail -n 20 "$dir/log" | sed 's/^/# /'; false; }
}

passes() { # MAP
	"$dir/plain/readmostly" check "$1" --quiet --ops 20000 --deadline 600 \
		>"$dir/out" 2>&1 || { sed 's/^/# /' "$dir/out"; false; }
}

check 'growing shards of 8 keys are compiled' builds
check 'all checks pass for shards split one by one' passes shard_grow_tiny
check 'all checks pass for shards split all at once' \
	passes shard_grow_stop_tiny
check 'all checks pass for shards split by a thread of the map' \
	passes shard_grow_timed_tiny
check 'all checks pass for segments that double their bins' \
	passes shard_seg_grow_tiny
done_testing
